"""VM-004 and VM-005 on Windows: what the registry and .NET say of the guest."""

from __future__ import annotations

from plugins.model import ProbeResult, Status
from tests.support.suite_rows import Row, seen
from tests.support.windows_recording import recorded

ROWS: dict[str, list[Row]] = {}


def system(id: str, version: str, name: str, machine: str = "amd64") -> ProbeResult:
    return seen(f'PRETTY_NAME="{name}"\nID={id}\nVERSION_ID="{version}"\n\n@machine {machine}\n')


SERVER = recorded("system")

ROWS["VM-004"] = [
    Row(
        "a server",
        {"system": SERVER},
        Status.PASS,
        "Windows Server 2022 Datacenter on amd64 is supported by the agent.",
    ),
    Row(
        "a client",
        {"system": system("windows", "11", "Windows 11 Pro")},
        Status.PASS,
        "Windows 11 Pro on amd64 is supported by the agent.",
    ),
    Row(
        "32 bits",
        {"system": system("windows", "10", "Windows 10 Pro", "x86")},
        Status.FAIL,
        "Windows 10 Pro on x86 is 32-bit; expected x86-64 or, for some systems, 64-bit ARM.",
    ),
    Row(
        "an old server",
        {"system": system("windowsserver", "2008", "Windows Server 2008 R2 Standard")},
        Status.FAIL,
        "Windows Server 2008 R2 Standard is not supported any more: it is not in the table any more.",
    ),
    Row(
        "a registry without it",
        {"system": seen("\n@machine amd64\n")},
        Status.UNKNOWN,
        "The VM has no ProductType in its registry, so what it runs (amd64) is not known.",
        "Look it up in the current table, https://learn.microsoft.com/azure/azure-arc/servers/prerequisites: what it does not list is not supported. If it is there, add it to plugins/requirements/data/operating-systems.toml; if it is not, use an image of a system that is.",
    ),
    Row(
        "a build that is not in the table",
        {"system": system("windowsserver", "build 30000", "Windows Server 2031")},
        Status.UNKNOWN,
        "Windows Server 2031 has the version build 30000, which is not in Microsoft's table of 2026-08-20 (Windows Server: 2012, 2016, 2019, 2022, 2025).",
        "Look it up in the current table, https://learn.microsoft.com/azure/azure-arc/servers/prerequisites: what it does not list is not supported. If it is there, add it to plugins/requirements/data/operating-systems.toml; if it is not, use an image of a system that is.",
    ),
]


def guest(
    powershell: str = "5.1.17763.1", dotnet: str = "461814", enabled: str = "", default: str = "", free: int = 29360128
) -> dict[str, ProbeResult]:
    text = (
        f"@windows\n@powershell {powershell}\n@dotnet {dotnet}\n@tls12 enabled {enabled}\n"
        f"@tls12 disabledbydefault {default}\n@free C: {free}\n"
    )
    return {"guest": seen(text), "system": SERVER}


OFF = "TLS 1.2 is switched off for the clients of Schannel; expected on: Azure speaks TLS 1.2 and 1.3 only."
ON = r"Under HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client, set Enabled to 1 and DisabledByDefault to 0, or remove both, and restart the VM."
WELL = "Windows PowerShell 5.1 and .NET Framework (release 461814) are there, TLS 1.2 is not switched off; 28672 MB on C: are free."

ROWS["VM-005"] = [
    Row("all there", {"guest": recorded("guest"), "system": SERVER}, Status.PASS, WELL),
    Row("TLS 1.2 switched on by hand", guest(enabled="1", default="0"), Status.PASS, WELL),
    Row("TLS 1.2 switched on, all bits set", guest(enabled="-1"), Status.PASS, WELL),
    Row("TLS 1.2 switched off", guest(enabled="0"), Status.FAIL, OFF, ON),
    Row("TLS 1.2 off by default", guest(default="1"), Status.FAIL, OFF, ON),
    Row(
        "an old PowerShell and .NET, and no space",
        guest(powershell="3.0", dotnet="", free=102400),
        Status.FAIL,
        "Windows PowerShell is 3.0; expected 4.0 or later. .NET Framework 4 is not installed; expected 393295 (4.6) or later. 100 MB are free on C:; expected 500 or more.",
        "Install Windows Management Framework 5.1. Install .NET Framework 4.8: the installation stops with AZCM0151 without it. Make space on C:, or enlarge the disk.",
    ),
    Row(
        "an old .NET",
        guest(dotnet="379893"),
        Status.FAIL,
        ".NET Framework 4 has the release 379893; expected 393295 (4.6) or later.",
        "Install .NET Framework 4.8: the installation stops with AZCM0151 without it.",
    ),
    Row(
        "half an answer",
        {"guest": seen("@windows\n@powershell 5.1.17763.1\n@dotnet 461814\n"), "system": SERVER},
        Status.UNKNOWN,
        "The VM did not report whether TLS 1.2 is switched off and how much space is free on the system drive; all other requirements are met.",
        "Run the command shown below on the VM by hand and find out what it lacks.",
    ),
]
