"""A full disk on the runner: one message, all evidence is judged, and the saved files are complete."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from plugins.evidence.archive import Archive
from plugins.model import Evidence, SshSession, Vm

if TYPE_CHECKING:
    from tests.support.fleet_project import Checkout

pytest_plugins = ("pytester", "tests.support.fleet_project")


def limited(checkout: Checkout, most: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run with a limit of `most` bytes for every file, to simulate a full disk.

    Without bytecode: a truncated file of it would stay, and break every later run.
    """
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=checkout.path,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
    )


def test_evidence_that_cannot_be_written_is_judged_and_the_rest_is_kept(checkout: Checkout) -> None:
    checkout.fleet(a=checkout.good, b={**checkout.good, "cat /word": "x" * 16_000}, c=checkout.good)
    done = limited(checkout, 12_000, "--vm=a", "--vm=b", "--vm=c", "--bundle")
    assert done.returncode == 3, done.stdout + done.stderr
    directory = checkout.directory
    lines = done.stdout.splitlines()
    assert [line for line in lines if "NOT SAVED" in line or "too large" in line] == [
        f"NOT SAVED: reports/{directory.name} was only partly written (File too large). All evidence is still judged. "
        f"Make room there. Then visit the VMs that were not saved: --resume={directory.name}"
    ]
    assert "READY: All 3 VMs are ready." in lines, done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert sorted(path.name for path in (directory / "evidence").iterdir()) == ["a.json", "c.json"]
    for path in directory.rglob("*.json"):
        json.loads(path.read_text())
    assert not (directory / "report.html").exists()
    assert not (directory / "bundle").exists()

    checkout.visits()
    assert checkout.run(f"--resume={directory.name}").ret == 0
    assert checkout.visits() == ["b"]
    assert checkout.readiness(directory) == {"a": "ready", "b": "ready", "c": "ready"}


def test_a_page_that_cannot_be_written_is_no_traceback(checkout: Checkout) -> None:
    checkout.fleet(a=checkout.good)
    done = limited(checkout, 60_000, "--vm=a")
    assert done.returncode == 3, done.stdout + done.stderr
    directory = checkout.directory
    assert "NOT SAVED: " in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert checkout.readiness(directory) == {"a": "ready"}
    assert not (directory / "report.html").exists(), "half a page is none"


def test_a_run_directory_that_cannot_be_made_is_an_error(checkout: Checkout) -> None:
    checkout.fleet(a=checkout.good)
    done = limited(checkout, 100, "--vm=a")
    assert done.returncode == 4
    assert "ERROR: " in done.stderr
    assert (
        "the run directory cannot be made (File too large). Make room or give another place: --reports=DIR"
        in done.stderr
    )
    assert "Traceback" not in done.stderr
    assert checkout.visits() == []


def test_the_first_problem_is_kept_and_memory_has_it_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Archive.create(tmp_path / "r", {"id": "r"}, [Vm("a"), Vm("b")])
    full = OSError(28, "No space left on device")

    def fsync(handle: int) -> None:
        raise full

    monkeypatch.setattr(os, "fsync", fsync)
    archive.store(Evidence(Vm("a"), SshSession("ok")))
    assert archive.problem is full
    assert archive["a"].session.outcome == "ok"
    assert list((tmp_path / "r/evidence").iterdir()) == []
