"""Answers of Windows in their documented formats, read by the suites' parsers and judged.

None was captured on a real host (docs/windows.md): messages of curl and Schannel are from curl's sources and issues,
the others are output of our own commands.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from importlib import import_module

import msgspec
import pytest

from plugins import check, probe, required
from plugins.azure.snapshot import AzureSnapshot
from plugins.checks.check import check_of
from plugins.checks.probe import LINUX_ONLY
from plugins.checks.signature import parameters as parameters_of
from plugins.enrollment.request import prepare
from plugins.judge.evaluate import evaluate_check
from plugins.model import Evidence, ProbeResult, Status
from suites.probes import name_resolution, proxy_environment
from suites.probes.curl import CurlAnswer
from suites.probes.imds_token import TokenAnswer
from suites.rules.certificate import certificate_problem
from suites.rules.proxy_path import proxy_path
from suites.rules.tls import Tls, refused_certificate, schannel
from tests.suites.rows_windows_net import SCHANNEL, tunnel
from tests.support.catalogue import FUNCTIONS
from tests.support.paths import ROOT
from tests.support.powershell_grammar import ENDPOINT, PROBES, VM
from tests.support.suite_probes import probes_of
from tests.support.suite_rows import PROFILE, SESSION, seen

# --- probes without a counterpart
# --------------------------------------------------------------------------------------


linux_only = probe("uname -r", timeout=5)
both = probe("date", windows="'now'", timeout=5)


@check("SSH-999", required, remedy="None.", docs="")
def check_with_both(both: ProbeResult, linux_only: ProbeResult) -> str:
    """A check that takes two probes."""
    return f"{both.stdout} {linux_only.stdout}"


def judged(evidence: Evidence) -> tuple[Status, str, str]:
    declared = check_of(check_with_both)
    assert declared is not None
    outcome = evaluate_check(declared, check_with_both, probes_of(check_with_both), evidence, PROFILE, {})
    return outcome.status, outcome.message, outcome.remedy


def test_a_check_whose_probe_has_no_windows_command_is_not_applicable() -> None:
    assert judged(Evidence(VM, SESSION)) == (Status.NOT_APPLICABLE, LINUX_ONLY, "")
    assert judged(Evidence(replace(VM, os="linux"), SESSION))[0] is Status.UNKNOWN, "there, it was not gathered"


def test_a_check_for_linux_only_says_why() -> None:
    for id, function in FUNCTIONS.items():
        probes = probes_of(function)
        if all(probe.fits(VM) for probe in probes.values()):
            continue
        declared = check_of(function)
        assert declared is not None
        parameters = {name: None for name in parameters_of(function) if name not in probes}
        outcome = evaluate_check(declared, function, probes, Evidence(VM, SESSION), PROFILE, parameters)
        assert re.fullmatch(rf"{LINUX_ONLY} [A-Z-].*\.", outcome.message), (id, outcome)


def test_the_checks_for_linux_only_are_those_that_the_page_names() -> None:
    root = ROOT
    page = (root / "docs" / "windows.md").read_text(encoding="utf-8")
    named = page.partition("\nFor Linux guests only:")[2].partition("\n\n")[0]
    rows = {
        declared.id
        for file in (root / "suites").glob("test_*.py")
        for value in vars(import_module(f"suites.{file.stem}")).values()
        if (declared := check_of(value)) and not all(probe.fits(VM) for probe in probes_of(value).values())
    }
    assert rows == set(re.findall(r"[A-Z]+-\d{3}", named)), "docs/windows.md says which checks skip Windows VMs"


def test_a_windows_vm_is_not_enrolled() -> None:
    assert prepare(VM, AzureSnapshot()) == "Not connected, because this suite connects Linux guests only."


def test_a_probe_has_the_same_name_on_both() -> None:
    known = {"vm": VM, "profile": PROFILE, "endpoint": ENDPOINT}
    for name, declared in PROBES.items():
        linux = declared.plan(name, {**known, "vm": replace(VM, os="linux")})
        here = declared.plan(name, known)
        assert (linux.key, linux.timeout, linux.root, linux.cap) == (here.key, here.timeout, here.root, here.cap)
        assert here.command != linux.command
        assert here.needs == (), "Invoke-Tool says what is missing"


# --- PROXY --------------------------------------------------------------------------------------------------------


def test_the_clock_is_asked_through_the_proxy() -> None:
    command = PROBES["clock"].plan("clock", {"vm": VM, "profile": PROFILE}).command
    assert command.splitlines()[1] == (
        "Invoke-Tool 'curl.exe' '-q -sS -k -I --proxy http://169.254.0.11:3128 --connect-timeout 5 --max-time 10 -o NUL -D - "
        "https://management.azure.com/' @('NO_PROXY')"
    )


def test_the_variables_are_shown_without_logins() -> None:
    for name in ("session_env", "login_env", "sudo_env", "systemd_env"):
        command = PROBES[name].windows
        assert isinstance(command, str)
        assert "-replace '(?s)^([A-Za-z0-9+.-]*://)?.*@', '$1***@'" in command
        assert ("'Machine'" in command) == (name in ("login_env", "systemd_env"))


def test_where_a_variable_is_written() -> None:
    read = PROBES["written"].read
    assert read
    assert read(seen("the Machine environment:HTTPS_PROXY=\nthe User environment:HTTPS_PROXY=\n")) == {
        "HTTPS_PROXY": ["the Machine environment", "the User environment"]
    }


def test_an_environment_without_the_mark_is_not_empty() -> None:
    assert str(proxy_environment.Variables.read_login(seen("HTTPS_PROXY=x\n")).missing) == "it ran no command"


# --- IMDS and TOKEN -----------------------------------------------------------------------------------------------


def test_a_token_is_read_from_its_claims() -> None:
    claims = {"aud": "https://management.azure.com/", "exp": 1_795_387_558, "oid": "b" * 8}
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    groups = " ".join(payload[at : at + 4] for at in range(0, len(payload), 4))
    answer = TokenAnswer.read(
        seen(
            f'claims={groups}\nclient_id="cccccccc-0000-4000-8000-000000000001\nexpires_on="1795387558\n'
            'resource="https://management.azure.com/\n@tries 1\n'
            f"@curl code=200 connect=000 request=301 verify=0 total=0.034211\n"
        )
    )
    assert (answer.issued, answer.claims, answer.tries) == (True, claims, 1)
    assert answer.fields["client_id"] == "cccccccc-0000-4000-8000-000000000001"
    assert answer.fields["expires_on"] == "1795387558"


def test_an_error_instead_of_a_token() -> None:
    body = '{"error":"invalid_request","error_description":"Identity not found"}'
    numbers = "@curl code=400 connect=000 request=301 verify=0 total=0.003211"
    answer = TokenAnswer.read(seen(f"body={body}\n@tries 1\n{numbers}\n"))
    assert (answer.issued, answer.error, answer.curl.code) == (False, "invalid_request: Identity not found", 400)


# --- NET and DNS --------------------------------------------------------------------------------------------------


def test_what_net_says_about_the_connection_is_read_like_curls_own_words() -> None:
    tls = Tls.read(CurlAnswer.read(tunnel(SCHANNEL)).verbose)
    assert (tls.version, tls.cipher, tls.organisation) == ("1.3", "Aes256", "Microsoft Corporation")


def test_windows_asks_for_no_revocation_lists_which_the_proxy_does_not_serve() -> None:
    plan = answers_plan("tunnel")
    assert "--ssl-no-revoke" in plan
    assert "@('NO_PROXY')" in plan


def answers_plan(name: str) -> str:
    return PROBES[name].plan(name, {"vm": VM, "profile": PROFILE, "endpoint": ENDPOINT}).command


@pytest.mark.parametrize(
    ("answer", "addresses"),
    [
        (seen("20.236.10.163 STREAM management.azure.com\n2603:1030::1 STREAM management.azure.com\n"), 2),
        (seen(exit=2), 0),
        (seen("fe80::1%3 STREAM management.azure.com\n"), 0),
    ],
    ids=["found", "no such name", "an address of the link only"],
)
def test_a_name_is_resolved(answer: ProbeResult, addresses: int) -> None:
    reading = name_resolution.NameAnswer.read(answer)
    assert (len(reading.addresses), reading.resolver) == (addresses, True)


STATUSES = {
    "schannel: next InitializeSecurityContext failed: SEC_E_UNTRUSTED_ROOT (0x80090325) - Die Zertifikatkette wurde von einer nicht vertrauenswürdigen Zertifizierungsstelle ausgestellt.": "untrusted",
    "schannel: next InitializeSecurityContext failed: Unknown error (0x80092012) - La fonction de révocation n'a pas pu vérifier la révocation du certificat.": "revocation",
    "schannel: next InitializeSecurityContext failed: CRYPT_E_REVOCATION_OFFLINE (0x80092013)": "revocation",
    "schannel: next InitializeSecurityContext failed: SEC_E_CERT_EXPIRED (0x80090328) - The received certificate has expired.": "validity",
    "schannel: SNI or certificate check failed: SEC_E_WRONG_PRINCIPAL (0x80090322) - Der Zielprinzipalname ist falsch.": "name",
    "schannel: CertGetCertificateChain trust error CERT_TRUST_IS_UNTRUSTED_ROOT": "untrusted",
    "schannel: next InitializeSecurityContext failed: Unknown error (0x800b010c) -": "revoked",
    "schannel: next InitializeSecurityContext failed: SEC_E_UNTRUSTED_ROOT (0x80090325) - 信頼されていない機関によって証明書チェーンが発行されました。": "untrusted",
    "schannel: next InitializeSecurityContext failed: Unknown error (0x80090325)": "untrusted",
    "schannel: next InitializeSecurityContext failed: SEC_E_CERT_EXPIRED (0x80090328) - Срок действия полученного сертификата истек.": "validity",
    "schannel: next InitializeSecurityContext failed: Unknown error (0x80090328) - ": "validity",
    "schannel: SNI or certificate check failed: SEC_E_WRONG_PRINCIPAL (0x80090322) - El nombre principal de destino es incorrecto.": "name",
    "schannel: next InitializeSecurityContext failed: CRYPT_E_NO_REVOCATION_CHECK (0x80092012) - 吊销功能无法检查证书是否吊销。": "revocation",
    "schannel: next InitializeSecurityContext failed: CRYPT_E_REVOKED (0x80092010) - O certificado foi revogado.": "revoked",
    "schannel: next InitializeSecurityContext failed: SEC_E_ILLEGAL_MESSAGE (0x80090326) - This error usually occurs when a fatal SSL/TLS alert is received": "",
    "schannel: failed to receive handshake, SSL/TLS connection failed": "",
}


@pytest.mark.parametrize("error", STATUSES)
@pytest.mark.parametrize("exit", [35, 60])
def test_a_certificate_is_judged_by_schannels_status_in_every_language(error: str, exit: int) -> None:
    answer = msgspec.structs.replace(CurlAnswer.read(tunnel("", exit, error)), code=0)
    assert schannel(answer) == STATUSES[error]
    assert bool(refused_certificate(answer)) == (bool(STATUSES[error]) or exit == 60)
    path = proxy_path(answer, ENDPOINT, PROFILE)
    assert path.reached == bool(refused_certificate(answer))
    if path.reached:
        outcome = certificate_problem(answer, Tls("", "", ""), ENDPOINT.host, PROFILE)
        assert (outcome.status is Status.UNKNOWN) == (STATUSES[error] == "revocation")
