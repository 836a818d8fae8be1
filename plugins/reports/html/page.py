"""Variables of the page's templates: title, verdict, plan, changes, drift, provenance; lists are cut to `CAPS`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from plugins.core.component_names import last_part, places
from plugins.core.sanitize import one_line, truncate
from plugins.core.wording import counted, first_few
from plugins.diagnosis.findings import rank
from plugins.judge.readiness import READINESS
from plugins.reports.html import charts
from plugins.reports.queries import Json, component, fix_order, vms_by_readiness
from plugins.results.coverage import judged_sentence
from plugins.results.verdict import CAVEAT


@dataclass(frozen=True, slots=True)
class Caps:
    """The limits of the page: a page with everything about a huge fleet would not open."""

    vms: int = 2_000  # of the matrix: those with findings first
    first_names: int = 8  # of a list of VMs; the script fills in the rest on demand
    names: int = 300  # of VMs outside the matrix, in one list
    names_of_finding: int = 20  # the same, in the list of a finding
    names_in_all: int = 20_000  # the same, in all lists together
    causes: int = 2_000  # in the script's data: a card names the fixes that its VM needs
    findings: int = 400  # rows of the table
    actions: int = 200  # fixes, warnings and lines of drift
    commands: int = 3  # of a cause, each by itself
    all_commands: int = 500  # of a cause, in one piece
    letters_of_commands: int = 1_000_000  # of all causes
    no_script: int = 200  # VMs and findings, for readers without scripts
    provenance_rows: int = 200  # commands, and requests
    changes: int = 50  # lines of each kind
    outliers: int = 12  # values of a fact


CAPS = Caps()

#: The tiles, from left to right.
_TILES = ("ready", "partial", "not ready", "unknown")

#: The kinds of changes to list, the worst first.
_CHANGES = ("regressions", "new", "fixed", "persisting")


@dataclass(frozen=True, slots=True)
class VmList:
    """A list of VMs; the page names the first few of them."""

    number: int  # its place in the script's lists
    count: int
    first: list[tuple[int | None, str]]  # (index, name); no index: not in this run
    others: list[str]  # more names, for readers without scripts

    @property
    def unnamed(self) -> int:
        """The number of VMs that the page does not name without scripts."""
        return self.count - len(self.first) - len(self.others)


class VmLists:
    """The lists of VMs of one page: the templates show the first VMs; the script's data (`data`) has more."""

    def __init__(self, results: Json, caps: Caps = CAPS) -> None:
        self.caps = caps
        vms = results["vms"]
        #: The VMs that the matrix draws, in the order of the inventory.
        self.drawn: list[Json] = [vms[number] for number in _worst_first(vms, caps.vms)]
        self._index = {vm["name"]: number for number, vm in enumerate(self.drawn)}
        self._room = caps.names_in_all
        self.all: list[list[int | str]] = []  # a VM of the matrix by its number there, another one by its name
        self.left: dict[int, int] = {}  # list -> the number of its VMs that it omits
        self.of_cause: dict[int, int] = {}  # cause number -> the list of its VMs

    def add(self, names: Sequence[str], most: int | None = None) -> VmList:
        """Keep a list: all of its VMs that the matrix draws, and at most `most` others (default: `Caps.names`)."""
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
        others = [name for name in names if name not in first][: self.caps.names]
        return VmList(number, len(names), [(self._index.get(name), name) for name in first], others)


def _worst_first(vms: Sequence[Json], most: int) -> Sequence[int]:
    """The indexes of the drawn VMs: not ready ones first, then unknown ones, then those with warnings."""
    if len(vms) <= most:
        return range(len(vms))

    def attention(number: int) -> tuple[int, bool]:
        vm = vms[number]
        return READINESS.index(vm["readiness"]), not any(result["status"] == "warn" for result in vm["results"])

    return sorted(sorted(range(len(vms)), key=attention)[:most])


def title(results: Json, part: str = "") -> str:
    """The title of the page: its subject comes first, because tabs and file lists cut the rest.

    `part` is the subject of a page of some VMs: ``owner alice``.
    """
    names = [vm["name"] for vm in results["vms"]]
    fleet = _fleet(results) or (names[0] if len(names) == 1 else "")
    about = " · ".join(truncate(one_line(words), 60) for words in (part, fleet) if words)
    return f"{about}: {results['verdict']} · Azure Arc readiness".removeprefix(": ")


def _subtitle(results: Json) -> str:
    """``Inventory fleet.yaml · site berlin, madrid and 3 more · cluster lab-1 · subscription 1111... · 120 VMs``."""
    parts = [f"{_fleet(results)}"] if _fleet(results) else []
    for of, name in (("tags", "site"), ("components", "cluster"), ("components", "subscription")):
        values = dict.fromkeys(last_part(vm[of][name]) for vm in results["vms"] if vm[of].get(name))
        if values:
            parts.append(f"{name} {first_few(list(values))}")
    return " · ".join([*parts, counted(len(results["vms"]), "VM")])


def _fleet(results: Json) -> str:
    """The fleet by the option that named it: the inventory's file name, or the scope in Azure; "" without one."""
    text = "\0".join(results["arguments"])
    for option in ("inventory", "azure-fleet", "evidence"):
        if match := re.search(f"(?:^|\0)--{option}[=\0]([^\0]+)", text):
            return match[1] if option == "azure-fleet" else PurePath(match[1]).name
    return ""


