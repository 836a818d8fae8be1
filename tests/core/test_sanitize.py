"""Text of a VM is harmless when displayed, whatever it contains."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.core.sanitize import escape_invisible, harmless, middle_cut, names, one_line, truncate

ANYTHING = st.text(st.characters())  # lone surrogates included


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("abc\u202egnp.exe", r"abc\u202egnp.exe"),
        ("a\r\nb\rc\td", "a\nb\\x0dc\td"),
        ("\ud800\uffff\U0010ffff", r"\ud800\uffff\U0010ffff"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("plain é 漢字 ✓ \ufffd", "plain é 漢字 ✓ \ufffd"),
    ],
)
def test_what_cannot_be_seen_is_spelled_out(text: str, expected: str) -> None:
    assert escape_invisible(text) == expected


@given(ANYTHING)
def test_no_control_format_or_surrogate_character_survives(text: str) -> None:
    shown = escape_invisible(text)
    assert shown.encode("utf-8").decode("utf-8") == shown
    dangerous = [c for c in shown if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
    bidi = [
        c
        for c in shown
        if unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    ]
    assert dangerous == bidi == []


@given(
    st.recursive(ANYTHING | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(ANYTHING, inner))
)
def test_every_text_of_data_is_made_harmless(inside: object) -> None:
    def expected(value: object) -> object:
        if isinstance(value, dict):
            return {escape_invisible(name): expected(member) for name, member in value.items()}
        if isinstance(value, list):
            return [expected(member) for member in value]
        return escape_invisible(value) if isinstance(value, str) else value

    wanted = expected({"inside": inside, "pair": ["\x1b", "a"]})
    assert harmless({"inside": inside, "pair": ("\x1b", "a")}) == wanted


@given(ANYTHING)
def test_one_line_is_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1


@given(st.text(), st.integers(1, 50))
def test_cut_keeps_to_its_limit(text: str, limit: int) -> None:
    assert len(truncate(text, limit)) <= limit
    assert truncate(text, len(text)) == text


def test_middle_cut_keeps_both_ends_and_says_how_much_is_missing() -> None:
    text, left_out = middle_cut("begin" + "." * 10_000 + "end", 300)
    assert (text.startswith("begin"), text.endswith("end"), left_out) == (True, True, 9_708)
    assert "[… 9,708 characters left out here …]" in text
    assert middle_cut("short", 300) == ("short", 0)


def test_names_says_how_many_it_does_not_list() -> None:
    assert names([f"vm-{n}" for n in range(42)]) == "vm-0, vm-1, vm-2, vm-3, vm-4 and 37 more"
    assert names(["vm-a", "vm-b"]) == "vm-a, vm-b"
