"""PROXY: the way out, as the VM is configured to take it.

What counts is what two kinds of process are given (`suites.probes.proxy_environment`): a command over SSH, and a login
shell. A value that is wrong in either fails. A value that is right in one and absent from the other is a warning: what
the article says to type in a session works there, and what runs the other way (Ansible, cron, a script) does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from plugins import (
    REQUIRED_NEEDS,
    Fix,
    Profile,
    Severity,
    Vm,
    check,
    fail,
    recommended,
    record_fact,
    required,
    unknown,
    warn,
)
from suites import ARTICLE
from suites.probes import proxy_environment
from suites.probes.curl import CurlAnswer
from suites.probes.proxy_environment import Variables
from suites.rules import guest_fixes, windows_proxy
from suites.rules.no_proxy import READERS, bypasses, first_set, misread
from suites.wording import sentence

SESSION = "the SSH session"
LOGIN = "the login shell"


def _grade(variable: str) -> Severity:
    """HTTPS carries everything; the CSN proxy does not even serve plain HTTP."""
    return required if variable.upper() == "HTTPS_PROXY" else recommended


@check(
    "PROXY-001",
    _grade,
    parametrize={"variable": lambda vm, profile: ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"]},
    remedy="Add the variable to /etc/environment and open a new session.",
    docs=ARTICLE,
    component="guest",
)
def test_the_proxy_variable_is_the_csn_proxy(
    variable: str,
    session_env: Variables,
    login_env: Variables,
    sudo_env: Variables,
    systemd_env: Variables,
    written: Mapping[str, list[str]],
    vm: Vm,
    profile: Profile,
) -> str:
    """The proxy variable is the CSN proxy.

    Success: an SSH command and a login shell are both given the CSN proxy. A trailing slash, a scheme in upper case and
    a missing http:// make no difference to curl, az and azcmagent, and pass.
    Failure: another value in either, or no value in both. Required for HTTPS_PROXY and https_proxy, recommended for
    HTTP_PROXY and http_proxy. Right in one and absent from the other is a warning, and so is a login in the value.
    Unknown: the login shell did not answer, and the session alone does not decide.
    Windows: the Machine environment decides, which is what the agent's services are given.
    """
    if vm.os == "windows":
        places = {windows_proxy.MACHINE: login_env, SESSION: session_env}
        proxy_environment.note_proxies(places)
        return windows_proxy.proxy_variable(variable, places, profile, _proxy_problem)
    expected = profile.proxy_url
    add = f"Add the line {variable}={expected} to /etc/environment, and open a new session."
    places = {SESSION: session_env, LOGIN: login_env}
    proxy_environment.note_proxies(places)
    found = {place: each.values.get(variable, "") for place, each in places.items()}
    for place, value in found.items():
        if value and (problem := _proxy_problem(value, profile)):
            fail(
                f"{variable} is {value} in {place}; expected {expected}. {problem}{_written_in(variable, written)}",
                remedy=f"Set {variable}={expected} in {_file(variable, written)}, and open a new session.",
                fix=_in_environment(variable, written, profile),
            )
    if login_env.missing and not found[SESSION]:
        unknown(f"{variable} is not set in {SESSION}, and {LOGIN} could not be asked: {login_env.missing}.", remedy=add)
    if not any(found.values()):
        fail(
            f"{variable} is set neither in {SESSION} nor in {LOGIN}; expected "
            f"{expected}.{_elsewhere(variable, expected, sudo_env, systemd_env, written)} {_without(variable)}",
            remedy=_reach(variable, add, written),
            fix=_beside(variable, written, profile),
        )
    if login_env.missing:
        unknown(
            f"{variable} is {found[SESSION]} in {SESSION}, but {LOGIN} could not be asked: {login_env.missing}.",
            remedy="Log in to the VM by hand and see what its profile scripts wait for; then run again.",
        )
    for place, other in ((SESSION, LOGIN), (LOGIN, SESSION)):
        if not found[place]:
            warn(
                f"{variable} is {found[other]} in {other}{_from(variable, written)}, but not set in {place}. "
                f"{'Ansible, cron and scripts over SSH' if place == SESSION else 'Whoever logs in'} would go without.",
                remedy=_reach(variable, add, written),
                fix=_beside(variable, written, profile),
            )
    if any(proxy_environment.MARK in value for value in found.values()):
        warn(
            f"{variable} carries a login for the proxy ({found[SESSION]}). The CSN proxy asks for none, and the "
            "agent's extension manager is known to stumble over one.",
            remedy=f"Set {variable}={expected}, without a login.",
            fix=_in_environment(variable, written, profile),
        )
    in_sudo = sudo_env.values.get(variable, "")
    if in_sudo and _proxy_problem(in_sudo, profile):
        warn(
            f"{variable} is right in {SESSION} and {LOGIN}, but {in_sudo} under sudo; expected {expected}.",
            remedy="Correct it where sudo gets it from: /etc/sudoers, /etc/sudoers.d (env_file, setenv) or root's "
            f"PAM; expected {expected}.",
        )
    dropped = "" if in_sudo or sudo_env.missing else " sudo drops it, so azcmagent needs its own proxy.url."
    spelled = "" if found[SESSION] == expected else f", which means {expected}"
    return f"{variable} is {found[SESSION]}{spelled}, in {SESSION} and in {LOGIN}{_from(variable, written)}.{dropped}"


def _proxy_problem(value: str, profile: Profile) -> str:
    """What is wrong with a proxy value, as a sentence; "" when curl, Go and Python all end up at the CSN proxy."""
    if re.search(r"[\"']", value):
        return "The quotation marks are part of the value, so no program can read it as an address."
    if re.search(r"\s", value):
        return "There is a blank or a line break in it, so no program can read it as an address."
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
    except ValueError:  # http://[
        return "No program can read it as an address."
    scheme = parts.scheme.lower()
    if scheme == "https":
        return "With https:// programs speak TLS to the proxy itself, which it does not understand."
    if scheme != "http":
        return f"The CSN proxy is an HTTP proxy; {scheme}:// is another protocol."
    try:
        at = (parts.hostname or "", parts.port)
    except ValueError:
        return "The port is not a number."
    if at == (profile.proxy_host, None):
        return "Without a port every program assumes another one (curl 1080, Go and Python 80)."
    if not at[0]:
        return "No host is named."
    if at[0] != profile.proxy_host:
        return f"{at[0]} is not the CSN proxy; traffic to Azure would go another way, or nowhere."
    if at[1] != profile.proxy_port:
        return f"The CSN proxy listens on port {profile.proxy_port}."
    if parts.path not in ("", "/") or parts.query:
        return "There is more than an address in it."
    return ""


def _from(variable: str, written: Mapping[str, list[str]]) -> str:
    """Where it was written: `` (from /etc/environment)``."""
    files = written.get(variable, [])
    return f" (set in {', '.join(files)})" if files else ""


def _elsewhere(
    variable: str, expected: str, sudo: Variables, systemd: Variables, written: Mapping[str, list[str]]
) -> str:
    """Where it can be seen nevertheless, as sentences with a leading blank."""
    said = []
    twin = variable.upper() if variable.islower() else variable.lower()
    if files := written.get(variable):
        said.append(f"It is written in {', '.join(files)}, but does not arrive.")
    for place, each in (("sudo", sudo), ("systemd", systemd)):
        if value := each.values.get(variable):
            said.append(f"Under {place} it is {value}.")
    if not said and written.get(twin):
        said.append(f"{', '.join(written[twin])} sets {twin} only.")
    return "".join(f" {each}" for each in said)


def _without(variable: str) -> str:
    match variable:
        case "HTTPS_PROXY" | "https_proxy":
            return "A Nexus VM reaches Azure only through this proxy; programs that read this variable would not."
        case "HTTP_PROXY":
            return "Programs other than curl read it for http:// addresses."
        case _:
            return "curl reads only this one for http:// addresses."


def _reach(variable: str, add: str, written: Mapping[str, list[str]]) -> str:
    """What to do about a value that is written somewhere, and does not arrive everywhere."""
    if "/etc/environment" in written.get(variable, []):
        return (
            "/etc/environment reaches a session through PAM only: set 'UsePAM yes' in /etc/ssh/sshd_config, make sure "
            "that /etc/pam.d/sshd has pam_env.so, restart sshd and open a new session."
        )
    return add


@check(
    "PROXY-002",
    required,
    parametrize={"variable": lambda vm, profile: ["NO_PROXY", "no_proxy"]},
    remedy="Add the address in /etc/environment, and open a new session.",
    docs=ARTICLE,
    component="guest",
)
def test_no_proxy_exempts_the_metadata_service(
    variable: str,
    session_env: Variables,
    login_env: Variables,
    curl_version: tuple[int, ...],
    written: Mapping[str, list[str]],
    vm: Vm,
    profile: Profile,
) -> str:
    """The metadata address is exempt from the proxy.

    Success: in the SSH session and in the login shell, every tool that reads this variable (curl as installed on the
    VM, azcmagent as a Go program, az as a Python program) would ask 169.254.169.254 directly.
    Failure: the variable is set in neither, or is missing where a proxy is set, or one of its readers would send the
    request to the proxy; or it exempts more than that: an endpoint that only the proxy reaches.
    Warning: localhost, 127.0.0.1 or ::1 are not exempt; or it is set in one place only.
    Unknown: the login shell did not answer, and the session alone does not decide.
    Windows: the Machine environment decides, which is what the agent's services are given.
    """
    if curl_version:
        record_fact("curl", ".".join(map(str, curl_version)))
    if vm.os == "windows":
        places = {windows_proxy.MACHINE: login_env, SESSION: session_env}
        proxy_environment.note_no_proxy(places)
        return windows_proxy.no_proxy(variable, places, profile, vm, curl_version)
    article = guest_fixes.no_proxy(profile)
    add = f"Set {variable}={article} in /etc/environment, and open a new session."
    places = {SESSION: session_env, LOGIN: login_env}
    proxy_environment.note_no_proxy(places)
    for place, each in places.items():
        value = each.values.get(variable, "")
        for host in profile.no_proxy_required:
            if value and (blind := _not_exempt(variable, each, host, curl_version)):
                fail(
                    _lacks(variable, value, host, place, blind, written),
                    remedy=_correct(variable, value, host, written, article),
                    fix=_in_environment(variable, written, profile),
                )
        astray = [
            endpoint.host
            for endpoint in profile.endpoints(vm, REQUIRED_NEEDS)
            if value and _exempt(variable, each, endpoint.host, curl_version)
        ]
        if astray:
            more = f" and {len(astray) - 1} more endpoints" if astray[1:] else ""
            fail(
                f"{variable} exempts too much (found: {value}). Requests from {place} to {astray[0]}{more} would not "
                f"use the proxy, and nothing else leads there.{_written_in(variable, written)}",
                remedy=f"Set {variable}={article} in {_file(variable, written)}, and open a new session.",
                fix=_in_environment(variable, written, profile, exactly=True),
            )
        if not value and each.any_proxy:
            fail(
                f"{variable} is not set in {place}, though a proxy is. {_falls_back(variable, each)} Expected "
                f"{profile.no_proxy_required[0]} in it.",
                remedy=_reach(variable, add, written),
                fix=_beside(variable, written, profile),
            )
    if not any(each.values.get(variable) for each in places.values()):
        if login_env.missing:
            unknown(
                f"{variable} is not set in {SESSION}, and {LOGIN} could not be asked: {login_env.missing}.", remedy=add
            )
        fail(
            f"{variable} is set neither in {SESSION} nor in {LOGIN}; expected {article}. As soon as a proxy is set, "
            f"requests to the metadata service ({', '.join(profile.no_proxy_required)}) would go to it.",
            remedy=_reach(variable, add, written),
            fix=_beside(variable, written, profile),
        )
    if login_env.missing:
        unknown(
            f"{variable} is right in {SESSION}, but {LOGIN} could not be asked: {login_env.missing}.",
            remedy="Log in to the VM by hand and see what its profile scripts wait for; then run again.",
        )
    for place, other in ((SESSION, LOGIN), (LOGIN, SESSION)):
        if not places[place].values.get(variable):
            warn(
                f"{variable} is set in {other}{_from(variable, written)}, but not in {place}. No proxy is set there "
                "either, so nothing goes astray yet.",
                remedy=_reach(variable, add, written),
                fix=_beside(variable, written, profile),
            )
    value = session_env.values[variable]
    # Whoever reads it: a list that lacks these is not the article's, even where today's readers do without.
    lacking = [
        host
        for host in profile.no_proxy_recommended
        if not all(bypasses(tool, value, host, curl_version) for tool in READERS)
    ]
    if lacking:
        warn(
            f"{variable} lacks {', '.join(lacking)} (found: {value}). The agent listens on localhost, ports 40342 and "
            "40343; such requests may go to the proxy.",
            remedy=f"Set {variable}={article} in {_file(variable, written)}, and open a new session.",
            fix=_in_environment(variable, written, profile),
        )
    return f"{variable} exempts {', '.join(profile.no_proxy_required)} in {SESSION} and in {LOGIN} (found: {value})."


def _exempt(variable: str, place: Variables, host: str, curl: tuple[int, ...]) -> list[str]:
    """The tools that read `variable` here and would not use a proxy for `host`."""
    value = place.values[variable]
    return [tool for tool in _readers(variable, place) if bypasses(tool, value, host, curl)]


def _not_exempt(variable: str, place: Variables, host: str, curl: tuple[int, ...]) -> list[str]:
    """The tools that read `variable` here and would use a proxy for `host` all the same; curl with its version."""
    exempt = _exempt(variable, place, host, curl)
    return [
        f"curl {'.'.join(map(str, curl))}" if tool == "curl" and curl else tool
        for tool in _readers(variable, place)
        if tool not in exempt
    ]


def _readers(variable: str, place: Variables) -> list[str]:
    return [tool for tool, names in READERS.items() if first_set(names, place.values) == variable]


def _lacks(variable: str, value: str, host: str, place: str, blind: list[str], written: Mapping[str, list[str]]) -> str:
    why = misread(value, host)
    readers = "" if len(blind) == len(READERS) else f" for {' and '.join(blind)}"
    what = f"does not exempt {host}{readers}: {why}" if why else f"lacks {host}"
    return (
        f"{variable} {what} (found: {value}). IMDS requests from {place} would go to the "
        f"proxy.{_written_in(variable, written)}"
    )


def _correct(variable: str, value: str, host: str, written: Mapping[str, list[str]], article: str) -> str:
    """The line to write, and into which file."""
    # What is kept is written into a file that shells read: only what a list of hosts may hold.
    clean = re.fullmatch(r"[\w.,:/*\[\]% -]+", value)
    kept = article if misread(value, host) or not clean else f"{value.strip(', ')},{host}"
    return f"Set {variable}={kept} in {_file(variable, written)}, and open a new session."


def _file(variable: str, written: Mapping[str, list[str]]) -> str:
    """The file to change: the one that sets the variable now, else the one that reaches every session."""
    return " and ".join(written.get(variable, [])) or "/etc/environment"


def _in_environment(variable: str, written: Mapping[str, list[str]], profile: Profile, *, exactly: bool = False) -> Fix:
    """The command that corrects a value; none where a file of somebody's own sets it, which no command should edit."""
    elsewhere = set(written.get(variable, [])) - {guest_fixes.ENVIRONMENT}
    return () if elsewhere else guest_fixes.environment(profile, exactly=exactly)


