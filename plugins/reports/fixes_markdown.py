"""`fixes.md`: the plan as a page to work through, step by step, with the commands that do it."""

from __future__ import annotations

from collections.abc import Iterator

from plugins.core.sanitize import Harmless
from plugins.core.wording import counted
from plugins.reports.fix_commands import NO_COMMAND, FixStep, fix_steps, helped, in_words, title, whole
from plugins.reports.markdown_syntax import code, linked, text
from plugins.reports.queries import cause_subject, component
from plugins.reports.shell_layout import laid_out

_STEPS = 200  # a longer page is not useful
_COMMANDS = 20  # of one step: the rest is in fixes.sh
_NAMES = 4_000  # characters
_REMEDY = 1_000  # a remedy may contain a command, which must be complete


def render(results: Harmless) -> str:
    """`results` as a Markdown page, for people."""
    parts = ["# What to fix, in this order", f"**{text(results['sentence'])}**"]
    steps = fix_steps(results)
    if steps:
        parts.append(
            "These commands have not been run. Read each one, and what it changes, before you run it. "
            "`fixes.sh` has all of them."
        )
    else:
        parts.append("There is nothing to fix.")
    later = False
    for entry in steps[:_STEPS]:
        if entry.step is None and not later:
            later = True
            parts.append("# Later: this keeps no VM from being ready")
        parts += _step(entry, len(results["vms"]))
    if more := len(steps[_STEPS:]):
        parts.append(
            f"… and {more:,} more: `ActionPlan.csv` has all of them in this order, and `fixes.sh` the commands."
        )
    parts.append(f"Run {text(results['run_id'])}, profile {text(results['profile'])}, {text(results['started'])}.")
    return "\n\n".join(parts) + "\n"


def _step(entry: FixStep, fleet: int) -> Iterator[str]:
    step, cause = entry.step, entry.cause
    yield f"## {text(title(step, cause, entry.number))}"
    lines = [
        f"- **Component**: {text(component(cause))}"
        + (f", {text(cause['component']['id'])}" if cause["component"]["id"] else ""),
        f"- **Check**: {linked(cause_subject(cause), cause['docs'])}, {cause['status']}",
        f"- **Seen**: {text(cause['message'])}",
        f"- **{'Do' if cause['fix'] else 'By hand'}**: {text(in_words(cause, 'the command below'), _REMEDY)}",
        f"- **{counted(len(cause['vms']), 'VM')}**: {text(helped(cause['vms']), _NAMES)}",
    ]
    if step:
        lines.append(f"- **After it**: {step['ready']:,} of {counted(fleet, 'VM')} ready")
    lines += [f"- **By the same commands**: {text(also)}" for also in entry.also]
    yield "\n".join(lines)
    for fix in cause["fix"][:_COMMANDS]:
        if len(cause["fix"]) > 1:
            yield f"For {text(helped(fix['vms']), _NAMES)}:"
        if whole(fix["command"]):
            yield code(laid_out(fix["command"]), "sh")
        else:
            yield f"By hand: {NO_COMMAND}"
            yield code(fix["command"].removeprefix("# "), "text")
    if len(cause["fix"]) > _COMMANDS:
        yield f"… and {len(cause['fix']) - _COMMANDS} more commands: see `fixes.sh`."
