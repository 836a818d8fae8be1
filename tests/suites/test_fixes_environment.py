"""The command that fixes /etc/environment, in each shell."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from plugins.checks.check import OnVm
from suites.rules import guest_fixes
from tests.support.shells import SHELLS
from tests.support.suite_rows import PROFILE

FOUND = """\
PATH="/usr/local/bin:/usr/bin:/bin"
# a comment, with $HOME and 'quotes'

export HTTPS_PROXY="http://old.example:8080"
NO_PROXY="localhost, .corp.example; 10.0.0.0/8 * a\\b"
  no_proxy=localhost
LANG=C.UTF-8
MY_HTTPS_PROXY=keep
"""


KEPT = """\
PATH="/usr/local/bin:/usr/bin:/bin"
# a comment, with $HOME and 'quotes'

LANG=C.UTF-8
MY_HTTPS_PROXY=keep
HTTPS_PROXY=http://169.254.0.11:3128
https_proxy=http://169.254.0.11:3128
HTTP_PROXY=http://169.254.0.11:3128
http_proxy=http://169.254.0.11:3128
"""


ARTICLE = "localhost,127.0.0.1,::1,169.254.169.254"


def run_here(command: OnVm, shell: list[str], file: Path) -> None:
    """Run the script for sudo on another file."""
    *sudo, script = shlex.split(str(command.command))
    assert sudo == ["sudo", "sh", "-c"]
    done = subprocess.run(
        [*shell, "-c", script.replace("/etc/environment", str(file))], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("keep", "upper", "lower"),
    [
        (None, f".corp.example,10.0.0.0/8,a\\b,{ARTICLE}", ARTICLE),
        ([], ARTICLE, ARTICLE),
        ([".corp.example", "*.x"], f".corp.example,*.x,{ARTICLE}", f".corp.example,*.x,{ARTICLE}"),
    ],
)
def test_etc_environment_is_repaired_and_nothing_else_of_it_is_lost(
    shell: list[str], keep: list[str] | None, upper: str, lower: str, tmp_path: Path
) -> None:
    file = tmp_path / "environment"
    file.write_text(FOUND)
    file.chmod(0o640)
    for _ in range(2):  # twice: the second time nothing changes, and the copy is still the original
        run_here(guest_fixes.environment(PROFILE, keep=keep), shell, file)
        assert file.read_text() == f"{KEPT}NO_PROXY={upper}\nno_proxy={lower}\n"
        assert (tmp_path / "environment.before-arc").read_text() == FOUND
        assert file.stat().st_mode & 0o777 == 0o640
    assert {path.name for path in tmp_path.iterdir()} == {"environment", "environment.before-arc"}


@pytest.mark.parametrize("shell", SHELLS)
def test_etc_environment_may_be_missing_or_end_without_a_newline(shell: list[str], tmp_path: Path) -> None:
    file = tmp_path / "environment"
    run_here(guest_fixes.environment(PROFILE), shell, file)
    assert file.read_text().splitlines()[0] == "HTTPS_PROXY=http://169.254.0.11:3128"
    file.write_text("LANG=C")
    run_here(guest_fixes.environment(PROFILE), shell, file)
    assert file.read_text().startswith("LANG=C\nHTTPS_PROXY=")
