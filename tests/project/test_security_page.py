"""SECURITY.md lists only tested defences: each names tests, and all of them exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.support.paths import ROOT

PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
DEFENCES = PAGE.partition("## Defences and their tests")[2].partition("## Not defended")[0]


def rows() -> Iterator[tuple[str, str]]:
    """The rows of the tables of defences: the defence, and its tests."""
    for line in DEFENCES.splitlines():
        if line.startswith("| ") and not re.match(r"\| (?:---|defence \|)", line):
            promise, tests = re.split(r"(?<!\\) \| ", line.strip("| "))
            yield promise, tests


def named(cell: str) -> Iterator[tuple[str, str]]:
    """Each test in a cell: file and function; "" for the whole file. ``::name`` is in the file before."""
    file = ""
    for text in re.findall(r"`([^`]+)`", cell):
        path, _, name = text.partition("::")
        file = path or file
        yield file, name


ROWS = list(rows())


def test_there_are_promises() -> None:
    assert len(ROWS) > 30


@pytest.mark.parametrize(("promise", "tests"), ROWS, ids=lambda text: text[:40])
def test_a_promise_names_tests_that_exist(promise: str, tests: str) -> None:
    promised = list(named(tests))
    assert promised, promise
    for file, name in promised:
        text = (ROOT / file).read_text(encoding="utf-8")
        assert re.search(rf"^def {name}\(" if name else r"^def test_", text, re.M), f"{file}::{name}"


def test_the_page_names_only_existing_tests_outside_its_tables() -> None:
    """Outside the tables, the page names no test that does not exist."""
    for text in re.findall(r"`(tests/[\w./]+(?:::\w+)?)`", PAGE):
        path, _, name = text.partition("::")
        assert (ROOT / path).exists()
        assert not name or re.search(rf"^def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.M), text
