"""What COMMAND gets: an ssh_config, a known_hosts and an inventory for the lab's VMs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from lab import addresses, azure
from lab.plan import VmPlan


def ssh_config(plans: Sequence[VmPlan], folder: Path) -> str:
    """One `Host` per VM, with everything ssh must know: no file of the caller's home is read or written."""
    lines = []
    for plan in plans:
        lines += [
            f"Host {plan.name}",
            f"    HostName {addresses.mgmt(plan.number)}",
            f"    User {plan.login}",
            f"    IdentityFile {folder}/id_ed25519",
            "    IdentitiesOnly yes",
            "    IdentityAgent none",
            f"    UserKnownHostsFile {folder}/known_hosts",
            "    GlobalKnownHostsFile /dev/null",
            "    StrictHostKeyChecking yes",
            "",
        ]
    return "\n".join(lines)


def known_hosts(plans: Sequence[VmPlan], host_keys: Mapping[str, str], strangers_key: str) -> str:
    """The host keys by name and address; wrong or absent where a fault says so."""
    lines = []
    for plan in plans:
        if plan.known_host == "absent":
            continue
        key = host_keys[plan.name] if plan.known_host == "right" else strangers_key
        lines.append(f"{plan.name},{addresses.mgmt(plan.number)} {key}\n")
    return "".join(lines)


def inventory(plans: Sequence[VmPlan], folder: Path) -> str:
    """The fleet file. It names the ssh_config, so that it is all that a program needs."""
    rows = [f"  - name: {plan.name}\n    host: {plan.name}\n" for plan in plans]
    return f"ssh_config: {folder}/ssh_config\ndefaults:\n  target: {{location: {azure.REGION}}}\nvms:\n" + "".join(rows)
