"""Real curls against proxies, endpoints and metadata services that misbehave, judged by the checks.

A state is the behaviour of one connection; each curl tries all of them in parallel. The commands are the probes' own,
with a profile whose proxy and metadata service are on the loopback interface.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from lab.odd_proxy import BEHAVIOURS, Behaviour, answers
from plugins import CheckOutcome
from plugins.model import Status
from plugins.requirements.profile import Profile, Timeouts
from suites.probes.curl import CurlAnswer
from suites.rules.certificate import certificate_problem
from suites.rules.proxy_path import proxy_path
from suites.rules.tls import Tls, old_tls, refused_certificate
from suites.test_proxy import test_the_csn_proxy_accepts_connections as accepts_connections
from tests.support.curls import CURLS, run_with, serving
from tests.support.odd_tunnels import STATES, origins
from tests.support.suite_probes import DECLARED as PROBES
from tests.support.suite_rows import PROFILE, VM
from tests.support.tls_origin import behaviours, serves

ENDPOINT = next(endpoint for endpoint in PROFILE.endpoints(VM) if endpoint.host == "management.azure.com")
#: Seconds for states that must time out, and for others, which must not time out on a busy machine.
SHORT, LONG = Timeouts(imds=3, connect=3, total=3), Timeouts(imds=20, connect=20, total=30)
SILENT = {
    *(
        "dropped",
        "silent",
        "half-head",
        "tunnel-silent",
        "tls-silent",
        "tls-close",
        "tls-old",
        "tls-garbage",
        "drips-too-slowly",
    ),
    *("tunnel-half-record-silent", "tunnel-warning-silent", "403-body-silent", "407-body-silent"),
}


def _status(head: str, body: str = "") -> Behaviour:
    return answers(f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())


STATUSES: Mapping[str, Behaviour] = {
    "403-squid": _status("403 Forbidden\r\nServer: squid/5.7\r\nX-Squid-Error: ERR_ACCESS_DENIED 0"),
    "403-plain": _status("403 Forbidden"),
    "403-other": _status("403 URLBlocked\r\nVia: 1.1 10.0.0.15 (McAfee Web Gateway 7.8.2)", "<html>blocked</html>"),
    "407": _status("407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x"),
    "503": _status("503 Service Unavailable\r\nX-Squid-Error: ERR_CONNECT_FAIL 111"),
    "302": _status("302 Found\r\nLocation: http://login.example/"),
    "400": _status("400 Bad Request"),
}

CLOSED = "closed the connection instead of answering CONNECT"
NO_ANSWER = "accepted the connection but did not answer CONNECT"
BROKE_OFF = "opened the tunnel to .*, but the TLS handshake broke off"
#: NET-001's message for each state, with every curl.
TUNNELS = {
    "refused": "no connection to the CSN proxy .*, it refuses the connection",
    "dropped": "no connection to the CSN proxy .*, it did not accept the connection within",
    "silent": NO_ANSWER,
    "half-head": NO_ANSWER,
    "half-head-closed": CLOSED,
    "hang-up": CLOSED,
    "hang-up-at-once": CLOSED,
    "reset": CLOSED,
    "garbage": CLOSED,
    "garbage-bytes": f"{CLOSED}|with something else than HTTP",
    "tunnel-close": f"{BROKE_OFF}|but it broke before an answer came",
    "tunnel-reset": f"{BROKE_OFF}|but it broke before an answer came",
    "tunnel-silent": "opened the tunnel to .*, but the TLS handshake was not done after",
    "tunnel-plain-text": "opened the tunnel to .*, but what came back is not TLS",
    "tunnel-garbage": "opened the tunnel to .*, but what came back is not TLS",
    "tunnel-alert": BROKE_OFF,
    "tunnel-alert-name": BROKE_OFF,
    "tunnel-alert-handshake": "have no cipher in common",
    "tunnel-alert-version": "but no TLS version suits both sides: NET-003",
    "403-squid": "refuses .* answered 403 .ERR_ACCESS_DENIED.; .* It is not in the egress list",
    "403-plain": "refuses .* answered 403; .* The answer names no proxy",
    "403-other": "refuses .* answered 403 .URLBlocked; 1.1 10.0.0.15 .McAfee",
    "407": "requires a login",
    "503": "allows .* but cannot reach it: CONNECT was answered 503 .ERR_CONNECT_FAIL",
    "302": "answered CONNECT to .* with 302",
    "400": "answered CONNECT to .* with 400",
    "tls-good": "answered HTTP 400 through",
    "tls-expired": "opened the tunnel to .*, but the certificate .*: NET-003",
    "tls-future": "opened the tunnel to .*, but the certificate .*: NET-003",
    "tls-name": "opened the tunnel to .*, but the certificate .*: NET-003",
    "tls-untrusted": "opened the tunnel to .*, but the certificate .*: NET-003",
    "tls-signature": "opened the tunnel to .*, but the certificate .*: NET-003",
    "tls-no-bundle": "opened the tunnel to .*, but the VM's CA bundle could not be read: NET-003",
    "tls-old": "answered HTTP 400 through|answered nothing within|but no TLS version suits both sides: NET-003",
    "tls-silent": "took the TLS connection through .* but answered nothing within",
    "tls-close": "but it broke before an answer came|answered nothing within",  # the latter: 7.52 with GnuTLS 3.7 waits
}
#: NET-003's message for its own states.
CERTIFICATES = {
    "tls-expired": "is outside its time of validity",
    "tls-future": "is outside its time of validity",
    "tls-name": "is not for management.azure.com",
    "tls-untrusted": "does not trust the certificate of .* by .*Contoso Inspection",
    "tls-signature": "does not trust the certificate of",
    "tls-no-bundle": "cannot read its own CA bundle",
}
#: PROXY-003's message for a plain request.
PORTS = {
    "refused": (Status.FAIL, "refuses the connection"),
    "dropped": (Status.FAIL, "did not accept a connection within"),
    "silent": (Status.WARN, "accepted the connection, but curl exited with 28"),
    "half-head": (Status.WARN, "accepted the connection, but curl exited with 28"),
    "hang-up": (Status.WARN, "accepted the connection, but curl exited with 52"),
    "reset": (Status.WARN, "accepted the connection, but curl exited with (52|56)"),
    "garbage": (Status.WARN, "accepted the connection, but what came back is not HTTP"),
    "403-squid": (Status.PASS, "accepts connections"),
    "400": (Status.PASS, "accepts connections"),
}


@dataclass(frozen=True)
class Places:
    """The port of each state on the loopback interface, and the authority that its client trusts."""

    ports: Mapping[str, int]
    trusted: Mapping[str, Path]
    tunnels: Mapping[str, str]  # NET-001's message for each state


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    folder = tmp_path_factory.mktemp("certificates")
    endpoints, trusted = behaviours(folder, ENDPOINT.host)
    more = {**STATES, **origins(folder / "good.pem")}
    with serving({**BEHAVIOURS, **STATUSES, **endpoints, **{name: act for name, (act, _) in more.items()}}) as ports:
        tunnels = TUNNELS | {name: words for name, (_, words) in more.items()}
        yield Places(ports | {"tls-no-bundle": ports["tls-good"]}, trusted, tunnels)


def _profile(port: int, name: str = "") -> Profile:
    return replace(PROFILE, proxy_url=f"http://127.0.0.1:{port}", timeouts=SHORT if name in SILENT else LONG)


@pytest.mark.parametrize("curl", CURLS)
def test_a_tunnel_is_judged_alike_by_every_curl(curl: str, tmp_path: Path, places: Places) -> None:
    nothing = tmp_path / "nothing.pem"

    def judged(name: str) -> tuple[str, str]:
        profile = _profile(places.ports[name], name)
        planned = PROBES["tunnel"].plan("tunnel", {"vm": VM, "profile": profile, "endpoint": ENDPOINT})
        trusted = nothing if name == "tls-no-bundle" else places.trusted.get(name, places.trusted["tls-good"])
        answer = CurlAnswer.read(run_with(curl, tmp_path, planned, trusted))
        if "GnuTLS internal error" in answer.error:  # curl 7.52 with GnuTLS 3.7, in one of some hundred handshakes
            answer = CurlAnswer.read(run_with(curl, tmp_path, planned, trusted))
        certificate = ""
        if refused_certificate(answer) or old_tls(answer):
            certificate = certificate_problem(answer, Tls.read(answer.verbose), ENDPOINT.host, profile).message
        return proxy_path(answer, ENDPOINT, profile).message, certificate

    with ThreadPoolExecutor(12) as pool:
        rows = dict(zip(places.tunnels, pool.map(judged, places.tunnels), strict=True))
    expected = {name: (words, CERTIFICATES.get(name, "")) for name, words in places.tunnels.items()}
    if "the VM's CA bundle could not be read" in rows["tls-good"][0]:
        # NSS without its reader of PEM files (nss-pem) fails with everything after CONNECT.
        expected = {
            name: outcome
            for name, outcome in expected.items()
            if not name.startswith(("tls-", "tunnel-", "alert-", "head-"))
        }
    wrong = {
        name: rows[name]
        for name, words in expected.items()
        if not all(re.search(pattern, lines) for pattern, lines in zip(words, rows[name], strict=True))
    }
    assert not wrong, "\n".join(f"{name}: {message}" for name, message in wrong.items())


@pytest.mark.parametrize("curl", CURLS)
def test_the_proxys_port_is_judged_alike_by_every_curl(curl: str, tmp_path: Path, places: Places) -> None:
    def judged(name: str) -> tuple[Status, str]:
        profile = _profile(places.ports[name], name)
        planned = PROBES["proxy_port"].plan("proxy_port", {"vm": VM, "profile": profile})
        answer = CurlAnswer.read(run_with(curl, tmp_path, planned))
        return _outcome(answer, profile)

    with ThreadPoolExecutor(12) as pool:
        rows = dict(zip(PORTS, pool.map(judged, PORTS), strict=True))
    wrong = {
        name: outcome
        for name, outcome in rows.items()
        if outcome[0] is not PORTS[name][0] or not re.search(PORTS[name][1], outcome[1])
    }
    assert not wrong


def _outcome(answer: CurlAnswer, profile: Profile) -> tuple[Status, str]:
    try:
        return Status.PASS, accepts_connections(answer, profile)
    except CheckOutcome as outcome:
        return outcome.status, outcome.message


@pytest.mark.skipif(not shutil.which("openssl") or not shutil.which("curl"), reason="openssl is not installed")
def test_a_negative_serial_number_is_read(tmp_path: Path) -> None:
    pem = tmp_path / "negative.pem"
    made = f"openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -days 2 -set_serial -4660 -subj /O=Contoso/CN={ENDPOINT.host} -addext subjectAltName=DNS:{ENDPOINT.host}"
    subprocess.run(made.split(), cwd=tmp_path, capture_output=True, check=True)
    pem.write_text((tmp_path / "key").read_text() + (tmp_path / "cert").read_text())
    with serving({"negative": serves(pem)}) as ports:
        planned = PROBES["tunnel"].plan(
            "tunnel", {"vm": VM, "profile": _profile(ports["negative"]), "endpoint": ENDPOINT}
        )
        answer = CurlAnswer.read(run_with(shutil.which("curl") or "", tmp_path, planned, tmp_path / "cert"))
    assert Tls.read(answer.verbose).serial == "-1234"
