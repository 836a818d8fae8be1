"""What a block costs in what can be counted, since seconds differ from machine to machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType


def bytes_read() -> int:
    """How many bytes this process has read, of whatever files."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["rchar"])


class TooManyCalls(BaseException):
    """No exception that the block may handle."""


@contextmanager
def counted_calls(most: int) -> Iterator[list[int]]:
    """How many functions the block calls and leaves; it is ended by `TooManyCalls` where that is more than `most`."""
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
