"""A whole run in the lab on VMs full of secrets: it reveals none, changes nothing, and does only what it announced."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import doctor
from lab.cloud_model import CLIENT_SECRET
from lab.faults.hostile import CANARIES
from tests.support.canaries import found_in, leaks
from tests.support.paths import ROOT
from tests.support.trust_run import RUNNER

pytestmark = pytest.mark.lab


SECRETS = {**CANARIES, **{f"runner's {name}": secret for name, secret in RUNNER.items()}, "client": CLIENT_SECRET}

#: Pieces of canaries, too: a text may be cut before it is redacted.
PIECES = {"a piece": "canary-of-", "another piece": "canary.of.", "a third": "Canary-pa"}

#: All changes that a run may make on a VM, and the program that makes each.
ALLOWED = {
    "/dev/shm: mtime": "the private folder was made there, and removed",
    "/var/log/auth.log: mtime, content": "sshd and sudo write down that somebody logged in",
    "/var/log/sudo.log: mtime, content": "likewise",
    "/var/log/wtmp: mtime, content": "likewise",
    "/var/log/lastlog: mtime, content": "likewise",
    "/var/opt/azcmagent/log/azcmagent.log: mtime, content": "azcmagent writes down that it was asked (check, show)",
    "/home/operator: mtime": "sudo, see the next one",
    "/home/operator/.sudo_as_admin_successful: new": "sudo of Debian and Ubuntu marks a user's first success so",
}


@pytest.fixture(scope="module")
def trust() -> Iterator[Path]:
    """The folder that `tests.support.trust_run` filled."""
    if why := doctor.trouble():
        pytest.skip(f"the lab cannot run here: {why}")
    with tempfile.TemporaryDirectory() as name:
        faults = ["--fault", "vm1=secrets-everywhere", "--fault", "vm2=secrets-of-az,relay-prepared"]
        inside = [sys.executable, "-m", "tests.support.trust_run", name]
        lab = [sys.executable, "-m", "lab", "up", "--vms", "2", *faults, "--", *inside]
        done = subprocess.run(lab, cwd=ROOT, capture_output=True, text=True, timeout=280)
        assert done.returncode == 0, done.stdout + done.stderr
        yield Path(name)


def first(trust: Path) -> Path:
    """The directory of the live run."""
    return trust / "reports" / (trust / "first").read_text()


def evidence(trust: Path, vm: str) -> dict[str, dict[str, str]]:
    seen: dict[str, dict[str, str]] = json.loads((first(trust) / f"evidence/{vm}.json").read_text())["seen"]
    return seen


# --- secrets


def test_the_secrets_were_there_to_be_found(trust: Path) -> None:
    """Otherwise the next tests would prove nothing: redacted secrets leave marks."""
    marks = {vm: set(re.findall(r"<secret:[0-9a-f]{8}>", json.dumps(evidence(trust, vm)))) for vm in ("vm1", "vm2")}
    assert len(marks["vm1"]) >= 12, marks
    assert len(marks["vm2"]) >= 2, marks
    assert "test_a_check_that_crashes" in (trust / "run.txt").read_text()
    output = (trust / "crash.txt").read_text()
    assert "crashed in the session" in output
    assert "crashed at its end" in output
    assert "INTERNALERROR" in output
    assert "it went wrong" in (trust / "crash.log").read_text()


@pytest.mark.parametrize("name", ["run.txt", "again.txt", "crash.txt", "plan.txt", "debug.log", "crash.log"])
def test_no_secret_is_printed_or_logged(trust: Path, name: str) -> None:
    assert found_in((trust / name).read_bytes(), SECRETS | PIECES) == []


def test_no_secret_is_left_in_a_run_directory(trust: Path) -> None:
    assert len(list((trust / "reports").glob("2*"))) >= 2
    assert leaks(trust / "reports", SECRETS | PIECES) == []


def test_no_token_is_left_that_anybody_could_use(trust: Path) -> None:
    """The lab's metadata service signs real tokens, which are not in the list of canaries."""
    whole = re.compile(rb"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}")
    files = [path for path in (trust / "reports").rglob("*") if path.is_file()] + list(trust.glob("*.txt"))
    assert [str(path) for path in files if whole.search(path.read_bytes())] == []


def test_the_same_secret_has_the_same_mark_wherever_it_is_seen(trust: Path) -> None:
    seen = evidence(trust, "vm1")
    mark = re.compile(r"--proxy-password=(<secret:[0-9a-f]{8}>)")
    narrow, wide = (mark.search(seen[key]["stdout"]) for key in ("cloudinit_output", "everything"))
    assert narrow and wide and narrow[1] == wide[1]
    for results in (trust / "reports").glob("2*/results.json"):
        if "CLOUDINIT-002" in (text := results.read_text()):
            assert narrow[1] in text  # judged live, and again by two other processes


