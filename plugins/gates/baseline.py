"""``--against RUN``: what changed since an earlier run, the baseline.

::

    before it    baseline    this run    listed as
                 pass        fail        new
                 fail        pass        fixed
                 fail        fail        persisting
    fail         pass        fail        flapping: it went to and fro

A finding is in one list only. Listed are root causes, as everywhere: one broken network would otherwise be a hundred
new findings, of which ninety-nine go away with the first. So *fixed* is what was a root cause, and the others are what
is one now. What was blocked before and fails now is *persisting*: it came to light, and was most likely there all
along. What a waiver covers now is in none of the lists; what only one of the two runs judged is neither new nor fixed.

`history` holds the words of up to ten runs, each compared with the one before it. The baseline's own `changes` hand it
on; `carried` holds those of findings that are in no list at present.

*Regressions* are for the gate: whatever is worse about a required check, consequences too; of each VM the root causes
are named.

Either of the two may be a digest (`plugins.results.compact`): what it only names has the status it is named under.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from plugins.core.wording import counted
from plugins.evidence.archive import plainly, read_object
from plugins.judge.readiness import NEEDS_ATTENTION, NOT_JUDGED
from plugins.model import Status
from plugins.results import compact as digest

__all__ = ["HISTORY", "Baseline", "compare", "load"]

VERSION = 1  # of results.json
HISTORY = 10  # runs that a finding is followed over

LATEST = "latest"

_TROUBLE = NEEDS_ATTENTION - {Status.BLOCKED}
_GOOD = ("pass", "not applicable")
_LISTS = ("new", "fixed", "persisting", "flapping")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Past:
    """What a check said then."""

    status: str
    root_cause: bool


@dataclass(frozen=True, slots=True)
class PastVm:
    """What was known of a VM then. Each mapping is by what `plugins.results.compact` calls a result."""

    readiness: str
    told: Mapping[str, Past]  # what was not well
    well: Mapping[str, Past]  # the rest; VMs that were alike in it share it
    histories: Mapping[str, tuple[str, ...]]

    def past(self, name: str) -> Past | None:
        """What was said under a name; None when nothing was judged under it."""
        return self.told.get(name) or self.well.get(name)

    @property
    def worth_following(self) -> frozenset[str]:
        """The names of which there may be news when they are well now."""
        return frozenset(name for name, past in self.told.items() if past.root_cause).union(self.histories)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is kept in mind of the earlier run."""

    run_id: str
    vms: Mapping[str, PastVm]


def load(asked: str, reports: Path) -> Baseline:
    """The run that ``--against`` names: a run directory, its results.json, or the newest one in `reports`."""
    path = _newest(reports) if asked == LATEST else Path(asked)
    if path.is_dir():
        if not (path / "results.json").is_file():
            raise pytest.UsageError(
                f"--against {asked}: no results.json in it, so it is not a run directory (expected reports/<run-id>), "
                "or its run did not end (--evidence judges what was gathered)"
            )
        path /= "results.json"
    if not path.is_file():
        raise pytest.UsageError(f"--against {asked}: there is no such run directory or results.json")
    data = read_object(path)
    if "version" in data and data["version"] != VERSION:
        raise pytest.UsageError(
            f"{path}: has the results format {data['version']!r:.20}, this suite reads and writes {VERSION}. "
            "Compare with a run of this version: judge that run's evidence again with --evidence."
        )
    try:
        return _baseline(data)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise pytest.UsageError(f"{path}: not the results of a run ({plainly(error)})") from None


def _newest(reports: Path) -> Path:
    """Run ids sort by time; a run that did not end has no results, and `latest` is only another name of one."""
    runs = [path.parent for path in reports.glob("*/results.json") if re.match(r"\d{8}T\d{6}Z-", path.parent.name)]
    if not runs:
        raise pytest.UsageError(f"--against {LATEST}: there is no run in {reports} yet. Make one without --against.")
    return max(runs, key=lambda run: run.name)


def _baseline(data: Json) -> Baseline:
    """Raises AttributeError, KeyError, TypeError or ValueError on data that is not of a run."""
    if data["version"] != VERSION:
        raise ValueError("it has another format")
    histories: dict[str, dict[str, tuple[str, ...]]] = {}
    changes = data.get("changes", {})
    for each in (each for name in (*_LISTS, "carried") for each in changes.get(name, ())):
        name = digest.name(_text(each, "id"), _text(each, "parameter"))
        histories.setdefault(_text(each, "vm"), {})[name] = tuple(map(str, map(Status, each["history"])))
    alike: dict[tuple[tuple[str, ...], ...], Mapping[str, Past]] = {}
    vms = {_text(vm, "name"): _past_vm(vm, histories.get(vm["name"], {}), alike) for vm in data["vms"]}
    return Baseline(_text(data, "run_id"), vms)


def _past_vm(
    vm: Json,
    histories: Mapping[str, tuple[str, ...]],
    alike: dict[tuple[tuple[str, ...], ...], Mapping[str, Past]],
) -> PastVm:
    """A VM of the baseline; `alike` has what is well on those before it."""
    told: dict[str, Past] = {}
    well = {word: _texts(digest.left_out(vm).get(word, [])) for word in _GOOD}
    for result in vm["results"]:
        name = digest.name(_text(result, "id"), _text(result, "parameter"))
        status, root_cause = str(Status(result["status"])), result["root_cause"] is True
        if status in well and not root_cause:
            well[status].append(name)
        else:
            told[name] = Past(status, root_cause)
    key = tuple(tuple(names) for names in well.values())
    if key not in alike:
        alike[key] = {name: Past(word, False) for word, names in well.items() for name in names}
    return PastVm(_text(vm, "readiness"), told, alike[key], histories)


