"""The words that every message needs."""

from __future__ import annotations

import pytest

from plugins.core.wording import closest, counted, did_you_mean, first_few, plural


@pytest.mark.parametrize(("number", "expected"), [(0, "0 VMs"), (1, "1 VM"), (2, "2 VMs"), (1000, "1,000 VMs")])
def test_a_number_with_its_noun(number: int, expected: str) -> None:
    assert counted(number, "VM") == expected


def test_a_noun_with_a_plural_of_its_own() -> None:
    assert [counted(number, "fix", "fixes") for number in (1, 2)] == ["1 fix", "2 fixes"]
    assert [plural(number, "identity", "identities") for number in (1, 0)] == ["identity", "identities"]


def test_the_first_of_a_list() -> None:
    assert [first_few("abcd"[:size]) for size in (0, 1, 3, 4)] == ["", "a", "a, b, c", "a, b, c and 1 more"]
    assert first_few("abcd", 1) == "a and 3 more"


def test_the_nearest_known_word() -> None:
    known = ("AGENT-001", "NET-001")
    assert closest("AGNT-001", known) == "AGENT-001"
    assert did_you_mean("AGNT-001", known) == "Did you mean 'AGENT-001'?"
    assert (closest("x", known), did_you_mean("x", known)) == ("", "")
