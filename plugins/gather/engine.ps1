# What runs on a Windows VM. plugins/gather/windows_script.py puts $nonce and $probes before it, and plugins/gather/script.py draws the
# frames it sends. One process: every probe has a runspace of its own, side by side with the others, and programs that a
# probe starts are stopped with it. Nothing is written to disk. For Windows PowerShell 5.1, which every Windows Server
# since 2016 has, and for whatever came after it.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$stdout = [Console]::OpenStandardOutput()
$utf8 = [Text.UTF8Encoding]::new($false)
$plain = [Globalization.CultureInfo]::InvariantCulture
$clock = [Diagnostics.Stopwatch]::StartNew()
$grace = 0.5

# One probe, in its runspace. $slot is shared with the main loop, which reads it when the probe has ended or is late.
# Only .NET and the core commands: whatever comes from another module makes each runspace load it first.
$runner = {
    param($slot, $clock)
    $ErrorActionPreference = 'Continue'
    $ProgressPreference = 'SilentlyContinue'
    $global:LASTEXITCODE = 0

    # Add-Said STREAM TEXT: keep what was said, until the cap is passed.
    function Add-Said([string] $stream, [string] $text) {
        $said = $slot[$stream]
        if ($said.Length -le $slot.cap) { [void]$said.Append($text.Replace("`r`n", "`n")) }
    }

    # Invoke-Tool PROGRAM ARGUMENTS VARIABLES: run a program with its stdin closed and without these variables. Returns
    # its stdout as one text, without the last line end. Its stderr is the probe's, its status $LASTEXITCODE.
    function Invoke-Tool([string] $name, [string] $arguments = '', [string[]] $without = @()) {
        $found = $ExecutionContext.InvokeCommand.GetCommand($name, 'Application')
        if (-not $found) {
            $slot.lacks = $name
            throw "$name is not installed"
        }
        $info = [Diagnostics.ProcessStartInfo]::new()
        $info.FileName = $found.Path
        $info.Arguments = $arguments
        $info.UseShellExecute = $false
        $info.CreateNoWindow = $true
        $info.RedirectStandardInput = $true
        $info.RedirectStandardOutput = $true
        $info.RedirectStandardError = $true
        foreach ($variable in $without) { $info.EnvironmentVariables.Remove($variable) }
        $process = [Diagnostics.Process]::new()
        $process.StartInfo = $info
        [void]$process.Start()
        $slot.child = $process
        if ($slot.stopped) { $process.Kill() }
        $process.StandardInput.Close()
        # Streams of a fixed size: who says more than fits makes its copying fail, and is stopped for it.
        $outBytes = [byte[]]::new($slot.cap + 2048)
        $errBytes = [byte[]]::new($slot.cap + 2048)
        $out = [IO.MemoryStream]::new($outBytes)
        $err = [IO.MemoryStream]::new($errBytes)
        $copies = [Threading.Tasks.Task[]]@(
            $process.StandardOutput.BaseStream.CopyToAsync($out, 1024),
            $process.StandardError.BaseStream.CopyToAsync($err, 1024)
        )
        while (-not $process.WaitForExit(40)) {
            if ($copies[0].IsFaulted -or $copies[1].IsFaulted) {
                try { $process.Kill() } catch { }
            }
        }
        try { [void][Threading.Tasks.Task]::WaitAll($copies, 1000) } catch { }
        Add-Said 'err' ([Text.Encoding]::UTF8.GetString($errBytes, 0, [int]$err.Position))
        $global:LASTEXITCODE = $process.ExitCode
        $text = [Text.Encoding]::UTF8.GetString($outBytes, 0, [int]$out.Position) -replace "`r?`n\z", ''
        if ($text) { $text }
    }

    $slot.begin = $clock.Elapsed.TotalSeconds
    try {
        & ([ScriptBlock]::Create($slot.code)) 2>&1 | ForEach-Object {
            $stream = if ($_ -is [Management.Automation.ErrorRecord]) { 'err' } else { 'out' }
            Add-Said $stream ([string]$_ + "`n")
        }
    } catch {
        Add-Said 'err' ([string]$_ + "`n")
        $global:LASTEXITCODE = 1
        $slot.missing = $slot.lacks
    }
    $slot.status = [int]$global:LASTEXITCODE
}

function Send-Bytes([byte[]] $bytes) {
    $stdout.Write($bytes, 0, $bytes.Length)
    $stdout.Flush()
}

