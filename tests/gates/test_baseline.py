"""`plugins.gates.baseline`: new, fixed and persisting findings since an earlier run, and regressions."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from plugins.core.errors import InputError
from plugins.gates.baseline import compare, load
from plugins.results.schema import VERSION, problems
from tests.support.report_builder import saved

Json = dict[str, Any]
#: A result: its id, its status, and whether it is a root cause (None: derived from the status).
Short = tuple[str, str] | tuple[str, str, bool]


def run(name: str, **vms: Sequence[Short]) -> Json:
    """Results of these VMs, with the fields that a comparison uses. Ids from VM-5.. are recommended."""
    return {"version": VERSION, "run_id": name, "vms": [_vm(vm, results) for vm, results in vms.items()]}


def _vm(name: str, shorts: Sequence[Short]) -> Json:
    results = []
    for id, status, *root in shorts:
        results.append(
            {
                "id": id,
                "parameter": "",
                "status": status,
                "severity": "recommended" if id >= "VM-500" else "required",
                "root_cause": root[0] if root else status in ("fail", "warn", "unknown"),
                "message": f"{id} is {status}.",
            }
        )
    words = {result["status"] for result in results if result["severity"] == "required"}
    readiness = "not ready" if "fail" in words else "unknown" if words & {"unknown", "blocked"} else "ready"
    return {"name": name, "readiness": readiness, "results": results}


@pytest.fixture
def against(tmp_path: Path) -> Callable[[Json, Json], Json]:
    """Compare, and save the changes in the later run, like a real run."""

    def _against(before: Json, now: Json) -> Json:
        (tmp_path / "results.json").write_text(json.dumps(before))
        now["changes"] = compare(now, load(str(tmp_path), tmp_path))
        actual: Json = now["changes"]
        return actual

    return _against


Against = Callable[[Json, Json], Json]
LISTS = ("new", "fixed", "persisting", "regressions")


def listed(changes: Json) -> dict[str, list[str]]:
    """The lists that are not empty: ``{"new": ["a VM-001"]}``."""
    return {name: [f"{change['vm']} {change['id']}" for change in changes[name]] for name in LISTS if changes[name]}


TABLE = [
    # was, now, list, a regression?
    ("pass", "pass", "", False),
    ("pass", "fail", "new", True),
    ("pass", "warn", "new", False),
    ("pass", "unknown", "new", True),
    ("not applicable", "fail", "new", True),
    ("warn", "fail", "new", True),
    ("waived", "fail", "new", True),
    ("waived", "waived", "", False),
    ("waived", "pass", "", False),
    ("fail", "pass", "fixed", False),
    ("warn", "not applicable", "fixed", False),
    ("unknown", "pass", "fixed", False),
    ("fail", "fail", "persisting", False),
    ("fail", "warn", "persisting", False),
    ("fail", "unknown", "persisting", True),
    ("unknown", "fail", "persisting", False),
    ("unknown", "unknown", "persisting", False),
    ("blocked", "fail", "persisting", False),  # it was hidden before
    ("blocked", "unknown", "persisting", False),
    ("blocked", "pass", "", False),
    ("pass", "blocked", "", True),
    ("fail", "blocked", "", True),
    ("fail", "waived", "", False),  # a waiver is not a fix
]


@pytest.mark.parametrize(("was", "now", "place", "worse"), TABLE, ids=[f"{was}-{now}" for was, now, _, _ in TABLE])
def test_one_check_in_two_runs(against: Against, was: str, now: str, place: str, worse: bool) -> None:
    changes = against(run("one", a=[("VM-001", was)]), run("two", a=[("VM-001", now)]))
    expected = {place: ["a VM-001"]} if place else {}
    assert listed(changes) == expected | ({"regressions": ["a VM-001"]} if worse else {})
    if place:
        assert changes[place] == [
            {"vm": "a", "id": "VM-001", "parameter": "", "was": was, "now": now, "message": f"VM-001 is {now}."}
        ]  # fmt: skip


def test_a_recommended_check_is_no_regression(against: Against) -> None:
    changes = against(run("one", a=[("VM-500", "pass")]), run("two", a=[("VM-500", "warn")]))
    assert listed(changes) == {"new": ["a VM-500"]}


def test_consequences_are_not_listed_their_root_cause_is(against: Against) -> None:
    well = [("VM-001", "pass"), ("VM-002", "pass"), ("VM-003", "pass")]
    broken: list[Short] = [("VM-001", "fail"), ("VM-002", "fail", False), ("VM-003", "blocked")]
    assert listed(against(run("one", a=well), run("two", a=broken))) == {
        "new": ["a VM-001"],
        "regressions": ["a VM-001"],
    }
    assert listed(against(run("one", a=broken), run("two", a=well))) == {"fixed": ["a VM-001"]}


def test_a_consequence_of_an_old_root_cause_is_a_regression_all_the_same(against: Against) -> None:
    before = run("one", a=[("VM-001", "fail"), ("VM-002", "pass"), ("VM-003", "pass")])
    now = run("two", a=[("VM-001", "fail"), ("VM-002", "fail", False), ("VM-003", "blocked")])
    assert listed(against(before, now)) == {"persisting": ["a VM-001"], "regressions": ["a VM-002"]}


def test_what_was_blocked_stands_for_itself_when_nothing_else_got_worse(against: Against) -> None:
    before = run("one", a=[("VM-001", "fail"), ("VM-002", "pass"), ("VM-003", "pass")])
    now = run("two", a=[("VM-001", "fail"), ("VM-002", "blocked"), ("VM-003", "blocked")])
    assert listed(against(before, now))["regressions"] == ["a VM-002"]


def test_what_only_one_run_judged_is_neither_new_nor_fixed(against: Against) -> None:
    before = run("one", a=[("VM-001", "fail"), ("VM-002", "fail")], b=[("VM-001", "pass")])
    now = run("two", a=[("VM-002", "fail"), ("VM-003", "fail")], c=[("VM-001", "fail")])
    changes = against(before, now)
    assert listed(changes) == {"persisting": ["a VM-002"]}
    assert (changes["vms_added"], changes["vms_removed"]) == (["c"], ["b"])
    assert changes["sentence"] == "Since one: 1 persisting; 1 VM added; 1 VM not visited in this run."


@pytest.mark.parametrize("now", ["fail", "unknown", "blocked"])
def test_a_vm_that_is_not_ready_any_more_is_a_regression_whichever_check_says_so(against: Against, now: str) -> None:
    before = run("one", a=[("VM-001", "pass")])
    changes = against(before, run("two", a=[("VM-001", "pass"), ("VM-002", now)]))
    assert changes["regressions"] == [
        {"vm": "a", "id": "VM-002", "parameter": "", "was": "", "now": now, "message": f"VM-002 is {now}."}
    ]
    # A VM that was not ready is not mentioned.
    before["vms"][0]["readiness"] = "unknown"
    assert against(before, run("two", a=[("VM-001", "pass"), ("VM-002", now)]))["regressions"] == []


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        (run("two", a=[("VM-001", "pass")]), "Since one: nothing changed; 1 VM not visited in this run."),
        (run("two", a=[("VM-001", "fail")], b=[("VM-001", "pass")]), "Since one: 1 new, 1 fixed."),
        (
            run("two", a=[("VM-001", "pass")], b=[("VM-001", "fail")], c=[], d=[]),
            "Since one: 1 persisting; 2 VMs added.",
        ),
    ],
)
def test_the_sentence(against: Against, now: Json, sentence: str) -> None:
    before = run("one", a=[("VM-001", "pass")], b=[("VM-001", "fail")])
    assert against(before, now)["sentence"] == sentence


# --- the baseline -------------------------------------------------------------------------------------------------


def test_a_run_is_named_by_its_directory_its_file_or_as_the_latest(tmp_path: Path) -> None:
    for name in ("20261120T221500Z-ab12", "20261121T221500Z-0000", "zz-of-mine"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "results.json").write_text(json.dumps(run(name, a=[("VM-001", "pass")])))
    (tmp_path / "20261122T221500Z-ffff").mkdir()  # this run has not finished
    (tmp_path / "latest").symlink_to("zz-of-mine")
    assert load("latest", tmp_path).run_id == "20261121T221500Z-0000"
    for path in ("latest", "zz-of-mine", "zz-of-mine/results.json"):
        assert load(str(tmp_path / path), tmp_path).run_id == "zz-of-mine"


NOT_A_RUN: list[tuple[Any, str]] = [
    ("{", "results.json: is not readable as JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1))"),
    ([], "results.json: expected an object, found list"),
    ({}, "results.json: not the results of a run (object missing required field version)"),
    ({"version": 1, "run_id": "r"}, "results.json: not the results of a run (object missing required field vms)"),
    ({"version": 3}, "results.json: has the results format 3, this suite reads versions 1 and 2. Judge that run's evidence again with --evidence, then compare."),
    ({"version": "2"}, "results.json: has the results format '2', this suite reads versions 1 and 2. Judge that run's evidence again with --evidence, then compare."),
    ({"version": 1, "vms": []}, "results.json: not the results of a run (object missing required field run_id)"),
    ({"version": 1, "vms": [], "run_id": 3}, "results.json: not the results of a run (run_id: expected str, got int)"),
    ({"version": 1, "vms": [{"name": ["a"], "readiness": "ready"}]}, "results.json: not the results of a run (vms[0].name: expected str, got array)"),
    ({"version": 1, "vms": {"a": {}}}, "results.json: not the results of a run (vms: expected array, got object)"),
    (run("one", a=[("VM-001", "fine")]), "results.json: not the results of a run (vms[0].results[0].status: invalid enum value 'fine')"),
    ({**run("one"), "vms": [{"name": "a", "readiness": "ready", "results": [{"status": "pass"}]}]}, "results.json: not the results of a run (vms[0].results[0]: object missing required field id)"),
    ({**run("one"), "vms": []} | {"vms": [3]}, "results.json: not the results of a run (vms[0]: expected object, got int)"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "error"), NOT_A_RUN)
def test_what_is_not_a_run_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: Any, error: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("results.json").write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(InputError) as caught:
        load("results.json", tmp_path)
    assert str(caught.value) == error


def test_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    for against, error in [
        ("nowhere", "--against nowhere: no such run directory or results.json"),
        ("empty", "--against empty: no results.json in it, so it is not a run directory (expected reports/<run-id>), or its run did not end (--evidence judges what was gathered)"),
        ("latest", "--against latest: no runs in reports yet. Run once without --against."),
    ]:  # fmt: skip
        with pytest.raises(InputError) as caught:
            load(against, Path("reports"))
        assert str(caught.value) == error


def test_the_changes_follow_the_schema(tmp_path: Path) -> None:
    before, now = saved("ready"), saved("six-vms")
    (tmp_path / "results.json").write_text(json.dumps(before))
    now["changes"] = compare(now, load(str(tmp_path), tmp_path))
    assert problems(now) == []
