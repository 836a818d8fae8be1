"""SSH, PROXY, IMDS and TOKEN on Windows: the healthy answers are recorded, the others in the documented formats."""

from __future__ import annotations

from plugins.model import ProbeResult, Status
from tests.support.suite_rows import NOW, Row, seen
from tests.support.windows_recording import recorded

ROWS: dict[str, list[Row]] = {}

CSN = "http://169.254.0.11:3128"


IMDS = "169.254.169.254"


ROWS["SSH-002"] = [
    Row("administrator", {"root_id": recorded("root_id")}, Status.PASS, "Commands run as an Administrator."),
    Row(
        "another user",
        {"root_id": seen(stderr="the session's token is not in the role Administrator\n", state="no root")},
        Status.FAIL,
        "The login user is not an Administrator. Checks that need an Administrator stay unknown, and azcmagent connect needs one as well (AZCM0018).",
        r"Log in as a member of the group Administrators. Its keys are in %ProgramData%\ssh\administrators_authorized_keys, not in the user's own folder.",
    ),
]


HEADERS = "HTTP/1.1 200 Connection established\n\nHTTP/1.1 400 Bad Request\nDate: Sat, 21 Nov 2026 22:45:58 GMT\n\n"


ROWS["SSH-003"] = [
    Row(
        "right",
        {"clock": recorded("clock, answered")},
        Status.PASS,
        "The clock agrees with Azure (Date header of Azure Resource Manager).",
    ),
    Row(
        "wrong",
        {"clock": seen(f"{HEADERS}@clock {NOW + 190:.0f}\n")},
        Status.WARN,
        "The clock is 190 s ahead of Azure (Date header of Azure Resource Manager); allowed are 120 s. Certificates and tokens look expired to this VM.",
        "Set the clock and keep it right: 'Start-Service w32time ; w32tm /resync' in an elevated PowerShell, with a time source that the VM reaches ('w32tm /query /status' shows the present one).",
    ),
    Row(
        "no curl.exe: the runner's clock will do",
        {"clock": seen(f"@clock {NOW:.0f}\n")},
        Status.PASS,
        "The clock agrees with the runner's clock; Azure itself could not be queried.",
    ),
    Row(
        "curl.exe gets no answer: the runner's clock will do",
        {"clock": recorded("clock")},
        Status.PASS,
        "The clock agrees with the runner's clock; Azure itself could not be queried.",
    ),
]


ARTICLE = {"HTTPS_PROXY": CSN, "HTTP_PROXY": CSN, "NO_PROXY": "localhost,127.0.0.1,::1,169.254.169.254"}


def env(**variables: str) -> str:
    """The output of the Windows command, with each name in both cases, because Windows ignores case."""
    return "".join(f"{variable}={value}\n" for name, value in variables.items() for variable in (name, name.lower()))


def vm(machine: dict[str, str], session: dict[str, str] | None = None, user: str = "") -> dict[str, ProbeResult]:
    session = machine if session is None else session
    written = "".join(f"the Machine environment:{name}=\n" for name in machine)
    return {
        "session_env": seen(env(**session)),
        "login_env": seen("@login\n" + env(**machine)),
        "written": seen(written + (f"the User environment:{user}=\n" if user else "")),
    }


RECORDED = {name: recorded(name) for name in ("session_env", "sudo_env", "login_env", "systemd_env", "written")}
RECORDED_NO = {name: RECORDED[name] for name in ("session_env", "login_env", "written")}


def full(machine: dict[str, str], session: dict[str, str] | None = None, user: str = "") -> dict[str, ProbeResult]:
    evidence = vm(machine, session, user)
    return evidence | {"sudo_env": evidence["session_env"], "systemd_env": seen(env(**machine))}


HTTPS = {"variable": "HTTPS_PROXY"}


SET = "In an elevated PowerShell: [Environment]::SetEnvironmentVariable('HTTPS_PROXY', 'http://169.254.0.11:3128', 'Machine') ; then Restart-Service sshd, and open a new session. Restart the agent's services (himds, GCArcService, ExtensionService), too, where it is installed."


