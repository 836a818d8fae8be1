# The script on a Windows VM. plugins/gather/windows_script.py prepends $nonce, $deadline, $probes and $runner
# (probe.ps1); plugins/gather/script.py documents the frames. One process runs all probes, each in a separate runspace,
# and stops a probe's programs with the probe. It writes nothing to disk. It works with Windows PowerShell 5.1, which
# every Windows Server since 2016 has, and with later versions. It uses only .NET and PowerShell's core commands: a
# command of a module would load that module into each runspace.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$origin = [Diagnostics.Stopwatch]::GetTimestamp()
$utf8 = [Text.UTF8Encoding]::new($false)
$plain = [Globalization.CultureInfo]::InvariantCulture
$stdout = [Console]::OpenStandardOutput()
$stderr = [Console]::OpenStandardError()
$hidden = [Reflection.BindingFlags]'Instance, Static, NonPublic'
# On Linux, a write to this stream locks [Console]::Out, and a probe can hold that lock: write to the handle.
if ([Environment]::OSVersion.Platform -eq 'Unix') {
    $handle = $stdout.GetType().GetField('_handle', $hidden).GetValue($stdout)
    $stdout = [IO.FileStream]::new($handle, [IO.FileAccess]::Write, 1)
}
# Keep stdout for frames: discard what a probe or .NET writes to the console, and let it read nothing there.
[Console]::SetOut([IO.TextWriter]::Null)
[Console]::SetError([IO.TextWriter]::Null)
[Console]::SetIn([IO.TextReader]::Null)
# .NET needs this for code pages; .NET Framework, which lacks the class, has them already.
try { [Text.Encoding]::RegisterProvider([Text.CodePagesEncodingProvider]::Instance) } catch { }
# The time limit of the VM counts from the start of PowerShell.
$self = [Diagnostics.Process]::GetCurrentProcess()
$deadline -= [Math]::Max(0, ([DateTime]::Now - $self.StartTime).TotalSeconds)
$grace = 1.0
$together = 16
# The programs start with these, because a probe can change the environment of the whole process.
$world = @{
    variables = [Environment]::GetEnvironmentVariables()
    path = [string][Environment]::GetEnvironmentVariable('PATH')
    folder = [Environment]::CurrentDirectory
}

$expression = [Linq.Expressions.Expression]

# A call of a method, compiled by .NET: a script block would need a free runspace.
function Get-Call($object, [string] $name, $arguments = @()) {
    $constants = foreach ($argument in $arguments) { $expression::Constant($argument) }
    $expression::Call($expression::Constant($object), $name, $null, [Linq.Expressions.Expression[]]@($constants))
}

function Get-Delegate([type] $type, $body, $parameters) {
    if (-not $parameters) {
        $parameters = foreach ($parameter in $type.GetMethod('Invoke').GetParameters()) {
            $expression::Parameter($parameter.ParameterType)
        }
    }
    # An exception on such a thread would end PowerShell.
    $caught = [Linq.Expressions.CatchBlock[]]@($expression::Catch([Exception], $expression::Empty()))
    $body = $expression::MakeTry([void], $body, $null, $null, $caught)
    $expression::Lambda($type, $body, [Linq.Expressions.ParameterExpression[]]@($parameters)).Compile()
}

# A thread without a runspace or a thread pool, so that no probe can delay it.
function Start-Thread($calls) {
    $body = $expression::Block([Linq.Expressions.Expression[]]@($calls))
    $thread = [Threading.Thread]::new((Get-Delegate ([Threading.ThreadStart]) $body))
    $thread.IsBackground = $true
    $thread.Priority = 'Highest'
    $thread.Start()
    $thread
}

function Add-Mark($frame, [string] $words) {
    $mark = $utf8.GetBytes("`n$nonce $words`n")
    $frame.Write($mark, 0, $mark.Length)
}

function Send-Mark([string] $words) {
    $frame = [IO.MemoryStream]::new()
    Add-Mark $frame $words
    $sending.Add($frame)
}

