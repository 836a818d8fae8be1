"""All addresses of the lab's networks.

::

    mgmt  10.200.0.0/16      the controller and every VM's eth0: SSH; for the controller also Azure's control plane
    csn   169.254.0.0/16     every VM's csn0, the proxy, the resolver and the metadata service, as on Operator Nexus
    -     198.51.100.0/24    the Azure stand-ins, reached by the proxy only (TEST-NET-2: never a real host)
    -     198.18.0.0/15      the proxy's source address for a VM whose Azure misbehaves (the benchmarking range)

VMs are counted from 1. All MAC addresses are computed: every neighbour entry is permanent, so that a thousand VMs need
no ARP. A kernel table for ARP, which the host shares, is too small for them.
"""

from __future__ import annotations

CONTROLLER = "10.200.255.1"
MGMT_GATEWAY = "10.200.255.254"
PROXY = "169.254.0.11"
PROXY_PORT = 3128
ODD_PROXY_PORT = 3129  # of lab.odd_proxy: the fabric redirects the VMs with such a fault to it
PROXY_URL = f"http://{PROXY}:{PROXY_PORT}"
RESOLVER = "169.254.0.10"
PRIVATE_LINK_RESOLVER = "169.254.0.12"  # answers some names with private addresses: a fault
IMDS = "169.254.169.254"
ARM = "10.200.255.10"  # Azure Resource Manager, for the controller
LOGIN = "10.200.255.11"  # Entra ID, likewise
UPSTREAM_RESOLVER = "198.51.100.53"  # squid's resolver

MAX_VMS = 1000  # a Linux bridge has 1023 ports

MGMT_BRIDGE_MAC = "02:00:0f:00:00:01"
CSN_BRIDGE_MAC = "02:00:0f:00:00:02"
CONTROLLER_MAC = "02:00:0f:00:00:03"


def _pair(number: int) -> str:
    return f"{number // 250}.{number % 250 + 1}"


def mgmt(number: int) -> str:
    """The address under which the controller reaches a VM."""
    return f"10.200.{_pair(number)}"


def csn(number: int) -> str:
    """The address under which the proxy and the metadata service see a VM."""
    return f"169.254.{number // 250 + 16}.{number % 250 + 1}"


def egress(number: int) -> str:
    """The address under which the Azure stand-ins see a VM whose traffic they must distinguish."""
    return f"198.18.{_pair(number)}"


def origin(index: int) -> str:
    """The address of the index-th name of azure.toml. Each has its own, so that one can be down alone."""
    return f"198.51.100.{index + 10 if index < 43 else index + 11}"


def mgmt_mac(number: int) -> str:
    """The hardware address of a VM's eth0."""
    return f"02:00:01:00:{number // 250:02x}:{number % 250 + 1:02x}"


def csn_mac(number: int) -> str:
    """The hardware address of a VM's csn0."""
    return f"02:00:02:00:{number // 250:02x}:{number % 250 + 1:02x}"
