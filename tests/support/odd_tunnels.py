"""More answers of proxies to CONNECT and more servers behind tunnels: behaviours, and NET-001's messages."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from lab.odd_proxy import Behaviour, answers
from tests.support.tls_origin import serves

_OK = b"HTTP/1.1 200 Connection established\r\n\r\n"


def _waits(client: socket.socket) -> None:
    while client.recv(4096):
        pass


def _hello(client: socket.socket) -> None:
    client.recv(4096)


def _drips(text: bytes, pause: float) -> Behaviour:
    def drip(client: socket.socket) -> None:
        for byte in text:
            client.sendall(bytes([byte]))
            time.sleep(pause)

    return drip


def _says(head: str, body: str = "", *more: bytes | Behaviour) -> Behaviour:
    return answers(f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode(), *more)


def _alert(number: int, level: int = 2) -> Behaviour:
    return answers(_OK, _hello, bytes([21, 3, 3, 0, 2, level, number]))


CLOSED = "closed the connection instead of answering CONNECT|with something else than HTTP"
NO_ANSWER = "accepted the connection but did not answer CONNECT"
BROKE_OFF = "opened the tunnel to .*, but the TLS handshake broke off"
BROKE = "opened the tunnel to .*, but it broke before an answer came"
PLAIN = "opened the tunnel to .*, but what came back is not TLS"
CIPHER = "have no cipher in common"
VERSION = "but no TLS version suits both sides: NET-003"
REACHED = r"answered HTTP \d+ through"
BEHIND = r"allows .* but cannot reach it: CONNECT was answered {}"
OTHER = r"answered CONNECT to .* with {}"

#: Alerts for no common version (70, 86) or cipher (40, 71).
_ALERTS = dict.fromkeys((10, 20, 22, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 80, 90, 109, 112, 120), BROKE_OFF)
_ALERTS |= {40: CIPHER, 71: CIPHER, 70: VERSION}

STATES: Mapping[str, tuple[Behaviour, str]] = {
    # answers to CONNECT
    "401": (_says("401 Unauthorized\r\nWWW-Authenticate: Basic realm=x", "<html>login</html>"), OTHER.format(401)),
    "404-web-server": (_says("404 Not Found\r\nServer: nginx", "<html>no</html>"), OTHER.format(404)),
    "405": (_says("405 Method Not Allowed\r\nAllow: GET", "no"), OTHER.format(405)),
    "407-ntlm": (_says("407 Proxy Authentication Required\r\nProxy-Authenticate: NTLM", "x"), "requires a login"),
    "407-negotiate": (_says("407 x\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM"), "requires a login"),
    "407-digest": (_says('407 x\r\nProxy-Authenticate: Digest realm="x", nonce="y"'), "requires a login"),
    "407-no-scheme": (_says("407 Proxy Authentication Required"), "requires a login"),
    "407-body-silent": (answers(b"HTTP/1.1 407 x\r\nContent-Length: 9\r\n\r\n", _waits), "requires a login"),
    "403-body-silent": (
        answers(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\n", _waits),
        "CONNECT was answered 403",
    ),
    "403-chunked": (
        answers(b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n"),
        "CONNECT was answered 403",
    ),
    "403-no-length": (answers(b"HTTP/1.0 403 Forbidden\r\n\r\n<html>blocked</html>"), "CONNECT was answered 403"),
    "403-no-reason": (answers(b"HTTP/1.1 403\r\n\r\n"), "CONNECT was answered 403"),
    "403-line-feeds": (answers(b"HTTP/1.1 403 Forbidden\n\n"), "CONNECT was answered 403"),
    "408": (_says("408 Request Timeout"), OTHER.format(408)),
    "429": (_says("429 Too Many Requests\r\nRetry-After: 30", "slow down"), OTHER.format(429)),
    "451": (_says("451 Unavailable For Legal Reasons"), OTHER.format(451)),
    "500": (_says("500 Internal Server Error", "<html>oops</html>"), BEHIND.format(500)),
    "501": (_says("501 Not Implemented"), OTHER.format(501)),
    "502-body": (_says("502 Bad Gateway", "<html>no</html>" * 200), BEHIND.format(502)),
    "504": (_says("504 Gateway Timeout\r\nX-Squid-Error: ERR_CONNECT_FAIL 110"), BEHIND.format(504)),
    "307": (_says("307 Temporary Redirect\r\nLocation: http://login.example/"), OTHER.format(307)),
    "403-after-100": (
        answers(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
        f"CONNECT was answered 403|{OTHER.format(100)}",  # curl treats 100 as the complete answer
    ),
    # no answer to CONNECT
    "status-half": (answers(b"HTTP/1."), CLOSED),
    "drips-too-slowly": (answers(_drips(b"HTTP/1.1 200 Connection established\r\n\r\n", 0.5)), NO_ANSWER),
    "tls-proxy": (answers(bytes([21, 3, 1, 0, 2, 2, 70])), CLOSED),
    "socks": (lambda client: client.sendall(b"\x05\xff"), CLOSED),
    "http-2": (answers(bytes.fromhex("000012040000000000000300000064")), CLOSED),
    "smtp": (lambda client: client.sendall(b"220 mail.example ESMTP\r\n"), CLOSED),
    # servers behind the tunnel
    "tunnel-early-data": (answers(_OK + b"220 mail.example ESMTP ready\r\n", _hello, _waits), PLAIN),
    "tunnel-http-at-once": (answers(_OK + b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", _hello), PLAIN),
    "tunnel-html": (answers(_OK, _hello, b"<html>blocked</html>", _waits), PLAIN),
    "tunnel-half-record": (answers(_OK, _hello, bytes.fromhex("160303007a0200")), f"{BROKE_OFF}|{BROKE}"),
    "tunnel-half-record-silent": (
        answers(_OK, _hello, bytes.fromhex("160303007a0200"), _waits),
        "but the TLS handshake was not done after",
    ),
    "tunnel-warning-silent": (
        answers(_OK, _hello, bytes([21, 3, 3, 0, 2, 1, 112]), _waits),
        f"but the TLS handshake was not done after|{BROKE_OFF}",
    ),
    "tunnel-close-notify": (answers(_OK, _hello, bytes([21, 3, 3, 0, 2, 1, 0])), f"{BROKE_OFF}|{BROKE}"),
    "tunnel-close-at-once": (answers(_OK), f"{BROKE_OFF}|{BROKE}"),
    **{f"alert-{number}": (_alert(number), words) for number, words in _ALERTS.items()},
}

#: Other answers that open a tunnel (RFC 9110: any 2xx does), with a healthy endpoint behind it.
HEADS = {
    "http-1.0": b"HTTP/1.0 200 OK\r\n\r\n",
    "no-reason": b"HTTP/1.1 200\r\n\r\n",
    "line-feeds": b"HTTP/1.1 200 OK\n\n",
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nProxy-Agent: x\r\nConnection: close\r\n\r\n",
    "201": b"HTTP/1.1 201 Created\r\n\r\n",
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "long": b"HTTP/1.1 200 OK\r\n" + b"X-Padding: " + b"x" * 3000 + b"\r\n\r\n",
}


#: curl 7.52 accepts only 200, without a Content-Length.
HEAD_WORDS = f"{REACHED}|Content-Length: in 200 response|{OTHER.format('20[14]')}"


def _tls_1_2(context: ssl.SSLContext, ciphers: str = "", *, client: bool = False) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    if ciphers:
        context.set_ciphers(ciphers)
    if client:
        context.verify_mode = ssl.CERT_REQUIRED


def _client_1_3(context: ssl.SSLContext) -> None:
    context.minimum_version, context.verify_mode = ssl.TLSVersion.TLSv1_3, ssl.CERT_REQUIRED


def origins(pem: Path) -> Mapping[str, tuple[Behaviour, str]]:
    """Endpoints behind the tunnel, with a trusted certificate."""
    empty = b"\r\nContent-Length: 0\r\n\r\n"
    return {
        **{f"head-{name}": (serves(pem, head=head), HEAD_WORDS) for name, head in HEADS.items()},
        "head-after-100": (
            serves(pem, head=b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
            f"{REACHED}|{OTHER.format(100)}",
        ),
        "tls-1.2": (serves(pem, context=_tls_1_2), REACHED),
        "tls-200": (serves(pem, answer=b"HTTP/1.1 200 OK" + empty), REACHED),
        "tls-500": (serves(pem, answer=b"HTTP/1.1 500 Internal Server Error" + empty), REACHED),
        "tls-301": (serves(pem, answer=b"HTTP/1.1 301 Moved\r\nLocation: https://x.example/" + empty), REACHED),
        "tls-garbage": (serves(pem, answer=b"SSH-2.0-OpenSSH_9.2\r\n"), f"{BROKE}|answered nothing within"),
        "tls-weak-cipher": (
            serves(pem, context=partial(_tls_1_2, ciphers="AES128-SHA256:AES256-SHA")),
            f"{CIPHER}|{REACHED}",
        ),
        # curl 8.9 with GnuTLS may write its request before it reads the refusal, and then reports the closed pipe.
        "tls-client-1.2": (serves(pem, context=partial(_tls_1_2, client=True)), f"{BROKE_OFF}|{CIPHER}|{BROKE}"),
        "tls-client-1.3": (serves(pem, context=_client_1_3), f"{BROKE}|{BROKE_OFF}|{VERSION}"),
    }