# Of a text beyond the cap, keep one character more than the cap, so that an output of exactly the cap does not count as
# truncated. Retry, because a probe that could not be stopped may append to it at the same time.
function Add-Limited($frame, $kept, [int] $cap) {
    $bytes = [byte[]]@()
    foreach ($try in 1, 2, 3) {
        try { $bytes = $utf8.GetBytes($kept.ToString(0, [Math]::Min($kept.Length, $cap + 1))); break } catch { }
    }
    $length = [Math]::Min($bytes.Length, $cap + 1)
    while ($length -lt $bytes.Length -and ($bytes[$length] -band 192) -eq 128) { $length++ }
    $frame.Write($bytes, 0, $length)
}

# Convert a probe's status to a number. A missing status is not success. Nor is an object of the probe: converting it to
# text would run the probe's code, and the main loop would wait for it.
function Get-Status($status) {
    $number = 0
    $integer = [Globalization.NumberStyles]::AllowLeadingSign
    $text = if ($status -is [ValueType] -or $status -is [string]) { [string]$status }
    if ([int]::TryParse($text, $integer, $plain, [ref]$number)) { $number } else { 1 }
}

function Get-Now { ([Diagnostics.Stopwatch]::GetTimestamp() - $origin) / [Diagnostics.Stopwatch]::Frequency }

# The time of a probe's time stamp, or $to if the stamp is not possible.
function Get-Time($stamp, [double] $from, [double] $to) {
    $time = if ($stamp -is [long]) { ($stamp - $origin) / [Diagnostics.Stopwatch]::Frequency } else { $to }
    if ($time -ge $from -and $time -le $to) { $time } else { $to }
}

function Get-Frame($task, [string] $state, $status) {
    $now = Get-Now
    $end = if ($state -eq 'e' -or $state -eq 'x') { Get-Time $task.box.end 0 $now } else { $now }
    $begin = Get-Time $task.box.begin 0 $end
    $word = if ($state -eq 'e') { (Get-Status $status).ToString($plain) } else { '-' }
    $times = $begin.ToString('0.00', $plain) + ' ' + $end.ToString('0.00', $plain)
    $frame = [IO.MemoryStream]::new()
    # A probe can open stdout itself. The decoder drops what it wrote there before this mark.
    Add-Mark $frame "b $($task.index)"
    Add-Limited $frame $task.out $task.cap
    Add-Mark $frame "o $($task.index)"
    Add-Limited $frame $task.err $task.cap
    Add-Mark $frame "e $($task.index) $state $word $times"
    $frame
}

