"""The judge's bench: verdicts of one run, each made once, in whatever order they are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from plugins.checks.areas import REACHED
from plugins.core.sanitize import message_text
from plugins.enrollment import enroll
from plugins.judge.context import Surroundings, wants
from plugins.judge.evaluate import judge
from plugins.judge.operator_command import for_operator
from plugins.model import Evidence, ProbeResult, Severity, SshSession, Status, Verdict, Vm
from plugins.pytest_adapter.collection import CheckItem
from plugins.pytest_adapter.run import Run

__all__ = ["BENCH", "Bench"]


class _Case:
    """What was made of one VM so far."""

    __slots__ = ("checks", "used", "verdicts")

    def __init__(self, items: Sequence[CheckItem]) -> None:
        self.checks: dict[str, list[CheckItem]] = {}
        self.used: dict[str, ProbeResult] = {}  # what checks looked at of Azure
        self.verdicts: dict[CheckItem, Verdict] = {}
        for item in items:
            self.checks.setdefault(item.check.id, []).append(item)


class Bench:
    """Judges the collected checks of a run.

    It knows which checks were selected, so it can say that a check is *blocked* by another: one that its `requires`
    names, or SSH-001 when the VM could not be looked at.
    """

    def __init__(self, run: Run, items: Sequence[CheckItem]) -> None:
        self._run = run
        self.surroundings = Surroundings(run.archive, lambda: map(self.evidence, run.vms))
        self._items: dict[str, list[CheckItem]] = {}
        self._cases: dict[str, _Case] = {}
        for item in items:
            self._items.setdefault(item.vm.name, []).append(item)
        self._early = self._by_evidence_alone(items)

    def verdict(self, item: CheckItem) -> Verdict:
        """The verdict on one check of one VM."""
        verdicts = self._case(item.vm).verdicts
        if (found := verdicts.get(item)) is None:
            found = verdicts[item] = self._judge(item)
        return found

    def close(self, vm: Vm) -> Evidence:
        """What was seen of a VM, with what its checks looked at of Azure; its verdicts are forgotten.

        A large fleet is judged one VM after the other.
        """
        case, evidence = self._cases.pop(vm.name, None), self.evidence(vm)
        return replace(evidence, seen=evidence.seen | case.used) if case and case.used else evidence

    def _case(self, vm: Vm) -> _Case:
        if (case := self._cases.get(vm.name)) is None:
            case = self._cases[vm.name] = _Case(self._items.get(vm.name, ()))
        return case

    def fails_already(self, vm: Vm) -> bool:
        """True when a required check fails that needs nothing but what this VM said; its evidence must be there.

        The verdicts are kept, so nothing is judged twice. Called from the threads that visit VMs, each with its own VM.
        """
        checks = self._case(vm).checks
        early = (item for id in self._early for item in checks.get(id, ()))
        verdicts = [self.verdict(item) for item in early]
        return any(each.status is Status.FAIL for each in verdicts)

    def _by_evidence_alone(self, items: Iterable[CheckItem]) -> list[str]:
        """The checks that neither Azure nor another VM has a say in, nor in a check that they come after."""
        checks = {item.check.id: item for item in items}
        known: dict[str, bool] = {}

        def alone(id: str) -> bool:
            if id not in known:
                known[id] = True  # a check that comes after itself would be nobody's
                item = checks.get(id)
                known[id] = item is None or (
                    item.check.area != enroll.AREA and not wants(item.function) and all(map(alone, item.check.requires))
                )
            return known[id]

        return [id for id in checks if alone(id)]

    def _judge(self, item: CheckItem) -> Verdict:
        evidence = self.evidence(item.vm)
        if (blocker := self._unready(item) or self._out_of_reach(item, evidence) or self._blocker(item)) is not None:
            return self._verdict(item, *blocker)
        around = self.surroundings.arguments(item.function, item.probes, item.vm)
        found = judge(
            item.check, item.function, item.probes, evidence, self._run.profile, {**item.parameters, **around}
        )
        used = self.surroundings.used(around)
        self._case(item.vm).used.update(used)
        keys = found.keys + tuple(used)
        # A check that blocks itself (TOKEN-004 when the agent is there) names what it waits for in its message.
        needs = tuple(re.findall(r"\b[A-Z]+-\d{3}\b", found.message)) if found.status is Status.BLOCKED else ()
        seconds = max((evidence.seen[key].seconds for key in found.keys if key in evidence.seen), default=0.0)
        verdict = self._verdict(item, found.status, found.message, found.remedy, found.severity, needs, keys, seconds)
        if found.fix or found.facts or found.shared_cause or found.component:
            fix = tuple(for_operator(each, item.vm, self._run.ssh_config) for each in found.fix)
            facts = tuple((fact, message_text(value)) for fact, value in found.facts)
            shared_cause = message_text(found.shared_cause)
            verdict = replace(verdict, fix=fix, facts=facts, shared_cause=shared_cause, component=found.component or "")
        # Here, and not in a report: what waits for a waived check is then judged on its own evidence.
        return self._run.decisions.waivers.judge(verdict, item.vm)

    def _verdict(
        self,
        item: CheckItem,
        status: Status,
        message: str,
        remedy: str = "",
        severity: Severity | None = None,
        needs: tuple[str, ...] = (),
        probes: tuple[str, ...] = (),
        seconds: float = 0.0,
    ) -> Verdict:
        check = item.check
        return Verdict(
            id=check.id,
            vm=item.vm.name,
            parameter=item.parameter,
            status=status,
            severity=severity or check.grade({"vm": item.vm, "profile": self._run.profile, **item.parameters}),
            message=message_text(message),
            remedy=message_text(remedy),
            title=check.title,
            docs=check.docs,
            nodeid=item.nodeid,
            needs=needs,
            probes=probes,
            seconds=seconds,
        )

    def evidence(self, vm: Vm) -> Evidence:
        """What was seen of a VM; when nothing was, evidence that says so."""
        try:
            return self._run.evidence[vm.name]
        except KeyError:
            return Evidence(
                vm,
                SshSession(
                    "not gathered",
                    f"There is no evidence of {vm.name}.",
                    "The run ended before this VM was visited, or its file was removed. Gather again.",
                ),
            )

    def _unready(self, item: CheckItem) -> tuple[Status, str, str, Severity | None, tuple[str, ...]] | None:
        """What to say of an ENROLL check when the VM is not ready: it was not connected."""
        if item.check.area != enroll.AREA:
            return None
        others = (each for each in self._items[item.vm.name] if each.check.area != enroll.AREA)
        stop = enroll.hindrance(map(self.verdict, others))
        return (Status.BLOCKED, enroll.skip(stop), "", None, (stop.id,)) if stop else None

    def _out_of_reach(
        self, item: CheckItem, evidence: Evidence
    ) -> tuple[Status, str, str, Severity | None, tuple[str, ...]] | None:
        """What to say when the VM was not looked at, or not long enough for this check."""
        session = evidence.session
        if session.outcome == "ok" or not item.probes or item.check.id == REACHED:
            return None
        if not any(key not in evidence.seen or evidence.seen[key].state == "lost" for key in item.keys(self._run)):
            return None
        if REACHED in self._case(item.vm).checks:
            return Status.BLOCKED, f"Not judged: {REACHED}, {_lower(session.message)}", "", None, (REACHED,)
        return Status.UNKNOWN, session.message, session.remedy, None, ()

    def _blocker(self, item: CheckItem) -> tuple[Status, str, str, Severity | None, tuple[str, ...]] | None:
        """What to say when a check that this one needs did not pass."""
        for needed in item.check.requires:
            others = self._case(item.vm).checks.get(needed, ())
            same = [each for each in others if item.parameter and each.parameter == item.parameter]
            for other in same or others:
                verdict = self.verdict(other)
                if verdict.status in (Status.FAIL, Status.UNKNOWN, Status.BLOCKED):
                    named = f"{needed} ({other.parameter})" if other.parameter and not same else needed
                    return Status.BLOCKED, f"Not judged: {named} {_word(verdict.status)}.", "", None, (needed,)
        return None


#: The bench of a session, from the end of its collection on.
BENCH = pytest.StashKey[Bench]()


def _lower(message: str) -> str:
    """A sentence's beginning, made fit to stand after a comma (names and acronyms stay as they are)."""
    return message[:1].lower() + message[1:] if message[1:2].islower() else message


def _word(status: Status) -> str:
    return {Status.FAIL: "failed", Status.UNKNOWN: "is unknown", Status.BLOCKED: "is blocked itself"}[status]
