"""Windows' own answers, read by the parsers of the suites and judged: in the formats that are documented for them.

None of these was captured on a real host (docs/windows.md): curl's and Schannel's words are from curl's sources and
issues, the rest is what our own commands print.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from importlib import import_module

import pytest

from plugins import check, probe, required
from plugins.azure.snapshot import AzureSnapshot
from plugins.checks.check import check_of
from plugins.checks.probe import LINUX_ONLY
from plugins.enrollment.enroll import prepare
from plugins.judge.evaluate import judge, probes_in_module
from plugins.model import Evidence, ProbeResult, Status
from suites import answers, environment, test_dns, test_imds, test_net, test_proxy, test_ssh, tokens
from suites.answers import CurlAnswer
from suites.test_net import Tls
from tests.support.paths import ROOT
from tests.support.powershell_grammar import ENDPOINT, PROBES, VM
from tests.support.suite_rows import NOW, PROFILE, SESSION, Row, curl, seen

CSN = "http://169.254.0.11:3128"
IMDS = "169.254.169.254"


def windows(row: Row) -> Row:
    return replace(row, vm=VM)


# --- what has no counterpart --------------------------------------------------------------------------------------


linux_only = probe("uname -r", timeout=5)
both = probe("date", windows="'now'", timeout=5)


@check("SSH-999", required, remedy="None.", docs="")
def check_with_both(both: ProbeResult, linux_only: ProbeResult) -> str:
    """A check that takes two probes."""
    return f"{both.stdout} {linux_only.stdout}"


def judged(evidence: Evidence) -> tuple[Status, str, str]:
    declared = check_of(check_with_both)
    assert declared is not None
    return judge(declared, check_with_both, probes_in_module(check_with_both), evidence, PROFILE, {})[:3]


def test_a_check_whose_probe_has_no_windows_command_is_not_applicable() -> None:
    assert judged(Evidence(VM, SESSION)) == (Status.NOT_APPLICABLE, LINUX_ONLY, "")
    assert judged(Evidence(replace(VM, os="linux"), SESSION))[0] is Status.UNKNOWN, "there, it was not gathered"


def test_the_checks_for_linux_only_are_those_that_the_page_names() -> None:
    root = ROOT
    page = (root / "docs" / "windows.md").read_text(encoding="utf-8")
    named = page.partition("\nFor Linux guests only:")[2].partition("\n\n")[0]
    found = {
        declared.id
        for file in (root / "suites").glob("test_*.py")
        for value in vars(import_module(f"suites.{file.stem}")).values()
        if (declared := check_of(value)) and not all(each.fits(VM) for each in probes_in_module(value).values())
    }
    assert found == set(re.findall(r"[A-Z]+-\d{3}", named)), "docs/windows.md says which checks skip Windows VMs"


def test_a_windows_vm_is_not_enrolled() -> None:
    assert prepare(VM, AzureSnapshot()) == "Not connected, as this suite connects Linux guests only."


def test_a_probe_has_the_same_name_on_both() -> None:
    known = {"vm": VM, "profile": PROFILE, "endpoint": ENDPOINT}
    for name, each in PROBES.items():
        linux = each.plan(name, {**known, "vm": replace(VM, os="linux")})
        here = each.plan(name, known)
        assert (linux.key, linux.timeout, linux.root, linux.cap) == (here.key, here.timeout, here.root, here.cap)
        assert here.command != linux.command
        assert here.needs == (), "Invoke-Tool says what is missing"


# --- SSH ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row",
    [
        Row("administrator", {"root_id": seen("0\n")}, Status.PASS, "Commands run as an Administrator."),
        Row(
            "another user",
            {"root_id": seen(stderr="the session's token is not in the role Administrator\n", state="no root")},
            Status.FAIL,
            "The login user is not an Administrator. What only an Administrator may read stays unknown, and azcmagent connect needs one, too (AZCM0018).",
            r"Log in as a member of the group Administrators. Its keys are in %ProgramData%\ssh\administrators_authorized_keys,",
        ),
    ],
    ids=lambda row: row.name,
)
def test_ssh_002(row: Row) -> None:
    windows(row).assert_holds(test_ssh.test_root_is_available)


HEADERS = "HTTP/1.1 200 Connection established\n\nHTTP/1.1 400 Bad Request\nDate: Sat, 21 Nov 2026 22:45:58 GMT\n\n"


@pytest.mark.parametrize(
    "row",
    [
        Row(
            "right",
            {"clock": seen(f"{HEADERS}@clock {NOW:.0f}\n")},
            Status.PASS,
            "The clock agrees with Azure (Date header of Azure Resource Manager).",
        ),
        Row(
            "wrong",
            {"clock": seen(f"{HEADERS}@clock {NOW + 190:.0f}\n")},
            Status.WARN,
            "The clock is 190 s ahead of Azure (Date header of Azure Resource Manager); allowed are 120 s. Certificates and tokens look expired to this VM.",
            "Set the clock and keep it right: 'w32tm /resync'",
        ),
        Row(
            "no curl.exe: the runner's clock will do",
            {"clock": seen(f"@clock {NOW:.0f}\n")},
            Status.PASS,
            "The clock agrees with the runner's clock; Azure itself could not be asked.",
        ),
    ],
    ids=lambda row: row.name,
)
def test_ssh_003(row: Row) -> None:
    windows(row).assert_holds(test_ssh.test_the_clock_is_right)


# --- PROXY --------------------------------------------------------------------------------------------------------

ARTICLE = {"HTTPS_PROXY": CSN, "HTTP_PROXY": CSN, "NO_PROXY": "localhost,127.0.0.1,::1,169.254.169.254"}


def env(**variables: str) -> str:
    """What the Windows command prints: a name in both cases, for Windows finds it in either."""
    return "".join(f"{each}={value}\n" for name, value in variables.items() for each in (name, name.lower()))


def vm(machine: dict[str, str], session: dict[str, str] | None = None) -> dict[str, ProbeResult]:
    session = machine if session is None else session
    return {
        "session_env": seen(env(**session)),
        "login_env": seen("@login\n" + env(**machine)),
        "written": seen("".join(f"the Machine environment:{name}=\n" for name in machine)),
    }


def full(machine: dict[str, str], session: dict[str, str] | None = None) -> dict[str, ProbeResult]:
    evidence = vm(machine, session)
    return evidence | {"sudo_env": evidence["session_env"], "systemd_env": seen(env(**machine))}


HTTPS = {"variable": "HTTPS_PROXY"}
SET = "In an elevated PowerShell: [Environment]::SetEnvironmentVariable('HTTPS_PROXY', 'http://169.254.0.11:3128', 'Machine') ; then Restart-Service sshd,"


@pytest.mark.parametrize(
    "row",
    [
        Row(
            "as the article says",
            full(ARTICLE),
            Status.PASS,
            "HTTPS_PROXY is http://169.254.0.11:3128 in the Machine environment and in the SSH session.",
            parameters=HTTPS,
        ),
        Row(
            "nowhere",
            full({}),
            Status.FAIL,
            "HTTPS_PROXY is set neither in the Machine environment nor in the SSH session; expected http://169.254.0.11:3128. A Nexus VM reaches Azure only through this proxy; programs that read this variable would not.",
            SET,
            HTTPS,
        ),
        Row(
            "for one user only",
            full({}, ARTICLE),
            Status.FAIL,
            "HTTPS_PROXY is http://169.254.0.11:3128 in the SSH session only; expected it in the Machine environment, which is all that the agent's services are given.",
            SET,
            HTTPS,
        ),
        Row(
            "sshd began before",
            full(ARTICLE, {}),
            Status.WARN,
            "HTTPS_PROXY is http://169.254.0.11:3128 in the Machine environment, but has not arrived in the SSH session.",
            "On the VM: Restart-Service sshd ; then open a new session.",
            HTTPS,
        ),
        Row(
            "another proxy",
            full({"HTTPS_PROXY": "http://10.0.0.1:3128"}),
            Status.FAIL,
            "HTTPS_PROXY is http://10.0.0.1:3128 in the Machine environment; expected http://169.254.0.11:3128. 10.0.0.1 is not the CSN proxy; traffic to Azure would go another way, or nowhere.",
            SET,
            HTTPS,
        ),
        Row(
            "with a login",
            full({"HTTPS_PROXY": "http://***@169.254.0.11:3128"}),
            Status.WARN,
            "HTTPS_PROXY carries a login for the proxy (http://***@169.254.0.11:3128). The CSN proxy asks for none, and the agent's extension manager is known to stumble over one.",
            SET,
            HTTPS,
        ),
        Row(
            "lower case",
            full(ARTICLE),
            Status.NOT_APPLICABLE,
            "Windows takes https_proxy and HTTPS_PROXY for the same variable.",
            parameters={"variable": "https_proxy"},
        ),
    ],
    ids=lambda row: row.name,
)
def test_proxy_001(row: Row) -> None:
    windows(row).assert_holds(test_proxy.test_the_proxy_variable_is_the_csn_proxy)


NO = {"variable": "NO_PROXY"}
SET_NO = "In an elevated PowerShell: [Environment]::SetEnvironmentVariable('NO_PROXY', 'localhost,127.0.0.1,::1,169.254.169.254', 'Machine')"


def exempting(value: str, session: str | None = None) -> dict[str, ProbeResult]:
    machine = {**ARTICLE, "NO_PROXY": value}
    curl_version = seen("curl 7.55.1 (Windows) libcurl/7.55.1 WinSSL\nRelease-Date: 2017-11-14, security patched\n")
    return {**vm(machine, machine if session is None else {"NO_PROXY": session}), "curl_version": curl_version}


@pytest.mark.parametrize(
    "row",
    [
        Row(
            "as the article says",
            exempting(ARTICLE["NO_PROXY"]),
            Status.PASS,
            "NO_PROXY exempts 169.254.169.254 in the Machine environment and in the SSH session (found: localhost,127.0.0.1,::1,169.254.169.254).",
            parameters=NO,
        ),
        Row(
            "not set in the session",
            exempting(ARTICLE["NO_PROXY"], ""),
            Status.FAIL,
            "NO_PROXY is not set in the SSH session; expected localhost,127.0.0.1,::1,169.254.169.254. Where a proxy is set, requests to the metadata service (169.254.169.254) would go to it.",
            SET_NO,
            NO,
        ),
        Row(
            "lacks the address",
            exempting("localhost"),
            Status.FAIL,
            "NO_PROXY lacks 169.254.169.254 (found: localhost). IMDS requests from the Machine environment would go to the proxy.",
            SET_NO,
            NO,
        ),
        Row(
            "a network, curl of Server 2019",
            exempting("localhost,127.0.0.1,::1,169.254.0.0/16"),
            Status.FAIL,
            "NO_PROXY does not exempt 169.254.169.254 for curl: curl before 7.86 does not know networks (CIDR) (found: localhost,127.0.0.1,::1,169.254.0.0/16). IMDS requests from the Machine environment would go to the proxy.",
            SET_NO,
            NO,
        ),
        Row(
            "exempts Azure, too",
            exempting("169.254.169.254,.azure.com"),
            Status.FAIL,
            "NO_PROXY exempts too much (found: 169.254.169.254,.azure.com). Requests from the Machine environment to management.azure.com would not use the proxy, and nothing else leads there.",
            SET_NO,
            NO,
        ),
        Row(
            "lacks localhost",
            exempting("127.0.0.1,::1,169.254.169.254"),
            Status.WARN,
            "NO_PROXY lacks localhost in the Machine environment (found: 127.0.0.1,::1,169.254.169.254). The agent listens on localhost, ports 40342 and 40343; such requests may go to the proxy.",
            SET_NO,
            NO,
        ),
        Row(
            "lower case",
            exempting(ARTICLE["NO_PROXY"]),
            Status.NOT_APPLICABLE,
            "Windows takes no_proxy and NO_PROXY for the same variable.",
            parameters={"variable": "no_proxy"},
        ),
    ],
    ids=lambda row: row.name,
)
def test_proxy_002(row: Row) -> None:
    windows(row).assert_holds(test_proxy.test_no_proxy_exempts_the_metadata_service)


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
    assert environment.Variables.read_login(seen("HTTPS_PROXY=x\n")).missing == "it ran no command"


# --- IMDS and TOKEN -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row",
    [
        Row("an echo", {"ping": seen("1 packets transmitted, 1 received\n")}, Status.PASS, f"{IMDS} answers ping."),
        Row(
            "none",
            {"ping": seen("3 packets transmitted, 0 received: TimedOut\n", exit=1)},
            Status.WARN,
            f"{IMDS} did not answer 3 pings. ICMP is not promised: IMDS-002 tells whether the service works.",
            "Nothing needs to be done as long as IMDS-002 passes",
        ),
    ],
    ids=lambda row: row.name,
)
def test_imds_001(row: Row) -> None:
    windows(row).assert_holds(test_imds.test_the_imds_address_answers_ping)


def test_imds_002() -> None:
    row = Row("", {"healthz": curl(200, ip=IMDS)}, Status.PASS, f"GET http://{IMDS}/healthz answered 200 in 3.00 s.")
    windows(row).assert_holds(test_imds.test_the_imds_sidecar_is_healthy)


def test_no_curl_at_all() -> None:
    row = Row(
        "",
        {"healthz": seen(stderr="curl.exe", state="no tool")},
        Status.UNKNOWN,
        "curl.exe is not installed on the VM, or not on its PATH, so this could not be looked at.",
        "Install curl.exe on the VM, or judge this by hand.",
    )
    windows(row).assert_holds(test_imds.test_the_imds_sidecar_is_healthy)


def test_a_token_is_read_from_its_claims() -> None:
    claims = {"aud": "https://management.azure.com/", "exp": 1_795_387_558, "oid": "b" * 8}
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    groups = " ".join(payload[at : at + 4] for at in range(0, len(payload), 4))
    answer = tokens.TokenAnswer.read(
        seen(
            f'claims={groups}\nclient_id="cccccccc-0000-4000-8000-000000000001\nexpires_on="1795387558\n'
            'resource="https://management.azure.com/\n@tries 1\n'
            f"@curl code=200 connect=000 ip={IMDS} tls=0.000000 total=0.034211\n"
        )
    )
    assert (answer.issued, answer.claims, answer.tries) == (True, claims, 1)
    assert answer.fields["client_id"] == "cccccccc-0000-4000-8000-000000000001"
    assert answer.fields["expires_on"] == "1795387558"


def test_an_error_instead_of_a_token() -> None:
    body = '{"error":"invalid_request","error_description":"Identity not found"}'
    numbers = f"@curl code=400 connect=000 ip={IMDS} tls=0.000000 total=0.003211"
    answer = tokens.TokenAnswer.read(seen(f"body={body}\n@tries 1\n{numbers}\n"))
    assert (answer.issued, answer.error, answer.curl.code) == (False, "invalid_request: Identity not found", 400)


# --- NET and DNS --------------------------------------------------------------------------------------------------

SCHANNEL = """\
*   Trying 169.254.0.11:3128...
* Connected to 169.254.0.11 (169.254.0.11) port 3128
* CONNECT tunnel: HTTP/1.1 negotiated
* schannel: disabled automatic use of client certificate
< HTTP/1.1 200 Connection established
* SSL connection using TLSv1.3 / Aes256
*  issuer: CN=Microsoft Azure RSA TLS Issuing CA 04, O=Microsoft Corporation, C=US
"""


def tunnel(verbose: str, exit: int = 0, error: str = "") -> ProbeResult:
    line = "\n@curl code=400 connect=200 ip=169.254.0.11 tls=0.101000 total=0.201000\n"
    return seen(line, verbose + (f"curl: ({exit}) {error}\n" if error else ""), exit)


def test_what_net_says_about_the_connection_is_read_like_curls_own_words() -> None:
    tls = Tls.read(CurlAnswer.read(tunnel(SCHANNEL)).verbose)
    assert (tls.version, tls.cipher, tls.organisation) == ("1.3", "Aes256", "Microsoft Corporation")


@pytest.mark.parametrize(
    "row",
    [
        Row(
            "sound",
            {"tunnel": tunnel(SCHANNEL)},
            Status.PASS,
            "TLS 1.3 to management.azure.com; certificate accepted, issued by Microsoft Corporation.",
            parameters={"endpoint": ENDPOINT},
        ),
        Row(
            "a quoted organisation",
            {"tunnel": tunnel('* SSL connection using TLSv1.2 / Aes256\n*  issuer: CN=a, O="DigiCert, Inc.", C=US\n')},
            Status.PASS,
            "TLS 1.2 to management.azure.com; certificate accepted, issued by DigiCert, Inc..",
            parameters={"endpoint": ENDPOINT},
        ),
        Row(
            "another name",
            {
                "tunnel": tunnel(
                    "* SSL connection using TLSv1.3 / Aes256\n*  issuer: CN=Proxy CA, O=Contoso\n",
                    60,
                    "schannel: SNI or certificate check failed: SEC_E_WRONG_PRINCIPAL (0x80090322) - The target principal name is incorrect.",
                )
            },
            Status.FAIL,
            "The certificate is not for management.azure.com (schannel: SNI or certificate check failed: SEC_E_WRONG_PRINCIPAL (0x80090322) - The target principal name is incorrect). It was issued by CN=Proxy CA, O=Contoso. Somebody else answers in its place.",
            "Find out who answers:",
            {"endpoint": ENDPOINT},
        ),
        Row(
            "expired",
            {
                "tunnel": tunnel(
                    "", 60, "schannel: next InitializeSecurityContext failed: SEC_E_CERT_EXPIRED (0x80090328)"
                )
            },
            Status.FAIL,
            "The certificate of management.azure.com is outside its time of validity (schannel: next InitializeSecurityContext failed: SEC_E_CERT_EXPIRED (0x80090328)). Azure's certificates are renewed in time, so the VM's clock is wrong (SSH-003), or somebody else answers.",
            "Set the VM's clock (SSH-003).",
            {"endpoint": ENDPOINT},
        ),
        Row(
            "not said",
            {"tunnel": tunnel("* schannel: disabled automatic use of client certificate\n")},
            Status.UNKNOWN,
            "curl did not say which TLS version it spoke with management.azure.com.",
            "On the VM: openssl s_client",
            {"endpoint": ENDPOINT},
        ),
    ],
    ids=lambda row: row.name,
)
def test_net_003(row: Row) -> None:
    windows(row).assert_holds(test_net.test_the_tls_connection_is_sound)


def test_windows_asks_for_no_revocation_lists_which_the_proxy_does_not_serve() -> None:
    plan = answers_plan("tunnel")
    assert "--ssl-no-revoke" in plan
    assert "@('NO_PROXY')" in plan


def answers_plan(name: str) -> str:
    assert name in vars(answers)
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
    found = test_dns.Answer.read(answer)
    assert (len(found.addresses), found.asked) == (addresses, True)
