"""DNS-001: the VM's own name resolution; every outcome, word for word."""

from __future__ import annotations

from plugins.model import ProbeResult, Status
from plugins.requirements.profile import Endpoint
from tests.suites.tunnel_evidence import ARM, HIS, PACKAGES, PROXY
from tests.support.suite_rows import Row, curl, seen

ROWS: dict[str, list[Row]] = {}

GETENT = "198.51.100.10   STREAM management.azure.com\n198.51.100.10   DGRAM  \n198.51.100.10   RAW    \n"
NSLOOKUP = (
    "Server:\t\t169.254.0.10\nAddress:\t169.254.0.10#53\n\nNon-authoritative answer:\n"
    "Name:\tmanagement.azure.com\nAddress: 198.51.100.10\n\n"
)

BUSYBOX = (
    "Server:    169.254.0.10\nAddress 1: 169.254.0.10\n\n"
    "Name:      management.azure.com\nAddress 1: 198.51.100.10 arm.example\nAddress 2: 2001:db8::10\n"
)

NXDOMAIN = (
    "Server:\t\t169.254.0.10\nAddress:\t169.254.0.10#53\n\n** server can't find management.azure.com: NXDOMAIN\n\n"
)

REACHED = curl(400, 200, PROXY)
DENIED = curl(0, 403, PROXY, 56, "CONNECT tunnel failed, response 403")


def dns(
    name: str,
    resolved: ProbeResult,
    status: Status,
    message: str,
    remedy: str = "",
    tunnel: ProbeResult = REACHED,
    at: Endpoint = ARM,
) -> Row:
    return Row(name, {"resolved": resolved, "tunnel": tunnel}, status, message, remedy, {"endpoint": at})


