"""Resolves each name once per run with the runner's resolver, in threads, because getaddrinfo blocks."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from plugins.core.worker_pool import WorkerPool
from plugins.ssh.dial import Address, is_address, resolve_now

_AT_ONCE = 64  # queries; small servers take 150, and a name needs two
_MOST = 512  # threads, including hanging ones

_Answer = asyncio.Future[list[tuple[int, Address]]]


class Resolver:
    """The names of VMs and jump hosts. All methods are for the running loop."""

    def __init__(self) -> None:
        """Start without threads."""
        self._pool = WorkerPool(_AT_ONCE, name="ssh worker")
        self._names: dict[tuple[str, int], tuple[asyncio.Event, _Answer]] = {}

    async def query_sent(self, host: str, port: int, limit: float) -> None:
        """Wait until the query for a name is sent: the `limit` of seconds for its answer begins then.

        A query without an answer by then continues until the resolver gives up; another thread then takes the
        next one, so that a dead zone does not delay the others.
        """
        if is_address(host):
            return
        sent, answer = self._question(host, port)
        await sent.wait()
        asyncio.get_running_loop().call_later(limit, lambda: None if answer.done() else self._pool.grow(_MOST))

    def addresses(self, host: str, port: int) -> _Answer:
        """The (family, address) pairs of a name, or an `SshError` with the reason for none."""
        if is_address(host):
            known: _Answer = asyncio.get_running_loop().create_future()
            known.set_result(resolve_now(host, port))
            return known
        return asyncio.shield(self._question(host, port)[1])

    def _question(self, host: str, port: int) -> tuple[asyncio.Event, _Answer]:
        if (host, port) not in self._names:
            loop, sent = asyncio.get_running_loop(), asyncio.Event()

            def ask() -> list[tuple[int, Address]]:
                with suppress(RuntimeError):  # the loop has ended
                    loop.call_soon_threadsafe(sent.set)
                return resolve_now(host, port)

            self._names[host, port] = sent, self._pool.future(ask)
        return self._names[host, port]

    def close(self) -> None:
        """Let the threads end; those that hang end with the process."""
        self._pool.close()