def drop(variable: str) -> str:
    return f"As the login user: [Environment]::SetEnvironmentVariable('{variable}', $null, 'User') ; then open a new session. The User environment replaces the Machine's."


OTHER = "HTTPS_PROXY is http://10.0.0.1:3128 in the SSH session; expected http://169.254.0.11:3128. 10.0.0.1 is not the CSN proxy; traffic to Azure would take another path, or fail."


ROWS["PROXY-001"] = [
    Row(
        "right for the machine, and the user has another one",
        full(ARTICLE, ARTICLE | {"HTTPS_PROXY": "http://10.0.0.1:3128"}, "HTTPS_PROXY"),
        Status.FAIL,
        OTHER,
        drop("HTTPS_PROXY"),
        HTTPS,
    ),
    Row(
        "the user has another one, the machine none",
        full({}, {"HTTPS_PROXY": "http://10.0.0.1:3128"}, "HTTPS_PROXY"),
        Status.FAIL,
        OTHER,
        f"{SET} {drop('HTTPS_PROXY')}",
        HTTPS,
    ),
    Row(
        "right for the machine, and sshd began with another one",
        full(ARTICLE, ARTICLE | {"HTTPS_PROXY": "http://10.0.0.1:3128"}),
        Status.FAIL,
        OTHER,
        "On the VM: Restart-Service sshd ; then open a new session.",
        HTTPS,
    ),
    Row(
        "as the article says",
        RECORDED,
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
        "HTTPS_PROXY is http://169.254.0.11:3128 in the SSH session only; expected it in the Machine environment, the only environment of the agent's services.",
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
        "HTTPS_PROXY is http://10.0.0.1:3128 in the Machine environment; expected http://169.254.0.11:3128. 10.0.0.1 is not the CSN proxy; traffic to Azure would take another path, or fail.",
        SET,
        HTTPS,
    ),
    Row(
        "with a login",
        full({"HTTPS_PROXY": "http://***@169.254.0.11:3128"}),
        Status.WARN,
        "HTTPS_PROXY carries a login for the proxy (http://***@169.254.0.11:3128). The CSN proxy requires none, and the agent's extension manager is known to fail with one.",
        SET,
        HTTPS,
    ),
    Row(
        "the Machine environment was not read",
        {**full({}), "login_env": seen(state="timed out")},
        Status.UNKNOWN,
        "HTTPS_PROXY is not set in the SSH session, and the Machine environment could not be read: it did not answer in time.",
        SET,
        HTTPS,
    ),
    Row(
        "the Machine environment was not read, the session is right",
        {**full(ARTICLE), "login_env": seen(state="timed out")},
        Status.UNKNOWN,
        "HTTPS_PROXY is http://169.254.0.11:3128 in the SSH session, but the Machine environment could not be read: it did not answer in time.",
        "Read it on the VM: [Environment]::GetEnvironmentVariable('HTTPS_PROXY', 'Machine')",
        HTTPS,
    ),
    Row(
        "lower case",
        full(ARTICLE),
        Status.NOT_APPLICABLE,
        "Windows takes https_proxy and HTTPS_PROXY for the same variable.",
        parameters={"variable": "https_proxy"},
    ),
]


NO = {"variable": "NO_PROXY"}


SET_NO = "In an elevated PowerShell: [Environment]::SetEnvironmentVariable('NO_PROXY', 'localhost,127.0.0.1,::1,169.254.169.254', 'Machine') ; then Restart-Service sshd, and open a new session. Restart the agent's services (himds, GCArcService, ExtensionService), too, where it is installed."


def exempting(value: str, session: str | None = None) -> dict[str, ProbeResult]:
    machine = {**ARTICLE, "NO_PROXY": value}
    curl_version = seen("curl 7.55.1 (Windows) libcurl/7.55.1 WinSSL\nRelease-Date: 2017-11-14, security patched\n")
    return {**vm(machine, machine if session is None else {"NO_PROXY": session}), "curl_version": curl_version}


