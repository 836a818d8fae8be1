"""Azure's control plane: clusters, VMs and cloud services networks."""

from __future__ import annotations

from typing import Any

from lab import azure
from lab import cloud_docs as docs
from lab.faults.registry import fault
from lab.plan import VmPlan

_REQUIRED = [host for endpoint in azure.endpoints() if endpoint.need == "required" for host in endpoint.hosts]

# --- PLATFORM


@fault("runtime-too-old", expects={"PLATFORM-001": "fail"})
def runtime_too_old(vm: VmPlan) -> None:
    """The cluster runs 4.5.2, in which virtual machines cannot have managed identities."""
    vm.azure.set("cluster", clusterVersion="4.5.2")


@fault("runtime-looks-like-a-bundle", expects={"PLATFORM-001": "unknown"})
def runtime_looks_like_a_bundle(vm: VmPlan) -> None:
    """The cluster's runtime version is 2507.1, which has the form of a management bundle's version."""
    vm.azure.set("cluster", clusterVersion="2507.1")


def _offer(vm: VmPlan, last: str) -> None:
    versions = docs.API_VERSIONS[docs.API_VERSIONS.index(last) :]

    def change(provider: dict[str, Any]) -> None:
        for kind in provider["resourceTypes"]:
            kind["apiVersions"] = versions

    vm.azure.edit("Microsoft.NetworkCloud", change)


@fault("api-too-old", expects={"PLATFORM-003": "fail"})
def api_too_old(vm: VmPlan) -> None:
    """The resource provider offers nothing newer than 2025-02-01 in this subscription."""
    _offer(vm, "2025-02-01")


@fault("api-preview-only", expects={"PLATFORM-003": "warn"})
def api_preview_only(vm: VmPlan) -> None:
    """The newest API version that the resource provider offers is the preview of July 2025."""
    _offer(vm, "2025-07-01-preview")


@fault("cluster-updating", expects={"PLATFORM-004": "warn"})
def cluster_updating(vm: VmPlan) -> None:
    """The cluster's runtime is being upgraded."""
    vm.azure.set("cluster", detailedStatus="Updating", detailedStatusMessage="Upgrading rack 2 of 4")


@fault("cluster-disconnected", expects={"PLATFORM-004": "fail"})
def cluster_disconnected(vm: VmPlan) -> None:
    """Azure has no connection to the cluster."""
    vm.azure.set(
        "cluster",
        clusterConnectionStatus="Disconnected",
        detailedStatus="Disconnected",
        detailedStatusMessage="Cluster has not been heard of for 3 hours",
    )


@fault("cluster-manager-unreachable", expects={"PLATFORM-004": "fail"})
def cluster_manager_unreachable(vm: VmPlan) -> None:
    """The cluster is Connected to Azure, but its cluster manager cannot reach it."""
    vm.azure.set("cluster", clusterManagerConnectionStatus="Unreachable")


@fault("cluster-connection-undefined", expects={"PLATFORM-004": "unknown"})
def cluster_connection_undefined(vm: VmPlan) -> None:
    """Azure reports the cluster's connection as Undefined."""
    vm.azure.set("cluster", clusterConnectionStatus="Undefined")


@fault("runtime-below-the-newest-article", expects={"PLATFORM-001": "warn"})
def runtime_below_the_newest_article(vm: VmPlan) -> None:
    """The cluster runs 4.7.0: enough for the default profile, but older than the newest article requires."""
    vm.azure.set("cluster", clusterVersion="4.7.0")


@fault("runtime-support-ended", expects={"PLATFORM-006": "warn"})
def runtime_support_ended(vm: VmPlan) -> None:
    """The runtime's support ended in January."""
    vm.azure.set("cluster", supportExpiryDate="2026-01-31")


@fault("provider-not-registered", expects={"PLATFORM-005[Microsoft.HybridCompute]": "fail"})
def provider_not_registered(vm: VmPlan) -> None:
    """Microsoft.HybridCompute is not registered in the subscription of the Arc resource."""
    vm.azure.set("Microsoft.HybridCompute", registrationState="NotRegistered")


@fault("provider-registering", expects={"PLATFORM-005[Microsoft.GuestConfiguration]": "warn"})
def provider_registering(vm: VmPlan) -> None:
    """Microsoft.GuestConfiguration is being registered."""
    vm.azure.set("Microsoft.GuestConfiguration", registrationState="Registering")


