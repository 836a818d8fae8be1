"""What holds for every test of the checks."""

from __future__ import annotations

import datetime

import pytest

from tests.support.catalogue import FUNCTIONS


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verdicts that depend on the date are those of the day when the rows' evidence was seen."""
    monkeypatch.setitem(FUNCTIONS["PLATFORM-006"].__globals__, "today", lambda: datetime.date(2026, 11, 21))
