"""Interrupted runs in the lab: killed, or out of disk; and judging their bundles without a network."""

from __future__ import annotations

import json
import shlex
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.lab.conftest import Groups
from tests.support.paths import ROOT
from tests.support.pytest_process import run_pytest
from tests.support.shared_lab import Group, shared_lab

pytestmark = pytest.mark.lab

PYTEST = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q"]

Verdicts = dict[tuple[str, str], tuple[str, str, str]]


def results(reports: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((reports / "latest/results.json").read_text())
    return document


def verdicts(found: Mapping[str, Any]) -> Verdicts:
    return {
        (vm["name"], result["nodeid"]): (result["status"], result["message"], result["remedy"])
        for vm in found["vms"]
        for result in vm["results"]
    }


def replay(tmp_path: Path, *arguments: str) -> dict[str, Any]:
    reports = tmp_path / "replayed"
    done = run_pytest("-p", "no:cacheprovider", "-q", f"--reports={reports}", *arguments, cwd=ROOT)
    assert done.returncode in (0, 1, 10), done.stdout + done.stderr
    return results(reports)


def test_a_bundle_says_without_a_network_what_the_run_said(lab_runs: None, tmp_path: Path) -> None:
    (tmp_path / "live").mkdir()
    # A separate lab: the answer about a network with dozens of VMs is too long for the bundle's text.
    faults = ["vm2=egress-lacks-his,http-proxy-unset", "vm3=agent-log-with-azcm-code", "vm4=ssh-refused"]
    with shared_lab(4, faults) as lab:
        vms = Group(lab, ["vm1", "vm2", "vm3", "vm4"])
        done = vms.judge(tmp_path / "live", "-q", "--bundle")
    live = results(tmp_path / "live")
    verdicts_before = verdicts(live)
    assert len(verdicts_before) > 300, done.stdout + done.stderr
    folder = (tmp_path / "live/latest/bundle").resolve()
    run = folder / f"{live['run_id']}.zip"
    assert [path.name for path in folder.iterdir()] == [run.name]
    assert verdicts(replay(tmp_path, f"--evidence={run}")) == verdicts_before
    for only in vms.names[1:3]:
        one = verdicts(replay(tmp_path, f"--evidence={run}", f"--vm={only}"))
        assert one == {key: value for key, value in verdicts_before.items() if key[0] == only}
    newer = verdicts(replay(tmp_path, f"--evidence={run}", "--profile=2602"))
    assert newer.keys() == verdicts_before.keys()
    assert newer != verdicts_before, "other requirements, other verdicts"

    with zipfile.ZipFile(run) as bundle:
        text = bundle.read(f"support/{vms.names[2]}.txt").decode()
        evidence = json.loads(bundle.read(f"evidence/{vms.names[2]}.json"))
    for wanted in (
        "Setting up libgpg-error0:amd64",  # the cloud-init output log
        "--- support_agent_logs (exit status 0)",
        "--- support_agent_journal (exit status 0)",
        "AZCM",
        "NET-001 (gbl.his.arc.azure.com): pass. ",
        '"cloudServicesNetworkAttachment"',
        '"enableDefaultEgressEndpoints"',
        "http://169.254.0.11:3128",
        "TOKEN-001: pass. ",
    ):
        assert wanted in text, wanted
    assert {"support_cloud_init_log", "support_agent_logs", "support_agent_journal"} <= evidence["seen"].keys()


#: Starts the suite, kills it (-9) when VM and Azure are saved (OTHER is off, which takes 10 s to detect), and resumes it.
KILLED = """
import os, pathlib, signal, subprocess, sys, time
reports, fleet, vm, other, *suite = pathlib.Path(sys.argv[1]), *sys.argv[2:]
first = subprocess.Popen([*suite, "--inventory", fleet, "--profile", os.environ["LAB_PROFILE"], "--bundle"])
kept = (f"{vm}.json", "azure.json", "runner.json")
while not all(list(reports.glob(f"2*/**/{name}")) for name in kept) and first.poll() is None:
    time.sleep(0.02)
first.send_signal(signal.SIGKILL)
print("killed", -first.wait(), flush=True)
(run,) = reports.glob("2*")
print(sorted(path.name for path in run.rglob("*") if path.is_file()), flush=True)
asked = len(open(os.environ["LAB_AZURE_LOG"]).readlines())
(run / f"evidence/.{other}.json.abcdefgh.part").write_text("{")
status = subprocess.call([*suite, f"--resume={run.name}"])
print("asked again", len(open(os.environ["LAB_AZURE_LOG"]).readlines()) - asked, flush=True)
sys.exit(status)
"""


def test_kill_9_loses_nothing_that_was_gathered(group: Groups, tmp_path: Path) -> None:
    vms = group("off")
    on, off = vms.names
    suite = [*PYTEST, f"--reports={tmp_path}"]
    words = [sys.executable, "-c", KILLED, str(tmp_path), str(vms.fleet(tmp_path)), on, off, *suite]
    done = vms.lab.sh(shlex.join(words))
    lines = done.stdout.splitlines()
    assert "killed 9" in lines, done.stdout + done.stderr
    assert f"['.lock', 'azure.json', 'profile.toml', 'run.json', 'runner.json', '{on}.json']" in lines
    assert "asked again 0" in lines
    assert done.returncode == 1
    data = results(tmp_path)
    assert {vm["name"]: vm["readiness"] for vm in data["vms"]} == {on: "ready", off: "not ready"}
    run = (tmp_path / "latest").resolve()
    assert (
        json.loads((run / f"evidence/{on}.json").read_text())["started"]
        < json.loads((run / f"evidence/{off}.json").read_text())["started"]
    )
    assert not list(run.rglob(".*.part"))
    assert (run / "bundle" / f"{run.name}.zip").is_file(), "the options of the run still hold"


def test_a_full_disk_is_one_sentence_and_what_was_seen_is_judged(group: Groups, tmp_path: Path) -> None:
    """A file system of 150 kB; the evidence of a VM takes 60 kB."""
    vms = group("healthy")
    place = tmp_path / "small"
    place.mkdir()
    suite = shlex.join([*PYTEST, f"--reports={place}", "--no-azure"])
    script = (
        f"mount -t tmpfs -o size=152k small {place} && {suite} --inventory={vms.fleet(tmp_path)}; status=$?\n"
        f"cd {place} && ls -a 2*/ 2*/evidence; for file in 2*/evidence/*.json; do python3 -m json.tool $file >/dev/null || echo broken; done\n"
        "exit $status"
    )
    done = vms.lab.sh(script)
    assert done.returncode == 3, done.stdout + done.stderr
    output = " ".join(done.stdout.split())
    assert output.count("No space left on device") == 1
    assert "NOT SAVED: " in output
    assert "PARTIAL: Guest ready on 4 of 4 VMs; Azure not asked." in output
    assert "Traceback" not in done.stdout + done.stderr
    assert "broken" not in output
    assert ".part" not in output
    assert 1 <= sum(f"{vm}.json" in output for vm in vms.names) < 4
