"""`--enroll` in the lab: a real agent's command line (a stand-in), a real Azure's answers (another), real SSH."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lab import doctor
from tests.support.newest_run import newest_run
from tests.support.paths import ROOT

pytestmark = pytest.mark.lab


class Done:
    """What a run beside the lab's VMs left behind."""

    def __init__(self, folder: Path, vms: int, options: str, *faults: str) -> None:
        if why := doctor.trouble():
            pytest.skip(f"the lab cannot run here: {why}")
        planted = [word for fault in faults for word in ("--fault", fault)]
        log = folder / "azure.jsonl"
        run = f"{shlex.quote(sys.executable)} -m pytest -p no:cacheprovider --reports={shlex.quote(str(folder))}"
        script = (
            f'{run} --inventory="$LAB_INVENTORY" --profile="$LAB_PROFILE" {options}; status=$?; '
            f'cp "$LAB_AZURE_LOG" {shlex.quote(str(log))}; exit $status'
        )
        command = [sys.executable, "-m", "lab", "up", "--vms", str(vms), *planted, "--", "sh", "-c", script]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
        self.status, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr
        self.folder = folder
        requests = [json.loads(line) for line in log.read_text().splitlines()]
        self.written = [f"{each['method']} {each['path'].rpartition('/')[2]}" for each in requests if each["write"]]

    @property
    def results(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((newest_run(self.folder) / "results.json").read_text(encoding="utf-8"))
        return found

    def words(self, vm: str) -> list[str]:
        """The statuses of the ENROLL checks of a VM."""
        of_vm = next(each for each in self.results["vms"] if each["name"] == vm)
        return [each["status"] for each in of_vm["results"] if each["id"].startswith("ENROLL-")]


def test_a_roundtrip_of_a_fleet(tmp_path: Path) -> None:
    done = Done(
        tmp_path,
        4,
        "--enroll=roundtrip",
        "vm1=agent-installed",
        "vm2=agent-connected",
        "vm3=agent-installed,imds-503",
    )
    assert done.written == ["PUT vm1", "DELETE vm1"], done.stdout
    assert {vm: done.words(vm) for vm in ("vm1", "vm2", "vm3", "vm4")} == {
        "vm1": ["pass", "pass", "pass"],
        "vm2": ["not applicable", "pass", "not applicable"],
        "vm3": ["blocked", "blocked", "blocked"],
        "vm4": ["fail", "blocked", "blocked"],  # no agent to connect with
    }
    assert "--enroll=roundtrip: 3 of 4 VMs are being connected to Azure Arc now." in done.stdout
    assert re.search(r"^  vm3: Not connected, as the VM is not ready: IMDS-002 failed\.$", done.stdout, re.M)
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not re.search(rb"eyJ[\w-]{20,}\.", everything)


def test_connected_stays_connected(tmp_path: Path) -> None:
    done = Done(tmp_path, 2, "--enroll", "vm1=agent-of-an-older-generation", "vm2=agent-installed,relay-prepared")
    assert sorted(done.written) == ["POST joined", "PUT vm1"], done.stdout
    assert done.words("vm1") == ["pass", "pass"]
    assert done.words("vm2") == ["pass", "pass"]  # by the private key of its Arc machine
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not re.search(rb"MII[A-Za-z0-9+/]{5}AAK", everything)


@pytest.mark.parametrize("options", ["", "--enroll --plan", "--enroll --collect-only"])
def test_nothing_is_written_when_it_is_not_meant(tmp_path: Path, options: str) -> None:
    done = Done(tmp_path, 1, options, "vm1=agent-installed")
    assert not done.written
    assert ("enroll_connect on vm1" in done.stdout) == ("--plan" in options)
    if not options:
        assert done.words("vm1") == []


@pytest.mark.parametrize("choice", ["--check='ENROLL-*'", "-k enroll", "--check='IMDS-*'"])
def test_a_choice_of_checks_is_refused(tmp_path: Path, choice: str) -> None:
    done = Done(tmp_path, 1, f"--enroll {choice}", "vm1=agent-installed")
    assert done.status == 4
    assert "--enroll connects only VMs that pass every required check" in done.stdout + done.stderr
    assert not done.written
