"""Every row of every check's table: evidence in; status, exact message and remedy out."""

from __future__ import annotations

import pytest

from tests.support.catalogue import FUNCTIONS, ROWS
from tests.support.suite_rows import Row


@pytest.mark.parametrize(
    ("check", "row"), [pytest.param(check, row, id=f"{check}-{row.name}") for check in ROWS for row in ROWS[check]]
)
def test_row(check: str, row: Row) -> None:
    row.assert_holds(FUNCTIONS[check])
