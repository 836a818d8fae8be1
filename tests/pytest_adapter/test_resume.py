"""Resuming a run: after kill -9, or with the VMs that could not be judged; and refused arguments."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from plugins.azure.az_cli import AzCli
from plugins.azure.snapshot import Answer, AzureSnapshot, ReadError
from plugins.core.files import InUseError, atomic_write, lock_directory, remove_partial
from plugins.evidence.archive import Archive
from plugins.judge.context import CheckContext
from plugins.model import ProbeResult, ProbeState, SshSession, Vm
from plugins.pytest_adapter.resume import _is_pending, _lock, resume
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from tests.support.fleet_project import Checkout


pytest_plugins = ("pytester", "tests.support.fleet_project")


def killed(checkout: Checkout, *arguments: str) -> Path:
    """Run until the VM `a` is saved and the next one hangs, then kill -9. Return the run directory."""
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    run = subprocess.Popen(command, cwd=checkout.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 300
    log = checkout.path / "visits.log"
    while not (log.exists() and "b" in log.read_text() and any(checkout.path.glob("reports/2*/evidence/a.json"))):
        assert run.poll() is None and time.monotonic() < deadline, run.communicate()
        time.sleep(0.02)
    run.send_signal(signal.SIGKILL)
    run.communicate()
    return checkout.directory


def test_a_killed_run_goes_on_where_it_was(checkout: Checkout) -> None:
    checkout.fleet(a=checkout.good, b="hang", c=checkout.good)
    directory = killed(
        checkout, "--vm=a", "--vm=b", "--vm=c", "-k", "word or number", "--check=VM-*", "suites/test_small.py"
    )
    assert sorted(path.name for path in directory.rglob("*") if path.is_file()) == [".lock", "a.json", "run.json"]
    (directory / "evidence/.b.json.k2j3h4.part").write_text('{"version": 1, "vm"')
    assert checkout.visits() == ["a", "b"]
    kept = (directory / "evidence/a.json").read_bytes()

    checkout.fleet(a="refused", b=checkout.good, c={**checkout.good, "cat /word": "wrong"})
    outcome = checkout.run(f"--resume={directory.name}")
    assert outcome.ret == 1
    outcome.stdout.fnmatch_lines([f"nexus: resumes run {directory.name}, 2 VMs to visit"])
    assert checkout.visits() == ["b", "c"]
    assert checkout.readiness(directory) == {"a": "partial", "b": "partial", "c": "not ready"}, "-k left checks out"
    results = json.loads((directory / "results.json").read_text())
    assert {result["id"] for vm in results["vms"] for result in vm["results"]} == {"VM-001", "VM-002"}, (
        "as it was begun"
    )
    assert results["run_id"] == directory.name
    assert (directory / "evidence/a.json").read_bytes() == kept
    assert not [path for path in directory.rglob(".*") if path.name != ".lock"], "nothing half-written stays"
    assert len(list((checkout.path / "reports").glob("2*"))) == 1

    outcome = checkout.run(f"--resume={directory}")
    assert outcome.ret == 1
    assert checkout.visits() == []


def test_who_could_not_be_judged_is_visited_again(checkout: Checkout) -> None:
    checkout.fleet(a=checkout.good, b="refused", c={"cat /word": "right"}, d="cancelled")
    assert checkout.run("--vm=a", "--vm=b", "--vm=c", "--vm=d").ret == 10
    assert checkout.visits() == ["a", "b", "c", "d"]
    directory = (checkout.path / "reports/latest").resolve()
    assert checkout.readiness(directory) == {"a": "ready", "b": "unknown", "c": "unknown", "d": "unknown"}

    checkout.fleet(a="refused", b="refused", c=checkout.good, d=checkout.good)
    assert checkout.run("--resume=reports/latest").ret == 10
    assert checkout.visits() == ["d"], "a run that was stopped had not visited it"

    assert checkout.run("--retry-unknown=reports/latest").ret == 10
    assert checkout.visits() == ["b", "c"]
    assert checkout.readiness(directory) == {"a": "ready", "b": "unknown", "c": "ready", "d": "ready"}

    checkout.fleet(b=checkout.good)
    assert checkout.run("--retry-unknown=reports/latest", "-n2").ret == 0
    assert checkout.visits() == ["b"]
    assert set(checkout.readiness(directory).values()) == {"ready"}


def test_what_contradicts_the_run_is_refused_by_name(checkout: Checkout) -> None:
    checkout.fleet(a=checkout.good)
    assert checkout.run("--vm=a", "--check=VM-*", "--host-keys=accept-new").ret == 10
    checkout.visits()
    run = f"reports/{checkout.directory.name}"
    outcome = checkout.run(
        f"--retry-unknown={run}", "--vm=b", "--profile=2602", "-k", "word", "--host-keys=strict", "suites"
    )
    assert outcome.ret == 4
    outcome.stderr.fnmatch_lines(
        [
            f"ERROR: --retry-unknown={run} resumes a run with its original options; these differ: --vm, "
            "--profile, -k, --host-keys, suites. Drop them, or start a new run."
        ]
    )
    outcome = checkout.run(f"--resume={run}", "suites/test_small.py", "--check=VM-*")
    outcome.stderr.fnmatch_lines(["ERROR: * these differ: suites/test_small.py. Drop them, *"])
    assert checkout.visits() == []


def _broken(checkout: Checkout, what: str) -> list[str]:
    match what:
        case "nothing":
            return ["--resume=nowhere"]
        case "both":
            return ["--resume=reports/latest", "--retry-unknown=reports/latest"]
        case "a file":
            return ["--resume=fleet.json"]
        case "no run":
            return ["--resume=suites"]
        case "evidence":
            return ["--resume=reports/latest", "--evidence=reports/latest"]
    path = checkout.path / "reports/latest/run.json"
    run = json.loads(path.read_text())
    run["options"] = None if what == "older" else {"enroll": "connect"}
    path.write_text(json.dumps(run))
    return ["--resume=reports/latest"]


def test_what_cannot_be_gone_on_with_is_one_clear_error(checkout: Checkout) -> None:
    checkout.fleet(a=checkout.good)
    assert checkout.run("--vm=a").ret == 0
    for what, line in {
        "nothing": "ERROR: --resume nowhere: there is no such run directory, nor one of that name in */reports",
        "both": "ERROR: --resume and --retry-unknown: give one. --retry-unknown visits the missing VMs, too.",
        "a file": "ERROR: --resume fleet.json: only a run directory can be resumed; this is a file.",
        "no run": "ERROR: --resume suites: no run.json in it, so it is not a run directory",
        "evidence": "ERROR: --resume and --evidence: the one visits VMs, the other visits none. Give one.",
        "older": "ERROR: --resume=reports/latest: this run has no saved options (an older version made it). Judge it "
        "with --evidence, or start a new one.",
        "enroll": "ERROR: --resume=reports/latest: this run used --enroll, which changes VMs and is never resumed. Start a "
        "new run: VMs that are connected already stay as they are.",
    }.items():
        outcome = checkout.run(*_broken(checkout, what))
        assert outcome.ret == 4, what
        outcome.stderr.fnmatch_lines([line])
        outcome.stderr.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize("flag", ["--resume", "--retry-unknown"])
def test_a_run_of_somebody_else_starts_no_program(checkout: Checkout, flag: str) -> None:
    """Its tests and its SSH configuration are not started, unless it is in the folder of this operator's runs."""
    checkout.fleet(a=checkout.good)
    assert checkout.run("--vm=a").ret == 0
    run = json.loads((checkout.directory / "run.json").read_text())
    other = checkout.path / "unpacked" / "run"
    (other / "evidence").mkdir(parents=True)
    (other / "test_x.py").write_text(f"open({str(other / 'started')!r}, 'w')\n")
    options = {**run["options"], "paths": [str(other / "test_x.py")]}
    for change in ({"options": options}, {"ssh_config": str(other / "ssh.conf")}):
        (other / "run.json").write_text(json.dumps({**run, **change}))
        outcome = checkout.run(f"{flag}={other}")
        assert outcome.ret == 4
        outcome.stderr.fnmatch_lines(
            [
                f"ERROR: {flag} {other}: it is outside */reports, and names files that may run programs on this machine: *"
            ]
        )
        assert not (other / "started").exists()


