"""The VM's own resolver: its addresses for a name."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from plugins import ProbeResult, probe, ps, quote

#: The prefix of IPv4 addresses in networks with IPv6 only (RFC 6052).
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class NameAnswer:
    """The answer of the VM's resolver for one name."""

    addresses: tuple[str, ...]
    why_not: str = ""  # a clause with the reason, when there are none
    resolver: bool = True  # False: neither getent nor nslookup is installed

    @classmethod
    def read(cls, result: ProbeResult) -> NameAnswer:
        """Read the output of getent, or of nslookup without getent.

        ``getent ahosts`` (exit 2: no such name)::

            20.236.10.163   STREAM management.azure.com
            20.236.10.163   DGRAM
            20.236.10.163   RAW

        ``getent ahosts`` of musl: ``20.236.10.163     management.azure.com  management.azure.com``

        nslookup (BIND; busybox writes ``Address 1: 20.236.10.163 host``)::

            Server:         169.254.0.10
            Address:        169.254.0.10#53

            Non-authoritative answer:
            Name:   management.azure.com
            Address: 20.236.10.163
        """
        if result.state == "timed out":
            return cls((), "the resolver did not answer in time")
        if result.exit == 127:
            return cls((), "neither getent nor nslookup is installed", resolver=False)
        output = result.stdout
        if "Server:" in output:  # nslookup: the first address is the server's own
            output = output.partition("\nName:")[2]
            texts = re.findall(r"^Address(?: \d+)?:[ \t]*([0-9A-Fa-f.:]+)", output, re.M)
        else:
            texts = re.findall(r"^([0-9A-Fa-f.:]+)[ \t]", output, re.M)
        addresses = tuple(dict.fromkeys(text for text in texts if parse_address(text)))
        return cls(addresses, "" if addresses else "its resolver has no address for it")


def parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address in a text, None when it is not one; ``::ffff:10.1.2.3`` and ``64:ff9b::10.1.2.3`` are IPv4."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


# Builtins select the tool, so only one program runs.
resolved = probe(
    lambda endpoint: (
        f"if command -v getent >/dev/null; then exec getent ahosts {quote(endpoint.host)}; else exec nslookup "
        f"{quote(endpoint.host)}; fi"
    ),
    # In getent's format. Like getent, .NET also reads the hosts file.
    windows=lambda endpoint: (
        f"$name = {ps(endpoint.host)}\n"
        "try { $addresses = [Net.Dns]::GetHostAddresses($name) } catch { $addresses = @() }\n"
        'foreach ($address in $addresses) { "$address STREAM $name" }\n'
        "if (-not $addresses) { $global:LASTEXITCODE = 2 }"
    ),
    timeout=8,
    cap=4096,
    accept_states=("timed out",),
    accept_exits=(0, 1, 2, 127),  # 1 (nslookup) and 2 (getent): no such name; 127: neither is installed
    read=NameAnswer.read,
)
