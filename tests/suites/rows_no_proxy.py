"""PROXY-002: NO_PROXY; every outcome, word for word."""

from __future__ import annotations

from collections.abc import Mapping

from plugins.model import ProbeResult, Status
from tests.suites.proxy_evidence import ARTICLE, FULL, but, vm
from tests.support.suite_rows import Row, seen

ROWS: dict[str, list[Row]] = {}

SET_NO_PROXY = "Set no_proxy=localhost,127.0.0.1,::1,169.254.169.254 in /etc/environment, and open a new session."


def version(number: str) -> ProbeResult:
    return seen(f"curl {number} (x86_64-pc-linux-gnu) libcurl/{number} OpenSSL/3.0.2\nRelease-Date: 2022-01-05\n")


def no_proxy(
    name: str,
    values: Mapping[str, str],
    status: Status,
    message: str,
    remedy: str = "",
    variable: str = "no_proxy",
    curl: str = "7.88.1",
    **rest: object,
) -> Row:
    evidence = {key: value for key, value in vm(values, **rest).items() if not key.startswith(("sudo", "systemd"))}  # type: ignore[arg-type]
    return Row(name, {**evidence, "curl_version": version(curl)}, status, message, remedy, {"variable": variable})


def both(value: str | None) -> dict[str, str]:
    return but(NO_PROXY=value, no_proxy=value)


CIDR = "localhost,127.0.0.1,::1,169.254.0.0/16"

