"""Host certificates: reads the certificate of a server, and judges it by OpenSSH's rules.

Format: OpenSSH's PROTOCOL.certkeys. A certificate is valid for a host when an authority of known_hosts signed it, by an
allowed algorithm, as a host certificate, for that name, for now, and without options that this side does not know.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Collection
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    SSHCertificate,
    SSHCertificateType,
    load_ssh_public_identity,
)
from paramiko import Message

SUFFIX = "-cert-v01@openssh.com"
_FOREVER = 2**64 - 1
#: Fields of the public key between the nonce and the serial number.
_KEY_FIELDS = {
    "ssh-ed25519": 1,
    "ecdsa-sha2-nistp256": 2,
    "ecdsa-sha2-nistp384": 2,
    "ecdsa-sha2-nistp521": 2,
    "ssh-rsa": 2,
}


class CertificateProblem(Exception):
    """A certificate that cannot be read, or without a valid signature of its authority."""


@dataclass(frozen=True, slots=True)
class HostCertificate:
    """A certificate with a verified signature. Whether its authority is trusted is decided elsewhere."""

    is_host: bool
    authority: str  # the CA's public key, base64 as in known_hosts
    authority_kind: str  # "ssh-ed25519"
    algorithm: str  # of the signature: "rsa-sha2-512"
    principals: tuple[str, ...]  # empty: any host
    valid_after: int  # seconds since 1970
    valid_before: int
    critical_options: tuple[str, ...]
    key_id: str

    def problem(self, host: str, algorithms: Collection[str], now: float | None = None) -> str:
        """Why it is not valid; "" when it is. `host`: without a port; `algorithms`: CASignatureAlgorithms."""
        now = time.time() if now is None else now
        if not self.is_host:
            return "is a user certificate, not a host certificate"
        if now < self.valid_after:
            return f"is not valid before {_when(self.valid_after)}"
        if now >= self.valid_before:
            return f"expired at {_when(self.valid_before)}"
        if self.principals and host not in self.principals:  # as in ssh: no patterns, and case-sensitive
            return f"is for {_some(self.principals)}, not for {host}"
        if self.critical_options:
            return f"has critical options that ssh does not know: {_some(self.critical_options)}"
        if self.algorithm not in algorithms:
            return f"is signed with {self.algorithm}, which CASignatureAlgorithms does not allow"
        return ""


def read_certificate(blob: bytes) -> HostCertificate:
    """The certificate that a server showed. Raises `CertificateProblem`."""
    try:
        kind, authority, algorithm = _signature_parts(blob)
        certificate = load_ssh_public_identity(kind.encode() + b" " + base64.b64encode(blob))
        assert isinstance(certificate, SSHCertificate)  # by its type
        certificate.verify_cert_signature()
    except InvalidSignature:
        raise CertificateProblem("has a signature that is not its authority's") from None
    except (ValueError, UnsupportedAlgorithm, IndexError) as error:  # a damaged one, or a CA on a security key
        raise CertificateProblem(f"cannot be verified here ({error})") from None
    shown = certificate.signature_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1].decode()
    if shown != base64.b64encode(authority).decode():
        raise CertificateProblem("has an authority that is written in an unusual way")
    return HostCertificate(
        is_host=certificate.type == SSHCertificateType.HOST,
        authority=shown,
        authority_kind=Message(authority).get_text(),
        algorithm=algorithm,
        principals=tuple(name.decode("utf-8", "backslashreplace") for name in certificate.valid_principals),
        valid_after=certificate.valid_after,
        valid_before=certificate.valid_before,
        critical_options=tuple(name.decode("utf-8", "backslashreplace") for name in certificate.critical_options),
        key_id=certificate.key_id.decode("utf-8", "backslashreplace"),
    )


def _signature_parts(blob: bytes) -> tuple[str, bytes, str]:
    """The certificate's type, the authority's key and the algorithm of its signature."""
    message = Message(blob)
    kind = message.get_text()
    fields = _KEY_FIELDS.get(kind.removesuffix(SUFFIX))
    if fields is None or not kind.endswith(SUFFIX):
        raise CertificateProblem(f"has the type {kind!r}, which is not known here")
    for _ in range(1 + fields):  # nonce and public key
        message.get_binary()
    message.get_int64()  # serial number
    message.get_int()  # user or host
    for _ in range(2):  # key id, principals
        message.get_binary()
    message.get_int64()
    message.get_int64()
    for _ in range(3):  # critical options, extensions, reserved
        message.get_binary()
    authority = message.get_binary()
    return kind, authority, Message(message.get_binary()).get_text()


def _when(seconds: int) -> str:
    if seconds == _FOREVER:
        return "the end of time"
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
    except (OverflowError, ValueError, OSError):
        return f"second {seconds}"


def _some(names: Collection[str]) -> str:
    shown = ", ".join(repr(name) for name in list(names)[:3])
    return f"{shown}, ..." if len(names) > 3 else shown
