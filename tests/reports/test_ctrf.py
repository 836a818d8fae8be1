"""ctrf.json against the format's own schema."""

from __future__ import annotations

import json
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from jsonschema import Draft7Validator, FormatChecker

from plugins.core.sanitize import harmless
from plugins.reports import ctrf
from tests.support.paths import DATA
from tests.support.report_builder import Json, run, saved, unreachable_without_its_check

SCHEMA = json.loads((DATA / "schemas" / "ctrf-schema-0.0.json").read_text(encoding="utf-8"))


def report(results: Json) -> Json:
    """The rendered report, as a valid document."""
    document: Json = json.loads("".join(ctrf.render(harmless(results))))
    problems = [
        error.message for error in Draft7Validator(SCHEMA, format_checker=FormatChecker()).iter_errors(document)
    ]
    assert problems == []
    return document


def entry(document: Json, name: str) -> Any:
    (rows,) = [test for test in document["results"]["tests"] if test["name"].startswith(name)]
    return rows


@pytest.mark.parametrize("name", ["six-vms", "hostile", "ready"])
def test_it_follows_the_schema(name: str) -> None:
    document = report(saved(name))
    assert document["specVersion"] == "0.0.0"


def test_the_schema_would_say_so() -> None:
    document = report(saved("ready"))
    document["results"]["tests"][0]["status"] = "warn"
    assert not Draft7Validator(SCHEMA).is_valid(document)


def test_the_summary_adds_up_to_results_json() -> None:
    results = saved("six-vms")
    counts, summary = results["counts"], report(results)["results"]["summary"]
    assert summary == {
        "tests": sum(counts.values()),
        "passed": counts["pass"] + counts["warn"],
        "failed": counts["fail"],
        "skipped": counts["blocked"] + counts["not applicable"] + counts["waived"],
        "other": counts["unknown"],
        "pending": 0,
        "suites": 6,
        "start": 1795299300000,
        "stop": 1795299312000,
    }


def test_a_failure_says_what_was_seen_and_what_to_do() -> None:
    failed = entry(report(saved("six-vms")), "web-02: PROXY-002 ")
    del failed["id"]
    assert failed == {
        "name": "web-02: PROXY-002 no_proxy exempts 169.254.169.254",
        "status": "failed",
        "rawStatus": "fail",
        "duration": 200,
        "suite": ["web-02"],
        "tags": ["required", "PROXY"],
        "filePath": "suites/test_proxy.py",
        "message": "no_proxy is `localhost,127.0.0.1`: curl 7.81 on this VM sends 169.254.169.254 to the proxy.",
        "extra": {
            "remedy": "Add `169.254.169.254` to NO_PROXY and no_proxy in /etc/environment, then log in again.",
            "docs": "https://learn.microsoft.com/azure/operator-nexus/troubleshoot-virtual-machines-arc-enroll-with-managed-identities",
            "root_cause": True,
            "caused_by": [],
        },
    }


@pytest.mark.parametrize(
    ("name", "status", "word"),
    [
        ("db-01: SSH-003 ", "passed", "warn"),
        ("db-02: SSH-001 ", "other", "unknown"),
        ("db-02: IMDS-002 ", "skipped", "blocked"),
        ("web-01: AGENT-001 ", "skipped", "not applicable"),
        ("cache-01: PLATFORM-002 ", "skipped", "waived"),
        ("db-01: CSN-002 [gbl.his.arc.azure.com] ", "failed", "fail"),
    ],
)
def test_a_word_and_its_outcome(name: str, status: str, word: str) -> None:
    actual = entry(report(saved("six-vms")), name)
    assert (actual["status"], actual["rawStatus"], bool(actual["message"])) == (status, word, True)


def test_a_test_has_the_same_id_in_every_run_and_no_other_test_has_it() -> None:
    first, second = saved("six-vms"), saved("six-vms")
    second.update(run_id="another", started="2026-11-22T00:00:00Z")
    ids = [test["id"] for test in report(first)["results"]["tests"]]
    assert ids == [test["id"] for test in report(second)["results"]["tests"]]
    assert len(set(ids)) == len(ids)
    assert report(first)["reportId"] != report(second)["reportId"]


def test_an_unreachable_vm_is_there_even_when_its_check_was_not_selected() -> None:
    vm = unreachable_without_its_check("vm-x")
    assert entry(report(run([vm])), "vm-x: SSH-001 ")["status"] == "other"


def test_results_that_are_only_named_are_one_test() -> None:
    vm = unreachable_without_its_check("vm-x") | {"left_out": {"pass": ["VM-001", "VM-002"]}}
    named = entry(report(run([vm])), "vm-x: 2 checks passed")
    del named["id"]
    assert named == {
        "name": "vm-x: 2 checks passed",
        "status": "passed",
        "rawStatus": "pass",
        "duration": 0,
        "suite": ["vm-x"],
    }


def test_what_cannot_be_seen_is_spelled_out() -> None:
    text = "".join(ctrf.render(harmless(saved("hostile"))))
    assert r"\\x1b[31mred" in text and r"\\u202egnp.exe" in text and r"\\ud800" in text
    assert not set("\x1b\u202e\u200b\ufeff") & set(text)
    text.encode("utf-8")


def test_ids_are_uuids_of_version_5() -> None:
    results = saved("six-vms")
    tests = report(results)["results"]["tests"]
    assert {UUID(test["id"]).version for test in tests} == {5}
    for number in range(16):
        assert ctrf._id("a", str(number)) == str(uuid5(NAMESPACE_URL, f"nexus-arc-readiness:a\n{number}"))
