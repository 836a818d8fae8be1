"""Messages about host certificates: `plugins.ssh.host_certificate`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from plugins.ssh.host_certificate import CertificateProblem, HostCertificate, _when, read_certificate

SIGNED = "rsa-sha2-512"
GOOD = HostCertificate(
    is_host=True,
    authority="AAAA",
    authority_kind="ssh-rsa",
    algorithm=SIGNED,
    principals=("web-1", "web-2"),
    valid_after=100,
    valid_before=200,
    critical_options=(),
    key_id="k",
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1970-01-01 00:00:00 UTC"),
        (2**64 - 1, "the end of time"),
        (2**64 - 2, "second 18446744073709551614"),
        (2**40, "36812-02-20 00:36:16 UTC"),
    ],
)
def test_a_time_of_a_certificate(seconds: int, text: str) -> None:
    assert _when(seconds) == text


@pytest.mark.parametrize(
    ("change", "now", "problem"),
    [
        ({}, 100, ""),
        ({}, 199.9, ""),
        ({"principals": ()}, 150, ""),
        ({"is_host": False}, 150, "is a user certificate, not a host certificate"),
        ({}, 99.9, "is not valid before 1970-01-01 00:01:40 UTC"),
        ({}, 200, "expired at 1970-01-01 00:03:20 UTC"),
        ({"principals": ("Web-1", "web-*")}, 150, "is for 'Web-1', 'web-*', not for web-1"),
        ({"principals": tuple("abcd")}, 150, "is for 'a', 'b', 'c', ..., not for web-1"),
        ({"critical_options": ("a", "b")}, 150, "has critical options that ssh does not know: 'a', 'b'"),
        ({"algorithm": "ssh-rsa"}, 150, "is signed with ssh-rsa, which CASignatureAlgorithms does not allow"),
    ],
)
def test_why_a_certificate_is_not_valid(change: dict[str, Any], now: float, problem: str) -> None:
    assert replace(GOOD, **change).problem("web-1", [SIGNED, "ssh-ed25519"], now) == problem


def test_what_is_not_a_certificate() -> None:
    with pytest.raises(CertificateProblem, match=r"^has the type 'ssh-rsa', which is not known here$"):
        read_certificate(b"\0\0\0\x07ssh-rsa")
