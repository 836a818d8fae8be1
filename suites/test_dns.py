"""DNS: whether the names of Azure resolve on the VM itself."""

from __future__ import annotations

import ipaddress

from plugins import REQUIRED_NEEDS, Endpoint, Profile, check, fail, recommended, unknown, warn
from suites import ARTICLE
from suites.probes import proxy_tunnel
from suites.probes.curl import CurlAnswer
from suites.probes.name_resolution import NameAnswer, parse_address
from suites.rules.proxy_path import proxy_path

# The networks of Private Link; `is_private` would include test and documentation networks.
_PRIVATE = [ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")]
_NOWHERE = [ipaddress.ip_network(text) for text in ("0.0.0.0/8", "127.0.0.0/8", "::/127")]

#: Names that may have private addresses, and the feature for it.
_PRIVATE_LINK = {
    ".his.arc.azure.": "an Azure Arc private link scope",
    ".guestconfiguration.azure.": "an Azure Arc private link scope",
    "management.": "a resource management private link",
}


def _within(text: str, networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    address = parse_address(text)
    return address is not None and any(address in network for network in networks)


#: In place of the probe of other checks: here a failed request does not decide.
tunnel = proxy_tunnel.tunnel_if_any


@check(
    "DNS-001",
    recommended,
    parametrize={"endpoint": lambda vm, profile: profile.endpoints(vm, REQUIRED_NEEDS)},
    problem="endpoint's name does not resolve",
    action="Make {items} resolve on {vms}",
    remedy="Check the VM's resolver: cat /etc/resolv.conf (or resolvectl status), and ask it: getent ahosts NAME.",
    docs=ARTICLE,
    component="vm",
)
def test_the_endpoint_resolves(
    endpoint: Endpoint, resolved: NameAnswer, tunnel: CurlAnswer | None, profile: Profile
) -> str:
    """The endpoint's name resolves on the VM.

    Success: it has a public address.
    Failure: it has none, an unroutable one, or a private one, which hints at Private Link. Behind a CONNECT proxy the
    proxy resolves names, so this is only a warning; the message states whether the endpoint is reached nevertheless.
    Unknown: neither getent nor nslookup is installed.
    """
    name = endpoint.host
    if not resolved.resolver:
        unknown(
            f"{name} could not be looked up: {resolved.why_not} on the VM.",
            remedy="Install nslookup (bind9-dnsutils, bind-utils) on the VM, or judge by NET-001.",
        )
    if not resolved.addresses and tunnel and proxy_path(tunnel, endpoint, profile).reached:
        warn(
            f"{name} does not resolve on the VM ({resolved.why_not}), but is reached through the proxy, which resolves "
            "it itself. The agent also resolves names itself, and may log errors.",
            remedy=f"If the agent complains: give the VM a resolver that knows {name} (/etc/resolv.conf, resolvectl).",
        )
    if not resolved.addresses:
        fail(
            f"{name} does not resolve on the VM ({resolved.why_not}), and it is not known to be reached through the "
            "proxy either (NET-001).",
            remedy=f"Fix NET-001 first. Then check the VM's resolver: cat /etc/resolv.conf; getent ahosts {name}",
        )
    shown = ", ".join(resolved.addresses[:4]) + (", ..." if len(resolved.addresses) > 4 else "")
    if all(_within(address, _NOWHERE) for address in resolved.addresses):
        fail(
            f"{name} resolves to {shown} on the VM, which leads nowhere. Programs that do not use the proxy, and the "
            "agent's own look-ups, do not reach the service.",
            remedy=f"Remove {name} from /etc/hosts on the VM, or from the block list of its resolver.",
        )
    if any(_within(address, _PRIVATE) for address in resolved.addresses):
        message, remedy = _private_link(name)
        warn(f"{name} resolves to {shown} on the VM, a private address. {message}", remedy=remedy)
    return f"{name} resolves to {shown}."


def _private_link(name: str) -> tuple[str, str]:
    """The meaning of a private address for this name, and the remedy."""
    for part, link in _PRIVATE_LINK.items():
        if part in name:
            return (
                f"That is correct only with {link}; without one, connecting ends with AZCM0026.",
                f"With {link}: make sure that the proxy and azcmagent connect know it, too (--private-link-scope for "
                "Arc). Without one: unlink the private DNS zone (privatelink...) from the VM's resolver.",
            )
    return (
        "No private link leads to this name, so a private resolver answers in its place.",
        f"Check the VM's resolver (/etc/resolv.conf, resolvectl) and its zone for {name}.",
    )
