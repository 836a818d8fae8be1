"""The pages of both engines list the same promises, each with its tests."""

from __future__ import annotations

import re

from tests.gather.kinds import KINDS
from tests.support.paths import ROOT

#: Page -> the file of its tests if a promise names no file.
PAGES = {"engine.md": "tests/gather/test_engine.py", "windows.md": "tests/gather/test_windows_engine.py"}


def promises(page: str) -> dict[str, str]:
    """The promises of a page -> the cell that names their tests."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    table = text.partition("| promise | how it is kept | test |\n")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table.splitlines()[1:]]
    return {promise: tests for promise, _, tests in rows}


def test_both_engines_make_the_same_promises() -> None:
    linux, windows = map(promises, PAGES)
    assert list(linux) == list(windows) and len(linux) > 10


def test_each_promise_names_tests_that_exist() -> None:
    for page, file in PAGES.items():
        for promise, cell in promises(page).items():
            assert re.match(r"not tested: .|`|the same", cell), (page, promise)
            for name in re.findall(r"`(test\w+|tests/[\w/.:]+)`", cell):
                where, _, test = (
                    name.rpartition("::") if "::" in name else (name, "", "") if "/" in name else (file, "", name)
                )
                text = (ROOT / where).read_text(encoding="utf-8")
                assert not test or f"def {test}(" in text, (page, promise, name)


def test_the_kinds_of_both_engines_are_kinds_of_their_promises() -> None:
    assert {kind.promise for kind in KINDS} <= set(promises("engine.md"))
    assert len({kind.name for kind in KINDS}) == len(KINDS)
