"""Ctrl-C while VMs are visited: the evidence so far is saved and judged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lab import doctor
from tests.support.newest_run import newest_run
from tests.support.paths import ROOT

pytestmark = pytest.mark.lab

#: Runs the suite, and interrupts it as soon as one VM's evidence is saved (vm2 is off, which takes minutes to detect).
SCRIPT = """
import os, pathlib, signal, subprocess, sys, time
reports = pathlib.Path(sys.argv[1])
config, fleet = reports / "ssh_config", reports / "fleet.yaml"
config.write_text("ConnectTimeout 250\\nInclude " + os.environ["LAB_SSH_CONFIG"])
fleet.write_text(pathlib.Path(os.environ["LAB_INVENTORY"]).read_text().replace(os.environ["LAB_SSH_CONFIG"], str(config)))
suite = subprocess.Popen([sys.executable, "-m", "pytest", f"--inventory={fleet}", f"--reports={reports}",
                          "--check=SSH-001", "--check=IMDS-002", "-p", "no:cacheprovider", "-q"])
while not list(reports.glob("2*/evidence/vm1.json")) and suite.poll() is None:
    time.sleep(0.05)
suite.send_signal(signal.SIGINT)
sys.exit(suite.wait())
"""


@pytest.mark.skipif(bool(doctor.trouble()), reason=f"the lab cannot run here: {doctor.trouble()}")
def test_ctrl_c_keeps_and_judges_what_was_gathered(tmp_path: Path) -> None:
    lab = [sys.executable, "-m", "lab", "up", "--vms", "2", "--fault", "vm2=powered-off", "--"]
    suite = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    done = subprocess.run([*lab, *suite], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2, done.stdout + done.stderr
    results = json.loads((newest_run(tmp_path) / "results.json").read_text())
    assert {vm["name"]: (vm["readiness"], vm["session"]["outcome"]) for vm in results["vms"]} == {
        "vm1": ("partial", "ok"),
        "vm2": ("unknown", "cancelled"),
    }
    assert "Interrupted: " in done.stdout
    last = [line for line in done.stdout.splitlines() if line][-1]
    assert last == f"pytest --resume={results['run_id']} --reports={tmp_path}"
    assert (newest_run(tmp_path) / "report.html").is_file()
    assert not (tmp_path / "latest").exists(), "a partial run is not what others compare with"
