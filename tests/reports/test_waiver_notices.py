"""The sentences about waivers, and the place of gate and changes on the terminal."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.core.sanitize import harmless
from plugins.reports import terminal
from plugins.reports import waiver_notices as decisions
from tests.support.report_builder import saved


def waiver(id: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": id,
        "vms": "web*",
        "parameter": "",
        "reason": "r",
        "owner": "anna",
        "tracker": "CHG-1",
        "expires": "2026-12-31",
        "used": 1,
        "unused": False,
        "expiring_soon": False,
        **changes,
    }


def test_without_waivers_there_are_no_warnings() -> None:
    assert list(decisions.waiver_warnings(saved("six-vms"))) == []


def test_the_sentences_stand_below_the_verdict() -> None:
    results = saved("six-vms")
    results["gate"] = {
        "passed": True,
        "exit": 0,
        "sentence": "GATE PASSED (unknown=1): 1 of 6 VMs could not be judged.",
    }
    results["changes"] = {"sentence": "Since earlier: 1 new."}
    results["waivers"] = [
        waiver("IMDS-002"),
        waiver("IMDS-003", expiring_soon=True),
        waiver("NET-001", parameter="*.azure.com", used=0, unused=True, expiring_soon=True),
    ]
    assert terminal.summary_lines(harmless(results), 200)[1:5] == [
        ("GATE PASSED (unknown=1): 1 of 6 VMs could not be judged.", {"bold": True, "green": True}),
        ("Since earlier: 1 new.", {}),
        ("Warning: the waiver of NET-001 [*.azure.com] on web* no longer matches any finding; delete it: anna, CHG-1.", {"yellow": True}),
        ("Warning: the waiver of IMDS-003 on web* expires on 2026-12-31. Fix the finding or agree on a new date: anna, CHG-1.", {"yellow": True}),
    ]  # fmt: skip


@pytest.mark.parametrize(("field", "words"), [("unused", "unused"), ("expiring_soon", "expiring soon")])
def test_many_waivers_are_counted(field: str, words: str) -> None:
    lines = list(
        decisions.waiver_warnings({"waivers": [waiver(f"NET-{number:03}", **{field: True}) for number in range(8)]})
    )
    assert len(lines) == 6
    assert lines[-1] == f"Warning: and 3 more waivers, {words}: see results.json."


def test_a_hostile_text_is_no_command_and_moves_no_cursor() -> None:
    results = saved("six-vms")
    results["waivers"] = [waiver("IMDS-002", unused=True, owner="\x1b[31m ##vso[task.complete]")]
    (line,) = [
        text for text, _ in terminal.summary_lines(harmless(results), 200) if "IMDS-002" in text and "waiver" in text
    ]
    assert line.endswith("delete it: \\x1b[31m # #vso[task.complete], CHG-1.")