# Stop the programs of some probes, or, with $everything, all descendants of this process. Each round lists the
# processes once, and stops the programs with their descendants; the last round is the one that finds no new process. A
# program that is being started counts as new. .NET knows the parents of processes (in a non-public property); .NET
# Framework does not: there one taskkill.exe stops the programs of the probes. The watcher runs this in its own
# runspace.
$stop = {
    param($tasks, [bool] $everything, $lock)
    if ($everything) {
        foreach ($task in $tasks) {
            $task.order.stopped = $true
            if ($task.handle) { [void]$task.shell.BeginStop($null, $null) }
        }
    }
    $self = [Diagnostics.Process]::GetCurrentProcess()
    $hidden = [Reflection.BindingFlags]'Instance, Static, NonPublic'
    $parent = [Diagnostics.Process].GetProperty('ParentProcessId', $hidden)
    # On Linux, the children of an ended process get another parent: send SIGSTOP (19) to all before any is killed.
    $pause = try { [Diagnostics.Process].Assembly.GetType('Interop+Sys').GetMethod('Kill', $hidden) } catch { }
    # Windows does not reuse the id of a process while a handle to it is open: keep them, to find its children later.
    $known = if ($pause) { @{ $self.Id = $self } } else { $lock.known }
    $paused = @()
    # The main loop and the watcher must not stop processes at the same time.
    $locked = [Threading.Monitor]::TryEnter($lock, 2000)
    for ($round = 0; $round -lt 40; $round++) {
        $more = @($tasks | Where-Object { $_.box.starting }).Count
        # A Process object that has not started yet throws.
        $programs = @(foreach ($task in $tasks) { try { if (-not $task.box.process.HasExited) { $task.box.process } } catch { } })
        if (-not $parent) {
            $info = [Diagnostics.ProcessStartInfo]::new([Environment]::SystemDirectory + '\taskkill.exe')
            $info.Arguments = '/T /F ' + ($programs | ForEach-Object { "/PID $($_.Id)" })
            $info.UseShellExecute = $false
            $info.CreateNoWindow = $true
            $info.RedirectStandardOutput = $true
            $info.RedirectStandardError = $true
            try {
                if ($programs) {
                    $killer = [Diagnostics.Process]::Start($info)
                    # It prints a line for each process, and would wait for a reader of a full pipe.
                    $killer.BeginOutputReadLine()
                    $killer.BeginErrorReadLine()
                    [void]$killer.WaitForExit(2000)
                }
            } catch { }
            foreach ($process in $programs) { try { $process.Kill() } catch { } }
        } else {
            $children = @{}
            foreach ($process in [Diagnostics.Process]::GetProcesses()) {
                try { $children[$parent.GetValue($process)] += @($process) } catch { }
            }
            $killed = @()
            $families = [Collections.Generic.Queue[int]]::new([int[]]@($known.Keys))
            while ($families.Count) {
                $number = $families.Dequeue()
                foreach ($process in $children[$number]) {
                    try {
                        if ($known[$process.Id]) { continue }
                        if ($number -eq $self.Id -and -not $everything -and $programs.Id -notcontains $process.Id) { continue }
                        # Windows reuses ids: a process older than its "parent" is not its child.
                        # conhost is PowerShell's console: PowerShell ends without it.
                        if ($process.StartTime -lt $known[$number].StartTime -or $process.ProcessName -eq 'conhost') { continue }
                        [void]$process.Handle
                        $known[$process.Id] = $process
                        $families.Enqueue($process.Id)
                        $more++
                        if ($pause) {
                            $paused += $process
                            [void]$pause.Invoke($null, @($process.Id, (19 -as $pause.GetParameters()[1].ParameterType)))
                        } else {
                            $process.Kill()
                            $killed += $process
                        }
                    } catch { }
                }
            }
            # Kill does not wait, and until a program has ended it can start another one.
            foreach ($process in $killed) { [void]$process.WaitForExit(500) }
        }
        if (-not $more) { break }
    }
    foreach ($process in $paused) { try { $process.Kill() } catch { } }
    if ($locked) { [Threading.Monitor]::Exit($lock) }
}

# Wait until the client disconnects, or until the main loop has missed the deadline. Then stop all processes and exit,
# without waiting for the main loop.
$watcher = {
    param($client, $tasks, [string] $stop, [int] $time, $ended, $stderr)
    $run = [ScriptBlock]::Create($stop)
    # A call without tasks compiles the block before it is needed.
    & $run @() $true $client
    [void]$client.ready.Set()
    $gone = $client.gone.WaitOne($time)
    if ($client.served) { return }
    & $run $tasks $true $client
    if ($gone) { [Diagnostics.Process]::GetCurrentProcess().Kill() }
    $line = [Text.Encoding]::ASCII.GetBytes("the engine stopped: its time is over, and a probe holds it up`n")
    $stderr.Write($line, 0, $line.Length)
    [void]$ended.Set()
    [Environment]::Exit(5)
}

function Start-Probe($task) {
    $task.since = Get-Now
    $task.state = 'runs'
    $runspace = [RunspaceFactory]::CreateRunspace($initial)
    $runspace.Open()
    $task.shell = [PowerShell]::Create()
    $task.shell.Runspace = $runspace
    [void]$task.shell.AddScript($runner, $true).AddArgument($task.box).AddArgument($task.out).AddArgument($task.err)
    [void]$task.shell.AddArgument($task.order).AddArgument($copy).AddArgument($task.cap).AddArgument($task.code)
    [void]$task.shell.AddArgument($world.variables.Clone()).AddArgument($world.path).AddArgument($world.folder)
    $nothing = [Management.Automation.PSDataCollection[psobject]]::new()
    $nothing.Complete()
    $task.handle = $task.shell.BeginInvoke($nothing, $settings, $null, $null)
}

