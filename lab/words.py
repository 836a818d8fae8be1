"""Suggestions for misspelt names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` did you mean X?`, or "" if no known word is similar."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" did you mean {near[0]}?" if near else ""
