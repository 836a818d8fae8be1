"""IMDS: the sidecar of the metadata service, which issues the VM's tokens."""

from __future__ import annotations

import re
from typing import NoReturn

from plugins import ProbeResult, Profile, Vm, check, fail, recommended, required, unknown, warn
from suites import ARTICLE
from suites.probes.curl import CurlAnswer
from suites.probes.imds import compute_url, healthz_url
from suites.probes.imds_as_is import OwnSettings
from suites.probes.proxy_environment import Variables
from suites.rules.arm_resources import restart
from suites.rules.no_proxy import CURL_PROXIES, goes_through_a_proxy
from suites.wording import last_line, sentence


@check(
    "IMDS-001",
    recommended,
    caused_by=["IMDS-002"],
    problem="metadata address does not answer ping",
    action="Check the route of {vms} to the metadata address",
    remedy="Nothing needs to be done as long as IMDS-002 passes; otherwise check the route: "
    "ip route get 169.254.169.254",
    docs=ARTICLE,
    component="vm",
)
def test_the_imds_address_answers_ping(ping: ProbeResult, profile: Profile) -> str:
    """The metadata address answers ping.

    Success: an echo reply arrived.
    Failure: no reply. No document promises ICMP, so this check only warns; IMDS-002 decides.
    Unknown: ping is missing, or the login user may not use it.
    """
    # 1 packets transmitted, 1 received, 0% packet loss     (iputils)
    # 1 packets transmitted, 1 packets received, 0% packet loss     (busybox)
    if ping.exit == 0:
        return f"{profile.imds} answers ping."
    # 3 packets transmitted, 0 received: TimedOut     (.NET's IPStatus, from the probe for Windows)
    status = re.search(r"0 received: (\w{1,40})$", ping.stdout, re.M)
    why = sentence(status[1] if status else last_line(ping.stderr).removeprefix("ping: "))
    if "transmitted" not in ping.stdout and "nreachable" not in ping.stderr:
        unknown(
            f"ping did not run{why}.",
            remedy="Give the login user the right to ping (net.ipv4.ping_group_range), or judge by IMDS-002.",
        )
    fail(
        f"{profile.imds} did not answer 3 pings{why}. Azure does not promise ICMP: IMDS-002 shows whether the service "
        "works."
    )


@check(
    "IMDS-002",
    required,
    problem="metadata service does not answer",
    action="Restore the metadata service on {vms}",
    remedy="The sidecar belongs to the platform. Restart the VM through Azure (az networkcloud virtualmachine "
    "restart), and open a support request if it persists.",
    docs=ARTICLE,
    component="vm",
)
def test_the_imds_sidecar_is_healthy(healthz: CurlAnswer, vm: Vm, profile: Profile) -> str:
    """GET /healthz on port 80 answers 200, directly, within 3 s.

    Success: HTTP 200, without a proxy.
    Failure: no connection, no answer in time, or another status. Another 2xx is a warning: the article only names 200.
    Unknown: curl is missing.
    """
    answer, url = healthz, healthz_url(profile)
    if answer.proxied_by:
        fail(
            f"GET {url} was answered by a proxy ({answer.proxied_by}) with HTTP {answer.code}, although the request "
            "used none: a rule or device on the path intercepts port 80. Tokens would not come from this VM's sidecar.",
            remedy=f"Exclude {profile.imds} from the interception (iptables -t nat -L, nft list ruleset on the VM).",
            component="guest",
            action="Exclude the metadata address from the interception on {vms}",
        )
    if answer.code == 200 and answer.broke_off:
        fail(f"GET {url} answered 200, but the answer broke off: {answer.ending}; expected all of it.", fix=restart(vm))
    if answer.code == 200:
        return f"GET {url} answered 200 in {answer.seconds:.2f} s."
    if 200 < answer.code < 300:
        warn(
            f"GET {url} answered {answer.code}; expected 200. The sidecar runs, but this answer is not documented.",
            remedy="Nothing, as long as tokens are issued (TOKEN-001); report it to Microsoft support if they are not.",
        )
    if answer.code == 404:
        fail(
            f"GET {url} answered 404; expected 200. Something listens on port 80 that has no /healthz: not the Nexus "
            "sidecar.",
            remedy=f"Check the VM's route to {profile.imds}: ip route get {profile.imds}; a local service or "
            "another platform's metadata service must not answer there.",
        )
    if answer.code >= 500:
        fail(f"GET {url} answered {answer.code}; expected 200. The sidecar runs but is not healthy.", fix=restart(vm))
    if answer.code:
        fail(f"GET {url} answered {answer.code}; expected 200.", fix=restart(vm))
    _no_answer(answer, url, vm, profile)


def _no_answer(answer: CurlAnswer, url: str, vm: Vm, profile: Profile) -> NoReturn:
    """Fail because no status came."""
    if answer.timed_out and answer.accepted:
        fail(
            f"GET {url} was accepted but not answered within {answer.seconds:.0f} s; expected 200. The sidecar hangs.",
            fix=restart(vm),
        )
    if answer.timed_out:
        fail(
            f"{profile.imds} port 80 did not accept a connection within {answer.seconds:.0f} s; expected 200 from "
            "/healthz. The path to the sidecar is broken, or a firewall on the VM drops it.",
            remedy=f"On the VM: ip route get {profile.imds}, and look for rules that drop it (nft list ruleset, "
            "iptables -L). If the route is right, restart the VM through Azure and open a support request if it "
            "persists.",
        )
    if answer.exit == 7:
        fail(
            f"{profile.imds} port 80 refuses the connection or has no route{sentence(answer.error)}; expected 200 from "
            "/healthz. The sidecar does not listen.",
            remedy=f"On the VM: ip route get {profile.imds} must name the CSN interface. If it does, restart the VM "
            "through Azure, and open a support request if it persists.",
        )
    fail(f"GET {url} failed, {answer.ending}; expected 200.", fix=restart(vm))


