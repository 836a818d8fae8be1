"""Stand-ins for what cannot be had: the metadata service, the Azure endpoints, and things on port 22 that are no sshd.

They run in processes of their own: `run_fabric` inside the fabric, for all VMs, which it tells apart by source address;
`run_port22` inside the network of one VM.
"""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lab import addresses, azure

#: An answer of the metadata service that comes too late for every limit in the documentation.
SLOW_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a stand-in says to one request."""

    status: int
    body: Mapping[str, Any]
    delay: float = 0.0


def metadata_answer(path: str, metadata_header: str, behaviour: str) -> Answer:
    """The metadata service: what it says to `GET path` of a VM that it treats in this way."""
    delay = SLOW_SECONDS if behaviour == "slow" else 0.0
    if behaviour == "503":
        return Answer(503, {"error": "service_unavailable"})
    if metadata_header.lower() != "true":
        return Answer(400, {"error": "bad_request_102", "error_description": "Required metadata header not specified"})
    if path == "/healthz":
        return Answer(200, {"status": "healthy"}, delay)
    if path.startswith("/metadata/instance") and behaviour == "azure-vm":
        return Answer(200, {"name": "azure-vm", "provider": "Microsoft.Compute", "location": "eastus"}, delay)
    if path.startswith("/metadata/identity/oauth2/token"):
        return Answer(400, {"error": "invalid_request", "error_description": "Identity not found"}, delay)
    return Answer(404, {"error": "not_found"}, delay)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads a log of requests; squid keeps one."""

    def reply(self, answer: Answer, headers: Mapping[str, str] | None = None) -> None:
        """Send an answer (http.server adds a real Date), after reading what the client sent."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        time.sleep(answer.delay)
        body = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer(self) -> None:
        """What this server says to a request of any method."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away, or does not like the certificate, is no news."""


class MetadataService(_Server):
    """The IMDS sidecars of all VMs. `behaviour` is by the VM's address; who is not named is healthy."""

    def __init__(self, address: tuple[str, int], behaviour: Mapping[str, str]) -> None:
        class Handler(_Handler):
            server_version = "Kestrel"

            def answer(self) -> None:
                treated = behaviour.get(self.client_address[0], "healthy")
                self.reply(metadata_answer(urlsplit(self.path).path, self.headers.get("Metadata", ""), treated))

        super().__init__(address, Handler)


class Origins(_Server):
    """The Azure endpoints: every name has an address of its own, so the certificate follows from where one connects.

    `certificates` is by authority and then by key of azure.toml; `tls` by the VM's egress address and then by key.
    """

    def __init__(
        self,
        address: tuple[str, int],
        certificates: Mapping[str, Mapping[str, str]],
        tls: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._tls = tls
        self._endpoints = {endpoint.address: endpoint for endpoint in azure.endpoints()}
        self._contexts = {
            (way, key): _tls_context(path, old=way == "old")
            for way, authority in (("", "azure"), ("old", "azure"), ("intercepted", "interceptor"))
            for key, path in certificates[authority].items()
        }
        endpoints = self._endpoints

        class Handler(_Handler):
            server_version = "Microsoft-HTTPAPI/2.0"

            def answer(self) -> None:
                endpoint = endpoints[self.connection.getsockname()[0]]
                location = {"Location": f"https://{endpoint.name}/"} if 300 <= endpoint.status < 400 else {}
                self.reply(Answer(endpoint.status, {"answered_for": endpoint.name}), location)

        super().__init__(address, Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """The TLS handshake, in the connection's own thread so that a slow client stops nobody."""
        key = self._endpoints[request.getsockname()[0]].key
        ways = self._tls.get(client_address[0], {})
        context = self._contexts[ways.get(key, ways.get("*", "")), key]
        request.settimeout(30)
        with context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)


def _tls_context(certificate: str, *, old: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if old:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def run_fabric(config: str) -> None:
    """Serve the metadata service and the Azure endpoints; `config` is the JSON that `lab.inside` writes."""
    settings = json.loads(Path(config).read_text(encoding="utf-8"))
    servers: list[socketserver.BaseServer] = [
        MetadataService((addresses.IMDS, 80), settings["imds"]),
        Origins(("0.0.0.0", 443), settings["certificates"], settings["tls"]),
    ]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    Path(settings["ready"]).touch()
    threading.Event().wait()


def run_port22(kind: str, ready: str) -> None:
    """Something on port 22 that is not an SSH server: `silent`, `http` or `hangs-up`."""
    with socket.create_server(("", 22), backlog=128) as server:
        Path(ready).touch()
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_greet, args=(kind, connection), daemon=True).start()


def _greet(kind: str, connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        if kind == "silent":
            while connection.recv(4096):
                pass  # open as long as the client likes, and not a byte from us
        elif kind == "http":
            connection.recv(4096)  # the client's greeting, a bad request
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nConnection: close\r\n\r\n<html></html>")
