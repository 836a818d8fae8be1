"""Limits are extended when the loop that checks them is late."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import pytest

from plugins.ssh.deadline import Deadline
from plugins.ssh.jump import _UntilLate
from plugins.ssh.patience import within
from tests.support.paths import ROOT


def test_the_lateness_of_the_loop_counts_for_no_limit() -> None:
    deadline = Deadline(1_000)
    deadline.limit(100)
    now = time.monotonic()
    deadline.check(now + 150, 60)
    assert not deadline.late
    deadline.limit(100)  # earlier delays do not extend the next phase
    deadline.check(now + 150)
    assert deadline.late


def test_nor_for_the_time_for_getting_in() -> None:
    deadline = Deadline(100)
    deadline.check(time.monotonic(), 1_000)
    assert 1_000 < deadline.left <= 1_100


class _Loop(asyncio.SelectorEventLoop):
    """A loop whose clock the test sets, to simulate that the loop was late."""

    late = 0.0

    def time(self) -> float:
        return super().time() + self.late


def test_nor_on_the_loop_that_dials() -> None:
    async def dial() -> None:
        async with within(100) as limit:
            for _ in range(3):
                loop.late += 1_000
                await asyncio.sleep(0.01)
            assert not limit.expired()
            loop.late = 0.0

    loop = _Loop()
    try:
        loop.run_until_complete(dial())
    finally:
        loop.close()


def test_a_limit_on_the_loop_runs_out() -> None:
    async def wait() -> None:
        async with within(0.05):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        asyncio.run(wait())


def test_a_clock_that_is_set_ends_no_wait_for_the_way_through_a_jump_host() -> None:
    """paramiko adds the time-out to its clock, and compares the clock with the sum."""
    deadline = Deadline(1_000)
    deadline.limit(100)
    end = 0.0 + _UntilLate(deadline)
    assert not end < 1e12
    deadline.check(time.monotonic() + 150)
    assert end < 0.0


#: The places in ssh and azure that read the wall clock, or wait with a library's time-out. Each uses a monotonic clock
#: or is not a limit of a wait: the age of a certificate or token, a process of this machine, a socket.
WAITS = {
    "ssh/host_certificate.py": {"time.time()": 1},
    "azure/credential.py": {"time.time()": 1},
    "ssh/exec.py": {".settimeout(": 2},
    "ssh/keys.py": {".settimeout(": 1},
    "ssh/patience.py": {"asyncio.timeout(": 2},
}


def test_no_wait_of_ssh_or_azure_follows_a_clock_that_may_be_set() -> None:
    words = ("time.time()", "datetime.now(", "asyncio.timeout(", "wait_for(", ".settimeout(")
    rows = {}
    for package in ("ssh", "azure"):
        for file in (ROOT / "plugins" / package).glob("*.py"):
            text = file.read_text()
            if counts := Counter({word: text.count(word) for word in words if word in text}):
                rows[f"{package}/{file.name}"] = dict(counts)
    assert rows == WAITS
