"""Faults of name resolution, the egress list, the Azure endpoints and TLS."""

from __future__ import annotations

from lab import azure
from lab.addresses import PRIVATE_LINK_RESOLVER, RESOLVER
from lab.faults.registry import fault
from lab.plan import VmPlan

#: No endpoint is reachable. Those for the installation warn; those of SQL Server are not tested.
NO_ENDPOINT = {
    "NET-001": "fail",
    "NET-002[packages.microsoft.com]": "warn",
    "NET-002[aka.ms]": "warn",
    "NET-003": "blocked",
}


@fault("dns-down", expects={"DNS-001": "warn"})
def dns_down(vm: VmPlan) -> None:
    """The VM cannot resolve names. Enrollment still works, because the proxy resolves the names of its requests."""
    vm.from_csn(RESOLVER, "meta l4proto { tcp, udp } th dport 53 drop")


@fault(
    "dns-private-address",
    expects={
        "DNS-001[gbl.his.arc.azure.com]": "warn",
        "DNS-001[agentserviceapi.guestconfiguration.azure.com]": "warn",
        "DNS-001[eastus-gas.guestconfiguration.azure.com]": "warn",
    },
)
def dns_private_address(vm: VmPlan) -> None:
    """The Arc names resolve to private addresses: a Private Link zone is linked to the VM's resolver."""
    vm.resolver = PRIVATE_LINK_RESOLVER


def _egress_lacks(endpoint: azure.Endpoint) -> None:
    """A fault for each name in azure.toml, which also states its need and the host names that the suite tests."""

    def plant(vm: VmPlan) -> None:
        vm.egress_lacks.add(endpoint.key)

    plant.__doc__ = f"The egress list of the cloud services network lacks {endpoint.domain}: the proxy answers 403."
    causes = {
        "required": {"CSN-002": "fail", "NET-001": "fail", "NET-003": "blocked"},
        "install": {"NET-002": "warn"},
    }
    expects = {
        f"{check}[{name}]": status for name in endpoint.hosts for check, status in causes.get(endpoint.need, {}).items()
    }
    roots = ("CSN-002",) if endpoint.need == "required" else ()
    fault(f"egress-lacks-{endpoint.key}", expects, roots=roots)(plant)


for _endpoint in azure.endpoints():
    _egress_lacks(_endpoint)


@fault("egress-lacks-everything", roots=("CSN-002",), expects={"CSN-002": "fail", **NO_ENDPOINT})
def egress_lacks_everything(vm: VmPlan) -> None:
    """The egress list is empty: the proxy answers 403 to every name."""
    vm.egress_lacks.add("*")


@fault("origin-down", expects={"NET-001[gbl.his.arc.azure.com]": "fail", "NET-003[gbl.his.arc.azure.com]": "blocked"})
def origin_down(vm: VmPlan) -> None:
    """The proxy allows gbl.his.arc.azure.com but cannot reach it: it answers 503."""
    vm.origins_down.add("his")


@fault("tls-intercepted", expects={"NET-003": "warn"})
def tls_intercepted(vm: VmPlan) -> None:
    """A security appliance intercepts every TLS connection, with certificates of an authority that the VM trusts."""
    vm.tls["*"] = "intercepted"
    vm.trusts.append("interceptor")


@fault("tls-untrusted", expects={"NET-003": "fail"})
def tls_untrusted(vm: VmPlan) -> None:
    """The VM's trust store lacks the authority that signs Azure's certificates."""
    vm.trusts = ["nobody"]


@fault("tls-old", expects={"NET-003[pas.windows.net]": "fail"})
def tls_old(vm: VmPlan) -> None:
    """A device between the proxy and pas.windows.net supports at most TLS 1.1."""
    vm.tls["pas"] = "old"
