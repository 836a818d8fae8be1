"""The words of a Match line: `plugins.ssh.config_syntax`."""

from __future__ import annotations

import pytest

from plugins.ssh.config_syntax import next_word


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
