"""Waiting for a state."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(condition: Callable[[], object], otherwise: str) -> None:
    """Wait for it, at most a minute."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, otherwise
        time.sleep(0.02)
