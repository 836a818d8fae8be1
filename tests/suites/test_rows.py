"""Every row of every check's table: the exact status, message and remedy for its evidence."""

from __future__ import annotations

from typing import get_args

import pytest

from plugins.checks.check import Component
from tests.support.catalogue import CHECKS, FUNCTIONS, ROWS, WINDOWS_ROWS
from tests.support.suite_rows import Row

EACH = [
    *(pytest.param(check, row, id=f"{check}-{row.name}") for check in ROWS for row in ROWS[check]),
    *(
        pytest.param(check, row, id=f"{check}-windows-{row.name}")
        for check in WINDOWS_ROWS
        for row in WINDOWS_ROWS[check]
    ),
]


@pytest.mark.parametrize(("check", "row"), EACH)
def test_row(check: str, row: Row) -> None:
    outcome = row.outcome(FUNCTIONS[check])
    assert (outcome.status, outcome.message, outcome.remedy) == (
        row.status,
        row.message,
        row.expected_remedy(CHECKS[check]),
    )
    assert outcome.component in (None, *get_args(Component))
