"""Azure's control plane and the tokens of the metadata service: clusters, networks, identities, roles."""

from __future__ import annotations

from typing import Any

from lab import azure
from lab import cloud_docs as docs
from lab.azure_plan import Deny, Grant, Trouble
from lab.faults.imds import NO_TOKEN
from lab.faults.registry import fault
from lab.plan import VmPlan

_REQUIRED = [host for endpoint in azure.endpoints() if endpoint.need == "required" for host in endpoint.hosts]
ALL_ROLES = dict.fromkeys(["ROLES-001", "ROLES-002", "ROLES-003"], "fail")
_RESOURCE_MANAGER, _LIST_ACCESS = Grant("resource-manager"), Grant("list-access-details")

# --- PLATFORM


@fault("runtime-too-old", expects={"PLATFORM-001": "fail"})
def runtime_too_old(vm: VmPlan) -> None:
    """The cluster runs 4.5.2: virtual machines have no managed identities there."""
    vm.azure.set("cluster", clusterVersion="4.5.2")


@fault("runtime-looks-like-a-bundle", expects={"PLATFORM-001": "unknown"})
def runtime_looks_like_a_bundle(vm: VmPlan) -> None:
    """The cluster's runtime version reads 2507.1, which is how management bundles are numbered."""
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
    """Azure has lost the cluster."""
    vm.azure.set(
        "cluster",
        clusterConnectionStatus="Disconnected",
        detailedStatus="Disconnected",
        detailedStatusMessage="Cluster has not been heard of for 3 hours",
    )


@fault("cluster-manager-unreachable", expects={"PLATFORM-004": "fail"})
def cluster_manager_unreachable(vm: VmPlan) -> None:
    """The cluster is Connected to Azure, and its cluster manager does not reach it."""
    vm.azure.set("cluster", clusterManagerConnectionStatus="Unreachable")


@fault("cluster-connection-undefined", expects={"PLATFORM-004": "unknown"})
def cluster_connection_undefined(vm: VmPlan) -> None:
    """Azure does not know whether the cluster is connected, and says so."""
    vm.azure.set("cluster", clusterConnectionStatus="Undefined")


@fault("runtime-below-the-newest-article", expects={"PLATFORM-001": "warn"})
def runtime_below_the_newest_article(vm: VmPlan) -> None:
    """The cluster runs 4.7.0: enough for the default profile, and less than the newest article asks for."""
    vm.azure.set("cluster", clusterVersion="4.7.0")


@fault("runtime-support-ended", expects={"PLATFORM-006": "warn"})
def runtime_support_ended(vm: VmPlan) -> None:
    """The runtime's support ended in January."""
    vm.azure.set("cluster", supportExpiryDate="2026-01-31")


@fault("provider-not-registered", expects={"PLATFORM-005[Microsoft.HybridCompute]": "fail"})
def provider_not_registered(vm: VmPlan) -> None:
    """Nobody has registered Microsoft.HybridCompute in the subscription that the Arc resource goes to."""
    vm.azure.set("Microsoft.HybridCompute", registrationState="NotRegistered")


@fault("provider-registering", expects={"PLATFORM-005[Microsoft.GuestConfiguration]": "warn"})
def provider_registering(vm: VmPlan) -> None:
    """Microsoft.GuestConfiguration is being registered."""
    vm.azure.set("Microsoft.GuestConfiguration", registrationState="Registering")


# --- VM, as Azure sees it


#: Of a VM that Azure cannot be asked about, only the subscription and the guest are known.
_NO_RESOURCE = {
    **dict.fromkeys(["VM-001", "VM-002", "VM-003", "PLATFORM-001", "PLATFORM-004", "PLATFORM-006"], "unknown"),
    "IDENTITY-001": "unknown",
    "TOKEN-003": "unknown|blocked",
    **dict.fromkeys(["IDENTITY-002", "CSN-*", "ROLES-*"], "blocked"),
}


