"""Running the lab from a test.

Tests share two labs, because a lab and a run of the suite cost more than a few VMs: one has the VMs of the whole
catalogue of faults, which one run judges; the other has those of `GROUPS`, a few for each test. A test that needs a
separate lab (for Azure's list of VMs, the end of a lab, options of `up`) starts one.

Only `make az` runs the tests with the real Azure CLI, because it installs that first (730 MB).
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lab import doctor
from lab.faults import Fault
from tests.lab.planted import PLANTED
from tests.support.newest_run import newest_run
from tests.support.paths import ROOT
from tests.support.shared_lab import Group, SharedLab, counted_on, shared_lab

LAB = [sys.executable, "-m", "lab"]

#: Visit few VMs in parallel, because they share this machine's processors.
FEW = ("-q", "-p", "tests.support.few_at_once")

#: In a script beside VMs: judge all of them.
JUDGE = (
    f"{shlex.quote(sys.executable)} -m pytest {' '.join(FEW)} -p no:cacheprovider"
    ' --inventory="$LAB_INVENTORY" --profile="$LAB_PROFILE"'
)

#: The VMs of the shared lab, by test: the number, and the faults, counted from vm1 in each group. A test that changes
#: its VMs has its own group.
GROUPS: Mapping[str, tuple[int, Sequence[str]]] = {
    "shared": (
        10,
        (
            "vm1+vm2+vm3=csn-defaults-off",
            "vm3=roles-missing",
            "vm4+vm5=identity-user-assigned,role-list-access-details-missing",
            "vm6+vm7=no-proxy-lacks-imds",
            "vm8=origin-down",  # the other VMs of its network reach it
            "vm9=no-curl",
        ),
    ),
    "healthy": (4, ()),
    "users": (2, ("vm1=login-as-operator-with-sudo", "vm2=login-as-guest-without-sudo")),
    "run": (3, ("vm2=api-preview-only", "vm3=cluster-updating")),
    "drift": (
        3,
        (
            "vm1=agent-installed",
            "vm2=proxy-wrong-host,agent-proxy-bypass,az-installed,cloud-init-too-old-for-json,os-not-listed",
            "vm3=agent-installed",
        ),
    ),
    "roundtrip": (4, ("vm1=agent-installed", "vm2=agent-connected", "vm3=agent-installed,imds-503")),
    "connected": (2, ("vm1=agent-of-an-older-generation", "vm2=agent-installed,relay-prepared")),
    "not connected": (1, ("vm1=agent-installed",)),
    "services": (1, ("vm1=agent-services-with-another-proxy",)),
    "agent": (2, ("vm1=agent-installed", "vm2=agent-installed,roles-missing")),
    "az": (3, ("vm1=az-installed", "vm2=az-installed,no-proxy-lacks-imds", "vm3=agent-in-the-image")),
    "off": (2, ("vm2=powered-off",)),
}

Up = Callable[..., "subprocess.CompletedProcess[str]"]

#: `suite(planted)`: the results.json of a run over VMs with these faults ("run": the faults of the run itself). Words
#: that follow are options of `python -m lab up`.
Suite = Callable[..., dict[str, Any]]

#: `group("drift")`: VMs of the shared lab.
Groups = Callable[[str], Group]

_LEFT_OUT = pytest.StashKey[int]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests marked `az`, unless they are requested."""
    optional = [item for item in items if item.get_closest_marker("az")]
    if re.search(r"(?<!not )\baz\b", config.option.markexpr):
        if optional and (why := doctor.without_az()):
            raise pytest.UsageError(why)
    elif optional:
        config.stash[_LEFT_OUT] = len(optional)
        config.hook.pytest_deselected(items=optional)
        items[:] = [item for item in items if item not in optional]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print in one line what was deselected, and why."""
    if left_out := config.stash.get(_LEFT_OUT, 0):
        terminalreporter.write_line(
            f"{left_out} tests with the real Azure CLI (730 MB) run only when asked for: make az"
        )


@pytest.fixture(scope="session")
def lab_runs() -> None:
    """Skip with the doctor's message if the lab cannot run."""
    if why := doctor.trouble():
        pytest.skip(f"the lab cannot run here: {why}")


def run_lab(vms: int, script: str, *faults: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """Run a shell script beside VMs: `run_lab(3, script, "vm2=no-curl", "--az")`."""
    planted = [word for fault in faults for word in ([fault] if fault.startswith("--") else ["--fault", fault])]
    command = [*LAB, "up", "--vms", str(vms), *planted, "--", "bash", "-c", script]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False)


def read_results(folder: Path, done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The results.json of the newest run in `folder`, which the process `done` made."""
    assert list(folder.glob("2*")), done.stdout + done.stderr
    path = newest_run(folder) / "results.json"
    assert path.exists(), done.stdout + done.stderr
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def run_suite(
    folder: Path, planted: Mapping[str, Sequence[Fault]], *options: str, timeout: float = 300
) -> dict[str, Any]:
    """Judge VMs with planted faults in a separate lab, with the reports in `folder`."""
    script = f"exec {JUDGE} --reports={shlex.quote(str(folder))}"
    words = [f"{vm}={','.join(fault.name for fault in faults)}" for vm, faults in planted.items() if faults]
    return read_results(folder, run_lab(len(planted.keys() - {"run"}), script, *words, *options, timeout=timeout))


@pytest.fixture
def up(lab_runs: None) -> Up:
    """`run_lab`, if the lab can run."""
    return run_lab


@pytest.fixture
def suite(lab_runs: None, tmp_path: Path) -> Suite:
    """`run_suite`, with the reports in the test's folder."""
    return partial(run_suite, tmp_path)


@pytest.fixture(scope="session")
def group(lab_runs: None) -> Iterator[Groups]:
    """The VMs of one of `GROUPS`, in the shared lab."""
    names: dict[str, list[str]] = {}
    faults: list[str] = []
    count = 0
    for name, (vms, planted) in GROUPS.items():
        names[name] = [f"vm{count + number}" for number in range(1, vms + 1)]
        faults += counted_on(count + 1, planted)
        count += vms
    with shared_lab(count, faults) as lab:
        yield lambda name: Group(lab, names[name])


@dataclass(frozen=True)
class Judged:
    """The run that judged all VMs of the catalogue's lab: the results, and the faults of each VM."""

    lab: SharedLab
    results: dict[str, Any]
    planted: Mapping[str, Sequence[Fault]]


@pytest.fixture(scope="session")
def judged(lab_runs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judged]:
    """Judge every VM of the catalogue once."""
    planted = {f"vm{number}": faults for number, faults in enumerate(PLANTED, 1)}
    faults = [f"{vm}={','.join(fault.name for fault in of_vm)}" for vm, of_vm in planted.items()]
    with shared_lab(len(planted), faults) as lab:
        folder = tmp_path_factory.mktemp("catalogue")
        done = Group(lab, list(planted)).judge(folder, *FEW, timeout=1200)
        yield Judged(lab, read_results(folder, done), planted)
