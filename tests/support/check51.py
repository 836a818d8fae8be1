"""Whether a text uses only the syntax and names of Windows PowerShell 5.1 and .NET Framework 4.6.2.

PowerShell 7's parser lists the names in a text (check51.ps1). The tables below contain the names that the texts use and
that, by the documentation, .NET Framework 4.6.2 or an earlier version has. Every other name is refused until it is
added here.
"""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from plugins.gather.windows_command import encoded
from tests.support.powershell import PWSH

_CHECKER = Path(__file__).with_name("check51.ps1")

#: Commands of Microsoft.PowerShell.Core, which loads no module, and the engine's functions for probes.
COMMANDS = {"ForEach-Object", "Where-Object", "Invoke-Tool", "Add-Output"}

#: Automatic variables that Windows PowerShell lacks.
NO_VARIABLES = re.compile(
    r"Is(Windows|Linux|MacOS|CoreCLR)|PSStyle|PSNativeCommand\w*|EnabledExperimentalFeatures", re.I
)

#: Syntax of later versions, by the parser's names.
NO_NODES = {"TernaryExpressionAst", "PipelineChainAst"}

_NUMBER = re.compile(r"-?(0x[0-9a-f]+|\d+(\.\d+)?(e[+-]?\d+)?)([ld]|[ld]?[kmgtp]b)?", re.I)

#: Only in .NET, not in .NET Framework: allowed in a try with an alternative.
GUARDED = {"Text.CodePagesEncodingProvider", "Text.CodePagesEncodingProvider::Instance", "Text.Encoding::RegisterProvider/1"}  # fmt: skip

TYPES = set(
    """
    Action AppDomain EventHandler UnhandledExceptionEventHandler ValueType object BitConverter Exception type
    Linq.Expressions.Expression Linq.Expressions.Expression[] Linq.Expressions.ParameterExpression[]
    Linq.Expressions.CatchBlock[] Collections.Concurrent.BlockingCollection[IO.MemoryStream] Collections.ArrayList
    Collections.IEnumerator IO.Stream IO.Stream[] Threading.ThreadStart Threading.ParameterizedThreadStart
    Management.Automation.PSDataCollection[psobject] Management.Automation.PSInvocationSettings
    Threading.ManualResetEvent Collections.Generic.Dictionary[string,object] Collections.Generic.HashSet[string]
    Collections.Generic.List[object] Collections.Generic.SortedDictionary[int,string] Console Convert DateTime
    DateTimeOffset Delegate Diagnostics.Process Diagnostics.ProcessStartInfo Diagnostics.Stopwatch Environment
    Globalization.CultureInfo Globalization.NumberStyles IO.DriveInfo IO.FileAccess IO.FileInfo IO.FileMode
    Collections.Generic.Queue[int] Reflection.BindingFlags IO.FileShare IO.FileStream IO.MemoryStream IO.Path IO.SeekOrigin IO.TextReader IO.TextWriter
    InvalidOperationException Management.Automation.ErrorRecord
    Management.Automation.Runspaces.InitialSessionState Math Microsoft.Win32.Registry Net.Dns
    Net.NetworkInformation.Ping Net.Security.RemoteCertificateValidationCallback Net.Security.SslStream
    Net.Sockets.TcpClient PowerShell Reflection.Assembly RunspaceFactory ScriptBlock
    Security.Authentication.SslProtocols Security.Cryptography.SHA256 Security.Principal.WindowsBuiltInRole
    Security.Principal.WindowsIdentity Security.Principal.WindowsPrincipal ServiceProcess.ServiceController
    Text.Encoding Text.StringBuilder Text.UTF8Encoding Threading.CancellationTokenSource Threading.Tasks.Task
    Threading.Monitor Threading.Thread bool byte[] char double hashtable int int[] long ref
    bigint regex string string[] void
    """.split()
)