# --- VM, in Azure


#: The results of a VM without a resource id: only its subscription and its guest are known.
_NO_RESOURCE = {
    **dict.fromkeys(["VM-001", "VM-002", "VM-003", "PLATFORM-001", "PLATFORM-004", "PLATFORM-006"], "unknown"),
    "IDENTITY-001": "unknown",
    "TOKEN-003": "unknown|blocked",
    **dict.fromkeys(["IDENTITY-002", "CSN-*", "ROLES-*"], "blocked"),
}


@fault("vm-deleted", expects=dict.fromkeys(_NO_RESOURCE, "blocked") | {"VM-001": "fail"})
def vm_deleted(vm: VmPlan) -> None:
    """The inventory states the id of a VM that does not exist: it was created again under another name."""
    vm.azure.absent.add("vm")


@fault("resource-id-not-stated", roots=("PLATFORM-001",), expects=_NO_RESOURCE | {"PLATFORM-003": "unknown"})
def resource_id_not_stated(vm: VmPlan) -> None:
    """The inventory does not state the VM's resource id, so nothing about it can be read from Azure."""
    vm.azure.resource_id_stated = False


@fault("name-too-long", expects={"VM-006": "fail"})
def name_too_long(vm: VmPlan) -> None:
    """The VM's resource has a name of 63 characters; the agent accepts at most 54."""
    vm.azure.resource_name = f"{vm.name}-{'with-a-name-as-long-as-azure-allows-' * 2}"[:62] + "x"


@fault("name-ends-with-a-hyphen", expects={"VM-006": "warn"})
def name_ends_with_a_hyphen(vm: VmPlan) -> None:
    """The VM's resource has a name that Azure accepts for an Arc machine, but the agent's documentation does not."""
    vm.azure.resource_name = f"{vm.name}-"


@fault("name-with-dots", expects={})
def name_with_dots(vm: VmPlan) -> None:
    """The name of the VM's resource is its host name with the domain: Arc machines with such names exist."""
    vm.azure.resource_name = f"{vm.name}.corp.example"


@fault("vm-running", expects={})
def vm_running(vm: VmPlan) -> None:
    """Azure reports the VM's detailedStatus as Running, as in recordings of real VMs, instead of Available."""
    vm.azure.set("vm", detailedStatus="Running")


@fault("vm-power-unknown", expects={"VM-001": "unknown"})
def vm_power_unknown(vm: VmPlan) -> None:
    """Azure does not know whether the VM is on."""
    vm.azure.set("vm", powerState="Unknown", detailedStatus="Unknown", detailedStatusMessage="")


@fault("vm-provisioning-failed", expects={"VM-001": "fail"})
def vm_provisioning_failed(vm: VmPlan) -> None:
    """Azure reports that the VM's provisioning failed, although the VM answers."""
    vm.azure.set("vm", provisioningState="Failed", detailedStatus="Error", detailedStatusMessage="image pull failed")


@fault("vm-in-another-custom-location", expects={"VM-002": "fail"})
def vm_in_another_custom_location(vm: VmPlan) -> None:
    """The VM's custom location is not its cluster's."""

    def change(document: dict[str, Any]) -> None:
        document["extendedLocation"]["name"] += "-2"

    vm.azure.edit("vm", change)


@fault("vm-without-csn", expects={"VM-003": "fail", "CSN-*": "blocked|not applicable"})
def vm_without_csn(vm: VmPlan) -> None:
    """In Azure, the VM is not attached to a cloud services network."""
    vm.azure.set("vm", cloudServicesNetworkAttachment=None)


@fault("arc-name-taken", expects={"VM-006": "fail"})
def arc_name_taken(vm: VmPlan) -> None:
    """The target resource group has an Arc machine with the VM's name, but of another computer."""
    vm.azure.enrolled = True
    other = {"macAddress": "02:00:99:99:99:99", "ipAddresses": [{"address": "10.99.99.99"}]}
    vm.azure.set("arc", networkProfile={"networkInterfaces": [other]})


