"""From verdicts to root causes: which failure explains which other failures.

A failed check is a *consequence* when one of its declared causes failed on the same VM (and, where both have it, for
the same parameter); otherwise it is a *root cause*. Blocked verdicts follow the check they wait for. Verdicts that
share a cause (curl is missing, Azure did not answer for the network) have one root cause, the most serious one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from plugins.checks.areas import REACHED
from plugins.checks.check import Check
from plugins.judge.readiness import NEEDS_ATTENTION
from plugins.model import Status, Verdict

_GRAVITY = {Status.FAIL: 0, Status.UNKNOWN: 1, Status.WARN: 2}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Classify a verdict on its VM: a root cause, or caused by the checks named, nearest first."""

    root_cause: bool
    caused_by: tuple[str, ...]


def diagnose(verdicts: Sequence[Verdict], checks: Mapping[str, Check]) -> list[Diagnosis]:
    """One `Diagnosis` for each of the verdicts of ONE VM, in their order."""
    by_id: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_id.setdefault(verdict.id, []).append(verdict)
    stopped_first: dict[str, str] = {}  # shared cause -> the check that represents it
    for verdict in sorted(
        (candidate for candidate in verdicts if candidate.shared_cause),
        key=lambda candidate: _GRAVITY.get(candidate.status, 3),
    ):
        stopped_first.setdefault(verdict.shared_cause, verdict.id)
    return [_one(verdict, by_id, checks, stopped_first) for verdict in verdicts]


def _one(
    verdict: Verdict,
    by_id: Mapping[str, Sequence[Verdict]],
    checks: Mapping[str, Check],
    stopped_first: Mapping[str, str],
) -> Diagnosis:
    if verdict.status not in NEEDS_ATTENTION:
        return Diagnosis(False, ())
    if verdict.status is Status.BLOCKED:
        return Diagnosis(False, verdict.needs)
    blamed = _blamed(verdict, checks[verdict.id], by_id) or _met_before(verdict, by_id, stopped_first)
    return Diagnosis(not blamed, blamed)


def _met_before(
    verdict: Verdict, by_id: Mapping[str, Sequence[Verdict]], stopped_first: Mapping[str, str]
) -> tuple[str, ...]:
    """The check that represents a shared cause: the one that it names, or the first of the most serious with it."""
    # A VM that was not reached has a result of SSH-001 even when the run did not select it.
    if verdict.shared_cause == REACHED or any(
        cause.status in NEEDS_ATTENTION for cause in by_id.get(verdict.shared_cause, ())
    ):
        return (verdict.shared_cause,)
    first = stopped_first.get(verdict.shared_cause, verdict.id)
    return (first,) if first != verdict.id else ()


def _blamed(verdict: Verdict, check: Check, by_id: Mapping[str, Sequence[Verdict]]) -> tuple[str, ...]:
    """The declared causes that fail on the VM. A warning explains another warning, never a failure."""
    serious = {Status.FAIL} if verdict.status is Status.FAIL else {Status.FAIL, Status.WARN}
    return tuple(
        cause
        for cause in dict.fromkeys((*check.caused_by, *check.requires))
        if (verdict.caused_by is None or cause in (*verdict.caused_by, *check.requires))
        and any(match.status in serious for match in matching(by_id.get(cause, ()), verdict.parameter))
    )


def matching(candidates: Iterable[Verdict], parameter: str) -> list[Verdict]:
    """Of another check's verdicts, those about the same parameter; all of them when it has other parameters."""
    candidates = list(candidates)
    same = [candidate for candidate in candidates if parameter and candidate.parameter == parameter]
    return same or candidates