ROWS["DNS-001"] = [
    dns("resolves", seen(GETENT), Status.PASS, "management.azure.com resolves to 198.51.100.10."),
    dns(
        "resolves, musl",
        seen("198.51.100.10     management.azure.com  management.azure.com\n"),
        Status.PASS,
        "management.azure.com resolves to 198.51.100.10.",
    ),
    dns("resolves, nslookup", seen(NSLOOKUP), Status.PASS, "management.azure.com resolves to 198.51.100.10."),
    dns(
        "resolves, nslookup of busybox",
        seen(BUSYBOX),
        Status.PASS,
        "management.azure.com resolves to 198.51.100.10, 2001:db8::10.",
    ),
    dns(
        "many addresses",
        seen("".join(f"203.0.113.{n} STREAM x\n" for n in range(1, 8))),
        Status.PASS,
        "management.azure.com resolves to 203.0.113.1, 203.0.113.2, 203.0.113.3, 203.0.113.4, ....",
    ),
    dns(
        "a test network is not private",
        seen("198.18.0.1 STREAM x\n"),
        Status.PASS,
        "management.azure.com resolves to 198.18.0.1.",
    ),
    dns(
        "resolves, no curl",
        seen(GETENT),
        Status.PASS,
        "management.azure.com resolves to 198.51.100.10.",
        tunnel=seen(stderr="curl", state="no tool"),
    ),
    dns(
        "no such name, but reached",
        seen(exit=2),
        Status.WARN,
        "management.azure.com does not resolve on the VM (its resolver has no address for it), but is reached through the proxy, which resolves it itself. The agent also resolves names itself, and may log errors.",
        "If the agent complains: give the VM a resolver that knows management.azure.com (/etc/resolv.conf, resolvectl).",
    ),
    dns(
        "no such name, nslookup",
        seen(NXDOMAIN, exit=1),
        Status.WARN,
        "management.azure.com does not resolve on the VM (its resolver has no address for it), but is reached through the proxy, which resolves it itself. The agent also resolves names itself, and may log errors.",
        "If the agent complains: give the VM a resolver that knows management.azure.com (/etc/resolv.conf, resolvectl).",
    ),
    dns(
        "no such name, not reached",
        seen(exit=2),
        Status.WARN,
        "management.azure.com does not resolve on the VM (its resolver has no address for it), and it is not known to be reached through the proxy either (NET-001).",
        "Fix NET-001 first. Then check the VM's resolver: cat /etc/resolv.conf; getent ahosts management.azure.com",
        tunnel=DENIED,
    ),
    dns(
        "no such name, no curl",
        seen(exit=2),
        Status.WARN,
        "management.azure.com does not resolve on the VM (its resolver has no address for it), and it is not known to be reached through the proxy either (NET-001).",
        "Fix NET-001 first. Then check the VM's resolver: cat /etc/resolv.conf; getent ahosts management.azure.com",
        tunnel=seen(stderr="curl", state="no tool"),
    ),
    dns(
        "the resolver is silent",
        seen(state="timed out"),
        Status.WARN,
        "management.azure.com does not resolve on the VM (the resolver did not answer in time), but is reached through the proxy, which resolves it itself. The agent also resolves names itself, and may log errors.",
        "If the agent complains: give the VM a resolver that knows management.azure.com (/etc/resolv.conf, resolvectl).",
    ),
    dns(
        "a private address, with Private Link",
        seen("10.1.2.3 STREAM x\n"),
        Status.WARN,
        "gbl.his.arc.azure.com resolves to 10.1.2.3 on the VM, a private address. That is correct only with an Azure Arc private link scope; without one, connecting ends with AZCM0026.",
        "With an Azure Arc private link scope: make sure that the proxy and azcmagent connect know it, too (--private-link-scope for Arc). Without one: unlink the private DNS zone (privatelink...) from the VM's resolver.",
        at=HIS,
    ),
    dns(
        "a private address, Resource Manager",
        seen("fd00::1 STREAM x\n"),
        Status.WARN,
        "management.azure.com resolves to fd00::1 on the VM, a private address. That is correct only with a resource management private link; without one, connecting ends with AZCM0026.",
        "With a resource management private link: make sure that the proxy and azcmagent connect know it, too (--private-link-scope for Arc). Without one: unlink the private DNS zone (privatelink...) from the VM's resolver.",
    ),
    *(
        dns(
            f"a private address in IPv6 clothes: {address}",
            seen(f"{address} STREAM x\n"),
            Status.WARN,
            f"packages.microsoft.com resolves to {address} on the VM, a private address. No private link leads to this name, so a private resolver answers in its place.",
            "Check the VM's resolver (/etc/resolv.conf, resolvectl) and its zone for packages.microsoft.com.",
            at=PACKAGES,
        )
        for address in ("::ffff:10.1.2.3", "::FFFF:a01:203", "64:ff9b::a01:203")
    ),
    dns(
        "a private address, without",
        seen("192.168.7.7 STREAM x\n"),
        Status.WARN,
        "packages.microsoft.com resolves to 192.168.7.7 on the VM, a private address. No private link leads to this name, so a private resolver answers in its place.",
        "Check the VM's resolver (/etc/resolv.conf, resolvectl) and its zone for packages.microsoft.com.",
        at=PACKAGES,
    ),
    dns(
        "a black hole",
        seen("0.0.0.0 STREAM x\n127.0.0.1 STREAM x\n"),
        Status.WARN,
        "management.azure.com resolves to 0.0.0.0, 127.0.0.1 on the VM, which leads nowhere. Programs that do not use the proxy, and the agent's own look-ups, do not reach the service.",
        "Remove management.azure.com from /etc/hosts on the VM, or from the block list of its resolver.",
    ),
    dns(
        "resolves, and curl prints garbage",
        seen(GETENT),
        Status.PASS,
        "management.azure.com resolves to 198.51.100.10.",
        tunnel=seen("\x00"),
    ),
    dns(
        "no tool",
        seen(stderr="sh: nslookup: not found", exit=127),
        Status.UNKNOWN,
        "management.azure.com could not be looked up: neither getent nor nslookup is installed on the VM.",
        "Install nslookup (bind9-dnsutils, bind-utils) on the VM, or judge by NET-001.",
    ),
]
