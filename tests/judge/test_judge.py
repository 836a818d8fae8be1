"""The judge: which checks it looks at for one verdict."""

from __future__ import annotations

from types import SimpleNamespace
from typing import ClassVar, cast

from plugins.judge.case import CheckCase
from plugins.judge.judge import Judge
from plugins.model import Severity, Status, Verdict
from tests.support.suite_rows import PROFILE


class Name(str):
    """A VM's name that counts what it is compared with."""

    compared: ClassVar[int] = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        Name.compared += 1
        return str.__eq__(self, other)


def case(vm: str, check: str) -> CheckCase:
    declared = SimpleNamespace(
        id=check, area=check.partition("-")[0], requires=(), grade=lambda known: Severity.REQUIRED
    )
    return cast(
        CheckCase, SimpleNamespace(vm=SimpleNamespace(name=vm), check=declared, function=lambda: "", parameters={})
    )


def test_enrolling_a_vm_looks_at_its_own_checks_only() -> None:
    """With --enroll there are three checks for each of 1000 VMs: looking at the fleet's 57,000 for each is too much."""
    mine = case("a", "ENROLL-001")
    fleet = [case(Name(f"vm{number}"), "IMDS-002") for number in range(100)]
    judge = Judge([mine, case("a", "IMDS-002"), *fleet], vms=[], profile=PROFILE, archive=None)
    failed = Verdict("IMDS-002", "a", "", Status.FAIL, Severity.REQUIRED, "It is so.")
    judge.verdict = lambda case: failed  # type: ignore[method-assign]
    Name.compared = 0
    found = judge._not_ready(mine)
    assert found is not None
    assert (found.status, found.blocked_by) == (Status.BLOCKED, ("IMDS-002",))
    assert found.message == "Not connected, as the VM is not ready: IMDS-002 failed."
    assert Name.compared == 0
