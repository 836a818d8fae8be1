"""Runs that write bundles, and runs that judge them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from plugins.evidence.archive import Archive
from plugins.evidence.bundle_format import write_bundle
from plugins.gather.support_logs import probes, text
from plugins.model import Evidence, ProbeResult, Severity, SshSession, Status, Verdict, Vm
from plugins.pytest_adapter.start import replay
from plugins.reports.support_bundle import Contents, _members

if TYPE_CHECKING:
    from tests.support.powershell_grammar import commands, mistakes
from tests.support.fleet_project import Checkout
from tests.support.powershell_grammar import commands, mistakes

pytest_plugins = ("pytester", "tests.support.fleet_project")

OWN = """
base = "2510"
name = "ours"
source = "us"
date = 2026-01-01
[clock]
limit = 77
"""


def verdicts(checkout: Checkout, directory: str) -> dict[str, Any]:
    document = json.loads((checkout.path / directory / "results.json").read_text())
    return {
        result["nodeid"]: (result["status"], result["message"]) for vm in document["vms"] for result in vm["results"]
    }


def test_a_bundle_is_judged_as_the_run_was(checkout: Checkout) -> None:
    checkout.fleet(
        a=checkout.good, b=checkout.good | {"cat /word": "password=opensesame", "cat /number": "5"}, c="refused"
    )
    (checkout.path / "ours.toml").write_text(OWN)
    assert checkout.run("--vm=a", "--vm=b", "--vm=c", "--profile=ours.toml", "--bundle").ret == 1
    first = checkout.directory
    verdicts_before = verdicts(checkout, f"reports/{first.name}")
    (whole,) = (first / "bundle").iterdir()
    assert (whole.name, whole.stat().st_mode & 0o777) == (f"{first.name}.zip", 0o600)
    assert b"opensesame" not in b"".join(everything(whole).values())
    assert list(everything(whole)) == [
        *("README.txt", "results.json", "summary.md", "run.json", "profile.toml"),
        *(f"evidence/{vm}.json" for vm in "abc"),
        *(f"support/{vm}.txt" for vm in "abc"),
        "manifest.json",
    ]
    whole = whole.rename(checkout.path / "run.zip")
    evidence = everything(whole)["evidence/b.json"]

    # On another machine: without the run directory and the profile's file.
    first.rename(checkout.path / "away")
    (checkout.path / "ours.toml").unlink()
    for more in ([], ["-n2"]):
        outcome = checkout.run("--evidence=run.zip", *more)
        assert outcome.ret == 1
        outcome.stdout.fnmatch_lines(["nexus: 3 VMs from the evidence of an earlier run, profile ours"])
        assert verdicts(checkout, "reports/latest") == verdicts_before
    # A bundle of one VM.
    assert checkout.run("--evidence=run.zip", "--vm=b", "--bundle").ret == 1
    (again,) = (checkout.path / "reports/latest/bundle").iterdir()
    assert [name for name in everything(again) if name.startswith(("evidence/", "support/"))] == [
        "evidence/b.json",
        "support/b.txt",
    ]
    assert everything(again)["evidence/b.json"] == evidence
    again.rename(checkout.path / "b.zip")
    assert checkout.run("--evidence=b.zip", "--profile=2602").ret == 1
    assert verdicts(checkout, "reports/latest") == {key: value for key, value in verdicts_before.items() if "[b" in key}


def everything(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def test_a_vm_has_a_text_when_it_has_evidence(tmp_path: Path) -> None:
    vms = [Vm("a"), Vm("b")]
    archive = Archive.create(tmp_path / "r", {"id": "r"}, vms)
    evidence = {"b": Evidence(vms[1], SshSession("ok"), {})}
    contents = Contents("r", "1", archive, vms, None, None, evidence, {}, {}, {})
    assert [name for name, _ in _members(contents)] == ["README.txt", "run.json", "support/b.txt"]


def test_a_bundle_that_cannot_be_used_is_one_clear_error(checkout: Checkout) -> None:
    checkout.fleet(a=checkout.good)
    assert checkout.run("--vm=a", "--bundle").ret == 0
    good = (checkout.directory / f"bundle/{checkout.directory.name}.zip").read_bytes()
    cut = checkout.path / "cut.zip"
    cut.write_bytes(good[:-100])
    outcome = checkout.run("--evidence=cut.zip")
    assert outcome.ret == 4
    outcome.stderr.fnmatch_lines(
        ["ERROR: --evidence cut.zip: this is not a bundle of this suite: it is not a zip file *"]
    )
    outcome.stderr.no_fnmatch_line("*Traceback*")
    outcome = checkout.run("--evidence=cut.zip", "--evidence=reports/latest")
    outcome.stderr.fnmatch_lines(
        ["ERROR: --evidence cut.zip: this is not a bundle of this suite: it is not a zip file *"]
    )
    os.mkfifo(checkout.directory / "profile.toml")
    words = ("--evidence=reports/latest", "--profile=2510")
    outcome = checkout.run(*words, "--bundle")
    assert outcome.ret == 4
    outcome.stderr.fnmatch_lines(["ERROR: */profile.toml: cannot be read (it is not a regular file)"])
    assert len(list((checkout.path / "reports").glob("2*"))) == 1, "nothing half-read leaves a run behind"
    assert checkout.run(*words).ret == 0


def test_a_clock_that_jumps_changes_no_duration(checkout: Checkout) -> None:
    """An hour forward, each time that it is read."""
    (checkout.path / "conftest.py").write_text(
        (checkout.path / "conftest.py").read_text()
        + "\nimport itertools, time\nnow, jumps = time.time, itertools.count()\n"
        "time.time = lambda: now() + 3600 * next(jumps)\n"
    )
    checkout.fleet(a=checkout.good, b="refused")
    assert checkout.run("--vm=a", "--vm=b").ret == 10
    assert 0 <= checkout.results()["seconds"] < 1800
    assert checkout.readiness() == {"a": "ready", "b": "unknown"}


def test_a_strangers_bundle_has_no_say_in_the_commands_that_are_offered(tmp_path: Path) -> None:
    """They are for the operator's shell, and ssh -F FILE can run commands in FILE."""
    run = {"id": "r", "profile": "2510", "ssh_config": "/tmp/theirs"}
    archive = Archive.create(tmp_path / "r", run, [Vm("a")])
    members = [("run.json", archive.source.read("run.json") or b"")]
    write_bundle(tmp_path / "r.zip", kind="run", run_id="r", suite="0", members=members)
    option = SimpleNamespace(
        **dict.fromkeys(
            (
                "bundle",
                "profile",
                "history",
                "split_by",
                "against",
                "gate",
                "waivers",
                "inventory",
                "azure_fleet",
                "keyword",
                "shard",
            )
        ),
        vm=[],
        evidence=[],
        file_or_dir=[],
        reports=str(tmp_path),
        plan=True,
        collectonly=False,
    )
    config: Any = SimpleNamespace(option=option, rootpath=tmp_path)
    assert replay(config, [str(tmp_path / "r")]).scope.ssh_config == Path("/tmp/theirs"), "one's own run directory has"
    assert replay(config, [str(tmp_path / "r.zip")]).scope.ssh_config is None


