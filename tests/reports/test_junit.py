"""JUnit XML, read like a CI server."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from plugins.core.sanitize import harmless
from plugins.reports import junit
from tests.support.paths import DATA
from tests.support.report_builder import Json, fleet, run, saved, unreachable_without_its_check


@cache
def schema() -> xmlschema.XMLSchema10:
    return xmlschema.XMLSchema10(str(DATA / "schemas" / "junit-10.xsd"))


def written(results: Json, folder: Path) -> dict[str, TestSuite]:
    """The suites of the written file, by name."""
    junit.write(harmless(results), folder / "junit.xml")
    return {suite.name: suite for suite in JUnitXml.fromfile(str(folder / "junit.xml"))}


def case(suite: TestSuite, start: str) -> TestCase:
    (rows,) = [case for case in suite if case.name.startswith(start)]
    return rows


def properties(of: TestCase) -> dict[str, str]:
    element = of._elem
    return {p.get("name", ""): p.get("value", "") for p in element.iter("property")}


def test_one_suite_per_vm_and_one_case_per_result(tmp_path: Path) -> None:
    results = saved("six-vms")
    suites = written(results, tmp_path)
    assert list(suites) == [vm["name"] for vm in results["vms"]]
    assert {name: len(suite) for name, suite in suites.items()} == {
        vm["name"]: len(vm["results"]) for vm in results["vms"]
    }


def test_gitlab_tells_every_case_apart(tmp_path: Path) -> None:
    """docs.gitlab.com: cases with the same classname, name and file are duplicates, of which GitLab keeps only one."""
    results = fleet(12)
    junit.write(harmless(results), tmp_path / "junit.xml")
    cases = [
        (case.get("classname"), case.get("name"), case.get("file"))
        for case in ElementTree.parse(tmp_path / "junit.xml").iter("testcase")
    ]
    assert len(set(cases)) == len(cases) == sum(len(vm["results"]) for vm in results["vms"])
    assert {str(classname).rpartition(".")[0] for classname, _, _ in cases} == {vm["name"] for vm in results["vms"]}


def test_a_thousand_vms_stay_below_what_gitlab_reads(tmp_path: Path) -> None:
    results = fleet(1000)
    junit.write(harmless(results), tmp_path / "junit.xml")
    assert (tmp_path / "junit.xml").stat().st_size < 25_000_000
    root = ElementTree.parse(tmp_path / "junit.xml").getroot()
    cases = list(root.iter("testcase"))
    assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases)
    assert root.get("failures") == str(results["counts"]["fail"])
    assert sum(case.find("failure") is not None for case in cases) == results["counts"]["fail"]
    assert sum(case.find("error") is not None for case in cases) == results["counts"]["unknown"]
    named_only = [case for case in cases if str(case.get("classname")).endswith(".summary")]
    assert {(case.text, case.get("time"), *(child.tag for child in case)) for case in named_only} == {
        (None, "0.0"),
        (None, "0.0", "skipped"),
    }
    notes = [element.get("value") for element in root.iter("property") if element.get("name") == "note"]
    assert any(note and note.startswith("More than 200 VMs: ") for note in notes)


def test_the_totals_are_those_of_results_json(tmp_path: Path) -> None:
    results = saved("six-vms")
    suites = written(results, tmp_path).values()
    counts = results["counts"]
    assert sum(s.failures for s in suites) == counts["fail"]
    assert sum(s.errors for s in suites) == counts["unknown"]
    assert sum(s.skipped for s in suites) == counts["blocked"] + counts["not applicable"] + counts["waived"]
    assert sum(s.tests for s in suites) == sum(counts.values())


@pytest.mark.parametrize("name", ["six-vms", "hostile", "ready"])
def test_it_follows_jenkins_schema_but_for_what_is_known(name: str, tmp_path: Path) -> None:
    written(saved(name), tmp_path)
    tree = ElementTree.parse(tmp_path / "junit.xml")
    # The schema is of 2014. Properties of a test case, and how many were skipped in all, came later: pytest writes them
    # too.
    del tree.getroot().attrib["skipped"]
    for of_case in tree.iter("testcase"):
        of_case.remove(of_case[0])
    tree.write(tmp_path / "junit.xml")
    assert [error.reason for error in schema().iter_errors(str(tmp_path / "junit.xml"))] == []


def test_a_failure_says_what_was_seen_what_to_do_and_shows_the_evidence(tmp_path: Path) -> None:
    failed = case(written(saved("six-vms"), tmp_path)["web-02"], "PROXY-002 ")
    (failure,) = failed.result
    assert isinstance(failure, Failure)
    assert failed.classname == "web-02.PROXY"
    assert failure.message.startswith("no_proxy is `localhost,127.0.0.1`")
    assert "\n\nRemedy: Add `169.254.169.254` to NO_PROXY" in failure.text
    assert f"\n\nDocumentation: {properties(failed)['docs']}\n\n" in failure.text
    assert "$ curl --noproxy" in failure.text and "HTTP/1.1 403 Forbidden" in failure.text
    assert properties(failed) == {
        "id": "PROXY-002",
        "severity": "required",
        "status": "fail",
        "remedy": "Add `169.254.169.254` to NO_PROXY and no_proxy in /etc/environment, then log in again.",
        "docs": "https://learn.microsoft.com/azure/operator-nexus/"
        "troubleshoot-virtual-machines-arc-enroll-with-managed-identities",
    }


def test_a_parameter_is_part_of_the_name(tmp_path: Path) -> None:
    suite = written(saved("six-vms"), tmp_path)["db-01"]
    assert case(suite, "CSN-002 The cloud services network allows the endpoint [gbl.his.arc.azure.com]").is_failure


def test_a_warning_is_a_pass_with_its_message(tmp_path: Path) -> None:
    warned = case(written(saved("six-vms"), tmp_path)["db-01"], "SSH-003 ")
    assert warned.is_passed
    assert properties(warned)["status"] == "warn"
    assert "204 s behind" in warned.system_out and "Remedy: Start chrony" in warned.system_out


@pytest.mark.parametrize(
    ("vm", "start", "kind", "reason"),
    [
        ("db-02", "IMDS-002 ", "blocked", "Not judged: SSH-001"),
        ("web-01", "AGENT-001 ", "not applicable", "azcmagent is not installed"),
        ("cache-01", "PLATFORM-002 ", "waived", "Waived until 2026-12-31"),
    ],
)
def test_what_was_not_judged_is_skipped_with_its_reason(
    tmp_path: Path, vm: str, start: str, kind: str, reason: str
) -> None:
    (skipped,) = case(written(saved("six-vms"), tmp_path)[vm], start).result
    assert isinstance(skipped, Skipped)
    assert (skipped.type, skipped.message.startswith(reason)) == (kind, True)


def test_an_unreachable_vm_is_an_error(tmp_path: Path) -> None:
    (error,) = case(written(saved("six-vms"), tmp_path)["db-02"], "SSH-001 ").result
    assert isinstance(error, Error)
    assert error.message == "Nothing answered at 10.5.0.14:22 within 5 s: expected an SSH server."


def test_an_unreachable_vm_is_an_error_even_when_its_check_was_not_selected(tmp_path: Path) -> None:
    vm = unreachable_without_its_check("vm-x")
    suite = written(run([vm]), tmp_path)["vm-x"]
    assert (suite.errors, case(suite, "SSH-001 ").is_error) == (1, True)


def test_hostile_text_is_valid_xml_and_visible(tmp_path: Path) -> None:
    suites = written(saved("hostile"), tmp_path)
    assert len(suites) == 3
    text = (tmp_path / "junit.xml").read_text(encoding="utf-8")
    ElementTree.fromstring(text)
    assert r"\x1b[31mred" in text and r"\u202egnp.exe" in text and r"\ud800" in text
    (nasty,) = [suite for name, suite in suites.items() if name.startswith("nasty")]
    assert Counter(type(r).__name__ for c in nasty for r in c.result)["Failure"] == 5


def test_every_vm_of_a_big_fleet_is_there_once(tmp_path: Path) -> None:
    small = fleet(20)
    vms = [{**small["vms"][n % 20], "name": f"vm-{n:03}"} for n in range(200)]
    suites = written({**small, "vms": vms}, tmp_path)
    assert list(suites) == [vm["name"] for vm in vms]
    assert sum(suite.failures for suite in suites.values()) == 10 * small["counts"]["fail"]


EVERY = "".join(map(chr, [*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF]))
#: Of the two thousand surrogates a few.
FORBIDDEN = EVERY[:31] + EVERY[31::97] + EVERY[-3:]


def test_characters_that_xml_forbids_are_spelled_out_wherever_a_vm_could_have_put_them(tmp_path: Path) -> None:
    results = saved("six-vms")
    results["notes"], results["run_id"] = [EVERY], FORBIDDEN
    for vm in results["vms"]:
        vm["name"] += FORBIDDEN
        vm.update(address=FORBIDDEN, tags={FORBIDDEN: FORBIDDEN})
        vm["evidence"] = {key: {**seen, "stdout": FORBIDDEN} for key, seen in vm["evidence"].items()}
        for result in vm["results"]:
            result.update(message=FORBIDDEN, remedy=FORBIDDEN, title=FORBIDDEN, parameter=FORBIDDEN)
            result["nodeid"] = FORBIDDEN + result["nodeid"]
    suites = written(results, tmp_path)
    assert len(suites) == 6
    text = (tmp_path / "junit.xml").read_text(encoding="utf-8")
    assert not set(EVERY) & set(text)
    for escape in (r"\x00", r"\x0b", r"\ud800", r"\udfff", r"\ufffe", r"\uffff"):
        assert escape in text
