"""Real curls against metadata services that misbehave, judged by IMDS-002."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from lab.odd_proxy import BEHAVIOURS, Behaviour, answers
from plugins import CheckOutcome
from plugins.model import Status
from plugins.requirements.profile import Profile
from suites.probes.curl import CurlAnswer
from suites.test_imds import test_the_imds_sidecar_is_healthy as sidecar_is_healthy
from tests.support.curls import CURLS, run_with, serving
from tests.support.suite_probes import DECLARED
from tests.support.suite_rows import PROFILE, VM

_JSON = "Content-Type: application/json\r\n"


def _says(head: str, body: str = "", *, length: int | None = None) -> Behaviour:
    text = f"HTTP/1.1 {head}\r\nContent-Length: {len(body) if length is None else length}\r\n\r\n{body}"
    return answers(text.encode())


def _drips(text: bytes, pause: float) -> Behaviour:
    def drip(client: socket.socket) -> None:
        for byte in text:
            client.sendall(bytes([byte]))
            time.sleep(pause)

    return answers(drip)


def _waits(client: socket.socket) -> None:
    client.recv(4096)


def _status(code: int) -> tuple[Status, str]:
    return Status.FAIL, rf"answered {code}; expected 200\."


PASS = Status.PASS, r"answered 200 in \d"
BROKE_OFF = Status.FAIL, "answered 200, but the answer broke off: (curl exited with|its headers are not complete)"
HANGS = Status.FAIL, "was accepted but not answered within .* The sidecar hangs"
NOT_HTTP = Status.FAIL, "failed, what came back is not HTTP"
#: Before curl 7.61, an answer shorter than a status line is an empty reply (52).
SHORT = Status.FAIL, r"failed, (what came back is not HTTP|curl exited with 52\b)"
CUT = Status.FAIL, r"failed, curl exited with (52|56)\b"
UNHEALTHY = "; expected 200. The sidecar runs but is not healthy"

#: The behaviour of a service, and IMDS-002's outcome with every curl.
STATES: Mapping[str, tuple[Behaviour | None, tuple[Status, str]]] = {
    "refused": (None, (Status.FAIL, "refuses the connection or has no route")),
    "dropped": (None, (Status.FAIL, "did not accept a connection within")),
    "silent": (BEHAVIOURS["silent"], HANGS),
    "reset": (BEHAVIOURS["reset"], CUT),
    "hang-up": (BEHAVIOURS["hang-up"], CUT),
    "hang-up-at-once": (BEHAVIOURS["hang-up-at-once"], CUT),
    "half-head": (BEHAVIOURS["half-head"], HANGS),
    "half-status-closed": (answers(b"HTTP/1."), (Status.FAIL, "failed, ")),
    "half-head-closed": (answers(b"HTTP/1.1 200 OK\r\nContent-Ty"), BROKE_OFF),
    "head-without-end-closed": (answers(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"), BROKE_OFF),
    "head-then-silent": (answers(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", _waits), BROKE_OFF),
    "body-too-short": (_says("200 OK", "o", length=9), BROKE_OFF),
    "chunk-broken": (answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n"), BROKE_OFF),
    "chunk-without-end": (answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"), BROKE_OFF),
    "garbage": (BEHAVIOURS["garbage"], NOT_HTTP),
    "garbage-bytes": (BEHAVIOURS["garbage-bytes"], NOT_HTTP),
    "http-0.9": (answers(b"ok\n"), SHORT),
    "html-without-head": (answers(b"<html>blocked</html>\n"), NOT_HTTP),
    "tls-alert": (answers(bytes.fromhex("15030100020246")), SHORT),
    "http-2-frames": (answers(bytes.fromhex("00000604000000000000030000006400000000000000000000")), SHORT),
    "200": (_says("200 OK", "ok"), PASS),
    "200-empty": (_says("200 OK"), PASS),
    "200-no-reason": (_says("200", "ok"), PASS),
    "200-http-1.0": (answers(b"HTTP/1.0 200 OK\r\n\r\nok"), PASS),
    "200-line-feeds": (answers(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"), PASS),
    "200-chunked": (answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"), PASS),
    "200-drips": (_drips(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0.005), PASS),
    "200-after-100": (answers(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), PASS),
    "200-of-another-json": (_says(f"200 OK\r\n{_JSON}".rstrip(), '{"status": "down"}'), PASS),
    "200-of-a-proxy": (
        _says("200 OK\r\nVia: 1.1 csn (squid/5.7)", "<html>login</html>"),
        (Status.FAIL, r"was answered by a proxy \(1.1 csn .squid/5.7.\) with HTTP 200"),
    ),
    "403-of-a-proxy": (
        _says("403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0", "<html>denied</html>"),
        (Status.FAIL, r"was answered by a proxy \(ERR_ACCESS_DENIED\) with HTTP 403"),
    ),
    "204": (answers(b"HTTP/1.1 204 No Content\r\n\r\n"), (Status.WARN, "answered 204; expected 200")),
    "206": (_says("206 Partial Content", "o"), (Status.WARN, "answered 206; expected 200")),
    "302": (_says("302 Found\r\nLocation: http://login.example/"), _status(302)),
    "400-no-header": (_says(f"400 Bad Request\r\n{_JSON}".rstrip(), '{"error": "Bad request. 102"}'), _status(400)),
    "400-html": (_says("400 Bad Request", "<html>bad</html>"), _status(400)),
    "401": (_says("401 Unauthorized\r\nWWW-Authenticate: Basic realm=x"), _status(401)),
    "403": (_says("403 Forbidden"), _status(403)),
    "404": (_says("404 Not Found"), (Status.FAIL, "answered 404; expected 200. Something listens on port 80")),
    "405": (_says("405 Method Not Allowed"), _status(405)),
    "410": (_says("410 Gone"), _status(410)),
    "429": (_says("429 Too Many Requests\r\nRetry-After: 1"), _status(429)),
    "500": (_says("500 Internal Server Error"), (Status.FAIL, f"answered 500{UNHEALTHY}")),
    "502-html": (_says("502 Bad Gateway", "<html>no upstream</html>"), (Status.FAIL, f"answered 502{UNHEALTHY}")),
    "503": (_says("503 Service Unavailable"), (Status.FAIL, f"answered 503{UNHEALTHY}")),
    "504": (_says("504 Gateway Timeout"), (Status.FAIL, f"answered 504{UNHEALTHY}")),
    "503-body-too-short": (_says("503 Service Unavailable", "x", length=9), (Status.FAIL, f"answered 503{UNHEALTHY}")),
}


#: Behaviours that must time out; the others get enough time also on a busy machine.
SILENT = {"dropped", "silent", "half-head", "head-then-silent"}


@pytest.fixture(scope="module")
def ports() -> Iterator[Mapping[str, int]]:
    with serving({name: act for name, (act, _) in STATES.items() if act}) as ports:
        yield ports


def _outcome(answer: CurlAnswer, profile: Profile) -> tuple[Status, str]:
    try:
        return Status.PASS, sidecar_is_healthy(answer, VM, profile)
    except CheckOutcome as outcome:
        return outcome.status, outcome.message


@pytest.mark.parametrize("curl", CURLS)
def test_the_metadata_service_is_judged_alike_by_every_curl(
    curl: str, ports: Mapping[str, int], tmp_path: Path
) -> None:
    def judged(name: str) -> tuple[Status, str]:
        limit = 3 if name in SILENT else 30
        limits = replace(PROFILE.timeouts, imds=limit)
        profile = replace(PROFILE, imds=f"127.0.0.1:{ports[name]}", timeouts=limits)
        planned = DECLARED["healthz"].plan("healthz", {"vm": VM, "profile": profile})
        return _outcome(CurlAnswer.read(run_with(curl, tmp_path, planned)), profile)

    with ThreadPoolExecutor(6) as pool:
        outcomes = dict(zip(STATES, pool.map(judged, STATES), strict=True))
    wrong = {
        name: outcome
        for name, outcome in outcomes.items()
        if outcome[0] is not STATES[name][1][0] or not re.search(STATES[name][1][1], outcome[1])
    }
    assert not wrong, "\n".join(f"{name}: {outcome}" for name, outcome in wrong.items())
