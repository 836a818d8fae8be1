"""The fix commands of checks, run on VMs with the faults: each repairs its fault, and changes nothing else.

The suite itself never runs them. Here a script runs them, like an operator who copies them.
"""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from lab.faults import FAULTS
from tests.lab.conftest import FEW, Judged, read_results
from tests.support.shared_lab import Group

pytestmark = pytest.mark.lab

#: Fault -> the checks whose commands are run: all that fail or warn, with the exceptions noted.
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
    # Without AGENT-002's command, which would remove the agent.
    "agent-too-old": ("AGENT-001",),
    "agent-proxy-unset": ("PROXY-004",),
    "agent-proxy-from-systemd": ("PROXY-004",),
    "agent-proxy-wrong": ("PROXY-004",),
    "agent-proxy-bypass": ("PROXY-005",),
    "agent-service-down": ("AGENT-003",),
    "agent-extension-service-down": ("AGENT-003",),
}

#: The faults for which this machine has the programs.
PLANTED = [name for name in REPAIRED if all(need.files() for need in FAULTS[name].needs)]

#: Run each command twice: the second time it must change nothing.
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
    (vm,) = (vm for vm in results["vms"] if vm["name"] == name)
    return {result["id"] for result in vm["results"] if result["status"] not in ("pass", "not applicable")}


@dataclass(frozen=True)
class Repaired:
    """The catalogue's VMs with one of these faults: the output of the commands, and the results before and after."""

    planted: dict[str, str]
    done: list[tuple[str, str, int, str]]  # VM, command, exit status, output
    before: dict[str, Any]
    after: dict[str, Any]


@pytest.fixture(scope="module")
def repaired(judged: Judged, tmp_path_factory: pytest.TempPathFactory) -> Repaired:
    tmp_path = tmp_path_factory.mktemp("fixes")
    alone = {vm: faults[0].name for vm, faults in judged.planted.items() if len(faults) == 1}
    planted = {vm: name for vm, name in alone.items() if name in PLANTED}
    before, chosen, operator, log = (
        tmp_path / name for name in ("before.json", "chosen.json", "run_commands.py", "log")
    )
    before.write_text(json.dumps({"vms": [vm for vm in judged.results["vms"] if vm["name"] in planted]}))
    chosen.write_text(json.dumps({vm: REPAIRED[name] for vm, name in planted.items()}))
    operator.write_text(OPERATOR)
    script = shlex.join([sys.executable, *map(str, (operator, before, chosen, log))])
    done = judged.lab.sh(script, timeout=900)
    assert log.exists(), done.stdout + done.stderr
    after = read_results(tmp_path, Group(judged.lab, list(planted)).judge(tmp_path, *FEW))
    return Repaired(planted, [tuple(row) for row in json.loads(log.read_text())], judged.results, after)


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
