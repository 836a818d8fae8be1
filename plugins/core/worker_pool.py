"""Blocking work in daemon threads, so that a hanging thread cannot keep the process from ending.

`WorkerPool.ask` sends several questions at once, with a deadline: questions without an answer by then are abandoned.
The SDKs limit the wait for the next byte, not for the last one, and resolvers and logins have their own limits or
none. `WorkerPool.future` does one piece of work for an asyncio loop, whose limits apply.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from functools import partial
from typing import TypeVar

T = TypeVar("T")

_TICK = 0.1  # seconds between two checks of the clock and of `cancelled`
_GRACE = 1.0  # seconds for open questions when the run is stopped


class WorkerPool:
    """Up to `size` daemon threads, started when there is work for them."""

    def __init__(
        self,
        size: int,
        seconds: float = float("inf"),
        cancelled: Callable[[], bool] = lambda: False,
        name: str = "worker",
    ) -> None:
        """`seconds`: the deadline of every `ask`, `cancelled` is polled meanwhile. `name`: of the threads."""
        self._size, self._name = size, name
        self._threads = 0
        self._end = time.monotonic() + seconds
        self._cancelled = cancelled
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()

    def ask(self, questions: Sequence[Callable[[], T]], late: Callable[[int], T]) -> list[T]:
        """The answers, in order; `late` of its number for each that did not come in time."""
        answers = [Future[T]() for _ in questions]
        for answer, question in zip(answers, questions, strict=True):
            self._submit(partial(_answer, answer, question))
        while wait(answers, _TICK).not_done and (now := time.monotonic()) < self._end:
            if self._cancelled():
                self._end = min(self._end, now + _GRACE)
        return [answer.result() if answer.done() else late(number) for number, answer in enumerate(answers)]

    def future(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Queue one piece of work; the future belongs to the running loop."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def job() -> None:
            deliver: Callable[[], None]
            try:
                result = work()
            except BaseException as error:  # goes to whatever awaits the future
                deliver = partial(_fail, future, error)
            else:
                deliver = partial(_succeed, future, result)
            with suppress(RuntimeError):  # the loop has ended: nothing awaits the result
                loop.call_soon_threadsafe(deliver)

        self._submit(job)
        return future

    def grow(self, most: int) -> None:
        """One of the threads hangs: start another one, if there are fewer than `most`."""
        if self._size == self._threads < most:
            self._size += 1
            self._start()

    def close(self) -> None:
        """End the threads once they have no work left."""
        for _ in range(self._threads):
            self._jobs.put(None)

    def _submit(self, job: Callable[[], None]) -> None:
        self._jobs.put(job)
        if self._threads < self._size:
            self._start()

    def _start(self) -> None:
        self._threads += 1
        threading.Thread(target=self._work, name=self._name, daemon=True).start()

    def _work(self) -> None:
        while job := self._jobs.get():
            job()


def _succeed(future: asyncio.Future[T], result: T) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[T], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)


def _answer(answer: Future[T], question: Callable[[], T]) -> None:
    try:
        answer.set_result(question())
    except BaseException as error:  # raised in the thread that takes the answer
        answer.set_exception(error)
