"""Compacted results are equivalent to complete ones: the same reports of both."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml

from plugins.core.errors import InputError
from plugins.core.sanitize import harmless
from plugins.gates import baseline as changes
from plugins.gates import policy as gate
from plugins.judge.waivers import Waiver, Waivers
from plugins.model import Vm
from plugins.reports import action_plan_csv as action_plan
from plugins.reports import ctrf, junit, prometheus, sarif, terminal
from plugins.reports import fixes_markdown as fix_page
from plugins.reports import fixes_script as fix_script
from plugins.reports import markdown_summary as markdown
from plugins.reports.html.data import core_and_chunks
from plugins.reports.html.page import VmLists, overview
from plugins.results.compact import of_vm
from plugins.results.schema import problems
from tests.support.paths import ROOT
from tests.support.pytest_process import run_pytest
from tests.support.report_builder import Json, run, saved, unreachable, vm
from tests.support.report_fleet import rollout

SENTENCE = "The fleet has more than 3 VMs: what passes or does not apply is named only."
WELL = ("pass", "not applicable")


def compacted(results: Json) -> Json:
    """The results in the form that `plugins.results.builder` writes for a very large fleet."""
    return {**results, "notes": [SENTENCE], "vms": [of_vm(vm) for vm in results["vms"]]}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Json:
    """The lab's recorded run, judged."""
    folder = tmp_path_factory.mktemp("recorded")
    command = ["-q", "-p", "no:cacheprovider", "--evidence=lab/recorded", f"--reports={folder}"]
    ended = run_pytest(*command, cwd=ROOT)
    path = folder / "latest" / "results.json"
    assert path.exists(), ended.stdout + ended.stderr
    results: Json = json.loads(path.read_bytes())
    return results


@pytest.fixture(params=["six-vms", "hostile", "ready", "rollout", "recorded"])
def whole(request: pytest.FixtureRequest) -> Json:
    if request.param == "recorded":
        return copy.deepcopy(request.getfixturevalue("recorded"))
    return rollout(60, extras=True) if request.param == "rollout" else saved(request.param)


def letters(results: Json) -> list[dict[str, str]]:
    """The letter of each check and parameter, for each VM of the page's matrix."""
    shown = harmless(results)
    lists = VmLists(shown)
    overview(shown, lists)
    core, _ = core_and_chunks(shown, lists)
    items = [" ".join([core["checks"][check]["id"], parameter]).strip() for check, parameter in core["items"]]
    return [{"vm": name, **dict(zip(items, text, strict=True))} for name, _, text, _ in core["vms"]]


def test_it_follows_the_schema(whole: Json) -> None:
    assert problems(compacted(whole)) == []


@pytest.mark.parametrize("report", [fix_page, fix_script, action_plan, prometheus, sarif])
def test_a_report_of_causes_is_the_same(whole: Json, report: Any) -> None:
    assert report.render(harmless(compacted(whole))) == report.render(harmless(whole))


def test_the_terminal_output_is_the_same_for_compact_results(whole: Json) -> None:
    assert terminal.summary_lines(harmless(compacted(whole))) == terminal.summary_lines(harmless(whole))


def test_the_summary_is_the_same_with_a_sentence_about_compact_results(whole: Json) -> None:
    lines = markdown.render(harmless(compacted(whole))).splitlines()
    assert lines.index(SENTENCE) == 4  # below the verdict
    assert "\n".join([*lines[:4], *lines[6:], ""]) == markdown.render(harmless(whole))


def test_the_page_shows_the_same_statuses_of_every_vm(whole: Json) -> None:
    assert letters(compacted(whole)) == letters(whole)


def test_the_page_shows_the_same_plan_findings_and_counts(whole: Json) -> None:
    def shown(results: Json) -> Json:
        lists = VmLists(harmless(results))
        lines = overview(results, lists)
        core, _ = core_and_chunks(harmless(results), lists)
        of_page = {key: core[key] for key in ("groups", "lists", "left", "causes", "steps")}
        return {**lines, "results": None, **of_page, "findings": results["findings"]}

    assert shown(compacted(whole)) == shown(whole)