def test_two_cannot_work_on_one_run(checkout: Checkout) -> None:
    checkout.fleet(a=checkout.good)
    assert checkout.run("--vm=a").ret == 0
    directory = (checkout.path / "reports/latest").resolve()
    mine = lock_directory(directory)
    try:
        outcome = checkout.run("--resume=reports/latest")
        assert outcome.ret == 4
        outcome.stderr.fnmatch_lines(
            [f"ERROR: --resume {directory}: process {os.getpid()} is using this run. Wait until it has ended."]
        )
        assert checkout.run("--resume=reports/latest", "--plan").ret == 0, "a plan disturbs nobody"
    finally:
        os.close(mine)
    assert checkout.run("--resume=reports/latest").ret == 0


def test_two_runs_at_once_in_one_checkout_keep_out_of_each_others_way(checkout: Checkout) -> None:
    """In the same second and with the same random number: the second one must choose again."""
    checkout.fleet(a=checkout.good)
    (checkout.path / "conftest.py").write_text(
        (checkout.path / "conftest.py").read_text()
        + "\nfrom itertools import chain, repeat\nfrom plugins.pytest_adapter import start\n"
        'ids = chain(["same", "same"], (f"other-{n}" for n in range(9)))\nstart.new_id = lambda: next(ids)\n'
    )
    command = [sys.executable, "-m", "pytest", "-q", "--vm=a"]
    runs = [subprocess.Popen(command, cwd=checkout.path, stdout=subprocess.PIPE) for _ in range(2)]
    assert [(run.communicate()[0], run.returncode)[1] for run in runs] == [0, 0]
    made = {
        path.name: checkout.readiness(path) for path in (checkout.path / "reports").iterdir() if not path.is_symlink()
    }
    assert made == {"same": {"a": "ready"}, "other-0": {"a": "ready"}}
    assert (checkout.path / "reports/latest/results.json").is_file()


