"""Configuration of all tests of the checks."""

from __future__ import annotations

import datetime

import pytest

from tests.support.catalogue import FUNCTIONS


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the date to that of the rows' evidence, on which some verdicts depend."""
    monkeypatch.setitem(FUNCTIONS["PLATFORM-006"].__globals__, "today", lambda: datetime.date(2026, 11, 21))
