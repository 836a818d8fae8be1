"""Variables of the page's templates: verdict, plan, changes, drift, provenance; all lists are cut to `CAPS`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from plugins.core.sanitize import one_line, truncate
from plugins.diagnosis.findings import rank
from plugins.judge.readiness import READINESS
from plugins.reports.queries import Json, component, fix_order
from plugins.results.coverage import judged_sentence
from plugins.results.verdict import CAVEAT

__all__ = ["CAPS", "Caps", "VmList", "VmLists", "overview"]


@dataclass(frozen=True, slots=True)
class Caps:
    """The largest numbers of what stands in the page: a page of everything of a huge fleet would not open."""

    vms: int = 2_000  # of the matrix: those with something to fix come first
    first_names: int = 8  # of a list of VMs; the script fills in the rest on demand
    names: int = 300  # of VMs outside the matrix, in one list
    names_of_finding: int = 20  # the same, in the list of a finding
    names_in_all: int = 20_000  # the same, in all lists together
    causes: int = 2_000  # that the script knows: by them a card names the fixes that its VM needs
    findings: int = 400  # rows of the table
    actions: int = 200  # fixes, warnings and lines of drift
    commands: int = 3  # of a cause
    provenance_rows: int = 200  # commands, and requests
    changes: int = 50  # lines of each kind
    outliers: int = 12  # values of a fact


CAPS = Caps()

#: The tiles, from left to right.
_TILES = ("ready", "partial", "not ready", "unknown")

#: The kinds of changes that are news, the worst first.
_CHANGES = ("regressions", "new", "fixed", "persisting")


@dataclass(frozen=True, slots=True)
class VmList:
    """VMs of which the first few are named in the page."""

    number: int  # its place in the script's lists
    count: int
    first: list[tuple[int | None, str]]  # (index, name); no index: not in this run


class VmLists:
    """The lists of VMs of one page: the templates name the first, `page_data` gets as many of them as are of use."""

    def __init__(self, results: Json, caps: Caps = CAPS) -> None:
        self.caps = caps
        vms = results["vms"]
        #: The VMs that the matrix draws, in the order of the inventory.
        self.drawn: list[Json] = [vms[number] for number in _worst_first(vms, caps.vms)]
        self._index = {vm["name"]: number for number, vm in enumerate(self.drawn)}
        self._room = caps.names_in_all
        self.all: list[list[int | str]] = []  # a VM of the matrix by its number there, another one by its name
        self.left: dict[int, int] = {}  # list -> how many of its VMs are not in it
        self.of_cause: dict[int, int] = {}  # cause number -> the list of its VMs

    def add(self, names: Sequence[str], most: int | None = None) -> VmList:
        """Keep a list: all of its VMs that the matrix draws, and of others at most `most` (default: `Caps.names`)."""
        drawn: list[int | str] = [self._index[name] for name in names if name in self._index]
        others = [name for name in names if name not in self._index]
        named = others[: min(self.caps.names if most is None else most, self._room)]
        self._room -= len(named)
        number = len(self.all)
        self.all.append([*drawn, *(truncate(one_line(name), 120) for name in named)])
        if left := len(others) - len(named):
            self.left[number] = left
        first = [name for name in names if name in self._index][: self.caps.first_names] if drawn else []
        first += named[: self.caps.first_names - len(first)]
        return VmList(number, len(names), [(self._index.get(name), name) for name in first])


def _worst_first(vms: Sequence[Json], most: int) -> Sequence[int]:
    """The places of the VMs that are drawn: not ready ones first, then unknown ones, then those with warnings."""
    if len(vms) <= most:
        return range(len(vms))

    def attention(number: int) -> tuple[int, bool]:
        vm = vms[number]
        return READINESS.index(vm["readiness"]), not any(result["status"] == "warn" for result in vm["results"])

    return sorted(sorted(range(len(vms)), key=attention)[:most])


def overview(results: Json, lists: VmLists) -> Json:
    """The variables of the templates."""
    readiness, drift, caps = Counter(vm["readiness"] for vm in results["vms"]), results["drift"], lists.caps
    steps = _steps(results, readiness["ready"], lists)
    warned = [cause for step, cause in fix_order(results) if step is None]
    warnings = [_action(cause, results, lists) for cause in warned[: caps.actions]]
    for cause in results["causes"][: caps.causes]:
        if cause["number"] not in lists.of_cause:
            lists.of_cause[cause["number"]] = lists.add(cause["vms"], 0).number
    return {
        "results": results,
        "drawn": len(lists.drawn),
        "readiness": {word: readiness[word] for word in _TILES if readiness[word] or word != "partial"},
        "partial": judged_sentence(results["judged"]),
        "caveat": CAVEAT,
        "gate": results.get("gate"),
        "waivers": results.get("waivers"),
        "statuses": [word for word, _ in sorted(results["counts"].items(), key=lambda item: rank(item[0]))],
        "started": f"{datetime.fromisoformat(results['started']):%d %B %Y, %H:%M:%S} UTC",
        "forecast": results["forecast"],
        "steps": steps,
        "warnings": warnings,
        "more": {
            "steps": len(results["plan"][caps.actions :]),
            "warnings": len(warned[caps.actions :]),
            "drift": len(drift[caps.actions :]),
        },
        "findings": min(len(results["findings"]), caps.findings),
        "left_out": len(results["findings"][caps.findings :]),
        "drift": [_drift(entry, lists) for entry in drift[: caps.actions]],
        "changes": _changes(results.get("changes"), lists),
        "provenance": results.get("provenance"),
        "provenance_rows": caps.provenance_rows,
    }


def _steps(results: Json, ready: int, lists: VmLists) -> list[Json]:
    """The plan with the bar of each step: of 1,000 parts, what was ready before the plan, before the step, after it."""
    total = max(len(results["vms"]), 1)
    start = before = ready
    steps: list[Json] = []
    for step, cause in fix_order(results):
        if step is None or len(steps) == lists.caps.actions:
            break
        steps.append(
            {
                **_action(cause, results, lists),
                "what": step["what"],
                "then": step["then"],
                "unlocks": len(step["unlocks"]),
                "ready": step["ready"],
                "bar": [round(1000 * part / total) for part in (start, before, step["ready"])],
            }
        )
        before = step["ready"]
    return steps


def _action(cause: Json, results: Json, lists: VmLists) -> Json:
    """A cause as an entry of the action list."""
    vms = lists.add(cause["vms"])
    lists.of_cause[cause["number"]] = vms.number
    return {
        "cause": cause,
        "title": results["checks"].get(cause["id"], {}).get("title", ""),
        "subject": component(cause) if cause["component"]["name"] else "",
        "vms": vms,
        "commands": cause["fix"][: lists.caps.commands],
    }


def _drift(entry: Json, lists: VmLists) -> Json:
    return {
        **entry,
        "outliers": [
            {"value": outlier["value"], "vms": lists.add(outlier["vms"])}
            for outlier in entry["outliers"][: lists.caps.outliers]
        ],
        "more": len(entry["outliers"][lists.caps.outliers :]),
    }


def _changes(changes: Json | None, lists: VmLists) -> Json | None:
    """Each kind of change, with equal entries merged: a new failure on 400 VMs is one line."""
    if changes is None:
        return None
    most = lists.caps.changes
    kinds = {kind: alike for kind in _CHANGES if (alike := _alike(changes.get(kind, ())))}
    return {
        **changes,
        "kinds": {kind: [_change(group, lists) for group in alike[:most]] for kind, alike in kinds.items()},
        "more": {kind: len(alike[most:]) for kind, alike in kinds.items()},
        "counts": {kind: len(changes[kind]) for kind in kinds},
        "added": lists.add(changes["vms_added"]),
        "removed": lists.add(changes["vms_removed"]),
    }


def _alike(entries: Iterable[Json]) -> list[list[Json]]:
    """Changes of the same kind in the same check, those on most VMs first."""
    found: dict[tuple[str, ...], list[Json]] = {}
    for entry in entries:
        found.setdefault((entry["id"], entry["was"], entry["now"]), []).append(entry)
    return sorted(found.values(), key=lambda alike: -len({entry["vm"] for entry in alike}))


def _change(alike: Sequence[Json], lists: VmLists) -> Json:
    return {
        **alike[0],
        "parameters": list(dict.fromkeys(entry["parameter"] for entry in alike if entry["parameter"])),
        "vms": lists.add(list(dict.fromkeys(entry["vm"] for entry in alike))),
    }
