"""CSN: the cloud services network, whose proxy is the VM's path to Azure, as the control plane describes it."""

from __future__ import annotations

import json

from plugins import (
    EGRESS_ONLY,
    REQUIRED_NEEDS,
    AzureVmView,
    Command,
    Endpoint,
    Profile,
    Vm,
    check,
    fail,
    not_applicable,
    required,
    unknown,
    warn,
)
from plugins.azure import resource_ids as ids
from suites import ARTICLE
from suites.rules import egress_list
from suites.rules.arm_resources import Resource, command, csn_of, detail, named, prop, settled, silent, state, vm_of
from suites.rules.egress_list import EgressEntry

PREREQUISITES = "https://learn.microsoft.com/azure/operator-nexus/quickstarts-tenant-workload-prerequisites"


def _name(csn: Resource) -> str:
    return f"cloud services network {named(str(csn.get('id')))}"


def _flag(csn: Resource) -> str:
    """``True``, ``False``, or "" when it is absent. Azure states it as text, not as JSON's true or false."""
    value = prop(csn, "enableDefaultEgressEndpoints")
    return "" if value is None else str(value).strip().capitalize()


def _update(csn: Resource, *more: str) -> Command:
    return command("az networkcloud cloudservicesnetwork update", str(csn.get("id")), *more)


#: The category for added endpoints.
ARC = "azure-arc"


def _allow(csn: Resource, vm: Vm, profile: Profile) -> Command:
    """The command that adds all missing endpoints to the network.

    The option replaces the list. So it repeats the earlier entries, and has all missing endpoints at
    once: the same command for every endpoint, and for every VM on the network.
    """
    entries, _ = _entries(csn)
    endpoints = profile.endpoints(vm, REQUIRED_NEEDS)
    # Not only the VM's own region: other VMs of the network may use another one.
    endpoints += [
        endpoint for endpoint in profile.cloud(vm).endpoints if endpoint.required or endpoint.need == EGRESS_ONLY
    ]
    needed = {_wanted(endpoint): endpoint.port for endpoint in endpoints if "{" not in _wanted(endpoint)}
    missing = [
        {"domainName": name, "port": port}
        for name, port in needed.items()
        if not (
            any(entry.covers_all(f"*{name}", port) for entry in entries)
            if name.startswith(".")
            else egress_list.covering(entries, name, port)
        )
    ]
    present = prop(csn, "additionalEgressEndpoints") or []
    others = [item for item in present if item.get("category") != ARC]
    own = [row for item in present if item.get("category") == ARC for row in item.get("endpoints") or []]
    value = json.dumps([*others, {"category": ARC, "endpoints": [*own, *missing]}], separators=(",", ":"))
    return _update(csn, "--additional-egress-endpoints", value)


def _wanted(endpoint: Endpoint) -> str:
    """The entry for an endpoint: the whole domain, if Microsoft's own list has a wildcard."""
    return endpoint.wildcard.removeprefix("*") if endpoint.wildcard.startswith("*.") else endpoint.host


def _entries(csn: Resource) -> tuple[list[EgressEntry], bool]:
    """The known allowed entries, and whether that is the whole list.

    ``enabledEgressEndpoints`` is all of it, and may be absent from the answer; ``additionalEgressEndpoints`` is the
    requested part.
    """
    enabled = egress_list.read_egress_list(prop(csn, "enabledEgressEndpoints"))
    if enabled is not None:
        return enabled, True
    return egress_list.read_egress_list(prop(csn, "additionalEgressEndpoints")) or [], False


