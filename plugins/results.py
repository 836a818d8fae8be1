"""`results.json`: what a run found, as plain data. Every report is rendered from it and recomputes no verdict."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from plugins.checks import Check
from plugins.diagnosis import diagnose
from plugins.model import Evidence, Severity, Status, Verdict
from plugins.redact import redact

__all__ = ["AREAS", "SUITE_VERSION", "build", "order"]

VERSION = 1
SUITE_VERSION = "0.1.0"

#: The areas of the catalogue, in the order in which a person would look.
AREAS = (
    "SSH",
    "PLATFORM",
    "CLI",
    "VM",
    "CLOUDINIT",
    "CSN",
    "PROXY",
    "IMDS",
    "DNS",
    "NET",
    "IDENTITY",
    "ROLES",
    "TOKEN",
    "AGENT",
    "ENROLL",
)


def order(check_id: str) -> tuple[int, str]:
    """The sort key that puts check ids into catalogue order; areas of a user's own come last."""
    area = check_id.rpartition("-")[0]
    return (AREAS.index(area) if area in AREAS else len(AREAS), check_id)


def readiness(verdicts: Iterable[Verdict]) -> str:
    """One VM in one word: ``ready``, ``not ready`` or ``unknown``."""
    required = {each.status for each in verdicts if each.severity is Severity.REQUIRED}
    if Status.FAIL in required:
        return "not ready"
    return "unknown" if required & {Status.UNKNOWN, Status.BLOCKED} else "ready"


def build(
    *,
    run_id: str,
    started: float,
    finished: float,
    profile: str,
    arguments: Sequence[str],
    checks: Mapping[str, Check],
    evidence: Mapping[str, Evidence],
    verdicts: Mapping[str, Sequence[Verdict]],
) -> dict[str, Any]:
    """The results of a run. `verdicts` holds those of each VM, by VM name, in the fleet's order."""
    vms = [_vm(name, evidence[name], of_vm, checks) for name, of_vm in verdicts.items()]
    counts = Counter(str(each.status) for of_vm in verdicts.values() for each in of_vm)
    tally = Counter(vm["readiness"] for vm in vms)
    verdict = "not ready" if tally["not ready"] else "unknown" if tally["unknown"] or not vms else "ready"
    return {
        "version": VERSION,
        "run_id": run_id,
        "started": _stamp(started),
        "finished": _stamp(finished),
        "seconds": round(finished - started, 3),
        "verdict": verdict,
        "sentence": _sentence(len(vms), tally),
        "profile": profile,
        "arguments": [redact(each) for each in arguments],
        "versions": {
            "suite": SUITE_VERSION,
            "python": platform.python_version(),
            **{name: version(name) for name in ("pytest", "paramiko")},
        },
        "counts": {str(status): counts[str(status)] for status in Status},
        "checks": {
            check.id: {
                "title": check.title,
                "severity": str(check.base_severity),
                "area": check.area,
                "remedy": check.remedy,
                "docs": check.docs,
                "causes": list(check.causes),
                "after": list(check.after),
            }
            for check in sorted(checks.values(), key=lambda check: order(check.id))
        },
        "vms": vms,
        "causes": _causes(vms, checks),
    }


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _sentence(total: int, tally: Mapping[str, int]) -> str:
    """ "4 of 6 VMs are ready; 1 is not; 1 could not be judged." """
    ready, bad, unknown = (tally.get(word, 0) for word in ("ready", "not ready", "unknown"))
    if not total:
        return "No VM was judged."
    if ready == total:
        return "The VM is ready." if total == 1 else f"All {total} VMs are ready."
    if total == 1:
        return "The VM is not ready." if bad else "The VM could not be judged."
    parts = [f"{ready} of {total} VMs {'is' if ready == 1 else 'are'} ready"]
    if bad:
        parts.append(f"{bad} {'is' if bad == 1 else 'are'} not")
    if unknown:
        parts.append(f"{unknown} could not be judged")
    return "; ".join(parts) + "."


def _vm(name: str, evidence: Evidence, verdicts: Sequence[Verdict], checks: Mapping[str, Check]) -> dict[str, Any]:
    session = evidence.session
    diagnosed = zip(verdicts, diagnose(verdicts, checks), strict=True)
    used = {key for each in verdicts for key in each.probes}
    return {
        "name": name,
        "readiness": readiness(verdicts),
        "address": session.address,
        "session": {
            "outcome": session.outcome,
            "message": session.message,
            "remedy": session.remedy,
            "via": session.via,
            "seconds": session.seconds,
        },
        "tags": dict(evidence.vm.tags),
        "results": [
            {
                "id": each.id,
                "parameter": each.parameter,
                "status": str(each.status),
                "severity": str(each.severity),
                "message": redact(each.message),
                "remedy": redact(each.remedy),
                "root_cause": diagnosis.root_cause,
                "caused_by": list(diagnosis.caused_by),
                "nodeid": each.nodeid,
                "title": each.title,
                "docs": each.docs,
                "evidence": list(each.probes),
            }
            for each, diagnosis in diagnosed
        ],
        "evidence": {
            key: {k: v for k, v in asdict(seen).items() if k not in ("probe", "received")}
            for key, seen in evidence.seen.items()
            if key in used
        },
    }


def _causes(vms: Sequence[Mapping[str, Any]], checks: Mapping[str, Check]) -> list[dict[str, Any]]:
    """Root causes over the fleet: what keeps a VM back before what only warns, then the one with the most VMs first.

    The same check with the same message is the same cause.
    """
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for vm in vms:
        for each in vm["results"]:
            if not each["root_cause"]:
                continue
            key = (each["id"], each["parameter"], each["message"], each["status"])
            cause = found.setdefault(
                key,
                {
                    "id": each["id"],
                    "parameter": each["parameter"],
                    "status": each["status"],
                    "severity": each["severity"],
                    "message": each["message"],
                    "remedy": each["remedy"],
                    "vms": [],
                    "docs": checks[each["id"]].docs,
                },
            )
            cause["vms"].append(vm["name"])

    def place(cause: Mapping[str, Any]) -> tuple[Any, ...]:
        keeps_back = cause["severity"] == Severity.REQUIRED and cause["status"] != Status.WARN
        return (not keeps_back, -len(cause["vms"]), order(cause["id"]), cause["parameter"])

    return sorted(found.values(), key=place)
