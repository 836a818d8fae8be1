"""Running the lab from a test."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from lab import doctor
from lab.faults import Fault

ROOT = Path(__file__).resolve().parents[2]
LAB = [sys.executable, "-m", "lab"]

Up = Callable[..., "subprocess.CompletedProcess[str]"]

#: `suite(planted)`: the results.json of a run over VMs with these faults.
Suite = Callable[[Mapping[str, Sequence[Fault]]], dict[str, Any]]


@pytest.fixture(scope="session")
def lab_runs() -> None:
    """Skip, in the doctor's words, where the lab cannot run."""
    if why := doctor.trouble():
        pytest.skip(f"the lab cannot run here: {why}")


@pytest.fixture
def up(lab_runs: None) -> Up:
    """Run a shell script beside VMs: `up(3, script, "vm2=no-curl")`."""

    def run(vms: int, script: str, *faults: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        planted = [word for fault in faults for word in ("--fault", fault)]
        command = [*LAB, "up", "--vms", str(vms), *planted, "--", "bash", "-c", script]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False)

    return run


@pytest.fixture
def suite(up: Up, tmp_path: Path) -> Suite:
    """Judge VMs with planted faults."""

    def judge(planted: Mapping[str, Sequence[Fault]]) -> dict[str, Any]:
        pytest_here = f"{shlex.quote(sys.executable)} -m pytest -p no:cacheprovider"
        script = (
            f'exec {pytest_here} --inventory="$LAB_INVENTORY" --profile="$LAB_PROFILE"'
            f" --reports={shlex.quote(str(tmp_path))}"
        )
        words = [f"{vm}={','.join(fault.name for fault in faults)}" for vm, faults in planted.items()]
        done = up(len(planted), script, *words, timeout=300)
        path = tmp_path / "latest" / "results.json"
        assert path.exists(), done.stdout + done.stderr
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    return judge