def test_a_suite_of_junit_has_one_case_for_what_passes_and_one_for_what_does_not_apply(
    whole: Json, tmp_path: Path
) -> None:
    junit.write(harmless(whole), tmp_path / "whole.xml")
    junit.write(harmless(compacted(whole)), tmp_path / "compact.xml")
    document = JUnitXml.fromfile(str(tmp_path / "compact.xml"))
    suites = list(document)
    for suite, before, judged in zip(suites, JUnitXml.fromfile(str(tmp_path / "whole.xml")), whole["vms"], strict=True):
        assert (suite.name, suite.failures, suite.errors) == (before.name, before.failures, before.errors)
        counted = Counter(result["status"] for result in judged["results"])
        summed = [case.name for case in suite if case.classname.endswith(".summary")]
        passed, spared = counted["pass"], counted["not applicable"]
        assert summed == [
            *([f"{passed} check{'s' * (passed > 1)} passed"] if passed else []),
            *([f"{spared} check{'s do' if spared > 1 else ' does'} not apply"] if spared else []),
        ]
        assert suite.tests == len(list(suite))
        assert suite.skipped == sum(case.is_skipped for case in suite)
    total = (document.tests, document.failures, document.errors, document.skipped)
    assert total == tuple(sum(getattr(s, n) for s in suites) for n in ("tests", "failures", "errors", "skipped"))
    assert [[p.value for p in suite.properties() if p.name == "note"] for suite in suites] == [
        [SENTENCE],
        *[[]] * (len(suites) - 1),
    ]


def test_ctrf_sums_up_what_passes_and_what_does_not_apply(whole: Json) -> None:
    before, after = (json.loads("".join(ctrf.render(harmless(form))))["results"] for form in (whole, compacted(whole)))
    assert after["environment"]["extra"]["notes"] == [SENTENCE]
    assert [test for test in after["tests"] if test["rawStatus"] not in WELL] == [
        test for test in before["tests"] if test["rawStatus"] not in WELL
    ]
    statuses = Counter(test["status"] for test in after["tests"])
    assert {name: after["summary"][name] for name in statuses} == statuses
    assert after["summary"]["tests"] == len(after["tests"]) == len({test["id"] for test in after["tests"]})
    lines = Counter(test["rawStatus"] for test in before["tests"])
    for word in WELL:
        of_word = [test for test in after["tests"] if test["rawStatus"] == word]
        assert sum(int(test["name"].rpartition(": ")[2].split()[0]) for test in of_word) == lines[word]


def later() -> Json:
    """A later run than `earlier`: with fixed, new, removed, revealed and missing results."""
    results = rollout(60)
    results["run_id"] = "20261128T000000Z-later"
    for number, machine in enumerate(results["vms"]):
        for place, result in enumerate(machine["results"]):
            kind = (number * 7 + place * 3) % 29
            if kind == 1 and result["status"] != "pass":
                result.update(status="pass", root_cause=False, caused_by=[], remedy="")
            elif kind == 2:
                result.update(status="fail" if result["severity"] == "required" else "warn", root_cause=True)
            elif kind == 3:
                result.update(status="not applicable", root_cause=False)
            elif kind == 4:
                result.update(status="unknown", root_cause=True)
        del machine["results"][number % 40]  # missing: neither fixed nor new
        words = {result["status"] for result in machine["results"] if result["severity"] == "required"}
        machine["readiness"] = (
            "not ready" if "fail" in words else "unknown" if words & {"unknown", "blocked"} else "ready"
        )
    del results["vms"][11]
    return results


def compared(results: Json, before: Json, folder: Path) -> Json:
    (folder / "results.json").write_text(json.dumps(before))
    actual = changes.compare(results, changes.load(str(folder), folder))
    for name, entries in actual.items():
        if isinstance(entries, list) and entries and isinstance(entries[0], dict):
            calls = [{key: value for key, value in entry.items() if key != "message"} for entry in entries]
            actual[name] = sorted(calls, key=lambda entry: (entry["vm"], entry["id"], entry["parameter"]))
    return actual


Pairs = list[tuple[Json, Json, Json]]


@pytest.fixture(scope="module")
def pairs(three_runs: tuple[Json, Json, Json], tmp_path_factory: pytest.TempPathFactory) -> Pairs:
    """A run, the one before it, and their comparison in the complete form."""
    first, second, third = three_runs
    folder = tmp_path_factory.mktemp("pairs")
    return [(a, b, compared(b, a, folder)) for a, b in ((first, second), (second, third), (second, second))]


