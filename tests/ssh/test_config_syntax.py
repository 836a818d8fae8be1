"""The words of a Match line: `plugins.ssh.config_syntax`."""

from __future__ import annotations

import pytest

from plugins.ssh.config_syntax import next_word, words


@pytest.mark.parametrize(
    ("text", "word", "rest"),
    [
        ("host web", "host", "web"),
        ("host=web", "host", "web"),
        ("host = web", "host", "web"),
        ("host= =web", "host", "=web"),
        ('"a b" c', "a b", "c"),
        ("all", "all", None),
        (None, "", None),
    ],
)
def test_one_equals_sign_or_blanks_part_two_words(text: str | None, word: str, rest: str | None) -> None:
    assert next_word(text) == (word, rest)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("XaX bX", ["XaX", "bX"]),
        ("\"a b\" 'c d'", ["a b", "c d"]),
        (r"a\ b \"c \\d \e", ["a b", '"c', r"\d", r"\e"]),
        ("'a\\ b'", ["a\\ b"]),
        ("a#b # c", ["a#b"]),
        ("", []),
    ],
)
def test_words_are_in_quotes_or_between_blanks(text: str, expected: list[str]) -> None:
    assert words(text) == expected
