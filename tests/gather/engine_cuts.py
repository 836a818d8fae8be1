"""Send truncated scripts over a real sshd, in a throwaway root: `python -m tests.gather.engine_cuts STEP`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from threading import Event
from typing import Any

from plugins.checks.probe import ProbeCommand
from plugins.gather.script import compile_script
from plugins.model import SshSession, Vm
from plugins.ssh import client as ssh
from plugins.ssh.shell_command import ADVICE, COMMAND
from tests.gather.engine_driver import folders, others, prepare
from tests.support.sshd import Client, Keys, sshd, vm


class _Cut:
    """A script that lost bytes, and a sink that is never complete."""

    command, advice, started = COMMAND, ADVICE, False

    def __init__(self, script: bytes) -> None:
        self.script = script

    def feed(self, data: bytes) -> bool:
        return False

    def feed_stderr(self, data: bytes) -> None:
        """Ignore it."""


def cuts(step: int) -> list[list[Any]]:
    """Send scripts without some bytes at the beginning or end over a real sshd, and return the outcome of each session."""
    folder = Path("/tmp/cuts")
    folder.mkdir()
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    keys, client = Keys(folder), Client(folder)
    probes = [ProbeCommand("a", "touch /tmp/ran", 5, False, (), 1024), ProbeCommand("b", "id", 5, True, (), 1024)]
    whole = compile_script(probes).script.rstrip()
    scripts = {f"front{n}": whole[n:] for n in range(1, len(whole), step)}
    scripts |= {f"end{n}": whole[:n] + b"\n\n" for n in range(0, len(whole), step)}
    ends: list[list[Any]] = []
    with sshd(keys, folder / "sshd") as server:
        client.knows(server)
        options = ssh.Options(run_timeout=5.0, config_file=client.config, workers=4)
        vms = [vm(server, keys, name) for name in scripts]
        sinks = {name: _Cut(script) for name, script in scripts.items()}

        def ended(which: Vm, session: SshSession) -> None:
            ends.append([which.name, session.outcome, session.message])

        ssh.visit_all(vms, lambda which: sinks[which.name], lambda which: sinks[which.name], options, ended, Event())
    left: list[str] = []
    for _ in range(40):  # the sshd of a session may end a little later
        if not (left := [text for text in others(set()).values() if text and not text.startswith("sshd")]):
            break
        time.sleep(0.05)
    return [*ends, ["left", left, [*folders(), *map(str, Path("/tmp").glob("ran"))]]]


if __name__ == "__main__":
    prepare()
    sys.stdout.write(json.dumps(cuts(int(sys.argv[1]))))
