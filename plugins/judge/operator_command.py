"""Commands that repair something, made fit for the operator's shell. They are shown and saved, never run.

Every value in a command is quoted where the command is written (`plugins.quote`), so that a hostile name stays a word;
what goes to a guest is quoted once more here, as one word for ``ssh``.
"""

from __future__ import annotations

from pathlib import Path

from plugins.checks.check import OnVm
from plugins.checks.quoting import quote
from plugins.model import Vm

__all__ = ["for_operator"]


def for_operator(command: str | OnVm, vm: Vm, ssh_config: Path | None) -> str:
    """A command of a `Fix` as the operator types it: with ``ssh`` before it when it is for the guest of `vm`."""
    if isinstance(command, str):
        return command
    words = ["ssh"]
    if ssh_config:
        words += ["-F", quote(str(ssh_config))]
    if vm.port:
        words += ["-p", quote(str(vm.port))]
    if vm.jump:
        words += ["-J", quote(vm.jump)]
    if vm.identity_file:
        words += ["-i", quote(vm.identity_file)]
    where = f"{vm.user}@{vm.host}" if vm.user else vm.host
    return " ".join([*words, "--", quote(where), quote(command.command)])
