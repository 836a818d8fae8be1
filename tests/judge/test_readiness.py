"""Readiness: the verdicts that keep a VM from being ready, and the one that is named."""

from __future__ import annotations

import pytest

from plugins.judge.readiness import NEEDS_ATTENTION, NOT_JUDGED, READINESS, hindrance, prevents_ready, readiness, skip
from plugins.model import Severity, Status, Verdict


def verdict(id: str, status: Status, severity: Severity = Severity.REQUIRED, parameter: str = "") -> Verdict:
    return Verdict(id, "a", parameter, status, severity, "It is so.")


WORDS = {
    Status.PASS: "ready",
    Status.FAIL: "not ready",
    Status.WARN: "ready",
    Status.UNKNOWN: "unknown",
    Status.BLOCKED: "unknown",
    Status.NOT_APPLICABLE: "ready",
    Status.WAIVED: "ready",
}


@pytest.mark.parametrize("status", Status)
def test_each_status_of_a_required_check_has_one_readiness(status: Status) -> None:
    assert readiness([verdict("VM-001", Status.PASS), verdict("NET-001", status)], complete=True) == WORDS[status]
    assert readiness([verdict("NET-001", status, Severity.RECOMMENDED)], complete=True) == "ready"
    assert prevents_ready("required", str(status)) is (WORDS[status] != "ready")
    assert not prevents_ready("recommended", str(status))


def test_a_failure_weighs_more_than_what_is_unknown() -> None:
    both = [verdict("VM-001", Status.UNKNOWN), verdict("NET-001", Status.FAIL)]
    assert readiness(both, complete=True) == "not ready"
    assert readiness([], complete=True) == "ready"
    assert {*WORDS.values(), "partial"} == set(READINESS)


@pytest.mark.parametrize("status", Status)
def test_a_vm_of_which_a_check_was_left_out_is_never_ready(status: Status) -> None:
    word = readiness([verdict("NET-001", status)], complete=False)
    assert word == ("partial" if WORDS[status] == "ready" else WORDS[status])


def test_the_lists_hold_for_plain_data_too() -> None:
    assert {"unknown", "blocked"} == NOT_JUDGED
    assert {"fail", "warn", "unknown", "blocked"} == NEEDS_ATTENTION


@pytest.mark.parametrize(
    ("status", "word"), [(Status.FAIL, "failed"), (Status.UNKNOWN, "is unknown"), (Status.BLOCKED, "is blocked")]
)
def test_a_required_check_hinders(status: Status, word: str) -> None:
    cause = hindrance([verdict("SSH-001", Status.PASS), verdict("NET-001", status, parameter="pas.windows.net")])
    assert cause is not None
    assert skip(cause) == f"Not connected, because the VM is not ready: NET-001 (pas.windows.net) {word}."


def test_a_failure_is_named_before_what_it_blocks() -> None:
    cause = hindrance([verdict("AGENT-004", Status.BLOCKED), verdict("NET-001", Status.FAIL)])
    assert cause is not None
    assert skip(cause) == "Not connected, because the VM is not ready: NET-001 failed."


def test_what_does_not_hinder() -> None:
    kind = [Status.PASS, Status.WARN, Status.NOT_APPLICABLE, Status.WAIVED]
    assert hindrance([verdict("NET-001", status) for status in kind]) is None
    assert hindrance([verdict("DNS-001", Status.UNKNOWN, Severity.RECOMMENDED)]) is None
    assert hindrance([verdict("ENROLL-001", Status.FAIL)]) is None