ROWS["PROXY-002"] = [
    Row(
        "as the article says",
        RECORDED_NO | {"curl_version": recorded("curl_version")},
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
        SET_NO.replace("localhost,127.0.0.1,::1,", "localhost,"),
        NO,
    ),
    Row(
        "a network, curl of Server 2019",
        exempting("localhost,127.0.0.1,::1,169.254.0.0/16"),
        Status.FAIL,
        "NO_PROXY does not exempt 169.254.169.254 for curl 7.55.1: curl before 7.86 does not know networks (CIDR) (found: localhost,127.0.0.1,::1,169.254.0.0/16). IMDS requests from the Machine environment would go to the proxy.",
        SET_NO.replace("'localhost", "'169.254.0.0/16,localhost"),
        NO,
    ),
    Row(
        "exempts Azure, too",
        exempting("169.254.169.254,.azure.com"),
        Status.FAIL,
        "NO_PROXY exempts too much (found: 169.254.169.254,.azure.com). Requests from the Machine environment to management.azure.com and 4 more endpoints would not use the proxy, and nothing else leads there.",
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
]


ROWS["IMDS-001"] = [
    Row("an echo", {"ping": recorded("ping")}, Status.PASS, f"{IMDS} answers ping."),
    Row(
        "none",
        {"ping": seen("3 packets transmitted, 0 received: TimedOut\n", exit=1)},
        Status.WARN,
        f"{IMDS} did not answer 3 pings (TimedOut). Azure does not promise ICMP: IMDS-002 shows whether the service works.",
        "Nothing needs to be done as long as IMDS-002 passes; otherwise check the route: Find-NetRoute -RemoteIPAddress 169.254.169.254",
    ),
]


ROWS["IMDS-002"] = [
    Row(
        "healthy",
        {"healthz": recorded("healthz, answered")},
        Status.PASS,
        f"GET http://{IMDS}/healthz answered 200 in 0.00 s.",
    ),
    Row(
        "no curl at all",
        {"healthz": seen(stderr="curl.exe", state="no tool")},
        Status.UNKNOWN,
        "curl.exe is not installed on the VM, or not on its PATH, so this was not checked.",
        "Windows Server 2019 and later have it. On Windows Server 2016, put curl for Windows (https://curl.se/windows/) into a folder of the Machine's PATH.",
    ),
]

ROWS["IMDS-004"] = [
    Row(
        "no such path",
        {"imds_compute": recorded("imds_compute, answered")},
        Status.PASS,
        f"GET http://{IMDS}/metadata/instance/compute?api-version=2019-06-01 answered 404: the installation script continues.",
    ),
    Row(
        "as on an Azure VM",
        {"imds_compute": seen("HTTP/1.1 200 OK\n\n\n@curl code=200 connect=000 request=79 verify=0 total=0.003000\n")},
        Status.FAIL,
        f"GET http://{IMDS}/metadata/instance/compute?api-version=2019-06-01 answered 200. That is how an Azure VM answers; expected 404. The installation script of the agent would stop with AZCM0147 (this is an Azure virtual machine).",
    ),
]

ROWS["TOKEN-001"] = [
    Row(
        "issued",
        {"arm_token": recorded("arm_token, answered")},
        Status.PASS,
        "IMDS issued a token for the VM's identity in 0.00 s.",
        parameters={"expected_principal": None},
    ),
]

REFUSED = "(Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server)"

ROWS["PROXY-003"] = [
    Row(
        "answers",
        {"proxy_port": recorded("proxy_port, answered")},
        Status.PASS,
        "169.254.0.11:3128 accepts connections (it answered HTTP 400 in 0.00 s).",
    ),
    Row(
        "refuses",
        {"proxy_port": recorded("proxy_port")},
        Status.FAIL,
        f"169.254.0.11:3128 refuses the connection or has no route {REFUSED}. Without the CSN proxy the VM does not reach Azure.",
        "The proxy belongs to the cloud services network. In Azure, check that the VM is attached to one and that it is Available (VM-003, CSN-003); on the VM, that 'Find-NetRoute -RemoteIPAddress 169.254.0.11' names the CSN interface.",
    ),
]