@fault("vm-deleted", expects=dict.fromkeys(_NO_RESOURCE, "blocked") | {"VM-001": "fail"})
def vm_deleted(vm: VmPlan) -> None:
    """The inventory states the id of a VM that Azure does not have: it was created again under another name."""
    vm.azure.absent.add("vm")


@fault("resource-id-not-stated", roots=("PLATFORM-001",), expects=_NO_RESOURCE | {"PLATFORM-003": "unknown"})
def resource_id_not_stated(vm: VmPlan) -> None:
    """The inventory does not state which resource the VM is: Azure cannot be asked about it."""
    vm.azure.resource_id_stated = False


@fault("name-too-long", expects={"VM-006": "fail"})
def name_too_long(vm: VmPlan) -> None:
    """The VM's resource has a name of 63 characters; the agent takes 54."""
    vm.azure.resource_name = f"{vm.name}-{'with-a-name-as-long-as-azure-allows-' * 2}"[:62] + "x"


@fault("name-ends-with-a-hyphen", expects={"VM-006": "warn"})
def name_ends_with_a_hyphen(vm: VmPlan) -> None:
    """The VM's resource has a name that Azure takes for an Arc machine and the agent's documents do not."""
    vm.azure.resource_name = f"{vm.name}-"


@fault("name-with-dots", expects={})
def name_with_dots(vm: VmPlan) -> None:
    """The VM's resource is called as its host is, with its domain: Arc machines of such names exist."""
    vm.azure.resource_name = f"{vm.name}.corp.example"


@fault("vm-running", expects={})
def vm_running(vm: VmPlan) -> None:
    """Azure calls the VM Running, as recordings of settled VMs do, not Available, as published examples do."""
    vm.azure.set("vm", detailedStatus="Running")


@fault("vm-power-unknown", expects={"VM-001": "unknown"})
def vm_power_unknown(vm: VmPlan) -> None:
    """Azure does not know whether the VM is on."""
    vm.azure.set("vm", powerState="Unknown", detailedStatus="Unknown", detailedStatusMessage="")


@fault("vm-provisioning-failed", expects={"VM-001": "fail"})
def vm_provisioning_failed(vm: VmPlan) -> None:
    """Azure says that the VM's provisioning failed, although the VM answers."""
    vm.azure.set("vm", provisioningState="Failed", detailedStatus="Error", detailedStatusMessage="image pull failed")


@fault("vm-in-another-custom-location", expects={"VM-002": "fail"})
def vm_in_another_custom_location(vm: VmPlan) -> None:
    """The VM's custom location is not its cluster's."""

    def change(document: dict[str, Any]) -> None:
        document["extendedLocation"]["name"] += "-2"

    vm.azure.edit("vm", change)


@fault("vm-without-csn", expects={"VM-003": "fail", "CSN-*": "blocked|not applicable"})
def vm_without_csn(vm: VmPlan) -> None:
    """The VM is attached to no cloud services network, as far as Azure knows."""
    vm.azure.set("vm", cloudServicesNetworkAttachment=None)


@fault("arc-name-taken", expects={"VM-006": "fail"})
def arc_name_taken(vm: VmPlan) -> None:
    """An Arc machine of the VM's name is in the target resource group: that of another computer."""
    vm.azure.enrolled = True
    other = {"macAddress": "02:00:99:99:99:99", "ipAddresses": [{"address": "10.99.99.99"}]}
    vm.azure.set("arc", networkProfile={"networkInterfaces": [other]})


@fault("wrong-case-ids", expects={})
def wrong_case_ids(vm: VmPlan) -> None:
    """Ids are shouted in the inventory and written in another case by Azure: they mean the same."""
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
    """Azure does not state which egress endpoints are enabled; the default ones are: the VM's own requests decide."""
    vm.azure.set("csn", enabledEgressEndpoints=None)