def test_files_are_the_owners_alone_whatever_the_umask(trust: Path) -> None:
    """The suite was started with a umask of 0, with which every user could access new files."""
    modes = {
        (path.is_dir(), f"{path.stat().st_mode & 0o777:o}")
        for path in (trust / "reports").rglob("*")
        if not path.is_symlink()
    }
    assert modes == {(True, "700"), (False, "600")}
    assert (trust / "debug.log").stat().st_mode & 0o077 == 0


# --- read-only


@pytest.mark.parametrize("vm", ["vm1", "vm2"])
def test_nothing_on_a_vm_is_changed(trust: Path, vm: str) -> None:
    changed = json.loads((trust / "look.json").read_text())[vm]
    assert "/dev/shm: mtime" in changed  # the comparison works
    assert [line for line in changed if line not in ALLOWED] == []


def test_nothing_in_azure_is_changed(trust: Path) -> None:
    requests = [json.loads(line) for line in (trust / "azure.jsonl").read_text().splitlines()]
    assert len(requests) > 8
    # HEAD requests are from the VMs, without a login, to test whether Azure is reachable (NET-001).
    assert {row["method"] for row in requests} == {"GET", "HEAD"}
    assert {row["status"] for row in requests if row["method"] == "HEAD"} == {400}
    assert not any(row["write"] for row in requests)


def planned(trust: Path) -> tuple[dict[str, dict[str, str]], list[str]]:
    """The output of `--plan`: the commands of each VM by probe, and the requests."""
    page = (trust / "plan.txt").read_text()
    guests, _, azure = page.partition("\nAzure: ")
    commands: dict[str, dict[str, str]] = {}
    for group in re.split(r"^(?=On [\w, -]+: \d+ commands, run in parallel)", guests, flags=re.M)[1:]:
        names = re.match(r"On ([\w, -]+): ", group)
        assert names
        matches = re.findall(
            r"^# (\S.*?) \((?:as root; )?at most [^\n]*\)\n(.*?)\n(?=\n# \S.* \(|\n*\Z)", group, re.M | re.S
        )
        for name in names[1].split(", "):
            commands[name] = {key: command.strip("\n") for key, command in matches}
    return commands, re.findall(r"^GET (\S.*)$", azure, re.M)


def test_every_command_of_a_run_was_announced_and_every_announced_one_ran(trust: Path) -> None:
    commands, _ = planned(trust)
    assert set(commands) == {"vm1", "vm2", "lost"}
    for vm in ("vm1", "vm2"):
        ran = {key: result["command"].strip("\n") for key, result in evidence(trust, vm).items()}
        assert ran == commands[vm]


def in_order(url: str) -> str:
    """A URL in lower case with sorted parameters."""
    path, _, query = url.partition("?")
    return f"{path}?{'&'.join(sorted(query.split('&')))}".lower()


def test_every_request_to_azure_was_announced_and_every_announced_one_was_sent(trust: Path) -> None:
    _, templates = planned(trust)
    calls = json.loads((first(trust) / "azure.json").read_text())["calls"]
    sent = [in_order(re.sub(r"[?&]\$skiptoken=\d+", "", url)) for method, url, _ in calls if method == "GET"]
    assert len(sent) == len(calls)
    blank = re.compile(r"\{\w+\}")  # known only after Azure's answer
    patterns = {
        template: re.compile("[^?]+".join(map(re.escape, blank.split(in_order(template)))), re.I)
        for template in templates
    }
    assert [url for url in sent if not any(pattern.fullmatch(url) for pattern in patterns.values())] == []
    unused = [template for template, pattern in patterns.items() if not any(map(pattern.fullmatch, sent))]
    assert [
        template for template in unused if "{userAssignedIdentityId}" not in template
    ] == []  # none of these VMs has one


def test_sudo_is_used_once_and_for_nothing_but_the_probes_that_declare_root(trust: Path) -> None:
    """They share one shell, which sudo starts; its arguments do not contain their commands."""
    entries = re.split(
        r"^(?=\w{3} +\d+ \d\d:)", (trust / "vm2.sudo.log").read_text().replace("\n    ", " "), flags=re.M
    )
    commands = [re.sub(r".*COMMAND=", "", entry, flags=re.S).strip() for entry in entries if entry.strip()]
    assert len(commands) == 1
    assert re.fullmatch(r"/\S*/sh -c .* sh /dev/shm/\.nexus-arc-[0-9a-f]{16} \d+", commands[0])
    rooted = set(re.findall(r"^# (\S+) \(as root;", (trust / "plan.txt").read_text(), re.M))
    assert {"root_id", "agent_logs", "cloudinit_output", "everything"} <= rooted
    assert (trust / "vm1.sudo.log").read_text() == ""  # there the login is root


# --- the agent of the operator


def test_the_operators_ssh_agent_is_never_forwarded(trust: Path) -> None:
    """The runner has an agent, and its ssh_config has ForwardAgent yes."""
    for vm in ("vm1", "vm2"):
        assert evidence(trust, vm)["everything"]["stdout"].startswith("agent=absent\n")
        log = (trust / f"{vm}.auth.log").read_text(errors="replace")
        assert "server_input_channel_req" in log  # sshd logs the client's requests
        assert "auth-agent-req" not in log
