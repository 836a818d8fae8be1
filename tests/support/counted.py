"""The cost of a block in countable units, because seconds differ between machines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType


def bytes_read() -> int:
    """The number of bytes that this process has read from files."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["rchar"])


class TooManyCalls(BaseException):
    """An exception that the block does not catch."""


@contextmanager
def counted_calls(most: int) -> Iterator[list[int]]:
    """Count the calls and returns of functions in the block; raise `TooManyCalls` beyond `most`."""
    calls = [0]

    def count(frame: FrameType, event: str, argument: object) -> None:
        calls[0] += 1
        if calls[0] > most:
            raise TooManyCalls(f"more than {most:,} calls")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(before)
