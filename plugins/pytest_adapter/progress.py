"""Progress of the visits: one live line on a terminal, an occasional plain line in a log.

::

    ⠹ visiting ━━━━━━━━━━━━━╸━━━━━━━━━ 120/500 VMs · at least 14 not ready · 3 not reached · 0:00:09 left    a terminal
    visited 120 of 500 VMs: at least 14 not ready, 3 not reached; about 9 s left                     a CI server's log

A VM counts as failing as soon as a required check that needs only its own answers fails (`plugins.judge.judge`);
checks that need Azure follow later. With ``-q`` nothing is shown.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from plugins.core.sanitize import case_text
from plugins.diagnosis.findings import rank
from plugins.gather import collector as gather
from plugins.model import Evidence, Verdict, Vm
from plugins.pytest_adapter.output import say

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
        """``["at least 14 not ready", "3 not reached"]``"""
        parts = [f"at least {self.failing} not ready"] if self.failing else []
        return parts + ([f"{self.missed} not reached"] if self.missed else [])

    @property
    def left(self) -> float:
        """Seconds until all VMs are done, if the rest take as long as the others."""
        return (time.monotonic() - self.started) / self.done * (self.total - self.done)


@contextmanager
def show_progress(config: pytest.Config, total: int, fails: Callable[[Vm], bool]) -> Iterator[gather.Progress]:
    """A display of the visits. `fails` tests whether a reachable VM is known to fail."""
    terminal: pytest.TerminalReporter = config.pluginmanager.getplugin("terminalreporter")
    if config.option.verbose < 0:
        yield _Tally(total, lambda vm: False, lambda tally: None)
    elif terminal.isatty and terminal._tw.hasmarkup:
        with _live(terminal, total, fails) as tally:
            yield tally
    else:
        yield _Tally(total, fails, _Lines(terminal))


class VmLines:
    """A line for each VM while checks are judged, for output that is not a terminal.

    ::

        vm7: 1 fail, 52 pass, 12 not applicable
    """

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal
        self._vm = ""
        self._counts: Counter[str] = Counter()
        terminal.showfspath = False

    @classmethod
    def of(cls, config: pytest.Config) -> VmLines | None:
        """None when pytest's own output is better (on a terminal, with ``-v``), and with ``-q``."""
        terminal: pytest.TerminalReporter | None = config.pluginmanager.getplugin("terminalreporter")
        if terminal is None or terminal.isatty or config.get_verbosity() > 0:
            return None
        return cls(terminal)

    def add(self, vm: str, verdict: Verdict) -> None:
        """One more verdict; VMs come one after the other."""
        if vm != self._vm:
            self.finish()
            self._vm = vm
        self._counts[str(verdict.status)] += 1

    def finish(self) -> None:
        """Write the line of the last VM."""
        if self._counts and self._terminal.verbosity >= 0:
            order = sorted(self._counts.items(), key=lambda pair: rank(pair[0]))
            say(
                self._terminal.write_line,
                f"{case_text(self._vm)}: {', '.join(f'{count} {word}' for word, count in order)}",
            )
        self._counts.clear()


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
        say(self._terminal.write_line, f"visited {tally.done} of {tally.total} VMs{trouble}{left}")


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
            bar.update(task, completed=tally.done, description="".join(f" · {problem}" for problem in tally.trouble))

        yield _Tally(total, fails, show)
