"""The last lines of a run on the terminal: the verdict, and the first fixes with their VMs.

::

    NOT READY: 3 of 6 VMs are ready; 2 are not; 1 could not be judged.

    What to fix first:
      1. Add .his.arc.azure.com to the egress list of csn-a (CSN-002): 2 VMs become ready.
         On vm-b, vm-c: gbl.his.arc.azure.com port 443 is not covered by enabledEgressEndpoints of the … csn-a.
    az networkcloud cloudservicesnetwork update --ids ... --additional-egress-endpoints '[...]'
    To be judged:
      2. Restore the SSH session to vm-d (SSH-001): 1 VM can then be judged.
         On vm-d: Nothing answered at 10.5.0.14:22 within 5 s.
         -> Check the address and the jump host.
      Warnings: AGENT-002 on 1 VM

    VMs:
      vm-b  not ready  CSN-002 [gbl.his.arc.azure.com]  The cloud services network does not allow …
      vm-d  unknown    SSH-001  Nothing answered at 10.5.0.14:22 within 5 s.

A command has its own line, from the first column to its end, for any width: it is meant to be copied.
If a step has several, or one that cannot be copied, a line names the file that has all of them.
"""

from __future__ import annotations

import textwrap

from plugins.core.sanitize import Harmless, defuse_ci_command, names, one_line, truncate
from plugins.core.wording import counted
from plugins.reports import waiver_notices as decisions
from plugins.reports.fix_commands import in_words, whole
from plugins.reports.queries import Json, first_to_fix, subject, vms_by_readiness

#: The arguments of pytest's ``terminalreporter.write_line(text, **markup)``.
Line = tuple[str, dict[str, bool]]

_COLOUR = {
    "ready": {"green": True},
    "not ready": {"red": True},
    "partial": {"yellow": True},
    "unknown": {"purple": True},
}
_COMMAND = 500  # characters: a longer one is only in fixes.sh
_REMEDY = 6  # lines: a remedy may contain a command
_SHOWN_STEPS, _SHOWN_VMS = 3, 10
_NARROWEST = 60  # below this, cutting lines costs more than a wrapped line


def summary_lines(results: Harmless, width: int = 100) -> list[Line]:
    """The lines to write, each at most `width` wide, except commands; a line counts what the caps omit."""
    width = max(width, _NARROWEST)
    lines = _verdict(results, width)
    lines += _steps(results, width)
    lines += _vms(results, width)
    return [(defuse_ci_command(text), markup) for text, markup in lines]


def _verdict(results: Json, width: int) -> list[Line]:
    verdict = results["verdict"]
    lines = _bold(f"{verdict.upper()}: {one_line(results['sentence'])}", width, _COLOUR[verdict])
    if gate := results.get("gate"):
        lines += _bold(one_line(gate["sentence"]), width, {"green" if gate["passed"] else "red": True})
    if changes := results.get("changes"):
        lines += [(text, {}) for text in _wrapped(changes["sentence"], width, "")]
    for warning in decisions.waiver_warnings(results):
        lines += [(text, {"yellow": True}) for text in _wrapped(warning, width, "")]
    return lines


def _bold(sentence: str, width: int, colour: dict[str, bool]) -> list[Line]:
    return [(text, {"bold": True, **colour}) for text in _wrapped(sentence, width, "")]


def _steps(results: Json, width: int) -> list[Line]:
    plan, causes = results["plan"], results["causes"]
    warnings = [cause for cause in causes if not cause["blocks_readiness"]]
    lines: list[Line] = [("", {})] if plan or warnings else []
    heading = ""
    for number, step in enumerate(plan[:_SHOWN_STEPS], 1):
        cause = causes[step["cause"] - 1]
        before, heading = heading, "What to fix first:" if step["measured"] else "What to fix to be judged:"
        if heading != before:
            lines.append((heading, {"bold": True}))
        lines += [(text, {"bold": True}) for text in _wrapped(step["sentence"], width, f"  {number}. ")]
        lines += [(text, {}) for text in _wrapped(f"On {names(cause['vms'])}: {_message(cause)}", width, "     ")]
        lines += [(text, {"cyan": True}) for text in _what_to_do(cause, number, width)]
    if len(plan) > _SHOWN_STEPS:
        lines.append((f"  and {counted(len(plan) - _SHOWN_STEPS, 'more fix', 'more fixes')}: see the report", {}))
    if warnings:
        listed = [_warning(results, cause) for cause in warnings[:5]]
        more_of_them = f" and {len(warnings) - 5} more" if len(warnings) > 5 else ""
        text = f"Warnings: {', '.join(listed)}{more_of_them}"
        lines += [(line, {"yellow": True}) for line in _wrapped(text, width, "  " if plan else "")]
    return lines


def _warning(results: Json, cause: Json) -> str:
    problem = results["checks"].get(cause["id"], {}).get("problem")
    on = counted(len(cause["vms"]), "VM")
    return f"{problem} ({cause['id']}, {on})" if problem else f"{cause['id']} on {on}"


def _what_to_do(cause: Json, number: int, width: int) -> list[str]:
    """The only command on its own line; otherwise lines that refer to several commands, or have the remedy in words."""
    commands = [fix["command"] for fix in cause["fix"]]
    here = len(commands) == 1 and _copyable(commands[0])
    number_of_commands, place = counted(len(commands), "command"), f"step {number} of fixes.sh"
    several = f"the {number_of_commands} of {place}"
    words = in_words(cause, "the command below" if here else several)
    lines = _wrapped(words, width, "     -> ", _REMEDY + 1)
    if len(lines) > _REMEDY:
        lines, words = [f"     -> Step {number} of fixes.md"], ""
    if here:
        return lines + commands
    return lines + ([f"        {number_of_commands}: {place}"] if commands and several not in words else [])


def _copyable(command: str) -> bool:
    """Whether it is one complete line without text that is changed for the terminal or the CI server."""
    return whole(command) and len(command) <= _COMMAND and defuse_ci_command(one_line(command)) == command


def _message(cause: Json) -> str:
    """The most frequent message, and the other items that it applies to."""
    others = [parameter for parameter in cause["parameters"] if parameter not in cause["message"]]
    likewise = f" Likewise {names(others, 3)}." if others else ""
    return f"{cause['message']}{likewise}"


def _vms(results: Json, width: int) -> list[Line]:
    held_back = [vm for vm in vms_by_readiness(results) if vm["readiness"] in ("not ready", "unknown")]
    if not held_back or (len(results["vms"]) == 1 and results["plan"]):
        return []  # for a single VM, the plan has the same information
    lines: list[Line] = [("", {}), ("VMs:", {"bold": True})]
    column = min(max(len(one_line(vm["name"])) for vm in held_back[:_SHOWN_VMS]), 32)
    for vm in held_back[:_SHOWN_VMS]:
        result = first_to_fix(vm)
        why = (
            f"{one_line(subject(result))}  {one_line(result['message'])}"
            if result
            else one_line(vm["session"]["message"])
        )
        text = f"  {truncate(one_line(vm['name']), column):{column}}  {vm['readiness']:9}  {why}"
        lines.append((truncate(text, width), _COLOUR[vm["readiness"]]))
    if len(held_back) > _SHOWN_VMS:
        lines.append((f"  and {len(held_back) - _SHOWN_VMS} more", {}))
    return lines


def _wrapped(text: str, width: int, lead: str, lines: int = 3) -> list[str]:
    """`text` in at most so many lines, the first after `lead`, the others below it; no option or name is broken."""
    return textwrap.wrap(
        one_line(text),
        width,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        max_lines=lines,
        placeholder=" …",
        break_on_hyphens=False,
    )
