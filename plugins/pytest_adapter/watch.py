"""``--watch 15m``: run again and again, and say only what changed.

::

    (the first round ends as any run does)
    21:15:00Z NOT READY  nothing changed: 4 of 6 VMs are ready; 2 are not.
    21:30:00Z NOT READY  3 of 6 VMs are ready; 3 are not.
      new       CSN-002 [gbl.his.arc.azure.com] on vm-b: The cloud services network does not allow …
      fixed     PROXY-002 on vm-d: NO_PROXY has what it needs.

Each round is a pytest of its own, with the same command line and ``--against`` the round before: it leaves a run
directory like any other, and nothing of one round can leak into the next. This process chooses the round's run id, so
it need not guess where that directory is. Rounds begin at fixed times; one that is late begins at once.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from plugins.core.sanitize import names, one_line, truncate
from plugins.pytest_adapter.run import new_id, reports

__all__ = ["interval", "refuse", "report", "watch"]

_UNITS = {"s": 1, "m": 60, "h": 3600}
_LISTS = ("new", "fixed")
_SHOWN = 10  # lines of each list
_ENDED_WELL = (0, 1, 10)  # a verdict was reached


def interval(text: str) -> float:
    """Seconds: ``90s``, ``15m``, ``2h``. Raises pytest.UsageError."""
    found = re.fullmatch(r"(\d{1,5})([smh])", text)
    if not found or int(found[1]) == 0:
        raise pytest.UsageError(f"--watch={text}: expected how often to look, for example 15m (or 90s, or 1h).")
    return float(int(found[1]) * _UNITS[found[2]])


def refuse(option: Any) -> None:
    """Raise pytest.UsageError for what is not done more than once."""
    for flag in ("enroll", "plan", "collectonly", "resume", "retry_unknown"):
        if getattr(option, flag):
            name = {"collectonly": "--collect-only", "retry_unknown": "--retry-unknown"}.get(flag, f"--{flag}")
            raise pytest.UsageError(f"--watch and {name}: give one. A watch looks again and again, and only looks.")


def watch(config: pytest.Config, say: Callable[[str], object]) -> int:
    """Run rounds until one cannot be judged at all, or until Ctrl-C; the exit status of the last one."""
    refuse(config.option)
    every = interval(config.option.watch)
    where = reports(config)
    arguments = [str(each) for each in config.invocation_params.args]
    status = int(pytest.ExitCode.INTERRUPTED)
    before: Path | None = None
    start, number = time.monotonic(), 0
    rounds = _Rounds()
    try:
        while True:
            directory = where / new_id()
            ended, output = rounds.run([*arguments, f"--run-id={directory.name}"], before)
            if ended not in _ENDED_WELL:
                say(output)
                return ended
            status = ended
            if before is not None:
                for line in report(json.loads((directory / "results.json").read_bytes()), datetime.now(UTC)):
                    say(line + "\n")
            before = directory
            number = max(number + 1, int((time.monotonic() - start) // every))
            time.sleep(max(0.0, start + number * every - time.monotonic()))
    except KeyboardInterrupt:
        rounds.end()
        return status


class _Rounds:
    """One child after the other."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None
        signal.signal(signal.SIGTERM, self._terminated)  # systemd and Kubernetes end a watch with it

    def run(self, arguments: list[str], before: Path | None) -> tuple[int, str]:
        """The exit status of a round, and what it printed unless it is the first."""
        command = [sys.executable, "-m", "pytest", *arguments]
        quiet = None if before is None else subprocess.PIPE
        if before is not None:
            command += ["-q", f"--against={before}"]  # of two --against, the last counts
        self._child = subprocess.Popen(command, stdout=quiet, stderr=quiet and subprocess.STDOUT, text=True)
        output, _ = self._child.communicate()
        return self._child.returncode, output or ""

    def end(self) -> None:
        """Wait for a round that was interrupted, as it is by Ctrl-C: it still writes down what it has."""
        if self._child is not None:
            self._child.communicate()

    def _terminated(self, *_: object) -> None:
        if self._child is not None and self._child.poll() is None:
            self._child.send_signal(signal.SIGINT)
        raise KeyboardInterrupt


def report(results: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """The lines of a round."""
    changes = results["changes"]
    # What flaps is listed as long as it is remembered; here it counts when it went over just now.
    lists = {name: [each for each in changes[name] if each["was"] != each["now"]] for name in _LISTS}
    came_and_went = [(word, changes[f"vms_{word}"]) for word in ("added", "removed") if changes[f"vms_{word}"]]
    quiet = not any(lists.values()) and not came_and_went
    said = one_line(results["sentence"])
    yield f"{now:%H:%M:%S}Z {results['verdict'].upper()}  {'nothing changed: ' if quiet else ''}{said}"
    if gate := results.get("gate"):
        yield f"  {one_line(gate['sentence'])}"
    for name, entries in lists.items():
        grouped: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for each in entries:
            grouped.setdefault((each["id"], each["parameter"]), []).append(each)
        for (id, parameter), group in list(grouped.items())[:_SHOWN]:
            of = f" [{one_line(parameter)}]" if parameter else ""
            vms = names([each["vm"] for each in group])
            yield truncate(f"  {name:8}  {id}{of} on {vms}: {one_line(group[0]['message'])}", 240)
        if len(grouped) > _SHOWN:
            yield f"  {name:8}  and {len(grouped) - _SHOWN} more: see the report"
    for word, vms in came_and_went:
        yield f"  VMs {word}: {names(vms)}"