#: Methods and constructors, with their number of arguments, because later overloads often have one more.
CALLS = set(
    """
    BeginInvoke/4 Compile/0 Complete/0 ArrayIndex/2 Block/1 Break/1 Call/2 Call/4 Catch/2 Constant/1 Constant/2
    Convert/2 Empty/0 IfThen/2 Label/0 Lambda/3 Loop/1 Loop/2 MakeTry/5 Not/1 Parameter/1 Management.Automation.PSDataCollection[psobject]::new/0
    Management.Automation.PSInvocationSettings::new/0 Set/0 Threading.ManualResetEvent::new/1
    add_ProcessExit/1 add_UnhandledException/1 Collections.Concurrent.BlockingCollection[IO.MemoryStream]::new/0
    CompleteAdding/0 Diagnostics.Stopwatch::StartNew/0 Join/1 Start/1 Invoke/2 GetMethod/1 GetMethod/2 GetParameters/0 GetField/2 GetType/0 GetType/1
    Collections.ArrayList::new/0 Collections.Generic.Queue[int]::new/1 Diagnostics.Stopwatch::GetTimestamp/0
    Diagnostics.ProcessStartInfo::new/1 IO.FileStream::new/3 Threading.Thread::new/1
    Add/1 AddArgument/1 AddScript/1 AddScript/2 Append/1 Append/3 AuthenticateAsClient/4 BeginInvoke/0
    BeginStop/2 BitConverter::ToString/1 Clear/0 Clone/0 Close/0 CloseAsync/0
    Collections.Generic.Dictionary[string,object]::new/0 Collections.Generic.HashSet[string]::new/0
    Collections.Generic.List[object]::new/0 Collections.Generic.SortedDictionary[int,string]::new/0
    ComputeHash/1 ConnectAsync/2 Console::OpenStandardError/0 Console::OpenStandardOutput/0 Console::SetError/1
    Console::SetIn/1 Console::SetOut/1 Contains/1 ContainsKey/1 Convert::FromBase64String/1
    Delegate::CreateDelegate/3 Diagnostics.Process::GetCurrentProcess/0 Diagnostics.Process::GetProcesses/0
    Dequeue/0 Enqueue/1 GetProperty/2 GetValue/1 Diagnostics.Process::Start/1
    Diagnostics.Process::new/0 Diagnostics.ProcessStartInfo::new/0
    BeginErrorReadLine/0 BeginOutputReadLine/0 Dispose/0 EndsWith/1 Environment::Exit/1 Equals/1
    Environment::ExpandEnvironmentVariables/1 Environment::GetEnvironmentVariable/1
    Environment::GetEnvironmentVariable/2 Environment::GetEnvironmentVariables/0 GetBaseException/0 GetBytes/1
    GetCommand/2 GetNewClosure/0 GetSerialNumber/0 GetSerialNumberString/0 GetStream/0 GetString/1 GetString/3
    IO.DriveInfo::new/1 IO.FileInfo::new/1 IO.FileStream::new/4 IO.MemoryStream::new/0 IO.MemoryStream::new/1
    IO.Path::Combine/2 IO.Path::GetFileName/1 IO.Path::IsPathRooted/1 InvalidOperationException::new/1
    IsInRole/1 IsMatch/1 Kill/0 LastIndexOf/1
    Management.Automation.Runspaces.InitialSessionState::CreateDefault2/0 Match/1 Match/2 Matches/1
    Math::Floor/1 Math::Max/2 Math::Min/2 Microsoft.Win32.Registry::GetValue/3 MoveNext/0
    Net.Dns::GetHostAddresses/1 Net.NetworkInformation.Ping::new/0 Net.Security.SslStream::new/3
    Net.Sockets.TcpClient::new/0 Open/0 PowerShell::Create/0 Read/3 ReadByte/0
    Reflection.Assembly::LoadWithPartialName/1 Register/1 Remove/1 RemoveAt/1 Replace/2
    RunspaceFactory::CreateRunspace/1 ScriptBlock::Create/1 Security.Cryptography.SHA256::Create/0
    Security.Principal.WindowsIdentity::GetCurrent/0 Security.Principal.WindowsPrincipal::new/1 Seek/2 Send/2
    ServiceProcess.ServiceController::GetServices/0 Split/1 Start/0 StartsWith/1 Substring/1
    Substring/2 Text.Encoding::GetEncoding/1 Text.StringBuilder::new/0 Text.StringBuilder::new/1 Text.UTF8Encoding::new/1
    Text.UTF8Encoding::new/2 Threading.CancellationTokenSource::new/1 Threading.Monitor::Exit/1 Threading.Monitor::TryEnter/2
    Threading.Thread::Sleep/1 ToArray/0 ToLowerInvariant/0 ToString/0
    ToString/1 ToString/2 ToUnixTimeSeconds/0 Trim/0 Trim/1 TrimEnd/2 Wait/0 WaitForExit/1 WaitOne/1 Write/3
    OpenSubKey/1 GetSubKeyNames/0 byte[]::new/1 hashtable::Synchronized/1 int::TryParse/4 regex::new/1 bigint::new/1 bigint::Abs/1 TrimStart/1
    """.split()
)

