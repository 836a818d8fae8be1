"""The part of the session in which checks are judged: pytest's loop over the items, and one report for each.

A check is a pure function of its evidence, without setup, captured output or teardown, and its message is
its report. So a check item skips pytest's protocol for test functions, which would take three times as long
as judging it; its reports go to the same hooks, where terminal, `-x` and `--lf` find them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from plugins.core.gc_pause import gc_paused
from plugins.model import Status, Verdict
from plugins.pytest_adapter.items import CheckItem
from plugins.pytest_adapter.progress import VmLines
from plugins.pytest_adapter.stash import ACCUMULATOR, RUN
from plugins.reports.html.plugin import HtmlReport
from plugins.results.accumulator import FleetAccumulator

#: The hook `pytest_runtest_logreport`.
Log = Callable[..., Any]

#: pytest's outcome, and the letter and word of its terminal: (outcome, letter, word).
_WORDS: dict[Status, tuple[Literal["passed", "failed", "skipped"], str, str]] = {
    Status.PASS: ("passed", ".", "PASS"),
    Status.FAIL: ("failed", "F", "FAIL"),
    Status.WARN: ("passed", "w", "WARN"),
    Status.UNKNOWN: ("skipped", "?", "UNKNOWN"),
    Status.BLOCKED: ("skipped", "b", "BLOCKED"),
    Status.NOT_APPLICABLE: ("skipped", "-", "NOT APPLICABLE"),
    Status.WAIVED: ("skipped", "W", "WAIVED"),
}
_COLOURS = {Status.PASS: "green", Status.FAIL: "red", Status.WARN: "yellow", Status.UNKNOWN: "purple"}

#: The results of `pytest_report_teststatus` by status: the same objects for every report.
_SHOWN = {
    status: (
        outcome if status in (Status.PASS, Status.FAIL) else str(status),
        letter,
        (word, {_COLOURS.get(status, "cyan"): True}),
    )
    for status, (outcome, letter, word) in _WORDS.items()
}


def run(session: pytest.Session) -> bool | None:
    """Judge the checks, and run ordinary tests between them. A plan runs nothing.

    Returns None to leave the loop to pytest.
    """
    option = session.config.option
    if RUN not in session.config.stash:
        return None
    if option.plan:
        return True
    if option.collectonly or (session.testsfailed and not option.continue_on_collection_errors):
        return None  # pytest's own loop reports it
    with gc_paused():
        _judge_all(session, session.config.stash[ACCUMULATOR])
    return True


def _judge_all(session: pytest.Session, accumulator: FleetAccumulator) -> None:
    loggers: dict[Path, Log] = {}
    lines = VmLines.of(session.config)
    try:
        for number, item in enumerate(session.items, 1):
            if isinstance(item, CheckItem):
                log = loggers.get(item.path) or loggers.setdefault(item.path, _logger(item))
                _judge(item, accumulator, log, lines)
            else:
                if lines is not None:
                    lines.finish()
                following = session.items[number] if number < len(session.items) else None
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)
    finally:
        if lines is not None:
            lines.finish()


def _judge(item: CheckItem, accumulator: FleetAccumulator, log: Log, lines: VmLines | None) -> None:
    hook, nodeid, location = item.ihook, item.nodeid, item.location
    hook.pytest_runtest_logstart(nodeid=nodeid, location=location)
    start = time.time()
    verdict = accumulator.verdict(item)
    if lines is not None:
        lines.add(item.vm.name, verdict)
    verbose = item.config.get_verbosity() > 0
    report = CheckReport(item, verdict, start, check=item.check.id if verbose else "", silent=lines is not None)
    log(report=report)
    hook.pytest_runtest_logfinish(nodeid=nodeid, location=location)
    report.verdict = None


def _logger(item: pytest.Item) -> Log:
    """The hook for an item's report, without pytest-html, which would keep them all; its rows come from the results."""
    manager = item.config.pluginmanager
    ours: HtmlReport | None = manager.get_plugin("nexus-html")
    others = getattr(item.ihook, "remove_mods", ())  # conftest modules of folders that the item is not in
    return manager.subset_hook_caller("pytest_runtest_logreport", [*others, *([ours.page] if ours else ())])


class CheckReport(pytest.TestReport):
    """A verdict as the report of a test. pytest keeps every report to the end, so this one is small."""

    when = "call"
    keywords: Any = {}  # noqa: RUF012  # immutable, and shared by all
    sections: Any = ()
    user_properties: Any = ()

    def __init__(
        self, item: CheckItem, verdict: Verdict, start: float, *, check: str = "", silent: bool = False
    ) -> None:
        """`start` is the time at which judging began, in seconds since the epoch.

        `check` is the id to show before the status, for ``-v``. `silent`: pytest's terminal does not show the report.
        """
        self._item = item
        self.check, self.silent = check, silent
        self.verdict: Verdict | None = verdict  # until all hooks have run
        self.status = verdict.status
        self.outcome = _WORDS[verdict.status][0]
        self.longrepr = _longrepr(item, verdict, self.outcome)
        self.duration = verdict.seconds
        self.start = self.stop = start  # it took less than a millisecond

    if not TYPE_CHECKING:
        id = property(lambda self: self._item.id)
        nodeid = property(lambda self: self._item.nodeid)
        location = property(lambda self: self._item.location)

    def _to_json(self) -> dict[str, Any]:
        """For plugins that write reports down, such as pytest-reportlog."""
        fields = {"nodeid": self.nodeid, "location": self.location, "when": self.when, "keywords": {}, "sections": []}
        data = super()._to_json() | fields | {"user_properties": [], "verdict": self.verdict and self.verdict.as_dict()}
        return {key: value for key, value in data.items() if key not in ("_item", "status", "check", "silent")}


def _longrepr(item: pytest.Item, verdict: Verdict, outcome: str) -> Any:
    if outcome == "skipped":
        return (str(item.path), (item.location[1] or 0) + 1, verdict.message)
    return f"{verdict.message}\n{verdict.remedy}".strip() if outcome == "failed" else None


def shown(report: pytest.TestReport) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """Category, letter, and word with its colour of a check's status; None for an ordinary test."""
    if not isinstance(report, CheckReport):
        return None
    category, letter, (word, markup) = _SHOWN[report.status]
    if report.check:
        return category, letter, (f"{report.check} {word}", markup)
    return (category, "", ("", {})) if report.silent else _SHOWN[report.status]
