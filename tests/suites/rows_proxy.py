"""PROXY-001 and 003: the proxy variables and the proxy itself; every outcome, word for word."""

from __future__ import annotations

from collections.abc import Mapping

from plugins.model import ProbeResult, Status
from tests.suites.proxy_evidence import CSN, FULL, but, vm
from tests.support.suite_rows import Row, curl, seen

ROWS: dict[str, list[Row]] = {}

SET_PROXY = "Set HTTPS_PROXY=http://169.254.0.11:3128 in /etc/environment, and open a new session."
ADD_PROXY = "Add the line HTTPS_PROXY=http://169.254.0.11:3128 to /etc/environment, and open a new session."


def https(name: str, evidence: Mapping[str, ProbeResult], status: Status, message: str, remedy: str = "") -> Row:
    return Row(name, evidence, status, message, remedy, {"variable": "HTTPS_PROXY"})


SET_HTTPS = SET_PROXY

ROWS["PROXY-001"] = [
    https(
        "as the article says",
        vm(written="/etc/environment:HTTPS_PROXY=\n"),
        Status.PASS,
        "HTTPS_PROXY is http://169.254.0.11:3128, in the SSH session and in the login shell (set in /etc/environment).",
    ),
    https(
        "sudo drops it",
        vm(sudo={}),
        Status.PASS,
        "HTTPS_PROXY is http://169.254.0.11:3128, in the SSH session and in the login shell. sudo drops it, so azcmagent needs its own proxy.url.",
    ),
    https(
        "no sudo to be had",
        vm(sudo_env=seen(state="no root")),
        Status.PASS,
        "HTTPS_PROXY is http://169.254.0.11:3128, in the SSH session and in the login shell.",
    ),
    https(
        "a trailing slash",
        vm(but(HTTPS_PROXY=CSN + "/")),
        Status.PASS,
        "HTTPS_PROXY is http://169.254.0.11:3128/, which means http://169.254.0.11:3128, in the SSH session and in the login shell.",
    ),
    https(
        "an upper-case scheme",
        vm(but(HTTPS_PROXY="HTTP://169.254.0.11:3128")),
        Status.PASS,
        "HTTPS_PROXY is HTTP://169.254.0.11:3128, which means http://169.254.0.11:3128, in the SSH session and in the login shell.",
    ),
    https(
        "no scheme",
        vm(but(HTTPS_PROXY="169.254.0.11:3128")),
        Status.PASS,
        "HTTPS_PROXY is 169.254.0.11:3128, which means http://169.254.0.11:3128, in the SSH session and in the login shell.",
    ),
    https(
        "quotation marks",
        vm(but(HTTPS_PROXY=f'"{CSN}"')),
        Status.FAIL,
        'HTTPS_PROXY is "http://169.254.0.11:3128" in the SSH session; expected http://169.254.0.11:3128. The quotation marks are part of the value, so az and newer versions of curl cannot read it as an address.',
        SET_PROXY,
    ),
    https(
        "a blank",
        vm(but(HTTPS_PROXY=CSN + " ")),
        Status.FAIL,
        "HTTPS_PROXY is http://169.254.0.11:3128  in the SSH session; expected http://169.254.0.11:3128. There is a blank in it, so az and newer versions of curl cannot read it as an address.",
        SET_PROXY,
    ),
    https(
        "a line break",
        vm(but(HTTPS_PROXY=CSN + "\nx")),
        Status.FAIL,
        "HTTPS_PROXY is http://169.254.0.11:3128\\nx in the SSH session; expected http://169.254.0.11:3128. There is a line break (\\n) in it, so az and newer versions of curl cannot read it as an address.",
        SET_PROXY,
    ),
    https(
        "a carriage return at its end, as a file of Windows has it",
        vm(but(HTTPS_PROXY=CSN + "\r")),
        Status.FAIL,
        "HTTPS_PROXY is http://169.254.0.11:3128\\r in the SSH session; expected http://169.254.0.11:3128. There is a carriage return (\\r) in it, so az and newer versions of curl cannot read it as an address.",
        SET_HTTPS,
    ),
    https(
        "a tab at its end",
        vm(but(HTTPS_PROXY=CSN + "\t")),
        Status.FAIL,
        "HTTPS_PROXY is http://169.254.0.11:3128\\t in the SSH session; expected http://169.254.0.11:3128. There is a tab (\\t) in it, so az and newer versions of curl cannot read it as an address.",
        SET_HTTPS,
    ),
    https(
        "a zero-width space, pasted from a page, in the login shell",
        vm(login=but(HTTPS_PROXY="\u200b" + CSN)),
        Status.FAIL,
        "HTTPS_PROXY is \\u200bhttp://169.254.0.11:3128 in the login shell; expected http://169.254.0.11:3128. There is a character that cannot be printed (U+200B) in it, so az and newer versions of curl cannot read it as an address.",
        SET_HTTPS,
    ),
    https(
        "a form feed, which is no end of a line",
        vm(but(HTTPS_PROXY=CSN + "\x0cNO_PROXY=x")),
        Status.FAIL,
        "HTTPS_PROXY is http://169.254.0.11:3128\\x0cNO_PROXY=x in the SSH session; expected http://169.254.0.11:3128. There is a character that cannot be printed (U+000C) in it, so az and newer versions of curl cannot read it as an address.",
        SET_HTTPS,
    ),
    https(
        "the session's answer was killed: nothing is known of it",
        vm(session_env=seen(exit=137)),
        Status.UNKNOWN,
        "The answer of the probe session_env is incomplete: its command was killed by SIGKILL (exit status 137).",
        "Run the command shown below on the VM by hand and check how it ends.",
    ),
    https(
        "TLS to the proxy",
        vm(but(HTTPS_PROXY="https://169.254.0.11:3128")),
        Status.FAIL,
        "HTTPS_PROXY is https://169.254.0.11:3128 in the SSH session; expected http://169.254.0.11:3128. With https:// programs speak TLS to the proxy itself, which it does not understand.",
        SET_PROXY,
    ),
    https(
        "SOCKS",
        vm(but(HTTPS_PROXY="socks5://169.254.0.11:3128")),
        Status.FAIL,
        "HTTPS_PROXY is socks5://169.254.0.11:3128 in the SSH session; expected http://169.254.0.11:3128. The CSN proxy is an HTTP proxy; socks5:// is another protocol.",
        SET_PROXY,
    ),
    https(
        "another host",
        vm(but(HTTPS_PROXY="http://proxy.corp.example:8080")),
        Status.FAIL,
        "HTTPS_PROXY is http://proxy.corp.example:8080 in the SSH session; expected http://169.254.0.11:3128. proxy.corp.example is not the CSN proxy; traffic to Azure would take another path, or fail.",
        SET_PROXY,
    ),
    https(
        "another port",
        vm(but(HTTPS_PROXY="http://169.254.0.11:8080")),
        Status.FAIL,
        "HTTPS_PROXY is http://169.254.0.11:8080 in the SSH session; expected http://169.254.0.11:3128. The CSN proxy listens on port 3128.",
        SET_PROXY,
    ),
    https(
        "no port",
        vm(but(HTTPS_PROXY="http://169.254.0.11")),
        Status.FAIL,
        "HTTPS_PROXY is http://169.254.0.11 in the SSH session; expected http://169.254.0.11:3128. Without a port every program assumes another one (curl 1080, Go and Python 80).",
        SET_PROXY,
    ),
    https(
        "a port without a host",
        vm(but(HTTPS_PROXY="http://:3128")),
        Status.FAIL,
        "HTTPS_PROXY is http://:3128 in the SSH session; expected http://169.254.0.11:3128. No host is named.",
        SET_PROXY,
    ),
    https(
        "a port that is none",
        vm(but(HTTPS_PROXY="http://169.254.0.11:31x8")),
        Status.FAIL,
        "HTTPS_PROXY is http://169.254.0.11:31x8 in the SSH session; expected http://169.254.0.11:3128. The port is not a number.",
        SET_PROXY,
    ),
    https(
        "a path",
        vm(but(HTTPS_PROXY=CSN + "/proxy.pac")),
        Status.FAIL,
        "HTTPS_PROXY is http://169.254.0.11:3128/proxy.pac in the SSH session; expected http://169.254.0.11:3128. There is more than an address in it.",
        SET_PROXY,
    ),
    https(
        "a login",
        vm(but(HTTPS_PROXY="http://***@169.254.0.11:3128")),
        Status.WARN,
        "HTTPS_PROXY carries a login for the proxy (http://***@169.254.0.11:3128). The CSN proxy requires none, and the agent's extension manager is known to fail with one.",
        SET_PROXY,
    ),
    https(
        "set nowhere",
        vm({}),
        Status.FAIL,
        "HTTPS_PROXY is set neither in the SSH session nor in the login shell; expected http://169.254.0.11:3128. A Nexus VM reaches Azure only through this proxy; programs that read this variable would not.",
        ADD_PROXY,
    ),
    https(
        "empty is not set",
        vm(but(HTTPS_PROXY="")),
        Status.FAIL,
        "HTTPS_PROXY is set neither in the SSH session nor in the login shell; expected http://169.254.0.11:3128. A Nexus VM reaches Azure only through this proxy; programs that read this variable would not.",
        ADD_PROXY,
    ),
    https(
        "lower case only",
        vm(but(HTTPS_PROXY=None), written="/etc/environment:https_proxy=\n"),
        Status.FAIL,
        "HTTPS_PROXY is set neither in the SSH session nor in the login shell; expected http://169.254.0.11:3128. /etc/environment sets https_proxy only. A Nexus VM reaches Azure only through this proxy; programs that read this variable would not.",
        ADD_PROXY,
    ),
    https(
        "written, but PAM is off",
        vm({}, written="/etc/environment:HTTPS_PROXY=\n"),
        Status.FAIL,
        "HTTPS_PROXY is set neither in the SSH session nor in the login shell; expected http://169.254.0.11:3128. It is written in /etc/environment, but does not arrive. A Nexus VM reaches Azure only through this proxy; programs that read this variable would not.",
        "/etc/environment reaches a session through PAM only: set 'UsePAM yes' in /etc/ssh/sshd_config, make sure that /etc/pam.d/sshd has pam_env.so, restart sshd and open a new session.",
    ),
    https(
        "only systemd and sudo have it",
        vm({}, sudo=FULL, systemd=FULL),
        Status.FAIL,
        "HTTPS_PROXY is set neither in the SSH session nor in the login shell; expected http://169.254.0.11:3128. Under sudo it is http://169.254.0.11:3128. Under systemd it is http://169.254.0.11:3128. A Nexus VM reaches Azure only through this proxy; programs that read this variable would not.",
        ADD_PROXY,
    ),
    https(
        "only in the login profile",
        vm({}, FULL, written="/etc/profile.d/proxy.sh:export HTTPS_PROXY=\n"),
        Status.WARN,
        "HTTPS_PROXY is http://169.254.0.11:3128 in the login shell (set in /etc/profile.d/proxy.sh), but not set in the SSH session. Ansible, cron and scripts over SSH would not use the proxy.",
        ADD_PROXY,
    ),
    https(
        "the login shell loses it",
        vm(FULL, {}),
        Status.WARN,
        "HTTPS_PROXY is http://169.254.0.11:3128 in the SSH session, but not set in the login shell. Login sessions would not use the proxy.",
        ADD_PROXY,
    ),
    https(
        "the login shell has another",
        vm(FULL, but(HTTPS_PROXY="http://10.0.0.9:8080")),
        Status.FAIL,
        "HTTPS_PROXY is http://10.0.0.9:8080 in the login shell; expected http://169.254.0.11:3128. 10.0.0.9 is not the CSN proxy; traffic to Azure would take another path, or fail.",
        SET_PROXY,
    ),
    https(
        "sudo has another",
        vm(sudo=but(HTTPS_PROXY="http://10.0.0.9:8080")),
        Status.WARN,
        "HTTPS_PROXY is right in the SSH session and the login shell, but http://10.0.0.9:8080 under sudo; expected http://169.254.0.11:3128.",
        "Correct it where sudo gets it from: /etc/sudoers, /etc/sudoers.d (env_file, setenv) or root's PAM; expected http://169.254.0.11:3128.",
    ),
    https(
        "the login shell hangs",
        vm(login_env=seen(state="timed out")),
        Status.UNKNOWN,
        "HTTPS_PROXY is http://169.254.0.11:3128 in the SSH session, but the login shell could not be read: it did not answer in time.",
        "Log in to the VM by hand and find out what its profile scripts wait for; then run again.",
    ),
    https(
        "the login shell hangs, the session is bare",
        vm({}, login_env=seen(state="timed out")),
        Status.UNKNOWN,
        "HTTPS_PROXY is not set in the SSH session, and the login shell could not be read: it did not answer in time.",
        ADD_PROXY,
    ),
    https(
        "the login shell runs nothing",
        vm(login_env=seen("This account is not available.\n")),
        Status.UNKNOWN,
        "HTTPS_PROXY is http://169.254.0.11:3128 in the SSH session, but the login shell could not be read: it ran no command.",
        "Log in to the VM by hand and find out what its profile scripts wait for; then run again.",
    ),
    Row(
        "https_proxy is missing",
        vm({}),
        Status.FAIL,
        "https_proxy is set neither in the SSH session nor in the login shell; expected http://169.254.0.11:3128. A Nexus VM reaches Azure only through this proxy; programs that read this variable would not.",
        "Add the line https_proxy=http://169.254.0.11:3128 to /etc/environment, and open a new session.",
        {"variable": "https_proxy"},
    ),
    Row(
        "HTTP_PROXY is missing: recommended",
        vm({}),
        Status.WARN,
        "HTTP_PROXY is set neither in the SSH session nor in the login shell; expected http://169.254.0.11:3128. Programs other than curl read it for http:// addresses.",
        "Add the line HTTP_PROXY=http://169.254.0.11:3128 to /etc/environment, and open a new session.",
        {"variable": "HTTP_PROXY"},
    ),
    Row(
        "http_proxy is missing: recommended",
        vm({}),
        Status.WARN,
        "http_proxy is set neither in the SSH session nor in the login shell; expected http://169.254.0.11:3128. curl reads only this one for http:// addresses.",
        "Add the line http_proxy=http://169.254.0.11:3128 to /etc/environment, and open a new session.",
        {"variable": "http_proxy"},
    ),
    Row(
        "the variables differ: each is judged by itself",
        vm(but(https_proxy="http://10.0.0.9:8080")),
        Status.PASS,
        "HTTPS_PROXY is http://169.254.0.11:3128, in the SSH session and in the login shell.",
        "",
        {"variable": "HTTPS_PROXY"},
    ),
]

