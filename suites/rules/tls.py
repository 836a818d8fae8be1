"""TLS facts from curl's output: version, issuer, and why a certificate was not accepted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from plugins.requirements.data_files import read_table
from suites.probes.curl import CurlAnswer
from suites.wording import plain

#: curl's exit statuses that speak of the certificate, after the tunnel was open.
_CERTIFICATE = {
    51: "the certificate is for another name",  # curl before 7.62
    60: "the certificate was not accepted",
    77: "the VM's CA bundle could not be read",
    82: "the revocation list could not be read",
    83: "the issuer check failed",
    91: "the certificate status was invalid",
}

#: The words of OpenSSL, GnuTLS, NSS and Schannel, with their numbers where they print one.
_OLD_TLS = re.compile(
    r"protocol version|unsupported protocol|no protocols available|version too low|unsupported version|"
    r"SSL_ERROR_(UNSUPPORTED_VERSION|PROTOCOL_VERSION_ALERT)|-12190\b|SEC_E_UNSUPPORTED_FUNCTION|80090302",
    re.I,
)
_PLAIN_TEXT = re.compile(
    r"wrong version number|:http request|:unknown protocol|packet length too long|"
    r"(0A00010B|1408F10B|140770FC|0A0000C6)|unexpected TLS packet|"
    r"record that exceeded the maximum|RX_RECORD_TOO_LONG|-12263\b|SEC_E_INVALID_TOKEN|80090308|"
    r"received corrupt message|invalid ssl record|token supplied to the function is invalid",
    re.I,
)
_NO_CIPHER = re.compile(
    r"no common encryption|NO_CYPHER_OVERLAP|-12286\b|no (shared |common )?ciphers?\b|no cipher (suites?|match)|"
    r"alert handshake failure|(0A000410|14094410|14077410)|alert insufficient security|"
    r"no suitable (key share|signature)|supported cipher suite|"
    r"handshake failed|SEC_E_ALGORITHM_MISMATCH|80090331|possess a common algorithm|"
    r"alert:? .?handshake.failure",
    re.I,
)


@cache
def _schannel() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The kinds of Schannel's statuses about a certificate: data/schannel.toml."""
    return tuple(
        (
            kind,
            re.compile(
                "|".join([rf"\b{name}\b" for name in rows] + [rf"0x{each}\b" for each in rows.values() if each]), re.I
            ),
        )
        for kind, rows in read_table("schannel").items()
        if isinstance(rows, dict)
    )


def schannel(answer: CurlAnswer) -> str:
    """What Schannel found wrong with the certificate: untrusted, validity, name, revocation, revoked; "" = nothing.

    By name or number of the status, for the rest of the sentence is in the system's language::

        schannel: next InitializeSecurityContext failed: SEC_E_UNTRUSTED_ROOT (0x80090325) - Die Zertifikatkette ...
    """
    return next((kind for kind, pattern in _schannel() if pattern.search(answer.error)), "")


@cache
def _words() -> dict[str, re.Pattern[str]]:
    """The words of the other TLS libraries, by kind: data/tls-words.toml."""
    return {
        kind: re.compile(rows["pattern"], re.I)
        for kind, rows in read_table("tls-words").items()
        if isinstance(rows, dict)
    }


#: %{ssl_verify_result} for a time of validity that is not now: OpenSSL's two, NSS' two; GnuTLS has bits for it.
_NOT_NOW, _NOT_NOW_BITS = (9, 10, -8181, -8162), 0x600


def certificate_fault(answer: CurlAnswer) -> str:
    """What was found wrong with a certificate that was not accepted: untrusted, validity, name, revocation, revoked.

    By Schannel's status, then by the number of the verification, then by the words: a number names the time of validity
    only, and GnuTLS before curl 8 gives none.
    """
    if kind := schannel(answer):
        return kind
    if answer.verify in _NOT_NOW or (answer.verify >= 0x200 and answer.verify & _NOT_NOW_BITS):
        return "validity"
    words = _words()
    if answer.exit == 51 or words["name"].search(answer.error):
        return "name"
    if words["validity"].search(answer.error) or re.search(r"^\*\s.* date FAILED", answer.verbose, re.M):
        return "validity"
    return "untrusted"


_WORDS = {
    "untrusted": "the certificate was not accepted",
    "validity": "the certificate is outside its time of validity",
    "name": "the certificate is for another name",
    "revocation": "whether the certificate is revoked could not be checked",
    "revoked": "the certificate is revoked",
}