# Return the frame of a probe that has ended or is late, and nothing for one that still runs.
function Step-Probe($task) {
    $now = Get-Now
    $box = $task.box
    if ($task.handle.IsCompleted) {
        $status = $box.status
        if ($task.state -eq 'late') { Get-Frame $task 't' }
        elseif ($box.missing -is [string]) {
            [void]$task.err.Clear().Append($box.missing)
            Get-Frame $task 'x'
        } else {
            if (-not $box.whole) {
                # After `exit 7`, PowerShell has the 7 here. An early end is never a success.
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
        # Give it a moment to pass on the output of its program.
        if ($now - $task.stopped -gt $grace) {
            [void]$late.Add($task)
            [void]$task.shell.BeginStop($null, $null)
            Get-Frame $task 't'
        }
    } elseif ($now - (Get-Time $box.begin $task.since $now) -gt $task.limit -or $now -gt $deadline) {
        $task.state = 'late'
        $task.stopped = $now
        $task.order.stopped = $true
        [void]$late.Add($task)
    } elseif ($box.full -and -not $task.full) {
        $task.full = $true
        [void]$late.Add($task)
    }
}

$left = @()
$tasks = @()
$code = 0
$late = [Collections.ArrayList]::new()
$sending = [Collections.Concurrent.BlockingCollection[IO.MemoryStream]]::new()
$ended = [Threading.ManualResetEvent]::new($false)
$forever = [Threading.ManualResetEvent]::new($false)
$client = [hashtable]::Synchronized(@{ served = $false; known = @{ $self.Id = $self } })
foreach ($event in 'ready', 'early', 'watched', 'gone') { $client[$event] = [Threading.ManualResetEvent]::new($false) }
try {
    $elevated = $false
    try {
        $me = [Security.Principal.WindowsPrincipal]::new([Security.Principal.WindowsIdentity]::GetCurrent())
        $elevated = $me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
    } catch {
        # PowerShell for Linux, for the project's tests.
        $elevated = [Environment]::UserName -eq 'root'
    }
    if ($null -ne $stdin) {
        # The bootstrap's stdin ends when the client disconnects. An end at the start (below) has no meaning.
        $end = $expression::Label()
        $next = [Collections.IEnumerator].GetMethod('MoveNext')
        $next = $expression::Call($expression::Constant($stdin, [Collections.IEnumerator]), $next)
        $read = $expression::Loop($expression::IfThen($expression::Not($next), $expression::Break($end)), $end)
        $calls = (Get-Call $client.early 'Set'), (Get-Call $client.watched 'WaitOne'), (Get-Call $client.gone 'Set')
        [void](Start-Thread (@($read) + $calls))
    }
    $initial = [Management.Automation.Runspaces.InitialSessionState]::CreateDefault2()
    $settings = [Management.Automation.PSInvocationSettings]::new()
    $settings.ExposeFlowControlExceptions = $true
    # Frames wait in a queue for the previous write, so that a client that does not read blocks only this thread.
    $stream = [Linq.Expressions.Expression[]]@($expression::Constant($stdout, [IO.Stream]))
    $sender = Start-Thread ($expression::Loop($expression::Call((Get-Call $sending 'Take'), 'WriteTo', $null, $stream)))
    # A thread that copies a program's output.
    $pair = $expression::Parameter([object])
    $streams = foreach ($which in 0, 1) {
        $expression::ArrayIndex($expression::Convert($pair, [IO.Stream[]]), $expression::Constant($which))
    }
    $more = [Linq.Expressions.Expression[]]@($streams[1], $expression::Constant(1024))
    $copy = Get-Delegate ([Threading.ParameterizedThreadStart]) (
        $expression::Call($streams[0], 'CopyTo', $null, $more)
    ) $pair
    # If a probe calls [Environment]::Exit, it waits until the others have ended (two seconds on .NET Framework). An
    # unhandled exception on a probe's thread waits forever.
    $domain = [AppDomain]::CurrentDomain
    $domain.add_ProcessExit((Get-Delegate ([EventHandler]) (Get-Call $ended 'WaitOne')))
    $domain.add_UnhandledException((Get-Delegate ([UnhandledExceptionEventHandler]) (Get-Call $forever 'WaitOne')))
    # The last resort: kill this process after the watcher's time, or when a probe prevents PowerShell's exit.
    $time = [int](1000 * ($deadline + 2.5 - (Get-Now)))
    [void](Start-Thread (Get-Call $ended 'WaitOne' $time), (Get-Call $forever 'WaitOne' 10000), (Get-Call $self 'Kill'))
    foreach ($probe in $probes) {
        $left += @{
            index = $probe.index; limit = $probe.limit; cap = $probe.cap; root = $probe.root; code = $probe.code
            state = 'waits'; out = [Text.StringBuilder]::new(); err = [Text.StringBuilder]::new()
            box = @{ begin = $null; end = $null; status = $null; whole = $false; process = $null; starting = $false }
            order = @{ stopped = $false }
        }
    }
    $tasks = $left
    $watching = [PowerShell]::Create()
    $watching.Runspace = [RunspaceFactory]::CreateRunspace($initial)
    $watching.Runspace.Open()
    [void]$watching.AddScript($watcher.ToString()).AddArgument($client).AddArgument($tasks).AddArgument($stop.ToString())
    [void]$watching.AddArgument($time).AddArgument($ended).AddArgument($stderr).BeginInvoke()
    [void]$client.ready.WaitOne(5000)
    if (-not $client.early.WaitOne(150)) { [void]$client.watched.Set() }
    Send-Mark 'hello'
    while ($left.Count -gt 0) {
        $running = @($left | Where-Object { $_.state -ne 'waits' }).Count
        $next = @()
        # Start at most one probe per round: making a runspace is slow.
        $started = $false
        foreach ($task in $left) {
            # An error with one probe costs only that probe its answer: it gets a frame with the error.
            $frame = $null
            try {
                if ($task.state -ne 'waits') {
                    $frame = Step-Probe $task
                } elseif ($task.root -and -not $elevated) {
                    [void]$task.err.Append("the session's token is not in the role Administrator`n")
                    $frame = Get-Frame $task 'r'
                } elseif ((Get-Now) -gt $deadline) {
                    [void]$task.err.Append("it had not started when the time for the whole VM had passed`n")
                    $frame = Get-Frame $task 't'
                } elseif ($running -lt $together -and -not $started -and -not $client.gone.WaitOne(0)) {
                    $started = $true
                    Start-Probe $task
                }
            } catch {
                # Use a new stderr: appending to the probe's own may be what failed.
                $err = [Text.StringBuilder]::new("the engine failed: $_`n")
                $frame = Get-Frame @{ index = $task.index; cap = $task.cap; out = $task.out; err = $err; box = @{} } 'e' 1
            }
            if ($frame) { $sending.Add($frame) } else { $next += $task }
        }
        $left = $next
        if ($late.Count) { & $stop $late.ToArray() $false $client }
        $late.Clear()
        if (-not $started) { [Threading.Thread]::Sleep(20) }
    }
    # The client may disconnect as soon as it has read the end mark.
    $client.served = $true
    Send-Mark 'end'
    $sending.CompleteAdding()
    $time = [Math]::Max(0, [int](1000 * ($deadline + 2.5 - (Get-Now))))
    if (-not $sender.Join($time) -or $sending.Count) { throw 'the client does not read' }
} catch {
    $code = 5
    try {
        $line = $utf8.GetBytes("the engine stopped: $_`n")
        $stderr.Write($line, 0, $line.Length)
    } catch { }
} finally {
    # Everything is sent, or the client has disconnected. Wait for the watcher, which may still be stopping descendants
    # of an ended probe, but not for a runspace that hangs.
    & $stop $tasks $true $client
    if ($client.gone.WaitOne(0) -and -not $client.served) { [Threading.Thread]::Sleep(10000) }
    [Environment]::ExitCode = $code
    [void]$ended.Set()
    [Environment]::Exit($code)
}
