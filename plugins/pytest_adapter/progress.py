"""Progress of the visits: one live line on a terminal, an occasional plain line in a log.

::

    ⠹ visiting ━━━━━━━━━━━━━╸━━━━━━━━━ 120/500 VMs · 14 failing · 3 not reached · 0:00:09 left        a terminal
    visited 120 of 500 VMs: 14 failing, 3 not reached; about 9 s left                                 a CI server's log

A VM counts as failing as soon as a required check that needs nothing but its own answers fails (`plugins.judge.judge`);
what Azure says about it comes later. With ``-q`` nothing is shown.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from plugins.gather import collector as gather
from plugins.model import Evidence, Vm

__all__ = ["show_progress"]

#: Seconds between two plain lines.
PAUSE = 10.0


class _Tally:
    """Counts the VMs that are done and calls `show` for each; called from several threads."""

    def __init__(self, total: int, fails: Callable[[Vm], bool], show: Callable[[_Tally], None]) -> None:
        self.total = total
        self.done = self.failing = self.missed = 0
        self.started = time.monotonic()
        self._fails = fails
        self._show = show
        self._lock = threading.Lock()

    def visited(self, evidence: Evidence) -> None:
        """One more VM is done, reached or not."""
        missed = evidence.session.outcome != "ok"
        failing = not missed and self._fails(evidence.vm)
        with self._lock:
            self.done += 1
            self.missed += missed
            self.failing += failing
            self._show(self)

    @property
    def trouble(self) -> list[str]:
        """``["14 failing", "3 not reached"]``"""
        counted = ((self.failing, "failing"), (self.missed, "not reached"))
        return [f"{count} {word}" for count, word in counted if count]

    @property
    def left(self) -> float:
        """Seconds until all VMs are done, if the rest take as long as those before."""
        return (time.monotonic() - self.started) / self.done * (self.total - self.done)


@contextmanager
def show_progress(config: pytest.Config, total: int, fails: Callable[[Vm], bool]) -> Iterator[gather.Progress]:
    """A display of the visits. `fails` says whether a reachable VM is known to fail."""
    terminal: pytest.TerminalReporter = config.pluginmanager.getplugin("terminalreporter")
    if config.option.verbose < 0:
        yield _Tally(total, lambda vm: False, lambda tally: None)
    elif terminal.isatty and terminal._tw.hasmarkup:
        with _live(terminal, total, fails) as tally:
            yield tally
    else:
        yield _Tally(total, fails, _Lines(terminal))


class _Lines:
    """A line every `PAUSE` seconds, and one at the end."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal
        self._last = time.monotonic()

    def __call__(self, tally: _Tally) -> None:
        ended = tally.done == tally.total
        if not ended and time.monotonic() - self._last < PAUSE:
            return
        self._last = time.monotonic()
        trouble = f": {', '.join(tally.trouble)}" if tally.trouble else ""
        left = "" if ended else f"; about {tally.left:.0f} s left"
        self._terminal.write_line(f"visited {tally.done} of {tally.total} VMs{trouble}{left}")


@contextmanager
def _live(terminal: pytest.TerminalReporter, total: int, fails: Callable[[Vm], bool]) -> Iterator[_Tally]:
    columns = (
        SpinnerColumn(),
        TextColumn("visiting"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("VMs{task.description}", markup=False),
        TextColumn("·"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    console = Console(file=terminal._tw._file, force_terminal=True)
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total)

        def show(tally: _Tally) -> None:
            bar.update(task, completed=tally.done, description="".join(f" · {each}" for each in tally.trouble))

        yield _Tally(total, fails, show)
