"""``--against RUN``: the changes since an earlier run, the baseline.

::

    baseline    this run    listed as
    pass        fail        new
    fail        pass        fixed
    fail        fail        persisting

The lists contain root causes: otherwise one broken network would be a hundred new findings, of which ninety-nine vanish
with the first. So a *fixed* finding was a root cause, and the others are root causes now. A check that was blocked and
fails now is *persisting*: the problem most likely existed before. Waived findings are in no list; a check that only one
of the two runs judged is neither new nor fixed.

*Regressions* are for the gate: every required check that got worse, including consequences; the root causes of each VM
are named.

Either of the two runs may be compacted (`plugins.results.compact`): a result that is named only has the status that it
is named under.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict

from plugins.core.errors import InputError
from plugins.core.files import is_directory, is_file
from plugins.core.sanitize import case_text
from plugins.core.strict_json import check_version, checked
from plugins.core.wording import counted
from plugins.evidence.archive import read_as, read_object
from plugins.evidence.layout import RUN_NAME, finished_runs
from plugins.judge.readiness import NEEDS_ATTENTION, NOT_JUDGED
from plugins.model import Status
from plugins.results import compact
from plugins.results.schema import FIELDS, READABLE

LATEST = "latest"

_NOT_MET = NEEDS_ATTENTION - {Status.BLOCKED}
_GOOD = ("pass", "not applicable")
_LISTS = ("new", "fixed", "persisting")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Past:
    """A result of the baseline."""

    status: str
    root_cause: bool


@dataclass(frozen=True, slots=True)
class PastVm:
    """A VM of the baseline. Each mapping is by the names of results (`plugins.results.compact.name`)."""

    readiness: str
    not_good: Mapping[str, Past]
    good: Mapping[str, Past]  # VMs with the same good results share it

    def past(self, name: str) -> Past | None:
        """The result of a name; None when the baseline did not judge it."""
        return self.not_good.get(name) or self.good.get(name)

    @property
    def root_causes(self) -> frozenset[str]:
        """The names of the root causes: a change when they pass now."""
        return frozenset(name for name, past in self.not_good.items() if past.root_cause)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The part of the earlier run that a comparison needs."""

    run_id: str
    vms: Mapping[str, PastVm]


def load(option: str, reports: Path) -> Baseline:
    """The run that ``--against`` names: a run directory, its results.json, or the newest one in `reports`."""
    path = _newest(reports) if option == LATEST else Path(option)
    if is_directory(path):
        if not is_file(path / "results.json"):
            raise InputError(
                f"--against {option}: no results.json in it, so it is not a run directory (expected reports/<run-id>), "
                "or its run did not end (--evidence judges what was gathered)"
            )
        path /= "results.json"
    if not is_file(path):
        raise InputError(f"--against {option}: no such run directory or results.json")
    if (past := read_as(path, _Results, FIELDS)) is not None and past.get("version") in READABLE:
        return _baseline(past)
    data = read_object(path)
    if "version" in data and data["version"] not in READABLE:
        raise InputError(
            f"{path}: has the results format {data['version']!r:.20}, this suite reads versions "
            f"{' and '.join(map(str, READABLE))}. Judge that run's evidence again with --evidence, then compare."
        )
    try:
        check_version(data, *READABLE)
        return _baseline(checked(data, _Results))
    except ValueError as error:
        raise InputError(f"{path}: not the results of a run ({error})") from None


def _newest(reports: Path) -> Path:
    """The run that the link ``latest`` names, which is complete; without the link, the newest: run ids sort by time."""
    link = reports / LATEST
    if RUN_NAME.match(link.resolve().name) and (link / "results.json").is_file():
        return link.resolve()
    if not (runs := finished_runs(reports)):
        raise InputError(f"--against {LATEST}: no runs in {reports} yet. Run once without --against.")
    return runs[0]


class _Result(TypedDict):
    id: str
    parameter: str
    status: Status
    root_cause: bool


