# What runs on a Windows VM. plugins/gather/windows_script.py puts $nonce, $deadline and $probes before it, and
# plugins/gather/script.py draws the frames it sends. One process: each probe has a runspace of its own, and a probe's
# programs are stopped with it. Nothing is written to disk. For Windows PowerShell 5.1, which every Windows Server since
# 2016 has, and for every later PowerShell. Only .NET and the commands of PowerShell's core: a command of a module would
# load the module into each runspace.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$clock = [Diagnostics.Stopwatch]::StartNew()
$utf8 = [Text.UTF8Encoding]::new($false)
$plain = [Globalization.CultureInfo]::InvariantCulture
$stdout = [Console]::OpenStandardOutput()
$stderr = [Console]::OpenStandardError()
# Only frames leave: what a probe or .NET writes to the console goes nowhere, and what it reads there is empty.
[Console]::SetOut([IO.TextWriter]::Null)
[Console]::SetError([IO.TextWriter]::Null)
[Console]::SetIn([IO.TextReader]::Null)
# .NET knows code pages on demand, .NET Framework without.
try { [Text.Encoding]::RegisterProvider([Text.CodePagesEncodingProvider]::Instance) } catch { }
# The limit for everything counts from PowerShell's start.
$deadline -= [Math]::Max(0, ([DateTime]::Now - [Diagnostics.Process]::GetCurrentProcess().StartTime).TotalSeconds)
$grace = 1.0
$together = 16
# For the programs: a probe may change these for the whole process.
$world = @{
    variables = [Environment]::GetEnvironmentVariables()
    path = [string][Environment]::GetEnvironmentVariable('PATH')
    folder = [Environment]::CurrentDirectory
}