ROWS["PROXY-003"] = [
    Row(
        "squid answers a plain request with 400",
        {"proxy_port": curl(400, ip="169.254.0.11")},
        Status.PASS,
        "169.254.0.11:3128 accepts connections (it answered HTTP 400 in 3.00 s).",
    ),
    Row(
        "refused",
        {"proxy_port": curl(exit=7, error="Failed to connect: Connection refused")},
        Status.FAIL,
        "169.254.0.11:3128 refuses the connection or has no route (Failed to connect: Connection refused). Without the CSN proxy the VM does not reach Azure.",
        "The proxy belongs to the cloud services network. In Azure, check that the VM is attached to one and that it is Available (VM-003, CSN-003); on the VM, that 'ip route get 169.254.0.11' names the CSN interface.",
    ),
    Row(
        "dropped",
        {"proxy_port": curl(exit=28, error="Connection timed out")},
        Status.FAIL,
        "169.254.0.11:3128 did not accept a connection within 3 s. Without the CSN proxy the VM does not reach Azure.",
    ),
    Row(
        "accepted and silent",
        {"proxy_port": curl(exit=28, ip="169.254.0.11", error="Operation timed out")},
        Status.WARN,
        "169.254.0.11:3128 accepted the connection, but curl exited with 28 (Operation timed out). The CSN proxy answers; NET-001 shows whether it serves.",
        "If NET-001 fails as well: check the state of the cloud services network (CSN-003), or whether something else than the CSN proxy listens at 169.254.0.11:3128.",
    ),
    Row(
        "not HTTP",
        {"proxy_port": curl(exit=1, ip="169.254.0.11", error="Received HTTP/0.9")},
        Status.WARN,
        "169.254.0.11:3128 accepted the connection, but what came back is not HTTP (Received HTTP/0.9). The CSN proxy answers; NET-001 shows whether it serves.",
        "If NET-001 fails as well: check the state of the cloud services network (CSN-003), or whether something else than the CSN proxy listens at 169.254.0.11:3128.",
    ),
    Row(
        "something else",
        {"proxy_port": curl(exit=45, error="bind failed")},
        Status.FAIL,
        "169.254.0.11:3128 was not reached: curl exited with 45 (bind failed); expected a connection.",
    ),
    Row(
        "no curl",
        {"proxy_port": seen(stderr="curl", state="no tool")},
        Status.UNKNOWN,
        "curl is not installed on the VM, or not on its PATH, so this was not checked.",
        "Install curl on the VM, or check this by hand.",
    ),
]
