"""IMDS-001..004: every outcome, word for word."""

from __future__ import annotations

from dataclasses import replace

from plugins.model import ProbeResult, Status
from tests.support.suite_rows import Row, curl, seen

ROWS: dict[str, list[Row]] = {}

IMDS = "169.254.169.254"
LOST = (
    f"PING {IMDS} ({IMDS}) 56(84) bytes of data.\n\n2 packets transmitted, 0 received, 100% packet loss, time 1013ms\n"
)
SQUID = (
    "HTTP/1.1 403 Forbidden\r\nServer: squid/5.7\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\nVia: 1.1 csn (squid/5.7)\r\n"
)

ROWS["IMDS-001"] = [
    Row(
        "answers",
        {"ping": seen(f"64 bytes from {IMDS}\n1 packets transmitted, 1 received\n")},
        Status.PASS,
        "169.254.169.254 answers ping.",
    ),
    Row(
        "no echo: only a warning",
        {"ping": seen(LOST, exit=1)},
        Status.WARN,
        "169.254.169.254 did not answer 3 pings. Azure does not promise ICMP: IMDS-002 shows whether the service works.",
        "Nothing needs to be done as long as IMDS-002 passes; otherwise check the route: ip route get 169.254.169.254",
    ),
    Row(
        "no route",
        {"ping": seen("", "ping: connect: Network is unreachable\n", exit=2)},
        Status.WARN,
        "169.254.169.254 did not answer 3 pings (connect: Network is unreachable). Azure does not promise ICMP: IMDS-002 shows whether the service works.",
    ),
    Row(
        "not allowed",
        {"ping": seen("", "ping: socket: Operation not permitted\n", exit=2)},
        Status.UNKNOWN,
        "ping did not run (socket: Operation not permitted).",
        "Give the login user the right to ping (net.ipv4.ping_group_range), or judge by IMDS-002.",
    ),
    Row(
        "no ping",
        {"ping": seen(stderr="ping", state="no tool")},
        Status.UNKNOWN,
        "ping is not installed on the VM, or not on its PATH, so this was not checked.",
        "Install ping on the VM, or check this by hand.",
    ),
]

