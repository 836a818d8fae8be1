"""Names in a probe's output that have one value each: two values are no answer, whichever comes last."""

from __future__ import annotations

import re
from collections.abc import Iterable

from suites.wording import plain


def one_value_each(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The values by name. Raises ValueError when a name has two that differ."""
    values: dict[str, str] = {}
    for name, value in pairs:
        if values.setdefault(name, value) != value:
            raise ValueError(f"expected one value of {plain(name)}, found two that differ")
    return values


def must_be_once(mark: str, text: str) -> None:
    """Raises ValueError when more than one line of `text` begins with `mark`: two answers in one."""
    if text.count(mark) > 1 and len(re.findall(rf"^{re.escape(mark)}\b", text, re.M)) > 1:
        raise ValueError(f"expected one line {mark}, found several")
