"""The commands of CLOUDINIT-001 and 002, and which lines of a log count as failures."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from plugins.checks.probe import probe_of
from plugins.model import ProbeResult
from suites.probes import cloud_init, cloud_init_output
from suites.probes.cloud_init_output import BootOutput, FailurePattern, log_rules
from tests.support.shells import SHELLS
from tests.support.suite_probes import DECLARED


def begin(stage: str, at: str) -> str:
    return f"Cloud-init v. 25.1.4 running '{stage}' at {at}. Up 5.85 seconds.\n"


def search(shell: list[str], log: Path, path: str = "/usr/bin:/bin") -> BootOutput:
    command = cloud_init_output._output_command(str(log))
    result = subprocess.run(
        [*shell, "-c", f"p1() {{\n{command}\n}}\n( p1 )"],
        env={"PATH": path, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert result.stderr == b""
    return BootOutput.read(ProbeResult("", "", "done", result.returncode, result.stdout.decode("utf-8", "replace")))


@pytest.mark.parametrize("shell", SHELLS)
def test_the_first_boot_and_the_last_one_count(shell: list[str], tmp_path: Path) -> None:
    log = tmp_path / "it's the log"
    log.write_bytes(
        (begin("init-local", "Sunday") + begin("init", "Sunday") + "E: of the first boot\n").encode()
        + (begin("init-local", "Monday") + "E: of a boot between\n" + begin("init-local", "Tuesday")).encode()
        + b"\x00\xff\rbinary\n"
        + (begin("init", "Tuesday") + "Setting up libgpg-error0:amd64 (1.46-1) ...\n").encode()
        + b"grep --error\r\nE: Unable to locate\x00 package azure-cli\r\n"
        + b"password=hunter2 is nobody's business\n"
    )
    found = search(shell, log)
    first = BootOutput(True, "Sunday", ((3, "E: of the first boot"),), True, "25.1.4")
    assert found == BootOutput(True, "Tuesday", ((11, "E: Unable to locate package azure-cli"),), True, "25.1.4", first)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_log_without_a_first_stage(shell: list[str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(begin("init", "Monday") + "E: old\n" + begin("init", "Tuesday") + begin("modules:final", "Tuesday"))
    first = BootOutput(True, "Monday", ((2, "E: old"),), True, "25.1.4")
    assert search(shell, log) == BootOutput(True, "Tuesday", (), True, "25.1.4", first)
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


LINES = Path(__file__).parents[1] / "data" / "cloud-init-output"
HARMLESS = (LINES / "harmless.txt").read_text()
HARMFUL = (LINES / "failing.txt").read_text()


@pytest.mark.parametrize("line", HARMLESS.splitlines())
def test_harmless(line: str) -> None:
    assert cloud_init_output.meaning_of(line) == ""


@pytest.mark.parametrize("line", HARMFUL.splitlines())
def test_harmful(line: str) -> None:
    assert cloud_init_output.meaning_of(line)


FAILURES = [pytest.param(failure, id=failure.meaning[:40]) for failure in log_rules().failures]
PATTERNS = [rule.pattern for rule in log_rules().failures] + [rule.pattern for rule in log_rules().harmless]


@pytest.mark.parametrize("pattern", [*PATTERNS, *log_rules().begins])
def test_every_awk_and_python_read_a_pattern_alike(pattern: str) -> None:
    # The mawk of 2009 knows neither {n} nor [[:class:]]; a quotation mark would end the program in the shell.
    assert not re.search(r"\\[a-zA-Z]|\(\?|\*\?|\+\?|[{}']|\[\[:", pattern)
    assert "error" not in pattern.lower().split("|")


@pytest.mark.parametrize("failure", FAILURES)
def test_a_sample_is_explained_by_its_own_entry(failure: FailurePattern) -> None:
    assert failure.samples
    for sample in failure.samples:
        assert cloud_init_output.meaning_of(sample) == failure.meaning, sample


def test_every_exception_is_needed() -> None:
    for harmless in log_rules().harmless:
        for sample in harmless.samples:
            assert re.search(harmless.pattern, sample)
            assert any(re.search(failure.pattern, sample) for failure in log_rules().failures), sample
            assert cloud_init_output.meaning_of(sample) == ""


#: Every awk that a VM may have, as far as it is here.
AWKS = [words for words in (["mawk"], ["gawk"], ["original-awk"], ["busybox", "awk"]) if shutil.which(words[0])]


@pytest.mark.parametrize("awk", AWKS, ids=lambda words: words[0])
def test_every_awk_picks_every_sample_and_no_more(awk: list[str], tmp_path: Path) -> None:
    (tmp_path / "awk").write_text(f'#!/bin/sh\nexec {" ".join(awk)} "$@"\n')
    (tmp_path / "awk").chmod(0o755)
    harmless = [sample for rule in log_rules().harmless for sample in rule.samples] + HARMLESS.splitlines()
    samples = [sample for failure in log_rules().failures for sample in failure.samples] + HARMFUL.splitlines()
    for start in range(0, len(samples), 30):
        some = samples[start : start + 30]
        log = tmp_path / "log"
        log.write_text(begin("init-local", "Monday") + "\n".join([*harmless, *some]) + "\n")
        found = search(["sh"], log, f"{tmp_path}:/usr/bin:/bin")
        assert [line for _, line in found.lines] == [line.strip()[:300] for line in some]


@pytest.mark.parametrize("awk", AWKS, ids=lambda words: words[0])
def test_a_line_of_any_length_is_picked_and_explained(awk: list[str], tmp_path: Path) -> None:
    (tmp_path / "awk").write_text(f'#!/bin/sh\nexec {" ".join(awk)} "$@"\n')
    (tmp_path / "awk").chmod(0o755)
    log = tmp_path / "log"
    progress = "  5 100M    5 5120k    0     0  1024k      0  0:01:40  0:00:05  0:01:35 1024k\r" * 500
    log.write_text(
        begin("init-local", "Monday")
        + f"{progress}curl: (56) Recv failure: Connection reset by peer\n"
        + f"bash: /{'x' * 3000}: Permission denied\n"
        + f"{'x ' * 100000}No space left on device\n"
    )
    found = search(["sh"], log, f"{tmp_path}:/usr/bin:/bin")
    assert [number for number, _ in found.lines] == [2, 3, 4]
    assert all(cloud_init_output.meaning_of(line) for _, line in found.lines)


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