ROWS["IMDS-002"] = [
    Row(
        "healthy",
        {"healthz": curl(200, ip=IMDS)},
        Status.PASS,
        "GET http://169.254.169.254/healthz answered 200 in 3.00 s.",
    ),
    Row(
        "an undocumented 2xx",
        {"healthz": curl(204, ip=IMDS)},
        Status.WARN,
        "GET http://169.254.169.254/healthz answered 204; expected 200. The sidecar runs, but this answer is not documented.",
        "Nothing, as long as tokens are issued (TOKEN-001); report it to Microsoft support if they are not.",
    ),
    Row(
        "another service",
        {"healthz": curl(404, ip=IMDS)},
        Status.FAIL,
        "GET http://169.254.169.254/healthz answered 404; expected 200. Something listens on port 80 that has no /healthz: not the Nexus sidecar.",
        "Check the VM's route to 169.254.169.254: ip route get 169.254.169.254; a local service or another platform's metadata service must not answer there.",
    ),
    Row(
        "not healthy",
        {"healthz": curl(503, ip=IMDS)},
        Status.FAIL,
        "GET http://169.254.169.254/healthz answered 503; expected 200. The sidecar runs but is not healthy.",
        "The sidecar belongs to the platform. Restart the VM through Azure (az networkcloud virtualmachine restart), and open a support request if it persists.",
    ),
    Row(
        "another status",
        {"healthz": curl(400, ip=IMDS)},
        Status.FAIL,
        "GET http://169.254.169.254/healthz answered 400; expected 200.",
    ),
    Row(
        "intercepted by a proxy",
        {"healthz": curl(403, ip=IMDS, headers=SQUID)},
        Status.FAIL,
        "GET http://169.254.169.254/healthz was answered by a proxy (ERR_ACCESS_DENIED) with HTTP 403, although the request used none: a rule or device on the path intercepts port 80. Tokens would not come from this VM's sidecar.",
        "Exclude 169.254.169.254 from the interception (iptables -t nat -L, nft list ruleset on the VM).",
    ),
    Row(
        "a reverse proxy of its own is fine",
        {"healthz": curl(200, ip=IMDS, headers="Via: 1.1 envoy")},
        Status.PASS,
        "GET http://169.254.169.254/healthz answered 200 in 3.00 s.",
    ),
    Row(
        "refused",
        {"healthz": curl(exit=7, error=f"Failed to connect to {IMDS} port 80 after 0 ms: Couldn't connect to server")},
        Status.FAIL,
        "169.254.169.254 port 80 refuses the connection or has no route (Failed to connect to 169.254.169.254 port 80 after 0 ms: Couldn't connect to server); expected 200 from /healthz. The sidecar does not listen.",
        "On the VM: ip route get 169.254.169.254 must name the CSN interface. If it does, restart the VM through Azure, and open a support request if it persists.",
    ),
    Row(
        "dropped",
        {"healthz": curl(exit=28, error="Connection timed out after 3001 ms")},
        Status.FAIL,
        "169.254.169.254 port 80 did not accept a connection within 3 s; expected 200 from /healthz. The path to the sidecar is broken, or a firewall on the VM drops it.",
        "On the VM: ip route get 169.254.169.254, and look for rules that drop it (nft list ruleset, iptables -L). If the route is right, restart the VM through Azure and open a support request if it persists.",
    ),
    Row(
        "accepted, not answered",
        {"healthz": curl(exit=28, ip=IMDS, error="Timed out")},
        Status.FAIL,
        "GET http://169.254.169.254/healthz was accepted but not answered within 3 s; expected 200. The sidecar hangs.",
    ),
    Row(
        "the answer broke off",
        {"healthz": curl(200, ip=IMDS, exit=18, error="transfer closed with 198 bytes remaining to read")},
        Status.FAIL,
        "GET http://169.254.169.254/healthz answered 200, but the answer broke off: curl exited with 18 (transfer closed with 198 bytes remaining to read); expected all of it.",
    ),
    *(
        Row(
            f"not HTTP: curl exits with {exit}",
            {"healthz": curl(ip=IMDS, exit=exit, error=words)},
            Status.FAIL,
            f"GET http://169.254.169.254/healthz failed, what came back is not HTTP{f' ({words})' if words else ''}; expected 200.",
        )
        for exit, words in ((0, ""), (1, "Received HTTP/0.9 when not allowed"))  # before and since 7.66
    ),
    Row(
        "hung up",
        {"healthz": curl(exit=52, ip=IMDS, error="Empty reply from server")},
        Status.FAIL,
        "GET http://169.254.169.254/healthz failed, curl exited with 52 (Empty reply from server); expected 200.",
    ),
    Row(
        "no curl",
        {"healthz": seen(stderr="curl", state="no tool")},
        Status.UNKNOWN,
        "curl is not installed on the VM, or not on its PATH, so this was not checked.",
        "Install curl on the VM, or check this by hand.",
    ),
    Row(
        "garbage",
        {"healthz": seen("\x00\x7f")},
        Status.UNKNOWN,
        "The answer of the probe healthz could not be read: curl exited with 0 but printed no @curl line: no output.",
        "Run the command shown below on the VM by hand and check its output.",
    ),
    Row(
        "stopped",
        {"healthz": seen(state="timed out")},
        Status.UNKNOWN,
        "The probe healthz was stopped after its limit of 10 s.",
        "Run the command shown below on the VM by hand and find out where it hangs.",
    ),
]

PROXY = "169.254.0.11:3128"
OWN = "With the session's own settings, GET http://169.254.169.254/healthz"
SEE_IMDS_002 = "See IMDS-002: the service itself does not answer as it should. If IMDS-002 passes, check ~/.curlrc."


def own(
    answer: ProbeResult,
    tried: str = "",
    lines: str = "",
    env: str = f"http_proxy=http://{PROXY}\n",
    version: str = "7.88.1",
) -> dict[str, ProbeResult]:
    """The evidence of IMDS-003: the last address that curl tried, and curl's own lines."""
    way = f"@tried {tried}\n" if tried else ""
    return {
        "healthz_as_is": replace(answer, stderr=lines + way + answer.stderr),
        "session_env": seen(env),
        "curl_version": seen(f"curl {version} (x86_64-pc-linux-gnu) libcurl/{version} OpenSSL/3.0.22\n"),
    }