ROWS["PROXY-002"] = [
    no_proxy(
        "as the article says",
        FULL,
        Status.PASS,
        "no_proxy exempts 169.254.169.254 in the SSH session and in the login shell (found: localhost,127.0.0.1,::1,169.254.169.254).",
    ),
    no_proxy(
        "upper case",
        FULL,
        Status.PASS,
        "NO_PROXY exempts 169.254.169.254 in the SSH session and in the login shell (found: localhost,127.0.0.1,::1,169.254.169.254).",
        variable="NO_PROXY",
    ),
    no_proxy(
        "another order, and more",
        both("10.0.0.0/8,169.254.169.254,::1,127.0.0.1,localhost"),
        Status.PASS,
        "no_proxy exempts 169.254.169.254 in the SSH session and in the login shell (found: 10.0.0.0/8,169.254.169.254,::1,127.0.0.1,localhost).",
    ),
    no_proxy(
        "lacks the address",
        both("localhost,127.0.0.1,::1"),
        Status.FAIL,
        "no_proxy lacks 169.254.169.254 (found: localhost,127.0.0.1,::1). IMDS requests from the SSH session would go to the proxy.",
        SET_NO_PROXY,
    ),
    no_proxy(
        "lacks the address, and is set by a script",
        both("localhost,127.0.0.1,::1"),
        Status.FAIL,
        "no_proxy lacks 169.254.169.254 (found: localhost,127.0.0.1,::1). IMDS requests from the SSH session would go to the proxy. It is set in /etc/profile.d/proxy.sh.",
        "Set no_proxy=localhost,127.0.0.1,::1,169.254.169.254 in /etc/profile.d/proxy.sh, and open a new session.",
        written="/etc/profile.d/proxy.sh:export no_proxy=\n",
    ),
    no_proxy(
        "blanks after the commas",
        both("localhost, 127.0.0.1, ::1, 169.254.169.254"),
        Status.PASS,
        "no_proxy exempts 169.254.169.254 in the SSH session and in the login shell (found: localhost, 127.0.0.1, ::1, 169.254.169.254).",
    ),
    no_proxy(
        "blanks instead of commas",
        both("localhost 127.0.0.1 ::1 169.254.169.254"),
        Status.FAIL,
        "no_proxy does not exempt 169.254.169.254 for az (Python): entries are separated by commas, without blanks (found: localhost 127.0.0.1 ::1 169.254.169.254). IMDS requests from the SSH session would go to the proxy.",
        SET_NO_PROXY,
    ),
    no_proxy(
        "blanks instead of commas, curl of today",
        both("localhost 127.0.0.1 ::1 169.254.169.254"),
        Status.FAIL,
        "no_proxy does not exempt 169.254.169.254 for curl 8.14.1 and az (Python): entries are separated by commas, without blanks (found: localhost 127.0.0.1 ::1 169.254.169.254). IMDS requests from the SSH session would go to the proxy.",
        SET_NO_PROXY,
        curl="8.14.1",
    ),
    no_proxy(
        "semicolons",
        both("localhost;127.0.0.1;169.254.169.254"),
        Status.FAIL,
        "no_proxy does not exempt 169.254.169.254 for curl 7.88.1 and az (Python): only commas separate entries (found: localhost;127.0.0.1;169.254.169.254). IMDS requests from the SSH session would go to the proxy.",
        SET_NO_PROXY,
    ),
    no_proxy(
        "quotation marks",
        both(f'"{ARTICLE}"'),
        Status.FAIL,
        'no_proxy does not exempt 169.254.169.254 for curl 7.88.1 and az (Python): its quotation marks are part of the value (found: "localhost,127.0.0.1,::1,169.254.169.254"). IMDS requests from the SSH session would go to the proxy.',
        SET_NO_PROXY,
    ),
    no_proxy(
        "with a port",
        both("localhost,127.0.0.1,::1,169.254.169.254:80"),
        Status.FAIL,
        "no_proxy does not exempt 169.254.169.254 for curl 7.88.1 and az (Python): an entry with a port does not count for every tool (found: localhost,127.0.0.1,::1,169.254.169.254:80). IMDS requests from the SSH session would go to the proxy.",
        SET_NO_PROXY,
    ),
    no_proxy(
        "with a scheme",
        both("localhost,127.0.0.1,::1,http://169.254.169.254"),
        Status.FAIL,
        "no_proxy does not exempt 169.254.169.254 for curl 7.88.1 and az (Python): an entry is an address, without http:// (found: localhost,127.0.0.1,::1,http://169.254.169.254). IMDS requests from the SSH session would go to the proxy.",
        SET_NO_PROXY,
    ),
    no_proxy(
        "a star as part of an address",
        both("localhost,127.0.0.1,::1,169.254.*"),
        Status.FAIL,
        "no_proxy does not exempt 169.254.169.254 for curl 7.88.1 and az (Python): a star counts for curl and az only when it stands alone, and is not part of an address (found: localhost,127.0.0.1,::1,169.254.*). IMDS requests from the SSH session would go to the proxy.",
        SET_NO_PROXY,
    ),
    no_proxy(
        "a star exempts Azure, too",
        both("*"),
        Status.FAIL,
        "no_proxy exempts too much (found: *). Requests from the SSH session to management.azure.com and 7 more endpoints would not use the proxy, and nothing else leads there.",
        SET_NO_PROXY,
    ),
    no_proxy(
        "a domain exempts Azure, too",
        both(ARTICLE + ",.azure.com"),
        Status.FAIL,
        "no_proxy exempts too much (found: localhost,127.0.0.1,::1,169.254.169.254,.azure.com). Requests from the SSH session to management.azure.com and 4 more endpoints would not use the proxy, and nothing else leads there.",
        SET_NO_PROXY,
    ),
    no_proxy(
        "a network, curl knows them",
        both(CIDR),
        Status.PASS,
        "no_proxy exempts 169.254.169.254 in the SSH session and in the login shell (found: localhost,127.0.0.1,::1,169.254.0.0/16).",
    ),
    no_proxy(
        "a network, curl of Ubuntu 20.04",
        both(CIDR),
        Status.FAIL,
        "no_proxy does not exempt 169.254.169.254 for curl 7.68.0: curl before 7.86 does not know networks (CIDR) (found: localhost,127.0.0.1,::1,169.254.0.0/16). IMDS requests from the SSH session would go to the proxy.",
        "Set no_proxy=169.254.0.0/16,localhost,127.0.0.1,::1,169.254.169.254 in /etc/environment, and open a new session.",
        curl="7.68.0",
    ),
    no_proxy(
        "a network, curl of RHEL 8",
        both(CIDR),
        Status.FAIL,
        "no_proxy does not exempt 169.254.169.254 for curl 7.61.1: curl before 7.86 does not know networks (CIDR) (found: localhost,127.0.0.1,::1,169.254.0.0/16). IMDS requests from the SSH session would go to the proxy.",
        "Set no_proxy=169.254.0.0/16,localhost,127.0.0.1,::1,169.254.169.254 in /etc/environment, and open a new session.",
        curl="7.61.1",
    ),
    no_proxy(
        "a carriage return at its end",
        both(f"{ARTICLE}\r"),
        Status.FAIL,
        "no_proxy does not exempt 169.254.169.254 for curl 7.88.1 and az (Python): there is a carriage return (\\r) in it, which some tools take as part of the entry (found: localhost,127.0.0.1,::1,169.254.169.254\\r). IMDS requests from the SSH session would go to the proxy.",
        SET_NO_PROXY,
    ),
    no_proxy(
        "a carriage return, in the variable that Go reads",
        both(f"{ARTICLE}\r"),
        Status.FAIL,
        "NO_PROXY does not exempt 169.254.169.254 for azcmagent (Go): there is a carriage return (\\r) in it, which some tools take as part of the entry (found: localhost,127.0.0.1,::1,169.254.169.254\\r). IMDS requests from the SSH session would go to the proxy.",
        "Set NO_PROXY=localhost,127.0.0.1,::1,169.254.169.254 in /etc/environment, and open a new session.",
        variable="NO_PROXY",
    ),
    no_proxy(
        "a tab instead of a comma, with an entry of the operator's",
        both("localhost,127.0.0.1,::1,.corp.example\t169.254.169.254"),
        Status.FAIL,
        "no_proxy does not exempt 169.254.169.254 for az (Python): there is a tab (\\t) in it, which some tools take as part of the entry (found: localhost,127.0.0.1,::1,.corp.example\\t169.254.169.254). IMDS requests from the SSH session would go to the proxy.",
        "Set no_proxy=.corp.example,localhost,127.0.0.1,::1,169.254.169.254 in /etc/environment, and open a new session.",
    ),
    no_proxy(
        "curl 7.86.0 takes the last entry only",
        both("169.254.169.254,localhost,127.0.0.1,::1"),
        Status.FAIL,
        "no_proxy does not exempt 169.254.169.254 for curl 7.86.0: curl 7.86.0 takes only the last entry for an address (found: 169.254.169.254,localhost,127.0.0.1,::1). IMDS requests from the SSH session would go to the proxy.",
        SET_NO_PROXY,
        curl="7.86.0",
    ),
    no_proxy(
        "curl 7.86.0, as the article says",
        both(ARTICLE),
        Status.PASS,
        "no_proxy exempts 169.254.169.254 in the SSH session and in the login shell (found: localhost,127.0.0.1,::1,169.254.169.254).",
        curl="7.86.0",
    ),
    no_proxy(
        "the end of an address, which Go does not match any more",
        both("localhost,127.0.0.1,::1,169.254"),
        Status.FAIL,
        "NO_PROXY does not exempt 169.254.169.254 for azcmagent (Go): the end of an address counts for old versions of some tools only (found: localhost,127.0.0.1,::1,169.254). IMDS requests from the SSH session would go to the proxy.",
        "Set NO_PROXY=169.254,localhost,127.0.0.1,::1,169.254.169.254 in /etc/environment, and open a new session.",
        variable="NO_PROXY",
        curl="7.81.0",
    ),
    no_proxy(
        "the remedy keeps the operator's own entries",
        both(".,169.254.169.254,localhost,127.0.0.1,.internal.example.com"),
        Status.WARN,
        "no_proxy lacks ::1 in the SSH session (found: .,169.254.169.254,localhost,127.0.0.1,.internal.example.com). The agent listens on localhost, ports 40342 and 40343; such requests may go to the proxy.",
        "Set no_proxy=.internal.example.com,localhost,127.0.0.1,::1,169.254.169.254 in /etc/environment, and open a new session.",
        curl="8.3.0",
    ),
    no_proxy(
        "the remedy drops what exempts Azure and keeps the rest",
        both(f".azure.com,{ARTICLE},.internal.example.com"),
        Status.FAIL,
        "no_proxy exempts too much (found: .azure.com,localhost,127.0.0.1,::1,169.254.169.254,.internal.example.com). Requests from the SSH session to management.azure.com and 4 more endpoints would not use the proxy, and nothing else leads there.",
        "Set no_proxy=.internal.example.com,localhost,127.0.0.1,::1,169.254.169.254 in /etc/environment, and open a new session.",
    ),
    no_proxy(
        "a network, in the variable that curl does not read",
        but(NO_PROXY=CIDR),
        Status.PASS,
        "NO_PROXY exempts 169.254.169.254 in the SSH session and in the login shell (found: localhost,127.0.0.1,::1,169.254.0.0/16).",
        variable="NO_PROXY",
        curl="7.68.0",
    ),
    no_proxy(
        "an address of another length",
        both("localhost,127.0.0.1,::1,169.254.169.25"),
        Status.FAIL,
        "no_proxy lacks 169.254.169.254 (found: localhost,127.0.0.1,::1,169.254.169.25). IMDS requests from the SSH session would go to the proxy.",
        "Set no_proxy=localhost,127.0.0.1,::1,169.254.169.25,169.254.169.254 in /etc/environment, and open a new session.",
    ),
    no_proxy(
        "lacks localhost",
        both("169.254.169.254"),
        Status.WARN,
        "no_proxy lacks localhost, 127.0.0.1, ::1 in the SSH session (found: 169.254.169.254). The agent listens on localhost, ports 40342 and 40343; such requests may go to the proxy.",
        SET_NO_PROXY,
    ),
    no_proxy(
        "lacks ::1",
        both("localhost,127.0.0.1,169.254.169.254"),
        Status.WARN,
        "NO_PROXY lacks ::1 in the SSH session (found: localhost,127.0.0.1,169.254.169.254). The agent listens on localhost, ports 40342 and 40343; such requests may go to the proxy.",
        "Set NO_PROXY=localhost,127.0.0.1,::1,169.254.169.254 in /etc/environment, and open a new session.",
        variable="NO_PROXY",
    ),
    no_proxy(
        "set nowhere, no proxy either",
        {},
        Status.FAIL,
        "no_proxy is set neither in the SSH session nor in the login shell; expected localhost,127.0.0.1,::1,169.254.169.254. As soon as a proxy is set, requests to the metadata service (169.254.169.254) would go to it.",
        SET_NO_PROXY,
    ),
    no_proxy(
        "missing where a proxy is set",
        but(no_proxy=None),
        Status.FAIL,
        "no_proxy is not set in the SSH session, though a proxy is. curl, az and azcmagent take NO_PROXY instead; other programs would send IMDS requests to the proxy. Expected 169.254.169.254 in it.",
        SET_NO_PROXY,
    ),
    no_proxy(
        "both missing where a proxy is set",
        both(None),
        Status.FAIL,
        "no_proxy is not set in the SSH session, though a proxy is. IMDS requests would go to the proxy. Expected 169.254.169.254 in it.",
        SET_NO_PROXY,
    ),
    no_proxy(
        "only in the login profile, and so is the proxy",
        {},
        Status.WARN,
        "no_proxy is set in the login shell (set in /etc/profile.d/proxy.sh), but not in the SSH session. No proxy is set there either, so no request is affected yet.",
        SET_NO_PROXY,
        login=FULL,
        written="/etc/profile.d/proxy.sh:export no_proxy=\n",
    ),
    no_proxy(
        "the login shell hangs",
        FULL,
        Status.UNKNOWN,
        "no_proxy is localhost,127.0.0.1,::1,169.254.169.254 in the SSH session, but the login shell could not be read: it did not answer in time.",
        "Log in to the VM by hand and find out what its profile scripts wait for; then run again.",
        login_env=seen(state="timed out"),
    ),
    no_proxy(
        "the login shell hangs, the session is bare",
        {},
        Status.UNKNOWN,
        "no_proxy is not set in the SSH session, and the login shell could not be read: it did not answer in time.",
        SET_NO_PROXY,
        login_env=seen(state="timed out"),
    ),
]
