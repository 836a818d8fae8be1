"""The lab's processes: start them, wait until they are ready, run COMMAND beside them, reap the dead ones."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lab.errors import LabError

#: How long COMMAND may take to end after SIGTERM, before it is killed.
GRACE_SECONDS = 10.0

#: `siginfo.si_code` of a signal from the kernel: after Ctrl-C in a terminal, COMMAND has received it as well.
FROM_TERMINAL = 0x80

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def python(module: str, call: str) -> list[str]:
    """A command that calls a function of this package in a new interpreter, from any current folder."""
    root = str(Path(__file__).resolve().parents[1])
    return [sys.executable, "-c", f"import sys; sys.path.insert(0, {root!r}); import {module}; {call}"]


class Children:
    """The processes of the lab, by name."""

    def __init__(self) -> None:
        """Start with no process."""
        self._running: dict[str, tuple[subprocess.Popen[bytes], Path]] = {}

    def start(self, name: str, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        """Start a process that lives as long as the lab; its output goes to `log`."""
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=env
            )
        self._running[name] = process, log

    def send_signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a process."""
        self._running[name][0].send_signal(number)

    def wait_for(self, name: str, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until a process is ready; raise `LabError` with the end of its log if it ends or is too slow."""
        process, log = self._running[name]
        deadline = time.monotonic() + seconds
        while not ready():
            ended = process.poll()
            if ended is None and time.monotonic() < deadline:
                time.sleep(0.005)
                continue
            lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["it printed nothing"]
            how = f"did not start within {seconds:.0f} s" if ended is None else f"ended with status {ended}"
            raise LabError(f"{name} {how}: {' | '.join(lines[-3:])}")

    def run(self, command: Sequence[str], env: Mapping[str, str]) -> int:
        """Run COMMAND in the foreground and return its exit status, or 128 + N if signal N ended it.

        INT, TERM and HUP are forwarded to COMMAND. If it is still running after `GRACE_SECONDS`, it is killed.
        """
        signals = {*_ENDING, signal.SIGCHLD}
        try:
            # Block the signals only after the start: COMMAND would inherit the mask.
            process = subprocess.Popen(command, env=env)
        except OSError as error:
            print(f"lab: {command[0]}: {error.strerror}", file=sys.stderr)
            return 127 if isinstance(error, FileNotFoundError) else 126
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        deadline: float | None = None
        while True:
            ended = _collect(process.pid)
            if ended is not None:
                return ended
            wait = 1.0 if deadline is None else max(0.0, deadline - time.monotonic())
            got = signal.sigtimedwait(signals, wait)
            if got and got.si_signo in _ENDING:
                if got.si_code != FROM_TERMINAL:
                    os.kill(process.pid, got.si_signo)
                deadline = deadline or time.monotonic() + GRACE_SECONDS
            if deadline and time.monotonic() >= deadline:
                os.kill(process.pid, signal.SIGKILL)
                deadline = time.monotonic() + GRACE_SECONDS


def _collect(pid: int) -> int | None:
    """Reap every dead child (for process 1, also orphans), and return the status of `pid` if it is one of them."""
    while True:
        try:
            dead, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return None
        if not dead:
            return None
        if dead == pid:
            code = os.waitstatus_to_exitcode(status)
            return 128 - code if code < 0 else code
