"""The agent on a Windows VM: the PowerShell of its probes, whose answers are read as those of Linux are.

azcmagent itself uses the same words on both. All else is printed in the form that Linux probes have, marks and names
of services included; `NAMES` has Windows' own.
"""

from __future__ import annotations

from plugins import ps

__all__ = ["CONFIG", "FOLDER", "NAMES", "SERVICES", "SHOW", "check", "present"]

FOLDER = r"%ProgramFiles%\AzureConnectedMachineAgent"

#: Service on Linux -> on Windows.
NAMES = {"himdsd": "himds", "gcad": "GCArcService", "extd": "ExtensionService", "arcproxyd": "arcproxy"}

# ProgramW6432 is the folder of 64-bit programs, whatever the shell's own bits are.
_EXE = '$exe = "$env:ProgramW6432\\AzureConnectedMachineAgent\\azcmagent.exe"\n'
_IS = "$ExecutionContext.InvokeCommand.GetCommand($exe, 'Application')"
_ABSENT = f"{_EXE}if (-not {_IS}) {{ '@absent'; return }}\n"

SHOW = f"{_ABSENT}Invoke-Tool $exe 'show -j'\n''\n'@text'\nInvoke-Tool $exe 'show'"

# What stands before an @ is a login.
_CUT = "-replace '://[^/@]*@', '://***@'"

CONFIG = f"""\
{_ABSENT}'@list'
(Invoke-Tool $exe 'config list') {_CUT}
foreach ($name in 'proxy.url', 'proxy.bypass') {{
    "@get $name"
    (Invoke-Tool $exe "config get $name") {_CUT}
}}"""

#: .NET's own list: Get-Service would load a module in this runspace first.
SERVICES = f"""\
[void][Reflection.Assembly]::LoadWithPartialName('System.ServiceProcess')
$found = @{{}}
foreach ($each in [ServiceProcess.ServiceController]::GetServices()) {{
    $found[$each.ServiceName] = [string]$each.Status
}}
foreach ($pair in {", ".join(f"@({ps(linux)}, {ps(here)})" for linux, here in NAMES.items())}) {{
    $state = [string]$found[$pair[1]]
    'Id=' + $pair[0]
    'LoadState=' + $(if ($state) {{ 'loaded' }} else {{ 'not-found' }})
    'ActiveState=' + $(if ($state -eq 'Running') {{ 'active' }} else {{ $state.ToLowerInvariant() }})
    ''
}}"""


def present(azcmagent: str, himds: str) -> str:
    """Which of the two programs are there, by the marks given, and the version that azcmagent prints."""
    return f"""\
{_EXE}if ({_IS}) {{
    {ps(f"@has {azcmagent}")}
    $version = Invoke-Tool $exe 'version'
}}
if ({_IS.replace("$exe", "$exe.Replace('azcmagent.exe', 'himds.exe')")}) {{ {ps(f"@has {himds}")} }}
if ($version) {{ '@version'; $version }}"""


def check(location: str, cloud: str) -> str:
    """`azcmagent check` for a location; without one, for that of a machine that is connected."""
    where = f" --cloud {cloud}" if cloud else ""
    return f"""\
{_ABSENT}$place = {ps(location)}
if (-not $place -and (Invoke-Tool $exe 'show') -match '(?m)^Location *: *([A-Za-z0-9 ]+)') {{
    $place = $Matches[1].Replace(' ', '').ToLowerInvariant()
}}
if (-not $place) {{ '@nowhere'; return }}
"@check $place"
Invoke-Tool $exe "check --location $place{where}\""""
