"""The page that ``--plan`` prints: every command and request of a run, without running any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from plugins.checks.probe import ProbeCommand
from plugins.core.wording import counted, plural, span
from plugins.gather.script import PLACES
from plugins.model import Vm
from plugins.ssh import client as ssh

_SHELL = (
    "Nothing is changed there. The output is kept in a private folder, which is removed at the end (in the first",
    f"writable one of {', '.join(place.strip(chr(34)) for place in PLACES)}).",
)
_POWERSHELL = ("Nothing is changed there. PowerShell keeps the output in memory.",)


def page(plans: Mapping[str, Sequence[ProbeCommand]], vms: Sequence[Vm], options: ssh.Options) -> str:
    """Every command, its VMs, and the time limits. `plans`: the commands of each VM, by VM name."""
    groups: dict[tuple[str, tuple[ProbeCommand, ...]], list[str]] = {}
    for vm in vms:
        groups.setdefault((vm.os, tuple(plans[vm.name])), []).append(vm.name)
    lines = []
    for (os, commands), names in groups.items():
        on = ", ".join(names[:8]) + (f" and {len(names) - 8} more VMs" if len(names) > 8 else "")
        lines += [
            f"On {on}: {counted(len(commands), 'command')}, run in parallel, in one SSH session per VM.",
            *(_POWERSHELL if os == "windows" else _SHELL),
            "",
        ]
        for command in commands:
            limits = [f"at most {command.timeout:g} s", f"{command.cap} bytes"]
            if command.root:
                limits.insert(0, "as root")
            if command.needs:
                limits.append(f"needs {', '.join(command.needs)}")
            lines.append(f"# {command.key} ({'; '.join(limits)})")
            lines += [*command.command.strip("\n").splitlines(), ""]
    slowest = max((command.timeout for vm in vms for command in plans[vm.name]), default=0.0)
    overhead = options.run_timeout - slowest + ssh.AFTER
    lines.append(
        f"A VM takes at most {ssh.visit_limit(options):g} s (login with retries {options.reach_timeout:g} s, slowest "
        f"probe {slowest:g} s, overhead {overhead:g} s)."
    )
    if len(vms) > 1:
        limit = span(ssh.time_limit(len(vms), options))
        lines.append(f"All {len(vms)} VMs take at most {limit}, {options.workers} at a time.")
    return "\n".join([*lines, ""])


def azure_lines(requests: Sequence[str], limit: float) -> list[str]:
    """The requests to Azure, which take at most `limit` seconds."""
    return ["", f"Azure: {len(requests)} read-only {plural(len(requests), 'request')}, at most {limit:g} s.", *requests]


def enrollment_lines(mode: str, groups: Iterable[tuple[ProbeCommand, Sequence[str]]]) -> list[str]:
    """The commands of ``--enroll=MODE`` in their order, each with the names of its VMs."""
    lines = [
        "",
        f"--enroll={mode}: afterwards, only on VMs that are ready, one at a time (THESE COMMANDS CHANGE THEM):",
    ]
    for command, names in groups:
        limits = f"{'as root; ' if command.root else ''}at most {command.timeout:g} s"
        lines += ["", f"# {command.key} on {', '.join(names)} ({limits})", *command.command.strip().splitlines()]
    return lines
