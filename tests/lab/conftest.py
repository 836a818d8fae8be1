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
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lab import doctor
from lab.faults import Fault
from tests.support.newest_run import newest_run
from tests.support.paths import ROOT

LAB = [sys.executable, "-m", "lab"]

#: In a script beside VMs: judge all of them.
JUDGE = (
    f"{shlex.quote(sys.executable)} -m pytest -q -p no:cacheprovider -p tests.support.few_at_once"
    ' --inventory="$LAB_INVENTORY" --profile="$LAB_PROFILE"'
)

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


def run_lab(vms: int, script: str, *faults: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """Run a shell script beside VMs: `run_lab(3, script, "vm2=no-curl", "--az")`."""
    planted = [word for fault in faults for word in ([fault] if fault.startswith("--") else ["--fault", fault])]
    command = [*LAB, "up", "--vms", str(vms), *planted, "--", "bash", "-c", script]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False)


def run_suite(
    folder: Path, planted: Mapping[str, Sequence[Fault]], *options: str, timeout: float = 300
) -> dict[str, Any]:
    """Judge VMs with planted faults; the reports go to `folder`."""
    script = f"exec {JUDGE} --reports={shlex.quote(str(folder))}"
    words = [f"{vm}={','.join(fault.name for fault in faults)}" for vm, faults in planted.items() if faults]
    done = run_lab(len(planted.keys() - {"run"}), script, *words, *options, timeout=timeout)
    path = newest_run(folder) / "results.json"
    assert path.exists(), done.stdout + done.stderr
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture
def up(lab_runs: None) -> Up:
    """`run_lab`, where there can be a lab."""
    return run_lab


@pytest.fixture
def suite(lab_runs: None, tmp_path: Path) -> Suite:
    """`run_suite`, into the test's folder."""
    return partial(run_suite, tmp_path)
