"""A pytest plugin for `scripts.mutants`: record which test runs which line, and the CPU time of each test."""

from __future__ import annotations

import functools
import gc
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import coverage
import pytest


def _cpu() -> float:
    """CPU seconds of this process and of ended child processes, which a busy machine does not change."""
    return sum(os.times()[:4])


@functools.cache
def _caches() -> list[Any]:
    """The caches of the product."""
    gc.unfreeze()  # get_objects() omits frozen objects, and tests/conftest.py freezes
    caches = [one for one in gc.get_objects() if isinstance(one, functools._lru_cache_wrapper)]
    gc.freeze()
    return [cache for cache in caches if cache.__module__.startswith(("plugins.", "suites."))]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Record the lines of each test; a program that it starts reads its name from PYTEST_CURRENT_TEST."""
    for cache in _caches():  # a cached result would hide lines that the test runs
        cache.cache_clear()
    if (running := coverage.Coverage.current()) is not None:
        running.switch_context(item.nodeid)
    began, cpu = time.monotonic(), _cpu()
    result = yield
    # The CPU time lacks that of a pytest that another process forks for the test; the elapsed time includes it.
    _note(item.nodeid, max(_cpu() - cpu, (time.monotonic() - began) / 4), passed=True)
    return result


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write a line for each phase that did not pass."""
    if not report.passed:
        _note(report.nodeid, 0, passed=False)


def _note(test: str, seconds: float, *, passed: bool) -> None:
    with Path(os.environ["MUTANTS_DURATIONS"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps([test, seconds, passed]) + "\n")