def merged(findings: Iterable[Json]) -> list[Json]:
    """The findings; those with the same text and VMs become one with the ids of all their checks, ``ids``."""
    groups: dict[tuple[object, ...], Json] = {}
    for finding in findings:
        key = (
            finding["status"],
            finding["message"],
            finding["root_cause"],
            tuple(finding["caused_by"]),
            tuple(finding["vms"]),
        )
        if key in groups:
            groups[key]["ids"].append(finding["id"])
            groups[key]["parameters"] += finding["parameters"]
        else:
            groups[key] = {**finding, "ids": [finding["id"]], "parameters": [*finding["parameters"]]}
    return [{**finding, "ids": list(dict.fromkeys(finding["ids"]))} for finding in groups.values()]


def overview(results: Json, lists: VmLists, rows: Sequence[Json] = ()) -> Json:
    """The variables of the templates; `rows` are the findings of the table."""
    readiness, drift, caps = Counter(vm["readiness"] for vm in results["vms"]), results["drift"], lists.caps
    actions = _Actions(results, lists)
    steps = _steps(results, actions)
    warned = [cause for step, cause in fix_order(results) if step is None]
    warnings = [actions.action(cause) for cause in warned[: caps.actions]]
    for cause in results["causes"][: caps.causes]:
        if cause["number"] not in lists.of_cause:
            lists.of_cause[cause["number"]] = lists.add(cause["vms"], 0).number
    findings = len(merged(results["findings"]))
    return {
        "results": results,
        "subtitle": _subtitle(results),
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
        "staircase": charts.staircase(steps, readiness["ready"], len(results["vms"])),
        "history": charts.history(results.get("history", ())),
        "warnings": warnings,
        "more": {
            "steps": len(results["plan"][caps.actions :]),
            "warnings": len(warned[caps.actions :]),
            "drift": len(drift[caps.actions :]),
        },
        "findings": min(findings, caps.findings),
        "left_out": max(0, findings - caps.findings),
        "rows": rows[: caps.no_script],
        "listed": _listed(results, caps.no_script),
        "drift": [_drift(entry, lists) for entry in drift[: caps.actions]],
        "changes": _changes(results.get("changes"), lists),
        "provenance": results.get("provenance"),
        "provenance_rows": caps.provenance_rows,
    }


def _listed(results: Json, most: int) -> list[Json]:
    """The first VMs with findings, with the steps of the plan that each needs: for readers without scripts."""
    vms = [{"name": vm["name"], "readiness": vm["readiness"], "steps": []} for vm in vms_by_readiness(results)[:most]]
    by_name = {vm["name"]: vm["steps"] for vm in vms}
    for number, (step, cause) in enumerate(fix_order(results), 1):
        for name in cause["vms"] if step else ():
            if name in by_name:
                by_name[name].append(f"fix {number}")
    return vms


def _steps(results: Json, actions: _Actions) -> list[Json]:
    """The steps of the plan, each with the number of VMs that are ready after it."""
    steps: list[Json] = []
    for step, cause in fix_order(results):
        if step is None or len(steps) == actions.caps.actions:
            break
        steps.append(
            {
                **actions.action(cause),
                "what": step["what"],
                "then": step["then"],
                "measured": step["measured"],
                "judgeable": len(step["judgeable"]),
                "unlocks": len(step["unlocks"]),
                "ready": step["ready"],
            }
        )
    return steps


class _Actions:
    """Converts causes to entries of the action list, and counts their common limits."""

    def __init__(self, results: Json, lists: VmLists) -> None:
        self.caps = lists.caps
        self._checks, self._lists = results["checks"], lists
        self._letters = lists.caps.letters_of_commands
        ids = (id for vm in results["vms"] for kind, id in vm["components"].items() if kind != "vm")
        self._places = places([*ids, *(cause["component"]["id"] for cause in results["causes"])])

    def action(self, cause: Json) -> Json:
        """A cause as an entry of the action list."""
        vms = self._lists.add(cause["vms"])
        self._lists.of_cause[cause["number"]] = vms.number
        commands = [fix["command"] for fix in cause["fix"]]
        more = commands[: self.caps.all_commands] if len(commands) > self.caps.commands else []
        while sum(map(len, more)) > self._letters:
            more = more[: len(more) // 2]
        self._letters -= sum(map(len, more))
        return {
            "cause": cause,
            "remedy": _beside(cause["remedy"], commands),
            "title": self._checks.get(cause["id"], {}).get("title", ""),
            "subject": component(cause) if cause["component"]["name"] else "",
            "place": self._places.get(cause["component"]["id"].lower(), ""),
            "vms": vms,
            "commands": cause["fix"][: self.caps.commands],
            "all_commands": "\n".join(more),
            "more_commands": len(commands) - len(more),
        }


def _beside(remedy: str, commands: Sequence[str]) -> str:
    """The remedy without its leading command: the commands are shown separately, for every VM."""
    first = one_line(commands[0]) if commands else ""
    rest = one_line(remedy)
    if first and rest.startswith(first):
        rest = rest.removeprefix(first).lstrip(" ;.")
        return rest[:1].upper() + rest[1:]
    return remedy


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
    groups: dict[tuple[str, ...], list[Json]] = {}
    for entry in entries:
        groups.setdefault((entry["id"], entry["was"], entry["now"]), []).append(entry)
    return sorted(groups.values(), key=lambda alike: -len({entry["vm"] for entry in alike}))


def _change(alike: Sequence[Json], lists: VmLists) -> Json:
    return {
        **alike[0],
        "parameters": list(dict.fromkeys(entry["parameter"] for entry in alike if entry["parameter"])),
        "vms": lists.add(list(dict.fromkeys(entry["vm"] for entry in alike))),
    }
