"""The lab's networks: bridges, veth pairs and addresses, as batches for `ip`, and packet rules for `nft`."""

from __future__ import annotations

from collections.abc import Sequence

from lab import addresses as a
from lab import azure, wire
from lab.plan import VmPlan

FABRIC = "fabric"  # the network namespace with the bridges, the proxy, the resolvers and the stand-ins


def namespaces(plans: Sequence[VmPlan]) -> str:
    """One network namespace for the fabric, one for each VM."""
    return "".join(f"netns add {name}\n" for name in [FABRIC, *(plan.name for plan in plans)])


def fabric(plans: Sequence[VmPlan], *, long_wire: bool = False) -> str:
    """Inside the fabric: the two bridges, the addresses of its services, and a port on each bridge for every VM.

    The VMs' ports are isolated: they reach the fabric (and the controller), but not each other. With a `long_wire`
    the controller's link has two parts, and `lab.wire` forwards between them.
    """
    here, there = wire.ENDS
    cables = [f"link add controller type veth peer name mgmt0 address {a.CONTROLLER_MAC} netns 1"]
    if long_wire:
        cables = [
            f"link add {here} type veth peer name mgmt0 address {a.CONTROLLER_MAC} netns 1",
            f"link add controller type veth peer name {there}",
            f"link set {here} up",
            f"link set {there} up",
        ]
    lines = [
        "link set lo up",
        f"link add br-mgmt address {a.MGMT_BRIDGE_MAC} type bridge",
        f"link add br-csn address {a.CSN_BRIDGE_MAC} type bridge",
        "link set br-mgmt up",
        "link set br-csn up",
        *(f"addr add {address}/16 dev br-mgmt" for address in (a.MGMT_GATEWAY, a.ARM, a.LOGIN)),
        *(f"addr add {address}/16 dev br-csn" for address in _csn_services()),
        f"addr add {a.UPSTREAM_RESOLVER}/32 dev lo",
        *(f"addr add {endpoint.address}/32 dev lo" for endpoint in azure.endpoints()),
        *cables,
        "link set controller master br-mgmt up",
    ]
    for plan in plans:
        i = plan.number
        lines += [
            f"link add m{i} type veth peer name eth0 address {a.mgmt_mac(i)} netns {plan.name}",
            f"link add c{i} type veth peer name csn0 address {a.csn_mac(i)} netns {plan.name}",
            f"link set m{i} master br-mgmt up",
            f"link set m{i} type bridge_slave isolated on",
            f"link set c{i} master br-csn up",
            f"link set c{i} type bridge_slave isolated on",
            f"neigh add {a.csn(i)} lladdr {a.csn_mac(i)} nud permanent dev br-csn",
        ]
        if plan.own_egress:
            lines.append(f"addr add {a.egress(i)}/32 dev lo")
    return "\n".join(lines) + "\n"


def controller(plans: Sequence[VmPlan]) -> str:
    """Where COMMAND runs: an address on mgmt, and no route to anything else."""
    lines = ["link set lo up", f"addr add {a.CONTROLLER}/16 dev mgmt0", "link set mgmt0 up"]
    for plan in plans:
        i = plan.number
        lines.append(f"neigh add {a.mgmt(i)} lladdr {a.mgmt_mac(i)} nud permanent dev mgmt0")
    return "\n".join(lines) + "\n"


def vm(plan: VmPlan) -> str:
    """Inside a VM: eth0 for SSH, and csn0 for the proxy and the metadata service. There is no default route."""
    lines = [
        "link set lo up",
        f"addr add {a.mgmt(plan.number)}/16 dev eth0",
        "link set eth0 up",
        f"addr add {a.csn(plan.number)}/16 dev csn0",
        "link set csn0 up",
        f"neigh add {a.CONTROLLER} lladdr {a.CONTROLLER_MAC} nud permanent dev eth0",
        *(f"neigh add {address} lladdr {a.CSN_BRIDGE_MAC} nud permanent dev csn0" for address in _csn_services()),
    ]
    return "\n".join(lines) + "\n"


def fabric_rules(plans: Sequence[VmPlan]) -> str:
    """The nft rule set of the fabric; empty if no plan needs one.

    If a stand-in is down for a VM, the proxy's connection to it is refused, so that squid answers 503.
    """
    rules = [rule for plan in plans for rule in plan.fabric_rules]
    for plan in plans:
        for key in sorted(plan.origins_down):
            rules.append(
                f"ip saddr {a.egress(plan.number)} ip daddr {azure.endpoint(key).address} tcp dport 443"
                " reject with tcp reset"
            )
    odd = [
        f"ip saddr {a.csn(plan.number)} ip daddr {a.PROXY} tcp dport {a.PROXY_PORT}"
        f" dnat to {a.PROXY}:{a.ODD_PROXY_PORT}"
        for plan in plans
        if plan.odd_proxy
    ]
    return _table("inet faults", "input", "filter hook input priority 0", rules) + _table(
        "ip odd", "prerouting", "nat hook prerouting priority -100", odd
    )


def _table(name: str, chain: str, kind: str, rules: Sequence[str]) -> str:
    """An nft table with one chain; empty without rules."""
    body = "\n".join(f"    {rule}" for rule in rules)
    return f"table {name} {{\n  chain {chain} {{\n    type {kind};\n{body}\n  }}\n}}\n" if rules else ""


def _csn_services() -> tuple[str, ...]:
    return (a.PROXY, a.RESOLVER, a.PRIVATE_LINK_RESOLVER, a.IMDS)