def test_the_text_for_support_can_be_read_and_moves_no_cursor() -> None:
    seen = {
        "ping": ProbeResult("ping", "ping -c 1 x", "done", 1, "\x1b[2Jpwned\n", "password=opensesame\n"),
        "slow": ProbeResult("slow", "sleep 9", "timed out"),
        "token": ProbeResult("token", "curl x", "done", 0, "{}\n"),
    }
    evidence = Evidence(Vm("a"), SshSession("ok", address="root@10.0.0.4:22", via="gw"), seen)

    def verdict(id: str, status: Status, message: str, *keys: str) -> Verdict:
        return Verdict(id, "a", "", status, Severity.REQUIRED, message, "Do it.", probes=keys)

    output = text(
        evidence,
        [
            verdict("IMDS-002", Status.FAIL, "No answer.", "ping", "slow"),
            verdict("IMDS-003", Status.FAIL, "None.", "ping"),
            verdict("TOKEN-001", Status.PASS, "A token.", "ping", "token"),
            verdict("OURS-001", Status.WARN, "Hm."),
        ],
        "a, run r: not ready",
    )
    assert "\x1b" not in output and "opensesame" not in output
    assert output.startswith("a, run r: not ready\n\nThe SSH session to root@10.0.0.4:22 via gw: ok\n")
    network = output[output.index("Network checks") : output.index("The VM and its identity")]
    assert network.splitlines()[3:] == [
        "IMDS-002: fail. No answer.",
        "    To do: Do it.",
        "IMDS-003: fail. None.",
        "    To do: Do it.",
        "",
        "--- ping (exit status 1)",
        "    $ ping -c 1 x",
        r"\x1b[2Jpwned",
        network.splitlines()[-6],  # the secret's mark differs from run to run
        "",
        "--- slow (timed out)",
        "    $ sleep 9",
        "",
        "",
    ]
    assert "TOKEN-001: pass. A token.\n" in output[output.index("Login and connect: the exact messages") :]
    assert "OURS-001: warn. Hm." in output[output.index("The session, and everything else") :]
    assert (output.count("--- ping"), output.count("--- token (exit status 0)")) == (1, 1)
    assert "--- support_agent_logs: not gathered (a run with --bundle reads it)" in output


@pytest.mark.parametrize(
    "line", ["eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl", "http://alice:hunter22@proxy:3128/"]
)
def test_no_log_leaves_the_vm_with_what_opens_something(tmp_path: Path, line: str) -> None:
    """The commands of --bundle, run by a shell on our own log."""
    log = tmp_path / "log"
    log.write_text(f"before {line} after\r\n\0")
    for probe in probes(Vm("a"))[:2]:
        command = probe.command
        for path in ("/var/log/cloud-init-output.log", "/var/opt/azcmagent/log/himds.log"):
            command = command.replace(path, str(log))
        output = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
        assert "before" in output and "after\n" in output
        assert "c2lnbmF0dXJl" not in output and "hunter22" not in output


def test_on_windows_the_agents_logs_and_the_installation_log_are_read() -> None:
    agent, installation = probes(Vm("w", os="windows"))
    assert (agent.key, installation.key) == ("support_agent_logs", "support_installation_log")
    for path in ("himds.log", "azcmagent.log"):
        assert rf"'%ProgramData%\AzureConnectedMachineAgent\Log\{path}'" in agent.command
    assert r"'%ProgramData%\GuestConfig\ext_mgr_logs\gc_ext.log'" in agent.command
    assert r"'%SystemRoot%\AzureConnectedMachineAgent\temp\installationlog.txt'" in installation.command
    for probe in (agent, installation):
        assert mistakes(probe.command) == []
        assert commands(probe.command) == set(), "nothing but .NET is called"
        assert not re.search(r"\[IO\.(File|Directory|StreamWriter)\]|Set-|New-Item", probe.command)
        assert "'://***@'" in probe.command and "<signature>" in probe.command
