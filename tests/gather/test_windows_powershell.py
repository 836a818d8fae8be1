"""Every probe for Windows on a real PowerShell, and a fleet with a Windows VM over real SSH whose command goes to it.

A PowerShell for Linux has no registry, no services and no curl.exe: what a probe prints there is not Windows' answer. It
shows that PowerShell takes the text, that the text comes to an end, and that each failure has its own frame.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.checks.probe import ProbeCommand
from plugins.checks.quoting import tool
from plugins.evidence.archive import Archive
from plugins.gather.collector import gather, limits
from plugins.gather.support_logs import probes as support_probes
from plugins.ssh import client as ssh
from tests.gather.test_windows_visit import Nobody, host, vm
from tests.support.powershell import PWSH, needs_pwsh, run
from tests.support.powershell_grammar import PLANNED, VM
from tests.support.sshd import Keys, needs_sshd

pytestmark = needs_pwsh


def test_every_probe_runs_on_it() -> None:
    everything = [*PLANNED.values(), *support_probes(VM)]
    answers = run(*everything)
    assert answers.keys() == {each.key for each in everything}
    for key, answer in answers.items():
        assert answer.state in ("done", "no tool", "no root", "timed out"), (key, answer)
        assert "did not reach its end" not in answer.stderr, (key, answer)
        assert "ParserError" not in answer.stderr and "is not recognized as" not in answer.stderr, (key, answer)
    for key, each in PLANNED.items():
        if "Invoke-Tool 'curl.exe'" in each.command and "catch" not in each.command:
            assert (answers[each.key].state, answers[each.key].stderr) == ("no tool", "curl.exe"), key


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(tmp_path_factory.mktemp("keys"))


@needs_sshd
def test_a_fleet_with_a_windows_vm(tmp_path: Path, keys: Keys) -> None:
    probes = [
        ProbeCommand("said", "'gr' + [char]0xf6 + [char]0xdf + 'er'", 20, False, (), 64),
        ProbeCommand("failed", tool("/bin/sh", "-c", "exit 3"), 20, False, (), 64),
        ProbeCommand("late", tool("/bin/sh", "-c", "echo part; sleep 100"), 2, False, (), 64),
        ProbeCommand("missing", tool("nope.exe"), 20, False, (), 64),
    ]
    with host(tmp_path, keys, f'#!/bin/sh\nexec {PWSH} "$@"\n') as server:
        vms = [vm(server, keys, "lin", "linux"), vm(server, keys, "win", "windows")]
        known = tmp_path / "known_hosts"
        known.write_text(f"[127.0.0.1]:{server.port} {server.host_key}\n")
        config = tmp_path / "config"
        config.write_text(f"UserKnownHostsFile {known}\nGlobalKnownHostsFile none\nIdentityAgent none\n")
        archive = Archive.create(tmp_path / "run", {"id": "x"}, vms)
        plans = {"win": probes, "lin": [ProbeCommand("said", "echo here", 2, False, (), 64)]}
        options = limits(ssh.Options(run_timeout=25, config_file=config), vms)
        assert gather(vms, plans, options, archive, Nobody())
    assert archive["win"].session.outcome == archive["lin"].session.outcome == "ok", archive["win"].session
    seen = archive["win"].seen
    assert {key: (each.state, each.exit, each.stdout) for key, each in seen.items()} == {
        "said": ("done", 0, "größer\n"),
        "failed": ("done", 3, ""),
        "late": ("timed out", None, "part\n"),
        "missing": ("no tool", None, ""),
    }
    assert archive["lin"].seen["said"].stdout == "here\n"
