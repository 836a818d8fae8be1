"""The classification of output lines, and the failures that later lines revoke."""

from __future__ import annotations

import errno
import os
import time
from collections import Counter

import pytest

from plugins.checks.check import check_of
from plugins.requirements import log_grammar
from plugins.requirements.log_grammar import Level, kinds, outcome, read_line, shapes
from suites.test_cloudinit import test_the_output_of_cloud_init_is_clean as cloudinit_002
from tests.support.log_specimens import FOLDER, SPECIMENS

SHAPES = [pytest.param(shape, id=f"{at}-{shape.level}") for at, shape in enumerate(shapes())]


def deciding(line: str) -> log_grammar.Shape | None:
    opened = log_grammar._opened(line)
    return next((shape for shape in shapes() if log_grammar._match(shape, opened)), None)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_sample_is_decided_by_its_own_shape(shape: log_grammar.Shape) -> None:
    assert shape.samples
    assert shape.never
    for sample in shape.samples:
        decided = deciding(sample)
        assert decided is not None, sample
        assert decided.samples == shape.samples, sample
    for line in shape.never:
        assert not log_grammar._match(shape, log_grammar._opened(line)), line


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.name) for kind in kinds().values()])
def test_a_sample_is_of_its_own_kind(kind: log_grammar.Kind) -> None:
    assert bool(kind.samples) == bool(kind.pattern)
    for sample in kind.samples:
        fitting = next(kind for kind in kinds().values() if kind.pattern and kind.pattern.search(sample))
        assert fitting == kind, sample
    check = check_of(cloudinit_002)
    assert check is not None
    assert set(kind.checks) <= set(check.caused_by), "a cause that CLOUDINIT-002 does not declare"


@pytest.mark.parametrize("line", (FOLDER / "failing.txt").read_text().splitlines())
def test_failing(line: str) -> None:
    assert read_line(line).level in (Level.CERTAIN, Level.COMPLAINT)


@pytest.mark.parametrize("line", (FOLDER / "harmless.txt").read_text().splitlines())
def test_harmless(line: str) -> None:
    assert read_line(line).level not in (Level.CERTAIN, Level.COMPLAINT)


@pytest.mark.parametrize("line", (FOLDER / "complaints.txt").read_text().splitlines())
def test_a_program_complains_about_what_need_not_be(line: str) -> None:
    assert read_line(line).level is Level.COMPLAINT


@pytest.mark.parametrize(
    ("half", "failures", "most_passed", "most_failed"),
    [("design", 350, 0.05, 0.03), ("held out", 350, 0.07, 0.05), ("third draw", 150, 0.05, 0.03)],
)
def test_the_specimens(half: str, failures: int, most_passed: float, most_failed: float) -> None:
    rows: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for specimen in SPECIMENS:
        if specimen.half == half:
            levels = {reading.level for _, _, reading in outcome(enumerate(specimen.text.splitlines()))}
            status = "fail" if Level.CERTAIN in levels else "warn" if Level.COMPLAINT in levels else "pass"
            rows[specimen.fails][status] += 1
    assert rows[True].total() > failures
    assert rows[False].total() > 70
    assert rows[True]["pass"] <= most_passed * rows[True].total(), rows
    assert rows[False]["fail"] <= most_failed * rows[False].total(), rows


def test_every_error_of_the_c_library_is_known() -> None:
    texts = {os.strerror(number) for number in errno.errorcode}
    for text in sorted(texts):
        assert read_line(f"frob: cannot frob '/x': {text}").level in (Level.CERTAIN, Level.COMPLAINT), text
        assert read_line(f"frob: '/x': {text}").level in (Level.CERTAIN, Level.COMPLAINT), text


ENVELOPES = [
    "<13>Feb 11 22:08:50 user-data: {}",
    "[  153.875899] cloud-init[2396]: {}",
    "Feb 01 16:59:52 localhost cloud-init[2332]: {}",
    "2026-01-01T00:00:00.123456+00:00 vm-a cloud-init[812]: {}",
    "2026-01-01 10:00:00 {}",
    "[2026-01-01 10:00:00 UTC] {}",
    "10:00:00 {}",
    "\x1b[31m{}\x1b[0m",
]


@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize(
    "line",
    [
        "E: Unable to locate package azure-cli",
        "curl: (6) Could not resolve host: aka.ms",
        "/bin/sh: 1: az: not found",
        "ERROR: it went wrong",
    ],
)
def test_a_line_says_the_same_however_often_it_was_logged(envelope: str, line: str) -> None:
    alone = read_line(line)
    assert alone.level is Level.CERTAIN
    logged = read_line(envelope.format(line))
    assert (logged.level, logged.kind) == (alone.level, alone.kind)


def levels(*lines: str) -> list[str]:
    return [f"{number} {reading.level}" for number, _, reading in outcome(enumerate(lines, 1))]


REFUSED = "curl: (7) Failed to connect to aka.ms port 443"


def test_a_line_ends_before_its_line_break_and_begins_behind_the_progress_it_overwrites() -> None:
    line = "curl: (23) Failed writing body to /srv/XX"
    assert read_line(f" 10 %\r 99 %\r{line} \r\n").words == read_line(line).words == line


