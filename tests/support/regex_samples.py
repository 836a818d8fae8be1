"""Texts that a regular expression matches, generated from the expression with the standard library's parser."""

from __future__ import annotations

import importlib
import random
import re
import string
from collections.abc import Iterator
from typing import Any

_PARSER: Any = importlib.import_module("re._parser")
_WORDS = string.ascii_letters + string.digits
_CATEGORIES = {"CATEGORY_DIGIT": string.digits, "CATEGORY_WORD": _WORDS, "CATEGORY_SPACE": " "}


def samples(pattern: str, flags: int, count: int) -> Iterator[str]:
    """Up to `count` texts that `pattern` matches; lookahead and lookbehind are not satisfied on purpose."""
    tree, wanted = _PARSER.parse(pattern, flags), re.compile(pattern, flags)
    for seed in range(8 * count):
        text = _text(tree, random.Random(seed), {})
        if wanted.search(text):
            yield text
            count -= 1
        if not count:
            return


def _text(tree: Any, chance: random.Random, groups: dict[int, str]) -> str:
    return "".join(_piece(str(kind), value, chance, groups) for kind, value in tree)


def _piece(kind: str, value: Any, chance: random.Random, groups: dict[int, str]) -> str:
    if kind == "LITERAL":
        return chr(value)
    if kind == "NOT_LITERAL":
        return "x" if value != ord("x") else "y"
    if kind == "ANY":
        return chance.choice(_WORDS)
    if kind == "IN":
        return _one_of(value, chance)
    if kind == "BRANCH":
        return _text(chance.choice(value[1]), chance, groups)
    if kind == "SUBPATTERN":
        text = _text(value[3], chance, groups)
        groups[value[0]] = text
        return text
    if kind.endswith("_REPEAT"):
        least, most, repeated = value
        times = chance.randint(int(least), min(int(most), int(least) + 2))
        return "".join(_text(repeated, chance, groups) for _ in range(times))
    if kind == "ATOMIC_GROUP":
        return _text(value, chance, groups)
    return groups.get(value, "") if kind == "GROUPREF" else ""


def _one_of(items: Any, chance: random.Random) -> str:
    chars: set[str] = set()
    for kind, value in items:
        if str(kind) == "LITERAL":
            chars.add(chr(value))
        elif str(kind) == "RANGE":
            chars |= {chr(code) for code in range(value[0], min(value[1], 126) + 1)}
        elif str(kind) == "CATEGORY":
            chars |= set(_CATEGORIES.get(str(value), "-"))
    if str(items[0][0]) == "NEGATE":
        chars = set(_WORDS) - chars
    plain = chars & set(_WORDS)
    return chance.choice(sorted(plain if plain and chance.random() < 0.9 else chars or {"x"}))
