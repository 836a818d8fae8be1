"""The commands that checks give, run: what they are to repair is repaired, in VMs with the faults, and nothing else.

The suite itself never runs one. Here a few lines beside the VMs do, as an operator would who copies them.
"""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.faults import FAULTS
from tests.lab.conftest import Up

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

#: Small enough that one small machine serves all VMs of a batch in time.
BATCH = 9
BATCHES = [list(REPAIRED)[start : start + BATCH] for start in range(0, len(REPAIRED), BATCH)]

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


@pytest.mark.parametrize("faults", BATCHES, ids=[f"{batch[0]} to {batch[-1]}" for batch in BATCHES])
def test_the_commands_repair_what_they_are_for(up: Up, tmp_path: Path, faults: list[str]) -> None:
    names = [name for name in faults if all(need.found() for need in FAULTS[name].needs)]
    several = [name for name in names for _ in range(FAULTS[name].vms)]
    planted = {f"vm{number}": name for number, name in enumerate(several, 1)}
    chosen, operator, log = tmp_path / "chosen.json", tmp_path / "run_commands.py", tmp_path / "log.json"
    chosen.write_text(json.dumps({vm: REPAIRED[name] for vm, name in planted.items()}))
    operator.write_text(OPERATOR)
    python = shlex.quote(sys.executable)
    judge = (
        f'{python} -m pytest -q -p no:cacheprovider --inventory="$LAB_INVENTORY" --profile="$LAB_PROFILE" --reports='
    )
    script = (
        f"{judge}{tmp_path}/before; "
        f"{python} {operator} {tmp_path}/before/latest/results.json {chosen} {log}; "
        f"{judge}{tmp_path}/after"
    )
    done = up(len(planted), script, *(f"{vm}={name}" for vm, name in planted.items()), timeout=400)
    assert log.exists(), done.stdout + done.stderr
    said = json.loads(log.read_text())
    assert [each for each in said if each[2] != 0] == []
    before, after = (
        json.loads((tmp_path / run / "latest" / "results.json").read_text(encoding="utf-8"))
        for run in ("before", "after")
    )
    wrong = []
    for vm, name in planted.items():
        commands = {command for each, command, *_ in said if each == vm}
        if not commands:
            wrong.append(f"{vm} ({name}): no command was given")
        left = _trouble(after, vm) & {*REPAIRED[name], "IMDS-003"}
        new = _trouble(after, vm) - _trouble(before, vm)
        if left or new:
            wrong.append(f"{vm} ({name}): not repaired {sorted(left)}, new {sorted(new)}, after {commands}")
    assert wrong == []
