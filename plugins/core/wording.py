"""Helpers for messages: counts, lists, time spans, the nearest known word."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence


def plural(number: int, noun: str, plural: str = "") -> str:
    """The noun for a number: ``VM`` for 1, else ``VMs``; `plural` for irregular plurals."""
    return noun if number == 1 else plural or f"{noun}s"


def counted(number: int, noun: str, plural_noun: str = "") -> str:
    """``1 VM``, ``38 VMs``, ``1,000 VMs``."""
    return f"{number:,} {plural(number, noun, plural_noun)}"


def first_few(texts: Iterable[str], show: int = 3) -> str:
    """``a, b, c and 4 more``."""
    every = list(texts)
    return ", ".join(every[:show]) + (f" and {len(every) - show:,} more" if len(every) > show else "")


def closest(word: str, known: Iterable[str]) -> str:
    """The known word nearest to a misspelt `word`; "" when none is near."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1)), "")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``Did you mean 'AGENT-001'?``; "" when no known word is near."""
    near = closest(word, known)
    return f"Did you mean {near!r}?" if near else ""


def no_such_check(pattern: str, known: Iterable[str]) -> str:
    """The message for an unknown check id: ``there is no such check. Did you mean ...? Known: ...``."""
    ids = list(known)
    return " ".join(filter(None, ("there is no such check.", did_you_mean(pattern, ids), f"Known: {', '.join(ids)}.")))


def number_ranges(numbers: Sequence[int]) -> str:
    """``1 to 6, 8 and 20``, from sorted numbers; ``none`` without any."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    texts = [text for run in runs for text in ([f"{run[0]} to {run[-1]}"] if len(run) > 2 else map(str, run))]
    return " and ".join(filter(None, (", ".join(texts[:-1]), texts[-1]))) if texts else "none"


def span(seconds: float) -> str:
    """``75 s``, ``6 min``, ``2 h 5 min``: rounded up."""
    if seconds < 120:
        return f"{math.ceil(seconds)} s"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
