"""Redaction in every process of a run, in logs, tracebacks, and files that libraries write. Other tests are in the lab:
`tests/lab/test_lab_trust.py`."""

from __future__ import annotations

import base64
import gzip
import io
import json
import logging
import os
import re
import runpy
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugins.core import redaction as redact
from plugins.core.secret_names import is_secret_name
from plugins.evidence.archive import Archive
from plugins.model import Evidence, ProbeResult, SshSession, Vm
from plugins.pytest_adapter import log_redaction as discreet
from tests.support.canaries import contents, forms, found_in, leaks
from tests.support.pytest_process import run_pytest
from tests.support.small_suite import check_out

pytest_plugins = "pytester"

SECRET = 'Kn0w/n%Pa+ss "wörd"'


@pytest.fixture
def remembered() -> Iterator[None]:
    before = list(redact._remembered)
    redact.remember(SECRET)
    yield
    redact._remembered[:] = before


# --- the runner's own secrets


@pytest.mark.parametrize("form", forms(SECRET))
def test_a_secret_of_the_runners_own_is_taken_out_in_every_form(remembered: None, form: str) -> None:
    text = forms(SECRET)[form].decode()
    if form.startswith("base64"):  # a neighbour on each side, as in a longer text
        at = int(form[-1])
        coded = base64.b64encode(b"x" * at + SECRET.encode() + b"tail").decode()
        text = coded.replace("+", "-").replace("/", "_") if "URL" in form else coded
    assert found_in(redact.redact(f"it says {text} here").encode(), {"s": SECRET}) == []
    assert redact.mark(SECRET) in redact.redact(f"it says {text} here")


def test_the_environments_secrets_are_known_by_the_names_of_the_variables() -> None:
    before = list(redact._remembered)
    try:
        redact.remember_environment(
            {
                "AZURE_CLIENT_SECRET": "abc.def-ghi",
                "SYSTEM_ACCESSTOKEN": "tok-tok-tok",
                "HTTPS_PROXY": "http://alice:proxy-word@10.0.0.1:3128",
                "HOME": "/home/anna",
                "SHORT_TOKEN": "abc",
                "http_proxy": "http://[",
            }
        )
        known = {secret for secret, _ in redact._remembered}
        assert {"abc.def-ghi", "tok-tok-tok", "proxy-word"} <= known
        assert not {"/home/anna", "abc"} & known
    finally:
        redact._remembered[:] = before


# --- names


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        *(
            (name, True)
            for name in ("password", "adminPassword", "client_secret", "clientSecret", "accountKey", "sas-token")
        ),
        *(
            (name, False)
            for name in ("secretName", "publicKey", "tokenType", "principalId", "id", "keyData", "authorized")
        ),
    ],
)
def test_a_field_is_known_by_its_name(name: str, secret: bool) -> None:
    assert is_secret_name(name) is secret
    cleaned = redact.clean({"a": [{name: "hunter22"}]})["a"][0][name]
    assert cleaned == (redact.mark("hunter22") if secret else "hunter22")


# --- logs and tracebacks


def test_what_a_library_logs_is_redacted(caplog: pytest.LogCaptureFixture) -> None:
    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(discreet._redacting(before))
    try:
        with caplog.at_level(logging.DEBUG):
            log = logging.getLogger("a.library")
            log.debug("POST %s with %r", "https://x", {"client_secret": "hunter22"})
            log.debug("Server: %s", "x\x1b[2J\n::error::y")
            try:
                raise ValueError("password=hunter22")
            except ValueError:
                log.exception("it failed")
    finally:
        logging.setLogRecordFactory(before)
    assert "hunter22" not in caplog.text
    assert "POST https://x with" in caplog.text
    assert "\x1b" not in caplog.text
    assert "\n: :error::y" in caplog.text
    assert "ValueError: password=<secret:" in caplog.text


# --- all processes of a run

SUITE = '''
import logging
import os

from plugins import *

logging.getLogger("a.library").debug("password=hunter22, %s", os.environ.get("SYSTEM_ACCESSTOKEN"))

docs = "https://example.org/"
word = probe("cat /word", timeout=2)


@check("VM-001", required, remedy="Say it.", docs=docs)
def test_word(word):
    """The word is right."""
    return "It is password=" + word.stdout[::-1]


@check("VM-002", required, remedy="Say it.", docs=docs)
def test_crash(word):
    """It crashes."""
    raise RuntimeError("crashed on password=" + word.stdout[::-1])


@check("VM-003", required, remedy="Say it.", docs=docs)
def test_fail(word):
    """It fails."""
    fail("::add-mask::x\\x1b[2J, as password=" + word.stdout[::-1], remedy="Not password=" + word.stdout[::-1])
'''


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    check_out(pytester, SUITE)
    fleet = [Vm(name) for name in ("a", "b", "c")]
    archive = Archive.create(pytester.path / "earlier", {"id": "earlier", "profile": "2510", "arguments": []}, fleet)
    for vm in fleet:
        # Reversed, so that it becomes a secret only in a check.
        seen = {"word": ProbeResult("word", "cat /word", "done", 0, "hunter22"[::-1])}
        archive.store(Evidence(vm, SshSession("ok", seconds={"login": 0.1}), seen, 1000.0))
    return pytester