def test_a_later_line_takes_a_failure_back() -> None:
    assert levels(REFUSED) == ["1 certain"]
    assert levels(REFUSED, "attempt 1 failed, retrying", "Download succeeded") == []
    assert levels(REFUSED, "attempt 1 failed, retrying", REFUSED) == ["1 complaint", "3 certain"]
    assert levels(REFUSED, "attempt 1 failed, retrying", REFUSED, "finished") == ["3 certain"]
    before = ("E: Unable to locate package azure-cli", "", "", "")
    assert levels(*before, REFUSED, "attempt 1 failed, retrying", "Download succeeded") == ["1 certain"]
    assert levels(REFUSED, "retrying") == ["1 complaint"]
    assert levels(REFUSED, REFUSED, "Download complete") == ["1 complaint", "2 complaint"], "curl --retry is silent"
    assert levels(REFUSED, "Download complete") == ["1 certain"]
    assert levels(REFUSED, REFUSED) == ["1 certain", "2 certain"]
    assert levels(REFUSED, "done") == ["1 certain"], "a success without a retry is of another step"
    assert levels("E: Unable to locate package azure-cli", "Setting up azure-cli (2.75) ...") == []
    assert levels("E: Unable to locate package azure-cli", "Setting up jq (1.6) ...") == ["1 certain"]
    assert levels(
        "E: Unable to locate package jq", "E: Unable to locate package azure-cli", "Setting up azure-cli (2.75) ..."
    ) == ["1 certain"]
    assert levels("Setting up azure-cli (2.75) ...", "E: Unable to locate package azure-cli") == ["2 certain"]
    assert levels("E: Could not get lock /var/lib/dpkg/lock", "Setting up jq (1.6) ...") == []
    assert levels("cp: cannot stat '/x': No such file or directory", "+ true") == ["1 complaint"]
    assert levels("rm: cannot remove '/x': No such file or directory", "+ true") == []


#: Output of programs whose retry succeeds: the failures, and the line that revokes them.
RETRIES = {
    "wget": [
        "Connecting to h:80... failed: Connection refused.",
        "Retrying.",
        "2026-01-01 10:00:00 (1 MB/s) - 'x' saved [5/5]",
    ],
    "curl": [
        REFUSED,
        "Warning: Problem: connection refused. Will retry in 1 seconds. 5 retries left.",
        "100    18  100    18    0     0   4940      0 --:--:-- --:--:-- --:--:--  6000",
    ],
    "apt": [
        "Ign:1 http://archive.ubuntu.com/ubuntu jammy InRelease",
        "Err:1 http://archive.ubuntu.com/ubuntu jammy InRelease",
        "Get:1 http://archive.ubuntu.com/ubuntu jammy InRelease [270 kB]",
    ],
    "pip": [
        "WARNING: Retrying (Retry(total=4, connect=None)) after connection broken by 'x': /simple/six/",
        "Successfully installed six-1.16.0",
    ],
    "dnf": [
        "[MIRROR] jq-1.6.rpm: Curl error (28): Timeout was reached for http://m/jq-1.6.rpm",
        "Trying other mirror.",
        "Complete!",
    ],
    "git": [
        "fatal: unable to access 'https://h/x.git/': Could not resolve host: h",
        "clone failed, retrying",
        "Receiving objects: 100% (3/3), 1 KiB | 1 MiB/s, done.",
    ],
    "systemd": [
        "himdsd.service: Failed with result 'exit-code'.",
        "himdsd.service: Scheduled restart job, restart counter is at 1.",
        "Started himdsd.service - Azure Connected Machine Agent Service.",
    ],
    "snap": [
        "error: cannot perform the following tasks: x",
        "retrying in 5 s",
        "azure-cli 2.75 from Microsoft installed",
    ],
    "a loop": ["curl: (22) The requested URL returned error: 503", "not ready yet, sleeping 5", "server is up"],
}


@pytest.mark.parametrize("name", RETRIES)
def test_a_retry_that_succeeds_takes_its_failures_back(name: str) -> None:
    *failures, success = RETRIES[name]
    assert levels(*failures, success) == []
    if name != "pip":  # its failure line announces the retry
        assert levels(*failures) != []
        assert levels(*failures, "something else") != []


HOSTILE = [
    "a: ",
    "x",
    "'\"$( ",
    "no 0 ",
    "1.2.3: ",
    "error ",
    " - ",
    "not ",
    "2026-01-01 ",
    "at -e line ",
    "\x1b[",
    "[",
    "( ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_line_of_a_megabyte_takes_no_time(piece: str) -> None:
    line = piece * (1_000_000 // len(piece))
    start = time.process_time()
    read_line(line)
    for size in (60, 150, 400, 650):
        read_line(line[:size])
    assert time.process_time() - start < 3


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('level=error msg="Get failed"', ("error", "Get failed")),
        ('time=x lvl=WARN message="no"', ("warning", "no")),
        ('level=odd msg="no"', ("", "no")),
        ('{"severity": "info", "msg": "Get", "error": "refused"}', ("warning", "Get: refused")),
        ('{"levelname": "info", "msg": "Get", "err": "refused"}', ("warning", "Get: refused")),
        ('level=info msg="Get" error=null', ("info", "Get: null")),
        ('level=info msg="Get" err=nil', ("info", "Get: nil")),
        ('level=info msg="Get" err="<nil>"', ("info", "Get: <nil>")),
        ('level=info msg="Get" error=""', ("info", "Get")),
        (r'level=error msg="say \"no\""', ("error", 'say "no\\')),
        ("level=error", None),
        ("msg=no", None),
        ("it failed: level=error msg=no", None),
    ],
)
def test_the_fields_of_a_line(line: str, expected: tuple[str, str] | None) -> None:
    assert log_grammar._structured(line) == expected
