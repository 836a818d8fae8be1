"""AGENT-003 on Windows: which of the agent's services are due, and what to do about those that do not run."""

from __future__ import annotations

from collections.abc import Sequence

from suites.probes.azcmagent import AgentStatus
from suites.probes.azcmagent_services import DISABLED, MARKED, UNITS, AgentServices
from suites.probes.azcmagent_windows import NAMES


def due(show: AgentStatus, services: AgentServices) -> list[str]:
    """The services of a connected machine; arcproxy is one when it runs, or when it has to: with an Arc gateway.

    Source: https://learn.microsoft.com/azure/azure-arc/servers/agent-overview: it is disabled until the agent is
    configured to use a gateway.
    """
    arcproxy = services.units.get("arcproxyd")
    return [name for name in UNITS if name != "arcproxyd" or show.gateway or (arcproxy and arcproxy.runs)]


def remedy(services: AgentServices, due: Sequence[str]) -> str:
    """The remedy for services that must run but do not."""
    units = [services.units.get(name) for name in due]
    if any(unit and MARKED in unit.detail for unit in units):
        return (
            "Restart the VM, which ends the removal of the service. Then install the agent again with its current "
            "installer."
        )
    if any(unit is None or not unit.loaded for unit in units):
        return "Install the agent again with its current installer."
    disabled = [NAMES[unit.name] for unit in units if unit and DISABLED in unit.detail and not unit.runs]
    enable = "".join(f"Set-Service {name} -StartupType Automatic ; " for name in disabled)
    return (
        f"In an elevated PowerShell on the VM: {enable}Start-Service {', '.join(NAMES[name] for name in due)} ; "
        r"%ProgramData%\AzureConnectedMachineAgent\Log\himds.log shows why one ends."
    )