@check(
    "CSN-001",
    required,
    requires=["VM-003"],
    caused_by=["CSN-003"],
    problem="network blocks the platform's default endpoints",
    action="Enable the default egress endpoints of {name}",
    remedy="Allow the default endpoints: az networkcloud cloudservicesnetwork update "
    "--enable-default-egress-endpoints True.",
    docs=ARTICLE,
    component="csn",
)
def test_the_default_endpoints_are_enabled(azure: AzureVmView, vm: Vm, profile: Profile) -> str:
    """The network lets the platform's default endpoints through.

    Success: enableDefaultEgressEndpoints is "True", or the egress list covers each required endpoint without it.
    Failure: it is not "True", and the list lacks endpoints.
    Unknown: the network could not be read, or states neither the flag nor its list.
    """
    csn = csn_of(azure)
    name, flag = _name(csn), _flag(csn)
    if flag == "True":
        return f'The {name} has enableDefaultEgressEndpoints "True".'
    entries, whole = _entries(csn)
    needed = profile.endpoints(vm, REQUIRED_NEEDS)
    missing = [endpoint.host for endpoint in needed if not egress_list.covering(entries, endpoint.host, endpoint.port)]
    stated = f'enableDefaultEgressEndpoints "{flag}"' if flag else "no enableDefaultEgressEndpoints"
    if not missing:
        return f"The {name} has {stated}, and its own list covers the {len(needed)} required endpoints."
    enable = _update(csn, "--enable-default-egress-endpoints", "True")
    remedy = f"{enable} ; or add each endpoint that CSN-002 names."
    if not whole:
        unknown(
            f"The {name} has {stated}, and Azure does not state its enabledEgressEndpoints; so it is not known whether "
            f"{_some(missing)} pass{'es' * (len(missing) == 1)}.",
            remedy=f"NET-001 shows what passes. To be sure: {remedy}",
            shared_cause=_no_list(csn),
        )
    fail(
        f'The {name} has {stated}; expected "True", or each required endpoint in the list. '
        f"{len(missing)} of {len(needed)} are missing: {_some(missing)}.",
        remedy=remedy,
        fix=enable,
    )


def _no_list(csn: Resource) -> str:
    """The cause that CSN-001 and CSN-002 share when Azure omits the list."""
    return f"enabledEgressEndpoints of {str(csn.get('id')).lower()} is not stated"


def _some(hosts: list[str]) -> str:
    return ", ".join(hosts[:3]) + (f" and {len(hosts) - 3} more" if len(hosts) > 3 else "")


@check(
    "CSN-002",
    required,
    parametrize={"endpoint": lambda vm, profile: profile.endpoints(vm, REQUIRED_NEEDS)},
    requires=["VM-003"],
    caused_by=["CSN-001", "CSN-003"],
    problem="egress list lacks an endpoint",
    action="Add {items} to the egress list of {name}",
    remedy="Add the endpoint to the network's list: az networkcloud cloudservicesnetwork update "
    "--additional-egress-endpoints.",
    docs=PREREQUISITES,
    component="csn",
)
def test_the_endpoint_is_in_the_egress_list(endpoint: Endpoint, azure: AzureVmView, vm: Vm, profile: Profile) -> str:
    """The egress list of the network covers the endpoint.

    Success: an entry of enabledEgressEndpoints names the host, or a domain above it with a leading dot, on its port.
    Failure: none does. Warning: only this host is covered, but the agent needs the whole domain.
    Not applicable: the list is absent and the default endpoints are enabled. Their list is not published; NET-001
    tests the endpoint from the VM.
    Unknown: the list is absent, the defaults are off and nothing else covers the endpoint. Absent is not empty.
    """
    csn = csn_of(azure)
    name, host, port = _name(csn), endpoint.host, endpoint.port
    entries, whole = _entries(csn)
    where = "enabledEgressEndpoints" if whole else "additionalEgressEndpoints"
    if entry := egress_list.covering(entries, host, port):
        covered = f"{host} is covered by {entry} in {where} of the {name}"
        if endpoint.wildcard.startswith("*.") and not _enough(entry, endpoint, vm):
            add = _allow(csn, vm, profile)
            warn(
                f"{covered}, which is this host alone. The agent needs {endpoint.wildcard}; {host} only stands for it.",
                remedy=str(add),
                fix=add,
                item=_wanted(endpoint),
            )
        notes = [] if whole else ["enabledEgressEndpoints itself is absent from Azure's answer"]
        if entry.subdomains and entry.host == host:
            notes.append("a leading dot is taken to include the domain itself")
        if entry.port is None:
            notes.append(f"no port is stated, taken as {port}")
        return covered + (f" ({'; '.join(notes)})." if notes else ".")
    add = _allow(csn, vm, profile)
    if not whole:
        absent = f"Azure does not state enabledEgressEndpoints of the {name}, and its own entries do not cover {host}"
        if _flag(csn) == "True":
            not_applicable(
                f'{absent}. enableDefaultEgressEndpoints is "True", and what that lets through is not published: '
                f"NET-001 tests from the VM whether {host} is reached."
            )
        unknown(
            f"{absent}.",
            remedy=f"NET-001 shows whether {host} passes. To be sure: {add}",
            shared_cause=_no_list(csn),
        )
    fail(
        f"{host} port {port} is not covered by enabledEgressEndpoints of the {name} "
        f"({_count(len(entries))}{_nearly(entries, endpoint)}). Needed for: {endpoint.purpose}.",
        remedy=str(add),
        fix=add,
        item=_wanted(endpoint),
    )


