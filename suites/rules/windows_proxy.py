"""The proxy variables of a Windows VM, judged: Windows has one environment where Linux has a dozen places.

The Machine environment counts: services are given it, the agent's among them, and so is every new logon. Upper and
lower case are the same variable. A session has what was set when it began.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from plugins import REQUIRED_NEEDS, Profile, Vm, fail, not_applicable, warn
from suites.probes import proxy_environment
from suites.probes.proxy_environment import Variables
from suites.rules import guest_fixes
from suites.rules.no_proxy import READERS, bypasses, misread

__all__ = ["MACHINE", "no_proxy", "proxy_variable", "set_machine"]

MACHINE = "the Machine environment"


def set_machine(variable: str, value: str) -> str:
    """How to set a variable for everybody, and who has to be started again."""
    return (
        f"In an elevated PowerShell: [Environment]::SetEnvironmentVariable('{variable}', '{value}', 'Machine') ; then "
        "Restart-Service sshd, and open a new session. Restart the agent's services (himds, GCArcService, "
        "ExtensionService), too, where it is installed."
    )


def _one_case(variable: str) -> None:
    if variable.islower():
        not_applicable(f"Windows takes {variable} and {variable.upper()} for the same variable.")


def proxy_variable(
    variable: str, places: Mapping[str, Variables], profile: Profile, problem: Callable[[str, Profile], str]
) -> str:
    """PROXY-001; `places` are the Machine environment and the session, `problem` says what is wrong with a value."""
    _one_case(variable)
    expected, found = profile.proxy_url, {place: each.values.get(variable, "") for place, each in places.items()}
    to_do = set_machine(variable, expected)
    for place, value in found.items():
        if value and (why := problem(value, profile)):
            fail(f"{variable} is {value} in {place}; expected {expected}. {why}", remedy=to_do)
    machine, session = found.values()
    where = list(found)
    if not machine and not session:
        fail(
            f"{variable} is set neither in {where[0]} nor in {where[1]}; expected {expected}. A Nexus VM reaches Azure "
            "only through this proxy; programs that read this variable would not.",
            remedy=to_do,
        )
    if not machine:
        fail(
            f"{variable} is {session} in {where[1]} only; expected it in {MACHINE}, which is all that the agent's "
            "services are given.",
            remedy=to_do,
        )
    if not session:
        warn(
            f"{variable} is {machine} in {MACHINE}, but has not arrived in {where[1]}.",
            remedy="On the VM: Restart-Service sshd ; then open a new session.",
        )
    if proxy_environment.MARK in machine + session:
        warn(
            f"{variable} carries a login for the proxy ({machine}). The CSN proxy asks for none, and the agent's "
            "extension manager is known to stumble over one.",
            remedy=to_do,
        )
    return f"{variable} is {machine} in {where[0]} and in {where[1]}."


def no_proxy(variable: str, places: Mapping[str, Variables], profile: Profile, vm: Vm, curl: tuple[int, ...]) -> str:
    """PROXY-002, in the same places."""
    _one_case(variable)
    article = guest_fixes.no_proxy(profile)
    to_do = set_machine(variable, article)
    for place, each in places.items():
        value = each.values.get(variable, "")
        if not value:
            fail(
                f"{variable} is not set in {place}; expected {article}. Where a proxy is set, requests to the metadata "
                f"service ({', '.join(profile.no_proxy_required)}) would go to it.",
                remedy=to_do,
            )
        for host in profile.no_proxy_required:
            blind = [tool for tool in READERS if not bypasses(tool, value, host, curl)]
            if blind:
                why = misread(value, host)
                readers = "" if len(blind) == len(READERS) else f" for {' and '.join(blind)}"
                trouble = f"does not exempt {host}{readers}: {why}" if why else f"lacks {host}"
                fail(
                    f"{variable} {trouble} (found: {value}). IMDS requests from {place} would go to the proxy.",
                    remedy=to_do,
                )
        for endpoint in profile.endpoints(vm, REQUIRED_NEEDS):
            if any(bypasses(tool, value, endpoint.host, curl) for tool in READERS):
                fail(
                    f"{variable} exempts too much (found: {value}). Requests from {place} to {endpoint.host} would not "
                    "use the proxy, and nothing else leads there.",
                    remedy=to_do,
                )
        lacking = [
            host
            for host in profile.no_proxy_recommended
            if not all(bypasses(tool, value, host, curl) for tool in READERS)
        ]
        if lacking:
            warn(
                f"{variable} lacks {', '.join(lacking)} in {place} (found: {value}). The agent listens on localhost, "
                "ports 40342 and 40343; such requests may go to the proxy.",
                remedy=to_do,
            )
    found = next(iter(places.values())).values[variable]
    return f"{variable} exempts {', '.join(profile.no_proxy_required)} in {' and in '.join(places)} (found: {found})."
