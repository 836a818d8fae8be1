"""The COMMAND of a lab that several tests share: it executes the requests of `tests.support.shared_lab` in turn.

A line on stdin is a request: ``{"script": "..."}`` for bash, or ``{"pytest": [...], "env": {...}}``. A line on stdout
is the answer: ``[status, stdout, stderr]``; the first line, without a request, has COMMAND's environment. The end of
stdin ends the lab.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.paths import ROOT
from tests.support.pytest_process import run_pytest


def main() -> None:
    """Answer until stdin ends."""
    _answer({"environment": dict(os.environ), "inventory": Path(os.environ["LAB_INVENTORY"]).read_text()})
    for line in sys.stdin:
        try:
            done = _run(json.loads(line))
            _answer([done.returncode, done.stdout, done.stderr])
        except subprocess.TimeoutExpired as error:
            _answer([-1, "", str(error)])


def _run(request: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    timeout = request["timeout"]
    if "pytest" in request:
        return run_pytest(*request["pytest"], cwd=ROOT, env={**os.environ, **request["env"]}, timeout=timeout)
    return subprocess.run(
        ["bash", "-c", request["script"]],
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip


def _answer(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
