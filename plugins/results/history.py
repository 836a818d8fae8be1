"""``--history N``: how many of this run's VMs were ready in the last runs, for the line over time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from plugins.core.errors import InputError
from plugins.evidence.archive import read_object
from plugins.judge.readiness import READINESS
from plugins.results.schema import VERSION

__all__ = ["history"]

Json = Mapping[str, Any]

#: The name of a run's directory; the link ``latest`` would count one run twice.
_RUN = re.compile(r"\d{8}T\d{6}Z-")


def history(results: Json, reports: Path, number: int) -> list[dict[str, Any]]:
    """The ``history`` of `results.json`: the last `number` runs, `results` the last of them, the oldest first.

    Each: ``{"run_id", "started", "vms": how many of this run's VMs it has, and of those "ready", "not ready", ...}``.
    Runs that left checks out are not comparable and left out, as are runs of other fleets and unreadable files. One
    file is held in memory at a time; one of 1,000 VMs takes a second or two to read.
    """
    names = {vm["name"] for vm in results["vms"]}
    runs = [_entry(results, names)] if results["judged"]["complete"] else []
    for data in _earlier(results, reports):
        if len(runs) == number:
            break
        try:
            entry = _entry(data, names) if data["version"] == VERSION and data["judged"]["complete"] is True else None
        except (AttributeError, KeyError, TypeError):
            continue  # not the results of a run
        if entry and entry["vms"]:
            runs.append(entry)
    return runs[::-1]


def _earlier(results: Json, reports: Path) -> Iterator[Json]:
    """The runs in `reports` before this one, the newest first: their names sort by time."""
    paths = [path for path in reports.glob("*/results.json") if _RUN.match(path.parent.name)]
    for path in sorted(paths, key=lambda path: path.parent.name, reverse=True):
        if path.parent.name < results["run_id"]:
            try:
                yield read_object(path)
            except InputError:
                continue


def _entry(data: Json, names: set[str]) -> dict[str, Any]:
    counts = Counter(str(vm["readiness"]) for vm in data["vms"] if vm["name"] in names)
    tally = {word: counts[word] for word in READINESS}
    return {"run_id": str(data["run_id"]), "started": str(data["started"]), "vms": counts.total(), **tally}
