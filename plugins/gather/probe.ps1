# Run one probe in its runspace; engine.ps1 has this text as $runner. A probe can change $box, so the main loop checks
# every value in it. The functions are closures: a probe's variable with the name of one of theirs does not affect them.
param($box, $out, $err, $order, $copy, [int] $cap, [string] $code, $variables, [string] $search, [string] $folder)
$ErrorActionPreference = 'Continue'
$ProgressPreference = 'SilentlyContinue'
$global:LASTEXITCODE = 0

# Add-Output STREAM TEXT: append the text to the stream, up to the cap. Probes call it by name and can redefine it; this
# script calls only $add.
$add = {
    param([string] $stream, [string] $text)
    $kept = if ($stream -eq 'err') { $err } else { $out }
    $text = $text.Replace("`r`n", "`n")
    $room = [Math]::Min($text.Length, $cap + 1 - $kept.Length)
    if ($room -gt 0) { [void]$kept.Append($text, 0, $room) }
}.GetNewClosure()
${function:global:Add-Output} = $add

# Decode a program's output: by its byte order mark, else as UTF-16 if it has many zero bytes, as UTF-8 if it is valid,
# and else in the OEM code page. Output that was cut at the cap may end within a character.
$read = {
    param([byte[]] $bytes, [int] $length, [bool] $cut)
    $even = $length - $length % 2
    if ($length -ge 2 -and $bytes[0] -eq 255 -and $bytes[1] -eq 254) {
        return [Text.Encoding]::Unicode.GetString($bytes, 2, $even - 2)
    }
    if ($length -ge 2 -and $bytes[0] -eq 254 -and $bytes[1] -eq 255) {
        return [Text.Encoding]::BigEndianUnicode.GetString($bytes, 2, $even - 2)
    }
    $first = 0
    if ($length -ge 3 -and $bytes[0] -eq 239 -and $bytes[1] -eq 187 -and $bytes[2] -eq 191) { $first = 3 }
    $zeros = @(0, 0)
    $looked = [Math]::Min($even, 512)
    for ($at = 0; $at -lt $looked; $at++) { if ($bytes[$at] -eq 0) { $zeros[$at % 2]++ } }
    if ($looked -ge 4 -and 4 * [Math]::Max($zeros[0], $zeros[1]) -gt $looked) {
        $wide = if ($zeros[0] -gt $zeros[1]) { [Text.Encoding]::BigEndianUnicode } else { [Text.Encoding]::Unicode }
        return $wide.GetString($bytes, 0, $even)
    }
    foreach ($short in 0, 1, 2, 3) {
        if ($short -and -not $cut -or $length - $first -lt $short) { break }
        try {
            return [Text.UTF8Encoding]::new($false, $true).GetString($bytes, $first, $length - $first - $short)
        } catch { }
    }
    # The system's code page, which a console uses by default; that of the user's culture can differ.
    $key = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Nls\CodePage'
    # PowerShell for Linux has no registry.
    $page = try { [Microsoft.Win32.Registry]::GetValue($key, 'OEMCP', $null) } catch { 437 }
    try { [Text.Encoding]::GetEncoding([int]$page).GetString($bytes, 0, $length) } catch {
        [Text.Encoding]::UTF8.GetString($bytes, 0, $length)
    }
}

