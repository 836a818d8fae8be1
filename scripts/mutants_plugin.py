"""A pytest plugin of `scripts.mutants`: which test runs which line, and how much CPU each test takes."""

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
    """Seconds of this process and of those it has waited for: unlike elapsed ones, the same on a busy machine."""
    return sum(os.times()[:4])


@functools.cache
def _caches() -> list[Any]:
    """Those of the product."""
    gc.unfreeze()  # what tests/conftest.py has frozen is not among the objects
    caches = [one for one in gc.get_objects() if isinstance(one, functools._lru_cache_wrapper)]
    gc.freeze()
    return [cache for cache in caches if cache.__module__.startswith(("plugins.", "suites."))]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """What runs from now on is this test's; a program that it starts finds the name in PYTEST_CURRENT_TEST."""
    for cache in _caches():  # what another test has had computed, this one does not run
        cache.cache_clear()
    if (running := coverage.Coverage.current()) is not None:
        running.switch_context(item.nodeid)
    began, cpu = time.monotonic(), _cpu()
    result = yield
    # A run of pytest that another process forks for the test is not in its CPU, only in its time.
    _note(item.nodeid, max(_cpu() - cpu, (time.monotonic() - began) / 4), passed=True)
    return result


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A line for each phase that has not passed."""
    if not report.passed:
        _note(report.nodeid, 0, passed=False)


def _note(test: str, seconds: float, *, passed: bool) -> None:
    with Path(os.environ["MUTANTS_DURATIONS"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps([test, seconds, passed]) + "\n")