@pytest.fixture(scope="module")
def three_runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Json, Json, Json]:
    """Three runs, each compared with the one before it."""
    first, second, third = rollout(60), later(), rollout(60)
    second["changes"] = changes.compare(second, loaded(first, tmp_path_factory.mktemp("first")))
    return first, second, third


def loaded(results: Json, folder: Path) -> changes.Baseline:
    (folder / "results.json").write_text(json.dumps(results))
    return changes.load(str(folder), folder)


@pytest.mark.parametrize("now", [copy.deepcopy, compacted])
@pytest.mark.parametrize("before", [copy.deepcopy, compacted])
def test_the_changes_are_the_same(pairs: Pairs, now: Any, before: Any, tmp_path: Path) -> None:
    kinds = set()
    for earlier, this, expected in pairs:
        assert compared(now(this), before(earlier), tmp_path) == expected
        kinds |= {name for name, entries in expected.items() if entries}
    assert {"new", "fixed", "persisting", "regressions", "vms_added", "vms_removed"} <= kinds


def test_a_fixed_finding_has_todays_message(tmp_path: Path) -> None:
    before = run([vm("vm-a", {"IMDS-001": ("warn", "No answer."), "IMDS-002": ("fail", "It answered 503.")})])
    now = compacted(run([vm("vm-a", {"IMDS-001": ("not applicable", "There is no IMDS.")})]))
    now["checks"]["IMDS-002"]["title"] = "The IMDS sidecar is healthy"
    fixed = changes.compare(now, loaded(before, tmp_path))["fixed"]
    assert {entry["id"]: entry["message"] for entry in fixed} == {
        "IMDS-002": "The IMDS sidecar is healthy",
        "IMDS-001": "It does not apply.",
    }


@pytest.mark.parametrize(
    "left_out", [["PASS-001"], {"pass": "SSH-001"}, {"pass": 3}], ids=["a list", "a text", "a number"]
)
def test_results_that_are_compacted_wrongly_are_refused(left_out: Any, tmp_path: Path) -> None:
    results = compacted(saved("ready"))
    results["vms"][0]["left_out"] = left_out
    with pytest.raises(InputError, match="not the results of a run"):
        loaded(results, tmp_path)


def test_the_gate_decides_the_same(three_runs: tuple[Json, Json, Json], tmp_path: Path) -> None:
    first, second, _ = three_runs
    policy = gate.parse("90%,unknown=0,no-regressions", [Vm(vm["name"]) for vm in second["vms"]], baseline=True)

    def decided(now: Json, before: Json) -> Json:
        states = {vm["name"]: vm["readiness"] for vm in now["vms"]}
        return gate.evaluate(policy, gate.Facts(states, changes.compare(now, loaded(before, tmp_path))))

    expected = decided(second, first)
    assert decided(compacted(second), compacted(first)) == decided(second, compacted(first)) == expected


def waivers() -> Iterator[Waiver]:
    for check, vms in (("PLATFORM-002", "*"), ("CSN-003", "*"), ("SSH-001", "*"), ("CSN-001", "madrid-*")):
        yield Waiver(check, vms, "r", "o", "t", date(2026, 12, 31))


def test_the_waivers_did_the_same() -> None:
    results = rollout(61)  # the last VM is unreachable
    vms = [Vm(vm["name"]) for vm in results["vms"]]
    calls = [
        Waivers("w", tuple(waivers()), date(2026, 11, 21)).as_results(vms, form, True)
        for form in (results, compacted(results))
    ]
    assert calls[0] == calls[1]
    assert [(waiver["used"], waiver["unused"]) for waiver in calls[0]] == [
        (12, False),
        (0, True),
        (0, False),
        (0, True),
    ]


def test_a_session_that_ended_early_is_no_failure_when_its_check_passed(tmp_path: Path) -> None:
    results = run([vm("vm-a", {})])
    results["vms"][0]["session"]["outcome"] = "lost"
    junit.write(harmless(compacted(results)), tmp_path / "junit.xml")
    (suite,) = JUnitXml.fromfile(str(tmp_path / "junit.xml"))
    assert suite.errors == 0
    gone = run([unreachable("vm-a")])
    assert letters(compacted(gone)) == letters(gone)
