"""`ctrf.json`, in the Common Test Report Format: one test per VM and result, for the tools that read it.

CTRF has five outcomes, the suite seven statuses; the status itself is in ``rawStatus``::

    pass, warn                              passed
    fail                                    failed
    unknown                                 other
    blocked, not applicable, waived         skipped, with the reason
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from uuid import NAMESPACE_URL

from plugins.checks.areas import area_of
from plugins.core.sanitize import Harmless, one_line
from plugins.reports.queries import Json, seconds, subject, summaries

#: The version of the specification of these fields.
SPECIFICATION = "0.0.0"

_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

_OUTCOME = {
    "pass": "passed",
    "warn": "passed",
    "fail": "failed",
    "unknown": "other",
    "blocked": "skipped",
    "not applicable": "skipped",
    "waived": "skipped",
}

#: Keys of `results.json` that the report repeats.
_ABOUT = ("verdict", "sentence", "run_id", "profile")


def render(results: Harmless) -> Iterator[str]:
    """`results` as CTRF, one VM at a time, because a fleet has many tests."""
    statuses = Counter(result["status"] for vm in results["vms"] for result in vm["results"])
    statuses.update(status for vm in results["vms"] for status, _ in summaries(vm))
    outcomes: Counter[str] = Counter()
    for status, number in statuses.items():
        outcomes[_OUTCOME[status]] += number
    report = {
        "reportFormat": "CTRF",
        "specVersion": SPECIFICATION,
        "reportId": _id("run", results["run_id"]),
        "timestamp": results["finished"],
        "generatedBy": f"nexus-arc-readiness {results['versions']['suite']}",
        "results": {
            "tool": {"name": "pytest", "version": results["versions"]["pytest"]},
            "summary": {
                "tests": outcomes.total(),
                **{status: outcomes[status] for status in ("passed", "failed", "pending", "skipped", "other")},
                "suites": len(results["vms"]),
                "start": _milliseconds(results["started"]),
                "stop": _milliseconds(results["finished"]),
            },
            "tests": [],
            "environment": {
                "reportName": "Azure Arc readiness",
                "healthy": results["verdict"] == "ready",
                "extra": {name: results[name] for name in _ABOUT}
                | ({"notes": results["notes"]} if results["notes"] else {}),
            },
        },
    }
    before, begin, after = _ENCODE(report).partition('"tests":[')
    yield before + begin
    comma = ""
    for vm in results["vms"]:
        name = one_line(vm["name"])
        tests = [
            *(_test(name, vm, result) for result in vm["results"]),
            *(_summary(name, vm, *summary) for summary in summaries(vm)),
        ]
        if tests:
            yield comma + _ENCODE(tests)[1:-1]
            comma = ","
    yield f"{after}\n"


def _test(name: str, vm: Json, result: Json) -> Json:
    test = {
        "id": _id(result["id"], result["parameter"], vm["name"]),
        "name": f"{name}: {one_line(subject(result))} {one_line(result['title'])}",
        "status": _OUTCOME[result["status"]],
        "rawStatus": result["status"],
        "duration": round((seconds(vm, result) or 0.0) * 1000),
        "suite": [name],
        "tags": [result["severity"], area_of(result["id"])],
    }
    if module := result["nodeid"].partition("::")[0]:
        test["filePath"] = one_line(module)
    if result["status"] != "pass":
        test["message"] = result["message"]
    if result["status"] in ("fail", "warn", "unknown", "blocked"):
        test["extra"] = {
            "remedy": result["remedy"],
            "docs": result["docs"],
            "root_cause": result["root_cause"],
            "caused_by": result["caused_by"],
        }
    return test


def _summary(name: str, vm: Json, status: str, sentence: str) -> Json:
    """The test in place of the results of a VM that are listed by name only."""
    return {
        "id": _id(status, vm["name"]),
        "name": f"{name}: {sentence}",
        "status": _OUTCOME[status],
        "rawStatus": status,
        "duration": 0,
        "suite": [name],
    }


def _id(*parts: str) -> str:
    """The same identifier in every run for the same test: `uuid.uuid5` in a third of its time."""
    name = "nexus-arc-readiness:" + "\n".join(parts)
    digits = hashlib.sha1(NAMESPACE_URL.bytes + name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


def _milliseconds(stamp: str) -> int:
    return round(datetime.fromisoformat(stamp).timestamp() * 1000)
