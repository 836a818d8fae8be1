"""NET: reachability from inside the VM, through the CSN proxy. One request per endpoint serves every check here."""

from __future__ import annotations

import re

from plugins import (
    REQUIRED_NEEDS,
    Endpoint,
    Profile,
    Vm,
    check,
    fail,
    not_applicable,
    on_vm,
    recommended,
    required,
    unknown,
    warn,
)
from suites.probes.curl import CurlAnswer
from suites.rules.proxy_path import proxy_path
from suites.rules.tls import CERTIFICATE, Tls, old_tls
from suites.wording import sentence

REQUIREMENTS = "https://learn.microsoft.com/azure/azure-arc/servers/network-requirements"


def _required(vm: Vm, profile: Profile) -> list[Endpoint]:
    return profile.endpoints(vm, REQUIRED_NEEDS)


def _others(vm: Vm, profile: Profile) -> list[Endpoint]:
    return [endpoint for endpoint in profile.endpoints(vm) if not endpoint.required]


@check(
    "NET-001",
    required,
    parametrize={"endpoint": _required},
    caused_by=["CSN-002", "CSN-001", "CSN-003", "PROXY-003"],  # not PROXY-001: the probe names the proxy itself
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
    parametrize={"endpoint": _others},
    caused_by=["CSN-002", "CSN-001", "CSN-003", "PROXY-003"],  # not PROXY-001: the probe names the proxy itself
    remedy="Make the endpoint reachable through the CSN proxy.",
    docs=REQUIREMENTS,
    component="path",
)
def test_the_endpoint_for_some_is_reached(endpoint: Endpoint, tunnel: CurlAnswer, profile: Profile) -> str:
    """An endpoint that only some need is reached as well.

    Success: reached, as in NET-001.
    Failure: not reached, and of a kind the profile asks for (by default what installing the agent needs): a warning.
    Not applicable: not reached, and not asked for. The message says who would need it.
    Unknown: curl is missing.
    """
    way = proxy_path(tunnel, endpoint, profile)
    if way.reached:
        return way.message
    if endpoint.need not in profile.asked:
        not_applicable(f"Not reached, and not needed here: {endpoint.host} serves {endpoint.purpose}. {way.message}")
    fail(f"{way.message} Needed for: {endpoint.purpose}.", remedy=way.remedy, shared_cause=way.shared_cause)


@check(
    "NET-003",
    required,
    parametrize={"endpoint": _required},
    requires=["NET-001"],
    caused_by=["SSH-003", "NET-001"],
    remedy="Take TLS inspection off the path to this endpoint.",
    docs=REQUIREMENTS,
    component="path",
)
def test_the_tls_connection_is_sound(endpoint: Endpoint, tunnel: CurlAnswer, profile: Profile) -> str:
    """TLS is 1.2 or better, and the certificate is one that the VM trusts.

    Success: TLS 1.2 or better, chain and name valid against the VM's trust store, and issued by an organisation that
    issues for Azure.
    Failure: an older TLS, or a certificate that was not accepted: expired or not yet valid, another name, or an
    issuer that the VM does not know. Warning: accepted, but issued by somebody else: a proxy that inspects, as a rule.
    Unknown: curl did not say.
    """
    name = endpoint.host
    tls = Tls.read(tunnel.verbose)
    if old_tls(tunnel):
        fail(
            f"{name} and the VM have no TLS version in common{sentence(tunnel.error)}; expected TLS "
            f"{profile.tls_minimum} or better. Azure speaks 1.2 and 1.3, so something else answers in its place, or "
            "the VM's policy is out of date.",
            remedy="Take TLS inspection off the path; on the VM, look at the crypto policy (update-crypto-policies "
            "--show) and at MinProtocol and MaxProtocol in openssl.cnf.",
        )
    if tunnel.exit in CERTIFICATE:
        _not_accepted(tunnel, tls, name, profile)
    if not tls.version:
        unknown(
            f"curl did not say which TLS version it spoke with {name}{f' ({tls.cipher})' if tls.cipher else ''}.",
            remedy=f"On the VM: openssl s_client -proxy {profile.proxy_host}:{profile.proxy_port} -connect "
            f"{name}:{endpoint.port} </dev/null",
        )
    if tuple(map(int, tls.version.split("."))) < tuple(map(int, profile.tls_minimum.split("."))):
        fail(
            f"{name} was reached with TLS {tls.version}; expected {profile.tls_minimum} or better. Azure offers that, "
            "so something on the way or the VM's policy lowers it.",
            remedy="Take TLS inspection off the path; on the VM, look at the crypto policy (update-crypto-policies "
            "--show) and at MinProtocol and MaxProtocol in openssl.cnf.",
        )
    if not tls.issuer:
        unknown(
            f"TLS {tls.version} to {name} stands and its certificate was accepted, but curl did not name the issuer.",
            remedy=f"On the VM: openssl s_client -proxy {profile.proxy_host}:{profile.proxy_port} -connect "
            f"{name}:{endpoint.port} </dev/null",
        )
    if not tls.organisation.startswith(profile.trusted_issuers):
        warn(
            f"The certificate of {name} is accepted, but was issued by {tls.issuer}; expected "
            f"{_either(profile.trusted_issuers)}. The connection may be intercepted: a proxy reads what the agent "
            "sends, and breaks what pins certificates.",
            remedy=f"Exempt {name} from TLS inspection. If this issuer is right, add its organisation to "
            "[tls.trusted_issuers] in a profile of your own (--profile=FILE).",
        )
    return f"TLS {tls.version} to {name}; certificate accepted, issued by {tls.organisation}."


