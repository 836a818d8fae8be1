"""The last lines of a run, for the person in front of the terminal: the verdict, what to fix first, and where.

::

    NOT READY: 3 of 6 VMs are ready; 2 are not; 1 could not be judged.

    What to fix first:
      1. Add .his.arc.azure.com to the egress list of csn-a (CSN-002): 2 VMs become ready.
         On vm-b, vm-c: gbl.his.arc.azure.com port 443 is not covered by enabledEgressEndpoints of the … csn-a.
         -> Add it to additionalEgressEndpoints of the cloud services network.
      2. Restore the SSH session to vm-d (SSH-001): 1 VM can then be judged.
         On vm-d: Nothing answered at 10.5.0.14:22 within 5 s.
         -> Check the address and the jump host.
      Warnings: AGENT-002 on 1 VM

    VMs:
      vm-b  not ready  CSN-002 [gbl.his.arc.azure.com]  The cloud services network does not allow …
      vm-d  unknown    SSH-001  Nothing answered at 10.5.0.14:22 within 5 s.
"""

from __future__ import annotations

import textwrap

from plugins.core.sanitize import defuse_ci_command, names, one_line, truncate
from plugins.core.wording import counted
from plugins.reports import waiver_notices as decisions
from plugins.reports.queries import Json, first_to_fix, subject, vms_by_readiness

#: The arguments of pytest's ``terminalreporter.write_line(text, **markup)``.
Line = tuple[str, dict[str, bool]]

_COLOUR = {
    "ready": {"green": True},
    "not ready": {"red": True},
    "partial": {"yellow": True},
    "unknown": {"purple": True},
}
_NARROWEST = 60  # below this, cutting lines costs more than a wrapped line


def summary_lines(results: Json, width: int = 100, show_steps: int = 3, show_vms: int = 10) -> list[Line]:
    """The lines to write, each at most `width` wide; what is beyond the two caps is counted in one line."""
    width = max(width, _NARROWEST)
    lines = _verdict(results, width)
    lines += _steps(results, width, show_steps)
    lines += _vms(results, width, show_vms)
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


def _steps(results: Json, width: int, show: int) -> list[Line]:
    plan, causes = results["plan"], results["causes"]
    warnings = [cause for cause in causes if not cause["blocks_readiness"]]
    lines: list[Line] = [("", {})] if plan or warnings else []
    if plan:
        lines.append(("What to fix first:", {"bold": True}))
    for number, step in enumerate(plan[:show], 1):
        cause = causes[step["cause"] - 1]
        lines += [(text, {"bold": True}) for text in _wrapped(step["sentence"], width, f"  {number}. ")]
        lines += [(text, {}) for text in _wrapped(f"On {names(cause['vms'])}: {_seen(cause)}", width, "     ")]
        lines += [(text, {"cyan": True}) for text in _wrapped(cause["remedy"], width, "     -> ")]
    if len(plan) > show:
        lines.append((f"  and {counted(len(plan) - show, 'more fix', 'more fixes')}: see the report", {}))
    if warnings:
        listed = [f"{cause['id']} on {counted(len(cause['vms']), 'VM')}" for cause in warnings[:5]]
        more_of_them = f" and {len(warnings) - 5} more" if len(warnings) > 5 else ""
        text = f"Warnings: {', '.join(listed)}{more_of_them}"
        lines += [(line, {"yellow": True}) for line in _wrapped(text, width, "  " if plan else "")]
    return lines


def _seen(cause: Json) -> str:
    """The most frequent message, and for what else it holds."""
    others = [parameter for parameter in cause["parameters"] if parameter not in cause["message"]]
    likewise = f" Likewise {names(others, 3)}." if others else ""
    return f"{cause['message']}{likewise}"


def _vms(results: Json, width: int, show: int) -> list[Line]:
    held_back = [vm for vm in vms_by_readiness(results) if vm["readiness"] in ("not ready", "unknown")]
    if not held_back:
        return []
    lines: list[Line] = [("", {}), ("VMs:", {"bold": True})]
    column = min(max(len(one_line(vm["name"])) for vm in held_back[:show]), 32)
    for vm in held_back[:show]:
        result = first_to_fix(vm)
        why = (
            f"{one_line(subject(result))}  {one_line(result['message'])}"
            if result
            else one_line(vm["session"]["message"])
        )
        text = f"  {truncate(one_line(vm['name']), column):{column}}  {vm['readiness']:9}  {why}"
        lines.append((truncate(text, width), _COLOUR[vm["readiness"]]))
    if len(held_back) > show:
        lines.append((f"  and {len(held_back) - show} more", {}))
    return lines


def _wrapped(text: str, width: int, lead: str) -> list[str]:
    """`text` in at most three lines, the first after `lead`, the others below it."""
    return textwrap.wrap(
        one_line(text), width, initial_indent=lead, subsequent_indent=" " * len(lead), max_lines=3, placeholder=" …"
    )
