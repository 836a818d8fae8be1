"""Secrets in columns whose head is the name of a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plugins.core.secret_names import STRONG, WEAK, is_plain_value, secret_level

Spans = Iterator[tuple[int, int]]

# The head of a column is a name, not a line of YAML before the --- of the next document.
_NAME = re.compile(r"[\w .-]+")

# Columns, as PowerShell and `az -o table` print them: a line of dashes says where each begins and ends
_RULE = re.compile(r"\n(?P<rule>[ \t]*--[- \t]*)\r?\n(?P<rows>(?:[ \t]*\S[^\n]*(?:\n|\Z)){1,200})")


def aligned(text: str) -> Spans:
    """The cells below names of secrets, where a line of dashes rules the columns."""
    for table in _RULE.finditer(text) if "---" in text else ():
        head = text[text.rfind("\n", 0, table.start()) + 1 : table.start()]
        starts = [dashes.start() for dashes in re.finditer("-+", table["rule"])]
        for first, last in zip(starts, [*starts[1:], 10_000], strict=True):
            name = head[first:last].strip()
            if not _NAME.fullmatch(name) or secret_level(name) < WEAK:
                continue
            at = table.start("rows")
            for row in table["rows"].split("\n"):
                if (cell := row[first:last].strip()) and not is_plain_value("", cell, STRONG):
                    begin = at + row.index(cell, first)
                    yield begin, begin + len(cell)
                at += len(row) + 1


# Columns of CSV, whose first line has their names
_CSV = re.compile(
    r"^(?P<head>[\w\"' .-]{1,60}(?P<by>[,;\t])[\w\"' .,;\t-]{2,400})\r?\n(?P<rows>(?:[^\n]*(?P=by)[^\n]*(?:"
    r"\n|\Z)){1,500})",
    re.M,
)


def separated(text: str) -> Spans:
    """The cells below names of secrets in CSV."""
    for table in _CSV.finditer(text):
        names = [name.strip(" \"'\r") for name in table["head"].split(table["by"])]
        secret = [number for number, name in enumerate(names) if _NAME.fullmatch(name) and secret_level(name) > WEAK]
        at = table.start("rows")
        for row in table["rows"].split("\n") if secret and all(len(name) < 40 for name in names) else ():
            cells = row.split(table["by"])
            for number in secret if len(cells) == len(names) else ():
                cell = cells[number].strip(" \"'\r")
                if not is_plain_value("", cell, STRONG):
                    begin = at + row.index(cell, len(table["by"].join(cells[:number])))
                    yield begin, begin + len(cell)
            at += len(row) + 1
