"""What the page says in its own words, counted and ordered for the templates: verdict, plan, findings, provenance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from plugins.core.sanitize import one_line, truncate
from plugins.diagnosis.fleet_causes import normalized
from plugins.judge.readiness import READINESS
from plugins.reports import queries as facts
from plugins.reports.queries import Json

__all__ = ["Finding", "Lists", "VmList", "findings", "overview"]

#: Names of a list of VMs that stand in the page at once; the script fills in the rest on demand.
FIRST = 8

#: VMs that the matrix draws: what has something to fix is read, and a page of all VMs of a huge fleet would not open.
DRAWN = 2_000

#: Names of VMs that the matrix does not draw: of one list, of a finding's, and of all lists together.
NAMES = 300
NAMES_OF_A_FINDING = 20
NAMES_IN_ALL = 20_000

#: Causes that the script knows: by them a card names the fixes that its VM needs.
CAUSES = 2_000

#: Rows of the table of findings. Alike ones are one row; a fleet with more kinds of trouble is read by the plan.
ROWS = 400

#: Fixes, warnings and lines of drift that stand in the page: a fleet in which every VM has trouble of its own has
#: thousands, and a page of all of them would not open.
ACTIONS = 200

#: Commands of a cause, of the provenance, and requests to Azure that stand in the page; results.json has all.
COMMANDS = 3
PROVENANCE_ROWS = 200

#: Lines of each kind of change, and values of a fact that differ.
CHANGES = 50
OUTLIERS = 12

#: The kinds of changes that are news, the worst first.
_CHANGES = ("regressions", "new", "fixed", "persisting")

_READ = ("fail", "unknown", "warn", "waived")


@dataclass(frozen=True, slots=True)
class VmList:
    """VMs of which the first few are named in the page."""

    number: int  # its place in the script's lists
    count: int
    first: list[tuple[int | None, str]]  # (index, name); no index: not in this run


class Lists:
    """The lists of VMs of one page: the templates name the first, `page_data` gets as many of them as are of use."""

    def __init__(self, results: Json) -> None:
        vms = results["vms"]
        #: The VMs that the matrix draws, in the order of the inventory.
        self.drawn: list[Json] = [vms[number] for number in _worst_first(vms)]
        self._index = {vm["name"]: number for number, vm in enumerate(self.drawn)}
        self._room = NAMES_IN_ALL
        self.all: list[list[int | str]] = []  # a VM of the matrix by its number there, another one by its name
        self.left: dict[int, int] = {}  # list -> how many of its VMs are not in it
        self.of_cause: dict[int, int] = {}  # cause number -> the list of its VMs

    def add(self, names: Sequence[str], most: int = NAMES) -> VmList:
        """Keep a list: all of its VMs that the matrix draws, and of others no more than `most`."""
        drawn: list[int | str] = [self._index[name] for name in names if name in self._index]
        others = [name for name in names if name not in self._index]
        named = others[: min(most, self._room)]
        self._room -= len(named)
        number = len(self.all)
        self.all.append([*drawn, *(truncate(one_line(name), 120) for name in named)])
        if left := len(others) - len(named):
            self.left[number] = left
        first = [name for name in names if name in self._index][:FIRST] if drawn else []
        first += named[: FIRST - len(first)]
        return VmList(number, len(names), [(self._index.get(name), name) for name in first])


def _worst_first(vms: Sequence[Json]) -> Sequence[int]:
    """The places of the VMs that are drawn: not ready ones first, then unknown ones, then those with warnings."""
    if len(vms) <= DRAWN:
        return range(len(vms))

    def attention(number: int) -> tuple[int, bool]:
        vm = vms[number]
        return READINESS.index(vm["readiness"]), not any(each["status"] == "warn" for each in vm["results"])

    return sorted(sorted(range(len(vms)), key=attention)[:DRAWN])


@dataclass(slots=True)
class Finding:
    """One row of the table: what was seen in the same words on one VM or many."""

    result: Json
    vms: dict[str, None] = field(default_factory=dict)
    parameters: dict[str, None] = field(default_factory=dict)
    of: VmList | None = None


def findings(results: Json) -> list[Finding]:
    """What needs reading, worst first and root causes before their consequences: alike results are one finding."""
    found: dict[tuple[Any, ...], Finding] = {}
    for vm in results["vms"]:
        for result in facts.all_results(vm):
            if result["status"] in _READ:
                words = normalized(result["message"], vm, result)
                key = (result["id"], result["status"], result["root_cause"], tuple(result["caused_by"]), words)
                finding = found.setdefault(key, Finding(result))
                finding.vms[vm["name"]] = None
                if result["parameter"]:
                    finding.parameters[result["parameter"]] = None
    return sorted(
        found.values(),
        key=lambda each: (facts.rank(each.result["status"]), not each.result["root_cause"], -len(each.vms)),
    )


def overview(results: Json, rows: Sequence[Finding], left_out: int, lists: Lists) -> Json:
    """What the templates show. `rows` are the findings of the table, `left_out` the number of those that are not."""
    readiness, drift, plan = Counter(vm["readiness"] for vm in results["vms"]), results["drift"], results["plan"]
    steps = _steps(results, readiness["ready"], lists)
    warned = [cause for step, cause in facts.fix_order(results) if step is None]
    warnings = [_action(cause, results, lists) for cause in warned[:ACTIONS]]
    for cause in results["causes"][:CAUSES]:
        if cause["number"] not in lists.of_cause:
            lists.of_cause[cause["number"]] = lists.add(cause["vms"], 0).number
    return {
        "results": results,
        "drawn": len(lists.drawn),
        "readiness": {word: readiness[word] for word in ("ready", "not ready", "unknown")},
        "gate": results.get("gate"),
        "waivers": results.get("waivers"),
        "statuses": [word for word, _ in sorted(results["counts"].items(), key=lambda item: facts.rank(item[0]))],
        "started": f"{datetime.fromisoformat(results['started']):%d %B %Y, %H:%M:%S} UTC",
        "forecast": forecast(results),
        "steps": steps,
        "warnings": warnings,
        "more": {"steps": len(plan[ACTIONS:]), "warnings": len(warned[ACTIONS:]), "drift": len(drift[ACTIONS:])},
        "findings": len(rows),
        "left_out": left_out,
        "drift": [_drift(entry, lists) for entry in drift[:ACTIONS]],
        "changes": _changes(results.get("changes"), lists),
        "provenance": results.get("provenance"),
        "provenance_rows": PROVENANCE_ROWS,
    }


def forecast(results: Json) -> str:
    """What the plan comes to: "The first 3 of 11 fixes make 950 of 1,000 VMs ready; all 11 make it 998." """
    plan, total = results["plan"], len(results["vms"])
    if not plan:
        return ""
    last = plan[-1]["ready"]
    # Checks that were blocked are judged only when their cause is fixed: nothing is promised of them.
    judged = ", as far as could be judged" if any(step["unjudged"] for step in plan) else ""
    ready = sum(vm["readiness"] == "ready" for vm in results["vms"])
    of = "the VM" if total == 1 else f"all {total:,} VMs" if last == total else f"{last:,} of {total:,} VMs"
    if len(plan) == 1:
        return f"One fix makes {of} ready{judged}."
    # The few that do most of it: four fifths of what the whole plan does.
    few = next(number for number, step in enumerate(plan, 1) if step["ready"] - ready >= 0.8 * (last - ready))
    if few > len(plan) / 2:
        return f"{len(plan)} fixes make {of} ready{judged}."
    fixes = "The first fix makes" if few == 1 else f"The first {few} fixes make"
    return f"{fixes} {plan[few - 1]['ready']:,} of {total:,} VMs ready; all {len(plan)} make it {last:,}{judged}."


def _steps(results: Json, ready: int, lists: Lists) -> list[Json]:
    """The plan with the bar of each step: of 1,000 parts, what was ready before the plan, before the step, after it."""
    total = max(len(results["vms"]), 1)
    start = before = ready
    steps: list[Json] = []
    for step, cause in facts.fix_order(results):
        if step is None or len(steps) == ACTIONS:
            break
        what, _, then = step["sentence"].partition(f" ({cause['id']}): ")
        steps.append(
            {
                **_action(cause, results, lists),
                "what": what,
                "then": then[:1].upper() + then[1:],
                "unlocks": len(step["unlocks"]),
                "ready": step["ready"],
                "bar": [round(1000 * part / total) for part in (start, before, step["ready"])],
            }
        )
        before = step["ready"]
    return steps


def _action(cause: Json, results: Json, lists: Lists) -> Json:
    """A cause as an entry of the action list."""
    vms = lists.add(cause["vms"])
    lists.of_cause[cause["number"]] = vms.number
    return {
        "cause": cause,
        "title": results["checks"].get(cause["id"], {}).get("title", ""),
        "subject": facts.component(cause) if cause["component"]["name"] else "",
        "vms": vms,
        "commands": cause["fix"][:COMMANDS],
    }


def _drift(entry: Json, lists: Lists) -> Json:
    return {
        **entry,
        "outliers": [{"value": each["value"], "vms": lists.add(each["vms"])} for each in entry["outliers"][:OUTLIERS]],
        "more": len(entry["outliers"][OUTLIERS:]),
    }


def _changes(changes: Json | None, lists: Lists) -> Json | None:
    """Each kind of change, alike entries as one: a new failure on 400 VMs is one line."""
    if changes is None:
        return None
    kinds = {kind: alike for kind in _CHANGES if (alike := _alike(changes.get(kind, ())))}
    return {
        **changes,
        "kinds": {kind: [_change(each, lists) for each in alike[:CHANGES]] for kind, alike in kinds.items()},
        "more": {kind: len(alike[CHANGES:]) for kind, alike in kinds.items()},
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


def _change(alike: Sequence[Json], lists: Lists) -> Json:
    return {
        **alike[0],
        "parameters": list(dict.fromkeys(entry["parameter"] for entry in alike if entry["parameter"])),
        "vms": lists.add(list(dict.fromkeys(entry["vm"] for entry in alike))),
    }
