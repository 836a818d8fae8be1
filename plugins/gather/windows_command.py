"""The command for OpenSSH on a Windows VM: a bootstrap that reads the script from stdin.

OpenSSH hands the command to the VM's DefaultShell: cmd.exe, unless it was set to PowerShell. An encoded command
means the same to both. cmd.exe takes 8191 characters, which is why the script itself comes on stdin; it comes as
base64, so that no code page can change it, between two lines of their own, so that half a script is never run.
"""

from __future__ import annotations

import base64
import re

__all__ = ["COMMAND", "encoded", "pack"]

# PowerShell itself collects stdin, in $input. In ConstrainedLanguage mode (AppLocker, WDAC) no .NET can be called.
_BOOTSTRAP = """
$ProgressPreference = 'SilentlyContinue'
$mode = $ExecutionContext.SessionState.LanguageMode
if ($mode -ne 'FullLanguage') {
    "PowerShell runs in $mode mode here; the probes need FullLanguage"
    exit 3
}
$lines = @($input)
if ($lines.Count -lt 3 -or $lines[0] -ne '.' -or $lines[-1] -ne '.') {
    "PowerShell got $($lines.Count) lines on stdin, and not the whole script"
    exit 4
}
$bytes = [Convert]::FromBase64String(-join $lines[1..($lines.Count - 2)])
& ([ScriptBlock]::Create([Text.Encoding]::UTF8.GetString($bytes)))
"""

_LINE = 4096  # characters


def encoded(text: str) -> str:
    """A PowerShell text as ``-EncodedCommand`` takes it: base64 of UTF-16, little endian."""
    return base64.b64encode(text.encode("utf-16-le")).decode("ascii")


def pack(script: str) -> bytes:
    """A script as the bootstrap takes it."""
    whole = base64.b64encode(script.encode("utf-8")).decode("ascii")
    return "\n".join([".", *re.findall(f".{{1,{_LINE}}}", whole), ".\n"]).encode("ascii")


#: Valid in cmd.exe and in PowerShell.
COMMAND = f"powershell.exe -NoProfile -NonInteractive -EncodedCommand {encoded(_BOOTSTRAP.strip())}"
