"""Plurals, lists and suggestions in messages."""

from __future__ import annotations

import pytest

from plugins.core.wording import closest, counted, did_you_mean, first_few, number_ranges, plural, span


@pytest.mark.parametrize(("number", "expected"), [(0, "0 VMs"), (1, "1 VM"), (2, "2 VMs"), (1000, "1,000 VMs")])
def test_a_number_with_its_noun(number: int, expected: str) -> None:
    assert counted(number, "VM") == expected


def test_a_noun_with_a_plural_of_its_own() -> None:
    assert [counted(number, "fix", "fixes") for number in (1, 2)] == ["1 fix", "2 fixes"]
    assert [plural(number, "identity", "identities") for number in (1, 0)] == ["identity", "identities"]


def test_the_first_of_a_list() -> None:
    assert [first_few("abcd"[:size]) for size in (0, 1, 3, 4)] == ["", "a", "a, b, c", "a, b, c and 1 more"]
    assert first_few("abcd", 1) == "a and 3 more"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.1, "1 s"), (119, "119 s"), (119.5, "120 s"), (120, "2 min"), (7_140, "119 min"), (7_141, "2 h 0 min")],
)
def test_a_span_of_time_is_rounded_up(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_ranges_of_numbers() -> None:
    assert [number_ranges(numbers) for numbers in ([], [3], [1, 2], [1, 2, 3, 8, 20])] == [
        "none",
        "3",
        "1 and 2",
        "1 to 3, 8 and 20",
    ]


def test_the_nearest_known_word() -> None:
    known = ("AGENT-001", "NET-001")
    assert closest("AGNT-001", known) == "AGENT-001"
    assert did_you_mean("AGNT-001", known) == "Did you mean 'AGENT-001'?"
    assert (closest("x", known), did_you_mean("x", known)) == ("", "")
