"""The judge's bench: what it looks at for one verdict."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, ClassVar, cast

from plugins.judge.judge import Bench
from plugins.model import Severity, Status, Verdict
from plugins.pytest_adapter.collection import CheckItem


class Name(str):
    """A VM's name that counts what it is compared with."""

    compared: ClassVar[int] = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        Name.compared += 1
        return str.__eq__(self, other)


def item(vm: str, check: str) -> CheckItem:
    declared = SimpleNamespace(id=check, area=check.partition("-")[0], requires=())
    return cast(CheckItem, SimpleNamespace(vm=SimpleNamespace(name=vm), check=declared, function=lambda: ""))


def test_enrolling_a_vm_looks_at_its_own_checks_only() -> None:
    """With --enroll there are three checks for each of 1000 VMs: looking at the fleet's 57,000 for each is too much."""
    mine = item("a", "ENROLL-001")
    fleet = [item(Name(f"vm{number}"), "IMDS-002") for number in range(100)]
    bench = Bench(cast(Any, SimpleNamespace(archive=None)), [mine, item("a", "IMDS-002"), *fleet])
    failed = Verdict("IMDS-002", "a", "", Status.FAIL, Severity.REQUIRED, "It is so.")
    bench.verdict = lambda item: failed  # type: ignore[method-assign]
    Name.compared = 0
    found = bench._unready(mine)
    assert found is not None
    assert found[:2] == (Status.BLOCKED, "Not connected, as the VM is not ready: IMDS-002 failed.")
    assert Name.compared == 0
