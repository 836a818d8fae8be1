"""Results about the whole fleet: causes, plan, findings and drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plugins.diagnosis import drift, fix_plan
from plugins.diagnosis.findings import FindingGroups
from plugins.diagnosis.fleet_causes import Cause
from plugins.model import Severity, Status


def of_fleet(
    vms: Sequence[Mapping[str, Any]],
    causes: Sequence[Cause],
    findings: FindingGroups,
    ready: int,
    open_after: frozenset[str],
    incomplete: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """The fields of the results about the whole of `vms`; the other arguments are those of `fix_plan.steps`."""
    plan = fix_plan.steps(causes, ready, open_after, incomplete)
    return {
        "vms": vms,
        "causes": [cause.as_dict(number) for number, cause in enumerate(causes, 1)],
        "plan": plan,
        "forecast": fix_plan.forecast(plan, ready, len(vms)),
        "findings": findings.findings(),
        "drift": drift.find(vms),
    }


def still_open(vms: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """The VMs with required checks that were blocked: what they say is known only after a fix."""
    blocked = (Status.BLOCKED, Severity.REQUIRED)
    return frozenset(
        vm["name"] for vm in vms if any((row["status"], row["severity"]) == blocked for row in vm["results"])
    )
