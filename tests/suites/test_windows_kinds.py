"""Schannel's statuses in the reader of curl and in --explain, and Windows' other lines in --explain, kind by kind."""

from __future__ import annotations

import pytest

from plugins.requirements.known_messages import explanations
from suites.probes.curl import CurlAnswer
from suites.rules.tls import schannel
from tests.suites.rows_windows_net import tunnel
from tests.suites.windows_kinds import CERTIFICATES, CHAINS, EXPLAINED, LINES
from tests.suites.windows_kinds import SENTENCES as CURLS

#: A status in the output of curl for Windows: with its name, or only its number if that version lacks the name.
SENTENCES = {
    **{
        f"schannel: next InitializeSecurityContext failed: {name} (0x{number}) - Der Text ist übersetzt.": kind
        for name, (number, kind) in CERTIFICATES.items()
    },
    **{
        f"schannel: next InitializeSecurityContext failed: Unknown error (0x{number.lower()}) - 文": kind
        for number, kind in CERTIFICATES.values()
    },
    **{
        f"schannel: next InitializeSecurityContext failed: Unknown error ({int(number, 16) - (1 << 32)})": kind
        for number, kind in list(CERTIFICATES.values())[::9]
    },
    **{f"schannel: CertGetCertificateChain trust error {name}": kind for name, kind in CHAINS.items()},
    **{f"schannel: {sentence}": kind for sentence, kind in CURLS.items()},
    "schannel: SNI or certificate check failed: SEC_E_WRONG_PRINCIPAL (0x80090322) - x": "name",
    "schannel: failed to receive handshake, SSL/TLS connection failed": "",
    "schannel: server closed the connection": "",
}


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_status_of_schannel_is_read_by_name_or_number(sentence: str) -> None:
    kind = SENTENCES[sentence]
    assert schannel(CurlAnswer.read(tunnel("", 35, sentence))) == kind
    names = [actual.name for actual in explanations(f"curl: (35) {sentence}") if actual.name.startswith("Schannel")]
    assert names == ([EXPLAINED[kind]] if kind else [])


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_windows_is_explained(line: str) -> None:
    assert {actual.name for actual in explanations(line)} == LINES[line]
