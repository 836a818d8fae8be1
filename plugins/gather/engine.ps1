# What runs on a Windows VM. plugins/gather/windows_script.py puts $nonce, $deadline, $probes and $runner (probe.ps1)
# before it, and plugins/gather/script.py draws the frames it sends. One process: each probe has a runspace of its own, and
# a probe's programs are stopped with it. Nothing is written to disk. For Windows PowerShell 5.1, which every Windows
# Server since 2016 has, and for every later PowerShell. Only .NET and the commands of PowerShell's core: a command of a
# module would load the module into each runspace.
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

# All that this process and its descendants started, whoever started it, from one table of the processes for each round;
# until a round finds none that is new. .NET knows the parents of processes (but not publicly), .NET Framework does not:
# there the probes' programs are stopped. No probe starts one any more, and one that is being started is a process soon.
$leave = {
    param($tasks, [string] $stop, $client)
    foreach ($task in $tasks) {
        $task.box.stopped = $true
        if ($task.handle) { [void]$task.shell.BeginStop($null, $null) }
    }
    $self = [Diagnostics.Process]::GetCurrentProcess()
    $parent = [Diagnostics.Process].GetProperty('ParentProcessId', [Reflection.BindingFlags]'Instance, NonPublic')
    $known = @{}
    for ($round = 0; $round -lt 40; $round++) {
        $more = @($tasks | Where-Object { $_.box.starting }).Count
        if (-not $parent) {
            foreach ($process in & ([ScriptBlock]::Create($stop)) @($tasks.box) $client) { [void]$process.WaitForExit(2000) }
        } else {
            $children = @{}
            foreach ($process in [Diagnostics.Process]::GetProcesses()) {
                try { $children[$parent.GetValue($process)] += @($process) } catch { }
            }
            $families = [Collections.Generic.Queue[object]]::new()
            $families.Enqueue(@($self.Id, $self.StartTime))
            # No one else is in the middle of a tree.
            $locked = [Threading.Monitor]::TryEnter($client, 2000)
            while ($families.Count) {
                $number, $since = $families.Dequeue()
                foreach ($process in $children[$number]) {
                    try {
                        # Windows gives a number away again. Then the child is the older one.
                        $start = $process.StartTime
                        if ($start -lt $since) { continue }
                        $families.Enqueue(@($process.Id, $start))
                        if ($known[$process.Id]) { continue }
                        $known[$process.Id] = $true
                        $more++
                        $process.Kill()
                    } catch { }
                }
            }
            if ($locked) { [Threading.Monitor]::Exit($client) }
        }
        if (-not $more) { break }
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
