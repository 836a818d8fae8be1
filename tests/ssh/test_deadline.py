"""A limit that runs out while the loop that checks it is late itself is not the VM's fault."""

from __future__ import annotations

import time

from plugins.ssh.deadline import Deadline


def test_the_lateness_of_the_loop_counts_for_no_limit() -> None:
    deadline = Deadline(1_000)
    deadline.limit(100)
    now = time.monotonic()
    deadline.check(now + 150, 60)
    assert not deadline.late
    deadline.limit(100)  # what was late before it does not lengthen the next phase
    deadline.check(now + 150)
    assert deadline.late


def test_nor_for_the_time_for_getting_in() -> None:
    deadline = Deadline(100)
    deadline.check(time.monotonic(), 1_000)
    assert 1_000 < deadline.left <= 1_100