# Invoke-Tool PROGRAM ARGUMENTS VARIABLES: run a program with stdin closed and without these environment variables. It
# returns stdout as one text, without the last line end, appends stderr to the probe's, and sets $LASTEXITCODE.
${function:global:Invoke-Tool} = {
    param([string] $name, [string] $arguments = '', [string[]] $without = @())
    $program = ''
    foreach ($place in $search.Split([IO.Path]::PathSeparator)) {
        try {
            $path = [IO.Path]::Combine($place.Trim('"'), $name)
            if ([IO.Path]::IsPathRooted($path) -and [IO.FileInfo]::new($path).Exists) { $program = $path; break }
        } catch { }
    }
    if (-not $program) {
        $missing = [InvalidOperationException]::new("$name is not installed")
        $missing.Data['program'] = $name
        throw $missing
    }
    $info = [Diagnostics.ProcessStartInfo]::new()
    $info.FileName = $program
    $info.Arguments = $arguments
    $info.WorkingDirectory = $folder
    $info.UseShellExecute = $false
    $info.CreateNoWindow = $true
    $info.RedirectStandardInput = $true
    $info.RedirectStandardOutput = $true
    $info.RedirectStandardError = $true
    $info.EnvironmentVariables.Clear()
    foreach ($variable in $variables.Keys) { $info.EnvironmentVariables[$variable] = $variables[$variable] }
    foreach ($variable in $without) { $info.EnvironmentVariables.Remove($variable) }
    $process = [Diagnostics.Process]::new()
    $process.StartInfo = $info
    # $stop either sees `starting` and searches again, or has set `stopped` before the check below: so no program
    # starts unseen. The probe can be stopped between any two statements.
    $box.starting = $true
    try {
        if ($order.stopped) { throw 'the time limit has passed' }
        $box.process = $process
        try { [void]$process.Start() } catch {
            # A shell's status for a program that was found but cannot be run.
            $failed = [InvalidOperationException]::new("${name}: $($_.Exception.GetBaseException().Message)")
            $failed.Data['status'] = 126
            throw $failed
        }
    } finally { $box.starting = $false }
    if ($order.stopped) { $process.Kill() }
    if (-not $box.started) {
        $box.started = $true
        $box.begin = [Diagnostics.Stopwatch]::GetTimestamp()
    }
    $process.StandardInput.Close()
    # Streams of a fixed size, twice the cap for UTF-16. If a program writes more, the copy fails and the program is
    # stopped.
    $outBytes = [byte[]]::new(2 * $cap + 4096)
    $errBytes = [byte[]]::new(2 * $cap + 4096)
    $outCopy = [IO.MemoryStream]::new($outBytes)
    $errCopy = [IO.MemoryStream]::new($errBytes)
    $outThread = [Threading.Thread]::new($copy)
    $errThread = [Threading.Thread]::new($copy)
    $outThread.IsBackground = $errThread.IsBackground = $true
    $outThread.Start([IO.Stream[]]@($process.StandardOutput.BaseStream, $outCopy))
    $errThread.Start([IO.Stream[]]@($process.StandardError.BaseStream, $errCopy))
    do {
        $ended = $process.WaitForExit(25)
        $box.full = $outCopy.Position + 1024 -gt $outCopy.Length -or $errCopy.Position + 1024 -gt $errCopy.Length
    } until ($ended -or $order.stopped)
    # A descendant can keep the pipes open: do not wait for long.
    $wait = if ($order.stopped) { 100 } else { 500 }
    $cut = -not $outThread.Join($wait) -or -not $errThread.Join($wait) -or $box.full
    & $add 'err' (& $read $errBytes $errCopy.Position $cut)
    $text = & $read $outBytes $outCopy.Position $cut
    $text = $text -replace "`r?`n\z", ''
    if ($text) { $text }
    if ($order.stopped) { throw 'the time limit has passed' }
    $global:LASTEXITCODE = $process.ExitCode
}.GetNewClosure()

$keep = {
    process {
        # The same as $add, but inline: the call would cost more than the rest of the line's processing.
        $kept = if ($_ -is [Management.Automation.ErrorRecord]) { $err } else { $out }
        if ($kept.Length -gt $cap) { return }
        $text = ([string]$_ + "`n").Replace("`r`n", "`n")
        [void]$kept.Append($text, 0, [Math]::Min($text.Length, $cap + 1 - $kept.Length))
    }
}.GetNewClosure()

# Probes that edit their own stderr use this.
$slot = @{ err = $err }
$box.begin = [Diagnostics.Stopwatch]::GetTimestamp()
try {
    # A break, continue or exit in the probe's text ends this whole script: then there is no status.
    & ([ScriptBlock]::Create($code)) 2>&1 | & $keep
    $box.status = $global:LASTEXITCODE
    $box.whole = $true
} catch {
    $box.whole = $true
    $box.missing = $_.Exception.Data['program']
    $box.status = if ($_.Exception.Data['status']) { $_.Exception.Data['status'] } else { 1 }
    & $add 'err' ([string]$_ + "`n")
} finally {
    $box.end = [Diagnostics.Stopwatch]::GetTimestamp()
}
