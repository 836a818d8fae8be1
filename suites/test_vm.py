"""VM: the Nexus VM as a resource, and the name it will have in Azure Arc."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from plugins import AzureVmView, CheckOutcome, Command, Fix, Vm, check, fail, record_fact, required, sh, unknown, warn
from plugins.azure import resource_ids as ids
from suites import ARTICLE
from suites.probes.azcmagent import Agent, AgentStatus
from suites.rules.arm_resources import (
    Resource,
    awaits_connection,
    cluster_of,
    command,
    detail,
    named,
    prop,
    readable,
    settled,
    silent,
    state,
    vm_of,
)

ONBOARDING = "https://learn.microsoft.com/azure/azure-arc/servers/troubleshoot-agent-onboard"


#: detailedStatus of a VM that is up. The examples of the REST API have Available ("VM is up and healthy"), recordings
#: of settled VMs Running; which one a live service sends is not published.
RUNNING = ("running", "available")


@check(
    "VM-001",
    required,
    caused_by=["PLATFORM-004"],
    problem="VM is not running",
    action="Bring {vms} to Running",
    remedy="Check the VM in the portal: Overview, Activity log.",
    docs=ARTICLE,
    component="vm",
)
def test_the_vm_is_there_and_running(azure: AzureVmView) -> str:
    """The VM resource exists, is provisioned, powered on and running.

    Success: provisioningState Succeeded, powerState On, detailedStatus Running or Available: published examples of
    running VMs have both.
    Failure: the resource does not exist, or is in another state.
    Unknown: Azure did not answer, or does not know the state.
    """
    vm = azure.vm
    if vm is None:
        fail(
            f"Azure has no VM resource {azure.resource_id}.",
            remedy="Correct resource_id in the inventory (az networkcloud virtualmachine list --query [].id), or "
            "create the VM.",
            action="Correct the resource_id of {vms} in the inventory, or create the VM",
        )
    id = str(vm.get("id"))
    name = f"VM {named(id)}"
    if image := str(prop(vm, "vmImage") or ""):
        record_fact("image", image)
    settled(vm, name, "Read the message and the activity log. Create a VM again that was not created as requested.")
    power, status = state(vm, "powerState"), state(vm, "detailedStatus")
    words = f"powerState {power or 'not stated'}, detailedStatus {status or 'not stated'}"
    expected = "expected On, and Running or Available"
    start = command("az networkcloud virtualmachine start", id)
    if power.lower() == "off":
        off = "Start {vms:is|are} powered off"
        fail(f"{name} is off: {words}; {expected}{detail(vm)}.", remedy=str(start), fix=start, action=off)
    if power.lower() not in ("", "on", "unknown", "undefined"):
        fail(f"{name} is not on: {words}; {expected}{detail(vm)}.")
    if status.lower() not in ("", *RUNNING, "unknown", "undefined"):
        remedy, fix, action = _mend(status, start, command("az networkcloud virtualmachine restart", id))
        fail(f"{name} does not run: {words}; {expected}{detail(vm)}.", remedy=remedy, fix=fix, action=action)
    if power.lower() != "on" or status.lower() not in RUNNING:
        unknown(
            f"Azure does not know how {name} is: {words}; {expected}{detail(vm)}.",
            remedy="Check the connection of the cluster (PLATFORM-004), and run again.",
        )
    return f"{name} is provisioned, On and {status}."


def _mend(status: str, start: Command, restart: Command) -> tuple[str, Fix, str]:
    """The remedy for a detailedStatus, the command, and the headline."""
    match status.lower():
        case "error":
            return (
                f"Read the message; restart the VM, and open a support request if it persists: {restart}",
                restart,
                "Restart {vms:is|are} in the state Error",
            )
        case "stopped":
            return str(start), start, "Start {vms:is|are} stopped"
        case _:
            return "Wait until the VM is Running, and run again.", (), "Wait for {vms:does|do} not run yet"


@check(
    "VM-002",
    required,
    problem="VM is not in its cluster's custom location",
    action="Create {vms} again in the cluster's custom location",
    remedy="A VM stays where it was created: create it again in the custom location of its cluster (az networkcloud "
    "cluster show --query clusterExtendedLocation.name).",
    docs=ARTICLE,
    component="vm",
)
def test_the_vm_is_in_its_clusters_location(azure: AzureVmView) -> str:
    """The VM's custom location is that of its cluster.

    Success: both name the same custom location; upper and lower case do not matter in ids. Where the cluster could not
    be read: the VM's cloud services network, on the same cluster, is in the VM's custom location.
    Failure: they name different ones.
    Unknown: either one could not be read.
    """
    vm = vm_of(azure)
    own = str((vm.get("extendedLocation") or {}).get("name") or "")
    if not own:
        silent(f"VM {named(str(vm.get('id')))}", "extendedLocation")
    try:
        cluster = cluster_of(azure)
    except CheckOutcome:  # often in a resource group without rights for the login; the network belongs to the tenant
        network = _network_on_the_same_cluster(azure, vm)
        if not ids.same(own, network):
            raise
        cluster_name = named(str(prop(vm, "clusterId")))
        return (
            f"The VM is in {named(own)}, as its cloud services network is, which is on the same cluster "
            f"{cluster_name}. The cluster itself could not be read."
        )
    other = str(prop(cluster, "clusterExtendedLocation", "name") or "")
    if not other:
        silent(f"cluster {named(str(cluster.get('id')))}", "clusterExtendedLocation")
    if not ids.same(own, other):
        fail(
            f"The VM is in the custom location {own}; expected {other}, that of its cluster "
            f"{named(str(cluster.get('id')))}."
        )
    return f"The VM is in {named(own)}, the custom location of cluster {named(str(cluster.get('id')))}."


def _network_on_the_same_cluster(azure: AzureVmView, vm: Resource) -> str:
    """The custom location of the VM's cloud services network, "" where that is not known to be on the VM's cluster."""
    csn = readable(lambda: azure.csn) or {}
    if not ids.same(str(prop(csn, "clusterId") or "-"), str(prop(vm, "clusterId") or "")):
        return ""
    return str((csn.get("extendedLocation") or {}).get("name") or "")


@check(
    "VM-003",
    required,
    problem="VM has no cloud services network",
    action="Create {vms} again with a cloud services network",
    remedy="The attachment is made when the VM is created: create the VM again with "
    "--cloud-services-network-attachment.",
    docs="https://learn.microsoft.com/azure/operator-nexus/quickstarts-tenant-workload-prerequisites",
    component="vm",
)
def test_the_vm_is_attached_to_a_csn(azure: AzureVmView) -> str:
    """The VM is attached to a cloud services network.

    Success: cloudServicesNetworkAttachment names one.
    Failure: it is empty, or names another kind of resource.
    Unknown: the VM resource could not be read.
    """
    vm = vm_of(azure)
    name = named(str(vm.get("id")))
    attached = str(prop(vm, "cloudServicesNetworkAttachment", "attachedNetworkId") or "")
    if not attached:
        fail(
            f"VM {name} is attached to no cloud services network (cloudServicesNetworkAttachment is empty); expected "
            "one: it carries the proxy to Azure."
        )
    if "/cloudservicesnetworks/" not in attached.lower():
        fail(f"VM {name} names {attached} as its cloud services network; expected a .../cloudServicesNetworks/...")
    return f"VM {name} is attached to the cloud services network {named(attached)}."


LONGEST = 54  # what the agent enforces

#: The pattern of Azure Resource Manager for Microsoft.HybridCompute/machines, to which agents connect with dots, too.
NAME = re.compile(rf"[A-Za-z0-9_.-]{{1,{LONGEST}}}")


@check(
    "VM-006",
    required,
    problem="Arc name is taken or not valid",
    action="Choose another Arc name for {vms}",
    remedy="Connect under another name: azcmagent connect --resource-name NAME.",
    docs=ONBOARDING,
    component="vm",
)
def test_the_arc_name_is_valid_and_free(azure: AzureVmView, agent: Agent, agent_show: AgentStatus, vm: Vm) -> str:
    """The name of the Arc resource is valid and free.

    Success: valid, and no machine in the target resource group has it; or the machine with this name is this VM, as
    its agent reports, or waits for its connection, and the VM's path is relay.
    Failure: not valid (AZCM0102), or another machine has it (AZCM0044). Warning: a machine that waits for its
    connection has it, or it ends with a hyphen or an underscore: Azure accepts that, the agent's documents do not.
    Unknown: the machines could not be read, or the one with this name may or may not be this VM, or the VM has no name
    yet (--vm with an address, and no resource_id).
    """
    name = azure.arc_name
    if not NAME.fullmatch(name):
        fail(
            f"{name!r} is not a valid name for an Arc resource: {_invalid(name)}. azcmagent connect would stop with "
            "AZCM0102.",
            remedy=_RENAME,
        )
    machine = azure.arc_machine
    where = f"resource group {azure.target.resource_group}"
    if machine is None:
        return _free(name, where)
    id, status = str(machine.get("id")), state(machine, "status") or "of an unknown status"
    if ids.same(agent_show.resource, id) or (
        agent_show.vm_id and agent_show.vm_id.lower() == state(machine, "vmId").lower()
    ):
        return f"{name} in {where} is this VM's own machine ({status}), as its agent says."
    clash = f"A machine {name} is in {where} already ({status})"
    remedy = (
        f"If that machine is no longer needed: {sh('az resource delete --ids {}', id)} ; otherwise connect under "
        "another name: azcmagent connect --resource-name NAME."
    )
    if awaits_connection(machine) and not agent_show.resource:
        if vm.path == "relay":
            return f"{name} in {where} waits for this VM to connect ({status}), as the private relay requires."
        warn(
            f"{clash}. It was made for a machine that has not connected yet: this VM's, if private relay was prepared.",
            remedy=f"For private relay: azcmagent connect existing. {remedy}",
        )
    if agent.installed and agent_show.missing:
        _by_address(vm_of(azure), machine, clash, remedy)
        return f"{name} in {where} is this VM's own machine ({status}): both have the same address."
    if not agent.installed:
        why = "no agent is installed here"
    elif not agent_show.resource:
        why = "the agent here was never connected"
    else:
        why = f"the agent here is connected as {agent_show.resource}"
    fail(f"{clash}, and it is not this VM: {why}. azcmagent connect would stop with AZCM0044.", remedy=remedy)


def _free(name: str, where: str) -> str:
    if name.endswith(("-", "_")):
        warn(
            f"{name} is free in {where}, and ends with {name[-1]!r}: Azure takes that, but the agent's documents do "
            "not.",
            remedy=_RENAME,
        )
    dotted = " (with a dot, which Azure takes and the agent's documents do not list)" if "." in name else ""
    return f"{name} is a valid name{dotted}, and free in {where}."


def _by_address(vm: Resource, machine: Resource, clash: str, remedy: str) -> None:
    """Decide by the addresses in Azure, when the agent does not answer; ends the check unless they are equal."""
    mine, theirs = _nexus_addresses(vm), _arc_addresses(machine)
    # MAC addresses first: IPv4 addresses may be the same in two isolated networks.
    kind = next((kind for kind in mine if mine[kind] and theirs[kind]), None)
    if kind is None:
        unknown(
            f"{clash}. Whether it is this VM is not known: azcmagent show did not answer, and Azure does not state the "
            "machine's addresses.",
            remedy=f"See AGENT-003 and AGENT-005. {remedy}",
        )
    if not mine[kind] & theirs[kind]:
        fail(
            f"{clash}, with the {kind} address {_listed(theirs[kind])}, and is not this VM, which has "
            f"{_listed(mine[kind])}. azcmagent connect would stop with AZCM0044.",
            remedy=remedy,
        )


_RENAME = (
    f"Connect under another name: azcmagent connect --resource-name NAME. Allowed are up to {LONGEST} letters, digits, "
    "-, _ and dots, the last one a letter or digit."
)


def _invalid(name: str) -> str:
    if bad := sorted(set(re.findall(r"[^A-Za-z0-9_.-]", name))):
        return f"{' '.join(map(repr, bad))} is not allowed"
    return f"it has {len(name)} characters, {LONGEST} are allowed" if name else "it is empty"


def _listed(addresses: set[str]) -> str:
    return ", ".join(sorted(addresses))


def _nexus_addresses(vm: Resource) -> dict[str, set[str]]:
    """MAC and IPv4 addresses of a Nexus VM, for comparisons.

    ``"networkAttachments": [{"ipv4Address": "10.0.0.4", "macAddress": "b6:12:0a:00:00:04"}]``
    """
    attachments = [*(prop(vm, "networkAttachments") or []), prop(vm, "cloudServicesNetworkAttachment") or {}]
    return {
        "MAC": _macs(attachment.get("macAddress") for attachment in attachments),
        "IP": _ips(attachment.get("ipv4Address") for attachment in attachments),
    }


def _arc_addresses(machine: Resource) -> dict[str, set[str]]:
    """The same of an Arc machine; agents do not always report them.

    ``"networkProfile": {"networkInterfaces": [{"macAddress": "B6-12-0A-00-00-04",
    "ipAddresses": [{"address": "10.0.0.4"}]}]}``
    """
    interfaces = prop(machine, "networkProfile", "networkInterfaces") or []
    return {
        "MAC": _macs(interface.get("macAddress") for interface in interfaces),
        "IP": _ips(
            address.get("address") for interface in interfaces for address in interface.get("ipAddresses") or []
        ),
    }


def _macs(texts: Iterable[Any]) -> set[str]:
    digits = (re.sub(r"[^0-9a-f]", "", str(text or "").lower()) for text in texts)
    return {":".join(re.findall("..", run)) for run in digits if run.strip("0")}


def _ips(texts: Iterable[Any]) -> set[str]:
    addresses = (str(text).partition("/")[0] for text in texts if text)
    return {address for address in addresses if not address.startswith(("127.", "169.254.", "fe80:", "::1"))}
