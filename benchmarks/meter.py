"""The cost of a command: wall time, CPU of all its processes, memory, and CPU of the VMs that it visits.

Background processes count, too (ssh's ControlMaster): this process adopts them, and kills them when the command has
ended.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
_TICK = 0.1  # seconds between two measurements of memory
_PAGE = os.sysconf("SC_PAGE_SIZE")
_HERTZ = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one run of a command."""

    wall: float  # seconds
    cpu: float  # seconds, user and system, of the command and all its descendants
    peak_mb: float  # the largest sum of the resident memory of its processes; shared pages count in each of them
    status: int


def adopt_orphans() -> None:
    """Become the parent of the background processes of our commands; once per process."""
    ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0)


def run(
    command: Sequence[str], *, cwd: Path, output: Path, stdin: Path | None = None, env: Mapping[str, str] | None = None
) -> Cost:
    """Run a command, with its output in a file."""
    before = _children_cpu()
    with output.open("wb") as out, (stdin or Path(os.devnull)).open("rb") as given:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, stdin=given, stdout=out, stderr=subprocess.STDOUT, env=env)
        with _watched() as peak:
            status = process.wait()
        wall = time.perf_counter() - began
    _end_orphans()
    return Cost(wall, _children_cpu() - before, peak[0] / 1e6, status)


@contextmanager
def _watched() -> Iterator[list[int]]:
    """Measure the maximum of our descendants' resident bytes while the block runs."""
    peak, over = [0], threading.Event()

    def watch() -> None:
        while not over.wait(_TICK):
            peak[0] = max(peak[0], sum(map(_resident, _descendants(os.getpid()))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()


def _descendants(pid: int) -> Iterator[int]:
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError):
                for child in Path(f"/proc/{pid}/task/{thread}/children").read_text("ascii").split():
                    yield int(child)
                    yield from _descendants(int(child))


def _resident(pid: int) -> int:
    try:
        # size resident shared text lib data dt, in pages
        return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _end_orphans() -> None:
    """Kill the command's background processes, and wait for them, because only then is their CPU time counted."""
    while left := list(_descendants(os.getpid())):
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                continue
        time.sleep(0.01)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Vms:
    """The CPU time of the lab's VMs: of sshd, each VM's first process, and of its ended children."""

    def __init__(self) -> None:
        """Find the VMs of the lab in which this process runs."""
        processes = {int(name): _stat(int(name)) for name in os.listdir("/proc") if name.isdigit()}
        names = {pid: stat[0] for pid, stat in processes.items() if stat}
        self._pids = [
            pid for pid, stat in processes.items() if stat and stat[0] == "sshd" and names.get(stat[1]) == "unshare"
        ]

    def cpu(self) -> float:
        """CPU seconds of all VMs since their start."""
        return sum(stat[2] for stat in map(_stat, self._pids) if stat)


def _stat(pid: int) -> tuple[str, int, float] | None:
    """Name, parent, and CPU seconds, including those of its ended children."""
    try:
        # 4242 (sshd) S 4241 ...: utime, stime, cutime and cstime are the 14th to 17th
        head, _, tail = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")
    except OSError:
        return None
    words = tail.split()
    return head.partition("(")[2], int(words[1]), sum(map(int, words[11:15])) / _HERTZ