#: Static properties and fields, those of objects, and the keys of the engine's own tables.
MEMBERS = set(
    """
    Microsoft.Win32.Registry::LocalMachine AppDomain::CurrentDomain Environment::ExitCode Environment::OSVersion Environment::SystemDirectory Diagnostics.Stopwatch::Frequency
    IO.FileAccess::Write
    DateTime::Now DateTime::UtcNow DateTimeOffset::UtcNow Environment::CurrentDirectory Environment::UserName
    Globalization.CultureInfo::CurrentCulture Globalization.CultureInfo::InvariantCulture
    Globalization.NumberStyles::AllowLeadingSign IO.FileAccess::Read IO.FileMode::Open IO.Path::PathSeparator
    IO.SeekOrigin::End IO.TextReader::Null IO.TextWriter::Null
    Security.Principal.WindowsBuiltInRole::Administrator Text.Encoding::ASCII Text.Encoding::BigEndianUnicode
    Text.Encoding::UTF8 Text.Encoding::Unicode

    Assembly IsBackground ParameterType Platform Priority
    Argument ExposeFlowControlExceptions InvocationStateInfo Reason
    Arguments AsyncWaitHandle AvailableFreeSpace BaseStream CipherAlgorithm Count CreateNoWindow Current Data
    Elapsed ElapsedMilliseconds EnvironmentVariables Exception Exists ExitCode FileName Groups Handle HasExited Id
    Index InvokeCommand IsCompleted IsFaulted Issuer Keys LanguageMode Length Message OEMCodePage PSVersion
    Position ProcessName RedirectStandardError RedirectStandardInput RedirectStandardOutput RemoteCertificate Runspace
    ServiceName SessionState SslProtocol StandardError StandardInput StandardOutput StartInfo StartTime Status
    Success TextInfo Token TotalSeconds UseShellExecute Value Values WorkingDirectory

    begin box cap code early end err folder full gone handle index known limit missing order out path ready process root
    served shell since started starting state status stopped variables watched whole
    """.split()
)


def facts(texts: Sequence[str]) -> list[tuple[int, int, str, bool, str]]:
    """The names in the texts: the text's number, the line, the kind, whether it is in a try, and the name."""
    feed = "".join(base64.b64encode(text.encode()).decode() + "\n" for text in texts)
    command = [PWSH, "-NoProfile", "-NonInteractive", "-EncodedCommand", encoded(_CHECKER.read_text(encoding="utf-8"))]
    done = subprocess.run(command, input=feed, capture_output=True, text=True, timeout=300, check=True)
    rows = (line.split("\t", 4) for line in done.stdout.splitlines())
    return [(int(number), int(line), kind, guarded == "1", word) for number, line, kind, guarded, word in rows]


def complaints(texts: Sequence[str]) -> list[list[str]]:
    """For each text the names that Windows PowerShell 5.1 lacks or that are not in the tables."""
    wrong: list[list[str]] = [[] for _ in texts]
    seen = facts(texts)
    own = {
        (number, word.rpartition(":")[2])
        for number, _, kind, _, word in seen
        if kind == "function" or (kind == "variable" and word.startswith("function:"))
    }
    for number, line, kind, guarded, word in seen:
        known = {
            "command": word in COMMANDS or word == "" or (number, word) in own,
            "variable": not NO_VARIABLES.fullmatch(word.rpartition(":")[2]),
            "node": word not in NO_NODES,
            "number": bool(_NUMBER.fullmatch(word)),
            "type": word in TYPES,
            "call": word in CALLS,
            "member": word in MEMBERS,
            "function": True,
        }.get(kind, False)
        if not known and not (guarded and word in GUARDED):
            wrong[number].append(f"line {line}: {kind} {word}")
    return wrong
