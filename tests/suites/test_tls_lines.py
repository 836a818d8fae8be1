"""Output of curls with several versions and TLS libraries about a connection: the same result for all."""

from __future__ import annotations

import re

import pytest

from plugins.model import ProbeResult
from plugins.requirements.data_files import read_table
from suites.probes.curl import CurlAnswer
from suites.rules.tls import Tls, handshake_failure, no_cipher


@pytest.mark.parametrize(
    ("verbose", "version", "organisation"),
    [
        # curl 7.61 (RHEL 8), OpenSSL 1.1.1
        (
            "* SSL connection using TLSv1.2 / ECDHE-RSA-AES256-GCM-SHA384\n"
            "*  issuer: C=US; O=Microsoft Corporation; CN=Microsoft Azure TLS Issuing CA 05\n",
            "1.2",
            "Microsoft Corporation",
        ),
        # curl 8.x, OpenSSL 3: key exchange and signature after the cipher
        (
            "* SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384 / x25519 / RSASSA-PSS\n"
            "*  issuer: C=US; O=DigiCert Inc; CN=DigiCert Global G2 TLS RSA SHA256 2020 CA1\n",
            "1.3",
            "DigiCert Inc",
        ),
        # curl 7.29 (RHEL 7), NSS: no version, tabs
        (
            "* SSL connection using TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384\n"
            "* \tissuer: CN=Microsoft Azure TLS Issuing CA 05,O=Microsoft Corporation,C=US\n",
            "1.2",
            "Microsoft Corporation",
        ),
        # a cipher suite that TLS 1.0 also has
        (
            "* SSL connection using TLS_RSA_WITH_AES_128_CBC_SHA\n*  issuer: CN=x,O=Corp\\, Inc.,C=US\n",
            "",
            "Corp, Inc.",
        ),
        (
            "* SSL connection using TLSv1 / AES128-SHA\n*  issuer: C=US; O=DigiCert, Inc.; CN=a\n",
            "1.0",
            "DigiCert, Inc.",
        ),
        ("* SSL connection using TLSv1.2 / x\n*  issuer: CN=only a name\n", "1.2", ""),
        ("", "", ""),
    ],
)
def test_tls_lines_of_other_curls(verbose: str, version: str, organisation: str) -> None:
    tls = Tls.read(verbose)
    assert (tls.version, tls.organisation) == (version, organisation)


def test_each_sample_of_a_librarys_words_is_of_its_own_kind_only() -> None:
    kinds = {kind: rows for kind, rows in read_table("tls-words").items() if isinstance(rows, dict)}
    for kind, rows in kinds.items():
        for sample in rows["samples"]:
            matching = [name for name, kind in kinds.items() if re.search(kind["pattern"], sample, re.I)]
            assert matching == [kind], sample


def test_each_sample_of_a_failed_handshake_is_of_its_own_kind_only() -> None:
    kinds = {kind: rows for kind, rows in read_table("tls-failures").items() if isinstance(rows, dict)}
    assert {sample: handshake_failure(sample) for rows in kinds.values() for sample in rows["samples"]} == {
        sample: kind for kind, rows in kinds.items() for sample in rows["samples"]
    }


@pytest.mark.parametrize(
    "error",
    [
        "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to management.azure.com:443",
        "error:0A000458:SSL routines::tlsv1 unrecognized name",
        "error:14094458:SSL routines:ssl3_read_bytes:tlsv1 unrecognized name",
        "error:0A000126:SSL routines::unexpected eof while reading",
        "gnutls_handshake() failed: The TLS connection was non-properly terminated.",
        "gnutls_handshake() failed: Internal error",
        "error:0B00010B:x509 certificate routines::a reason of another library",
        "NSS error -5938 (PR_END_OF_FILE_ERROR)",
    ],
)
def test_a_handshake_that_only_broke_off_has_no_cause(error: str) -> None:
    assert handshake_failure(error) == ""


@pytest.mark.parametrize(
    ("line", "missing"), [("", True), ("* TLSv1.2 (IN), TLS handshake, Server hello (2):\n", False)]
)
def test_a_cipher_that_the_server_chose_is_in_common(line: str, missing: bool) -> None:
    error = "curl: (35) error:0A000410:SSL routines::sslv3 alert handshake failure\n"
    numbers = "\n@curl code=000 connect=200 request=0 verify=0 total=0.1\n"
    assert no_cipher(CurlAnswer.read(ProbeResult("tunnel", "", "done", 35, numbers, line + error))) is missing