@check(
    "IMDS-003",
    required,
    caused_by=["PROXY-002", "IMDS-002"],
    problem="metadata service fails in the VM's environment",
    action="Exempt the metadata address from the proxy on {vms}",
    remedy="Put the metadata address into NO_PROXY and no_proxy, in /etc/environment: "
    "NO_PROXY=localhost,127.0.0.1,::1,169.254.169.254 ; then open a new session.",
    docs=ARTICLE,
    component="guest",
)
def test_imds_answers_with_the_vms_own_settings(
    healthz_as_is: OwnSettings, session_env: Variables, curl_version: tuple[int, ...], profile: Profile
) -> str:
    """The same request succeeds with the VM's own environment.

    Success: HTTP 200 (or another 2xx, which IMDS-002 comments on), from the metadata address itself.
    Failure: the request went to a proxy, or failed. This finds a NO_PROXY value that looks right but has no effect.
    The last address that curl tried decides.
    Unknown: curl is missing.
    """
    way, answer, url = healthz_as_is, healthz_as_is.answer, healthz_url(profile)
    own, itself = "With the session's own settings", way.goes_to(profile.imds) and not answer.proxied_by
    if 200 <= answer.code < 300 and not answer.broke_off and itself:
        return f"{own}, GET {url} answered {answer.code} from {profile.imds} itself."
    got = f"HTTP {answer.code}" if answer.code else f"curl error {answer.exit}{sentence(answer.error)}"
    file = way.curlrc(curl_version)
    az = goes_through_a_proxy("az (Python)", session_env.values, profile.imds)
    consequence = " Token requests go the same way, and az login --identity fails." if az else " az asks directly."
    named = remedy = action = ""
    if file:
        named = f" {file} names a proxy for curl."
        remedy = f'Take the proxy out of {file}, or add the line noproxy = "{profile.imds}" to it; az and azcmagent do '
        remedy += "not read that file."
        action = "Take the proxy out of curl's configuration on {vms}"
    if answer.code and not way.tried:
        unknown(
            f"{own}, GET {url} answered {answer.code}, but curl does not state from where; expected {profile.imds}.",
            remedy="Check curl's configuration (~/.curlrc): it may send what curl -v prints to a file (stderr).",
            action="Check curl's configuration on {vms}",
        )
    if way.tried and not itself:
        at = "a proxy on the path" if way.goes_to(profile.imds) else way.tried
        if at.startswith(profile.imds):
            at += ", as to a proxy,"
        fail(
            f"{own}, GET {url} went to {at} and got {got}; expected 200 from {profile.imds} itself."
            f"{named}{consequence}",
            remedy=remedy,
            action=action,
        )
    if not way.tried and (file or any(session_env.values.get(name) for name in CURL_PROXIES)):
        fail(
            f"{own}, GET {url} was meant for a proxy that cannot be used: {answer.ending}; expected 200 from "
            f"{profile.imds} itself.{named}{consequence}",
            remedy=remedy,
            action=action,
        )
    _fail_without_a_proxy(answer, way.tried, f"{own}, GET {url}")


def _fail_without_a_proxy(answer: CurlAnswer, tried: str, request: str) -> NoReturn:
    """Fail because `request`, which no proxy took, did not come to an answer of 200."""
    got = f"answered {answer.code}" if answer.code else f"failed, {answer.ending}"
    if 200 <= answer.code < 300:
        got += f", but the answer broke off: {answer.ending}"
    if not tried:
        fail(
            f"{request} {got}; expected 200. No connection was tried, and no proxy is set.",
            remedy="See PROXY-002 and IMDS-002. If both pass, check curl's configuration (~/.curlrc).",
            action="Check curl's configuration on {vms}",
        )
    fail(
        f"{request} {got}; expected 200. It did not go through a proxy.",
        remedy="See IMDS-002: the service itself does not answer as it should. If IMDS-002 passes, check ~/.curlrc.",
        action="Restore the metadata service on {vms}",
    )


@check(
    "IMDS-004",
    required,
    requires=["IMDS-002"],
    problem="installer takes the VM for an Azure VM",
    action="Ask Microsoft support to close /metadata/instance on {thing}",
    remedy="Open a support request for the platform: the sidecar must not serve /metadata/instance. Do not set "
    "MSFT_ARC_TEST: it is for tests only.",
    docs="https://learn.microsoft.com/azure/azure-arc/servers/troubleshoot-agent-onboard",
    component="cluster",
)
def test_the_vm_does_not_pass_for_an_azure_vm(imds_compute: CurlAnswer, vm: Vm, profile: Profile) -> str:
    """The installer does not take the VM for an Azure VM.

    Success: GET /metadata/instance/compute, as the agent's installation script sends it, gets no 2xx answer.
    Failure: it gets one: the script stops with AZCM0141 (on Windows with AZCM0147), and the agent itself may refuse as
    well.
    Unknown: the request got no answer, though the service is healthy.
    """
    answer, url = imds_compute, compute_url(profile)
    if 200 <= answer.code < 300:
        code = "AZCM0147" if vm.os == "windows" else "AZCM0141"
        fail(
            f"GET {url} answered {answer.code}. That is how an Azure VM answers; expected 404. The installation script "
            f"of the agent would stop with {code} (this is an Azure virtual machine)."
        )
    if not answer.code:
        unknown(
            f"GET {url} got no answer, {answer.ending}, though /healthz did.",
            remedy="Run again. The installation script would continue this time, but may fail the next time.",
        )
    return f"GET {url} answered {answer.code}: the installation script continues."
