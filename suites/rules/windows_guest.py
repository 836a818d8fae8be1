"""VM-005 on Windows: the requirements of the agent's installation."""

from __future__ import annotations

from plugins import fail, unknown
from plugins.requirements.data_files import read_table
from suites.probes.windows_guest import WindowsGuest

_TLS = r"HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client"


def windows_has_what_the_agent_needs(guest: WindowsGuest, free_megabytes: int) -> str:
    """A sentence for a guest that meets all requirements; otherwise fails with one for each missing item."""
    systems = read_table("operating-systems")["windows"]
    oldest = ".".join(map(str, systems["powershell"]))
    version = ".".join(map(str, guest.powershell[:2]))
    problems: list[tuple[str, str]] = []

    def lacks(message: str, remedy: str) -> None:
        problems.append((message, remedy))

    if guest.powershell and guest.powershell < tuple(systems["powershell"]):
        lacks(
            f"Windows PowerShell is {version}; expected {oldest} or later.",
            "Install Windows Management Framework 5.1.",
        )
    if guest.dotnet is not None and guest.dotnet < systems["dotnet_release"]:
        state = f"has the release {guest.dotnet}" if guest.dotnet else "is not installed"
        lacks(
            f".NET Framework 4 {state}; expected {systems['dotnet_release']} (4.6) or later.",
            "Install .NET Framework 4.8: the installation stops with AZCM0151 without it.",
        )
    if guest.tls12 is False:
        lacks(
            "TLS 1.2 is switched off for the clients of Schannel; expected on: Azure speaks TLS 1.2 and 1.3 only.",
            f"Under {_TLS}, set Enabled to 1 and DisabledByDefault to 0, or remove both, and restart the VM.",
        )
    if guest.free is not None and guest.free < free_megabytes * 1024:
        lacks(
            f"{guest.free // 1024} MB are free on {guest.drive}; expected {free_megabytes} or more.",
            f"Make space on {guest.drive}, or enlarge the disk.",
        )
    if problems:
        fail(" ".join(message for message, _ in problems), remedy=" ".join(remedy for _, remedy in problems))
    missing = {
        "the version of PowerShell": not guest.powershell,
        "the release of .NET Framework": guest.dotnet is None,
        "whether TLS 1.2 is switched off": guest.tls12 is None,
        "how much space is free on the system drive": guest.free is None,
    }
    if unreported := [what for what, absent in missing.items() if absent]:
        unknown(
            f"The VM did not report {' and '.join(unreported)}; all other requirements are met.",
            remedy="Run the command shown below on the VM by hand and find out what it lacks.",
        )
    assert guest.free is not None
    return (
        f"Windows PowerShell {version} and .NET Framework (release {guest.dotnet}) are there, TLS 1.2 is not switched "
        f"off; {guest.free // 1024} MB on {guest.drive} are free."
    )