# --- the parts ----------------------------------------------------------------------------------------------------


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    code = f"from plugins.core.files import lock_directory; from pathlib import Path; lock_directory(Path({str(tmp_path)!r})); input()"
    other = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE)
    lock = tmp_path / ".lock"
    while not (lock.exists() and lock.read_text()):
        time.sleep(0.01)
    assert lock.stat().st_mode & 0o777 == 0o600
    with pytest.raises(InUseError, match=f"process {other.pid}"):
        lock_directory(tmp_path)
    other.kill()
    other.wait()
    os.close(lock_directory(tmp_path))


def test_a_file_is_whole_or_not_there_and_what_is_left_is_swept(tmp_path: Path) -> None:
    """Killed while it writes: the old text stays, and the beginning of the new one has another name."""
    path = tmp_path / "a.json"
    path.write_text("old")
    code = (
        "from plugins.core.files import atomic_write; from pathlib import Path; import os, signal\n"
        f"with atomic_write(Path({str(path)!r}), durable=True) as file:\n"
        "    file.write(b'new, half of it'); file.flush(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    (left,) = tmp_path.glob(".*")
    assert left.name.startswith(".a.json.") and left.read_bytes() == b"new, half of it"
    remove_partial(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_what_is_kept_is_on_the_disk_before_its_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a power cut could leave the name with an empty file."""
    steps: list[str] = []
    replace = os.replace

    def replaced(old: str, new: Path) -> None:
        steps.append("replace")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", lambda handle: steps.append("fsync"))
    monkeypatch.setattr(os, "replace", replaced)
    with atomic_write(tmp_path / "a", durable=True) as file:
        file.write(b"x")
    assert steps == ["fsync", "replace"]


ANSWER, UNREAD = Answer("GET x", {}), ReadError("No.", status=429)


@pytest.mark.parametrize(
    ("facts", "resume", "retry"),
    [
        (AzureSnapshot({"/x": ANSWER}), True, True),
        (AzureSnapshot({"/x": UNREAD}), True, False),
        (AzureSnapshot({"/x": ANSWER}, located={"a": UNREAD}), True, False),
        (AzureSnapshot({"/x": ANSWER}, interrupted=True), False, False),
        (None, False, False),
    ],
)
def test_azure_is_asked_again_only_for_what_is_missing(
    tmp_path: Path, facts: AzureSnapshot | None, resume: bool, retry: bool
) -> None:
    archive = Archive.create(tmp_path / "r", {"id": "r"}, [Vm("a")])
    if facts:
        CheckContext(archive, list).facts = facts
    again = CheckContext(Archive(tmp_path / "r"), list)
    assert (again.has_facts(complete=False), again.has_facts(complete=True)) == (resume, retry)


def test_the_runner_is_looked_at_again_only_when_it_did_not_answer(tmp_path: Path) -> None:
    around = CheckContext(Archive.create(tmp_path / "r", {"id": "r"}, [Vm("a")]), list)
    assert not around.has_az_cli(complete=False)
    around.az_cli = AzCli(error="az did not answer within 30 s")
    assert (around.has_az_cli(complete=False), around.has_az_cli(complete=True)) == (True, False)
    around.az_cli = AzCli("2.76.0")
    assert around.has_az_cli(complete=True)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"resume": "x", "shard": "1/2"},
            "--resume and --shard: a resumed run keeps its original options. Drop --shard.",
        ),
        (
            {"retry_unknown": "x", "evidence_store": "y"},
            "--retry-unknown and --evidence-store: only a new run sends its evidence there. Give one.",
        ),
        (
            {"retry_unknown": "x", "evidence": ["y"]},
            "--retry-unknown and --evidence: the one visits VMs, the other visits none. Give one.",
        ),
    ],
)
def test_options_that_a_resumed_run_cannot_take(more: dict[str, object], message: str) -> None:
    given = dict.fromkeys(("resume", "retry_unknown", "shard", "evidence_store", "evidence")) | more
    config: Any = SimpleNamespace(option=SimpleNamespace(**given))
    with pytest.raises(pytest.UsageError) as refused:
        resume(config)
    assert str(refused.value) == message


def test_a_run_directory_that_cannot_be_locked_is_refused(tmp_path: Path) -> None:
    with pytest.raises(pytest.UsageError) as refused:
        _lock(tmp_path / "none", "--resume")
    assert str(refused.value) == f"--resume {tmp_path}/none: cannot be written to (No such file or directory)."


def _answered(state: ProbeState) -> dict[str, ProbeResult]:
    return {"a": ProbeResult("a", "true", state)}


@pytest.mark.parametrize(
    ("outcome", "results", "pending", "pending_if_unknown"),
    [
        ("cancelled", {}, True, True),
        ("refused", {}, False, True),
        ("ok", {}, False, False),
        ("ok", _answered("lost"), False, True),
        ("ok", _answered("timed out"), False, True),
        ("ok", _answered("done"), False, False),
    ],
)
def test_who_is_visited_again(outcome: str, results: Any, pending: bool, pending_if_unknown: bool) -> None:
    evidence: Any = SimpleNamespace(session=SshSession(outcome), results=results)
    assert (_is_pending(evidence, unknown_too=False), _is_pending(evidence, unknown_too=True)) == (
        pending, pending_if_unknown
    )  # fmt: skip
