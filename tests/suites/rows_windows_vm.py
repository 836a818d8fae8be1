"""VM-004 and VM-005 on Windows: recorded answers, with stand-ins for the registries of several systems."""

from __future__ import annotations

from plugins.model import ProbeResult, Status
from tests.support.suite_rows import Row, seen
from tests.support.windows_recording import recorded

ROWS: dict[str, list[Row]] = {}


SERVER = recorded("system")
LOOK = "Look it up in the current table, https://learn.microsoft.com/azure/azure-arc/servers/prerequisites: what it does not list is not supported. If it is there, add it to plugins/requirements/data/operating-systems.toml; if it is not, use an image of a system that is."
TABLE = "Microsoft's table of 2026-08-20"


def supported(name: str, words: str) -> Row:
    return Row(
        name, {"system": recorded(f"system, {name}")}, Status.PASS, f"{words} on amd64 is supported by the agent."
    )


def unlisted(name: str, words: str, why: str) -> Row:
    """An edition that the table does not name although its build is that of a listed version, or an unknown build."""
    return Row(name, {"system": recorded(f"system, {name}")}, Status.UNKNOWN, f"{words} {why}", LOOK)


def machine(name: str, architecture: str) -> dict[str, ProbeResult]:
    """The recorded answer of another machine."""
    answer = recorded(f"system, {name}")
    return {"system": seen(answer.stdout.replace("@machine amd64", f"@machine {architecture}"))}


ROWS["VM-004"] = [
    Row(
        "a server",
        {"system": SERVER},
        Status.PASS,
        "Windows Server 2022 Datacenter on amd64 is supported by the agent.",
    ),
    supported("2012 R2", "Windows Server 2012 R2 Datacenter"),
    supported("2016 Core", "Windows Server 2016 Standard"),
    supported("2019 evaluation", "Windows Server 2019 Standard Evaluation"),
    supported("2025", "Windows Server 2025 Datacenter"),
    supported("Windows 10", "Windows 10 Pro"),
    supported("Windows 11", "Windows 11 Pro"),
    unlisted(
        "Azure Edition",
        "Windows Server 2022 Datacenter Azure Edition",
        f"is not in {TABLE}: the table has Azure Editions on Azure Local only.",
    ),
    unlisted(
        "1809",
        "Windows Server Datacenter",
        f"is not in {TABLE}: releases of the Semi-Annual Channel are not Windows Server 2019 or 2022.",
    ),
    unlisted(
        "2016 Nano",
        "Windows Server 2016 Standard",
        f"is not in {TABLE}: it is Nano Server, and the table has Desktop Experience and Server Core only.",
    ),
    unlisted(
        "IoT 2019",
        "Windows 10 IoT Enterprise LTSC 2019",
        f"is not in {TABLE}: of Windows 10 IoT Enterprise the table has 22H2 and LTSC 2021.",
    ),
    Row(
        "multi-session",
        {"system": seen(recorded("system, Windows 11").stdout.replace('ID="Professional"', 'ID="ServerRdsh"'))},
        Status.UNKNOWN,
        f"Windows 11 Pro is not in {TABLE}: the table has no multi-session edition of Windows 10 and 11.",
        LOOK,
    ),
    unlisted(
        "Windows 7",
        "Windows 7 Professional",
        f"has the version build 7601, which is not in {TABLE} (Windows: 10, 11).",
    ),
    Row(
        "32 bits",
        machine("Windows 10", "x86"),
        Status.FAIL,
        "Windows 10 Pro on x86 is 32-bit; expected x86-64 or, for some systems, 64-bit ARM.",
    ),
    Row(
        "64-bit ARM",
        machine("Windows 11", "arm64"),
        Status.UNKNOWN,
        f"Windows 11 Pro is in {TABLE}, but not for arm64.",
        LOOK,
    ),
    Row(
        "an old server",
        {"system": recorded("system, 2008 R2")},
        Status.FAIL,
        "Windows Server 2008 R2 Standard is no longer supported: it is not in the table any more.",
    ),
    Row(
        "a registry without it",
        {"system": recorded("system, no ProductType")},
        Status.UNKNOWN,
        "The VM has no ProductType in its registry, so what it runs (amd64) is not known.",
        LOOK,
    ),
]


def guest(name: str = "") -> dict[str, ProbeResult]:
    return {"guest": recorded(f"guest, {name}" if name else "guest"), "system": SERVER}


OFF = "TLS 1.2 is switched off for the clients of Schannel; expected on: Azure speaks TLS 1.2 and 1.3 only."
ON = r"Under HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client, set Enabled to 1 and DisabledByDefault to 0, or remove both, and restart the VM."
WELL = "Windows PowerShell 5.1 and .NET Framework (release 461814) are there, TLS 1.2 is not switched off; 28672 MB on C: are free."

ROWS["VM-005"] = [
    Row("all there", guest(), Status.PASS, WELL),
    Row("TLS 1.2 switched on by hand", guest("TLS 1.2 on"), Status.PASS, WELL),
    Row("TLS 1.2 switched on, all bits set", guest("TLS 1.2 on, all bits"), Status.PASS, WELL),
    Row("TLS 1.2 switched off", guest("TLS 1.2 off"), Status.FAIL, OFF, ON),
    Row("TLS 1.2 off by default", guest("TLS 1.2 off by default"), Status.FAIL, OFF, ON),
    Row(
        "an old PowerShell and no .NET, and no space",  # made up: the probe prints PowerShell's own version
        {
            "guest": seen(
                guest("no .NET")["guest"]
                .stdout.replace("5.1.17763.1", "3.0")
                .replace("@free C: 29360128", "@free C: 102400")
            ),
            "system": SERVER,
        },
        Status.FAIL,
        "Windows PowerShell is 3.0; expected 4.0 or later. .NET Framework 4 is not installed; expected 393295 (4.6) or later. 100 MB are free on C:; expected 500 or more.",
        "Install Windows Management Framework 5.1. Install .NET Framework 4.8: the installation stops with AZCM0151 without it. Make space on C:, or enlarge the disk.",
    ),
    Row(
        "an old .NET",
        guest(".NET 4.5.2"),
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
