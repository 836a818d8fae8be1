"""Which failure explains which other one."""

from __future__ import annotations

import pytest

from plugins.checks.check import Check, required
from plugins.diagnosis.root_cause import Diagnosis, diagnose
from plugins.model import Severity, Status, Verdict


def check(id: str, caused_by: tuple[str, ...] = (), requires: tuple[str, ...] = ()) -> Check:
    return Check(id, required, "title", "remedy", "https://example.org", requires, caused_by, {})


CHECKS = {
    declared.id: declared
    for declared in (
        check("SSH-001", caused_by=("VM-001",)),
        check("VM-001"),
        check("CSN-002"),
        check("PROXY-003"),
        check("NET-001", caused_by=("CSN-002", "PROXY-003")),
        check("NET-003", caused_by=("NET-001",), requires=("NET-001",)),
    )
}


def verdict(id: str, status: str, parameter: str = "", needs: tuple[str, ...] = (), shared_cause: str = "") -> Verdict:
    return Verdict(
        id, "vm", parameter, Status(status), Severity.REQUIRED, "message", needs=needs, shared_cause=shared_cause
    )


ROOT = Diagnosis(True, ())


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([verdict("NET-001", "pass")], [Diagnosis(False, ())]),
        ([verdict("NET-001", "not applicable")], [Diagnosis(False, ())]),
        ([verdict("NET-001", "fail")], [ROOT]),
        ([verdict("PROXY-003", "fail"), verdict("NET-001", "fail", "a")], [ROOT, Diagnosis(False, ("PROXY-003",))]),
        # the cause is about another endpoint than the failure
        (
            [verdict("CSN-002", "fail", "b"), verdict("CSN-002", "pass", "a"), verdict("NET-001", "fail", "a")],
            [ROOT, Diagnosis(False, ()), ROOT],
        ),
        ([verdict("CSN-002", "fail", "a"), verdict("NET-001", "fail", "a")], [ROOT, Diagnosis(False, ("CSN-002",))]),
        # both causes failed: in the declared order
        (
            [verdict("PROXY-003", "fail"), verdict("CSN-002", "fail", "a"), verdict("NET-001", "fail", "a")],
            [ROOT, ROOT, Diagnosis(False, ("CSN-002", "PROXY-003"))],
        ),
        # a warning explains a warning, but never a failure
        ([verdict("PROXY-003", "warn"), verdict("NET-001", "fail", "a")], [ROOT, ROOT]),
        ([verdict("PROXY-003", "warn"), verdict("NET-001", "warn", "a")], [ROOT, Diagnosis(False, ("PROXY-003",))]),
        # the check that blocks it is the cause; a blocked check is never a root cause
        (
            [verdict("SSH-001", "unknown"), verdict("NET-001", "blocked", "a", needs=("SSH-001",))],
            [ROOT, Diagnosis(False, ("SSH-001",))],
        ),
        # curl is missing: one root cause for all checks that need it
        (
            [
                verdict("PROXY-003", "unknown", shared_cause="no curl"),
                verdict("NET-001", "unknown", "a", shared_cause="no curl"),
                verdict("NET-003", "unknown", "a", shared_cause="no openssl"),
            ],
            [ROOT, Diagnosis(False, ("PROXY-003",)), ROOT],
        ),
        # ... and the same check for several endpoints is one cause already (plugins.diagnosis.fleet_causes)
        (
            [
                verdict("NET-001", "unknown", "a", shared_cause="no curl"),
                verdict("NET-001", "unknown", "b", shared_cause="no curl"),
            ],
            [ROOT, ROOT],
        ),
        # a shared cause that is itself a check, if that check failed
        (
            [verdict("PROXY-003", "fail"), verdict("NET-003", "unknown", "a", shared_cause="PROXY-003")],
            [ROOT, Diagnosis(False, ("PROXY-003",))],
        ),
        (
            [verdict("PROXY-003", "pass"), verdict("NET-003", "unknown", "a", shared_cause="PROXY-003")],
            [Diagnosis(False, ()), ROOT],
        ),
        # ... and SSH-001 always, because results have it even if the run did not select it
        ([verdict("NET-001", "unknown", "a", shared_cause="SSH-001")], [Diagnosis(False, ("SSH-001",))]),
        # a failure explains an unknown: a VM that is off does not answer
        (
            [
                verdict("SSH-001", "unknown"),
                verdict("VM-001", "fail"),
                verdict("NET-001", "blocked", "a", needs=("SSH-001",)),
            ],
            [Diagnosis(False, ("VM-001",)), ROOT, Diagnosis(False, ("SSH-001",))],
        ),
        # `requires` explains, too
        ([verdict("NET-001", "fail", "a"), verdict("NET-003", "fail", "a")], [ROOT, Diagnosis(False, ("NET-001",))]),
    ],
)
def test_root_causes_and_consequences(verdicts: list[Verdict], expected: list[Diagnosis]) -> None:
    assert diagnose(verdicts, CHECKS) == expected
