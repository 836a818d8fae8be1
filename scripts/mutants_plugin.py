"""A pytest plugin of `scripts.mutants`: which test runs which line, and how long each test takes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """What runs from now on is this test's; a program that it starts finds the name in PYTEST_CURRENT_TEST."""
    if (running := coverage.Coverage.current()) is not None:
        running.switch_context(item.nodeid)
    return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A line for each phase of each test; of the process that reports, and not of its workers."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        with Path(os.environ["MUTANTS_DURATIONS"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps([report.nodeid, report.duration, report.passed]) + "\n")
