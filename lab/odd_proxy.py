"""A proxy that misbehaves, in several ways.

The lab uses it instead of squid for a VM with such a fault; tests run it on the loopback interface.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
from collections.abc import Callable, Mapping

_OK = b"HTTP/1.1 200 Connection established\r\n\r\n"
_PAGE = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>blocked</html>\r\n"
_ALERT = bytes.fromhex("1503030002 02")  # TLS 1.2, a fatal alert; its number follows

Behaviour = Callable[[socket.socket], None]


def _head(client: socket.socket) -> None:
    text = b""
    while b"\r\n\r\n" not in text and (more := client.recv(4096)):
        text += more


def _reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _wait(client: socket.socket) -> None:
    while client.recv(4096):
        pass  # until the client closes the connection


def answers(*parts: bytes | Behaviour) -> Behaviour:
    """Read the client's request, then perform these parts in turn."""

    def behave(client: socket.socket) -> None:
        _head(client)
        for part in parts:
            if isinstance(part, bytes):
                client.sendall(part)
            else:
                part(client)

    return behave


def _hello(client: socket.socket) -> None:
    client.recv(4096)  # the client's first TLS message


BEHAVIOURS: Mapping[str, Behaviour] = {
    "silent": _wait,
    "half-head": answers(b"HTTP/1.1 200 Connection est", _wait),
    "half-head-closed": answers(b"HTTP/1.1 200 Connection est"),
    "hang-up": answers(),
    "hang-up-at-once": lambda client: None,
    "reset": answers(_reset),
    "garbage": answers(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
    "garbage-bytes": answers(bytes(range(1, 255)) * 4),
    "tunnel-close": answers(_OK, _hello),
    "tunnel-reset": answers(_OK, _hello, _reset),
    "tunnel-silent": answers(_OK, _wait),
    "tunnel-plain-text": answers(_OK, _hello, _PAGE),
    "tunnel-garbage": answers(_OK, _hello, bytes(range(1, 255)) * 4),
    "tunnel-alert": answers(_OK, _hello, _ALERT + b"\x50"),  # internal error
    "tunnel-alert-name": answers(_OK, _hello, _ALERT + b"\x70"),  # unrecognised name: a filter by name
    "tunnel-alert-handshake": answers(_OK, _hello, _ALERT + b"\x28"),
    "tunnel-alert-version": answers(_OK, _hello, _ALERT + b"\x46"),
}


class OddProxy(socketserver.ThreadingTCPServer):
    """`choose` returns the name of the act in `acts` for a client's address."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], choose: Callable[[str], str], acts: Mapping[str, Behaviour] = BEHAVIOURS
    ) -> None:
        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                self.request.settimeout(30)
                with contextlib.suppress(OSError):
                    acts[choose(self.client_address[0])](self.request)

        super().__init__(address, Handler)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close without a shutdown: after a reset by the behaviour, a shutdown would send a FIN."""
        self.close_request(request)
