"""NET: reachability from inside the VM, through the CSN proxy. One request per endpoint serves every check here."""

from __future__ import annotations

from plugins import (
    REQUIRED_NEEDS,
    Endpoint,
    Profile,
    Vm,
    check,
    fail,
    not_applicable,
    recommended,
    required,
    unknown,
    warn,
)
from suites.probes.curl import CurlAnswer
from suites.rules.certificate import certificate_problem
from suites.rules.proxy_path import proxy_path
from suites.rules.tls import Tls, old_tls, refused_certificate
from suites.wording import sentence

REQUIREMENTS = "https://learn.microsoft.com/azure/azure-arc/servers/network-requirements"


def _required(vm: Vm, profile: Profile) -> list[Endpoint]:
    return profile.endpoints(vm, REQUIRED_NEEDS)


@check(
    "NET-001",
    required,
    parametrize={"endpoint": _required},
    caused_by=["CSN-002", "CSN-001", "CSN-003", "PROXY-003"],  # not PROXY-001: the probe itself names the proxy
    problem="required endpoint is not reached",
    action="Let {vms} reach {items}{where}",
    remedy="Make the endpoint reachable through the CSN proxy.",
    docs=REQUIREMENTS,
    component="path",
)
def test_the_endpoint_is_reached(endpoint: Endpoint, tunnel: CurlAnswer, profile: Profile) -> str:
    """The endpoint is reached through the CSN proxy.

    Success: the endpoint itself answered, with any HTTP status; or the tunnel to it stood and only its certificate was
    not accepted, which NET-003 judges.
    Failure: no connection to the proxy, CONNECT not answered with 200, or the tunnel broke before the endpoint
    answered: each with its own message and remedy.
    Unknown: curl is missing.
    """
    way = proxy_path(tunnel, endpoint, profile)
    if not way.reached:
        fail(f"{way.message} Needed for: {endpoint.purpose}.", remedy=way.remedy, shared_cause=way.shared_cause)
    return way.message


@check(
    "NET-002",
    recommended,
    parametrize={
        "endpoint": lambda vm, profile: [endpoint for endpoint in profile.endpoints(vm) if not endpoint.required]
    },
    caused_by=["CSN-002", "CSN-001", "CSN-003", "PROXY-003"],  # not PROXY-001: the probe itself names the proxy
    problem="optional endpoint is not reached",
    action="Let {vms} reach {items}{where}",
    remedy="Make the endpoint reachable through the CSN proxy.",
    docs=REQUIREMENTS,
    component="path",
)
def test_the_endpoint_for_some_is_reached(endpoint: Endpoint, tunnel: CurlAnswer, profile: Profile) -> str:
    """An endpoint that only some need is reached as well.

    Success: reached, as in NET-001.
    Failure: not reached, and the profile lists its need in `asked` (by default, installing the agent): a warning.
    Not applicable: not reached, and not in `asked`. The message names the feature that needs it.
    Unknown: curl is missing.
    """
    way = proxy_path(tunnel, endpoint, profile)
    if way.reached:
        return way.message
    if endpoint.need not in profile.asked:
        not_applicable(f"Not reached, and not needed here: {endpoint.host} serves {endpoint.purpose}. {way.message}")
    fail(f"{way.message} Needed for: {endpoint.purpose}.", remedy=way.remedy, shared_cause=way.shared_cause)


_TLS_POLICY = (
    "Remove TLS inspection from the path; on the VM, check the crypto policy (update-crypto-policies --show) and "
    "MinProtocol and MaxProtocol in openssl.cnf."
)


@check(
    "NET-003",
    required,
    parametrize={"endpoint": _required},
    requires=["NET-001"],
    caused_by=["SSH-003", "NET-001"],
    problem="TLS to an endpoint is intercepted or outdated",
    action="Remove TLS inspection from the path of {vms} to {items}{where}",
    remedy="Remove TLS inspection from the path to this endpoint.",
    docs=REQUIREMENTS,
    component="path",
)
def test_the_tls_connection_is_sound(endpoint: Endpoint, tunnel: CurlAnswer, profile: Profile) -> str:
    """TLS is 1.2 or better, and the certificate is one that the VM trusts.

    Success: TLS 1.2 or better, chain and name valid against the VM's trust store, and issued by an organisation that
    issues for Azure.
    Failure: an older TLS, or a certificate that was not accepted: expired or not yet valid, another name, or an
    issuer that the VM does not know. Warning: accepted, but issued by another organisation, usually a proxy that
    inspects TLS.
    Unknown: curl did not print it.
    """
    name = endpoint.host
    tls = Tls.read(tunnel.verbose)
    proxy = f"{profile.proxy_host}:{profile.proxy_port}"
    by_hand = f"On the VM: openssl s_client -proxy {proxy} -connect {name}:{endpoint.port} </dev/null"
    if old_tls(tunnel):
        fail(
            f"{name} and the VM have no TLS version in common{sentence(tunnel.error)}; expected TLS "
            f"{profile.tls_minimum} or better. Azure speaks 1.2 and 1.3, so something else answers in its place, or "
            "the VM's policy is out of date.",
            remedy=_TLS_POLICY,
        )
    if refused_certificate(tunnel):
        raise certificate_problem(tunnel, tls, name, profile)
    if not tls.version:
        unknown(
            f"curl did not print which TLS version it spoke with {name}{f' ({tls.cipher})' if tls.cipher else ''}.",
            remedy=by_hand,
        )
    if tuple(map(int, tls.version.split("."))) < tuple(map(int, profile.tls_minimum.split("."))):
        fail(
            f"{name} was reached with TLS {tls.version}; expected {profile.tls_minimum} or better. Azure offers that, "
            "so a device on the path or the VM's policy lowers it.",
            remedy=_TLS_POLICY,
        )
    if not tls.issuer:
        unknown(
            f"TLS {tls.version} to {name} stands and its certificate was accepted, but curl did not name the issuer.",
            remedy=by_hand,
        )
    _judge_issuer(tls, name, profile)
    return f"TLS {tls.version} to {name}; certificate accepted, issued by {tls.organisation}."


def _judge_issuer(tls: Tls, name: str, profile: Profile) -> None:
    """End the check with *warn* for an accepted certificate that an Azure endpoint does not have."""
    if tls.serial.startswith("-"):  # Azure Arc's release notes state from when they are refused
        warn(
            f"The certificate of {name} is accepted, but has the negative serial number {tls.serial}, and was issued "
            f"by {tls.issuer}. The agent refuses such certificates from February 2027.",
            remedy=f"Exempt {name} from TLS inspection, or let the inspecting proxy issue certificates with positive "
            "serial numbers (RFC 5280).",
        )
    if not tls.organisation.startswith(profile.trusted_issuers):
        warn(
            f"The certificate of {name} is accepted, but was issued by {tls.issuer}; expected "
            f"{_either(profile.trusted_issuers)}. The connection may be intercepted: a proxy reads what the agent "
            "sends, and breaks what pins certificates.",
            remedy=f"Exempt {name} from TLS inspection. If this issuer is right, add its organisation to "
            "[tls.trusted_issuers] in a profile of your own (--profile=FILE).",
        )


def _either(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]