def _beside(variable: str, written: Mapping[str, list[str]], profile: Profile) -> Fix:
    """The command that adds a value; none where it is there and does not arrive: then it is sshd's configuration."""
    return () if guest_fixes.ENVIRONMENT in written.get(variable, []) else guest_fixes.environment(profile)


def _written_in(variable: str, written: Mapping[str, list[str]]) -> str:
    files = written.get(variable, [])
    return f" It is set in {', '.join(files)}." if files else ""


def _falls_back(variable: str, place: Variables) -> str:
    twin = "no_proxy" if variable == "NO_PROXY" else "NO_PROXY"
    if place.values.get(twin):
        return f"curl, az and azcmagent take {twin} instead; other programs would send IMDS requests to the proxy."
    return "IMDS requests would go to the proxy."


@check(
    "PROXY-003",
    required,
    remedy="The proxy belongs to the cloud services network. In Azure, check that the VM is attached to one and that "
    "it is Available (VM-003, CSN-003); on the VM, that 'ip route get 169.254.0.11' names the CSN interface.",
    docs=ARTICLE,
    component="path",
)
def test_the_csn_proxy_accepts_connections(proxy_port: CurlAnswer, profile: Profile) -> str:
    """The CSN proxy accepts a TCP connection.

    Success: the connection is accepted and something that speaks HTTP answers, with whatever status.
    Failure: refused, no route, or not accepted in time. Accepted but silent, or not HTTP: a warning.
    Unknown: curl is missing.
    """
    answer, at = proxy_port, f"{profile.proxy_host}:{profile.proxy_port}"
    if answer.code:
        return f"{at} accepts connections (it answered HTTP {answer.code} in {answer.seconds:.2f} s)."
    if answer.peer:
        warn(
            f"{at} accepted the connection but answered no HTTP: curl ended with "
            f"{answer.exit}{sentence(answer.error)}. The CSN proxy answers; NET-001 tells whether it serves.",
            remedy="If NET-001 fails as well: check the state of the cloud services network (CSN-003), or whether "
            f"something else than the CSN proxy listens at {at}.",
        )
    if answer.exit == 28:
        fail(
            f"{at} did not accept a connection within {answer.seconds:.0f} s. Without the CSN proxy nothing of Azure "
            "is reached."
        )
    if answer.exit == 7:
        fail(
            f"{at} refuses the connection or has no route{sentence(answer.error)}. Without the CSN proxy nothing of "
            "Azure is reached."
        )
    fail(f"{at} was not reached: curl ended with {answer.exit}{sentence(answer.error)}; expected a connection.")