# One byte more than the cap, so that an output of exactly the cap is not taken for a cut one. A probe that could not
# be stopped may be adding to it at this very moment.
function Add-Limited($frame, $said, [int] $cap) {
    $bytes = [byte[]]@()
    try { $bytes = $utf8.GetBytes($said.ToString()) } catch { }
    $frame.Write($bytes, 0, [Math]::Min($bytes.Length, $cap + 1))
}

function Send-Frame($slot, [string] $state, [string] $status) {
    $slot.sent = $true
    $end = $clock.Elapsed.TotalSeconds
    $begin = if ($null -eq $slot.begin) { $end } else { $slot.begin }
    $times = $begin.ToString('0.00', $plain) + ' ' + $end.ToString('0.00', $plain)
    $frame = [IO.MemoryStream]::new()
    Add-Limited $frame $slot.out $slot.cap
    $mark = $utf8.GetBytes("`n$nonce o $($slot.index)`n")
    $frame.Write($mark, 0, $mark.Length)
    Add-Limited $frame $slot.err $slot.cap
    $mark = $utf8.GetBytes("`n$nonce e $($slot.index) $state $status $times`n")
    $frame.Write($mark, 0, $mark.Length)
    Send-Bytes ($frame.ToArray())
}

# Stop-Child PROCESS: with all its descendants. Not waited for: many may be late at the same time.
function Stop-Child($process) {
    $info = [Diagnostics.ProcessStartInfo]::new()
    $info.FileName = Join-Path $env:SystemRoot 'System32\taskkill.exe'
    $info.Arguments = "/T /F /PID $($process.Id)"
    $info.UseShellExecute = $false
    $info.CreateNoWindow = $true
    $info.RedirectStandardOutput = $true
    $info.RedirectStandardError = $true
    try { [void][Diagnostics.Process]::Start($info) } catch { $process.Kill() }
}

$me = [Security.Principal.WindowsPrincipal]::new([Security.Principal.WindowsIdentity]::GetCurrent())
$elevated = $me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
Send-Bytes ($utf8.GetBytes("`n$nonce hello`n"))

# Each program that runs keeps two threads of the pool reading; more than its minimum come one by one, and slowly.
[void][Threading.ThreadPool]::SetMinThreads(3 * $probes.Count + 16, 16)

$slots = @()
$code = 0
try {
    $pool = [RunspaceFactory]::CreateRunspacePool([Management.Automation.Runspaces.InitialSessionState]::CreateDefault2())
    [void]$pool.SetMaxRunspaces([Math]::Max(1, $probes.Count))
    $pool.Open()
    foreach ($probe in $probes) {
        $slot = [hashtable]::Synchronized($probe)
        $slot.out = [Text.StringBuilder]::new()
        $slot.err = [Text.StringBuilder]::new()
        $slots += $slot
        if ($slot.root -and -not $elevated) {
            [void]$slot.err.Append("the session's token is not in the role Administrator`n")
            Send-Frame $slot 'r' '-'
            continue
        }
        $slot.shell = [PowerShell]::Create()
        $slot.shell.RunspacePool = $pool
        [void]$slot.shell.AddScript($runner.ToString()).AddArgument($slot).AddArgument($clock)
        $slot.handle = $slot.shell.BeginInvoke()
    }
    $left = @($slots | Where-Object { -not $_.sent })
    while ($left.Count -gt 0) {
        foreach ($slot in $left) {
            $now = $clock.Elapsed.TotalSeconds
            if ($slot.stopped) {
                # It has a moment to hand over what it had said.
                if ($slot.handle.IsCompleted -or $now - $slot.stopped -gt $grace) {
                    [void]$slot.shell.BeginStop($null, $null)
                    Send-Frame $slot 't' '-'
                }
            } elseif ($slot.handle.IsCompleted) {
                if ($slot.missing) {
                    [void]$slot.err.Clear().Append($slot.missing)
                    Send-Frame $slot 'x' '-'
                } else {
                    Send-Frame $slot 'e' ([string][int]$slot.status)
                }
            } elseif ($null -ne $slot.begin -and $now - $slot.begin -gt $slot.limit) {
                $slot.stopped = $now
                if ($slot.child) { Stop-Child $slot.child }
            }
        }
        Start-Sleep -Milliseconds 25
        $left = @($left | Where-Object { -not $_.sent })
    }
    Send-Bytes ($utf8.GetBytes("`n$nonce end`n"))
} catch {
    [Console]::Error.WriteLine("the engine stopped: $_")
    $code = 5
} finally {
    # The session is gone, or all is said. Exit does not wait for a runspace that hangs.
    foreach ($slot in $slots) {
        if ($slot.child) {
            try { $slot.child.Kill() } catch { }
        }
    }
    [Environment]::Exit($code)
}