@fault("wrong-case-ids", expects={})
def wrong_case_ids(vm: VmPlan) -> None:
    """The inventory has ids in upper case, and Azure writes them in another case: they are the same."""
    vm.azure.upper_case_ids = True
    vm.azure.own |= {"csn", "cluster"}

    def change(document: dict[str, Any]) -> None:
        properties = document["properties"]
        document["extendedLocation"]["name"] = document["extendedLocation"]["name"].upper()
        document["type"] = document["type"].lower()
        document["id"] = document["id"].replace("resourceGroups", "resourcegroups")
        properties["clusterId"] = properties["clusterId"].lower()
        attachment = properties["cloudServicesNetworkAttachment"]
        attachment["attachedNetworkId"] = attachment["attachedNetworkId"].upper()

    vm.azure.edit("vm", change)


# --- CSN


@fault("csn-list-absent", expects={})
def csn_list_absent(vm: VmPlan) -> None:
    """Azure does not list the enabled egress endpoints, and the default ones are on: the VM's own requests decide."""
    vm.azure.set("csn", enabledEgressEndpoints=None)


@fault("csn-list-absent-and-defaults-off", roots=("CSN-001",), expects={"CSN-001": "unknown", "CSN-002": "unknown"})
def csn_list_absent_and_defaults_off(vm: VmPlan) -> None:
    """Azure does not list the enabled egress endpoints, and the default ones are off."""
    vm.azure.set("csn", enabledEgressEndpoints=None, enableDefaultEgressEndpoints="False")


@fault("csn-defaults-off-and-covered", expects={})
def csn_defaults_off_and_covered(vm: VmPlan) -> None:
    """The default egress endpoints are off, but each of them was added to the list."""
    vm.azure.set("csn", enableDefaultEgressEndpoints="False")


_NOT_COVERED = {f"{check}[{host}]": status for host in _REQUIRED for check, status in (
    ("CSN-002", "fail"), ("NET-001", "fail"), ("NET-003", "blocked"),
)}  # fmt: skip


@fault("csn-defaults-off", roots=("CSN-001",), expects={"CSN-001": "fail", **_NOT_COVERED})
def csn_defaults_off(vm: VmPlan) -> None:
    """The default egress endpoints are off, and only the agent's download was added to the list."""
    vm.azure.set("csn", enableDefaultEgressEndpoints="False")
    vm.egress_lacks |= {endpoint.key for endpoint in azure.endpoints() if endpoint.need != "install"}


def _change_egress_entries(vm: VmPlan, change: Any) -> None:
    def edit(document: dict[str, Any]) -> None:
        for group in document["properties"]["enabledEgressEndpoints"]:
            for entry in group["endpoints"]:
                change(entry)

    vm.azure.edit("csn", edit)


@fault("csn-scheme-in-domain-names", expects={})
def csn_scheme_in_domain_names(vm: VmPlan) -> None:
    """The egress list has URLs (https://management.azure.com) as domain names; Azure accepts and returns them."""
    _change_egress_entries(vm, lambda entry: entry.update(domainName=f"https://{entry['domainName']}"))


@fault("csn-ports-absent", expects={})
def csn_ports_absent(vm: VmPlan) -> None:
    """The entries of the egress list have no port, which is optional."""
    _change_egress_entries(vm, lambda entry: entry.pop("port"))


@fault(
    "csn-wrong-port",
    roots=("CSN-002",),
    expects={
        "CSN-002[pas.windows.net]": "fail",
        "NET-001[pas.windows.net]": "fail",
        "NET-003[pas.windows.net]": "blocked",
    },
)
def csn_wrong_port(vm: VmPlan) -> None:
    """The egress list has pas.windows.net on port 8443 only."""
    vm.egress_lacks.add("pas")

    def change(document: dict[str, Any]) -> None:
        wrong = {"domainName": "pas.windows.net", "port": 8443}
        document["properties"]["enabledEgressEndpoints"][0]["endpoints"].append(wrong)

    vm.azure.edit("csn", change)


@fault("csn-provisioning-failed", expects={"CSN-003": "fail"})
def csn_provisioning_failed(vm: VmPlan) -> None:
    """The last change of the cloud services network failed."""
    message = "proxy update failed on 1 node"
    vm.azure.set("csn", provisioningState="Failed", detailedStatus="Error", detailedStatusMessage=message)


@fault("csn-of-another-cluster", expects={"CSN-003": "fail"})
def csn_of_another_cluster(vm: VmPlan) -> None:
    """The cloud services network belongs to a cluster other than the VM's."""

    def change(document: dict[str, Any]) -> None:
        document["properties"]["clusterId"] += "-2"

    vm.azure.edit("csn", change)
