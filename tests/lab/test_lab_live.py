"""The running lab."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lab import addresses, expectations, handout, spec, wire
from lab import cloud_docs as docs
from lab.faults import FAULTS, RUN_FAULTS
from tests.lab.conftest import LAB, Groups, Up, read_results
from tests.support.newest_run import newest_run
from tests.support.paths import ROOT
from tests.support.shared_lab import Group

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("lab_runs")]

IN_VM = """\
curl -sS -o /dev/null -w '%{http_connect} %{http_code} %{ssl_verify_result}\\n' https://gbl.his.arc.azure.com/
curl -sS -o /dev/null -w '%{http_connect}\\n' https://www.example.com/ 2>/dev/null
curl -s -o /dev/null -w '%{http_code}\\n' -H Metadata:true http://169.254.169.254/healthz
curl -s -o /dev/null -w '%{http_code}\\n' http://169.254.169.254/healthz
ping -c 1 -W 1 @OTHER@ >/dev/null || echo isolated
ls -d @CHECKOUT@ /home/* /root/* 2>/dev/null
cat /etc/hostname; id -un; uname -n
""".replace("@CHECKOUT@", shlex.quote(str(ROOT)))


def test_three_vms_as_on_operator_nexus(group: Groups) -> None:
    vms = group("healthy")
    vm, other = vms.names[:2]
    script = IN_VM.replace("@OTHER@", addresses.mgmt(int(other.removeprefix("vm"))))
    done = vms.lab.sh(f"ssh -F $LAB_SSH_CONFIG {vm} sh -s <<'X'\n{script}X")
    assert done.stdout.splitlines() == [
        "200 404 0",
        "403",
        "200",
        "400",
        "isolated",
        "/home/guest",
        "/home/operator",
        vm,
        "root",
        vm,
    ], done.stderr


def test_the_controller_reaches_neither_metadata_service_nor_proxy(group: Groups) -> None:
    script = "for a in 169.254.169.254:80 169.254.0.11:3128 198.51.100.10:443; do curl -s -m 2 $a; echo $?; done"
    assert group("healthy").lab.sh(script).stdout.split() == ["7", "7", "7"]


def test_a_delay_keeps_every_packet_back_and_changes_none(up: Up) -> None:
    if why := wire.trouble():
        pytest.skip(f"the lab cannot run here as planned: {why}")
    script = """\
ping -c 3 -i 0.2 10.200.0.2 | sed -n 's/^rtt min[^=]*= \\([0-9]*\\).*/\\1/p'
head -c 3000000 /dev/urandom >/run/data
ssh -F $LAB_SSH_CONFIG vm1 'tee /tmp/copy; cksum </tmp/copy >&2' </run/data 2>/run/there | cksum >/run/back
cksum </run/data | cmp - /run/there && cksum </run/data | cmp - /run/back && echo whole
"""
    done = up(1, script, "--delay=20")
    least, whole = done.stdout.split()
    assert (int(least) >= 40, whole) == (True, "whole"), done
    assert "lab: 1 VM up in" in done.stderr
    assert ", 40 ms away and back" in done.stderr


def test_other_users_and_sudo(group: Groups) -> None:
    vms = group("users")
    script = f"for vm in {' '.join(vms.names)}; do ssh -F $LAB_SSH_CONFIG $vm 'id -un; sudo -n id -un'; done"
    done = vms.lab.sh(script)
    assert done.stdout.split() == ["operator", "root", "guest"]
    assert "a password is required" in done.stderr


@pytest.mark.parametrize(("script", "status"), [("exit 7", 7), ("kill -SEGV $$", 139), ("exit 0", 0)])
def test_the_status_is_the_commands(up: Up, script: str, status: int) -> None:
    assert up(1, script).returncode == status


def _children(pid: int) -> list[int]:
    try:
        direct = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:  # it has ended since its parent was read
        return []
    return direct + [grandchild for child in direct for grandchild in _children(child)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_whatever_ends_the_lab(number: signal.Signals, tmp_path: Path) -> None:
    """No process remains, so no namespace and no mount; none was visible in ours."""
    before = Path("/proc/self/mountinfo").read_text(), os.listdir("/sys/class/net")
    up = tmp_path / "up"
    command = [*LAB, "up", "--vms", "2", "--", "sh", "-c", f"touch {up}; exec sleep 300"]
    lab = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    _wait_until(up.exists)
    pids = _children(lab.pid)
    born = {pid: start for pid in pids if (start := _started(pid))}  # a process that has ended has no start time
    assert len(born) > 8
    assert (Path("/proc/self/mountinfo").read_text(), os.listdir("/sys/class/net")) == before
    lab.send_signal(number)
    assert lab.wait(120) == (-number if number == signal.SIGKILL else 128 + number)
    _wait_until(lambda: not any(_started(pid) == start for pid, start in born.items()))
    assert (Path("/proc/self/mountinfo").read_text(), os.listdir("/sys/class/net")) == before


def _started(pid: int) -> str:
    """The start time of a process, because its id may have been reused."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_fleet_from_azure_is_found_reached_and_ready(up: Up, tmp_path: Path) -> None:
    """Names and addresses are from Azure; a file states how to reach the VMs, and overrides Azure's user."""
    beside = tmp_path / "beside.yaml"
    beside.write_text(f"ssh_config: {ROOT}/lab/state/ssh_config\ndefaults: {{user: root}}\n")
    run = f"{shlex.quote(sys.executable)} -m pytest -p no:cacheprovider -p tests.support.patient"
    run += f" --reports={shlex.quote(str(tmp_path))}"
    fleet = f"--azure-fleet={docs.SUBSCRIPTION}/{docs.VM_GROUP} --inventory={shlex.quote(str(beside))}"
    script = f'{run} {fleet} --profile="$LAB_PROFILE"'
    # The Arc resource belongs in the VMs' own resource group, in which no roles are planted. The faults of the run do not
    # prevent readiness; they show that such faults reach COMMAND, by the profile and by the runner's az.
    of_run = "run=bundle-below-the-newest-article,runner-networkcloud-beta"
    done = up(2, script, "vm1=roles-at-subscription", "vm2=roles-at-subscription", of_run)
    results = json.loads((newest_run(tmp_path) / "results.json").read_text(encoding="utf-8"))
    rows = [(vm["name"], vm["address"], vm["readiness"]) for vm in results["vms"]]
    assert rows == [("vm1", "root@10.200.0.2:22", "ready"), ("vm2", "root@10.200.0.3:22", "ready")], done.stdout
    assert done.returncode == 0
    warned = [
        (vm["name"], result["id"]) for vm in results["vms"] for result in vm["results"] if result["status"] == "warn"
    ]
    assert warned == [(vm, check) for vm in ("vm1", "vm2") for check in ("PLATFORM-002", "CLI-003")]


