"""--explain: its answers to every kind of query, and to unknown ones."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from plugins.pytest_adapter import log_file as module
from plugins.pytest_adapter.explain import _wrapped, explain
from tests.support.paths import ROOT
from tests.support.pytest_process import run_pytest

PAGES = ROOT / "docs" / "checks"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJodHRwIn0.c2lnbmF0dXJl"


def text(asked: str, here: Path = ROOT) -> str:
    answer = explain(asked, PAGES, here)
    assert answer.known, answer.text
    return answer.text


def refused(asked: str, here: Path = ROOT) -> str:
    answer = explain(asked, PAGES, here)
    assert not answer.known, answer.text
    return answer.text


@pytest.mark.parametrize("asked", ["AZCM0026", "azcm26", " AZCM-0026 ", "AZCM 0026"])
def test_a_code(asked: str) -> None:
    lines = text(asked).splitlines()
    assert lines[0] == "AZCM0026"
    assert lines[1].startswith("Cause:  The network does not meet the requirements")
    assert lines[2].startswith("Remedy: Run azcmagent check --location LOCATION")
    assert lines[3].startswith("Checks: NET-001, PROXY-004, ")
    assert (
        lines[-1]
        == "Source: https://learn.microsoft.com/azure/azure-arc/servers/troubleshoot-agent-onboard, 2026-07-07"
    )


def test_a_code_whose_meaning_has_changed() -> None:
    assert "\nNote:   The article changed this entry in July 2026. For earlier agents, it reads: " in text("AZCM0105")


def test_a_code_of_a_range() -> None:
    assert "AZCM0127 to AZCM0146" in text("AZCM0129")


def test_a_code_that_nobody_lists() -> None:
    assert refused("AZCM0040") == "AZCM0040: no article lists this code. The nearest known one is AZCM0041."


@pytest.mark.parametrize("asked", ["26", "exit 26", "exit code 26", "Exit status 26", "code 26"])
def test_an_exit_status(asked: str) -> None:
    assert text(asked).splitlines()[0] == "Exit status 26 of azcmagent (network)"


def test_an_exit_status_that_is_not_known() -> None:
    assert refused("7").startswith("Exit status 7: not a known exit status of azcmagent. Known: 0, 1,")


@pytest.mark.parametrize("asked", ["IMDS-003", "imds-003"])
def test_a_check(asked: str) -> None:
    lines = text(asked).splitlines()
    assert lines[0].startswith("IMDS-003: ")
    assert "Remediation" in lines
    assert not any(line.startswith("#") for line in lines)


def test_every_check_can_be_explained() -> None:
    for page in PAGES.glob("*-[0-9][0-9][0-9].md"):
        assert text(page.stem).startswith(f"{page.stem}: ")


def test_a_check_that_is_not_there() -> None:
    assert refused("IMDS-03").startswith("IMDS-03: there is no such check. Did you mean 'IMDS-003'? Known: ")


def test_a_pasted_line() -> None:
    output = text("The subscription isn\u2019t registered to use namespace \u2018Microsoft.HybridCompute\u2019")
    assert "\n\nResource provider not registered\nCause:  " in output
    assert "Checks: PLATFORM-005" in output


def test_a_line_with_a_code_and_a_message() -> None:
    output = text("FATAL AZCM0026: Network Error: proxyconnect tcp: dial tcp 169.254.0.11:3128: connection refused")
    assert "\n\nAZCM0026\n" in output
    assert "\n\nThe proxy itself not reached\n" in output


def test_secrets_of_a_line_are_not_repeated() -> None:
    output = text(f"ERROR AZCM0012 Bearer {TOKEN} at http://user:s3cret@169.254.0.11:3128 \x1b[31m")
    assert TOKEN not in output and "s3cret" not in output
    assert "<secret:" in output
    assert "\x1b" not in output


def test_a_line_of_which_nothing_is_known_is_shown() -> None:
    nothing = "This line matches no known error, and no log exists at this path."
    assert refused("it does not work") == f"it does not work\n\n{nothing}"


@pytest.mark.parametrize("asked", ["it does not work", "a\0b", "x" * 10_000, "", "/tmp"])
def test_text_that_matches_no_known_error_is_refused(asked: str) -> None:
    assert refused(asked).endswith("This line matches no known error, and no log exists at this path.")


LOG = (
    'time="2026-11-21T20:15:01Z" level=info msg="starting"\n'
    'time="2026-11-21T20:15:02Z" level=error msg="AZCM0026: Network Error"\n'
    " 20% [==> ]\r 40% [===>]\rINFO    AZCM0026: Network Error\r\n"
    f'time="2026-11-21T20:15:09Z" level=error msg="AZCM0012" token="{TOKEN}"\n'
    "not utf-8: \udcff\n"
)


def test_a_log(tmp_path: Path) -> None:
    (tmp_path / "azcmagent.log").write_bytes(LOG.encode("utf-8", "surrogateescape"))
    output = text("azcmagent.log", tmp_path)
    parts = output.split("\n\n")
    assert parts[0] == "azcmagent.log: 5 lines, 2 known errors in them; the latest comes first."
    assert parts[1].startswith("AZCM0012\n")
    assert "Seen once, last in: time=" in parts[1] and TOKEN not in output
    assert parts[2].endswith("Seen 2 times, last in: INFO AZCM0026: Network Error")


def test_a_log_without_known_messages(tmp_path: Path) -> None:
    (tmp_path / "quiet.log").write_text("all is well\n")
    assert text(str(tmp_path / "quiet.log")).endswith("1 line, no AZCM code and no known message in them.")


def test_of_a_long_log_the_end_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOG_END", 64)
    (tmp_path / "long.log").write_text("AZCM0041 of long ago\n" + "." * 100 + "\nAZCM0026\n")
    output = text("long.log", tmp_path)
    assert "AZCM0026" in output
    assert "AZCM0041" not in output


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_log_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "closed.log").touch(mode=0o000)
    assert refused("closed.log", tmp_path) == "closed.log: cannot be read (Permission denied)."


def pytest_run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """pytest with the suite's options, in a folder without a VM or a check."""
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["plugins.pytest_adapter.plugin"]\n')
    (tmp_path / "pytest.ini").touch()
    if not (tmp_path / "docs").exists():
        (tmp_path / "docs").symlink_to(ROOT / "docs")
    return run_pytest(
        *arguments, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80"}, timeout=120
    )