ROWS["IMDS-003"] = [
    Row(
        "exempt",
        own(curl(200, ip=IMDS), f"{IMDS}:80"),
        Status.PASS,
        f"{OWN} answered 200 from 169.254.169.254 itself.",
    ),
    Row(
        "exempt: curl before 7.70 names no port",
        own(curl(200, ip=IMDS), IMDS, version="7.61.1"),
        Status.PASS,
        f"{OWN} answered 200 from 169.254.169.254 itself.",
    ),
    Row(
        "went to the CSN proxy",
        own(curl(403, ip="169.254.0.11", headers=SQUID), PROXY, "@proxied\n"),
        Status.FAIL,
        f"{OWN} went to 169.254.0.11:3128 and got HTTP 403; expected 200 from 169.254.169.254 itself. Token requests go the same way, and az login --identity fails.",
        "Put the metadata address into NO_PROXY and no_proxy, in /etc/environment: NO_PROXY=localhost,127.0.0.1,::1,169.254.169.254 ; then open a new session.",
    ),
    Row(
        "only this curl does not read the network: az does",
        own(
            curl(403, ip="169.254.0.11", headers=SQUID),
            "169.254.0.11",
            "@proxied\n",
            f"http_proxy=http://{PROXY}\nno_proxy=169.254.0.0/16\n",
            "7.61.1",
        ),
        Status.FAIL,
        f"{OWN} went to 169.254.0.11 and got HTTP 403; expected 200 from 169.254.169.254 itself. az asks directly.",
    ),
    Row(
        "the proxy of a configuration file",
        own(curl(403, ip="169.254.0.11", headers=SQUID), PROXY, "@rc H proxy /root/.curlrc\n@proxied\n", env=""),
        Status.FAIL,
        f"{OWN} went to 169.254.0.11:3128 and got HTTP 403; expected 200 from 169.254.169.254 itself. /root/.curlrc names a proxy for curl. az asks directly.",
        'Take the proxy out of /root/.curlrc, or add the line noproxy = "169.254.169.254" to it; az and azcmagent do not read that file.',
    ),
    Row(
        "a configuration file that this curl is too old to read",
        own(
            curl(exit=28, ip=IMDS, error="Operation timed out"),
            IMDS,
            "@rc h proxy /root/.config/curlrc\n",
            "",
            "7.61.1",
        ),
        Status.FAIL,
        f"{OWN} failed, curl exited with 28 (Operation timed out); expected 200. It did not go through a proxy.",
        SEE_IMDS_002,
    ),
    Row(
        "a proxy answered 200: still not the sidecar",
        own(curl(200, ip="10.0.0.9"), "10.0.0.9:3128"),
        Status.FAIL,
        f"{OWN} went to 10.0.0.9:3128 and got HTTP 200; expected 200 from 169.254.169.254 itself. Token requests go the same way, and az login --identity fails.",
    ),
    Row(
        "a proxy at the address of the service",
        own(curl(200, ip=IMDS), f"{IMDS}:80", "@proxied\n"),
        Status.FAIL,
        f"{OWN} went to 169.254.169.254:80, as to a proxy, and got HTTP 200; expected 200 from 169.254.169.254 itself. Token requests go the same way, and az login --identity fails.",
    ),
    Row(
        "the service answers as squid does",
        own(curl(403, ip=IMDS, headers=SQUID), f"{IMDS}:80", env=""),
        Status.FAIL,
        f"{OWN} went to a proxy on the path and got HTTP 403; expected 200 from 169.254.169.254 itself. az asks directly.",
    ),
    Row(
        "the proxy's name does not resolve",
        own(curl(exit=5, error="Could not resolve proxy: proxy.corp.example")),
        Status.FAIL,
        f"{OWN} was meant for a proxy that cannot be used: curl exited with 5 (Could not resolve proxy: proxy.corp.example); expected 200 from 169.254.169.254 itself. Token requests go the same way, and az login --identity fails.",
    ),
    Row(
        "quotation marks in the value",
        own(curl(exit=5, error="Unsupported proxy syntax in '\"http://169.254.0.11:3128\"'")),
        Status.FAIL,
        f"{OWN} was meant for a proxy that cannot be used: curl exited with 5 (Unsupported proxy syntax in '\"http://169.254.0.11:3128\"'); expected 200 from 169.254.169.254 itself. Token requests go the same way, and az login --identity fails.",
    ),
    Row(
        "the service itself",
        own(curl(503, ip=IMDS), f"{IMDS}:80"),
        Status.FAIL,
        f"{OWN} answered 503; expected 200. It did not go through a proxy.",
        SEE_IMDS_002,
    ),
    Row(
        "the service itself refuses",
        own(curl(exit=7, error=f"Failed to connect to {IMDS} port 80 after 0 ms: Couldn't connect"), f"{IMDS}:80"),
        Status.FAIL,
        f"{OWN} failed, curl exited with 7 (Failed to connect to 169.254.169.254 port 80 after 0 ms: Couldn't connect); expected 200. It did not go through a proxy.",
        SEE_IMDS_002,
    ),
    Row(
        "the answer broke off",
        own(curl(200, ip=IMDS, exit=18, error="transfer closed with 198 bytes remaining to read"), f"{IMDS}:80"),
        Status.FAIL,
        f"{OWN} answered 200, but the answer broke off: curl exited with 18 (transfer closed with 198 bytes remaining to read); expected 200. It did not go through a proxy.",
        SEE_IMDS_002,
    ),
    *(
        Row(
            f"no connection to the proxy: {exit} {words}",
            own(curl(exit=exit, error=words), "169.254.0.11"),
            Status.FAIL,
            f"{OWN} went to 169.254.0.11 and got curl error {exit} ({words}); expected 200 from 169.254.169.254 itself. Token requests go the same way, and az login --identity fails.",
        )
        for exit, words in (
            (
                7,
                "Failed to connect to 169.254.169.254 port 80 via 169.254.0.11 after 0 ms: Could not connect to server",
            ),
            (7, "Failed to connect to 169.254.0.11 port 3128: Connection refused"),
            (7, "Failed connect to 169.254.169.254:3128; Connection refused"),  # 7.29 names the wrong host
            (7, "connect to 169.254.0.11 port 3128 failed: No route to host"),
            (7, "couldn't connect to host"),
            (7, "connect() timed out!"),
            (28, "Connection timed out after 3001 milliseconds"),
            (28, "Operation timed out after 3001 milliseconds with 0 bytes received"),
        )
    ),
    *(
        Row(
            f"no connection to the service: {exit} {words}",
            own(curl(exit=exit, error=words), IMDS),
            Status.FAIL,
            f"{OWN} failed, curl exited with {exit} ({words}); expected 200. It did not go through a proxy.",
            SEE_IMDS_002,
        )
        for exit, words in (
            (28, "Connection timed out after 3001 milliseconds"),
            (7, "couldn't connect to host"),
        )
    ),
    Row(
        "no connection was tried",
        own(curl(exit=2), env=""),
        Status.FAIL,
        f"{OWN} failed, curl exited with 2; expected 200. No connection was tried, and no proxy is set.",
        "See PROXY-002 and IMDS-002. If both pass, check curl's configuration (~/.curlrc).",
    ),
    Row(
        "an answer of unknown origin",
        own(curl(200, ip=IMDS)),
        Status.UNKNOWN,
        f"{OWN} answered 200, but curl does not state from where; expected 169.254.169.254.",
        "Check curl's configuration (~/.curlrc): it may send what curl -v prints to a file (stderr).",
    ),
    Row(
        "no curl",
        own(seen()) | {"healthz_as_is": seen(stderr="curl", state="no tool")},
        Status.UNKNOWN,
        "curl is not installed on the VM, or not on its PATH, so this was not checked.",
        "Install curl on the VM, or check this by hand.",
    ),
]