# One probe, in its runspace. $box is all that it shares with the main loop, which believes none of it. The functions are
# closures, so a variable of the probe's text that has the name of one of theirs changes nothing.
$runner = {
    param($box, $out, $err, $clock, [int] $cap, [string] $code, $variables, [string] $search, [string] $folder)
    $ErrorActionPreference = 'Continue'
    $ProgressPreference = 'SilentlyContinue'
    $global:LASTEXITCODE = 0

    # Add-Said STREAM TEXT: keep the text, until the cap is passed.
    ${function:global:Add-Said} = {
        param([string] $stream, [string] $text)
        $kept = if ($stream -eq 'err') { $err } else { $out }
        $text = $text.Replace("`r`n", "`n")
        $room = [Math]::Min($text.Length, $cap + 1 - $kept.Length)
        if ($room -gt 0) { [void]$kept.Append($text, 0, $room) }
    }.GetNewClosure()

    # The text of a program's output: with a byte order mark, in UTF-16 or UTF-8, else in the OEM code page. What was cut
    # at the cap may end within a character.
    ${function:global:Get-Text} = {
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
        $zeros = 0
        $looked = [Math]::Min($even, 512)
        for ($at = 1; $at -lt $looked; $at += 2) { if ($bytes[$at] -eq 0) { $zeros++ } }
        if ($looked -ge 4 -and 4 * $zeros -gt $looked) {
            return [Text.Encoding]::Unicode.GetString($bytes, 0, $even)
        }
        foreach ($short in 0, 1, 2, 3) {
            if ($short -and -not $cut -or $length - $first -lt $short) { break }
            try {
                return [Text.UTF8Encoding]::new($false, $true).GetString($bytes, $first, $length - $first - $short)
            } catch { }
        }
        $page = [Globalization.CultureInfo]::CurrentCulture.TextInfo.OEMCodePage
        try { [Text.Encoding]::GetEncoding($page).GetString($bytes, 0, $length) } catch {
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
        $box.process = $process
        $box.starting = $true
        try {
            if ($box.stopped) { throw 'the time limit has passed' }
            try { [void]$process.Start() } catch {
                # As in a shell: it was found, and cannot be run.
                $failed = [InvalidOperationException]::new("${name}: $($_.Exception.GetBaseException().Message)")
                $failed.Data['status'] = 126
                throw $failed
            }
        } finally { $box.starting = $false }
        if ($box.stopped) { $process.Kill() }
        if (-not $box.started) {
            $box.started = $true
            $box.begin = $clock.Elapsed.TotalSeconds
        }
        $process.StandardInput.Close()
        # Streams of a fixed size, for UTF-16 twice the cap: a program that writes more makes its copying fail, and is
        # stopped for it.
        $outBytes = [byte[]]::new(2 * $cap + 4096)
        $errBytes = [byte[]]::new(2 * $cap + 4096)
        $outCopy = [IO.MemoryStream]::new($outBytes)
        $errCopy = [IO.MemoryStream]::new($errBytes)
        $copies = [Threading.Tasks.Task[]]@(
            $process.StandardOutput.BaseStream.CopyToAsync($outCopy, 1024),
            $process.StandardError.BaseStream.CopyToAsync($errCopy, 1024)
        )
        while (-not $process.WaitForExit(25)) {
            if ($box.stopped) { break }
            if ($copies[0].IsFaulted -or $copies[1].IsFaulted) { $box.full = $true }
        }
        # A descendant may hold the pipes open for longer.
        try { [void][Threading.Tasks.Task]::WaitAll($copies, $(if ($box.stopped) { 200 } else { 1000 })) } catch { }
        Add-Said 'err' (Get-Text $errBytes $errCopy.Position ($copies[1].Status -ne 'RanToCompletion'))
        $text = Get-Text $outBytes $outCopy.Position ($copies[0].Status -ne 'RanToCompletion')
        $text = $text -replace "`r?`n\z", ''
        if ($text) { $text }
        if ($box.stopped) { throw 'the time limit has passed' }
        $global:LASTEXITCODE = $process.ExitCode
    }.GetNewClosure()

    # For a text that edits its own stderr.
    $slot = @{ err = $err }
    $box.begin = $clock.Elapsed.TotalSeconds
    try {
        # A break, a continue or an exit in the text ends all of this script: then there is no status.
        & ([ScriptBlock]::Create($code)) 2>&1 | ForEach-Object {
            $stream = if ($_ -is [Management.Automation.ErrorRecord]) { 'err' } else { 'out' }
            Add-Said $stream ([string]$_ + "`n")
        }
        $box.status = $global:LASTEXITCODE
        $box.whole = $true
    } catch {
        $box.whole = $true
        $box.missing = $_.Exception.Data['program']
        $box.status = if ($_.Exception.Data['status']) { $_.Exception.Data['status'] } else { 1 }
        Add-Said 'err' ([string]$_ + "`n")
    } finally {
        $box.end = $clock.Elapsed.TotalSeconds
    }
}.ToString()

# Nothing waits for a client that does not read: what is to be sent waits here, for the write before it.
$sender = @{ waiting = [IO.MemoryStream]::new(); writing = $null }

function Add-Bytes([byte[]] $bytes) { $sender.waiting.Write($bytes, 0, $bytes.Length) }

# Whether all is sent.
function Step-Sender {
    if ($sender.writing) {
        if (-not $sender.writing.IsCompleted) { return $false }
        $sender.writing = $null
    }
    if ($sender.waiting.Length -eq 0) { return $true }
    $bytes = $sender.waiting.ToArray()
    $sender.waiting.SetLength(0)
    $sender.writing = $stdout.WriteAsync($bytes, 0, $bytes.Length)
    $false
}

# Of a text that passes the cap, one character passes it: so an output of exactly the cap is not taken for a cut one. A
# probe that could not be stopped may be adding to it at this very moment.
function Add-Limited($frame, $kept, [int] $cap) {
    $bytes = [byte[]]@()
    foreach ($try in 1, 2, 3) {
        try { $bytes = $utf8.GetBytes($kept.ToString()); break } catch { }
    }
    $length = [Math]::Min($bytes.Length, $cap + 1)
    while ($length -lt $bytes.Length -and ($bytes[$length] -band 192) -eq 128) { $length++ }
    $frame.Write($bytes, 0, $length)
}

# The one place where a status becomes a number. No status is not success.
function Get-Status($status) {
    $number = 0
    $integer = [Globalization.NumberStyles]::AllowLeadingSign
    if ([int]::TryParse([string]$status, $integer, $plain, [ref]$number)) { $number } else { 1 }
}

function Get-Time($value, [double] $from, [double] $to) {
    if ($value -is [double] -and $value -ge $from -and $value -le $to) { $value } else { $to }
}

function Get-Frame($task, [string] $state, $status) {
    $now = $clock.Elapsed.TotalSeconds
    $end = if ($state -eq 'e' -or $state -eq 'x') { Get-Time $task.box.end 0 $now } else { $now }
    $begin = Get-Time $task.box.begin 0 $end
    $word = if ($state -eq 'e') { (Get-Status $status).ToString($plain) } else { '-' }
    $times = $begin.ToString('0.00', $plain) + ' ' + $end.ToString('0.00', $plain)
    $frame = [IO.MemoryStream]::new()
    # A probe that opened stdout by itself wrote before this mark: it is not a frame's, and the decoder drops it.
    $mark = $utf8.GetBytes("`n$nonce b $($task.index)`n")
    $frame.Write($mark, 0, $mark.Length)
    Add-Limited $frame $task.out $task.cap
    $mark = $utf8.GetBytes("`n$nonce o $($task.index)`n")
    $frame.Write($mark, 0, $mark.Length)
    Add-Limited $frame $task.err $task.cap
    $mark = $utf8.GetBytes("`n$nonce e $($task.index) $state $word $times`n")
    $frame.Write($mark, 0, $mark.Length)
    , $frame.ToArray()
}

# The programs of some probes with all their descendants. .NET knows how, .NET Framework does not: there one
# taskkill.exe stops them all, and is not waited for. A program has exited before its descendants are stopped, so who
# comes second waits for the first. In the watcher's runspace, too.
$stop = {
    param($boxes, $lock)
    $those = @()
    $locked = [Threading.Monitor]::TryEnter($lock, 2000)
    try {
        foreach ($box in $boxes) {
            # One that is not started yet has no state.
            try { if ($box.process.HasExited -ne $false) { continue } } catch { continue }
            try { $box.process.Kill($true) } catch { $those += $box.process }
        }
    } finally { if ($locked) { [Threading.Monitor]::Exit($lock) } }
    if (-not $those) { return }
    $numbers = $those | ForEach-Object { "/PID $($_.Id)" }
    $info = [Diagnostics.ProcessStartInfo]::new("$env:SystemRoot\System32\taskkill.exe", "/T /F $numbers")
    $info.UseShellExecute = $false
    $info.CreateNoWindow = $true
    $info.RedirectStandardOutput = $true
    $info.RedirectStandardError = $true
    try { [Diagnostics.Process]::Start($info) } catch {
        foreach ($process in $those) { try { $process.Kill() } catch { } }
    }
}

# All programs, and what a text started without Invoke-Tool, which is stopped with the text. No probe starts one any more,
# and one that is being started is a process soon.
$leave = {
    param($tasks, [string] $stop, $client)
    $run = [ScriptBlock]::Create($stop)
    foreach ($task in $tasks) {
        $task.box.stopped = $true
        if ($task.handle) { [void]$task.shell.BeginStop($null, $null) }
    }
    $boxes = @($tasks | ForEach-Object { $_.box })
    for ($round = 0; $round -lt 40; $round++) {
        $starting = @($boxes | Where-Object { $_.starting })
        $stopping = @(& $run $boxes $client)
        foreach ($process in $stopping) { [void]$process.WaitForExit(2000) }
        $running = @($tasks | Where-Object { $_.handle -and -not $_.handle.IsCompleted })
        if ($starting.Count -eq 0 -and ($running.Count -eq 0 -or $round -gt 20)) { break }
        [Threading.Thread]::Sleep(10)
    }
}

# The bootstrap's stdin ends when the client is gone. Then nothing is waited for, the main loop neither.
$watcher = {
    param($stdin, $client, $tasks, [string] $leave, [string] $stop)
    $run = [ScriptBlock]::Create($leave)
    # Compiled before it is needed.
    & $run @() $stop $client
    [void]$client.ready.Set()
    while ($stdin.MoveNext()) { }
    if ($client.watched) {
        $client.gone = $true
        & $run $tasks $stop $client
        [Diagnostics.Process]::GetCurrentProcess().Kill()
    }
}

function Start-Probe($task) {
    $task.since = $clock.Elapsed.TotalSeconds
    $task.state = 'runs'
    $runspace = [RunspaceFactory]::CreateRunspace($initial)
    $runspace.Open()
    $task.shell = [PowerShell]::Create()
    $task.shell.Runspace = $runspace
    [void]$task.shell.AddScript($runner, $true).AddArgument($task.box).AddArgument($task.out).AddArgument($task.err)
    [void]$task.shell.AddArgument($clock).AddArgument($task.cap).AddArgument($task.code)
    [void]$task.shell.AddArgument($world.variables.Clone()).AddArgument($world.path).AddArgument($world.folder)
    $nothing = [Management.Automation.PSDataCollection[psobject]]::new()
    $nothing.Complete()
    $task.handle = $task.shell.BeginInvoke($nothing, $settings, $null, $null)
}

# The frame of a probe that has ended or is late; nothing for one that runs.
function Step-Probe($task) {
    $now = $clock.Elapsed.TotalSeconds
    $box = $task.box
    if ($task.handle.IsCompleted) {
        $status = $box.status
        if ($task.state -eq 'late') { Get-Frame $task 't' }
        elseif ($box.missing -is [string]) {
            [void]$task.err.Clear().Append($box.missing)
            Get-Frame $task 'x'
        } else {
            if (-not $box.whole) {
                # Of an `exit 7`, PowerShell keeps the 7. No such end is success.
                $status = $task.shell.InvocationStateInfo.Reason.Argument
                if (-not $status) {
                    $status = 1
                    [void]$task.err.Append("the probe's text did not reach its end`n")
                }
            }
            Get-Frame $task 'e' $status
        }
        $task.shell.Runspace.CloseAsync()
    } elseif ($task.state -eq 'late') {
        # It has a moment to hand over what its program wrote.
        if ($now - $task.stopped -gt $grace) {
            [void](& $stop $box $client)
            [void]$task.shell.BeginStop($null, $null)
            Get-Frame $task 't'
        }
    } elseif ($now - (Get-Time $box.begin $task.since $now) -gt $task.limit -or $now -gt $deadline) {
        $task.state = 'late'
        $task.stopped = $now
        $box.stopped = $true
        [void](& $stop $box $client)
    } elseif ($box.full) {
        $box.full = $false
        [void](& $stop $box $client)
    }
}

$left = @()
$tasks = @()
$code = 0
$ended = [Threading.ManualResetEvent]::new($false)
$client = [hashtable]::Synchronized(@{ watched = $false; ready = [Threading.ManualResetEvent]::new($false) })
try {
    $elevated = $false
    try {
        $me = [Security.Principal.WindowsPrincipal]::new([Security.Principal.WindowsIdentity]::GetCurrent())
        $elevated = $me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
    } catch {
        # PowerShell for Linux, on which the project's tests run this.
        $elevated = [Environment]::UserName -eq 'root'
    }
    # Each program that runs keeps two threads of the pool reading; more than its minimum come one by one, and slowly.
    [void][Threading.ThreadPool]::SetMinThreads(3 * $together + 16, 16)
    $initial = [Management.Automation.Runspaces.InitialSessionState]::CreateDefault2()
    $settings = [Management.Automation.PSInvocationSettings]::new()
    $settings.ExposeFlowControlExceptions = $true
    # An [Environment]::Exit of a probe's text waits until the others have ended; .NET Framework gives them two seconds.
    # Compiled, since a script block needs a runspace that is free.
    $wait = [Linq.Expressions.Expression]::Call([Linq.Expressions.Expression]::Constant($ended), 'WaitOne', $null, $null)
    $arguments = [Linq.Expressions.ParameterExpression[]]@(
        [Linq.Expressions.Expression]::Parameter([object]), [Linq.Expressions.Expression]::Parameter([EventArgs])
    )
    $handler = [Linq.Expressions.Expression]::Lambda([EventHandler], $wait, $arguments)
    [AppDomain]::CurrentDomain.add_ProcessExit($handler.Compile())
    foreach ($probe in $probes) {
        $left += @{
            index = $probe.index; limit = $probe.limit; cap = $probe.cap; root = $probe.root; code = $probe.code
            state = 'waits'; out = [Text.StringBuilder]::new(); err = [Text.StringBuilder]::new()
            box = [hashtable]::Synchronized(@{})
        }
    }
    $tasks = $left
    # Where stdin has ended already, the run does without the watcher.
    if ($null -ne $stdin) {
        $watching = [PowerShell]::Create()
        $watching.Runspace = [RunspaceFactory]::CreateRunspace($initial)
        $watching.Runspace.Open()
        [void]$watching.AddScript($watcher.ToString()).AddArgument($stdin).AddArgument($client).AddArgument($tasks)
        [void]$watching.AddArgument($leave.ToString()).AddArgument($stop.ToString())
        $watch = $watching.BeginInvoke()
        [void]$client.ready.WaitOne(5000)
        $client.watched = -not $watch.AsyncWaitHandle.WaitOne(150)
    }
    Add-Bytes ($utf8.GetBytes("`n$nonce hello`n"))
    while ($left.Count -gt 0) {
        $running = @($left | Where-Object { $_.state -ne 'waits' }).Count
        $next = @()
        # One of them is started in each round: to make a runspace takes long.
        $started = $false
        foreach ($task in $left) {
            # Whatever fails in what is done for one probe, it has its frame, and the others have theirs.
            $frame = $null
            try {
                if ($task.state -ne 'waits') {
                    $frame = Step-Probe $task
                } elseif ($task.root -and -not $elevated) {
                    [void]$task.err.Append("the session's token is not in the role Administrator`n")
                    $frame = Get-Frame $task 'r'
                } elseif ($clock.Elapsed.TotalSeconds -gt $deadline) {
                    [void]$task.err.Append("it had not started when the time for the whole VM had passed`n")
                    $frame = Get-Frame $task 't'
                } elseif ($running -lt $together -and -not $started -and -not $client.gone) {
                    $started = $true
                    Start-Probe $task
                }
            } catch {
                [void]$task.err.Append("the engine failed: $_`n")
                $frame = Get-Frame @{
                    index = $task.index; cap = $task.cap; out = $task.out; err = $task.err; box = @{}
                } 'e' 1
            }
            if ($frame) { Add-Bytes $frame } else { $next += $task }
        }
        $left = $next
        [void](Step-Sender)
        if (-not $started) { [Threading.Thread]::Sleep(20) }
    }
    Add-Bytes ($utf8.GetBytes("`n$nonce end`n"))
    # The client may go as soon as it has the end.
    $client.watched = $false
    while (-not (Step-Sender)) {
        if ($clock.Elapsed.TotalSeconds -gt $deadline + 3) { throw 'the client does not read' }
        [Threading.Thread]::Sleep(20)
    }
} catch {
    $code = 5
    try {
        $said = $utf8.GetBytes("the engine stopped: $_`n")
        $stderr.Write($said, 0, $said.Length)
    } catch { }
} finally {
    # Everything is sent, or the client is gone. Exit does not wait for a runspace that hangs, but for the watcher: a
    # probe ends when its program does, before all descendants are stopped.
    & $leave $tasks $stop.ToString() $client
    if ($client.gone) { [Threading.Thread]::Sleep(10000) }
    [Environment]::ExitCode = $code
    [void]$ended.Set()
    [Environment]::Exit($code)
}
