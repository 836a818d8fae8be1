"""Stand-ins for a Windows registry and services, for recording the probes on PowerShell for Linux.

The class of a stand-in precedes a probe's text, which uses its name. The content of the registry is from the documents
named in this file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from plugins.checks.probe import ProbeCommand
from plugins.checks.quoting import ps

REGISTRY = """\
class StandInRegistry { static [object] GetValue([string] $key, [string] $name, [object] $default) {
    $values = @{ @VALUES@ }
    return $values[$name]
}
static [object] $LocalMachine = [StandInKey]::new()
}
class StandInKey {
    [object] OpenSubKey([string] $name) { return $this }
    [string[]] GetSubKeyNames() { return 'a product' }
    [object] GetValue([string] $name) { return '@PRODUCT@' }
}
"""

VALUES: dict[str, str | int] = {
    "ProductType": "ServerNT",
    "CurrentBuildNumber": "20348",
    "ProductName": "Windows Server 2022 Datacenter",
    "EditionID": "ServerDatacenter",
    "InstallationType": "Server",
    "Release": 461814,
    "Type": 16,
    "DisplayName": "Azure Connected Machine Agent",
    "Status": "Running",
}

SERVICES = """\
class StandInServices { static [object[]] GetServices() {
    return @(@{ ServiceName = 'himds'; Status = '@STATUS@' }, @{ ServiceName = 'GCArcService'; Status = 'Stopped' })
} }
"""

_CLIENT = {"ProductType": "WinNT", "InstallationType": "Client"}
_SERVER_CORE = {"InstallationType": "Server Core"}


def _server(build: int, name: str, edition: str = "ServerStandard", **more: str) -> dict[str, str | int]:
    return {"CurrentBuildNumber": str(build), "ProductName": name, "EditionID": edition, **more}


#: The same probes on other systems, by what the registry has there ("": it lacks the value). ProductType:
#: https://learn.microsoft.com/windows/win32/sysinfo/operating-system-version; builds:
#: https://learn.microsoft.com/windows-server/get-started/windows-server-release-info and
#: https://learn.microsoft.com/windows/release-health/release-information; EditionID:
#: https://learn.microsoft.com/windows-server/get-started/kms-client-activation-keys; TLS 1.2:
#: https://learn.microsoft.com/windows-server/security/tls/tls-registry-settings; .NET:
#: https://learn.microsoft.com/dotnet/framework/install/how-to-determine-which-versions-are-installed; Start (4: disabled):
#: https://learn.microsoft.com/windows-hardware/drivers/install/hklm-system-currentcontrolset-services-registry-tree.
OTHERS: Mapping[str, dict[str, str | int]] = {
    "system, 2008 R2": _server(7601, "Windows Server 2008 R2 Standard"),
    "system, 2012 R2": _server(9600, "Windows Server 2012 R2 Datacenter", "ServerDatacenter"),
    "system, 2016 Core": _server(14393, "Windows Server 2016 Standard", **_SERVER_CORE),
    "system, 2016 Nano": _server(14393, "Windows Server 2016 Standard", InstallationType="Nano Server"),
    "system, 2019 evaluation": _server(17763, "Windows Server 2019 Standard Evaluation", "ServerStandardEval"),
    "system, 1809": _server(17763, "Windows Server Datacenter", "ServerDatacenterACor", **_SERVER_CORE),
    "system, Azure Edition": _server(20348, "Windows Server 2022 Datacenter Azure Edition", "ServerTurbine"),
    "system, 2025": _server(26100, "Windows Server 2025 Datacenter", "ServerDatacenter", ProductType="LanmanNT"),
    "system, 23H2": _server(25398, "Windows Server Datacenter", "ServerDatacenterACor", **_SERVER_CORE),
    "system, Windows 7": _server(7601, "Windows 7 Professional", "Professional", **_CLIENT),
    "system, Windows 10": _server(19045, "Windows 10 Pro", "Professional", **_CLIENT),
    "system, Windows 11": _server(22631, "Windows 10 Pro", "Professional", **_CLIENT),
    "system, IoT 2019": _server(17763, "Windows 10 IoT Enterprise LTSC 2019", "IoTEnterpriseS", **_CLIENT),
    "system, no ProductType": {"ProductType": ""},
    "guest, TLS 1.2 on": {"Enabled": 1, "DisabledByDefault": 0},
    "guest, TLS 1.2 on, all bits": {"Enabled": -1},
    "guest, TLS 1.2 off": {"Enabled": 0},
    "guest, TLS 1.2 off by default": {"DisabledByDefault": 1},
    "guest, .NET 4.5.2": {"Release": 379893},
    "guest, no .NET": {"Release": ""},
    "agent_services, disabled": {"Start": 4, "Status": "Stopped"},
    "agent_services, marked": {"DeleteFlag": 1, "Start": 4, "Status": "StartPending"},
    "agent, gone": {"Type": "", "DisplayName": "another product"},
    "agent, half removed": {"DisplayName": "another product"},
    "agent, being removed": {"DeleteFlag": 1},
}

ALL_RUN = """\
class StandInServices { static [object[]] GetServices() {
    return 'himds', 'GCArcService', 'ExtensionService', 'arcproxy' | & { process { @{ ServiceName = $_; Status = 'Running' } } }
} }
"""

#: Text of a probe -> the stand-in's text, and the class that it needs.
_REPLACED = {
    "[Microsoft.Win32.Registry]": ("[StandInRegistry]", REGISTRY),
    "[ServiceProcess.ServiceController]": ("[StandInServices]", SERVICES),
    "$name, 'Machine')": ("$name, 'Process')", ""),
    "[IO.DriveInfo]::new($env:SystemDrive).AvailableFreeSpace": ("30064771072", ""),
    "$PSVersionTable.PSVersion": ("'5.1.17763.1'", ""),
}


def standing_in(planned: ProbeCommand, values: Mapping[str, str | int] | None = None) -> ProbeCommand:
    """The probe with the stand-ins in its text, and with longer limits; `values` override VALUES."""
    known = {name: value for name, value in (VALUES | dict(values or {})).items() if value != ""}
    filled = {
        "@VALUES@": "; ".join(
            f"{name} = {value if isinstance(value, int) else ps(value)}" for name, value in known.items()
        ),
        "@PRODUCT@": str(known["DisplayName"]),
        "@STATUS@": str(known["Status"]),
    }
    text = planned.command
    for part, (instead, before) in _REPLACED.items():
        for mark, value in filled.items():
            before = before.replace(mark, value)
        text = (before if part in text else "") + text.replace(part, instead)
    text = re.sub(r"(?:%\w+%|\$env:\w+)(?:\\[\w.]+)+", lambda path: path[0].replace("\\", "/"), text)
    return replace(planned, command=text, root=False, timeout=200)
