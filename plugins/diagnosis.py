"""From verdicts to root causes: which failure explains which.

A failed check is a *consequence* when one of its declared causes failed on the same VM (and, where both have it, for
the same parameter); otherwise it is a *root cause*. Blocked and unknown verdicts follow the check they wait for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from plugins.checks import Check
from plugins.model import Status, Verdict

__all__ = ["Diagnosis", "diagnose"]

#: The words that say something is wrong, or may be.
TROUBLE = frozenset({Status.FAIL, Status.WARN, Status.UNKNOWN, Status.BLOCKED})


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a verdict is on its VM: a root cause, or caused by the checks named, nearest first."""

    root_cause: bool
    caused_by: tuple[str, ...]


def diagnose(verdicts: Sequence[Verdict], checks: Mapping[str, Check]) -> list[Diagnosis]:
    """One `Diagnosis` for each of the verdicts of ONE VM, in their order."""
    by_id: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_id.setdefault(verdict.id, []).append(verdict)
    return [_one(verdict, by_id, checks) for verdict in verdicts]


def _one(verdict: Verdict, by_id: Mapping[str, Sequence[Verdict]], checks: Mapping[str, Check]) -> Diagnosis:
    if verdict.status not in TROUBLE:
        return Diagnosis(False, ())
    if verdict.status is Status.BLOCKED:
        return Diagnosis(False, verdict.needs)
    blamed = _blamed(verdict, checks[verdict.id], by_id)
    return Diagnosis(not blamed, blamed)


def _blamed(verdict: Verdict, check: Check, by_id: Mapping[str, Sequence[Verdict]]) -> tuple[str, ...]:
    """The declared causes that are failing here. A warning explains another warning, never a failure."""
    serious = {Status.FAIL} if verdict.status is Status.FAIL else {Status.FAIL, Status.WARN}
    return tuple(
        cause
        for cause in dict.fromkeys((*check.causes, *check.after))
        if any(each.status in serious for each in matching(by_id.get(cause, ()), verdict.parameter))
    )


def matching(candidates: Iterable[Verdict], parameter: str) -> list[Verdict]:
    """Of another check's verdicts, those about the same parameter; all of them when it has other parameters."""
    candidates = list(candidates)
    same = [each for each in candidates if parameter and each.parameter == parameter]
    return same or candidates
