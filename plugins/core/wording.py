"""Words that every message needs: numbers with their noun, the first of a list, the nearest known word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["closest", "counted", "did_you_mean", "first_few", "no_such_check", "plural"]


def plural(number: int, noun: str, plural: str = "") -> str:
    """The noun for a number: ``VM`` for 1, ``VMs`` for any other; `plural` where it is not the noun and an s."""
    return noun if number == 1 else plural or f"{noun}s"


def counted(number: int, noun: str, plural_noun: str = "") -> str:
    """``1 VM``, ``38 VMs``."""
    return f"{number} {plural(number, noun, plural_noun)}"


def first_few(texts: Iterable[str], show: int = 3) -> str:
    """``a, b, c and 4 more``."""
    every = list(texts)
    return ", ".join(every[:show]) + (f" and {len(every) - show} more" if len(every) > show else "")


def closest(word: str, known: Iterable[str]) -> str:
    """The known word that `word` may be a misspelling of; "" when none is near."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1)), "")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``Did you mean 'AGENT-001'?``; "" when no known word is near."""
    near = closest(word, known)
    return f"Did you mean {near!r}?" if near else ""


def no_such_check(pattern: str, known: Iterable[str]) -> str:
    """The answer to an unknown check id: ``there is no such check. Did you mean ...? Known: ...``."""
    ids = list(known)
    return " ".join(filter(None, ("there is no such check.", did_you_mean(pattern, ids), f"Known: {', '.join(ids)}.")))
