"""The gate distinguishes expected from unexpected skips."""

from __future__ import annotations

import pytest

from tests import expected_skips


def test_only_the_gate_refuses_and_only_what_is_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = ["root may read everything", "the moon is full", "the moon is full"]
    monkeypatch.setattr(expected_skips, "GATE", True)
    assert expected_skips.unexpected(reasons) == ["the moon is full"]
    monkeypatch.setattr(expected_skips, "GATE", False)
    assert expected_skips.unexpected(reasons) == []
