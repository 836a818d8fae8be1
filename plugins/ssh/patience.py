"""A time limit on the asyncio loop, extended when the loop is late: then this machine is busy, not the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_TICK = 0.5  # seconds between two measurements of the loop's delay
_LEAST = 0.01


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[asyncio.Timeout]:
    """Like ``asyncio.timeout(seconds)``, extended by the time that the loop is late. Raises TimeoutError."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(seconds) as limit:
        handle: asyncio.TimerHandle | None = None

        def look(planned: float) -> None:
            nonlocal handle
            now, end = loop.time(), limit.when()
            if end is None or limit.expired():
                return
            end += max(0.0, now - planned)
            limit.reschedule(end)
            handle = plan(now, end)

        def plan(now: float, end: float) -> asyncio.TimerHandle:
            # Before the end, however near it is: a late loop reaches this first.
            planned = now + min(_TICK, max(_LEAST, (end - now) / 2))
            return loop.call_at(planned, look, planned)

        handle = plan(loop.time(), loop.time() + seconds)
        try:
            yield limit
        finally:
            if handle is not None:
                handle.cancel()
