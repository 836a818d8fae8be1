"""Runs in the lab that do not end as they began: killed, out of disk; and what their bundles say without a network."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lab import doctor
from tests.support.paths import ROOT

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(doctor.trouble()), reason=f"the lab cannot run here: {doctor.trouble()}"),
]


PYTEST = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q"]

Verdicts = dict[tuple[str, str], tuple[str, str, str]]


def lab(vms: int, script: str, *faults: str) -> subprocess.CompletedProcess[str]:
    planted = [word for fault in faults for word in ("--fault", fault)]
    command = [sys.executable, "-m", "lab", "up", "--vms", str(vms), *planted, "--", "bash", "-c", script]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)


def results(reports: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((reports / "latest/results.json").read_text())
    return found


def verdicts(found: Mapping[str, Any]) -> Verdicts:
    return {
        (vm["name"], each["nodeid"]): (each["status"], each["message"], each["remedy"])
        for vm in found["vms"]
        for each in vm["results"]
    }


def replay(tmp_path: Path, *arguments: str) -> dict[str, Any]:
    reports = tmp_path / "replayed"
    done = subprocess.run(
        [*PYTEST, f"--reports={reports}", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1, 10), done.stdout + done.stderr
    return results(reports)


def test_a_bundle_says_without_a_network_what_the_run_said(tmp_path: Path) -> None:
    suite = shlex.join([*PYTEST, f"--reports={tmp_path / 'live'}", "--bundle"])
    done = lab(
        4,
        f'exec {suite} --inventory="$LAB_INVENTORY" --profile="$LAB_PROFILE"',
        "vm2=egress-lacks-his,http-proxy-unset",
        "vm3=agent-log-with-azcm-code",
        "vm4=ssh-refused",
    )
    live = results(tmp_path / "live")
    said = verdicts(live)
    assert len(said) > 300, done.stdout + done.stderr
    folder = (tmp_path / "live/latest/bundle").resolve()
    run = folder / f"{live['run_id']}.zip"
    assert [path.name for path in folder.iterdir()] == [run.name]
    assert verdicts(replay(tmp_path, f"--evidence={run}")) == said
    for number in (2, 3):
        only = f"vm{number}"
        one = verdicts(replay(tmp_path, f"--evidence={run}", f"--vm={only}"))
        assert one == {key: value for key, value in said.items() if key[0] == only}
    newer = verdicts(replay(tmp_path, f"--evidence={run}", "--profile=2602"))
    assert newer.keys() == said.keys()
    assert newer != said, "other requirements, other verdicts"

    with zipfile.ZipFile(run) as bundle:
        text = bundle.read("support/vm3.txt").decode()
        evidence = json.loads(bundle.read("evidence/vm3.json"))
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


#: Starts the suite, kills it -9 when vm1 and Azure have been kept (vm2 is off: it takes 10 s to know), and goes on.
KILLED = """
import os, pathlib, signal, subprocess, sys, time
reports, *suite = pathlib.Path(sys.argv[1]), *sys.argv[2:]
first = subprocess.Popen([*suite, "--inventory", os.environ["LAB_INVENTORY"], "--profile", os.environ["LAB_PROFILE"], "--bundle"])
kept = ("vm1.json", "azure.json", "runner.json")
while not all(list(reports.glob(f"2*/**/{name}")) for name in kept) and first.poll() is None:
    time.sleep(0.02)
first.send_signal(signal.SIGKILL)
print("killed", -first.wait(), flush=True)
(run,) = reports.glob("2*")
print(sorted(path.name for path in run.rglob("*") if path.is_file()), flush=True)
asked = len(open(os.environ["LAB_AZURE_LOG"]).readlines())
(run / "evidence/.vm2.json.abcdefgh.part").write_text("{")
status = subprocess.call([*suite, f"--resume={run.name}"])
print("asked again", len(open(os.environ["LAB_AZURE_LOG"]).readlines()) - asked, flush=True)
sys.exit(status)
"""


def test_kill_9_loses_nothing_that_was_gathered(tmp_path: Path) -> None:
    suite = [*PYTEST, f"--reports={tmp_path}"]
    done = lab(2, shlex.join([sys.executable, "-c", KILLED, str(tmp_path), *suite]), "vm2=powered-off")
    lines = done.stdout.splitlines()
    assert "killed 9" in lines, done.stdout + done.stderr
    assert "['.lock', 'azure.json', 'profile.toml', 'run.json', 'runner.json', 'vm1.json']" in lines
    assert "asked again 0" in lines
    assert done.returncode == 1
    found = results(tmp_path)
    assert {vm["name"]: vm["readiness"] for vm in found["vms"]} == {"vm1": "ready", "vm2": "not ready"}
    run = (tmp_path / "latest").resolve()
    assert (
        json.loads((run / "evidence/vm1.json").read_text())["started"]
        < json.loads((run / "evidence/vm2.json").read_text())["started"]
    )
    assert not list(run.rglob(".*.part"))
    assert (run / "bundle" / f"{run.name}.zip").is_file(), "the options of the run still hold"


def test_a_full_disk_is_one_sentence_and_what_was_seen_is_judged(tmp_path: Path) -> None:
    """A real one: 150 kB, and the evidence of a VM takes 60."""
    place = tmp_path / "small"
    place.mkdir()
    suite = shlex.join([*PYTEST, f"--reports={place}", "--no-azure"])
    script = (
        f"mount -t tmpfs -o size=152k small {place} && {suite} --inventory=$LAB_INVENTORY; status=$?\n"
        f"cd {place} && ls -a 2*/ 2*/evidence; for file in 2*/evidence/*.json; do python3 -m json.tool $file >/dev/null || echo broken; done\n"
        "exit $status"
    )
    done = lab(4, script)
    assert done.returncode == 3, done.stdout + done.stderr
    said = " ".join(done.stdout.split())
    assert said.count("No space left on device") == 1
    assert "NOT SAVED: " in said
    assert "PARTIAL: Guest ready on 4 of 4 VMs; Azure not asked." in said
    assert "Traceback" not in done.stdout + done.stderr
    assert "broken" not in said
    assert ".part" not in said
    assert 1 <= sum(f"vm{number}.json" in said for number in (1, 2, 3, 4)) < 4
