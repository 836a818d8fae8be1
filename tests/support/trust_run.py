"""Runs in the lab for test_lab_trust.py: a run on VMs full of secrets, with all its output recorded.

It writes to FOLDER: ``look.json`` (changes on the VMs), ``plan.txt``, ``run.txt`` (the terminal's output),
``debug.log``, ``reports/``, ``again.txt`` (judged again by two processes), ``crash.txt`` (an internal error),
``azure.jsonl`` (requests to Azure), and the VMs' logs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from lab.faults.hostile import CANARIES
from tests.support import vm_disk
from tests.support.paths import ROOT
from tests.support.pytest_process import run_pytest

#: The secrets of the machine that the suite runs on.
RUNNER = {"pipeline": "canary-of-the-pipeline-51ab", "tag": "canary-of-the-inventory-73cd", "ssh": "canary-of-ssh-95ef"}

#: Prints every secret of the VM, raises errors with them, and has them in its messages.
SUITE = '''
from plugins import *

docs = "https://example.org/"
everything = probe(
    """echo "agent=${SSH_AUTH_SOCK-absent}"
cat /etc/profile.d/proxy.sh /etc/environment /var/log/cloud-init-output.log /var/lib/cloud/instance/user-data.txt
cat /var/opt/azcmagent/log/azcmagent.log /var/opt/azcmagent/lab/config /var/lib/lab/units/himdsd /var/lib/lab/journal
exit 0""",
    timeout=5, root=True, cap=60000,
)


@check("SSH-098", recommended, remedy="It is a test.", docs=docs)
def test_a_check_that_crashes(everything):
    """A check crashes on what a VM said."""
    said = everything.stdout
    raise RuntimeError(f"crashed on {said}")


@check("SSH-099", recommended, remedy="It is a test.", docs=docs)
def test_a_check_that_says_it_all(everything):
    """A check says what a VM said."""
    fail(everything.stdout)
'''

#: An error inside pytest's machinery, with secrets among its local variables.
CRASH = f"""
import logging
import os

import pytest

logging.getLogger("crash").setLevel(logging.DEBUG)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session):
    fail("in the session")
    yield


def pytest_sessionfinish(session):
    fail("at its end")


def fail(when):
    told = {{"client_secret": os.environ["AZURE_CLIENT_SECRET"], "pipeline": os.environ["PIPELINE_TOKEN"]}}
    authorization = "authorization: Bearer {CANARIES["agent_log"]}"
    logging.getLogger("crash").debug("signed in with %s", told["client_secret"])
    try:
        raise ValueError("password={CANARIES["az"]}")
    except ValueError:
        logging.getLogger("crash").exception("it went wrong")
    raise RuntimeError(f"crashed {{when}} with {{told}} and {{authorization}}")
"""


def main(folder: Path) -> None:
    inventory = write_inputs(folder)
    environment = dict(os.environ) | {"PIPELINE_TOKEN": RUNNER["pipeline"], "PYTHONPATH": f"{ROOT}:{folder}"}
    environment |= start_agent(folder)
    roots = {vm: vm_disk.root_of(vm) for vm in ("vm1", "vm2")}
    arguments = [
        "--bundle",
        f"--inventory={inventory}",
        f"--profile={os.environ['LAB_PROFILE']}",
        f"--reports={folder}/reports",
    ]
    suites = ["suites", str(folder / "test_trust.py")]
    loud = ["-vv", "--log-level=DEBUG", "--tb=long", "--showlocals", "-rA"]

    run(folder / "plan.txt", environment, "--plan", *arguments, *suites)
    before = {vm: vm_disk.look(root) for vm, root in roots.items()}
    began = time.time()
    run(folder / "run.txt", environment, *arguments, *loud, f"--log-file={folder}/debug.log", *suites)
    changed = {
        vm: [*vm_disk.differences(before[vm], vm_disk.look(root)), *vm_disk.changed_since(root, began)]
        for vm, root in roots.items()
    }
    (folder / "look.json").write_text(json.dumps(changed))
    for vm, root in roots.items():
        for log in ("auth.log", "sudo.log"):
            shutil.copy(root / "var/log" / log, folder / f"{vm}.{log}")
    shutil.copy(os.environ["LAB_AZURE_LOG"], folder / "azure.jsonl")
    first = (folder / "reports/latest").resolve().name
    (folder / "first").write_text(first)

    again = [
        f"--evidence={folder}/reports/{first}",
        f"--profile={os.environ['LAB_PROFILE']}",
        f"--reports={folder}/reports",
    ]
    run(folder / "again.txt", environment, *again, "-n2", "-vv", "--tb=long", *suites)
    crash = ["-p", "trust_crash", "--full-trace", "--check=SSH-098", f"--log-file={folder}/crash.log"]
    run(folder / "crash.txt", environment, *again, *loud, *crash, *suites)


def write_inputs(folder: Path) -> Path:
    """Write the lab's fleet, with secrets of the runner, agent forwarding, and a VM that does not exist."""
    config = Path(os.environ["LAB_SSH_CONFIG"]).read_text().replace("    IdentityAgent none\n", "")
    lost = f"Host lost\n    ProxyCommand sh -c 'echo no such place >&2; exit 1' --password={RUNNER['ssh']}\n"
    (folder / "ssh_config").write_text(f"ForwardAgent yes\n{lost}{config}")
    fleet = Path(os.environ["LAB_INVENTORY"]).read_text()
    fleet = fleet.replace(os.environ["LAB_SSH_CONFIG"], f"{folder}/ssh_config")
    fleet = fleet.replace("  - name: vm1\n", f"  - name: vm1\n    tags: {{site: berlin, password: {RUNNER['tag']}}}\n")
    (folder / "fleet.yaml").write_text(f"{fleet}  - lost\n")
    (folder / "test_trust.py").write_text(SUITE)
    (folder / "trust_crash.py").write_text(CRASH)
    return folder / "fleet.yaml"


def start_agent(folder: Path) -> Mapping[str, str]:
    """Start a real SSH agent with the lab's key, which ends with the lab."""
    socket = str(folder / "agent")
    subprocess.run(["ssh-agent", "-a", socket], check=True, stdout=subprocess.DEVNULL)
    key = Path(os.environ["LAB_SSH_CONFIG"]).with_name("id_ed25519")
    subprocess.run(["ssh-add", "-q", str(key)], check=True, env={**os.environ, "SSH_AUTH_SOCK": socket})
    return {"SSH_AUTH_SOCK": socket}


def run(output: Path, environment: Mapping[str, str], *arguments: str) -> None:
    done = run_pytest("-p", "no:cacheprovider", *arguments, cwd=ROOT, env=environment, umask=0)
    output.write_text(done.stdout + done.stderr)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
