"""A command in its readable layout does the same as in one line, in real shells."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.checks.check import OnVm
from plugins.judge.operator_command import for_operator
from plugins.model import Vm
from plugins.reports.fix_commands import whole
from plugins.reports.shell_layout import _words, laid_out
from suites.rules import guest_fixes
from suites.rules.certificate import REINSTALL_CA
from suites.test_ssh import _SET
from tests.support.suite_rows import PROFILE

#: Login shells with which sshd may start the command.
LOGIN_SHELLS = [
    pytest.param(
        words, marks=pytest.mark.skipif(not shutil.which(words[0]), reason=f"{words[0]} is not installed"), id=words[0]
    )
    for words in (["sh", "-c"], ["bash", "-c"], ["tcsh", "-c"], ["fish", "-c"], ["busybox", "sh", "-c"])
]


def done(command: str, folder: Path, login: list[str]) -> list[str]:
    """The programs that a command starts, with their arguments; `ssh` starts a login shell here."""
    (folder / "bin").mkdir(parents=True)
    log = folder / "log"
    log.touch()
    programs = "apt-get update-ca-certificates timedatectl chronyc az"
    stubs = {name: f"printf '%s|' {name} \"$@\" >>{log}; echo >>{log}; cat >>{log}" for name in programs.split()}
    stubs["sudo"] = 'exec "$@"'
    stubs["ssh"] = f'for last; do :; done\nexec {shlex.join(login)} "$last"'
    for name, text in stubs.items():
        (folder / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / "bin" / name).chmod(0o755)
    ended = subprocess.run(
        ["/bin/sh", "-c", command],
        env={"PATH": f"{folder}/bin:/usr/bin:/bin"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return log.read_text().splitlines()


@pytest.mark.parametrize("login", LOGIN_SHELLS)
@pytest.mark.parametrize("fix", [REINSTALL_CA, _SET], ids=["certificates", "clock"])
def test_a_script_for_the_guest_runs_as_it_did_whatever_the_login_shell(
    fix: OnVm, login: list[str], tmp_path: Path
) -> None:
    command = for_operator(fix, Vm("vm-a"), None)
    script = laid_out(command)
    assert script.startswith("ssh -- vm-a 'sh -s' <<'FIX'\n{\n  ")
    assert max(map(len, script.split("\n"))) <= 120
    assert done(script, tmp_path / "laid-out", login) == done(command, tmp_path / "one-line", ["sh", "-c"]) != []


@pytest.mark.parametrize("login", LOGIN_SHELLS)
@pytest.mark.parametrize("proxy", ["http://169.254.0.11:3128", 'http://it\'s; touch owned; "$(id)" ; FIX'])
def test_the_repair_of_etc_environment_leaves_the_same_file(proxy: str, login: list[str], tmp_path: Path) -> None:
    from dataclasses import replace

    files = []
    for form in (str, laid_out):
        folder = tmp_path / form.__name__
        folder.mkdir()
        file = folder / "environment"
        file.write_text('LANG=C\nexport NO_PROXY="a.example, b.example"\nhttps_proxy=http://old\n')
        fix = guest_fixes.environment(replace(PROFILE, proxy_url=proxy))
        command = form(for_operator(fix, Vm("vm-a"), None)).replace("/etc/environment", str(file))
        done(command, folder / "run", login if form is laid_out else ["sh", "-c"])
        files.append(file.read_text())
    assert files[0] == files[1] != ""
    assert f"https_proxy={proxy}\n" in files[1]
    assert not list(tmp_path.rglob("owned"))


@pytest.mark.parametrize(
    "value", ["x" * 150, "it's " * 40, '[{"a":"b,c"},' * 30 + "0]", "$(id),`id`;\n" * 20, "\\,'\"" * 40, "é" * 200]
)
def test_a_long_value_arrives_as_it_was(value: str, tmp_path: Path) -> None:
    command = shlex.join(["az", "network", "update", "--name", "csn 1", "--endpoints", value, "--yes"])
    script = laid_out(command)
    assert script.startswith("az network update \\\n  --name 'csn 1' \\\n  --endpoints ")
    assert done(script, tmp_path / "a", []) == done(command, tmp_path / "b", []) != []


def test_a_short_command_stays_as_it_is() -> None:
    assert laid_out("ssh -- vm-a 'sudo systemctl restart gcad'") == "ssh -- vm-a 'sudo systemctl restart gcad'"


def test_what_is_not_understood_is_not_broken_up() -> None:
    script = "echo `a; b` ; " + "echo x; " * 30
    assert laid_out(f"ssh -- vm-a {shlex.quote(script)}").split("\n")[2] == f"  {script}"


SHELL_TEXT = st.text("ab '\"\\\n\t#;~|é")


@given(SHELL_TEXT)
def test_a_command_is_whole_when_shlex_finds_words_in_it(command: str) -> None:
    try:
        expected = not command.startswith("#") and bool(shlex.split(command))
    except ValueError:
        expected = False
    assert whole(command) == expected


@given(st.lists(SHELL_TEXT), SHELL_TEXT)
def test_only_what_shlex_joined_is_taken_apart_into_words(joined: list[str], text: str) -> None:
    assert _words(shlex.join(joined)) == joined
    words = _words(text)
    assert words is None or shlex.join(words) == text
