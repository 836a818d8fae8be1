"""TLS facts from curl's output: version, issuer, and why a handshake failed or a certificate was not accepted.

curl's exit status shows only that the handshake failed (35) or that the certificate was not accepted (51, 60). The TLS
library prints the reason: OpenSSL, NSS, Schannel and mbedTLS by a number that holds in every version, GnuTLS only by a
sentence of its table. curl has no variable for it (``-w`` has %{ssl_verify_result}, for certificates only), so these
numbers and sentences are data, with a sample of each library and generation: data/tls-failures.toml, tls-words.toml,
schannel.toml. A handshake that none of them names "broke off", without a known reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from plugins.requirements import windows_codes
from plugins.requirements.data_files import read_table
from suites.probes.curl import CurlAnswer
from suites.wording import plain

#: curl's exit statuses for the certificate, after the tunnel was open.
_CERTIFICATE = {
    51: "the certificate is for another name",  # curl before 7.62
    60: "the certificate was not accepted",
    77: "the VM's CA bundle could not be read",
    82: "the revocation list could not be read",
    83: "the issuer check failed",
    91: "the certificate status was invalid",
}


@cache
def _patterns(table: str) -> Mapping[str, re.Pattern[str]]:
    """The pattern of each kind in one of the data files: its words, names and numbers."""
    kinds = {kind: rows for kind, rows in read_table(table).items() if isinstance(rows, dict)}
    return {kind: re.compile("|".join(_PARTS[table](rows)), re.I) for kind, rows in kinds.items()}


def _statuses(rows: Mapping[str, str]) -> list[str]:
    return [windows_codes.pattern({name: int(code or "0", 16) for name, code in rows.items()})] if rows else []


#: The keys that identify a kind in a data file, as regular expressions.
_PARTS: Mapping[str, Callable[[dict[str, Any]], list[str]]] = {
    "tls-failures": lambda rows: [
        rf"error:(?:14[0-9A-F]{{3}}|0A000)(?:{'|'.join(rows['openssl'])}):",
        rf"NSS error (?:{'|'.join(map(str, rows['nss']))})\b",
        *_statuses(rows["schannel"]),
        *(rf"\(-0x{number}\)" for number in rows["mbedtls"]),
        *map(re.escape, rows["words"]),
    ],
    "schannel": lambda rows: _statuses(rows),
    "tls-words": lambda rows: [rows["pattern"]],
}


def handshake_failure(text: str) -> str:
    """The cause of a failed handshake: version, plain (no TLS came back), cipher, system; "" = nothing says so."""
    return next((kind for kind, pattern in _patterns("tls-failures").items() if pattern.search(text)), "")


def schannel(answer: CurlAnswer) -> str:
    """The fault of the certificate that Schannel reports: untrusted, validity, name, revocation, revoked; "" = nothing.

    By name or number of the status, because the rest of the sentence is in the system's language::

        schannel: next InitializeSecurityContext failed: SEC_E_UNTRUSTED_ROOT (0x80090325) - Die Zertifikatkette ...
    """
    return next((kind for kind, pattern in _patterns("schannel").items() if pattern.search(answer.error)), "")


#: %{ssl_verify_result} for an expired or not yet valid certificate: OpenSSL's two, NSS' two; GnuTLS has bits for it.
_NOT_NOW, _NOT_NOW_BITS = (9, 10, -8181, -8162), 0x600


def certificate_fault(answer: CurlAnswer) -> str:
    """The fault of a certificate that was not accepted: untrusted, validity, name, revocation, revoked.

    By Schannel's status, then by the number of the verification, then by the words: a number names the time of validity
    only, and GnuTLS before curl 8 gives none.
    """
    if kind := schannel(answer):
        return kind
    if answer.verify in _NOT_NOW or (answer.verify >= 0x200 and answer.verify & _NOT_NOW_BITS):
        return "validity"
    words = _patterns("tls-words")
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

    NET-003 judges it. Schannel's status decides whatever the exit status is: it comes with 35, 51, 60 or 77.
    """
    if answer.exit and (kind := schannel(answer)):
        return _WORDS[kind]
    if answer.exit == 60 and _refused_us(answer):
        return ""
    if answer.exit == 35 and _patterns("tls-words")["signature"].search(answer.error):
        return _WORDS["untrusted"]
    return _CERTIFICATE.get(answer.exit, "")


