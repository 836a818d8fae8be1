"""The commands of CLOUDINIT-001 and 002, and which lines of a log count as failures."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from plugins.checks.probe import probe_of
from plugins.model import ProbeResult
from plugins.requirements.log_grammar import Level, read_line, shapes, stems
from suites.probes import cloud_init, cloud_init_output
from suites.probes.cloud_init import CloudInit
from suites.probes.cloud_init_output import BootOutput
from tests.support.log_specimens import SPECIMENS
from tests.support.shells import SHELLS
from tests.support.suite_probes import DECLARED

SUNDAY, MONDAY, TUESDAY = (f"{day}, 2{at} Nov 2026 00:02:39 +0000" for at, day in enumerate(["Sun", "Mon", "Tue"], 2))


def begin(stage: str, at: str) -> str:
    return f"Cloud-init v. 25.1.4 running '{stage}' at {at}. Up 5.85 seconds.\n"


def search(shell: list[str], log: Path, path: str = "/usr/bin:/bin", locale: str = "C") -> BootOutput:
    command = cloud_init_output._output_command(str(log))
    result = subprocess.run(
        [*shell, "-c", f"p1() {{\n{command}\n}}\n( p1 )"],
        env={"PATH": path, "LC_ALL": locale},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=100,
    )
    assert result.stderr == b""
    return BootOutput.read(ProbeResult("", "", "done", result.returncode, result.stdout.decode("utf-8", "replace")))


def boots(output: BootOutput) -> list[tuple[str, str, list[tuple[int, str]]]]:
    """For each boot its beginning, its rotated log, and its failures."""
    return [
        (boot.began, boot.file, [(failure.number, failure.line) for failure in boot.failures]) for boot in output.boots
    ]


def test_the_status_of_an_older_cloud_init_is_lines() -> None:
    text = (
        "status: error\nextended_status: error - done\nboot_status_code: enabled-by-generator\nlast_update: Thu\n"
        "detail:\n('ssh-import-id',\n KeyError())\nerrors:\n\t- one\n"
    )
    status = CloudInit.read(ProbeResult("", "", "done", 1, f"@status\n{text}@exit 1\n"))
    assert (status.status, status.extended, status.boot_status, status.detail, status.errors) == (
        *("error", "error - done", "enabled-by-generator", "('ssh-import-id', KeyError())"),
        ("('ssh-import-id', KeyError())",),
    )


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_the_first_boot_and_the_last_one_count(shell: list[str], locale: str, tmp_path: Path) -> None:
    log = tmp_path / "it's the log"
    log.write_bytes(
        (begin("init-local", SUNDAY) + begin("init", SUNDAY) + "E: of the first boot\n").encode()
        + (begin("init-local", MONDAY) + "E: of a boot between\n" + begin("init-local", TUESDAY)).encode()
        + b"\x00\xff\rbinary\n"
        + (begin("init", TUESDAY) + "Setting up libgpg-error0:amd64 (1.46-1) ...\n").encode()
        + b"grep --error\r\nE: Unable to locate\x00 package azure-cli\r\n"
        + b"password=hunter2 is nobody's business\nroot: hunter2\nrErr/FAil3dNoErrorInThisLineOfAPrivateKey/hunter2AB\n"
    )
    output = search(shell, log, locale=locale)
    assert boots(output) == [
        (SUNDAY, "", [(3, "E: of the first boot")]),
        (TUESDAY, "", [(11, "E: Unable to locate package azure-cli")]),
    ]
    assert output.complete
    assert output.version == "25.1.4"
    assert [failure.stage for boot in output.boots for failure in boot.failures] == ["init", "init"]
    assert "hunter2" not in str(output)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_log_without_a_first_stage(shell: list[str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(begin("init", MONDAY) + "E: old\n" + begin("init", TUESDAY) + begin("modules:final", TUESDAY))
    assert boots(search(shell, log)) == [(MONDAY, "", [(2, "E: old")]), (TUESDAY, "", [])]


@pytest.mark.parametrize("shell", SHELLS)
def test_absent_empty_and_torn(shell: list[str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert search(shell, log) == BootOutput(False)
    log.write_bytes(b"\0\0\n")
    assert search(shell, log) == BootOutput(True)
    log.write_text("Traceback (most recent call last):\n")  # without a boot
    output = search(shell, log)
    assert output.torn
    assert boots(output) == [("", "", [(1, "Traceback (most recent call last):")])]
    mark = begin("init-local", MONDAY)
    log.write_text(f"E: of an earlier boot\nSetting up azu{mark}E: no end of line")  # a power failure
    assert boots(search(shell, log)) == [
        ("", "", [(1, "E: of an earlier boot")]),
        (MONDAY, "", [(3, "E: no end of line")]),
    ]


@pytest.mark.parametrize("shell", SHELLS)
def test_rotated_logs_hold_the_first_boot(shell: list[str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(begin("init-local", TUESDAY) + "fine\n")
    (tmp_path / "log.1").write_text(begin("init-local", MONDAY) + "E: between\n")
    (tmp_path / "log.2.gz").write_bytes(gzip.compress((begin("init-local", SUNDAY) + "E: first\n").encode()))
    for age, name in enumerate(["log", "log.1", "log.2.gz"]):
        os.utime(tmp_path / name, (1_000_000 - age, 1_000_000 - age))
    output = search(shell, log)
    assert boots(output) == [(SUNDAY, f"{log}.2.gz", [(2, "E: first")]), (TUESDAY, "", [])]
    log.unlink()
    assert [began for began, *_ in boots(search(shell, log))] == [SUNDAY, MONDAY]


@pytest.mark.parametrize("name", ["log", "log.1", "log.1.gz"])
def test_a_log_that_is_not_read_whole_is_no_clean_one(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 100 MB, only the beginning and the end are read."""
    monkeypatch.setattr(cloud_init_output, "_END", 2000)
    log = tmp_path / "log"
    log.write_text(begin("init-local", TUESDAY) + "fine\n")
    for size, complete in ((1800, True), (4500, False)):
        text = (begin("init-local", MONDAY) + "fine\n" * (size // 5)).encode()
        (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        os.utime(tmp_path / name, (1_000_000, 1_000_000))
        assert search(["sh"], log).complete is complete


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_that_prints_a_log_begins_no_boot(shell: list[str], tmp_path: Path) -> None:
    """Otherwise earlier failures would be in a boot between two others, which does not count."""
    log = tmp_path / "log"
    mark = begin("init-local", MONDAY)
    printed = mark + begin("init-local", SUNDAY) + f"+ echo '{mark.strip()}'\n{mark}"
    log.write_text(mark + printed + "E: it failed\n" + printed)
    assert boots(search(shell, log)) == [(MONDAY, "", [(6, "E: it failed")])]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_log_full_of_failures_is_cut(shell: list[str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    many = "".join(f"E: {chr(97 + at % 26)}{chr(97 + at // 26)} {'x' * 1000}\n" for at in range(500))
    log.write_text(begin("init-local", MONDAY) + "warning: not yet ready\n" * 5000 + many)
    output = search(shell, log)
    [boot] = output.boots
    assert not output.complete
    assert 20 < len(boot.failures) <= 80
    assert max(len(line) for _, line in boot.lines) <= 410
    log.write_text(begin("init-local", MONDAY) + "E: the same, 1 of 5000\n" * 5000)
    assert search(shell, log).complete


#: The installed ones of the awks that a VM may have.
AWKS = [words for words in (["mawk"], ["gawk"], ["original-awk"], ["busybox", "awk"]) if shutil.which(words[0])]


def with_awk(awk: list[str], folder: Path) -> str:
    """A PATH with this awk."""
    (folder / "awk").write_text(f'#!/bin/sh\nexec {" ".join(awk)} "$@"\n')
    (folder / "awk").chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


@pytest.mark.parametrize("awk", AWKS, ids=lambda words: words[0])
def test_every_awk_picks_what_the_grammar_reads(awk: list[str], tmp_path: Path) -> None:
    """The VM sends every line with a failure or a complaint."""
    path = with_awk(awk, tmp_path)
    levels = (Level.CERTAIN, Level.COMPLAINT, Level.NOTE)
    lines = {line for shape in shapes() for line in shape.samples} | {
        line for specimen in SPECIMENS for line in specimen.text.splitlines()
    }
    messages = sorted(line for line in lines if len(line) < 300 and read_line(line).level in levels)
    log = tmp_path / "log"
    for start in range(0, len(messages), 70):
        some = messages[start : start + 70]
        log.write_text(begin("init-local", MONDAY) + "\n".join(some) + "\n")
        picked = {number for number, _ in search(["sh"], log, path).boots[0].lines}
        different = {re.sub(r"\d+", "0", line.lower()): at for at, line in reversed(list(enumerate(some, 2)))}
        assert set(different.values()) <= picked, [some[at - 2] for at in set(different.values()) - picked]


@pytest.mark.parametrize("awk", AWKS, ids=lambda words: words[0])
def test_a_line_of_any_length_is_picked_and_read(awk: list[str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    progress = "  5 100M    5 5120k    0     0  1024k      0  0:01:40  0:00:05  0:01:35 1024k\r" * 500
    log.write_text(
        begin("init-local", MONDAY)
        + f"{progress}curl: (56) Recv failure: Connection reset by peer\n"
        + f"bash: /{'x' * 3000}: Permission denied\n"
        + f"{'x ' * 500_000}No space left on device\n"
    )
    [boot] = search(["sh"], log, with_awk(awk, tmp_path)).boots
    assert [failure.number for failure in boot.at(Level.CERTAIN)] == [2, 3, 4]


@pytest.mark.parametrize("shell", SHELLS)
def test_colours_and_indents_are_read_and_not_shown(shell: list[str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    coloured = "\x1b[31m│\x1b[0m \x1b[0m\x1b[1m\x1b[31mError: \x1b[0m\x1b[0m\x1b[1mNo configuration files\x1b[0m\n"
    log.write_text(
        begin("init-local", MONDAY) + coloured + "      segmentation fault.\n  error: of a text that is printed\n"
    )
    [boot] = search(shell, log).boots
    assert [(failure.number, failure.line) for failure in boot.at(Level.CERTAIN)] == [
        (2, "│ Error: No configuration files")
    ]


@pytest.mark.parametrize("awk", AWKS, ids=lambda words: words[0])
@pytest.mark.parametrize("login", ["u:qx@", "u:qx ssw0rd@", 'u:qx"ssw0rd@', "u@corp:qx@ssw0rd@", "qx@"])
def test_no_login_and_no_token_leave_the_vm(awk: list[str], login: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(
        begin("init-local", MONDAY)
        + f"curl: (5) Could not resolve proxy: http://{login}proxy:3128 eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl\n"
    )
    [boot] = search(["sh"], log, path=with_awk(awk, tmp_path)).boots
    assert [failure.line for failure in boot.failures] == [
        "curl: (5) Could not resolve proxy: http://***@proxy:3128 <token>"
    ]


def test_the_stems_are_read_alike_by_every_awk() -> None:
    for rank in ("never", "back", "first", "then", "last"):
        for stem in stems(rank):
            # The mawk of 2009 supports neither {n} nor [[:class:]]; a quotation mark would end the program in the
            # shell.
            assert not re.search(r"\\[a-su-zA-Z]|\(\?|\*\?|\+\?|[{}']|\[\[:", stem), stem
            assert stem == stem.lower()


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
def test_an_old_cloud_init_is_queried_without_json(shell: list[str], tmp_path: Path) -> None:
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
        timeout=100,
    )
    reading = cloud_init.CloudInit.read(ProbeResult("", "", "done", result.returncode, result.stdout, result.stderr))
    assert (reading.status, reading.exit, reading.errors) == ("error", 1, ("it broke",))
