"""`make env` installs the packages for a run; `make test` and `make lint` add the developers' tools."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from scripts import check_lock
from tests.support.paths import ROOT

RUN, DEV = "requirements-image.lock", "requirements.lock"

#: A stand-in for Python that records its arguments and passes make-env's tests.
PYTHON = """#!/bin/sh
case $* in *"pip install"*) for last; do :; done; echo "$last" >>"${0%/bin/python}/installs" ;; esac
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with make-env, two locks and an environment without packages."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/make-env", tmp_path / "scripts")
    (tmp_path / RUN).write_text("run 1\n")
    (tmp_path / DEV).write_text("run 1\ndev 1\n")
    python = tmp_path / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON)
    python.chmod(0o755)
    return tmp_path


def installed(tree: Path, *arguments: str) -> list[str]:
    """The locks that make-env installs with these arguments."""
    notes = tree / ".venv/installs"
    notes.unlink(missing_ok=True)
    subprocess.run([tree / "scripts/make-env", *arguments], check=True, capture_output=True)
    return notes.read_text().split() if notes.exists() else []


def test_a_run_gets_its_packages_once(tree: Path) -> None:
    assert installed(tree) == [RUN]
    assert installed(tree) == []


def test_developers_tools_come_on_top_and_stay(tree: Path) -> None:
    assert installed(tree) == [RUN]
    assert installed(tree, ".venv", DEV) == [DEV]
    assert installed(tree, ".venv", DEV) == []
    assert installed(tree) == []


@pytest.mark.parametrize("lock", [RUN, DEV])
def test_a_lock_that_changed_is_installed_again(tree: Path, lock: str) -> None:
    assert installed(tree, ".venv", lock) == [lock]
    (tree / RUN).write_text("run 2\n")
    (tree / DEV).write_text("run 2\ndev 1\n")
    assert installed(tree, ".venv", lock) == [lock]


def test_the_locks_answer_to_the_project_and_to_each_other() -> None:
    assert check_lock.problems() == []


@pytest.mark.parametrize(
    ("lock", "was", "now", "problem"),
    [
        (RUN, "paramiko==5.", "paramiko==4.", "pyproject.toml asks for paramiko<6,>=5, requirements-image.lock has 4."),
        (RUN, "adlfs==", "other==", "pyproject.toml asks for adlfs>=2026.8, requirements-image.lock does not have it."),
        (DEV, "mypy==2", "mypy==1", "pyproject.toml asks for mypy<3,>=2.4, requirements.lock has 1."),
        (DEV, "idna==", "other==", "requirements-image.lock has idna"),
    ],
)
def test_a_lock_that_does_not_answer_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lock: str, was: str, now: str, problem: str
) -> None:
    for name in (RUN, DEV, "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    text = (tmp_path / lock).read_text()
    assert f"\n{was}" in text
    (tmp_path / lock).write_text(text.replace(f"\n{was}", f"\n{now}"))
    monkeypatch.setattr(check_lock, "TOP", tmp_path)
    assert any(line.startswith(problem) for line in check_lock.problems())