def _enough(entry: EgressEntry, endpoint: Endpoint, vm: Vm) -> bool:
    """Whether an entry allows all hosts that the endpoint represents; a regional host represents itself."""
    region = "".join((vm.target.location or "").split()).lower()
    return entry.covers_all(endpoint.wildcard, endpoint.port) or bool(region and region in endpoint.host)


def _count(entries: int) -> str:
    return "it has 1 entry" if entries == 1 else f"it has {entries} entries" if entries else "it is empty"


def _nearly(entries: list[EgressEntry], endpoint: Endpoint) -> str:
    """An entry that probably should cover it, and why it does not."""
    for entry in entries:
        if entry.names(endpoint.host):
            return f"; {entry} is for another port"
        if endpoint.host.endswith(f".{entry.host}"):
            return f"; {entry.text} without a leading dot is that one host"
    return ""


@check(
    "CSN-003",
    required,
    requires=["VM-003"],
    caused_by=["PLATFORM-004"],
    problem="network is not available",
    action="Restore {thing}",
    remedy="Check the network in the portal, and create it again if the state persists.",
    docs=PREREQUISITES,
    component="csn",
)
def test_the_network_is_available(azure: AzureVmView) -> str:
    """The network is provisioned, available and on the VM's cluster.

    Success: provisioningState Succeeded, detailedStatus Available, and the clusterId of the VM.
    Failure: it does not exist, is in another state, or belongs to another cluster.
    Unknown: one of these could not be read.
    """
    vm = vm_of(azure)
    csn = azure.csn
    if csn is None:
        attached = str(prop(vm, "cloudServicesNetworkAttachment", "attachedNetworkId") or "")
        fail(
            f"The VM is attached to the cloud services network {attached}, which does not exist.",
            remedy="Create the network, and the VM again, attached to it.",
            action="Create the missing {thing}, and {vms} again",
        )
    name = _name(csn)
    settled(csn, f"the {name}", "Read the message, repeat the operation, and open a support request if it persists.")
    status = state(csn, "detailedStatus")
    if status and status.lower() != "available":
        new = status.lower() == "provisioning"
        fail(
            f"The {name} has detailedStatus {status}; expected Available{detail(csn)}.",
            remedy="Wait until it is made, and run again." if new else "",
            action="Wait for {thing}" if new else "",
        )
    own, other = str(prop(csn, "clusterId") or ""), str(prop(vm, "clusterId") or "")
    if own and other and not ids.same(own, other):
        fail(
            f"The {name} belongs to cluster {named(own)}; expected {named(other)}, on which the VM runs.",
            remedy="Create a cloud services network on the VM's cluster, and the VM again, attached to it.",
            action="Create a cloud services network on the cluster of {vms}, and {vms} again",
        )
    missing = [field for field, value in (("detailedStatus", status), ("clusterId", own)) if not value]
    if missing:
        silent(f"the {name}", *missing)
    if not other:
        silent(f"VM {named(str(vm.get('id')))}", "clusterId")
    return f"The {name} is provisioned, Available and on the VM's cluster {named(other)}."