ROWS["IMDS-004"] = [
    Row(
        "not found",
        {"imds_compute": curl(404, ip=IMDS)},
        Status.PASS,
        "GET http://169.254.169.254/metadata/instance/compute?api-version=2019-06-01 answered 404: the installation script continues.",
    ),
    Row(
        "refused by status",
        {"imds_compute": curl(400, ip=IMDS)},
        Status.PASS,
        "GET http://169.254.169.254/metadata/instance/compute?api-version=2019-06-01 answered 400: the installation script continues.",
    ),
    Row(
        "like an Azure VM",
        {"imds_compute": curl(200, ip=IMDS)},
        Status.FAIL,
        "GET http://169.254.169.254/metadata/instance/compute?api-version=2019-06-01 answered 200. That is how an Azure VM answers; expected 404. The installation script of the agent would stop with AZCM0141 (this is an Azure virtual machine).",
        "Open a support request for the platform: the sidecar must not serve /metadata/instance. Do not set MSFT_ARC_TEST: it is for tests only.",
    ),
    Row(
        "no answer",
        {"imds_compute": curl(exit=28, ip=IMDS, error="Timed out")},
        Status.UNKNOWN,
        "GET http://169.254.169.254/metadata/instance/compute?api-version=2019-06-01 got no answer, curl exited with 28 (Timed out), though /healthz did.",
        "Run again. The installation script would continue this time, but may fail the next time.",
    ),
]
