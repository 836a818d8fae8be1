"""The command for OpenSSH on a Windows VM: a bootstrap that reads the script from stdin.

OpenSSH passes the command to the VM's DefaultShell: cmd.exe, unless it was set to PowerShell. An encoded command
works in both. cmd.exe takes 8191 characters, so the script itself comes on stdin, as
base64, so that no code page can change it. Its last line has its length and its SHA-256, so that an incomplete or
damaged script is never run.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping

#: The exit statuses of the bootstrap, and of the engine when it does not come to its end.
RESTRICTED, INCOMPLETE, STOPPED = 3, 4, 5

#: What to do when PowerShell ends with a status before the script does; None: with another one.
ADVICE: Mapping[int | None, str] = {
    RESTRICTED: "Use an account that the policy of AppLocker or WDAC exempts: the probes need .NET.",
    INCOMPLETE: "Find out what reads the script before PowerShell does: remove DefaultShell under "
    "HKLM:\\SOFTWARE\\OpenSSH, so that it is cmd.exe again, and a program from cmd.exe's AutoRun.",
    STOPPED: "Find out what holds PowerShell up on the VM (load, a virus scanner, a dead network drive), and run "
    "again.",
    None: "See on the VM what ended PowerShell (Get-WinEvent -LogName Application), and use an account without a "
    "ForceCommand in %ProgramData%\\ssh\\sshd_config.",
}

# PowerShell itself reads stdin, line by line, for $input; another reader would compete with it. $stdin, for the script,
# ends when the client disconnects. In ConstrainedLanguage mode (AppLocker, WDAC) .NET cannot be called.
# -eq and -ceq compare by the rules of a language, which ignore NUL and soft hyphens.
_BOOTSTRAP = f"""
$ProgressPreference = 'SilentlyContinue'
$mode = $ExecutionContext.SessionState.LanguageMode
if ($mode -ne 'FullLanguage') {{
    "PowerShell runs in $mode mode here; the probes need FullLanguage"
    exit {RESTRICTED}
}}
$stdin = $input
$text = [Text.StringBuilder]::new()
$lines = 0
$end = @()
while ($end.Count -eq 0 -and $stdin.MoveNext()) {{
    $line = [string]$stdin.Current
    $lines++
    if ($line[0] -eq '.') {{ $end = $line.Split(' ') }} else {{ [void]$text.Append($line) }}
}}
$why = ''
if ($end.Count -ne 3) {{
    $why = "$lines lines came on stdin, and not the last one"
}} else {{
    try {{
        $bytes = [Convert]::FromBase64String($text.ToString())
        $sum = [BitConverter]::ToString([Security.Cryptography.SHA256]::Create().ComputeHash($bytes)).Replace('-', '')
        if (-not $end[1].Equals([string]$bytes.Length)) {{
            $why = "what came on stdin has another length: $($bytes.Length) bytes"
        }} elseif (-not $end[2].Equals($sum)) {{
            $why = 'what came on stdin has another SHA-256'
        }}
    }} catch {{
        $why = 'what came on stdin is not base64'
    }}
}}
if ($why) {{
    $why = "PowerShell did not get the script as it was sent, and ran none of it: $why"
    $bytes = [Text.Encoding]::ASCII.GetBytes($why)
    $stdout = [Console]::OpenStandardOutput()
    $stdout.Write($bytes, 0, $bytes.Length)
    [Environment]::Exit({INCOMPLETE})
}}
& ([ScriptBlock]::Create([Text.Encoding]::UTF8.GetString($bytes)))
"""

_LINE = 4096  # characters


def encoded(text: str) -> str:
    """A PowerShell text as ``-EncodedCommand`` takes it: base64 of UTF-16, little endian."""
    return base64.b64encode(text.encode("utf-16-le")).decode("ascii")


def pack(script: str) -> bytes:
    """A script as the bootstrap takes it: base64, and a last line with its length in bytes and its SHA-256."""
    data = script.encode("utf-8")
    whole = base64.b64encode(data).decode("ascii")
    lines = re.findall(f".{{1,{_LINE}}}", whole)
    return "\n".join([*lines, f". {len(data)} {hashlib.sha256(data).hexdigest().upper()}\n"]).encode("ascii")


#: Valid in cmd.exe and in PowerShell.
COMMAND = f"powershell.exe -NoProfile -NonInteractive -EncodedCommand {encoded(_BOOTSTRAP.strip())}"
