"""The judge: the checks that it reads for one verdict, and those that block it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, cast

from plugins.checks.check import (
    Check,
    blocked,
    check,
    check_of,
    fail,
    not_applicable,
    recommended,
    record_fact,
    required,
)
from plugins.evidence.archive import Archive
from plugins.judge.case import CheckCase
from plugins.judge.judge import Judge, _by_evidence_alone
from plugins.model import Evidence, Severity, SshSession, Status, Verdict, Vm
from plugins.requirements.profile import Profile
from tests.support.suite_rows import PROFILE


class Name(str):
    """A VM's name that counts its comparisons."""

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
    """With --enroll, 1,000 VMs have 3,000 more checks: reading the fleet's 57,000 checks for each is too slow."""
    mine = case("a", "ENROLL-001")
    fleet = [case(Name(f"vm{number}"), "IMDS-002") for number in range(100)]
    judge = Judge([mine, case("a", "IMDS-002"), *fleet], vms=[], profile=PROFILE, archive=None)
    failed = Verdict("IMDS-002", "a", "", Status.FAIL, Severity.REQUIRED, "It is so.")
    judge.verdict = lambda case: failed  # type: ignore[method-assign]
    Name.compared = 0
    declared = judge._not_ready(mine)
    assert declared is not None
    assert (declared.status, declared.blocked_by) == (Status.BLOCKED, ("IMDS-002",))
    assert declared.message == "Not connected, because the VM is not ready: IMDS-002 failed."
    assert Name.compared == 0


@dataclass(frozen=True)
class Case:
    """Plain data for the judge, instead of pytest's items."""

    vm: Vm
    function: Callable[..., str]
    parameter: str = ""
    nodeid: str = "suites/test_x.py::test_x[a]"
    probes: Mapping[str, Any] = field(default_factory=dict, hash=False)
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def check(self) -> Check:
        declared = check_of(self.function)
        assert declared is not None
        return declared

    def keys(self, profile: Profile) -> list[str]:
        return []


@check("VM-001", required, remedy="Make it.", docs="https://example.org/")
def exists(vm: Vm) -> str:
    """The VM exists."""
    return "It exists."


@check("VM-002", required, remedy="Go by VM-001.", docs="https://example.org/")
def waits(vm: Vm) -> str:
    """A check that detects itself that another one must be fixed first."""
    blocked("Not judged: NET-001 and IMDS-002 are named here, and neither blocks.", by="VM-001")


@check("VM-003", required, remedy="Fix it.", docs="https://example.org/")
def names(vm: Vm) -> str:
    """A check whose message names another one."""
    fail("It is wrong; see VM-001 and AGENT-002.")


@check("VM-004", required, remedy="Fix it.", docs="https://example.org/", requires=["VM-003"])
def behind(vm: Vm) -> str:
    """A check that requires another one."""
    return "It is well."


@check("VM-005", required, remedy="Fix it.", docs="https://example.org/", requires=["VM-006"])
def free(vm: Vm) -> str:
    """A check that requires one that does not apply."""
    return "It is well."


@check("VM-006", required, remedy="Fix it.", docs="https://example.org/")
def absent(vm: Vm) -> str:
    """A check that does not apply."""
    not_applicable("There is none.")


def test_the_blocking_check_is_read_from_a_field_not_from_the_message(tmp_path: Path) -> None:
    vm = Vm("a")
    cases = [Case(vm, function) for function in (exists, waits, names, behind, free, absent)]
    archive = Archive.create(tmp_path / "run", {"id": "run"}, [vm])
    archive.store(Evidence(vm, SshSession("ok"), {}, 1.0))
    judge = Judge(cases, vms=[vm], profile=PROFILE, archive=archive)
    verdicts = {case.check.id: judge.verdict(case) for case in cases}
    assert {id: (str(verdict.status), verdict.needs) for id, verdict in verdicts.items()} == {
        "VM-001": ("pass", ()),
        "VM-002": ("blocked", ("VM-001",)),
        "VM-003": ("fail", ()),
        "VM-004": ("blocked", ("VM-003",)),
        "VM-005": ("pass", ()),
        "VM-006": ("not applicable", ()),
    }
    assert verdicts["VM-004"].message == "Not judged: VM-003 failed."
    assert {verdict.seconds for verdict in verdicts.values()} == {0.0}, "no probe was read"
    assert {verdict.component for verdict in verdicts.values()} == {""}, "no check is declared to be of one"


def test_a_vm_without_evidence_is_unknown_and_never_passes(tmp_path: Path) -> None:
    vm = Vm("a")
    judge = Judge([], vms=[vm], profile=PROFILE, archive=Archive.create(tmp_path / "run", {"id": "run"}, [vm]))
    assert judge.evidence(vm).session.outcome == "not gathered"
    assert judge.evidence(vm).session.message == "There is no evidence for a."