@fault("csn-list-absent-and-defaults-off", roots=("CSN-001",), expects={"CSN-001": "unknown", "CSN-002": "unknown"})
def csn_list_absent_and_defaults_off(vm: VmPlan) -> None:
    """Azure does not state which egress endpoints are enabled, and the default ones are off."""
    vm.azure.set("csn", enabledEgressEndpoints=None, enableDefaultEgressEndpoints="False")


@fault("csn-defaults-off-and-covered", expects={})
def csn_defaults_off_and_covered(vm: VmPlan) -> None:
    """The default egress endpoints are off, and every one of them was added to the list."""
    vm.azure.set("csn", enableDefaultEgressEndpoints="False")


_NOT_COVERED = {f"{check}[{host}]": status for host in _REQUIRED for check, status in (
    ("CSN-002", "fail"), ("NET-001", "fail"), ("NET-003", "blocked"),
)}  # fmt: skip


@fault("csn-defaults-off", roots=("CSN-001",), expects={"CSN-001": "fail", **_NOT_COVERED})
def csn_defaults_off(vm: VmPlan) -> None:
    """The default egress endpoints are off, and only the agent's download was added to the list."""
    vm.azure.set("csn", enableDefaultEgressEndpoints="False")
    vm.egress_lacks |= {endpoint.key for endpoint in azure.endpoints() if endpoint.need != "install"}


def _each_domain(vm: VmPlan, change: Any) -> None:
    def edit(document: dict[str, Any]) -> None:
        for group in document["properties"]["enabledEgressEndpoints"]:
            for entry in group["endpoints"]:
                change(entry)

    vm.azure.edit("csn", edit)


@fault("csn-scheme-in-domain-names", expects={})
def csn_scheme_in_domain_names(vm: VmPlan) -> None:
    """Whoever wrote the egress list wrote URLs: https://management.azure.com. Azure takes and returns them."""
    _each_domain(vm, lambda entry: entry.update(domainName=f"https://{entry['domainName']}"))


@fault("csn-ports-absent", expects={})
def csn_ports_absent(vm: VmPlan) -> None:
    """No entry of the egress list has a port: it is optional."""
    _each_domain(vm, lambda entry: entry.pop("port"))


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
    """The cloud services network belongs to another cluster than the VM."""

    def change(document: dict[str, Any]) -> None:
        document["properties"]["clusterId"] += "-2"

    vm.azure.edit("csn", change)


# --- IDENTITY


@fault(
    "no-identity",
    roots=("IDENTITY-001",),
    expects={"IDENTITY-001": "fail", "IDENTITY-002": "blocked", "ROLES-*": "blocked", **NO_TOKEN},
)
def no_identity(vm: VmPlan) -> None:
    """The VM was created without a managed identity."""
    vm.azure.system_identity = False


def _user_assigned(vm: VmPlan, *suffixes: str) -> None:
    vm.azure.system_identity = False
    vm.azure.user_identities = [f"{vm.owner}-{suffix}" for suffix in suffixes]
    vm.azure.identity = vm.azure.user_identities[0]


@fault("identity-user-assigned", expects={})
def identity_user_assigned(vm: VmPlan) -> None:
    """The VM has a user-assigned identity instead of its own."""
    _user_assigned(vm, "id")


@fault("identity-system-and-user-assigned", expects={})
def identity_system_and_user_assigned(vm: VmPlan) -> None:
    """The VM has an identity of its own and a user-assigned one, which is the one to enroll with."""
    _user_assigned(vm, "id")
    vm.azure.system_identity = True


@fault("identity-several-user-assigned", expects={})
def identity_several_user_assigned(vm: VmPlan) -> None:
    """The VM has two user-assigned identities, and the inventory says which one."""
    _user_assigned(vm, "id-2", "id-1")


_AMBIGUOUS = {"IDENTITY-002": "fail|unknown", "ROLES-*": "blocked|unknown", **NO_TOKEN}