def refused_certificate(answer: CurlAnswer) -> str:
    """Why the certificate was not accepted, in a clause; "" = it was, or the request did not get that far.

    NET-003 judges it. Schannel's statuses come with exit 60 or, before curl 7.80 and for most of them later, with 35.
    """
    if answer.exit == 35 and _words()["signature"].search(answer.error):
        return _WORDS["untrusted"]
    if answer.exit == 35:
        return _WORDS.get(schannel(answer), "")
    return _CERTIFICATE.get(answer.exit, "")


# Only what came IN as a handshake: curl labels its own first records TLSv1.0, whatever is spoken later.
_OLD_HANDSHAKE = re.compile(r"^\* (?:TLSv1(?:\.[01])?|SSLv3) \(IN\), TLS handshake", re.M)


def old_tls(answer: CurlAnswer) -> bool:
    """True when the handshake failed because the other side speaks no TLS version that the VM accepts.

    OpenSSL: ``error:1409442E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version``,
    ``error:0A000102:SSL routines::unsupported protocol``; or, with an error about a signature, a line of -v:
    ``* TLSv1.1 (IN), TLS handshake, Certificate (11):``
    """
    return answer.exit == 35 and bool(_OLD_TLS.search(answer.error) or _OLD_HANDSHAKE.search(answer.verbose))


def plain_text(answer: CurlAnswer) -> bool:
    """True when something else than TLS came back, as a block page is; it is asked after `old_tls`."""
    return answer.exit in (4, 35) and bool(_PLAIN_TEXT.search(answer.error))


def no_cipher(answer: CurlAnswer) -> bool:
    """True when both sides have no cipher, curve or signature algorithm in common."""
    return answer.exit in (35, 59) and bool(_NO_CIPHER.search(answer.error))


@dataclass(frozen=True, slots=True)
class Tls:
    """The facts in ``curl -v`` about the connection; "" = not printed."""

    version: str  # "1.3"
    cipher: str
    issuer: str
    serial: str = ""  # "-0A1B": negative

    @classmethod
    def read(cls, verbose: str) -> Tls:
        """Read the lines of OpenSSL, GnuTLS and NSS builds.

        ::

            * SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384                          OpenSSL
            *  issuer: C=US; O=Microsoft Corporation; CN=Microsoft Azure RSA TLS Issuing CA 04

            * SSL connection using TLS1.3 / ECDHE_RSA_AES_256_GCM_SHA384                     GnuTLS
            *   issuer: C=US,O=Microsoft Corporation,CN=Microsoft Azure RSA TLS Issuing CA 04

            * SSL connection using TLS_AES_256_GCM_SHA384                                    NSS (RHEL 7)
            *  issuer: CN=Microsoft Azure RSA TLS Issuing CA 04,O=Microsoft Corporation,C=US

            serial=-0A1B                                                                   openssl, not of Azure
        """
        line = re.search(r"^\* SSL connection using (?:TLSv?(?P<version>[\d.]+) / )?(?P<cipher>\S+)", verbose, re.M)
        issuer = re.search(r"^\*\s+issuer:[ \t]*(.*?)[ \t]*$", verbose, re.M)
        cipher = line["cipher"] if line else ""
        version = (line["version"] or _version_of(cipher)) if line else ""
        serial = re.search(r"^serial=(-?[0-9A-Fa-f]{1,64})$", verbose, re.M)
        return cls(
            "1.0" if version == "1" else version,
            plain(cipher),
            plain(issuer[1]) if issuer else "",
            serial[1] if serial else "",
        )

    @property
    def organisation(self) -> str:
        """The O= of the issuer. It may hold commas: ``C=US,O=DigiCert\\, Inc.,CN=a``, ``O=DigiCert, Inc.; CN=a``."""
        if ";" in self.issuer:
            match = re.search(r"(?:^|;)\s*O\s?=\s?(.*?)\s*(?:;|$)", self.issuer)
        else:
            match = re.search(r"(?:^|,)\s*O\s?=\s?(.*?)\s*(?:(?<!\\),\s*[A-Za-z]+\s?=|$)", self.issuer)
        return match[1].replace("\\", "").strip('"') if match else ""


def _version_of(cipher: str) -> str:
    """NSS names no version; its suites tell: those without a key exchange are of 1.3, the AEAD ones of 1.2."""
    if re.match(r"TLS_(AES|CHACHA20)", cipher):
        return "1.3"
    return "1.2" if re.search(r"GCM|CCM|POLY1305|SHA256$|SHA384$", cipher) else ""