def _refused_us(answer: CurlAnswer) -> bool:
    """True when the other side broke off with an alert before it showed a certificate.

    curl with OpenSSL relates "certificate expired" (45) to that certificate.
    """
    lines = answer.verbose
    return bool(re.search(r"^\* .*\(IN\), TLS alert, ", lines, re.M)) and not _SERVER_HELLO.search(lines)


_SERVER_HELLO = re.compile(r"^\* .*TLS handshake, Server hello \(2\)", re.M)

# Only IN handshakes: curl labels its own first records TLSv1.0, for any later version.
_OLD_HANDSHAKE = re.compile(r"^\* (?:TLSv1(?:\.[01])?|SSLv3) \(IN\), TLS handshake", re.M)


def _failed_of(answer: CurlAnswer) -> str:
    nss = re.search(r"^\* NSS error -\d+.*", answer.verbose, re.M)
    return handshake_failure(f"{answer.error}\n{nss[0] if nss else ''}")


def old_tls(answer: CurlAnswer) -> bool:
    """True when the handshake failed because the other side speaks no TLS version that the VM accepts.

    By the library's number, or, with an error about a signature, a line of -v:
    ``* TLSv1.1 (IN), TLS handshake, Certificate (11):``
    """
    return answer.exit == 35 and (_failed_of(answer) == "version" or bool(_OLD_HANDSHAKE.search(answer.verbose)))


def plain_text(answer: CurlAnswer) -> bool:
    """True when the answer was not TLS, but for example a block page; call it after `old_tls`."""
    return answer.exit in (4, 35) and _failed_of(answer) == "plain"


def own_failure(answer: CurlAnswer) -> bool:
    """True when the VM's own TLS library failed, for a reason of its own."""
    return answer.exit in (4, 27, 35) and _failed_of(answer) == "system"


def no_cipher(answer: CurlAnswer) -> bool:
    """True when both sides have no cipher, curve or signature algorithm in common.

    Not after the server's hello, which names the cipher (OpenSSL's lines of -v): then the alert is about something
    else, such as a certificate of the client.
    """
    chosen = _SERVER_HELLO.search(answer.verbose)
    return answer.exit in (35, 59) and not chosen and _failed_of(answer) == "cipher"


# They begin with the end of the line before, not with ^: the search for a text is ten times as fast.
_CONNECTION = re.compile(r"\n\* SSL connection using (?:TLSv?(?P<version>[\d.]+) / )?(?P<cipher>\S+)")
_ISSUER = re.compile(r"\n\*\s+issuer:[ \t]*(.*?)[ \t]*$", re.M)
_SERIAL = re.compile(r"\nserial=(-?[0-9A-Fa-f]{1,64})$", re.M)
_ORGANISATION = re.compile(r"(?:^|,)\s*O\s?=\s?(.*?)\s*(?:(?<!\\),\s*[A-Za-z]+\s?=|$)")
_BETWEEN_SEMICOLONS = re.compile(r"(?:^|;)\s*O\s?=\s?(.*?)\s*(?:;|$)")


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
        lines = f"\n{verbose}"
        line, issuer = _CONNECTION.search(lines), _ISSUER.search(lines)
        cipher = line["cipher"] if line else ""
        version = (line["version"] or _version_of(cipher)) if line else ""
        serial = _SERIAL.search(lines)
        return cls(
            "1.0" if version == "1" else version,
            plain(cipher),
            plain(issuer[1]) if issuer else "",
            serial[1] if serial else "",
        )

    @property
    def organisation(self) -> str:
        """The O= of the issuer. It may hold commas: ``C=US,O=DigiCert\\, Inc.,CN=a``, ``O=DigiCert, Inc.; CN=a``."""
        match = (_BETWEEN_SEMICOLONS if ";" in self.issuer else _ORGANISATION).search(self.issuer)
        return match[1].replace("\\", "").strip('"') if match else ""


def _version_of(cipher: str) -> str:
    """The version by the cipher suite, as NSS prints none: suites without a key exchange are 1.3, AEAD ones 1.2."""
    if re.match(r"TLS_(AES|CHACHA20)", cipher):
        return "1.3"
    return "1.2" if re.search(r"GCM|CCM|POLY1305|SHA256$|SHA384$", cipher) else ""
