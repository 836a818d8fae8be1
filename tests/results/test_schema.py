"""The schema of results.json accepts the suite's results, and refuses any deviation."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable

import pytest
from jsonschema import Draft202012Validator

from plugins.model import Status
from plugins.results import schema
from tests.support import report_builder
from tests.support.paths import ROOT
from tests.support.report_builder import Json, saved

FIXTURES = {"six-vms": report_builder.six_vms, "hostile": report_builder.hostile}


@pytest.mark.parametrize("name", ["six-vms", "hostile", "ready"])
def test_the_fixtures_follow_the_schema(name: str) -> None:
    assert schema.problems(saved(name)) == []


@pytest.mark.parametrize("name", FIXTURES)
def test_the_saved_fixtures_are_what_the_builder_builds(name: str) -> None:
    assert saved(name) == FIXTURES[name](), "run: python -m tests.support.report_builder"


def first_result(results: Json) -> Json:
    result: Json = results["vms"][0]["results"][0]
    return result


MISTAKES: dict[str, tuple[Callable[[Json], object], str]] = {
    "another version": (lambda r: r.update(version=1), "version"),
    "an eighth word": (lambda r: first_result(r).update(status="skipped"), "vms[0].results[0].status"),
    "a verdict that is no verdict": (lambda r: r.update(verdict="fail"), "verdict"),
    "a key nobody reads": (lambda r: first_result(r).update(note="x"), "vms[0].results[0]"),
    "a missing key": (lambda r: first_result(r).pop("caused_by"), "vms[0].results[0]"),
    "a recommended check that fails": (
        lambda r: first_result(r).update(status="fail", severity="recommended"),
        "vms[0].results[0].severity",
    ),
    "an unknown that does not state why": (
        lambda r: first_result(r).update(status="unknown", message=""),
        "vms[0].results[0].message",
    ),
    "a passing root cause": (lambda r: first_result(r).update(root_cause=True), "vms[0].results[0].root_cause"),
    "a script as documentation": (
        lambda r: first_result(r).update(docs="javascript:alert(1)"),
        "vms[0].results[0].docs",
    ),
    "a count that is missing": (lambda r: r["counts"].pop("waived"), "counts"),
    "a local time": (lambda r: r.update(started="2026-11-21T22:15:00"), "started"),
    "a probe state": (
        lambda r: next(iter(r["vms"][0]["evidence"].values())).update(state="killed"),
        "vms[0].evidence.ssh_001.state",
    ),
    "a cause on no VM": (lambda r: r["causes"][0].update(vms=[]), "causes[0].vms"),
    "an id that is no id": (lambda r: r["causes"][0].update(id="imds-2"), "causes[0].id"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_by_its_place(mistake: str) -> None:
    change, place = MISTAKES[mistake]
    results = saved("six-vms")
    change(results)
    assert place in [problem.split(":")[0] for problem in schema.problems(results)]


def test_the_schema_knows_the_words_of_the_model() -> None:
    words = json.loads(schema.PATH.read_text(encoding="utf-8"))["$defs"]["status"]["enum"]
    assert sorted(words) == sorted(Status)


def test_the_schema_is_itself_valid() -> None:
    Draft202012Validator.check_schema(json.loads(schema.PATH.read_text(encoding="utf-8")))


def test_every_property_is_described_or_refers_to_what_is() -> None:
    definitions = json.loads(schema.PATH.read_text(encoding="utf-8"))["$defs"]
    undescribed = [
        f"{name}.{key}"
        for name in ("check", "vm", "result", "cause")
        for key, value in definitions[name]["properties"].items()
        if not {"description", "$ref"} & set(value) and key not in ("title", "message", "remedy", "parameter")
    ]
    assert undescribed == []


def test_the_sample_of_the_documentation_is_valid() -> None:
    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    (sample,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert schema.problems(json.loads(sample)) == []


FINDING = {"vm": "web-02", "id": "IMDS-002", "parameter": "", "was": "pass", "now": "fail", "message": "m"}
DECISIONS: Json = {
    "gate": {
        "policy": "98%",
        "passed": False,
        "exit": 10,
        "sentence": "GATE NOT PASSED (98%): ...",
        "rules": [{"rule": "98%", "passed": False, "sentence": "..."}],
    },
    "changes": {
        "against": "earlier",
        "sentence": "Since earlier: 1 new.",
        "new": [FINDING],
        "fixed": [],
        "persisting": [],
        "regressions": [{**FINDING, "was": ""}],
        "vms_added": ["web-02"],
        "vms_removed": [],
    },
    "waivers": [
        {
            "id": "IMDS-002",
            "vms": "web*",
            "parameter": "",
            "reason": "r",
            "owner": "o",
            "tracker": "t",
            "expires": "2026-12-31",
            "used": 1,
            "unused": False,
            "expiring_soon": True,
        }
    ],
}


def test_the_decisions_are_optional_and_follow_the_schema() -> None:
    assert schema.problems({**saved("six-vms"), **DECISIONS}) == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda r: r["gate"].update(exit=2), "gate.exit"),
        (lambda r: r["gate"].update(rules=[]), "gate.rules"),
        (lambda r: r["changes"]["new"][0].pop("was"), "changes.new[0]"),
        (lambda r: r["changes"]["new"][0].update(was="broken"), "changes.new[0].was"),
        (lambda r: r["changes"]["regressions"][0].update(now=""), "changes.regressions[0].now"),
        (lambda r: r["changes"].pop("regressions"), "changes"),
        (lambda r: r["waivers"][0].pop("owner"), "waivers[0]"),
        (lambda r: r["waivers"][0].update(expires="31.12.2026"), "waivers[0].expires"),
    ],
)
def test_a_mistake_in_the_decisions_is_named_by_its_place(change: Callable[[Json], object], place: str) -> None:
    results = {**saved("six-vms"), **copy.deepcopy(DECISIONS)}
    change(results)
    assert place in [problem.split(":")[0] for problem in schema.problems(results)]
