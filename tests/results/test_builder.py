"""`plugins.results.builder`: the parts of results.json besides the verdicts."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.checks.check import Check
from plugins.model import Evidence, Severity, SshSession, Status, Verdict, Vm
from plugins.requirements.profile_file import load_profile
from plugins.results.builder import ResultsBuilder
from plugins.results.coverage import Coverage
from plugins.results.schema import problems

HASHES = {"suites": "sha256:" + "a" * 64, "plugins": "sha256:" + "b" * 64}


def built(*vms: tuple[SshSession, list[Verdict]]) -> dict[str, Any]:
    checks = {id: Check(id, Severity.REQUIRED, id, "Do it.", "", (), (), {}) for id in ("SSH-001", "VM-001")}
    coverage = Coverage([Vm(f"vm-{number}") for number in range(len(vms))], load_profile("2510"))
    coverage.expect((checks[verdict.id], False) for _, verdicts in vms for verdict in verdicts)
    builder = ResultsBuilder(
        {id: checks[id] for _, verdicts in vms for id in (verdict.id for verdict in verdicts)}, coverage, len(vms)
    )
    for number, (session, verdicts) in enumerate(vms):
        builder.add(Evidence(Vm(f"vm-{number}", "10.0.0.4"), session, {}), verdicts, {})
    results = builder.results(
        run_id="r", started=0.0, finished=1.0, profile="2510", arguments=[], files=HASHES, calls=[]
    )
    assert problems(results) == []
    return results


def verdict(id: str, status: Status, message: str = "m") -> Verdict:
    return Verdict(id, "vm", "", status, Severity.REQUIRED, message, title=id, nodeid=f"suites/test_vm.py::{id}")


GONE = SshSession("timed out", "Nothing answered at 10.0.0.4:22.", "Check the address.")


def test_a_session_that_failed_is_a_result_when_the_check_for_it_was_not_selected() -> None:
    results = built((GONE, [verdict("VM-001", Status.UNKNOWN)]))
    first, second = results["vms"][0]["results"]
    assert (first["id"], first["status"], first["severity"]) == ("SSH-001", "unknown", "required")
    assert (first["message"], first["remedy"], first["root_cause"]) == (GONE.message, GONE.remedy, True)
    assert second["id"] == "VM-001"
    assert results["counts"]["unknown"] == 2
    assert [finding["id"] for finding in results["findings"]] == ["SSH-001", "VM-001"]


def test_a_session_without_a_message_says_how_it_ended() -> None:
    results = built((SshSession("lost"), [verdict("VM-001", Status.PASS)]))
    assert results["vms"][0]["results"][0]["message"] == "The SSH session ended with: lost."


@pytest.mark.parametrize(
    ("session", "verdicts"),
    [
        (GONE, [verdict("SSH-001", Status.UNKNOWN), verdict("VM-001", Status.PASS)]),
        (SshSession("ok"), [verdict("VM-001", Status.PASS)]),
    ],
    ids=["its check was judged", "it went well"],
)
def test_otherwise_a_session_is_not_a_result(session: SshSession, verdicts: list[Verdict]) -> None:
    (vm,) = built((session, verdicts))["vms"]
    assert [result["id"] for result in vm["results"]] == [verdict.id for verdict in verdicts]


def test_a_step_of_the_plan_states_the_action_and_its_effect() -> None:
    results = built((SshSession("ok"), [verdict("VM-001", Status.FAIL)]))
    (step,) = results["plan"]
    assert (step["what"], step["then"]) == ("Fix vm-0", "1 VM becomes ready.")
    assert step["sentence"] == "Fix vm-0 (VM-001): 1 VM becomes ready."
    assert results["forecast"] == "One fix makes the VM ready."
    assert built((SshSession("ok"), [verdict("VM-001", Status.PASS)]))["forecast"] == ""
