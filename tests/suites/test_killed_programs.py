"""A program inside a probe's command is killed, or is missing, and the shell carries on: no answer comes of it.

The engine sees how a command ends, and no more. So each program that a command starts is replaced by one that prints a
part of its output and is killed; the answer is then unreadable, incomplete, or the same as without that.
"""

from __future__ import annotations

import fcntl
import gzip
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from plugins.checks.check import CheckOutcome
from plugins.checks.probe import Probe
from plugins.judge.evaluate import value
from plugins.model import Evidence, ProbeResult, SshSession
from suites.probes.cloud_init_output import LOG, BootOutput
from tests.suites.test_suite_commands import run
from tests.support.suite_probes import SHARED
from tests.support.suite_rows import PROFILE, VM

#: What the programs print that this machine may not have; the others are its own.
PRINTED = {
    "azcmagent": """
case "$*" in
version) echo azcmagent version 1.61.03319.2737 ;;
"show -j") echo '{"status": "Disconnected", "resourceName": "", "resourceId": ""}' ;;
show) printf '%-40s:\\n' 'Resource Name' 'Resource Id' 'VM ID'; printf '%-40s: Disconnected\\n' 'Agent Status' ;;
"config list") printf '  proxy.url : http://169.254.0.11:3128\\n  proxy.bypass : ["Arc", "AAD"]\\n' ;;
"config get proxy.url") echo http://169.254.0.11:3128 ;;
"config get proxy.bypass") echo '[Arc,AAD]' ;;
check*) printf 'ENDPOINT|REACHABLE\\nhttps://pas.windows.net|true\\nhttps://management.azure.com|false\\n' ;;
esac""",
    "systemctl": """
case $1 in
show-environment) printf 'LANG=C\\nHTTPS_PROXY=http://10.0.0.9:8080\\n' ;;
*) for unit in himdsd gcad extd arcproxyd; do
  printf 'Id=%s.service\\nLoadState=loaded\\nActiveState=active\\nEnvironment=HTTPS_PROXY=http://10.0.0.9\\n\\n' $unit
done ;;
esac""",
    "cloud-init": """printf '{"status": "done", "errors": [], "recoverable_errors": {"WARNING": ["a"]}}\\n'; exit 2""",
    "curl": """
case "$*" in
*--version*) echo 'curl 7.88.1 (x86_64) libcurl/7.88.1 OpenSSL/3.0.2' ;;
*) printf 'HTTP/1.1 200 OK\\r\\nVia: 1.1 csn (squid/5.7)\\r\\n\\r\\n'
  printf '\\n@curl code=200 connect=000 request=79 verify=0 total=0.050096\\n' ;;
esac""",
    "df": """
shift
echo Filesystem 1024-blocks Used Available Capacity Mounted on
for at; do echo "/dev/vda1 30298176 5412000 24869792 18% $at"; done""",
}

PROGRAMS = ("awk", "env", "grep", "gzip", "head", "ls", "sed", "tail", "tr", "uname", "wc", "cat", "ping", "date")

#: What is printed before the end, as shell text over $said.
PARTS = {"nothing": ":", "a half": 'printf %s "$said" | /usr/bin/head -c $((${#said} / 2))', "all": 'printf %s "$said"'}

#: An answer that differs and may: it says less, and nothing is met by less.
LESS = {
    ("agent", "azcmagent"): "a version that is not printed is unknown",
    ("agent_logs", "awk"): "AGENT-006, which alone reads the logs, is recommended",
    ("guest", "df"): "the space is then not known",
}


def stand_in(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def whole(name: str) -> str:
    return PRINTED.get(name, f'exec /usr/bin/{name} "$@"')


def killed(name: str, part: str) -> str:
    return f"said=$(\n{whole(name)}\n)\n{PARTS[part]}\nkill -9 $$"


@cache
def uses() -> list[tuple[str, str]]:
    """Each probe of the checks that runs on Linux, with each program that its command names."""
    pairs = []
    for name, probe in SHARED.items():
        if name.startswith("enroll_") or probe.parameters not in ((), ("profile",), ("vm",), ("vm", "profile")):
            continue
        command = probe.plan(name, {"vm": VM, "profile": PROFILE}).command
        words = set(re.findall(r"[\w-]+", command))
        pairs += [(name, program) for program in (*PRINTED, *PROGRAMS) if program in words]
    return pairs


def answer(probe: Probe, name: str, root: Path, programs: Path) -> Any:
    """The value that a check gets, or the outcome in its place; run with `root` as the root of the probe's paths."""
    plan = probe.plan(name, {"vm": VM, "profile": PROFILE})
    command = re.sub(r"(?<![\w.])/(?=opt/|var/|run/|etc/)", f"{root}/", plan.command)
    command = command.replace(f"{root}/opt/azcmagent/bin/azcmagent", str(programs / "azcmagent"))
    variables = {"SHELL": "/bin/sh", "HTTPS_PROXY": "http://169.254.0.11:3128", "NO_PROXY": "169.254.169.254,a"}
    ended = run(["dash"], replace(plan, command=command), root, PATH=f"{programs}:/usr/bin:/bin", **variables)
    stdout, stderr = ended.stdout.replace(f"{root}/", "/"), ended.stderr.replace(f"{root}/", "/")
    status = 128 - ended.returncode if ended.returncode < 0 else ended.returncode
    seen = ProbeResult(plan.key, plan.command, "done", status, stdout, stderr)
    try:
        return value(probe, name, Evidence(VM, SshSession("ok"), {name: seen}))
    except CheckOutcome as outcome:
        return outcome


@pytest.fixture
def guest(tmp_path: Path) -> Iterator[Path]:
    """A folder with an agent, cloud-init's files, and a lock of dpkg that this process holds."""
    root = tmp_path / "root"
    for folder in ("opt/azcmagent/bin", "var/log", "var/lib/dpkg", "run/cloud-init", "etc"):
        (root / folder).mkdir(parents=True)
    (root / "etc/os-release").write_text('ID=debian\nVERSION_ID="12"\n')
    (root / "run/cloud-init/result.json").write_text('{"v1": {"errors": []}}\n')
    log = root / LOG.lstrip("/")
    begin = "Cloud-init v. 25.1.4 running 'init-local' at Sat, 2{} Nov 2026 23:57:14 +0000. Up 5.85 seconds.\n"
    with gzip.open(f"{log}.1.gz", "wt") as rotated:
        rotated.write(f"{begin.format(1)}fine\nE: Unable to locate package azure-cli\n")
    log.write_text(f"{begin.format(2)}fine\nE: Unable to locate package jq\n")
    with (root / "var/lib/dpkg/lock-frontend").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        yield root


@pytest.mark.parametrize(("name", "program"), [pytest.param(*pair, id="-".join(pair)) for pair in uses()])
def test_a_killed_program_leaves_no_answer(name: str, program: str, guest: Path, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for other in PRINTED:
        stand_in(programs, other, whole(other))
    expected = answer(SHARED[name], name, guest, programs)
    ways = {part: killed(program, part) for part in PARTS} | {"missing": "exit 127"}
    passed = {}
    for way, text in ways.items():
        stand_in(programs, program, text)
        got = answer(SHARED[name], name, guest, programs)
        incomplete = isinstance(got, CheckOutcome) or (isinstance(got, BootOutput) and not got.complete)
        if not incomplete and not getattr(got, "missing", None) and got != expected:
            passed[way] = got
    assert not passed or (name, program) in LESS, (expected, passed)


def test_every_program_is_one_that_probes_use() -> None:
    assert {program for _, program in uses()} == {*PRINTED, *PROGRAMS}
    assert len(uses()) > 20
