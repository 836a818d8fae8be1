"""What is shown while VMs are visited: one live line on a terminal, a plain line now and then in a log."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from plugins.model import Evidence

__all__ = ["show_progress"]

#: Seconds between two plain lines.
PAUSE = 10.0


class _Bar:
    def __init__(self, bar: Progress, total: int) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=total)
        self._lock = threading.Lock()
        self._missed = 0

    def visited(self, evidence: Evidence) -> None:
        with self._lock:
            self._missed += evidence.session.outcome != "ok"
            missed = f"{self._missed} not reached" if self._missed else ""
            self._bar.update(self._task, advance=1, description=missed)


class _Lines:
    def __init__(self, terminal: pytest.TerminalReporter, total: int) -> None:
        self._terminal = terminal
        self._total = total
        self._done = self._missed = 0
        self._lock = threading.Lock()
        self._last = time.monotonic()

    def visited(self, evidence: Evidence) -> None:
        with self._lock:
            self._done += 1
            self._missed += evidence.session.outcome != "ok"
            if self._done == self._total or time.monotonic() - self._last >= PAUSE:
                self._last = time.monotonic()
                missed = f", {self._missed} of them not reached" if self._missed else ""
                self._terminal.write_line(f"visited {self._done} of {self._total} VMs{missed}")


@contextmanager
def show_progress(config: pytest.Config, total: int) -> Iterator[_Bar | _Lines]:
    """Something with a `visited` method to tell of each VM; plain lines where there is no terminal."""
    terminal: pytest.TerminalReporter = config.pluginmanager.getplugin("terminalreporter")
    writer = terminal._tw
    if not (terminal.isatty and writer.hasmarkup):
        yield _Lines(terminal, total)
        return
    console = Console(file=writer._file, force_terminal=True)
    columns = (
        SpinnerColumn(),
        TextColumn("visiting"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("VMs"),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield _Bar(bar, total)
