"""From selected checks to the commands each VM has to run, and the page that `--plan` prints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pytest

from plugins.checks.probe import ProbeCommand
from plugins.core.wording import span
from plugins.gather.script import PLACES
from plugins.model import Vm
from plugins.ssh import client as ssh

__all__ = ["merge", "page"]


def merge(probes: Iterable[ProbeCommand]) -> list[ProbeCommand]:
    """Each probe once, in the order first seen. Raises pytest.UsageError when one name stands for two commands."""
    found: dict[str, ProbeCommand] = {}
    for each in probes:
        if found.setdefault(each.key, each) != each:
            raise pytest.UsageError(
                f"two probes are called {each.key!r}, with different commands: {found[each.key].command!r} and "
                f"{each.command!r}. Give one of them another name."
            )
    return list(found.values())


_SHELL = (
    "Nothing is changed there: the answers wait in a private folder, which is removed (in the first place",
    f"that can be written of {', '.join(place.strip(chr(34)) for place in PLACES)}).",
)
_POWERSHELL = ("Nothing is changed there: PowerShell keeps the answers in its memory.",)


def page(plans: Mapping[str, Sequence[ProbeCommand]], vms: Sequence[Vm], options: ssh.Options) -> str:
    """Every command that would run, the VMs it would run on, and how long all of it may take at most."""
    groups: dict[tuple[str, tuple[ProbeCommand, ...]], list[str]] = {}
    for vm in vms:
        groups.setdefault((vm.os, tuple(plans[vm.name])), []).append(vm.name)
    lines = []
    for (os, commands), names in groups.items():
        lines += [
            f"On {_names(names)}: {len(commands)} commands, side by side, in one SSH session each.",
            *(_POWERSHELL if os == "windows" else _SHELL),
            "",
        ]
        for each in commands:
            how = [f"at most {each.timeout:g} s", f"{each.cap} bytes"]
            if each.root:
                how.insert(0, "as root")
            if each.needs:
                how.append(f"needs {', '.join(each.needs)}")
            lines.append(f"# {each.key} ({'; '.join(how)})")
            lines += [*each.command.strip("\n").splitlines(), ""]
    slowest = max((each.timeout for vm in vms for each in plans[vm.name]), default=0.0)
    around = options.run_timeout - slowest + ssh.AFTER
    lines.append(
        f"A VM takes at most {ssh.visit_limit(options):g} s (getting in, with retries, {options.reach_timeout:g} s; "
        f"slowest probe {slowest:g} s; around it {around:g} s)."
    )
    if len(vms) > 1:
        most = span(ssh.time_limit(len(vms), options))
        lines.append(f"All {len(vms)} VMs take at most {most}, {options.workers} at a time.")
    return "\n".join([*lines, ""])


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more VMs"
