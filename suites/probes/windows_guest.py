"""A Windows guest for the Connected Machine agent: its system in os-release format, and missing requirements.

The registry and .NET provide everything: no command of a module is called, and no program is run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from plugins import ProbeResult
from suites.probes.one_value import one_value_each
from suites.wording import plain

_READ = "[Microsoft.Win32.Registry]::GetValue($key, {}, $null)"

_VALUE = f"$({_READ})"

#: In a 32-bit PowerShell, PROCESSOR_ARCHITEW6432 is the system's architecture.
_MACHINE = "$(if ($env:PROCESSOR_ARCHITEW6432) { $env:PROCESSOR_ARCHITEW6432 } else { $env:PROCESSOR_ARCHITECTURE })"


def system_command(builds: dict[str, str], first_of_10: int, first_of_11: int) -> str:
    """PowerShell that prints the system as os-release does; `builds`: a server's build -> its version.

    VARIANT_ID is EditionID, VARIANT is InstallationType; `first_of_10` and `first_of_11` are builds of the clients.
    """
    table = "; ".join(f"'{build}' = '{version}'" for build, version in builds.items())
    return f"""\
$key = 'HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\ProductOptions'
$type = {_READ.format("'ProductType'")}
$key = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion'
$build = [string]{_READ.format("'CurrentBuildNumber'")}
$name = [string]{_READ.format("'ProductName'")}
$builds = @{{ {table} }}
$id = 'windowsserver'
$version = $builds[$build]
if ($type -eq 'WinNT') {{
    # Windows 11 has the ProductName of Windows 10.
    $id = 'windows'
    $version = ''
    if ([int]$build -ge {first_of_10}) {{ $version = '10' }}
    if ([int]$build -ge {first_of_11}) {{ $version = '11' }}
    $name = $name -replace '^Windows 10', "Windows $version"
}}
if (-not $version) {{ $version = "build $build" }}
if ($type) {{
    "PRETTY_NAME=`"$name`""
    "ID=$id"
    "VERSION_ID=`"$version`""
    "VARIANT_ID=`"{_VALUE.format("'EditionID'")}`""
    "VARIANT=`"{_VALUE.format("'InstallationType'")}`""
}}
''
"@machine " + ({_MACHINE}).ToLowerInvariant()"""


GUEST = f"""\
'@windows'
'@powershell ' + $PSVersionTable.PSVersion
$key = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\NET Framework Setup\\NDP\\v4\\Full'
'@dotnet ' + {_READ.format("'Release'")}
$key = 'HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client'
'@tls12 enabled ' + {_READ.format("'Enabled'")}
'@tls12 disabledbydefault ' + {_READ.format("'DisabledByDefault'")}
$free = [IO.DriveInfo]::new($env:SystemDrive).AvailableFreeSpace
if ($null -ne $free) {{ '@free ' + $env:SystemDrive + ' ' + [long][Math]::Floor($free / 1024) }}"""


@dataclass(frozen=True, slots=True)
class WindowsGuest:
    """Windows facts that installing the agent depends on; None = the VM did not report it."""

    powershell: tuple[int, ...]  # (5, 1, 17763, 1)
    dotnet: int | None  # Release of .NET Framework 4, 0 = not installed
    tls12: bool | None  # False: disabled for clients of Schannel
    drive: str  # "C:"
    free: int | None  # KiB

    @classmethod
    def read(cls, result: ProbeResult) -> WindowsGuest:
        """Read the probe. A value that is not set is printed as nothing.

        ::

            @windows
            @powershell 5.1.17763.1
            @dotnet 461814
            @tls12 enabled
            @tls12 disabledbydefault 1
            @free C: 29360128
        """
        text = result.stdout.replace("\r", "")
        values = one_value_each(
            re.findall(r"^@(powershell|dotnet|tls12 enabled|tls12 disabledbydefault) ?(.*)$", text, re.M)
        )
        free = re.search(r"^@free (\S+) (\d{1,15})\n", text, re.M)  # a number that is cut is a number
        version = re.match(r"\d+(?:\.\d+)*", values.get("powershell", ""))
        release = values.get("dotnet")
        enabled, default = values.get("tls12 enabled"), values.get("tls12 disabledbydefault")
        off = enabled == "0" or default not in ("0", "", None)
        return cls(
            tuple(map(int, version[0].split("."))) if version else (),
            int(release or 0) if release is not None and re.fullmatch(r"\d{0,9}", release) else None,
            None if enabled is None or default is None else not off,
            plain(free[1]) if free else "",
            int(free[2]) if free else None,
        )
