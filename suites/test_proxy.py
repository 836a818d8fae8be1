"""PROXY: the proxy configuration of the VM.

The environments of two kinds of process count (`suites.probes.proxy_environment`): a command over SSH, and a login
shell. A wrong value in either fails. A right value in one that is absent from the other is a warning: the article's
commands work in one of them, and programs that start the other way (Ansible, cron, a script) do not.
"""

from __future__ import annotations

from collections.abc import Mapping

from plugins import (
    Profile,
    Severity,
    Vm,
    check,
    fail,
    recommended,
    record_fact,
    required,
    warn,
)
from suites import ARTICLE
from suites.probes.curl import CurlAnswer
from suites.probes.proxy_environment import Variables
from suites.rules import no_proxy_variable, proxy_variable
from suites.rules.guest_fixes import no_proxy
from suites.rules.proxy_facts import record_no_proxy, record_proxies
from suites.rules.proxy_setting import ProxySetting
from suites.rules.windows_proxy import one_spelling
from suites.wording import sentence, visible

_DROPPED = "sudo drops it, so azcmagent needs its own proxy.url."


def _grade(variable: str) -> Severity:
    """HTTPS carries everything; the CSN proxy does not even serve plain HTTP."""
    return required if variable.upper() == "HTTPS_PROXY" else recommended


@check(
    "PROXY-001",
    _grade,
    parametrize={"variable": lambda vm, profile: ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"]},
    problem="proxy variable is missing or wrong",
    action="Set {items} to the CSN proxy on {vms}",
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

    Success: an SSH command and a login shell both have the CSN proxy. A trailing slash, a scheme in upper case and a
    missing http:// pass: curl, az and azcmagent treat them alike.
    Failure: another value in either, or no value in both. Required for HTTPS_PROXY and https_proxy, recommended for
    HTTP_PROXY and http_proxy. Right in one and absent from the other is a warning, and so is a login in the value.
    Unknown: the login shell did not answer, and the session alone does not decide.
    Windows: the Machine environment decides; the agent's services get it.
    """
    if vm.os == "windows":
        one_spelling(variable)
    setting = ProxySetting.of(variable, profile.proxy_url, vm, profile, session_env, login_env, written)
    record_proxies(setting.places)
    if problem := (
        proxy_variable.wrong_value(setting)
        or setting.not_read()
        or proxy_variable.nowhere(setting, sudo_env, systemd_env, written)
        or proxy_variable.in_one_place(setting)
        or proxy_variable.has_login(setting)
        or proxy_variable.wrong_under_sudo(setting, sudo_env)
    ):
        raise problem
    value = next(iter(setting.values.values()))
    if vm.os == "windows":
        return f"{variable} is {visible(value)} {setting.both}."
    dropped = "" if sudo_env.values.get(variable) or sudo_env.missing else f" {_DROPPED}"
    meaning = "" if value == profile.proxy_url else f", which means {profile.proxy_url}"
    return f"{variable} is {visible(value)}{meaning}, {setting.both}{setting.set_in}.{dropped}"


@check(
    "PROXY-002",
    required,
    parametrize={"variable": lambda vm, profile: ["NO_PROXY", "no_proxy"]},
    problem="metadata address is not exempt from the proxy",
    action="Exempt the metadata address in {items} on {vms}",
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
    VM, azcmagent as a Go program, az as a Python program) would connect to 169.254.169.254 directly.
    Failure: the variable is set in neither, or is missing where a proxy is set; or one of the tools would send the
    request to the proxy; or it also exempts an endpoint that only the proxy reaches.
    Warning: localhost, 127.0.0.1 or ::1 are not exempt; or it is set in one place only.
    Unknown: the login shell did not answer, and the session alone does not decide.
    Windows: the Machine environment decides; the agent's services get it.
    """
    if curl_version:
        record_fact("curl", ".".join(map(str, curl_version)))
    if vm.os == "windows":
        one_spelling(variable)
    setting = ProxySetting.of(variable, no_proxy(profile), vm, profile, session_env, login_env, written)
    record_no_proxy(setting.places)
    for place in setting.places:
        if problem := (
            no_proxy_variable.exempts_too_little(setting, place, curl_version, vm)
            or no_proxy_variable.exempts_too_much(setting, place, curl_version, vm)
            or no_proxy_variable.absent_beside_a_proxy(setting, place)
        ):
            raise problem
    if problem := (
        no_proxy_variable.nowhere(setting)
        or setting.not_read()
        or no_proxy_variable.in_one_place(setting)
        or no_proxy_variable.lacks_localhost(setting, curl_version, vm)
    ):
        raise problem
    value = next(iter(setting.values.values()))
    return f"{variable} exempts {', '.join(profile.no_proxy_required)} {setting.both} (found: {visible(value)})."


@check(
    "PROXY-003",
    required,
    problem="CSN proxy does not accept connections",
    action="Let {vms} reach the CSN proxy{where}",
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
    if answer.accepted:
        warn(
            f"{at} accepted the connection, but {answer.ending}. The CSN proxy answers; NET-001 shows whether it "
            "serves.",
            remedy="If NET-001 fails as well: check the state of the cloud services network (CSN-003), or whether "
            f"something else than the CSN proxy listens at {at}.",
        )
    if answer.timed_out:
        fail(
            f"{at} did not accept a connection within {answer.seconds:.0f} s. Without the CSN proxy the VM does not "
            "reach Azure."
        )
    if answer.exit == 7:
        fail(
            f"{at} refuses the connection or has no route{sentence(answer.error)}. Without the CSN proxy the VM does "
            "not reach Azure."
        )
    fail(f"{at} was not reached: {answer.ending}; expected a connection.")
