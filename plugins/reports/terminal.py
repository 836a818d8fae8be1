"""The last lines of a run, for the person in front of the terminal: the verdict, what to fix, and where.

::

    NOT READY: 3 of 6 VMs are ready; 2 are not; 1 could not be judged.

    What to fix, most VMs first:
      CSN-002 [gbl.his.arc.azure.com] on 2 VMs: vm-b, vm-c
        The cloud services network does not allow gbl.his.arc.azure.com:443.
        -> Add it to additionalEgressEndpoints of the cloud services network.

    VMs:
      vm-b  not ready  CSN-002 [gbl.his.arc.azure.com]  The cloud services network does not allow …
      vm-d  unknown    SSH-001  Nothing answered at 10.5.0.14:22 within 5 s.
"""

from __future__ import annotations

import re
import textwrap

from plugins.reports.facts import Json, cause_subject, first_to_fix, subject, vms_by_readiness
from plugins.reports.safe import cut, names, one_line

#: What pytest's ``terminalreporter.write_line(text, **markup)`` takes.
Line = tuple[str, dict[str, bool]]

_COLOUR = {"ready": {"green": True}, "not ready": {"red": True}, "unknown": {"yellow": True}}
_NARROWEST = 60  # below this, cutting lines costs more than a wrapped line


def summary_lines(results: Json, width: int = 100, show_causes: int = 8, show_vms: int = 20) -> list[Line]:
    """The lines to write, each at most `width` wide; what is beyond the two caps is counted in one line."""
    width = max(width, _NARROWEST)
    verdict = results["verdict"]
    sentence = f"{verdict.upper()}: {one_line(results['sentence'])}"
    lines: list[Line] = [(text, {"bold": True, **_COLOUR[verdict]}) for text in _wrapped(sentence, width, "")]
    lines += _causes(results["causes"], width, show_causes)
    lines += _vms(results, width, show_vms)
    return [(_no_command(text), markup) for text, markup in lines]


def _causes(found: list[Json], width: int, show: int) -> list[Line]:
    if not found:
        return []
    lines: list[Line] = [("", {}), ("What to fix, most VMs first:", {"bold": True})]
    for cause in found[:show]:
        count = len(cause["vms"])
        warning = "(warning) " if cause["status"] == "warn" else ""
        on = f"{warning}on {count} {'VM' if count == 1 else 'VMs'}"
        head = f"  {one_line(cause_subject(cause))} {on}: {names(cause['vms'])}"
        lines.append((cut(head, width), {"bold": True}))
        lines += [(text, {}) for text in _wrapped(cause["message"], width, "    ")]
        lines += [(text, {"cyan": True}) for text in _wrapped(cause["remedy"], width, "    -> ")]
    if len(found) > show:
        lines.append((f"  and {len(found) - show} more: see the HTML report", {}))
    return lines


def _vms(results: Json, width: int, show: int) -> list[Line]:
    held_back = [vm for vm in vms_by_readiness(results) if vm["readiness"] != "ready"]
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
        text = f"  {cut(one_line(vm['name']), column):{column}}  {vm['readiness']:9}  {why}"
        lines.append((cut(text, width), _COLOUR[vm["readiness"]]))
    if len(held_back) > show:
        lines.append((f"  and {len(held_back) - show} more", {}))
    return lines


def _no_command(line: str) -> str:
    # GitHub Actions obeys a line that begins with ::, Azure Pipelines one that holds ##vso[ or ##[.
    line = re.sub(r"##(?=(vso)?\[)", "# #", line)
    return re.sub(r"^(\s*):(?=:)", r"\1: ", line)


def _wrapped(text: str, width: int, lead: str) -> list[str]:
    """`text` in at most three lines, the first after `lead`, the others below it."""
    return textwrap.wrap(
        one_line(text), width, initial_indent=lead, subsequent_indent=" " * len(lead), max_lines=3, placeholder=" …"
    )
