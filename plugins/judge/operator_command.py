"""The commands of a fix for the operator's shell. They are shown and saved, never run."""

from __future__ import annotations

import re
from pathlib import Path

from plugins.checks.check import OnVm
from plugins.checks.command import Command
from plugins.core.sanitize import defuse_ci_command, escape_invisible, one_line
from plugins.model import Vm


def for_operator(command: Command | OnVm, vm: Vm, ssh_config: Path | None) -> str:
    """A command of a `Fix` as the operator types it: with ``ssh`` before it when it is for the guest of `vm`."""
    if isinstance(command, Command):
        return readable(str(command))
    options = {"-F": ssh_config, "-p": vm.port, "-J": vm.jump, "-i": vm.identity_file}
    login = [word for option, value in options.items() if value for word in (option, str(value))]
    where = f"{vm.user}@{vm.host}" if vm.user else vm.host
    return readable(str(Command(("ssh", *login, "--", where, str(command.command)))))


#: Texts that a CI server executes when it prints them: at the beginning of a line, or anywhere.
_OBEYED = re.compile(r"^\s*::|##\w*\[", re.M)


def readable(command: str) -> str:
    """The command; one with invisible text or CI commands becomes a harmless comment that cannot be copied."""
    if escape_invisible(command) == command and not _OBEYED.search(command):
        return command
    return f"# {defuse_ci_command(one_line(command))}"
