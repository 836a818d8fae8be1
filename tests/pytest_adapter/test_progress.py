"""The progress while VMs are visited."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from plugins.model import Evidence, SshSession, Vm
from plugins.pytest_adapter.progress import show_progress
from tests.support.paths import ROOT


class Terminal:
    """The part of pytest's terminal reporter that is used."""

    def __init__(self, tty: bool) -> None:
        self.isatty = tty
        self.lines: list[str] = []
        self.file = io.StringIO()
        self._tw = SimpleNamespace(hasmarkup=tty, _file=self.file)

    def write_line(self, text: str) -> None:
        self.lines.append(text)


def config(terminal: Terminal, verbose: int = 0) -> pytest.Config:
    plugins = SimpleNamespace(getplugin=lambda name: terminal)
    return cast(pytest.Config, SimpleNamespace(pluginmanager=plugins, option=SimpleNamespace(verbose=verbose)))


def visit(shown: Any, *outcomes: str) -> None:
    for number, outcome in enumerate(outcomes):
        shown.visited(Evidence(Vm(f"{outcome}{number}"), SshSession("ok" if outcome in ("good", "bad") else outcome)))


def fails(vm: Vm) -> bool:
    assert not vm.name.startswith("timed out"), "nothing is known of a VM that was not reached"
    return vm.name.startswith("bad")


def test_a_log_gets_a_line_now_and_then_and_one_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("plugins.pytest_adapter.progress.time.monotonic", lambda: now)
    terminal = Terminal(tty=False)
    with show_progress(config(terminal), 6, fails) as shown:
        for outcome in ("good", "bad", "bad", "timed out", "good", "good"):
            now += 5.0
            visit(shown, outcome)
    assert terminal.lines == [
        "visited 2 of 6 VMs: at least 1 not ready; about 20 s left",
        "visited 4 of 6 VMs: at least 2 not ready, 1 not reached; about 10 s left",
        "visited 6 of 6 VMs: at least 2 not ready, 1 not reached",
    ]


def test_a_terminal_has_one_live_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal(tty=True)
    with show_progress(config(terminal), 3, fails) as shown:
        visit(shown, "good", "bad", "timed out")
    assert "3/3" in terminal.file.getvalue()
    assert " VMs · at least 1 not ready · 1 not reached" in terminal.file.getvalue()
    assert terminal.lines == []


@pytest.mark.parametrize("tty", [True, False])
def test_quiet_is_quiet(tty: bool) -> None:
    terminal = Terminal(tty)
    with show_progress(config(terminal, verbose=-1), 2, fails) as shown:
        visit(shown, "good", "bad")
    assert (terminal.lines, terminal.file.getvalue()) == ([], "")


@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_no_color_is_honoured_on_a_terminal(
    environment: dict[str, str], coloured: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "PY_COLORS"):
        monkeypatch.delenv(name, raising=False)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "pytest", "--evidence=lab/recorded", f"--reports={tmp_path}", "--check=SSH-001"]
    suite = subprocess.Popen(
        command, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, env=os.environ | {"TERM": "xterm"} | environment
    )
    os.close(theirs)
    output = _until_closed(ours)
    suite.wait()
    assert "1 could not be judged." in output
    assert ("\x1b[" in output) is coloured


def _until_closed(terminal: int) -> str:
    output = b""
    with suppress(OSError):  # EIO on Linux when the other side is closed
        while part := os.read(terminal, 65_536):
            output += part
    os.close(terminal)
    return output.decode()
