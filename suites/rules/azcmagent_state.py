"""Preconditions on the agent's state, shared by its checks."""

from __future__ import annotations

from plugins import not_applicable, unknown
from suites.probes.azcmagent import Agent
from suites.probes.no_answer import NoAnswer, Reason
from suites.wording import listed

_REMEDIES = {
    Reason.NO_ROOT: "Log in as root, or give the login user passwordless sudo (SSH-002).",
    Reason.NO_LOCATION: "State in the inventory where the Arc resource goes: target: {location: eastus}.",
}
#: What half a removal leaves on Windows, by the marks of the probe `agent`.
_LEFT = {
    "service": "its service himds is registered",
    "marked": "this service is marked for deletion",
    "himds": "himds.exe is there",
    "product": "Windows lists it as installed",
}

# Not "repair": since agent 1.66 it is blocked where the MSI has installed the agent
# (https://learn.microsoft.com/azure/azure-arc/servers/agent-release-notes).
_INSTALL = "Install the agent with its current installer."
_AGAIN = (
    "Remove Azure Connected Machine Agent in Apps and Features, or with msiexec.exe /x and its product code. "
    f"{_INSTALL}"
)

_REMEDY = "Run the command shown below on the VM by hand, and check the agent's service: systemctl status himdsd."


def must_be_installed(agent: Agent) -> None:
    """End the check with *not applicable* before the installation, with *unknown* after half a removal."""
    if agent.left and not agent.installed:
        left = listed([words for mark, words in _LEFT.items() if mark in agent.left])
        restart = "Restart the VM, which ends the removal of the service. " if "marked" in agent.left else ""
        unknown(
            f"The Connected Machine agent is half removed: {left}, and azcmagent.exe is missing.",
            remedy=f"{restart}{_AGAIN if 'product' in agent.left else _INSTALL}",
        )
    if agent.setup and not agent.installed:
        not_applicable(
            "The Connected Machine agent is not installed yet. The feature Azure Arc Setup is there: it installs the "
            "agent, and is not the agent."
        )
    if not agent.installed:
        not_applicable("The Connected Machine agent is not installed yet.")


def must_be_known(missing: NoAnswer | None, what: str) -> None:
    """End the check with *unknown* when an answer is missing."""
    if missing:
        unknown(
            f"{what} is not known: {missing}.",
            remedy=_REMEDIES.get(missing.reason, _REMEDY),
            shared_cause="SSH-002" if missing.reason is Reason.NO_ROOT else "",
        )
