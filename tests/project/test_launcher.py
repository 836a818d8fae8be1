"""`nexus-arc` in any folder, and its completion for shells."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts import completion
from scripts.launcher import FILES, FILES_OR_NAMES, WORDS, arguments
from tests.support.paths import ROOT

OPTIONS = completion.options()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The caller's folder, beside the project: fleet.yaml, run, run2, 2510, my.toml and test_x.py exist in it."""
    here = tmp_path / "here"
    for name in ("run", "run2", "2510"):
        (here / name).mkdir(parents=True)
    for name in ("fleet.yaml", "my.toml", "test_x.py"):
        (here / name).touch()
    (tmp_path / "project/reports/latest").mkdir(parents=True)
    (tmp_path / "project/waivers.yaml").touch()
    return here


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        ("--inventory fleet.yaml", "--inventory=HERE/fleet.yaml"),
        ("--inventory=../here/fleet.yaml", "--inventory=HERE/fleet.yaml"),
        ("--inventory /elsewhere/f.yaml", "--inventory=/elsewhere/f.yaml"),
        ("--inventory missing.yaml", "--inventory=HERE/missing.yaml"),
        ("--inventory ~/f.yaml", "--inventory=~/f.yaml"),
        ("--waivers waivers.yaml", "--waivers=waivers.yaml"),
        ("--reports out", "--reports=HERE/out"),
        ("--junitxml=x.xml", "--junitxml=HERE/x.xml"),
        ("--evidence run run2 -v", "--evidence=HERE/run --evidence=HERE/run2 -v"),
        ("--evidence reports/latest", "--evidence=reports/latest"),
        ("--evidence=az://box/x", "--evidence=az://box/x"),
        ("--against latest", "--against=latest"),
        ("--profile 2510", "--profile=2510"),
        ("--profile my.toml", "--profile=HERE/my.toml"),
        ("--explain AZCM0042", "--explain=AZCM0042"),
        ("--vm run --check PROXY-*", "--vm=run --check=PROXY-*"),
        ("--inventory", "--inventory"),
        ("-k run -m imds test_x.py::test_y -x", "-k run -m imds HERE/test_x.py::test_y -x"),
        ("suites/test_imds.py --enroll", "suites/test_imds.py --enroll"),
        ("--vm a -- --inventory fleet.yaml", "--vm=a -- --inventory fleet.yaml"),
    ],
)
def test_paths_are_meant_where_the_command_was_given(folder: Path, given: str, passed: str) -> None:
    expected = passed.replace("HERE", str(folder)).split()
    assert list(arguments(given.split(), folder, folder.parent / "project")) == expected


def test_a_pasted_line_is_no_path(folder: Path) -> None:
    line = "x" * 5_000
    assert list(arguments(["--explain", line], folder)) == [f"--explain={line}"]


def test_the_launcher_knows_every_option_of_the_suite() -> None:
    ours = {option.flag for option in OPTIONS if option.takes_value}
    of_pytest = {"--junitxml", "--junit-xml", "--html", "--log-file"}
    assert (FILES | FILES_OR_NAMES | WORDS) - of_pytest == ours


def run(*words: str, cwd: Path, launcher: Path = ROOT / "nexus-arc") -> subprocess.CompletedProcess[str]:
    return subprocess.run([launcher, *words], cwd=cwd, capture_output=True, text=True, timeout=300, check=False)


def test_it_runs_from_any_folder_and_takes_a_blank(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text("vms: [{name: far-1, host: 192.0.2.1}]\n")
    done = run("--inventory", "fleet.yaml", "--plan", "--no-azure", "-p", "no:cacheprovider", cwd=tmp_path)
    assert "far-1" in done.stdout and done.returncode == 0, done.stdout + done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"fleet.yaml"}


def test_it_makes_the_environment_when_it_is_missing(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "nexus-arc", project)
    (project / "scripts/launcher.py").touch()
    (project / "python").write_text('#!/bin/sh\necho "$@"\n')
    (project / "python").chmod(0o755)
    (project / "scripts/make-env").write_text(
        '#!/bin/sh\ncd "${0%/*}/.."\n[ -e .venv ] || { mkdir -p .venv/bin && cp python .venv/bin && echo made; }\n'
    )
    (project / "scripts/make-env").chmod(0o755)
    link = tmp_path / "bin" / "nexus-arc"
    link.parent.mkdir()
    link.symlink_to(project / "nexus-arc")
    first, second = (run("--vm", "a b", cwd=tmp_path, launcher=link) for _ in range(2))
    assert first.stdout == second.stdout == f"{project}/scripts/launcher.py --vm a b\n"
    assert (first.stderr, second.stderr) == ("made\n", "")


# --- completion


def complete(*words: str) -> list[str]:
    """Bash's completions of the last of these words."""
    script = completion.bash(OPTIONS)
    ask = 'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _nexus_arc; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(
        ["bash", "-c", f"{script}\n{ask}", "bash", "nexus-arc", *words], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_completes_options_their_values_and_check_ids() -> None:
    assert complete("--inv") == ["--inventory"]
    assert set(complete("--")) == {option.flag for option in OPTIONS}
    assert complete("--host-keys", "") == complete("--host-keys", "=") == ["strict", "accept-new", "off"]
    assert complete("--host-keys", "=", "s") == ["strict"]
    assert complete("--check", "IMDS-00") == ["IMDS-001", "IMDS-002", "IMDS-003", "IMDS-004"]
    assert complete("--inventory", "fle") == complete("--gate", "9") == []


@pytest.mark.parametrize("shell", list(completion.SHELLS))
def test_each_shell_gets_every_option(shell: str) -> None:
    text = completion.SHELLS[shell](OPTIONS)
    for option in OPTIONS:
        assert (f"-l {option.flag[2:]} " if shell == "fish" else option.flag) in text
    if shutil.which(shell):
        done = subprocess.run([shell, "-n"], input=text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_another_shell_is_refused(tmp_path: Path) -> None:
    done = run("--completion", "tcsh", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (4, "nexus-arc: --completion takes one of bash, zsh, fish\n")
    assert run("--completion=fish", cwd=tmp_path).stdout == completion.fish(OPTIONS)
    assert os.access(ROOT / "nexus-arc", os.X_OK)