#: Faults of the run that can be combined, because each affects another check.
RUNS = [
    ["bundle-too-old", "runner-networkcloud-beta"],
    ["bundle-not-declared", "runner-networkcloud-missing"],
    ["bundle-below-the-newest-article", "runner-az-too-old", "runner-networkcloud-too-old"],
    ["runner-az-broken"],
]


def test_every_fault_of_the_run_has_its_run() -> None:
    assert sorted(RUN_FAULTS) == sorted(name for names in RUNS for name in names)


@pytest.mark.parametrize("names", RUNS, ids=" and ".join)
def test_every_fault_of_the_run_causes_exactly_its_verdicts(group: Groups, tmp_path: Path, names: list[str]) -> None:
    vms = group("run")
    vm1, api_preview_only, cluster_updating = vms.names
    # An old bundle explains old API versions, so vm2 then has a fault that no bundle explains.
    old = "bundle-below-the-newest-article" in names
    vm2, other = (cluster_updating, "cluster-updating") if old else (api_preview_only, "api-preview-only")
    of_run, of_vm2 = [RUN_FAULTS[name] for name in names], FAULTS[other]
    run = spec.Spec(1, {spec.RUN: names}, []).run()
    handout.write_runner(run, tmp_path)
    env = handout.environment(vms.lab.environment, run, tmp_path, Path())
    own = {name: env[name] for name in ("PATH", "LAB_PROFILE")}
    results = read_results(tmp_path, Group(vms.lab, [vm1, vm2]).judge(tmp_path, env=own))
    everywhere = {vm1: of_run, vm2: [*of_run, of_vm2]}
    expected = {vm: expectations.combine(fault.expects for fault in faults) for vm, faults in everywhere.items()}
    if "bundle-not-declared" in names:  # nor is there an API version from which vm2's could be inferred
        expected[vm2]["PLATFORM-002"] = "unknown"
    wrong = expectations.differences(results, expected) + expectations.cause_differences(results, everywhere)
    assert not wrong, "\n".join([*names, *wrong])
