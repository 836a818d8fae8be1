"""Readiness of a VM. No other module defines which statuses of which checks count.

A VM is *ready* when every required check was judged, and none failed, is unknown or is blocked; *not ready* when one
failed; *unknown* when one is unknown or blocked; else *partial*: the judged checks passed, and the run omitted some.
`Status` and `Severity` are texts, so all of this holds for verdicts and for the plain data of `results.json`.
"""

from __future__ import annotations

from collections.abc import Iterable

from plugins.checks.areas import ENROLL, area_of
from plugins.model import Severity, Status, Verdict

#: The words for a VM, worst first.
READINESS = ("not ready", "unknown", "partial", "ready")

#: The statuses of a required check that keep a VM from being ready, worst first.
_PREVENTS_READY = (Status.FAIL, Status.UNKNOWN, Status.BLOCKED)

#: The statuses without a judgement.
NOT_JUDGED: frozenset[str] = frozenset((Status.UNKNOWN, Status.BLOCKED))

#: The statuses that need attention, whatever the severity.
NEEDS_ATTENTION: frozenset[str] = frozenset((*_PREVENTS_READY, Status.WARN))


def prevents_ready(severity: str, status: str) -> bool:
    """True when a verdict with this severity and status keeps its VM from being ready."""
    return severity == Severity.REQUIRED and status in _PREVENTS_READY


def readiness(verdicts: Iterable[Verdict], *, complete: bool) -> str:
    """The readiness of one VM: a word of `READINESS`. `complete`: no required check of the catalogue was left out."""
    required = {verdict.status for verdict in verdicts if prevents_ready(verdict.severity, verdict.status)}
    return "not ready" if Status.FAIL in required else "unknown" if required else "ready" if complete else "partial"


def hindrance(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The verdict to name when a VM is not enrolled: what failed before what is unknown or blocked; catalogue order.

    The ENROLL checks do not count: they judge the enrollment itself.
    """
    reasons = [
        verdict
        for verdict in verdicts
        if prevents_ready(verdict.severity, verdict.status) and area_of(verdict.id) != ENROLL
    ]
    return min(reasons, key=lambda verdict: _PREVENTS_READY.index(verdict.status), default=None)


def skip(verdict: Verdict) -> str:
    """The sentence for a VM that is not enrolled because of `verdict`."""
    word = {Status.FAIL: "failed", Status.UNKNOWN: "is unknown", Status.BLOCKED: "is blocked"}[verdict.status]
    named = f"{verdict.id} ({verdict.parameter})" if verdict.parameter else verdict.id
    return f"Not connected, because the VM is not ready: {named} {word}."
