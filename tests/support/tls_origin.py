"""An endpoint of Azure behind a proxy, both on the loopback interface, with certificates of every kind."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from lab.odd_proxy import Behaviour

_OK = b"HTTP/1.1 200 Connection established\r\n\r\n"
_ANSWER = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def certificate(folder: Path, kind: str, host: str) -> tuple[Path, Path]:
    """A certificate with its key, and the authority for the client's trust, as PEM files."""
    now = dt.datetime.now(dt.UTC)
    ca_key, key = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())
    issuer = "Contoso Inspection" if kind == "untrusted" else "Microsoft Corporation"
    ca_name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, issuer)])
    begin, end = {"expired": (-20, -10), "future": (10, 20)}.get(kind, (-10, 10))
    ca = (
        x509.CertificateBuilder()
        .subject_name(ca_name)
        .issuer_name(ca_name)
        .public_key(ca_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=100))
        .not_valid_after(now + dt.timedelta(days=100))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    name = "other.example" if kind == "name" else host
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(ca_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + dt.timedelta(days=begin))
        .not_valid_after(now + dt.timedelta(days=end))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem, trusted = folder / f"{kind}.pem", folder / f"{kind}-ca.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(private + leaf.public_bytes(Encoding.PEM))
    trusted.write_bytes(ca.public_bytes(Encoding.PEM))
    return pem, trusted


def behaviours(folder: Path, host: str) -> tuple[Mapping[str, Behaviour], Mapping[str, Path]]:
    """Behaviours of a proxy before the endpoint, by name, and the authority to trust for each."""
    acts: dict[str, Behaviour] = {}
    trusted: dict[str, Path] = {}
    for name in ("good", "expired", "future", "name", "untrusted", "signature", "old", "silent", "close"):
        pem, trusted[f"tls-{name}"] = certificate(folder, name, host)
        acts[f"tls-{name}"] = serves(pem, name)
    trusted["tls-untrusted"] = trusted["tls-signature"] = trusted["tls-name"]
    return acts, trusted


def serves(
    pem: Path,
    name: str = "",
    *,
    head: bytes = _OK,
    answer: bytes = _ANSWER,
    context: Callable[[ssl.SSLContext], None] | None = None,
) -> Behaviour:
    """Open the tunnel with `head`, show this certificate, and answer; "old": in TLS 1.1; "silent", "close": without an
    answer; `context` changes what else the endpoint speaks."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem)
    if name == "old":
        tls.set_ciphers("ALL:@SECLEVEL=0")
        tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1_1
    if context:
        context(tls)

    def behave(client: socket.socket) -> None:
        _read_head(client)
        client.sendall(head)
        with contextlib.suppress(ssl.SSLError), tls.wrap_socket(client, server_side=True) as secured:
            _read_head(secured)
            if name == "silent":
                time.sleep(20)
            elif name != "close":
                secured.sendall(answer)

    return behave


def _read_head(client: socket.socket) -> None:
    text = b""
    while b"\r\n\r\n" not in text and (more := client.recv(4096)):
        text += more
