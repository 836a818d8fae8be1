"""`--enroll` in the lab: stand-ins for the agent's command line and for Azure, with real SSH."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.lab.conftest import Groups, read_results
from tests.support.shared_lab import Group

pytestmark = pytest.mark.lab


class Done:
    """A run on VMs of the lab, with its results."""

    def __init__(self, folder: Path, vms: Group, *options: str) -> None:
        before = len(vms.lab.azure_log())
        done = vms.judge(folder, *options)
        self.status, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr
        requests = vms.lab.azure_log()[before:]
        self.written = [
            f"{request['method']} {request['path'].rpartition('/')[2]}" for request in requests if request["write"]
        ]
        self._folder, self._done = folder, done

    def words(self, vm: str) -> list[str]:
        """The statuses of the ENROLL checks of a VM."""
        of_vm = next(machine for machine in read_results(self._folder, self._done)["vms"] if machine["name"] == vm)
        return [result["status"] for result in of_vm["results"] if result["id"].startswith("ENROLL-")]


def test_a_roundtrip_of_a_fleet(group: Groups, tmp_path: Path) -> None:
    vms = group("roundtrip")
    done = Done(tmp_path, vms, "--enroll=roundtrip")
    assert done.written == [f"PUT {vms.names[0]}", f"DELETE {vms.names[0]}"], done.stdout
    assert [done.words(vm) for vm in vms.names] == [
        ["pass", "pass", "pass"],
        ["not applicable", "pass", "not applicable"],
        ["blocked", "blocked", "blocked"],
        ["fail", "blocked", "blocked"],  # no agent to connect with
    ]
    assert "--enroll=roundtrip: 3 of 4 VMs are being connected to Azure Arc now." in done.stdout
    not_ready = rf"^  {vms.names[2]}: Not connected, because the VM is not ready: IMDS-002 failed\.$"
    assert re.search(not_ready, done.stdout, re.M)
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not re.search(rb"eyJ[\w-]{20,}\.", everything)


def test_connected_stays_connected(group: Groups, tmp_path: Path) -> None:
    vms = group("connected")
    done = Done(tmp_path, vms, "--enroll")
    assert sorted(done.written) == ["POST joined", f"PUT {vms.names[0]}"], done.stdout
    assert done.words(vms.names[0]) == ["pass", "pass"]
    assert done.words(vms.names[1]) == ["pass", "pass"]  # by the private key of its Arc machine
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not re.search(rb"MII[A-Za-z0-9+/]{5}AAK", everything)


@pytest.mark.parametrize("options", ["", "--enroll --plan", "--enroll --collect-only"])
def test_nothing_is_written_when_it_is_not_meant(group: Groups, tmp_path: Path, options: str) -> None:
    vms = group("not connected")
    done = Done(tmp_path, vms, *options.split())
    assert not done.written
    assert (f"enroll_connect on {vms.names[0]}" in done.stdout) == ("--plan" in options)
    if not options:
        assert done.words(vms.names[0]) == []


@pytest.mark.parametrize("choice", ["--check='ENROLL-*'", "-k enroll", "--check='IMDS-*'"])
def test_a_choice_of_checks_is_refused(group: Groups, tmp_path: Path, choice: str) -> None:
    done = Done(tmp_path, group("not connected"), "--enroll", *shlex.split(choice))
    assert done.status == 4
    assert "--enroll connects only VMs that pass every required check" in done.stdout + done.stderr
    assert not done.written
