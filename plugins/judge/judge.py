"""Judges the checks of a run: each once, in any order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from plugins.checks.areas import ENROLL, REACHED
from plugins.core.sanitize import message_text
from plugins.evidence.archive import Archive
from plugins.judge.case import CheckCase
from plugins.judge.context import CheckContext, wants
from plugins.judge.evaluate import Outcome, evaluate_check
from plugins.judge.operator_command import for_operator
from plugins.judge.readiness import hindrance, skip
from plugins.judge.waivers import Waivers
from plugins.model import Evidence, ProbeResult, SshSession, Status, Verdict, Vm
from plugins.requirements.profile import Profile


class _VmState:
    """The cases of one VM, and their verdicts so far."""

    __slots__ = ("checks", "used", "verdicts")

    def __init__(self, cases: Sequence[CheckCase]) -> None:
        self.checks: dict[str, list[CheckCase]] = {}
        self.used: dict[str, ProbeResult] = {}  # the answers of Azure that checks read
        self.verdicts: dict[CheckCase, Verdict] = {}
        for case in cases:
            self.checks.setdefault(case.check.id, []).append(case)


class Judge:
    """Judges the selected checks of a run.

    It knows which checks were selected, so it can say that a check is *blocked* by another: one that its `requires`
    names, or SSH-001 when the VM was not reached.
    """

    def __init__(
        self,
        cases: Sequence[CheckCase],
        *,
        vms: Sequence[Vm],
        profile: Profile,
        archive: Archive | None,
        waivers: Waivers | None = None,
        ssh_config: Path | None = None,
    ) -> None:
        """`vms` is the fleet, `archive` its evidence; None when nothing is judged. `ssh_config` is for fixes."""
        self._profile, self._archive, self._ssh_config = profile, archive, ssh_config
        self._waivers = waivers or Waivers()
        self.context = CheckContext(archive, lambda: map(self.evidence, vms))
        self._cases: dict[str, list[CheckCase]] = {}
        self._states: dict[str, _VmState] = {}
        for case in cases:
            self._cases.setdefault(case.vm.name, []).append(case)
        self._early = _by_evidence_alone(cases)

    def verdict(self, case: CheckCase) -> Verdict:
        """The verdict on one check of one VM."""
        verdicts = self._state(case.vm).verdicts
        if (verdict := verdicts.get(case)) is None:
            verdict = verdicts[case] = self._judge(case)
        return verdict

    def evidence(self, vm: Vm) -> Evidence:
        """The evidence of a VM; without one, evidence with that outcome."""
        if self._archive is not None:
            if (evidence := self._archive.get(vm.name)) is not None:
                return evidence
            if vm.name in self._archive.damaged:
                return Evidence(vm, self._archive.damaged[vm.name])
        return Evidence(
            vm,
            SshSession(
                "not gathered",
                f"There is no evidence for {vm.name}.",
                "The run ended before this VM was visited, or its file was removed. Gather the evidence again.",
            ),
        )

    def release(self, vm: Vm) -> Evidence:
        """The evidence of a VM, with the answers of Azure that its checks read; forgets the VM's verdicts.

        A large fleet is judged one VM after the other.
        """
        state, evidence = self._states.pop(vm.name, None), self.evidence(vm)
        return replace(evidence, results=evidence.results | state.used) if state and state.used else evidence

    def fails_already(self, vm: Vm) -> bool:
        """True when a required check fails that needs only this VM's own evidence, which must exist.

        Verdicts are kept, so no check is judged twice. Called from the threads that visit VMs, each with its own VM.
        """
        checks = self._state(vm).checks
        verdicts = [self.verdict(case) for id in self._early for case in checks.get(id, ())]
        return any(verdict.status is Status.FAIL for verdict in verdicts)

    def _state(self, vm: Vm) -> _VmState:
        if (state := self._states.get(vm.name)) is None:
            state = self._states[vm.name] = _VmState(self._cases.get(vm.name, ()))
        return state

    def _judge(self, case: CheckCase) -> Verdict:
        evidence = self.evidence(case.vm)
        if stop := self._not_ready(case) or self._not_reached(case, evidence) or self._blocker(case):
            return self._verdict(case, stop)
        function, probes = case.function, case.probes
        context = self.context.arguments(function, probes, case.vm)
        parameters = {**case.parameters, **context} if context else case.parameters
        outcome = evaluate_check(case.check, function, probes, evidence, self._profile, parameters)
        if used := self.context.used(context):
            self._state(case.vm).used.update(used)
        seconds = max([evidence.results[key].seconds for key in outcome.keys if key in evidence.results], default=0.0)
        verdict = self._verdict(case, outcome, tuple(used), seconds)
        # Here, not in a report: a check that requires a waived one is then judged on its own evidence.
        return self._waivers.judge(verdict, case.vm)

    def _verdict(self, case: CheckCase, outcome: Outcome, used: tuple[str, ...] = (), seconds: float = 0.0) -> Verdict:
        """The outcome of a check, for its VM. `used` are the keys of Azure's answers that it read."""
        check = case.check
        return Verdict(
            id=check.id,
            vm=case.vm.name,
            parameter=case.parameter,
            status=outcome.status,
            severity=outcome.severity,
            message=message_text(outcome.message),
            remedy=message_text(outcome.remedy),
            title=check.title,
            docs=check.docs,
            nodeid=case.nodeid,
            needs=outcome.blocked_by,
            probes=outcome.keys + used,
            seconds=seconds,
            fix=tuple([for_operator(command, case.vm, self._ssh_config) for command in outcome.fix]),
            facts=tuple([(fact, message_text(value)) for fact, value in outcome.facts]),
            shared_cause=message_text(outcome.shared_cause),
            component=outcome.component or "",
            action=outcome.action,
            item=message_text(outcome.item),
            caused_by=outcome.caused_by,
        )

    def _uncalled(
        self,
        case: CheckCase,
        status: Status,
        message: str,
        remedy: str = "",
        *,
        blocked_by: tuple[str, ...] = (),
        shared_cause: str = "",
    ) -> Outcome:
        """The outcome of a check that was not called."""
        severity = case.check.grade({"vm": case.vm, "profile": self._profile, **case.parameters})
        return Outcome(status, message, remedy, severity, (), blocked_by=blocked_by, shared_cause=shared_cause)

    def _not_ready(self, case: CheckCase) -> Outcome | None:
        """For an ENROLL check of a VM that is not ready: it was not connected."""
        if case.check.area != ENROLL:
            return None
        others = (other for other in self._cases[case.vm.name] if other.check.area != ENROLL)
        cause = hindrance(map(self.verdict, others))
        return self._uncalled(case, Status.BLOCKED, skip(cause), blocked_by=(cause.id,)) if cause else None

    def _not_reached(self, case: CheckCase, evidence: Evidence) -> Outcome | None:
        """When the VM was not reached, or the session ended before this check's probes had answered."""
        session = evidence.session
        if session.outcome == "ok" or not case.probes or case.check.id == REACHED:
            return None
        keys = case.keys(self._profile)
        if all(key in evidence.results and evidence.results[key].state != "lost" for key in keys):
            return None
        if REACHED in self._state(case.vm).checks:
            message = f"Not judged: {REACHED}, {_lower(session.message)}"
            return self._uncalled(case, Status.BLOCKED, message, blocked_by=(REACHED,))
        return self._uncalled(case, Status.UNKNOWN, session.message, session.remedy, shared_cause=REACHED)

    def _blocker(self, case: CheckCase) -> Outcome | None:
        """When a check that this one needs did not pass."""
        for needed in case.check.requires:
            others = self._state(case.vm).checks.get(needed, ())
            same = [other for other in others if case.parameter and other.parameter == case.parameter]
            for other in same or others:
                word = _DID_NOT_PASS.get(self.verdict(other).status)
                if word:
                    named = f"{needed} ({other.parameter})" if other.parameter and not same else needed
                    message = f"Not judged: {named} {word}."
                    return self._uncalled(case, Status.BLOCKED, message, blocked_by=(needed,))
        return None


_DID_NOT_PASS = {Status.FAIL: "failed", Status.UNKNOWN: "is unknown", Status.BLOCKED: "is blocked itself"}


def _by_evidence_alone(cases: Iterable[CheckCase]) -> list[str]:
    """The checks that read neither Azure nor another VM, and that require no check that does."""
    checks = {case.check.id: case for case in cases}
    answers: dict[str, bool] = {}

    def alone(id: str) -> bool:
        if id not in answers:
            answers[id] = True  # ends the recursion for a check that requires itself
            case = checks.get(id)
            answers[id] = case is None or (
                case.check.area != ENROLL and not wants(case.function) and all(map(alone, case.check.requires))
            )
        return answers[id]

    return [id for id in checks if alone(id)]


def _lower(message: str) -> str:
    """A sentence with a lower-case beginning, to follow a comma (names and acronyms are unchanged)."""
    return message[:1].lower() + message[1:] if message[1:2].islower() else message