def run(project: pytest.Pytester, *arguments: str, umask: int = 0o022) -> str:
    command = ["-p", "no:cacheprovider", "--evidence=earlier", *arguments]
    environment = os.environ | {"SYSTEM_ACCESSTOKEN": "plain words of a token"}
    done = run_pytest(*command, cwd=project.path, env=environment, umask=umask)
    return done.stdout + done.stderr


def test_a_run_gives_the_same_secret_the_same_mark(project: pytest.Pytester) -> None:
    output = run(project, "-vv", "--tb=long", "-rA", "--log-file=debug.log", "--log-level=DEBUG")
    results = (project.path / "reports/latest/results.json").read_text()
    marks = re.findall(r"password=(<secret:[0-9a-f]{8}>)", results)
    assert (len(marks) >= 6, len(set(marks))) == (True, 1)
    log = (project.path / "debug.log").read_text()
    assert re.search(r"password=<secret:[0-9a-f]{8}>, <secret:[0-9a-f]{8}>$", log, re.M), "of a library"
    assert "hunter22" not in results + output + log
    assert r": :add-mask::x\x1b[2J, as password=<secret:" in output  # a failed check's message is its report
    assert "\x1b[2J" not in output
    assert not re.search(r"^\s*::", output, re.M)


def test_another_run_gives_it_another_mark() -> None:
    """The module is executed twice, because `run_pytest` gives every run its own salt in any case."""
    marks = {runpy.run_path(redact.__file__)["redact"]("password=hunter22") for _ in "12"}
    assert (len(marks), {re.sub("[0-9a-f]{8}", "", mark) for mark in marks}) == (2, {"password=<secret:>"})


@pytest.mark.parametrize("umask", [0o000, 0o777], ids=oct)
def test_files_are_0600_and_folders_0700_whatever_the_umask(project: pytest.Pytester, umask: int) -> None:
    reports = project.path / "reports"
    run(project, f"--log-file={reports}/logs/debug.log", "--log-level=DEBUG", umask=umask)
    modes = {path: path.stat().st_mode & 0o777 for path in reports.rglob("*") if not path.is_symlink()}
    assert any(path.name == "report.html" for path in modes)
    assert any(path.name == "junit.xml" for path in modes)
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}


def test_a_suite_that_cannot_be_collected_is_no_internal_error(project: pytest.Pytester) -> None:
    """pytest-html wrote its page into the run's folder, which had been removed."""
    (project.path / "suites/test_broken.py").write_text("raise RuntimeError('it does not load')\n")
    output = run(project)
    assert "it does not load" in output
    assert "INTERNALERROR" not in output
    assert "No such file" not in output


CRASHES = """
def pytest_collection_modifyitems():
    raise RuntimeError("password=" + "22retnuh"[::-1])


def pytest_unconfigure():
    raise RuntimeError("the end: password=" + "22retnuh"[::-1])
"""


def test_crashes_of_pytest_show_no_secret(project: pytest.Pytester) -> None:
    with (project.path / "conftest.py").open("a") as file:
        file.write(CRASHES)
    output = run(project)
    for said in ("INTERNALERROR> .*RuntimeError: password=", "(?m)^RuntimeError: the end: password="):
        assert re.search(f"{said}<secret:[0-9a-f]{{8}}>", output), output
    assert "hunter22" not in output


# --- the search itself finds secrets


@pytest.mark.parametrize("form", forms(SECRET))
def test_the_search_finds_every_form(form: str, tmp_path: Path) -> None:
    text = b"before " + forms(SECRET)[form] + b" after"
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("deep.txt", text)
    with zipfile.ZipFile(tmp_path / "outer.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("folder/inner.zip", inner.getvalue())
    (tmp_path / "log.gz").write_bytes(gzip.compress(text))
    (tmp_path / "plain.bin").write_bytes(text)
    places = leaks(tmp_path, {"s": SECRET})
    assert f"outer.zip!folder/inner.zip!deep.txt: s as {form}" in places
    assert f"log.gz!gzip: s as {form}" in places
    assert f"plain.bin: s as {form}" in places


def test_the_search_finds_base64_in_the_middle_of_a_text() -> None:
    for before in ("", "x", "xx", "xxx"):
        for after in ("", "y", "yy"):
            coded = base64.b64encode(f"{before}{SECRET}{after}".encode())
            assert found_in(coded, {"s": SECRET}), (before, after)


def test_the_search_looks_at_names_in_archives() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("secret-name-in-a-zip", json.dumps({}))
    assert any(found_in(data, {"s": "secret-name-in-a-zip"}) for _, data in contents("x.zip", buffer.getvalue()))
