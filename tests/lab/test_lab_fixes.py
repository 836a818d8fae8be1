"""The commands that checks give, run: what they are to repair is repaired, in VMs with the faults, and nothing else.

The suite itself never runs one. Here a few lines beside the VMs do, as an operator would who copies them.
"""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from lab.faults import FAULTS
from tests.lab.conftest import JUDGE, run_lab

pytestmark = pytest.mark.lab

#: Fault -> the checks whose commands are run for it: all those that fail or warn by it, but for what is said.
REPAIRED = {
    "proxy-unset": ("PROXY-001",),
    "proxy-lower-case-only": ("PROXY-001",),
    "proxy-wrong-host": ("PROXY-001",),
    "proxy-quoted": ("PROXY-001",),
    "proxy-only-in-login-profile": ("PROXY-001",),
    "http-proxy-unset": ("PROXY-001",),
    "no-proxy-lacks-imds": ("PROXY-002",),
    "no-proxy-star": ("PROXY-002",),
    "no-proxy-lacks-localhost": ("PROXY-002",),
    "no-openssl": ("VM-005",),
    "no-curl": ("PROXY-003", "IMDS-002", "NET-001"),
    "var-noexec": ("VM-005",),
    "az-too-old": ("CLI-001",),
    "az-broken": ("CLI-001",),
    "tls-untrusted": ("NET-003",),
    "wrong-clock": ("SSH-003",),
    "agent-installed": ("AGENT-002",),
    # The agent is to stay here, so AGENT-002's command, which takes it away, is left out.
    "agent-too-old": ("AGENT-001",),
    "agent-proxy-unset": ("PROXY-004",),
    "agent-proxy-from-systemd": ("PROXY-004",),
    "agent-proxy-wrong": ("PROXY-004",),
    "agent-proxy-bypass": ("PROXY-005",),
    "agent-service-down": ("AGENT-003",),
    "agent-extension-service-down": ("AGENT-003",),
}

#: What this machine has the programs for.
PLANTED = [name for name in REPAIRED if all(need.found() for need in FAULTS[name].needs)]

#: Run each command twice: what is right already stays so.
OPERATOR = """\
import json, subprocess, sys
results, chosen, said = json.load(open(sys.argv[1])), json.load(open(sys.argv[2])), []
for vm in results["vms"]:
    commands = [each["fix"] for each in vm["results"] if each["id"] in chosen[vm["name"]]]
    for command in dict.fromkeys(line for fix in commands for line in fix):
        for _ in range(2):
            done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, stdin=subprocess.DEVNULL)
            said.append([vm["name"], command, done.returncode, done.stdout + done.stderr])
json.dump(said, open(sys.argv[3], "w"))
"""


def _trouble(results: dict[str, Any], name: str) -> set[str]:
    (vm,) = (each for each in results["vms"] if each["name"] == name)
    return {each["id"] for each in vm["results"] if each["status"] not in ("pass", "not applicable")}


@dataclass(frozen=True)
class Repaired:
    """One lab with all these VMs: the fault of each, what the commands did, and the results of a run before and after."""

    planted: dict[str, str]
    done: list[tuple[str, str, int, str]]  # VM, command, exit status, output
    before: dict[str, Any]
    after: dict[str, Any]


@pytest.fixture(scope="module")
def repaired(lab_runs: None, tmp_path_factory: pytest.TempPathFactory) -> Repaired:
    tmp_path = tmp_path_factory.mktemp("fixes")
    several = [name for name in PLANTED for _ in range(FAULTS[name].vms)]
    planted = {f"vm{number}": name for number, name in enumerate(several, 1)}
    chosen, operator, log = tmp_path / "chosen.json", tmp_path / "run_commands.py", tmp_path / "log.json"
    chosen.write_text(json.dumps({vm: REPAIRED[name] for vm, name in planted.items()}))
    operator.write_text(OPERATOR)
    script = (
        f"{JUDGE} --reports={tmp_path}/before; "
        f"{shlex.quote(sys.executable)} {operator} {tmp_path}/before/latest/results.json {chosen} {log}; "
        f"{JUDGE} --reports={tmp_path}/after"
    )
    done = run_lab(len(planted), script, *(f"{vm}={name}" for vm, name in planted.items()), timeout=900)
    assert log.exists(), done.stdout + done.stderr
    before, after = (
        json.loads((tmp_path / run / "latest" / "results.json").read_text(encoding="utf-8"))
        for run in ("before", "after")
    )
    return Repaired(planted, [tuple(row) for row in json.loads(log.read_text())], before, after)


@pytest.mark.parametrize("name", PLANTED)
def test_the_commands_repair_what_they_are_for(repaired: Repaired, name: str) -> None:
    vms = [vm for vm, fault in repaired.planted.items() if fault == name]
    assert len(vms) == FAULTS[name].vms
    for vm in vms:
        done = [row for row in repaired.done if row[0] == vm]
        assert done, "no command was given"
        assert [row for row in done if row[2] != 0] == []
        left = _trouble(repaired.after, vm) & {*REPAIRED[name], "IMDS-003"}
        new = _trouble(repaired.after, vm) - _trouble(repaired.before, vm)
        assert not (left or new), f"not repaired {sorted(left)}, new {sorted(new)}, after {[row[1] for row in done]}"