def test_the_command_line(tmp_path: Path) -> None:
    done = pytest_run(tmp_path, "--explain", "AZCM0067", "--explain", "SSH-001")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("AZCM0067\nCause:  The machine is connected to Azure Arc already.\n")
    assert "\n\nSSH-001: " in done.stdout
    assert all(len(line) <= 80 or line.startswith(("|", " ")) or "http" in line for line in done.stdout.splitlines())
    assert not (tmp_path / "reports").exists()


def test_a_table_and_what_is_indented_stay_whole() -> None:
    for line in ("| cell " * 20, "    az connectedmachine show " + "--word " * 20):
        assert _wrapped(f"{line}\n{'word ' * 20}", 80) == f"{line}\n{'word ' * 15}word\n{'word ' * 4}".rstrip()


def test_a_log_from_elsewhere_on_the_command_line(tmp_path: Path) -> None:
    """As documented: without the = pytest takes a file outside this folder as a hint for its root."""
    log = tmp_path / "azcmagent.log"
    log.write_text('time="2026-11-25T07:15:57Z" level=error msg="AZCM0026: Network Error"\n')
    wide = {**os.environ, "COLUMNS": "400"}  # wide enough for any path
    done = run_pytest(f"--explain={log}", cwd=ROOT, env=wide, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{log}: 1")
    assert "\nAZCM0026\n" in done.stdout


def test_the_command_line_when_something_is_not_known(tmp_path: Path) -> None:
    done = pytest_run(tmp_path, "--explain", "AZCM0067", "--explain", "nonsense")
    assert (done.returncode, done.stderr) == (4, "")
    assert done.stdout.startswith("AZCM0067\n")
    assert "This line matches no known error" in done.stdout
    assert "\nWhat can be explained:\n" in done.stdout
