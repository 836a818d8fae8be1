"""The sentences about gate, changes and waivers on the terminal."""

from __future__ import annotations

from typing import Any

from plugins.reports import decisions, terminal
from tests.report_builder import saved


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


def test_nothing_is_said_where_nothing_was_asked() -> None:
    assert list(decisions.sentences(saved("six-vms"))) == []


def test_the_sentences_stand_below_the_verdict() -> None:
    results = saved("six-vms")
    results["gate"] = {"exit": 10, "sentence": "GATE NOT PASSED (unknown=0): 1 of 6 VMs could not be judged."}
    results["changes"] = {"sentence": "Since earlier: 1 new."}
    results["waivers"] = [
        waiver("IMDS-002"),
        waiver("IMDS-003", expiring_soon=True),
        waiver("NET-001", parameter="*.azure.com", used=0, unused=True, expiring_soon=True),
    ]
    lines = terminal.summary_lines(results, 200)
    assert lines[1:5] == [
        ("GATE NOT PASSED (unknown=0): 1 of 6 VMs could not be judged.", {"bold": True, "yellow": True}),
        ("Since earlier: 1 new.", {}),
        ("Warning: the waiver of NET-001 [*.azure.com] on web* waives nothing any more. Remove it: anna, CHG-1.", {"yellow": True}),
        ("Warning: the waiver of IMDS-003 on web* ends on 2026-12-31. Repair it or agree on a new day: anna, CHG-1.", {"yellow": True}),
    ]  # fmt: skip


def test_many_waivers_are_counted() -> None:
    results = {"waivers": [waiver(f"NET-{number:03}", unused=True) for number in range(8)]}
    said = [sentence for sentence, _ in decisions.sentences(results)]
    assert len(said) == 6
    assert said[-1] == "Warning: and 3 more waivers, unused: see results.json."


def test_a_hostile_text_is_no_command_and_moves_no_cursor() -> None:
    results = saved("six-vms")
    results["changes"] = {"sentence": "::error::x \x1b[31m ##vso[task.complete]"}
    assert ": :error::x \\x1b[31m # #vso[task.complete]" in [text for text, _ in terminal.summary_lines(results, 200)]
