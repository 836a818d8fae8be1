"""The engine for Windows VMs stops programs on Windows PowerShell 5.1: .NET Framework does not know the parents of
processes, so taskkill.exe stops each tree. Here the same is forced on PowerShell 7, and a shell script is its
taskkill.exe; under Wine it is Wine's own."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from plugins.gather.windows_command import pack
from plugins.gather.windows_script import compile_script, source
from tests.gather.test_windows_engine import alive, sh, wait_for
from tests.support.powershell import PROGRAMS, SLEEP, Run, needs_pwsh, probe

pytestmark = needs_pwsh

#: Stops the same processes as taskkill.exe /T, after printing more than a pipe holds.
TASKKILL = """\
#!/bin/sh
echo "$*" >>'{folder}/arguments'
head -c 200000 /dev/zero
tree() {{
    kill -STOP "$1"
    for child in $(cat /proc/$1/task/*/children); do tree "$child"; done
    kill -KILL "$1"
}}
for word; do case $word in [0-9]*) tree "$word" ;; esac; done
"""


def test_a_late_tree_is_stopped_by_taskkill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # .NET for Linux has no system folder, so it searches the rest of the path on PATH.
    program = tmp_path / "\\taskkill.exe"
    program.write_text(TASKKILL.format(folder=tmp_path))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    mark = f"305.{os.getpid()}"
    tree = sh(f"echo $$; ({SLEEP} {mark} & {SLEEP} {mark}) & {SLEEP} {mark}")
    stopped = "true" if PROGRAMS else f"[ -s {tmp_path}/arguments ]"
    probes = [
        probe(tree, limit=5, key="a"),
        probe(tree, limit=5, key="b"),
        probe(sh(f"until {stopped}; do sleep 0.1; done; echo whole"), key="in time"),
    ]
    text, unknown = re.subn("'ParentProcessId'", "'NotOf5.1'", source(probes, "N0NCE"))
    text, patient = re.subn(r"\$killer\.WaitForExit\(2000\)", "$killer.WaitForExit(100000)", text)
    assert (unknown, patient) == (1, 1)
    begun = Run(replace(compile_script(probes, nonce="N0NCE"), script=pack(text)))
    begun.read()
    assert begun.hang_up() == 0 and begun.decoder.complete
    answers = begun.decoder.results
    assert (answers["in time"].state, answers["in time"].stdout) == ("done", "whole\n")
    late = {answers[key].stdout.strip() for key in ("a", "b")}
    assert {answers[key].state for key in ("a", "b")} == {"timed out"} and len(late) == 2
    if not PROGRAMS:
        lines = (tmp_path / "arguments").read_text().splitlines()
        assert all(re.fullmatch(r"/T /F( /PID \d+)+", line) for line in lines)
        assert {number for line in lines for number in re.findall(r"\d+", line)} == late
    wait_for(lambda: not alive(mark))
