"""Asking side by side with an end: whoever has not answered by then is left behind, in a thread that holds up nothing.

The SDKs bound the wait for the next byte, not for the last one, and the resolver and the logins have limits of their
own or none. So the whole has one: it is kept whatever a question does.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

__all__ = ["Team"]

T = TypeVar("T")

_TICK = 0.1  # seconds between two looks at the clock and at `cancelled`
_GRACE = 1.0  # seconds that questions under way have when the run is stopped


class Team:
    """Daemon threads, so that one that hangs cannot keep the process from ending."""

    def __init__(self, size: int, seconds: float, cancelled: Callable[[], bool] = lambda: False) -> None:
        """At most `size` questions at a time, and `seconds` from now for all together."""
        self._size = size
        self._threads = 0
        self._end = time.monotonic() + seconds
        self._cancelled = cancelled
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()

    def ask(self, questions: Sequence[Callable[[], T]], late: Callable[[int], T]) -> list[T]:
        """The answers, in order; `late` of its number for each that did not come in time."""
        answers = _Answers[T](len(questions))
        for number, question in enumerate(questions):
            self._jobs.put(lambda number=number, question=question: answers.put(number, question))  # type: ignore[misc]
            if self._threads < self._size:
                self._threads += 1
                threading.Thread(target=self._work, name="azure", daemon=True).start()
        while not answers.complete.wait(_TICK) and (now := time.monotonic()) < self._end:
            if self._cancelled():
                self._end = min(self._end, now + _GRACE)
        return answers.take(late)

    def close(self) -> None:
        """Let the threads end when they have nothing to do."""
        for _ in range(self._threads):
            self._jobs.put(None)

    def _work(self) -> None:
        while job := self._jobs.get():
            job()


class _Answers(Generic[T]):
    """The answers to one lot of questions, which come from several threads, some perhaps never."""

    def __init__(self, number: int) -> None:
        self._found: dict[int, T] = {}
        self._errors: list[BaseException] = []
        self._number = self._missing = number
        self._lock = threading.Lock()
        self.complete = threading.Event()
        if not number:
            self.complete.set()

    def put(self, number: int, question: Callable[[], T]) -> None:
        """Ask, and keep the answer."""
        try:
            answer = question()
        except BaseException as error:  # raised by `take`, where somebody sees it
            self._errors.append(error)
        else:
            self._found[number] = answer
        with self._lock:
            self._missing -= 1
            if not self._missing:
                self.complete.set()

    def take(self, late: Callable[[int], T]) -> list[T]:
        """All answers; what comes after this is for nobody."""
        found = dict(self._found)
        if self._errors:
            raise self._errors[0]
        return [found[number] if number in found else late(number) for number in range(self._number)]