@fault("identity-ambiguous", roots=("IDENTITY-002",), expects=_AMBIGUOUS)
def identity_ambiguous(vm: VmPlan) -> None:
    """The VM has two user-assigned identities and none of its own, and the inventory does not state which one."""
    _user_assigned(vm, "id-1", "id-2")
    vm.azure.identity = None


def _hide_principals(document: dict[str, Any]) -> None:
    assigned = document["identity"]["userAssignedIdentities"]
    assigned.update({identifier: {} for identifier in assigned})


@fault("identity-not-stated", expects={})
def identity_not_stated(vm: VmPlan) -> None:
    """The VM has one user-assigned identity, which Azure names before the VM is visited: the inventory does not."""
    _user_assigned(vm, "id")
    vm.azure.identity = None


@fault("identity-shown-without-principal", expects={})
def identity_shown_without_principal(vm: VmPlan) -> None:
    """The VM shows its user-assigned identity as an empty object: ManagedIdentity knows its principal."""
    _user_assigned(vm, "id")
    vm.azure.edit("vm", _hide_principals)


@fault("identity-deleted", roots=("IDENTITY-002",), expects={"IDENTITY-002": "fail", "ROLES-*": "blocked", **NO_TOKEN})
def identity_deleted(vm: VmPlan) -> None:
    """The VM still names its user-assigned identity, which was deleted."""
    _user_assigned(vm, "id")
    vm.azure.edit("vm", _hide_principals)
    vm.azure.absent.add("identity")
    vm.azure.grants = []
    vm.azure.token_identities = []


_ANOTHER = {"IDENTITY-002": "fail", "ROLES-*": "blocked", "TOKEN-002": "fail", "TOKEN-003": "warn"}


@fault("identity-other-than-expected", roots=("IDENTITY-002",), expects=_ANOTHER)
def identity_other_than_expected(vm: VmPlan) -> None:
    """The inventory expects the VM's own identity, but it was created with a user-assigned one."""
    _user_assigned(vm, "id")
    vm.azure.identity = "system"


# --- ROLES


@fault("roles-missing", roots=("ROLES-001", "ROLES-002"), expects=ALL_ROLES)
def roles_missing(vm: VmPlan) -> None:
    """Nobody has given the VM's identity any role."""
    vm.azure.grants = []


@fault("role-resource-manager-missing", roots=("ROLES-001",), expects={"ROLES-001": "fail", "ROLES-003": "fail"})
def role_resource_manager_missing(vm: VmPlan) -> None:
    """The VM's identity lacks Azure Connected Machine Resource Manager."""
    vm.azure.grants = [_LIST_ACCESS]


@fault("role-list-access-details-missing", roots=("ROLES-002",), expects={"ROLES-002": "fail", "ROLES-003": "fail"})
def role_list_access_details_missing(vm: VmPlan) -> None:
    """The VM's identity lacks the ListAccessDetails role, which is called otherwise than the article says."""
    vm.azure.grants = [_RESOURCE_MANAGER]


@fault("roles-through-a-group", expects={})
def roles_through_a_group(vm: VmPlan) -> None:
    """The roles are given to an Entra group that the VM's identity is in."""
    vm.azure.grants = [Grant("resource-manager", through_group=True), Grant("list-access-details", through_group=True)]


@fault("roles-at-management-group", expects={})
def roles_at_management_group(vm: VmPlan) -> None:
    """The roles are assigned at a management group, high above the target resource group."""
    vm.azure.grants = [Grant("resource-manager", "management group"), Grant("list-access-details", "management group")]


@fault("roles-at-subscription", expects={})
def roles_at_subscription(vm: VmPlan) -> None:
    """The roles are assigned at the subscription, as the article does it."""
    vm.azure.grants = [Grant("resource-manager", "subscription"), Grant("list-access-details", "subscription")]


