r"""Secrets in columns whose head is the name of a secret: tables of PowerShell, az and kubectl, and CSV.

::

    UserName  Password        TOKEN                     TTL        user,password
    --------  --------        ab12cd.0123456789abcdef   23h        anna,x1
    anna      x1
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from plugins.core.secret_names import STRONG, WEAK, is_plain_value, secret_level

Spans = Iterator[tuple[int, int]]

# The head of a column is a name, not a line of YAML before the --- of the next document.
_NAME = re.compile(r"[\w .-]+")

# A line of dashes says where each column begins and ends
_RULE = re.compile(r"\n(?P<rule>[ \t]*--[- \t]*)\r?\n(?P<rows>(?:[ \t]*\S[^\n]*(?:\n|\Z)){1,200})")

# Names in capitals, two blanks apart, say the same
_CAPITALS = re.compile(
    r"^(?P<head>[A-Z][A-Z_ -]{0,30}(?:[ ]{2,40}[A-Z][A-Z_ ()-]{0,30}){1,20})[ \t]*\r?\n"
    r"(?P<rows>(?:[^\s][^\n]*[ ]{2}[^\n]*(?:\n|\Z)){1,200})",
    re.M,
)
_HEADS = ("TOKEN", "PASSWORD", "SECRET")
_COLUMN = re.compile(r"\S+(?: \S+)*")


def _cell(row: str, at: int, cell: str, begin: int) -> Spans:
    """The place of a cell of a row that begins at `at`, when it holds a secret."""
    if cell and not is_plain_value("", cell, STRONG):
        first = at + row.index(cell, begin)
        yield first, first + len(cell)


def aligned(text: str) -> Spans:
    """The cells below names of secrets, where a line of dashes or of capitals says where the columns are."""
    for table in _RULE.finditer(text) if "---" in text else ():
        head = text[text.rfind("\n", 0, table.start()) + 1 : table.start()]
        yield from _below(table, head, [dashes.start() for dashes in re.finditer("-+", table["rule"])])
    for name in _HEADS:
        at, covered = text.find(name), 0
        while at >= 0:
            begin = text.rfind("\n", max(covered, at - 200), at) + 1
            if (begin or at < 200) and (capitals := _CAPITALS.match(text, begin)):
                head = capitals["head"]
                yield from _below(capitals, head, [cell.start() for cell in _COLUMN.finditer(head)])
                covered = capitals.end()
            at = text.find(name, max(covered, at + len(name)))


def _below(table: re.Match[str], head: str, starts: list[int]) -> Spans:
    for first, last in zip(starts, [*starts[1:], 10_000], strict=True):
        name = head[first:last].strip()
        if not _NAME.fullmatch(name) or secret_level(name) < WEAK:
            continue
        at = table.start("rows")
        for row in table["rows"].split("\n"):
            yield from _cell(row, at, row[first:last].strip(), first)
            at += len(row) + 1


# INSERT INTO users (name, password) VALUES ('anna', 'x1')
_INSERT = re.compile(r"\bINTO\s+[\w.\"`\[\]]{1,128}\s*\((?P<head>[\w\s,.\"`\[\]]{3,1000})\)\s*VALUES\s*(?=\()", re.I)
_VALUES = re.compile(r"\(\s*(?P<values>(?:N?'(?:[^'\n]|'')*+'|[^'()\n]){1,4000}+)\)[\s,]*")
_SQL = re.compile(r"\s*(?:N?'(?P<secret>(?:[^'\n]|'')*+)'|[^',]*+)\s*(?:,|\Z)")


def inserted(text: str) -> Spans:
    """The values of columns with names of secrets, in SQL."""
    for head in _INSERT.finditer(text):
        secret = [secret_level(name.strip(' "`[]\r\n\t')) >= WEAK for name in head["head"].split(",")]
        at = head.end()
        while any(secret) and (row := _VALUES.match(text, at)):
            for is_secret, value in zip(secret, _SQL.finditer(text, *row.span("values")), strict=False):
                if is_secret and value["secret"]:
                    yield value.span("secret")
            at = row.end()


# Columns of CSV, whose first line has their names
_CSV = re.compile(
    r"^(?P<head>[\w\"' .-]{1,60}(?P<by>[,;\t])[\w\"' .,;\t-]{2,400})\r?\n(?P<rows>(?:[^\n]*(?P=by)[^\n]*(?:"
    r"\n|\Z)){1,500})",
    re.M,
)


def separated(text: str) -> Spans:
    """The cells below names of secrets in CSV."""
    for table in _CSV.finditer(text):
        by = table["by"]
        names = [name.strip(" \"'\r") for name in table["head"].split(by)]
        secret = [number for number, name in enumerate(names) if _NAME.fullmatch(name) and secret_level(name) > WEAK]
        at = table.start("rows")
        for row in table["rows"].split("\n") if secret and all(len(name) < 40 for name in names) else ():
            cells = row.split(by)
            for number in secret if len(cells) == len(names) else ():
                yield from _cell(row, at, cells[number].strip(" \"'\r"), len(by.join(cells[:number])))
            at += len(row) + 1
