"""``--history N``: the number of this run's VMs that were ready in the last runs, for the chart over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypedDict

from plugins.core.errors import InputError
from plugins.core.sanitize import case_text
from plugins.core.strict_json import checked
from plugins.evidence.archive import read_as, read_object
from plugins.evidence.layout import finished_runs
from plugins.judge.readiness import READINESS
from plugins.results.schema import FIELDS, VERSION

Json = Mapping[str, Any]


def history(results: Json, reports: Path, number: int) -> list[dict[str, Any]]:
    """The ``history`` of `results.json`: the last `number` runs, `results` the last of them, the oldest first.

    Each: ``{"run_id", "started", "vms": how many of this run's VMs it has, and of those "ready", "not ready", ...}``.
    Partial runs are not comparable and omitted, as are runs of other fleets and unreadable files. One
    file is held in memory at a time.
    """
    names = {vm["name"] for vm in results["vms"]}
    runs = [_entry(results, names)] if results["judged"]["complete"] else []
    for past in _earlier(results, reports):
        if len(runs) == number:
            break
        if past["version"] == VERSION and past["judged"]["complete"]:
            entry = _entry(past, names)
            runs += [entry] if entry["vms"] else []
    return runs[::-1]


class _Judged(TypedDict):
    complete: bool


class _Vm(TypedDict):
    name: str
    readiness: Literal["ready", "not ready", "unknown", "partial"]


class _Past(TypedDict):
    """The part of `results.json` that the chart over time needs."""

    version: int
    run_id: str
    started: str
    judged: _Judged
    vms: list[_Vm]


def _earlier(results: Json, reports: Path) -> Iterator[_Past]:
    """The runs in `reports` before this one, the newest first."""
    for run in finished_runs(reports):
        if run.name < results["run_id"]:
            path = run / "results.json"
            try:
                past = read_as(path, _Past, FIELDS) or checked(read_object(path), _Past)
                datetime.fromisoformat(past["started"])
                yield past
            except (InputError, ValueError):
                continue  # not the results of a run


def _entry(data: Json, names: set[str]) -> dict[str, Any]:
    counts = Counter(vm["readiness"] for vm in data["vms"] if vm["name"] in names)
    tally = {word: counts[word] for word in READINESS}
    return {"run_id": case_text(data["run_id"]), "started": data["started"], "vms": counts.total(), **tally}
