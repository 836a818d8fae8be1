"""The commands of CLOUDINIT-001 and 002, and which lines of a log count as failures."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from plugins.checks.probe import probe_of
from plugins.model import ProbeResult
from suites.probes import cloud_init
from suites.probes.cloud_init import BootOutput, log_rules
from tests.support.shells import SHELLS
from tests.support.suite_probes import DECLARED


def begin(stage: str, at: str) -> str:
    return f"Cloud-init v. 25.1.4 running '{stage}' at {at}. Up 5.85 seconds.\n"


def search(shell: list[str], log: Path) -> BootOutput:
    command = cloud_init._output_command(str(log))
    result = subprocess.run(
        [*shell, "-c", f"p1() {{\n{command}\n}}\n( p1 )"],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert result.stderr == b""
    return BootOutput.read(ProbeResult("", "", "done", result.returncode, result.stdout.decode("utf-8", "replace")))


@pytest.mark.parametrize("shell", SHELLS)
def test_only_the_last_boot_counts(shell: list[str], tmp_path: Path) -> None:
    log = tmp_path / "it's the log"
    log.write_bytes(
        (begin("init-local", "Monday") + "E: of an older boot\n" + begin("init-local", "Tuesday")).encode()
        + b"\x00\xff\rbinary\n"
        + (begin("init", "Tuesday") + "Setting up libgpg-error0:amd64 (1.46-1) ...\n").encode()
        + b"grep --error\r\nE: Unable to locate\x00 package azure-cli\r\n"
        + b"password=hunter2 is nobody's business\n"
    )
    found = search(shell, log)
    assert found == BootOutput(True, "Tuesday", ((8, "E: Unable to locate package azure-cli"),), True, "25.1.4")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_log_without_a_first_stage(shell: list[str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(begin("init", "Monday") + "E: old\n" + begin("init", "Tuesday") + begin("modules:final", "Tuesday"))
    assert search(shell, log) == BootOutput(True, "Tuesday", (), True, "25.1.4")
    log.write_text("Traceback (most recent call last):\n")
    assert search(shell, log) == BootOutput(True, "", ((1, "Traceback (most recent call last):"),), True)
    assert search(shell, tmp_path / "none") == BootOutput(False)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_log_full_of_failures_is_cut(shell: list[str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(begin("init-local", "Monday") + f"E: {'x' * 1000}\n" * 5000)
    found = search(shell, log)
    assert (len(found.lines), found.complete) == (log_rules().lines, False)
    assert max(len(line) for _, line in found.lines) <= 310


HARMLESS = """\
Setting up libgpg-error0:amd64 (1.46-1) ...
Get:7 http://mirror.example/debian bookworm/main amd64 libcom-err2 amd64 1.47.0-2 [19.6 kB]
+ set -o errexit
0 upgraded, 3 newly installed, 0 to remove and 0 not upgraded.
ci-info: no authorized SSH keys fingerprints found for user debian.
WARNING: apt does not have a stable CLI interface. Use with caution in scripts.
INFO    AZCM0000: Success
Created symlink /etc/systemd/system/multi-user.target.wants/himdsd.service
debconf: unable to initialize frontend: Dialog
"""

HARMFUL = """\
E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (apt-get)
E: Unable to locate package azure-cli
curl: (6) Could not resolve host: aka.ms
curl: (56) CONNECT tunnel failed, response 403
wget: unable to resolve host address 'packages.microsoft.com'
ERROR: Failed to connect to MSI. Please make sure MSI is configured correctly.
/var/lib/cloud/instance/scripts/runcmd: 6: azcmagent: not found
FATAL   AZCM0042: Failed to create Azure Resource
Traceback (most recent call last):
Failed to run module scripts_user (scripts in /var/lib/cloud/instance/scripts)
RuntimeError: Runparts: 1 failures (part-001) in 1 attempted commands
cloudinit.subp.ProcessExecutionError: Unexpected error while running command.
gpg: no valid OpenPGP data found.
Error: Failed to download metadata for repo 'packages-microsoft-com-prod'
bash: /usr/local/bin/setup: Permission denied
"""


@pytest.mark.parametrize("line", HARMLESS.splitlines())
def test_harmless(line: str) -> None:
    assert cloud_init.meaning_of(line) == ""


@pytest.mark.parametrize("line", HARMFUL.splitlines())
def test_harmful(line: str) -> None:
    assert cloud_init.meaning_of(line)


@pytest.mark.parametrize("pattern", [each.pattern for each in log_rules().failures])
def test_grep_and_python_read_a_pattern_alike(pattern: str, tmp_path: Path) -> None:
    assert not re.search(r"\\[a-zA-Z]|\(\?|\*\?|\+\?", pattern)
    assert "error" not in pattern.lower().split("|")
    lines = (HARMLESS + HARMFUL).splitlines()
    grep = subprocess.run(
        ["grep", "-E", "-e", pattern], input=HARMLESS + HARMFUL, capture_output=True, text=True, check=False
    )
    assert grep.stdout.splitlines() == [line for line in lines if re.search(pattern, line)]


@pytest.mark.parametrize("name", ["cloudinit", "cloudinit_output"])
def test_what_may_hold_credentials_is_not_read(name: str) -> None:
    command = DECLARED[name].command
    assert isinstance(command, str)
    assert "/scripts/" not in command, "it is under /var/lib/cloud"


OLD = """\
#!/bin/sh
case "$*" in
*--format*) echo "usage: cloud-init [-h] ...\ncloud-init: error: unrecognized arguments: --format json" >&2; exit 2 ;;
*) printf 'status: error\ntime: Thu, 01 Jan 1970 00:00:00 +0000\ndetail:\nit broke\n'; exit 1 ;;
esac
"""


@pytest.mark.parametrize("shell", SHELLS)
def test_an_old_cloud_init_is_asked_again(shell: list[str], tmp_path: Path) -> None:
    (tmp_path / "cloud-init").write_text(OLD)
    (tmp_path / "cloud-init").chmod(0o755)
    probe = probe_of(cloud_init.cloudinit)
    assert probe is not None
    result = subprocess.run(
        [*shell, "-c", f"p1() {{\n{probe.command}\n}}\n( p1 )"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    found = cloud_init.CloudInit.read(ProbeResult("", "", "done", result.returncode, result.stdout, result.stderr))
    assert (found.status, found.exit, found.errors) == ("error", 1, ("it broke",))