def _text(data: Json, key: str) -> str:
    if not isinstance(data[key], str):
        raise TypeError(f"{key!r} is no text")
    return str(data[key])


def _texts(data: object) -> list[str]:
    if not isinstance(data, list) or not all(isinstance(each, str) for each in data):
        raise TypeError("'left_out' is not made of lists of texts")
    return [*data]


def compare(results: Json, baseline: Baseline) -> dict[str, Any]:
    """The changes of `results.json`."""
    lists: dict[str, list[dict[str, Any]]] = {name: [] for name in (*_LISTS, "carried")}
    regressions: list[dict[str, Any]] = []
    for vm in results["vms"]:
        if (before := baseline.vms.get(vm["name"])) is None:
            continue
        regressions += _regressions(vm, before)
        for result in (*vm["results"], *_left_out(vm, before, results)):
            name = digest.name(result["id"], result["parameter"])
            if (past := before.past(name)) is None:
                continue
            if not (past.root_cause or result["root_cause"] or name in before.histories):
                continue
            history = _history(past, before.histories.get(name, ()), result["status"])
            if place := _place(past, result, history):
                entry = _entry(vm, result, past.status)
                lists[place].append({**entry, "history": list(history)})
    names = {vm["name"] for vm in results["vms"]}
    added = [vm["name"] for vm in results["vms"] if vm["name"] not in baseline.vms]
    removed = [name for name in baseline.vms if name not in names]
    return {
        "against": baseline.run_id,
        "sentence": _sentence(baseline.run_id, {name: len(lists[name]) for name in _LISTS}, len(added), len(removed)),
        **lists,
        "regressions": regressions,
        "vms_added": added,
        "vms_removed": removed,
    }


def _left_out(vm: Json, before: PastVm, results: Json) -> Iterator[Json]:
    """What a digest only names and there may be news of, as results: of a check that is well its title is told."""
    if not (names := before.worth_following if digest.left_out(vm) else ()):
        return
    for status, left_out in digest.left_out(vm).items():
        for name in left_out:
            if name in names:
                id, _, parameter = name.partition(" ")
                title = results.get("checks", {}).get(id, {}).get("title", "")
                told = title if status == "pass" else "It does not apply."
                yield {"id": id, "parameter": parameter, "status": status, "root_cause": False, "message": told}


def _history(past: Past, before: tuple[str, ...], now: str) -> tuple[str, ...]:
    if not before or before[-1] != past.status:
        before = (past.status,)
    return (*before, now)[-HISTORY:]


def _flips(history: Iterable[str]) -> int:
    """How often it changed between trouble and good; what was blocked or waived says neither."""
    sides = [word in _TROUBLE for word in history if word in _TROUBLE or word in _GOOD]
    return sum(before != after for before, after in pairwise(sides))


def _place(past: Past, result: Json, history: Sequence[str]) -> str:
    """The list that a finding belongs to; "" when there is nothing to remember of it."""
    now = result["status"]
    here = now in _TROUBLE and result["root_cause"]
    if (here or now in _GOOD) and _flips(history) > 1:
        return "flapping"
    if here:
        worse = past.status in _GOOD or past.status == "waived" or (past.status == "warn" and now == "fail")
        return "new" if worse else "persisting"
    if now in _GOOD and past.status in _TROUBLE and past.root_cause:
        return "fixed"
    return "carried" if _TROUBLE.intersection(history) else ""


def _entry(vm: Json, result: Json, was: str) -> dict[str, Any]:
    return {
        "vm": vm["name"],
        "id": result["id"],
        "parameter": result["parameter"],
        "was": was,
        "now": result["status"],
        "message": result["message"],
    }


def _regressions(vm: Json, before: PastVm) -> Iterator[dict[str, Any]]:
    """What is worse on one VM: of required checks, root causes first; or else why the VM is not ready any more."""
    required = [each for each in vm["results"] if each["severity"] == "required"]
    past = {(each["id"], each["parameter"]): _was(each, before) for each in required}
    worse = [each for each in required if _is_worse(past[each["id"], each["parameter"]], each["status"])]
    if not worse and before.readiness == "ready" and vm["readiness"] != "ready":
        worse = [each for each in required if each["status"] == "fail" or each["status"] in NOT_JUDGED]
    named = [each for each in worse if each["root_cause"]]
    named = named or [each for each in worse if each["status"] != "blocked"] or worse[:1]
    for each in named:
        yield _entry(vm, each, past[each["id"], each["parameter"]])


def _was(result: Json, before: PastVm) -> str:
    past = before.past(digest.name(result["id"], result["parameter"]))
    return past.status if past else ""


def _is_worse(was: str, now: str) -> bool:
    if not was or was in NOT_JUDGED:
        return False
    return now in NOT_JUDGED or (now == "fail" and was != "fail")


def _sentence(run_id: str, counts: Mapping[str, int], added: int, removed: int) -> str:
    """ "Since 20261120T221500Z-ab12: 3 new, 1 fixed, 5 persisting; 2 VMs added." """
    parts = [f"{count} {name}" for name, count in counts.items() if count]
    changed = ", ".join(parts) or "nothing changed"
    fleet = [f"{counted(added, 'VM')} added"] if added else []
    fleet += [f"{counted(removed, 'VM')} not visited in this run"] if removed else []
    return f"Since {run_id}: {'; '.join([changed, *fleet])}."
