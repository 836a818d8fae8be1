"""`CheckReport` keeps every field when plugins serialize and deserialize pytest's reports."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec import NODEFAULT
from msgspec.structs import fields

from plugins.model import Severity, Status, Verdict
from plugins.pytest_adapter.loop import CheckReport

VERDICT = Verdict(
    id="NET-001",
    vm="vm-a",
    parameter="management.azure.com",
    status=Status.FAIL,
    severity=Severity.RECOMMENDED,
    message="It is not reached.",
    remedy="Let it through.",
    title="The endpoint is reached",
    docs="https://example.org/",
    nodeid="suites/test_net.py::test_reached[vm-a]",
    needs=("PROXY-003",),
    probes=("tunnel[management.azure.com]",),
    seconds=1.5,
    fix=("ssh vm-a true",),
    facts=(("curl", "8.5.0"),),
    component="csn",
    shared_cause="squid",
    action="Let {vms} through",
    item="eastus",
    caused_by=("CSN-002",),
)
ITEM = SimpleNamespace(
    id=VERDICT.nodeid, nodeid=VERDICT.nodeid, location=("suites/test_net.py", 6, "test_reached[vm-a]"), path=Path("net.py")
)  # fmt: skip


def written(verdict: Verdict) -> dict[str, Any]:
    report = CheckReport(cast(Any, ITEM), verdict, 1000.0, check=verdict.id, silent=True)
    data: dict[str, Any] = json.loads(json.dumps(report._to_json()))
    return data


def test_a_report_reads_as_it_was_written() -> None:
    data = written(VERDICT)
    report = pytest.TestReport._from_json(data)
    expected = {
        "nodeid": VERDICT.nodeid,
        "location": list(ITEM.location),
        "keywords": {},
        "outcome": "failed",
        "longrepr": "It is not reached.\nLet it through.",
        "when": "call",
        "user_properties": [],
        "sections": [],
        "duration": 1.5,
        "start": 1000.0,
        "stop": 1000.0,
    }
    assert {name: getattr(report, name) for name in expected} == expected
    assert data.keys() == {*expected, "verdict"}


def test_a_verdict_reads_as_it_was_written() -> None:
    for field in fields(Verdict):
        assert field.default is NODEFAULT or getattr(VERDICT, field.name) != field.default, field.name
        assert field.default_factory is NODEFAULT or getattr(VERDICT, field.name), field.name
    data = written(VERDICT)["verdict"]
    again: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
    again |= {"status": Status(data["status"]), "severity": Severity(data["severity"])}
    again["facts"] = tuple((fact, value) for fact, value in data["facts"])
    assert Verdict(**again) == VERDICT


def test_a_verdict_that_any_cause_may_explain_says_so() -> None:
    verdict = Verdict("NET-001", "vm-a", "", Status.PASS, Severity.REQUIRED, "It is reached.")
    assert written(verdict)["verdict"]["caused_by"] is None
