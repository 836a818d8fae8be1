# One probe, in its runspace: engine.ps1 has this text as $runner. $box is all that it shares with the main loop, which
# believes none of it. The functions are closures, so a variable of the probe's text that has the name of one of theirs
# changes nothing.
param($box, $out, $err, $order, $copy, [int] $cap, [string] $code, $variables, [string] $search, [string] $folder)
$ErrorActionPreference = 'Continue'
$ProgressPreference = 'SilentlyContinue'
$global:LASTEXITCODE = 0

# Add-Output STREAM TEXT: keep the text, until the cap is passed. By its name it is for the probe's text, which may put
# something else in its place; nothing here calls a function by its name.
$add = {
    param([string] $stream, [string] $text)
    $kept = if ($stream -eq 'err') { $err } else { $out }
    $text = $text.Replace("`r`n", "`n")
    $room = [Math]::Min($text.Length, $cap + 1 - $kept.Length)
    if ($room -gt 0) { [void]$kept.Append($text, 0, $room) }
}.GetNewClosure()
${function:global:Add-Output} = $add

# The text of a program's output: with a byte order mark, in UTF-16 or UTF-8, else in the OEM code page. What was cut
# at the cap may end within a character.
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
    # The system's, which a console has by default. The user's culture may have another one.
    $key = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Nls\CodePage'
    # PowerShell for Linux has no registry.
    $page = try { [Microsoft.Win32.Registry]::GetValue($key, 'OEMCP', $null) } catch { 437 }
    try { [Text.Encoding]::GetEncoding([int]$page).GetString($bytes, 0, $length) } catch {
        [Text.Encoding]::UTF8.GetString($bytes, 0, $length)
    }
}

# Invoke-Tool PROGRAM ARGUMENTS VARIABLES: run a program with its stdin closed and without these variables. Returns
# its stdout as one text, without the last line end. Its stderr is the probe's, its status $LASTEXITCODE.
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
    # Who stops the probe sees that a program is being started, or is seen here before one is. This text may be
    # stopped between any two statements.
    $box.starting = $true
    try {
        if ($order.stopped) { throw 'the time limit has passed' }
        $box.process = $process
        try { [void]$process.Start() } catch {
            # As in a shell: it was found, and cannot be run.
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
    # Streams of a fixed size, for UTF-16 twice the cap: a program that writes more ends its copying, and is stopped.
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
    # A descendant may hold the pipes open for longer.
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
        # As $add, without its call: that costs more than all else of a line.
        $kept = if ($_ -is [Management.Automation.ErrorRecord]) { $err } else { $out }
        if ($kept.Length -gt $cap) { return }
        $text = ([string]$_ + "`n").Replace("`r`n", "`n")
        [void]$kept.Append($text, 0, [Math]::Min($text.Length, $cap + 1 - $kept.Length))
    }
}.GetNewClosure()

# For a text that edits its own stderr.
$slot = @{ err = $err }
$box.begin = [Diagnostics.Stopwatch]::GetTimestamp()
try {
    # A break, a continue or an exit in the text ends all of this script: then there is no status.
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
