"""A real PowerShell, if there is one: in $PWSH or on the PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Sequence
from functools import cache

import pytest

from plugins.checks.probe import ProbeCommand
from plugins.checks.quoting import tool
from plugins.gather.frames import FrameDecoder
from plugins.gather.script import VmScript
from plugins.gather.windows_script import compile_script
from plugins.model import ProbeResult

PWSH = os.environ.get("PWSH") or shutil.which("pwsh") or ""

#: A folder of Windows programs, from scripts/test-windows; "" for those of this machine.
PROGRAMS = os.environ.get("WINDOWS_PROGRAMS", "")
SH, SLEEP = (f"Z:{PROGRAMS}/sh.exe", f"Z:{PROGRAMS}/sleep.exe") if PROGRAMS else ("/bin/sh", "/bin/sleep")
#: The exit status after SIGKILL; busybox for Windows has the signal in the highest byte.
KILLED = 9 << 24 if PROGRAMS else 137

needs_pwsh = pytest.mark.skipif(
    not PWSH, reason="PowerShell is not installed: put pwsh of PowerShell 7 on the PATH, or its path in PWSH"
)


def probe(text: str, *, limit: float = 200, cap: int = 4096, root: bool = False, key: str = "") -> ProbeCommand:
    return ProbeCommand(key or text, text, limit, root, (), cap)


@cache
def for_windows() -> bool:
    """Whether this PowerShell is one for Windows: it is asked."""
    command = [PWSH, "-NoProfile", "-NonInteractive", "-Command", "[string]$IsWindows"]
    asked = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200, check=True)
    return asked.stdout.strip() == "True"


class Run:
    """One run of a script; stdin gets `feed` and then stays open."""

    def __init__(self, batch: VmScript, feed: bytes | None = None) -> None:
        self.decoder = FrameDecoder(batch)
        self.noise = b""
        command = [PWSH, *batch.command.split()[1:]]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
        assert self.process.stdin is not None
        self.process.stdin.write(batch.script if feed is None else feed)
        self.process.stdin.flush()

    def read(self, until: str = "end") -> None:
        """Read until the script has ended, has sent hello, or the probe with this key has answered."""
        assert self.process.stdout is not None
        watchdog = threading.Timer(400, self.process.kill)
        watchdog.start()
        while data := os.read(self.process.stdout.fileno(), 65_536):
            self.noise += data
            if self.decoder.feed(data) or (until == "hello" and self.decoder.greeted) or until in self.decoder.results:
                break
        watchdog.cancel()

    def hang_up(self) -> int:
        """Close stdin, as after a disconnect, and return the exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(200)


def start(probes: Sequence[ProbeCommand], feed: bytes | None = None) -> Run:
    return Run(compile_script(probes), feed)


def run(*probes: ProbeCommand) -> dict[str, ProbeResult]:
    """The answers of some probes."""
    begun = start(probes)
    begun.read()
    assert begun.hang_up() == 0
    assert begun.decoder.complete, begun.noise[-500:]
    return begun.decoder.results


@cache
def wine_schannel() -> bool:
    """Whether curl.exe uses Wine's Schannel, which accepts untrusted and expired certificates."""
    asked = probe(tool("curl.exe", "--version"))
    return bool(PROGRAMS) and "Schannel" in run(asked)[asked.key].stdout
