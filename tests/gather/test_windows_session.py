"""A fleet with a Windows VM over a real sshd, which starts a real PowerShell."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from plugins.checks.probe import ProbeCommand
from plugins.checks.quoting import tool
from plugins.evidence.archive import Archive
from plugins.gather.collector import gather, limits
from plugins.gather.windows_script import compile_script
from plugins.ssh import client as ssh
from tests.gather.test_windows_engine import alive, sh, wait_for
from tests.gather.test_windows_visit import Nobody, host, vm
from tests.support.paths import ROOT
from tests.support.powershell import PROGRAMS, PWSH, SLEEP, needs_pwsh, probe
from tests.support.sshd import ME, Keys, Sshd, needs_sshd

pytestmark = [needs_pwsh, needs_sshd]


@dataclass
class Site:
    """An sshd whose powershell.exe is PowerShell, with the files of a client that logs in."""

    folder: Path
    keys: Keys
    server: Sshd

    def engines(self) -> list[int]:
        """The PowerShell processes of the sessions so far."""
        file = self.folder / "engines"
        return [int(line) for line in file.read_text().splitlines()] if file.exists() else []

    def gone(self) -> bool:
        """Whether no engine runs; one whose parent also died may still be a zombie."""
        with suppress(FileNotFoundError):
            return all(_stat(engine)[0] == "Z" for engine in self.engines() if Path(f"/proc/{engine}").exists())
        return False

    def config(self) -> Path:
        known, config = self.folder / "known_hosts", self.folder / "config"
        known.write_text(f"[127.0.0.1]:{self.server.port} {self.server.host_key}\n")
        config.write_text(
            f"Host *\nUserKnownHostsFile {known}\nGlobalKnownHostsFile none\nIdentityAgent none\nUser {ME}\n"
            f"IdentityFile {self.keys.make('user')}\nPort {self.server.port}\n"
        )
        return config

    def visit(self, windows: Sequence[ProbeCommand]) -> Archive:
        """Visit a Windows VM with these probes, and a Linux VM beside it."""
        vms = [vm(self.server, self.keys, "lin", "linux"), vm(self.server, self.keys, "win", "windows")]
        archive = Archive.create(self.folder / "run", {"id": "x"}, vms)
        plans = {"win": windows, "lin": [probe("echo here", key="said")]}
        assert gather(
            vms, plans, limits(ssh.Options(run_timeout=320, config_file=self.config()), vms), archive, Nobody()
        )
        assert archive["lin"].results["said"].stdout == "here\n"
        return archive


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    keys = Keys(tmp_path)
    with host(tmp_path, keys, f'#!/bin/sh\necho $$ >>{tmp_path}/engines\nexec {PWSH} "$@"\n') as server:
        yield Site(tmp_path, keys, server)


def test_each_probe_has_its_answer(site: Site) -> None:
    archive = site.visit(
        [
            probe("'gr' + [char]0xf6 + [char]0xdf + 'er'", key="said"),
            probe(sh("exit 3"), key="failed"),
            probe(sh("echo part; sleep 100"), limit=3, key="late"),
            probe(tool("nope.exe"), key="missing"),
        ]
    )
    assert archive["win"].session.outcome == "ok", archive["win"].session
    assert {key: (result.state, result.exit, result.stdout) for key, result in archive["win"].results.items()} == {
        "said": ("done", 0, "größer\n"),
        "failed": ("done", 3, ""),
        "late": ("timed out", None, "part\n"),
        "missing": ("no tool", None, ""),
    }


def test_a_client_that_is_killed_leaves_nothing(site: Site) -> None:
    mark = f"304.{os.getpid()}"
    script = compile_script([probe(sh(f"{SLEEP} {mark} & {SLEEP} {mark}"), limit=280, key=key) for key in "abc"])
    command = ["ssh", "-F", str(site.config()), "127.0.0.1", script.command]
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        assert client.stdin is not None
        client.stdin.write(script.script)
        client.stdin.flush()
        wait_for(lambda: len(alive(mark)) == 6)
    finally:
        client.kill()
        client.wait()
    wait_for(lambda: not alive(mark) and site.gone())


def _stat(process: int) -> tuple[str, int]:
    """Its state and its parent."""
    state, parent = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[:2]
    return state, int(parent)


def test_a_reboot_in_the_middle_costs_the_answers_of_this_vm_only(site: Site) -> None:
    """All processes of the session die at once: sshd, PowerShell and its programs."""
    mark = f"305.{os.getpid()}"

    def reboot() -> None:
        wait_for(lambda: bool(alive(mark)))
        (engine,) = site.engines()
        programs = [int(path.split("/")[2]) for path in alive(mark)]
        session = _stat(engine)[1]
        sessions = [session, _stat(session)[1]]
        for process in {engine, *programs, *sessions} - {site.server.process.pid, os.getpid(), 1}:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    power = threading.Thread(target=reboot)
    power.start()
    evidence = site.visit([probe("'a'", key="quick", limit=290), probe(sh(f"{SLEEP} {mark}"), limit=280, key="long")])[
        "win"
    ]
    power.join()
    assert evidence.session.outcome == "connection lost", evidence.session
    assert evidence.session.message.startswith(f"The session on {ME}@127.0.0.1:{site.server.port} ended after ")
    assert evidence.session.remedy.startswith("Check whether the VM restarted")
    assert evidence.results["long"].state == "lost" and evidence.results["quick"].state in ("done", "lost")
    wait_for(lambda: site.gone() and not alive(mark))


def test_the_suite_judges_it(site: Site) -> None:
    """With the suite's checks: those that need Windows itself are unknown, with the cause, and never pass."""
    inventory = site.folder / "fleet.yaml"
    inventory.write_text(
        f"ssh_config: {site.config()}\nvms:\n"
        "  - {name: win, host: 127.0.0.1, os: windows}\n  - {name: lin, host: 127.0.0.1}\n"
    )
    options = [
        "--check=SSH-001",
        "--check=VM-005",
        "--no-azure",
        f"--inventory={inventory}",
        f"--reports={site.folder}/reports",
    ]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    (results,) = (site.folder / "reports").glob("2*/results.json")
    verdicts = {
        vm["name"]: {result["id"]: (result["status"], result["message"]) for result in vm["results"]}
        for vm in json.loads(results.read_text())["vms"]
    }
    assert {name: results["SSH-001"][0] for name, results in verdicts.items()} == {"win": "pass", "lin": "pass"}, done
    status, message = verdicts["win"]["VM-005"]
    if PROGRAMS:
        assert status != "unknown", "Wine has a registry"
    else:
        assert status == "unknown" and "its command ended with the unexpected exit status 1" in message
