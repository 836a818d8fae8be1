"""A small Azure Resource Manager and Entra ID on a local port, over TLS, for the real SDKs.

The format is that of the public REST examples: lists in pages with a ``nextLink``, errors as ``{"error": {…}}``.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from azure.core.credentials import AccessToken
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from plugins.azure.clouds import Cloud

TENANT = "a0000000-0000-4000-8000-000000000001"
TOKEN = "eyJ0eXAiOiJKV1QifQ.eyJhdWQiOiJhcm0ifQ.c2lnbmF0dXJl"

#: An answer instead of the document: (status, headers, body).
Trouble = tuple[int, dict[str, str], Any]


class FakeCredential:
    """A credential that always has a token."""

    def __init__(self, token: str = TOKEN) -> None:
        self.token = token
        self.asked = 0

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        self.asked += 1
        return AccessToken(self.token, int(time.time()) + 3600)


def arm_error(status: int, code: str, message: str = "", **headers: str) -> Trouble:
    return (
        status,
        {name.replace("_", "-"): value for name, value in headers.items()},
        {"error": {"code": code, "message": message}},
    )


def forbidden(action: str, scope: str) -> Trouble:
    return arm_error(
        403,
        "AuthorizationFailed",
        f"The client 'reader' with object id 'b0000000-0000-4000-8000-000000000001' does not have authorization to perform"
        f" action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh"
        " your credentials.",
    )


@dataclass
class Arm:
    """The server's state: set `documents`, `lists` and `troubles`; read `requests`."""

    port: int = 0
    page: int = 200  # items per page
    documents: dict[str, Any] = field(default_factory=dict)  # by path
    lists: dict[str, list[Any]] = field(default_factory=dict)  # by path, with "?filter" if there is one
    troubles: list[tuple[Callable[[str], bool], list[Trouble | None]]] = field(default_factory=list)
    drips: dict[str, str] = field(default_factory=dict)  # part of a path -> "headers" or "body", which never end
    #: end of a path -> the supported API versions, and the answer for others
    versions: dict[str, tuple[list[str], Trouble]] = field(default_factory=dict)
    next_link_host: str = "localhost"  # in a nextLink
    accepts: set[str] = field(default_factory=set)  # the Accept headers of requests
    requests: list[str] = field(default_factory=list)  # "GET /subscriptions/…?api-version=…", in order

    @property
    def cloud(self) -> Cloud:
        return Cloud("AzureCloud", f"https://localhost:{self.port}", f"https://localhost:{self.port}")

    def put(self, document: dict[str, Any]) -> dict[str, Any]:
        """Add a resource, by its id and to the lists of its subscription and its group."""
        path = document["id"].lower()
        self.documents[path] = document
        words = path.split("/")
        collection = "/".join(words[5:8])
        for scope in ("/".join(words[:3]), "/".join(words[:5])):
            self.lists.setdefault(f"{scope}/{collection}", []).append(document)
        return document

    def trouble(self, words: str, *answers: Trouble | None) -> None:
        """Paths with `words` get these answers in turn, and then the last one again; None is the document."""
        self.troubles.append((lambda path: words.lower() in path, list(answers)))

    def answer(self, url: str, token: str | None) -> Trouble:
        parts = urlsplit(url)
        path, query = unquote(parts.path).lower().replace("//", "/"), parse_qs(parts.query)
        if token != f"Bearer {TOKEN}":
            return arm_error(401, "ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than now.")
        if "api-version" not in query:
            return arm_error(400, "MissingApiVersionParameter", "The api-version query parameter is required.")
        for words, (served, refusal) in self.versions.items():
            if words in path and query["api-version"][0] not in served:
                return refusal
        for concerns, answers in self.troubles:
            if concerns(path):
                chosen = answers.pop(0) if len(answers) > 1 else answers[0]
                if chosen is not None:
                    return chosen
        if path in self.documents:
            return 200, {}, self.documents[path]
        name = path + (f"?{query['$filter'][0]}" if "$filter" in query else "")
        if name in self.lists:
            return self._paged(name, parts.path, query)
        return arm_error(404, "ResourceNotFound", f"The Resource '{path}' was not found.")

    def _paged(self, name: str, path: str, query: dict[str, list[str]]) -> Trouble:
        start = int(query.get("$skiptoken", ["0"])[0])
        body: dict[str, Any] = {"value": self.lists[name][start : start + self.page]}
        if start + self.page < len(self.lists[name]):
            same = "&".join(f"{key}={value[0]}" for key, value in query.items() if key != "$skiptoken")
            body["nextLink"] = f"https://{self.next_link_host}:{self.port}{path}?{same}&$skiptoken={start + self.page}"
        return 200, {}, body

    def login(self, path: str, body: str) -> Trouble:
        """Entra ID: the discovery document, and tokens for the only client secret."""
        base = f"https://localhost:{self.port}/{TENANT}"
        if path.endswith("/.well-known/openid-configuration"):
            return (
                200,
                {},
                {
                    "issuer": f"{base}/v2.0",
                    "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{base}/oauth2/v2.0/token",
                },
            )
        if "client_secret=right" in body:
            return 200, {}, {"token_type": "Bearer", "expires_in": 3599, "access_token": TOKEN}
        text = "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent is the client secret value."
        return 401, {}, {"error": "invalid_client", "error_description": text}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    arm: Arm

    def do_GET(self) -> None:
        if "/.well-known/" in self.path:
            return self._send(self.arm.login(self.path, ""))
        self.arm.requests.append(f"GET {self.path}")
        self.arm.accepts.add(self.headers["Accept"] or "")
        for words, where in self.arm.drips.items():
            if words in self.path.lower():
                return self._drip(where)
        return self._send(self.arm.answer(self.path, self.headers["Authorization"]))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        if "/oauth2/" in self.path:
            return self._send(self.arm.login(self.path, body))
        self.arm.requests.append(f"POST {self.path}")
        return self._send((200, {}, {}))

    def _drip(self, where: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        if where == "body":
            self.wfile.write(b"Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
        with suppress(OSError):
            while True:
                self.wfile.write(b" " if where == "body" else b"X: y\r\n")
                time.sleep(0.1)

    def _send(self, answer: Trouble) -> None:
        status, headers, body = answer
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the tests' output clean."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    context: ssl.SSLContext

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Do the handshake in the connection's thread, so that a failed one does not block others."""
        try:
            tls = self.context.wrap_socket(request, server_side=True)
        except OSError:
            return
        with tls:
            super().finish_request(tls, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that disconnected."""


def certificate(directory: Path) -> tuple[Path, Path]:
    """A self-signed certificate for localhost, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "azure stand-in of the tests")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_path, key_path = directory / "cert.pem", directory / "key.pem"
    cert_path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert_path, key_path


def serve(cert: Path, key: Path) -> tuple[Arm, _Server]:
    """Start a server on a free port."""
    arm = Arm()
    handler = type("Handler", (_Handler,), {"arm": arm})
    server = _Server(("127.0.0.1", 0), handler)
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(cert, key)
    arm.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return arm, server