@fault("roles-on-the-vms-group-only", roots=("ROLES-001", "ROLES-002"), expects=ALL_ROLES)
def roles_on_the_vms_group_only(vm: VmPlan) -> None:
    """The roles are assigned at the VM's resource group, but the Arc resource goes to another one."""
    vm.azure.grants = [Grant("resource-manager", "vm group"), Grant("list-access-details", "vm group")]


@fault("roles-on-a-similar-group", roots=("ROLES-001", "ROLES-002"), expects=ALL_ROLES)
def roles_on_a_similar_group(vm: VmPlan) -> None:
    """The roles are assigned at a resource group whose name only begins like the right one's."""
    vm.azure.grants = [Grant("resource-manager", "similar group"), Grant("list-access-details", "similar group")]


@fault("role-with-condition", roots=("ROLES-001",), expects={"ROLES-001": "unknown", "ROLES-003": "unknown"})
def role_with_condition(vm: VmPlan) -> None:
    """The role depends on a condition, which only Azure can decide."""
    condition = "((!(ActionMatches{'Microsoft.HybridCompute/machines/write'})) OR (@Resource[name] StringLike 'arc-*'))"
    vm.azure.grants = [Grant("resource-manager", condition=condition), _LIST_ACCESS]


@fault("role-custom", expects={})
def role_custom(vm: VmPlan) -> None:
    """A role of the company's own allows what is needed, and nothing else."""
    vm.azure.grants = [Grant("custom")]


@fault("role-contributor-instead", expects={})
def role_contributor_instead(vm: VmPlan) -> None:
    """The identity is Contributor: more than needed, and enough."""
    vm.azure.grants = [Grant("contributor")]


@fault("role-custom-without-write", roots=("ROLES-001",), expects={"ROLES-001": "fail", "ROLES-003": "fail"})
def role_custom_without_write(vm: VmPlan) -> None:
    """A role of the company's own allows everything of HybridCompute but writing machines (notActions)."""
    vm.azure.grants = [Grant("custom-without-write")]


@fault("role-denied", expects={"ROLES-003": "fail"})
def role_denied(vm: VmPlan) -> None:
    """Both roles are there, and a deny assignment forbids to write machines."""
    vm.azure.denies = [Deny(("Microsoft.HybridCompute/machines/write",))]


@fault("role-denied-to-everybody", expects={"ROLES-003": "fail"})
def role_denied_to_everybody(vm: VmPlan) -> None:
    """Both roles are there, and a deny assignment at the subscription forbids HybridCompute's actions to everybody."""
    vm.azure.own.add("target")
    vm.azure.denies = [Deny(("Microsoft.HybridCompute/*/action",), "subscription", everybody=True)]


# --- TOKEN


@fault("identity-added-later", expects=NO_TOKEN)
def identity_added_later(vm: VmPlan) -> None:
    """The identity was added after the VM was created: Azure shows it, but the metadata service knows of none."""
    vm.azure.token_identities = []


@fault("token-service-down", expects=NO_TOKEN)
def token_service_down(vm: VmPlan) -> None:
    """The sidecar is healthy, but the token service behind it fails."""
    vm.azure.token_error = 500, {"error": "unknown", "error_description": "Failed to retrieve token from upstream"}


@fault("token-throttled", expects={"TOKEN-001": "unknown|fail", "TOKEN-002": "blocked", "TOKEN-003": "blocked"})
def token_throttled(vm: VmPlan) -> None:
    """The metadata service answers 429 to every request for a token."""
    vm.azure.token_error = 429, {"error": "too_many_requests", "error_description": "Too many requests"}


@fault("token-of-another-tenant", expects={"TOKEN-002": "fail"})
def token_of_another_tenant(vm: VmPlan) -> None:
    """The token is of another tenant than the identity."""
    vm.azure.token_claims = {"tid": "a0000000-0000-4000-8000-000000000099"}