def _either(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]


#: The last one is Schannel's: SEC_E_WRONG_PRINCIPAL (0x80090322) - The target principal name is incorrect.
_ANOTHER_NAME = r"subject ?name|does not match|hostname|name mismatch|WRONG_PRINCIPAL"


#: For Debian's family and for Red Hat's.
_CA = (
    ("apt-get", "apt-get install --reinstall -y ca-certificates", "update-ca-certificates"),
    ("dnf", "dnf reinstall -y ca-certificates", "update-ca-trust"),
)
_CA_WORDS = ", or ".join(f"{again.replace(' -y', '')} && {then}" for _, again, then in _CA)
_CA_AGAIN = on_vm(
    " el".join(f"if command -v {tool} >/dev/null; then sudo {again} && sudo {then};" for tool, again, then in _CA)
    + " fi"
)


def _not_accepted(tunnel: CurlAnswer, tls: Tls, name: str, profile: Profile) -> None:
    """Say why the certificate was not accepted, in the words that lead to the remedy."""
    error = sentence(tunnel.error)
    issued = f" It was issued by {tls.issuer}." if tls.issuer else ""
    if tunnel.exit == 77:
        fail(
            f"The VM cannot read its own CA bundle{error}, so it trusts no certificate, not that of {name} either.",
            remedy=f"Reinstall the CA certificates: {_CA_WORDS}. Look at CURL_CA_BUNDLE and SSL_CERT_FILE, too.",
            fix=_CA_AGAIN,
            component="guest",
        )
    # GnuTLS says only in -v which of the tests failed:   server certificate expiration date FAILED
    if re.search(r"expired|not yet valid", tunnel.error, re.I) or "date FAILED" in tunnel.verbose:
        fail(
            f"The certificate of {name} is outside its time of validity{error}.{issued} Azure's certificates are "
            "renewed in time, so the VM's clock is wrong (SSH-003), or somebody else answers.",
            remedy="Set the VM's clock (SSH-003). If it is right, take TLS inspection off the path.",
            component="guest",
        )
    if tunnel.exit == 51 or re.search(_ANOTHER_NAME, tunnel.error, re.I):
        fail(
            f"The certificate is not for {name}{error}.{issued} Somebody else answers in its place.",
            remedy=f"Find out who answers: curl -vk --proxy ... https://{name}/ on the VM shows the certificate. Take "
            "TLS inspection or the wrong name resolution behind the proxy off the path.",
        )
    azures = tls.organisation.startswith(profile.trusted_issuers)
    fail(
        f"The VM does not trust the certificate of {name}{error}.{issued} Either a proxy opens the connection with a "
        "CA of its own, or the VM's CA certificates are out of date.",
        remedy=f"If the issuer is your own proxy: exempt {name} from TLS inspection (Arc and inspection mix badly). If "
        "it is Microsoft or DigiCert: install ca-certificates anew (update-ca-certificates or update-ca-trust).",
        fix=_CA_AGAIN if azures else (),
        component="guest" if azures else None,
    )
