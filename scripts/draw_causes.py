"""Write the graph of root causes, which the checks declare, into docs/diagnosis.md.

Run it after a change of `caused_by`, `requires` or `component`: ``python -m scripts.draw_causes``. A test compares the
page with the checks.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Mapping
from pathlib import Path

from plugins.checks.areas import order
from plugins.checks.check import Check, check_of

TOP = Path(__file__).resolve().parents[1]
PAGE = TOP / "docs" / "diagnosis.md"

#: The component to fix, in the words of the page, and the colour of its checks in the drawing.
THINGS = {
    "cluster": ("the cluster", "#dbe9ff"),
    "instance": ("the Operator Nexus instance", "#cfd8e8"),
    "subscription": ("the subscription that the Arc resource goes to", "#e8dcff"),
    "csn": ("the cloud services network", "#d3f2e4"),
    "path": ("the cloud services network, when no VM on it gets through; otherwise the VM", "#e6f7d4"),
    "identity": ("the managed identity", "#ffe6cc"),
    "role": (
        "the identity, when it is a user-assigned one; otherwise the resource group of the Arc resource",
        "#fff0b8",
    ),
    "vm": ("the VM", "#f3f3f3"),
    "guest": ("software or settings in the VM: the image, when all its VMs have the problem", "#ffdede"),
    "runner": ("the machine that the suite runs on", "#ffffff"),
}


def checks() -> dict[str, Check]:
    """Every check of suites/ by id, in the order of the catalogue."""
    known = {}
    for path in sorted((TOP / "suites").glob("test_*.py")):
        for value in vars(importlib.import_module(f"suites.{path.stem}")).values():
            if inspect.isfunction(value) and (check := check_of(value)):
                known[check.id] = check
    return {id: known[id] for id in sorted(known, key=order)}


def edges(known: Mapping[str, Check]) -> dict[str, set[str]]:
    """Cause -> the checks that it explains directly."""
    effects: dict[str, set[str]] = {}
    for check in known.values():
        for cause in (*check.caused_by, *check.requires):
            effects.setdefault(cause, set()).add(check.id)
    return effects


def behind(cause: str, explains: Mapping[str, set[str]]) -> set[str]:
    """Everything that a cause explains, directly or not."""
    effects: set[str] = set()
    left = [cause]
    while left:
        for effect in explains.get(left.pop(), set()) - effects:
            effects.add(effect)
            left.append(effect)
    return effects


def drawing(known: Mapping[str, Check]) -> str:
    """The graph, without arrows that a path of other arrows implies: otherwise it would have hundreds."""
    explains = edges(known)
    lines = ["```mermaid", "flowchart LR"]
    drawn = set()
    for cause in sorted(explains, key=order):
        for consequence in sorted(explains[cause], key=order):
            if not any(consequence in behind(other, explains) for other in explains[cause] - {consequence}):
                lines.append(f"    {cause} --> {consequence}")
                drawn |= {cause, consequence}
    for thing, (_, colour) in THINGS.items():
        members = [id for id, check in known.items() if check.component == thing and id in drawn]
        if members:
            name = thing.replace(" ", "-")
            lines.append(f"    classDef {name} fill:{colour},stroke:#555,color:#111")
            lines.append(f"    class {','.join(members)} {name}")
    return "\n".join([*lines, "```"])


def table(known: Mapping[str, Check]) -> str:
    """The possible causes of each check, most likely first."""
    rows = ["| not met | possible causes, most likely first |", "| --- | --- |"]
    for check in known.values():
        if causes := dict.fromkeys((*check.caused_by, *check.requires)):
            rows.append(f"| {_link(check.id)} | {', '.join(causes)} |")
    return "\n".join(rows)


def things(known: Mapping[str, Check]) -> str:
    """The checks of each component."""
    rows = ["| component to fix | checks |", "| --- | --- |"]
    for thing, (words, _) in THINGS.items():
        rows.append(f"| {words} | {', '.join(_link(id) for id, check in known.items() if check.component == thing)} |")
    return "\n".join(rows)


def _link(id: str) -> str:
    return f"[{id}](checks/{id}.md)"


def page(text: str, known: Mapping[str, Check]) -> str:
    """The page with its generated parts up to date."""
    for name, part in (("drawing", drawing(known)), ("table", table(known)), ("things", things(known))):
        begin, end = f"<!-- {name}: made by scripts/draw_causes.py -->", f"<!-- {name}: end -->"
        before, _, rest = text.partition(begin)
        _, mark, after = rest.partition(end)
        if not mark:
            raise ValueError(f"{PAGE.name} lacks the lines {begin!r} and {end!r}")
        text = f"{before}{begin}\n\n{part}\n\n{end}{after}"
    return text


def unknown_things(known: Iterable[Check]) -> set[str]:
    """Components of checks that `THINGS` lacks."""
    return {str(check.component) for check in known} - set(THINGS)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), checks()), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(TOP)}")
