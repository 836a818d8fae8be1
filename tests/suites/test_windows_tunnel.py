"""The second TLS connection on a real PowerShell, through a real proxy to a real TLS server.

curl for Windows omits version and issuer. On Linux the curl of this machine replaces it, and prints its own; .NET's lines
follow, with .NET's name of the cipher.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import threading
import time
from dataclasses import replace
from functools import partial
from socket import socket

import pytest

from lab.odd_proxy import OddProxy, answers
from plugins.model import ProbeResult
from plugins.requirements.profile import Timeouts
from suites.probes import proxy_tunnel
from suites.probes.curl import CurlAnswer
from suites.rules.certificate import certificate_problem
from suites.rules.tls import Tls
from tests.support.powershell import PROGRAMS, needs_pwsh, run, wine_schannel
from tests.support.powershell_grammar import ENDPOINT, PROBES
from tests.support.suite_rows import PROFILE, WINDOWS_VM
from tests.support.tls_origin import behaviours, serves
from tests.support.windows_recording import CURL, program

pytestmark = [needs_pwsh, pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")]

_OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"


def _drip(client: socket) -> None:
    client.sendall(b"\x16\x03\x03\x3f\xff\x02")  # the beginning of a long record
    for _ in range(600):
        client.sendall(b"\0")
        time.sleep(0.5)


def _always(name: str, client: str) -> str:
    return name


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ProbeResult]:
    """The probe's answers, by the behaviour of proxy and server. Only the authority of a good server is trusted."""
    folder = tmp_path_factory.mktemp("tunnel")
    acts, trusted = behaviours(folder, ENDPOINT.host)
    acts = {
        **{name: acts[f"tls-{name}"] for name in ("good", "untrusted")},
        "another 2xx": serves(folder / "good.pem", head=b"HTTP/1.1 201 Created\r\n\r\n"),
        "close": serves(folder / "good.pem", "close"),
        "drip": answers(_OPEN, _drip),
        "refused": answers(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
    }
    if not PROGRAMS:
        program(folder / "curl.exe", CURL.format(curl=shutil.which("curl")))
    with contextlib.ExitStack() as stack, pytest.MonkeyPatch.context() as environment:
        environment.setenv("PATH", f"{folder}:/usr/bin:/bin")
        environment.setenv("CURL_CA_BUNDLE", str(trusted["tls-good"]))
        probes = []
        for name in acts:
            server = stack.enter_context(OddProxy(("127.0.0.1", 0), partial(_always, name), acts))
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
            stack.callback(server.shutdown)
            # Only "drip" must time out, and never by the engine's limit.
            limits = Timeouts(imds=2, connect=2, total=3) if name == "drip" else Timeouts(imds=2, connect=25, total=30)
            environment.setattr(proxy_tunnel, "_LIMIT", 12 if name == "drip" else 60)
            profile = replace(PROFILE, proxy_url=f"http://127.0.0.1:{server.server_address[1]}", timeouts=limits)
            planned = PROBES["tunnel"].plan("x", {"vm": WINDOWS_VM, "profile": profile, "endpoint": ENDPOINT})
            probes.append(replace(planned, key=name, timeout=60))
        return run(*probes)


def second(seen: ProbeResult) -> list[tuple[str, str]]:
    """The lines of the second connection, recognized by .NET's name of the cipher."""
    return re.findall(
        r"^\* SSL connection using (TLSv1\.[23]) / Aes\d+\n\*  issuer: (.*)\nserial=[0-9A-F-]+$", seen.stderr, re.M
    )


@pytest.mark.parametrize("name", ["good", "untrusted", "close", "another 2xx"])
def test_version_and_issuer_come_from_the_second_look(seen: dict[str, ProbeResult], name: str) -> None:
    """Also if curl rejected the certificate or got no answer, because the tunnel was open."""
    expected = {"good": (0, 400), "untrusted": (60, 0), "close": (52, 0), "another 2xx": (0, 400)}
    if PROGRAMS:
        expected["close"] = (56, 0)
    if wine_schannel():
        expected["untrusted"] = (0, 400)
    answer = CurlAnswer.read(seen[name])
    assert (seen[name].state, answer.exit, answer.code) == ("done", *expected[name]), seen[name]
    assert answer.connect == (201 if name == "another 2xx" else 200)
    issuer = "O=Contoso Inspection" if name == "untrusted" else "O=Microsoft Corporation"
    version = "TLSv1.2" if PROGRAMS else "TLSv1.3"  # Wine's Schannel has no TLS 1.3
    assert second(seen[name]) == [(version, issuer)], seen[name].stderr


def test_it_names_the_issuer_of_a_certificate_that_curl_refused(seen: dict[str, ProbeResult]) -> None:
    if wine_schannel():
        pytest.skip("this curl.exe accepts every certificate")
    answer = CurlAnswer.read(seen["untrusted"])
    outcome = certificate_problem(answer, Tls.read(answer.verbose), ENDPOINT.host, PROFILE)
    assert "It was issued by O=Contoso Inspection." in outcome.message


def test_curls_answer_counts_when_the_second_look_runs_out_of_time(seen: dict[str, ProbeResult]) -> None:
    """A server that sends single bytes resets the time limit of each read."""
    answer = CurlAnswer.read(seen["drip"])
    assert (seen["drip"].state, answer.exit, answer.connect) == ("done", 28, 200), seen["drip"]
    assert second(seen["drip"]) == []


def test_without_a_tunnel_there_is_no_second_look(seen: dict[str, ProbeResult]) -> None:
    answer = CurlAnswer.read(seen["refused"])
    assert (seen["refused"].state, answer.exit, answer.connect) == ("done", 56, 403), seen["refused"]
    assert second(seen["refused"]) == []
