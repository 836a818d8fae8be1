"""Keys and certificates, which every lab makes anew and only keeps while it runs."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

#: Far enough into the past and the future that a VM with a wrong clock still sees valid certificates.
_AGE = dt.timedelta(days=365)


@dataclass(frozen=True, slots=True)
class SshKey:
    """An ed25519 key pair in OpenSSH's formats."""

    private: str
    public: str  # "ssh-ed25519 AAAA..."

    @classmethod
    def generate(cls) -> SshKey:
        """A new key pair."""
        key = ed25519.Ed25519PrivateKey.generate()
        return cls(
            private=key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode(),
            public=key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode(),
        )


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority: a root that machines trust, and the issuing certificate below it that signs."""

    root: x509.Certificate
    issuing: x509.Certificate
    issuing_key: ec.EllipticCurvePrivateKey

    @classmethod
    def create(cls, organization: str, root: str, issuing: str) -> Authority:
        """A new authority; the names are what `curl -v` and openssl show as issuers."""
        root_key, issuing_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        root_name, issuing_name = _name(organization, root), _name(organization, issuing)
        return cls(
            root=_authority(root_name, root_key, root_name, root_key, path_length=1),
            issuing=_authority(issuing_name, issuing_key, root_name, root_key, path_length=0),
            issuing_key=issuing_key,
        )

    @property
    def root_pem(self) -> str:
        """The root certificate, for a trust store."""
        return self.root.public_bytes(Encoding.PEM).decode()

    def issue(self, names: Sequence[str]) -> str:
        """A server's private key, its certificate for `names` and the issuing certificate, in one PEM text."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(_name(None, names[0]), key, self.issuing.subject)
            .add_extension(x509.SubjectAlternativeName([_san(name) for name in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.issuing_key.public_key()), critical=False
            )
            .sign(self.issuing_key, hashes.SHA256())
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return b"".join([private, *(c.public_bytes(Encoding.PEM) for c in (certificate, self.issuing))]).decode()


def _name(organization: str | None, common: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if organization:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(parts)


def _san(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(subject: x509.Name, key: ec.EllipticCurvePrivateKey, issuer: x509.Name) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _AGE)
        .not_valid_after(now + _AGE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _authority(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    path_length: int,
) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        _builder(subject, key, issuer)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
