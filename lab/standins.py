"""The stand-ins' servers: the metadata service, Azure over TLS, and servers on port 22 that are not sshd.

They run in separate processes: `run_fabric` inside the fabric, for all VMs, which it distinguishes by source address;
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
from collections.abc import Callable, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from lab import addresses, azure
from lab.arm import Arm
from lab.cloud_model import Cloud
from lab.entra import Entra
from lab.messages import Answer, Request
from lab.metadata import metadata_answer
from lab.odd_proxy import OddProxy
from lab.spec import Spec
from lab.tokens import Issuer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sys_version = ""  # no "Python/3" in the Server header
    timeout = 30

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: squid's log has the requests."""

    def request_message(self) -> Request:
        """The client's request, with its whole body."""
        parts = urlsplit(self.path)
        return Request(
            method=self.command,
            path=unquote(parts.path),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
        )

    def reply(self, answer: Answer) -> None:
        """Send an answer; http.server adds a real Date."""
        time.sleep(answer.delay)
        body = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer(self) -> None:
        """Answer a request with any method."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect or reject the certificate."""


class MetadataService(_Server):
    """The IMDS sidecars of all VMs. `sidecars` is by the VM's address."""

    def __init__(self, address: tuple[str, int], sidecars: Mapping[str, Callable[[Request], Answer]]) -> None:
        class Handler(_Handler):
            server_version = "Kestrel"

            def answer(self) -> None:
                self.reply(sidecars[self.client_address[0]](self.request_message()))

        super().__init__(address, Handler)


class Origins(_Server):
    """The Azure endpoints. Every name has its own address, which determines the certificate.

    `certificates` is by authority and then by key of azure.toml; `tls` by the VM's egress address and then by key.
    `sites`, by key, answer their own requests; every other request gets the status in azure.toml.
    """

    def __init__(
        self,
        address: tuple[str, int],
        certificates: Mapping[str, Mapping[str, str]],
        tls: Mapping[str, Mapping[str, str]],
        sites: Mapping[str, Callable[[Request], Answer | None]],
    ) -> None:
        self._tls = tls
        self._endpoints = {endpoint.address: endpoint for endpoint in azure.endpoints()}
        for key, on_mgmt in (("arm", addresses.ARM), ("login", addresses.LOGIN)):
            self._endpoints[on_mgmt] = azure.endpoint(key)
        self._contexts = {
            (way, key): _tls_context(path, old=way == "old")
            for way, authority in (("", "azure"), ("old", "azure"), ("intercepted", "interceptor"))
            for key, path in certificates[authority].items()
        }
        endpoints = self._endpoints

        class Handler(_Handler):
            server_version = "Microsoft-HTTPAPI/2.0"

            def answer(self) -> None:
                endpoint, request = endpoints[self.connection.getsockname()[0]], self.request_message()
                site = sites.get(endpoint.key)
                self.reply((site and site(request)) or _fixed(endpoint))

        super().__init__(address, Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Do the TLS handshake in the connection's thread, so that a slow client does not block others."""
        key = self._endpoints[request.getsockname()[0]].key
        ways = self._tls.get(client_address[0], {})
        context = self._contexts[ways.get(key, ways.get("*", "")), key]
        request.settimeout(30)
        with context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)


def _fixed(endpoint: azure.Endpoint) -> Answer:
    location = {"Location": f"https://{endpoint.name}/"} if 300 <= endpoint.status < 400 else {}
    return Answer(endpoint.status, {"answered_for": endpoint.name}, headers=location)


def _tls_context(certificate: str, *, old: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if old:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def run_fabric(config: str) -> None:
    """Serve the metadata service and Azure; `config` is the JSON that `lab.inside` writes."""
    settings = json.loads(Path(config).read_text(encoding="utf-8"))
    plans = Spec.from_json(settings["spec"]).plans()
    cloud, issuer = Cloud.of(plans), Issuer()
    log = Path(settings["log"])
    log.touch()
    arm = Arm(cloud, issuer, {plan.name: plan.azure.troubles for plan in plans}, log)
    sidecars = {
        addresses.csn(plan.number): partial(
            metadata_answer, plan=plan, place=cloud.places[plan.name], issuer=issuer
        )
        for plan in plans
    }  # fmt: skip
    sites = {"arm": arm.answer, "login": Entra(issuer).answer}
    servers: list[socketserver.BaseServer] = [
        MetadataService((addresses.IMDS, 80), sidecars),
        Origins(("0.0.0.0", 443), settings["certificates"], settings["tls"], sites),
    ]
    if odd := {addresses.csn(plan.number): plan.odd_proxy for plan in plans if plan.odd_proxy}:
        servers.append(OddProxy((addresses.PROXY, addresses.ODD_PROXY_PORT), odd.__getitem__))
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    Path(settings["ready"]).touch()
    threading.Event().wait()


def run_port22(kind: str, ready: str) -> None:
    """Serve port 22 with a server that is not an SSH server: `silent`, `http` or `hangs-up`."""
    with socket.create_server(("", 22), backlog=128) as server:
        Path(ready).touch()
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_greet, args=(kind, connection), daemon=True).start()


def _greet(kind: str, connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        if kind == "silent":
            while connection.recv(4096):
                pass  # keep the connection open until the client closes it
        elif kind == "http":
            connection.recv(4096)  # the client's greeting, a bad request
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nConnection: close\r\n\r\n<html></html>")