@check("VM-003", required, remedy="Fix it.", docs="https://example.org/")
def odd(vm: Vm, number: int) -> str:
    """A check of a number, which fails for 1."""
    if number == 1:
        fail("It is odd.")
    return "It is even."


def test_what_blocks_a_parameter_is_the_check_of_the_same_parameter(tmp_path: Path) -> None:
    vm = Vm("a")
    cases = [
        *(Case(vm, odd, str(number), parameters={"number": number}) for number in (1, 2)),
        *(Case(vm, behind, text) for text in ("1", "2", "3", "")),
    ]
    archive = Archive.create(tmp_path / "run", {"id": "run"}, [vm])
    archive.store(Evidence(vm, SshSession("ok"), {}, 1.0))
    judge = Judge(cases, vms=[vm], profile=PROFILE, archive=archive)
    assert [judge.verdict(case).message for case in cases[2:]] == [
        "Not judged: VM-003 failed.",
        "It is well.",
        "Not judged: VM-003 (1) failed.",  # no check has this parameter, so all count
        "Not judged: VM-003 (1) failed.",
    ]


@check(
    "VM-007",
    lambda vm: recommended if vm.tags else required,
    remedy="Fix it.",
    docs="https://example.org/",
    requires=["VM-003"],
)
def graded(vm: Vm) -> str:
    """A check that is required on some VMs only."""
    return "It is well."


def test_a_check_that_was_not_called_has_the_severity_of_its_vm(tmp_path: Path) -> None:
    vms = [Vm("a"), Vm("b", tags={"lab": "yes"})]
    cases = [Case(vm, function) for vm in vms for function in (names, graded)]
    archive = Archive.create(tmp_path / "run", {"id": "run"}, vms)
    for vm in vms:
        archive.store(Evidence(vm, SshSession("ok"), {}, 1.0))
    judge = Judge(cases, vms=vms, profile=PROFILE, archive=archive)
    verdicts = [judge.verdict(case) for case in cases if case.function is graded]
    assert [(verdict.status, verdict.severity) for verdict in verdicts] == [
        (Status.BLOCKED, Severity.REQUIRED),
        (Status.BLOCKED, Severity.RECOMMENDED),
    ]


#: Hostile output: a secret, an escape sequence, a command for a CI server, a bidirectional control, and great length.
_SAID = "::error::password=hunter22 \x1b[31m ##vso[task.x] \u202e" + "x" * 5_000


@check("VM-007", required, remedy="Fix it.", docs="https://example.org/")
def repeats(vm: Vm) -> str:
    """A check that repeats the VM's output in every field of its outcome."""
    record_fact("a fact", _SAID)
    fail(_SAID, remedy=_SAID, shared_cause=_SAID, item=_SAID)


def test_every_text_of_a_verdict_is_harmless(tmp_path: Path) -> None:
    vm = Vm("a")
    archive = Archive.create(tmp_path / "run", {"id": "run"}, [vm])
    archive.store(Evidence(vm, SshSession("ok"), {}, 1.0))
    case = Case(vm, repeats)
    verdict = Judge([case], vms=[vm], profile=PROFILE, archive=archive).verdict(case)
    texts = {name: getattr(verdict, name) for name in ("message", "remedy", "shared_cause", "item")}
    for name, text in (*texts.items(), *verdict.facts):
        shown = text[:40]
        assert shown.startswith(": :error::password=<secret:"), (name, shown)
        assert [mark for mark in ("hunter22", "\x1b", "##vso", "\u202e") if mark in text] == [], name
        assert len(text) <= 4_002, name


def test_which_checks_are_judged_by_a_vms_evidence_alone() -> None:
    def azure_too(azure: object) -> str:
        return ""

    def declared(id: str, requires: tuple[str, ...] = (), function: Callable[..., str] = lambda: "") -> CheckCase:
        of = SimpleNamespace(id=id, area=id.partition("-")[0], requires=requires)
        return cast(CheckCase, SimpleNamespace(check=of, function=function))

    cases = [
        declared("SSH-001"),
        declared("VM-001", function=azure_too),
        declared("NET-001", ("SSH-001",)),
        declared("NET-002", ("SSH-001", "VM-001")),
        declared("NET-003", ("NET-002",)),
        declared("NET-004", ("IMDS-009",)),  # not selected
        declared("ENROLL-001"),
    ]
    assert _by_evidence_alone(cases) == ["SSH-001", "NET-001", "NET-004"]
    assert _by_evidence_alone(reversed(cases)) == ["NET-004", "NET-001", "SSH-001"]
