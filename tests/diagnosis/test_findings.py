"""Findings: results with the same message are one finding, and the worst come first."""

from __future__ import annotations

from typing import Any

from plugins.diagnosis.findings import FindingGroups


def result(id: str, status: str, message: str, parameter: str = "", *, by: tuple[str, ...] = ()) -> dict[str, Any]:
    common = {"severity": "required", "title": id, "remedy": "", "docs": ""}
    root = not by and status != "waived"
    return {"id": id, "status": status, "message": message, "parameter": parameter, "caused_by": [*by], "root_cause": root} | common  # fmt: skip


def findings(**vms: list[dict[str, Any]]) -> list[tuple[str, str, list[str], list[str]]]:
    groups = FindingGroups()
    for number, (name, results) in enumerate(vms.items()):
        groups.add({"name": name, "address": f"root@10.0.0.{number}:22", "results": results})
    return [(finding["id"], finding["message"], finding["parameters"], finding["vms"]) for finding in groups.findings()]


def test_the_same_words_but_for_names_and_numbers_are_one_finding() -> None:
    assert findings(
        a=[result("NET-001", "fail", "x of a: 403 at 10.0.0.0", "x"), result("NET-001", "fail", "y of a: 403 at 10.0.0.0", "y")],
        b=[result("NET-001", "fail", "x of b: 407 at 10.0.0.1", "x")],
    ) == [("NET-001", "x of a: 403 at 10.0.0.0", ["x", "y"], ["a", "b"])]  # fmt: skip


def test_another_status_another_cause_or_other_words_are_another_finding() -> None:
    vms = {
        "a": [result("VM-001", "fail", "Off.")],
        "b": [result("VM-001", "unknown", "Off.")],
        "c": [result("VM-001", "fail", "Off.", by=("SSH-001",))],
        "d": [result("VM-001", "fail", "Paused.")],
    }
    assert len(findings(**vms)) == 4


def test_the_worst_come_first_then_root_causes_then_those_on_most_vms() -> None:
    groups = findings(
        a=[
            result("VM-001", "waived", "w"),
            result("VM-002", "warn", "w"),
            result("VM-003", "unknown", "u"),
            result("VM-004", "fail", "follows", by=("VM-005",)),
            result("VM-005", "fail", "one"),
            result("VM-006", "fail", "two"),
        ],
        b=[result("VM-006", "fail", "two")],
    )
    assert [id for id, *_ in groups] == ["VM-006", "VM-005", "VM-004", "VM-003", "VM-002", "VM-001"]


def test_what_passes_does_not_apply_or_is_blocked_is_not_a_finding() -> None:
    assert findings(a=[result("VM-001", status, "m") for status in ("pass", "not applicable", "blocked")]) == []
