"""IMDS-001..004: every outcome, word for word."""

from __future__ import annotations

from plugins.model import Status
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
        "Install ping on the VM, or judge this by hand.",
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
        "GET http://169.254.169.254/healthz answered 204; expected 200. The sidecar runs, but this answer is not described.",
        "Nothing, as long as tokens are issued (TOKEN-001); report it to Microsoft support if they are not.",
    ),
    Row(
        "another service",
        {"healthz": curl(404, ip=IMDS)},
        Status.FAIL,
        "GET http://169.254.169.254/healthz answered 404; expected 200. Something listens on port 80 that has no /healthz: not the Nexus sidecar.",
        "Check the VM's route to 169.254.169.254: ip route get 169.254.169.254; a local service or another platform's metadata service must not sit there.",
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
        "GET http://169.254.169.254/healthz was answered by a proxy (ERR_ACCESS_DENIED) with HTTP 403, though none was asked: something on the way intercepts port 80. Tokens would not come from this VM's sidecar.",
        "Take 169.254.169.254 out of the interception (iptables -t nat -L, nft list ruleset on the VM).",
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
        "On the VM: ip route get 169.254.169.254, and look for rules that drop it (nft list ruleset, iptables -L). If the way is right, restart the VM through Azure and open a support request if it persists.",
    ),
    Row(
        "accepted, not answered",
        {"healthz": curl(exit=28, ip=IMDS, error="Timed out")},
        Status.FAIL,
        "GET http://169.254.169.254/healthz was accepted but not answered within 3 s; expected 200. The sidecar hangs.",
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
        "Install curl on the VM, or judge this by hand.",
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
        "The probe healthz was stopped after its limit of 7 s.",
        "Run the command shown below on the VM by hand and see where it hangs.",
    ),
]

ROWS["IMDS-003"] = [
    Row(
        "exempt",
        {"healthz_as_is": curl(200, ip=IMDS)},
        Status.PASS,
        "With the session's own settings, GET http://169.254.169.254/healthz answered 200 from 169.254.169.254 itself.",
    ),
    Row(
        "went to the CSN proxy",
        {"healthz_as_is": curl(403, ip="169.254.0.11", headers=SQUID)},
        Status.FAIL,
        "With the session's own settings, GET http://169.254.169.254/healthz went to 169.254.0.11 and got HTTP 403; expected 200 from 169.254.169.254 itself. Token requests go the same way, and az login --identity fails.",
        "Put the metadata address into NO_PROXY and no_proxy, in /etc/environment: NO_PROXY=localhost,127.0.0.1,::1,169.254.169.254 ; then open a new session.",
    ),
    Row(
        "a proxy answered 200: still not the sidecar",
        {"healthz_as_is": curl(200, ip="10.0.0.9")},
        Status.FAIL,
        "With the session's own settings, GET http://169.254.169.254/healthz went to 10.0.0.9 and got HTTP 200; expected 200 from 169.254.169.254 itself. Token requests go the same way, and az login --identity fails.",
    ),
    Row(
        "the proxy refuses",
        {"healthz_as_is": curl(exit=7, error="Failed to connect to 169.254.0.11 port 3128: Connection refused")},
        Status.FAIL,
        "With the session's own settings, GET http://169.254.169.254/healthz went to 169.254.0.11 and got curl error 7 (Failed to connect to 169.254.0.11 port 3128: Connection refused); expected 200 from 169.254.169.254 itself. Token requests go the same way, and az login --identity fails.",
    ),
    Row(
        "the proxy's name does not resolve",
        {"healthz_as_is": curl(exit=5, error="Could not resolve proxy: proxy.corp.example")},
        Status.FAIL,
        "With the session's own settings, GET http://169.254.169.254/healthz was meant for a proxy that cannot be used (Could not resolve proxy: proxy.corp.example); expected 200 from 169.254.169.254 itself. az login --identity fails, too.",
    ),
    Row(
        "quotation marks in the value",
        {"healthz_as_is": curl(exit=5, error="Unsupported proxy syntax in '\"http://169.254.0.11:3128\"'")},
        Status.FAIL,
        "With the session's own settings, GET http://169.254.169.254/healthz was meant for a proxy that cannot be used (Unsupported proxy syntax in '\"http://169.254.0.11:3128\"'); expected 200 from 169.254.169.254 itself. az login --identity fails, too.",
    ),
    Row(
        "the service itself",
        {"healthz_as_is": curl(503, ip=IMDS)},
        Status.FAIL,
        "With the session's own settings, GET http://169.254.169.254/healthz answered 503; expected 200. It did not go through a proxy.",
        "See IMDS-002: the service itself does not answer as it should. If IMDS-002 passes, check ~/.curlrc.",
    ),
    Row(
        "the service itself refuses",
        {"healthz_as_is": curl(exit=7, error=f"Failed to connect to {IMDS} port 80 after 0 ms: Couldn't connect")},
        Status.FAIL,
        "With the session's own settings, GET http://169.254.169.254/healthz failed, curl exited with 7 (Failed to connect to 169.254.169.254 port 80 after 0 ms: Couldn't connect); expected 200. It did not go through a proxy.",
        "See IMDS-002: the service itself does not answer as it should. If IMDS-002 passes, check ~/.curlrc.",
    ),
    *(
        Row(
            f"no connection to the proxy: {words}",
            {"healthz_as_is": curl(exit=7, error=words)},
            Status.FAIL,
            f"With the session's own settings, GET http://169.254.169.254/healthz went to 169.254.0.11 and got curl error 7 ({words}); expected 200 from 169.254.169.254 itself. Token requests go the same way, and az login --identity fails.",
        )
        for words in (
            "Failed to connect to 169.254.169.254 port 80 via 169.254.0.11 after 0 ms: Could not connect to server",
            "Failed to connect to 169.254.0.11 port 3128: Connection refused",
            "Failed connect to 169.254.0.11:3128; Connection refused",
            "connect to 169.254.0.11 port 3128 failed: No route to host",
        )
    ),
    *(
        Row(
            f"no connection, and no word of where to: {exit} {words}",
            {"healthz_as_is": curl(exit=exit, error=words)},
            Status.FAIL,
            f"With the session's own settings, GET http://169.254.169.254/healthz failed, curl exited with {exit} ({words}); expected 200. No connection was made, and curl does not say to where: to the service itself, or to a proxy.",
            "See PROXY-002 and IMDS-002. If both pass, look at ~/.curlrc: it may name a proxy, too.",
        )
        for exit, words in (
            (28, "Connection timed out after 3001 milliseconds"),
            (28, "connect() timed out!"),
            (28, "Operation timed out after 3001 milliseconds with 0 bytes received"),
            (7, "couldn't connect to host"),
        )
    ),
    Row(
        "a time-out after the service itself took the connection",
        {
            "healthz_as_is": curl(
                ip=IMDS, exit=28, error="Operation timed out after 3001 milliseconds with 0 bytes received"
            )
        },
        Status.FAIL,
        "With the session's own settings, GET http://169.254.169.254/healthz failed, curl exited with 28 (Operation timed out after 3001 milliseconds with 0 bytes received); expected 200. It did not go through a proxy.",
        "See IMDS-002: the service itself does not answer as it should. If IMDS-002 passes, check ~/.curlrc.",
    ),
    Row(
        "no curl",
        {"healthz_as_is": seen(stderr="curl", state="no tool")},
        Status.UNKNOWN,
        "curl is not installed on the VM, or not on its PATH, so this was not checked.",
        "Install curl on the VM, or judge this by hand.",
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