@fault("token-of-another-identity", expects={"TOKEN-002": "fail"})
def token_of_another_identity(vm: VmPlan) -> None:
    """The token is of another principal than Azure shows for the VM: the identity was made anew."""
    vm.azure.token_claims = dict.fromkeys(["oid", "sub"], docs.made_up(vm.name, "former principal"))


@fault("token-for-another-audience", expects={"TOKEN-002": "fail"})
def token_for_another_audience(vm: VmPlan) -> None:
    """The token is for Key Vault, whatever one asks for."""
    vm.azure.token_claims = {"aud": "https://vault.azure.net"}


@fault("token-expired", expects={"TOKEN-002": "fail"})
def token_expired(vm: VmPlan) -> None:
    """The metadata service hands out a token of the day before yesterday."""
    vm.azure.token_age = 2 * 86400.0


@fault("token-numbers-not-strings", expects={})
def token_numbers_not_strings(vm: VmPlan) -> None:
    """The answer's times are numbers, which some implementations send instead of strings."""
    vm.azure.token_answer = {"expires_in": 86399, "ext_expires_in": 86399}


@fault("token-older-than-role", expects={"TOKEN-003": "warn"})
def token_older_than_role(vm: VmPlan) -> None:
    """The roles were assigned an hour ago, and the metadata service still hands out the token of this morning."""
    vm.azure.grants = [Grant("resource-manager", minutes_ago=60), Grant("list-access-details", minutes_ago=60)]
    vm.azure.token_age = 6 * 3600.0


# --- Azure itself


@fault("arm-forbids-roles", roots=("ROLES-001",), expects={"ROLES-*": "unknown", "TOKEN-003": "unknown"})
def arm_forbids_roles(vm: VmPlan) -> None:
    """We may not read the role assignments at the target resource group."""
    vm.azure.own.add("target")
    vm.azure.troubles.append(Trouble(("{target}", "/roleassignments"), 403))


@fault("arm-down-for-the-csn", roots=("CSN-001",), expects={"CSN-*": "unknown"})
def arm_down_for_the_csn(vm: VmPlan) -> None:
    """Azure answers 503 to every request for the cloud services network."""
    vm.azure.own.add("subscription")
    vm.azure.troubles.append(Trouble(("{subscription}", "/cloudservicesnetworks"), 503))


@fault("arm-throttles-a-little", expects={})
def arm_throttles_a_little(vm: VmPlan) -> None:
    """Azure answers 429 to the first two requests for this VM, and is fine after a second."""
    vm.azure.troubles.append(Trouble(("/virtualmachines",), 429, times=2))


@fault("arm-forbids-provider", expects={"PLATFORM-005": "unknown"})
def arm_forbids_provider(vm: VmPlan) -> None:
    """We may not read the resource providers of the target subscription."""
    vm.azure.own.add("target")
    vm.azure.troubles.append(Trouble(("/subscriptions/{target}/providers",), 403))


@fault(
    "arm-forbids-the-platforms-group",
    roots=("PLATFORM-001",),
    expects={"PLATFORM-001": "unknown", "PLATFORM-004": "unknown", "PLATFORM-006": "unknown"},
)
def arm_forbids_the_platforms_group(vm: VmPlan) -> None:
    """A tenant's engineer may read the VMs and networks, and nothing in the group of cluster and cluster manager."""
    vm.azure.own |= {"subscription", "cluster", "manager", "csn"}
    vm.azure.troubles.append(Trouble(("{subscription}", f"/{docs.PLATFORM_GROUP}/"), 403))


@fault("arm-offers-an-older-arc-api", expects={})
def arm_offers_an_older_arc_api(vm: VmPlan) -> None:
    """The region offers no API version of Arc machines of this year; an older one serves as well."""

    def change(provider: dict[str, Any]) -> None:
        for kind in provider["resourceTypes"]:
            kind["apiVersions"] = ["2025-01-13", "2024-07-10"]

    vm.azure.edit("Microsoft.HybridCompute", change)