class _Vm(TypedDict):
    name: str
    readiness: Literal["ready", "not ready", "unknown", "partial"]
    results: list[_Result]
    left_out: NotRequired[dict[str, list[str]]]


class _Results(TypedDict):
    """The part of `results.json` that a comparison needs: the same in each version."""

    version: NotRequired[Any]
    run_id: str
    vms: list[_Vm]


def _baseline(data: _Results) -> Baseline:
    shared: dict[tuple[tuple[str, ...], ...], Mapping[str, Past]] = {}
    return Baseline(case_text(data["run_id"]), {vm["name"]: _past_vm(vm, shared) for vm in data["vms"]})


def _past_vm(vm: _Vm, shared: dict[tuple[tuple[str, ...], ...], Mapping[str, Past]]) -> PastVm:
    """A VM of the baseline; `shared` has the good results of those before it."""
    not_good: dict[str, Past] = {}
    good = {status: [*compact.left_out(vm).get(status, [])] for status in _GOOD}
    for result in vm["results"]:
        name = compact.name(result["id"], result["parameter"])
        status, root_cause = str(result["status"]), result["root_cause"]
        if status in good and not root_cause:
            good[status].append(name)
        else:
            not_good[name] = Past(status, root_cause)
    key = tuple(tuple(names) for names in good.values())
    if key not in shared:
        shared[key] = {name: Past(status, False) for status, names in good.items() for name in names}
    return PastVm(vm["readiness"], not_good, shared[key])


def compare(results: Json, baseline: Baseline) -> dict[str, Any]:
    """The changes of `results.json`."""
    lists: dict[str, list[dict[str, Any]]] = {name: [] for name in _LISTS}
    regressions: list[dict[str, Any]] = []
    for vm in results["vms"]:
        if (before := baseline.vms.get(vm["name"])) is None:
            continue
        regressions += _regressions(vm, before)
        for result in (*vm["results"], *_left_out(vm, before, results)):
            past = before.past(compact.name(result["id"], result["parameter"]))
            if past is not None and (place := _place(past, result)):
                lists[place].append(_entry(vm, result, past.status))
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
    """Omitted (compacted) results that were root causes before; the message of a pass is its title."""
    root_causes = before.root_causes if compact.left_out(vm) else ()
    for status, names in compact.left_out(vm).items():
        for name in (name for name in names if name in root_causes):
            id, _, parameter = name.partition(" ")
            title = results.get("checks", {}).get(id, {}).get("title", "")
            message = title if status == "pass" else "It does not apply."
            yield {"id": id, "parameter": parameter, "status": status, "root_cause": False, "message": message}


def _place(past: Past, result: Json) -> str:
    """The list for a finding; "" for none."""
    now = result["status"]
    if now in _NOT_MET and result["root_cause"]:
        worse = past.status in _GOOD or past.status == "waived" or (past.status == "warn" and now == "fail")
        return "new" if worse else "persisting"
    return "fixed" if now in _GOOD and past.status in _NOT_MET and past.root_cause else ""


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
    """The regressions of one VM: required checks, root causes first; or else why the VM is no longer ready."""
    required = [check for check in vm["results"] if check["severity"] == "required"]
    past = {(check["id"], check["parameter"]): _was(check, before) for check in required}
    worse = [check for check in required if _is_worse(past[check["id"], check["parameter"]], check["status"])]
    if not worse and before.readiness == "ready" and vm["readiness"] != "ready":
        worse = [check for check in required if check["status"] == "fail" or check["status"] in NOT_JUDGED]
    named = [check for check in worse if check["root_cause"]]
    named = named or [check for check in worse if check["status"] != "blocked"] or worse[:1]
    for result in named:
        yield _entry(vm, result, past[result["id"], result["parameter"]])


def _was(result: Json, before: PastVm) -> str:
    past = before.past(compact.name(result["id"], result["parameter"]))
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
