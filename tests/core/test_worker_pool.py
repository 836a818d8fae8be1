"""Parallel work with a time limit: `plugins.core.worker_pool`."""

from __future__ import annotations

import threading

import pytest

from plugins.core import worker_pool
from plugins.core.worker_pool import WorkerPool


def test_what_a_question_raises_is_raised_where_it_was_asked() -> None:
    pool = WorkerPool(2)
    with pytest.raises(ZeroDivisionError):
        pool.ask([lambda: 1, lambda: 1 // 0], lambda number: 0)
    pool.close()


def test_questions_under_way_are_answered_after_the_run_was_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_pool, "_GRACE", 60.0)
    requested = threading.Event()

    def cancelled() -> bool:
        requested.set()
        return True

    def question() -> str:
        requested.wait(60)
        return "an answer"

    pool = WorkerPool(1, cancelled=cancelled)
    assert pool.ask([question], lambda number: "late") == ["an answer"]
    pool.close()
