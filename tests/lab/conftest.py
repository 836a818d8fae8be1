"""Running the lab from a test.

The tests with the real Azure CLI are no part of any other run: it has 730 MB. `make az` installs it and runs them.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from lab import doctor
from lab.faults import Fault
from tests.support.newest_run import newest_run
from tests.support.paths import ROOT

LAB = [sys.executable, "-m", "lab"]

Up = Callable[..., "subprocess.CompletedProcess[str]"]

#: `suite(planted)`: the results.json of a run over VMs with these faults ("run": the faults of the run itself). Words
#: that follow are options of `python -m lab up`.
Suite = Callable[..., dict[str, Any]]

_LEFT_OUT = pytest.StashKey[int]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked `az`, unless that is what was asked for."""
    optional = [item for item in items if item.get_closest_marker("az")]
    if re.search(r"(?<!not )\baz\b", config.option.markexpr):
        if optional and (why := doctor.without_az()):
            raise pytest.UsageError(why)
    elif optional:
        config.stash[_LEFT_OUT] = len(optional)
        config.hook.pytest_deselected(items=optional)
        items[:] = [item for item in items if item not in optional]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say in one line what was left out, and why."""
    if left_out := config.stash.get(_LEFT_OUT, 0):
        terminalreporter.write_line(
            f"{left_out} tests with the real Azure CLI (730 MB) run only when asked for: make az"
        )


@pytest.fixture(scope="session")
def lab_runs() -> None:
    """Skip, in the doctor's words, where the lab cannot run."""
    if why := doctor.trouble():
        pytest.skip(f"the lab cannot run here: {why}")


@pytest.fixture
def up(lab_runs: None) -> Up:
    """Run a shell script beside VMs: `up(3, script, "vm2=no-curl", "--az")`."""

    def run(vms: int, script: str, *faults: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        planted = [word for fault in faults for word in ([fault] if fault.startswith("--") else ["--fault", fault])]
        command = [*LAB, "up", "--vms", str(vms), *planted, "--", "bash", "-c", script]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False)

    return run


@pytest.fixture
def suite(up: Up, tmp_path: Path) -> Suite:
    """Judge VMs with planted faults."""

    def judge(planted: Mapping[str, Sequence[Fault]], *options: str) -> dict[str, Any]:
        pytest_here = f"{shlex.quote(sys.executable)} -m pytest -p no:cacheprovider"
        script = (
            f'exec {pytest_here} --inventory="$LAB_INVENTORY" --profile="$LAB_PROFILE"'
            f" --reports={shlex.quote(str(tmp_path))}"
        )
        words = [f"{vm}={','.join(fault.name for fault in faults)}" for vm, faults in planted.items() if faults]
        done = up(len(planted.keys() - {"run"}), script, *words, *options, timeout=300)
        path = newest_run(tmp_path) / "results.json"
        assert path.exists(), done.stdout + done.stderr
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    return judge
