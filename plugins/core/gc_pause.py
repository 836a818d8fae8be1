"""Sparing Python's garbage collector what it cannot find: a fleet's items, verdicts and results live to the end."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["lasting", "tidy"]


@contextmanager
def lasting() -> Iterator[None]:
    """What is made in the block stays: do not look for garbage among it, now or later.

    The collector reads all living objects again whenever their number has grown by a quarter. For a thousand VMs, a
    quarter of a run's time went into that. What is in no cycle is freed without it, as ever.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def tidy() -> None:
    """Inside such a block: free the garbage that is there by now, and let the rest stay."""
    gc.collect()
    gc.freeze()
