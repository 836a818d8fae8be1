"""Faults of identities, roles and tokens, and Azure requests that fail."""

from __future__ import annotations

from typing import Any

from lab import cloud_docs as docs
from lab.azure_plan import Deny, Grant, Trouble
from lab.faults.imds import NO_TOKEN
from lab.faults.registry import fault
from lab.plan import VmPlan

ALL_ROLES = dict.fromkeys(["ROLES-001", "ROLES-002", "ROLES-003"], "fail")
_RESOURCE_MANAGER, _LIST_ACCESS = Grant("resource-manager"), Grant("list-access-details")

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
    """The VM has a system-assigned and a user-assigned identity, and is to enroll with the latter."""
    _user_assigned(vm, "id")
    vm.azure.system_identity = True


@fault("identity-several-user-assigned", expects={})
def identity_several_user_assigned(vm: VmPlan) -> None:
    """The VM has two user-assigned identities, and the inventory states which one."""
    _user_assigned(vm, "id-2", "id-1")


_AMBIGUOUS = {"IDENTITY-002": "fail|unknown", "ROLES-*": "blocked|unknown", **NO_TOKEN}


@fault("identity-ambiguous", roots=("IDENTITY-002",), expects=_AMBIGUOUS)
def identity_ambiguous(vm: VmPlan) -> None:
    """The VM has two user-assigned identities, no system-assigned one, and the inventory does not state which one."""
    _user_assigned(vm, "id-1", "id-2")
    vm.azure.identity = None


def _hide_principals(document: dict[str, Any]) -> None:
    assigned = document["identity"]["userAssignedIdentities"]
    assigned.update({identifier: {} for identifier in assigned})


@fault("identity-not-stated", expects={})
def identity_not_stated(vm: VmPlan) -> None:
    """The VM has one user-assigned identity, which the inventory does not state: it is read from Azure first."""
    _user_assigned(vm, "id")
    vm.azure.identity = None


@fault("identity-shown-without-principal", expects={})
def identity_shown_without_principal(vm: VmPlan) -> None:
    """The VM resource has only an empty object for its user-assigned identity, whose own resource has the principal."""
    _user_assigned(vm, "id")
    vm.azure.edit("vm", _hide_principals)


@fault("identity-deleted", roots=("IDENTITY-002",), expects={"IDENTITY-002": "fail", "ROLES-*": "blocked", **NO_TOKEN})
def identity_deleted(vm: VmPlan) -> None:
    """The VM's user-assigned identity was deleted, but the VM resource still names it."""
    _user_assigned(vm, "id")
    vm.azure.edit("vm", _hide_principals)
    vm.azure.absent.add("identity")
    vm.azure.grants = []
    vm.azure.token_identities = []


_ANOTHER = {"IDENTITY-002": "fail", "ROLES-*": "blocked", "TOKEN-002": "fail", "TOKEN-003": "warn"}


@fault("identity-other-than-expected", roots=("IDENTITY-002",), expects=_ANOTHER)
def identity_other_than_expected(vm: VmPlan) -> None:
    """The inventory states the system-assigned identity, but the VM was created with a user-assigned one."""
    _user_assigned(vm, "id")
    vm.azure.identity = "system"


# --- ROLES


@fault("roles-missing", roots=("ROLES-001", "ROLES-002"), expects=ALL_ROLES)
def roles_missing(vm: VmPlan) -> None:
    """The VM's identity has no role."""
    vm.azure.grants = []


@fault("role-resource-manager-missing", roots=("ROLES-001",), expects={"ROLES-001": "fail", "ROLES-003": "fail"})
def role_resource_manager_missing(vm: VmPlan) -> None:
    """The VM's identity lacks Azure Connected Machine Resource Manager."""
    vm.azure.grants = [_LIST_ACCESS]


@fault("role-list-access-details-missing", roots=("ROLES-002",), expects={"ROLES-002": "fail", "ROLES-003": "fail"})
def role_list_access_details_missing(vm: VmPlan) -> None:
    """The VM's identity lacks the ListAccessDetails role, whose name differs from that in the article."""
    vm.azure.grants = [_RESOURCE_MANAGER]


@fault("roles-through-a-group", expects={})
def roles_through_a_group(vm: VmPlan) -> None:
    """The roles are assigned to an Entra group of which the VM's identity is a member."""
    vm.azure.grants = [Grant("resource-manager", through_group=True), Grant("list-access-details", through_group=True)]


@fault("roles-at-management-group", expects={})
def roles_at_management_group(vm: VmPlan) -> None:
    """The roles are assigned at a management group above the subscription."""
    vm.azure.grants = [Grant("resource-manager", "management group"), Grant("list-access-details", "management group")]


@fault("roles-at-subscription", expects={})
def roles_at_subscription(vm: VmPlan) -> None:
    """The roles are assigned at the subscription, as in the article."""
    vm.azure.grants = [Grant("resource-manager", "subscription"), Grant("list-access-details", "subscription")]


@fault("roles-on-the-vms-group-only", roots=("ROLES-001", "ROLES-002"), expects=ALL_ROLES)
def roles_on_the_vms_group_only(vm: VmPlan) -> None:
    """The roles are assigned at the VM's resource group, but the Arc resource belongs in another one."""
    vm.azure.grants = [Grant("resource-manager", "vm group"), Grant("list-access-details", "vm group")]


@fault("roles-on-a-similar-group", roots=("ROLES-001", "ROLES-002"), expects=ALL_ROLES)
def roles_on_a_similar_group(vm: VmPlan) -> None:
    """The roles are assigned at a resource group whose name only begins with that of the right one."""
    vm.azure.grants = [Grant("resource-manager", "similar group"), Grant("list-access-details", "similar group")]


@fault("role-with-condition", roots=("ROLES-001",), expects={"ROLES-001": "unknown", "ROLES-003": "unknown"})
def role_with_condition(vm: VmPlan) -> None:
    """The role assignment has a condition, which only Azure can evaluate."""
    condition = "((!(ActionMatches{'Microsoft.HybridCompute/machines/write'})) OR (@Resource[name] StringLike 'arc-*'))"
    vm.azure.grants = [Grant("resource-manager", condition=condition), _LIST_ACCESS]


@fault("role-custom", expects={})
def role_custom(vm: VmPlan) -> None:
    """A custom role allows exactly the required actions."""
    vm.azure.grants = [Grant("custom")]


@fault("role-contributor-instead", expects={})
def role_contributor_instead(vm: VmPlan) -> None:
    """The identity is Contributor: more than required."""
    vm.azure.grants = [Grant("contributor")]


@fault("role-custom-without-write", roots=("ROLES-001",), expects={"ROLES-001": "fail", "ROLES-003": "fail"})
def role_custom_without_write(vm: VmPlan) -> None:
    """A custom role allows all actions of HybridCompute except writing machines (notActions)."""
    vm.azure.grants = [Grant("custom-without-write")]


@fault("role-denied", expects={"ROLES-003": "fail"})
def role_denied(vm: VmPlan) -> None:
    """Both roles are assigned, but a deny assignment forbids writing machines."""
    vm.azure.denies = [Deny(("Microsoft.HybridCompute/machines/write",))]


@fault("role-denied-to-everybody", expects={"ROLES-003": "fail"})
def role_denied_to_everybody(vm: VmPlan) -> None:
    """Both roles are assigned, but a deny assignment at the subscription forbids HybridCompute's actions to all."""
    vm.azure.own.add("target")
    vm.azure.denies = [Deny(("Microsoft.HybridCompute/*/action",), "subscription", everybody=True)]


# --- TOKEN


@fault("identity-added-later", expects=NO_TOKEN)
def identity_added_later(vm: VmPlan) -> None:
    """The identity was added after the VM was created: Azure shows it, but the metadata service does not have it."""
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
    """The token is from a tenant other than the identity's."""
    vm.azure.token_claims = {"tid": "a0000000-0000-4000-8000-000000000099"}


@fault("token-of-another-identity", expects={"TOKEN-002": "fail"})
def token_of_another_identity(vm: VmPlan) -> None:
    """The token's principal is not the one in Azure: the identity was created again."""
    vm.azure.token_claims = dict.fromkeys(["oid", "sub"], docs.made_up(vm.name, "former principal"))


@fault("token-for-another-audience", expects={"TOKEN-002": "fail"})
def token_for_another_audience(vm: VmPlan) -> None:
    """The token is always for Key Vault, whatever resource is requested."""
    vm.azure.token_claims = {"aud": "https://vault.azure.net"}


@fault("token-expired", expects={"TOKEN-002": "fail"})
def token_expired(vm: VmPlan) -> None:
    """The metadata service returns a token from the day before yesterday."""
    vm.azure.token_age = 2 * 86400.0


@fault("token-numbers-not-strings", expects={})
def token_numbers_not_strings(vm: VmPlan) -> None:
    """The times in the answer are numbers, as in some implementations, instead of strings."""
    vm.azure.token_answer = {"expires_in": 86399, "ext_expires_in": 86399}


@fault("token-older-than-role", expects={"TOKEN-003": "warn"})
def token_older_than_role(vm: VmPlan) -> None:
    """The roles were assigned an hour ago, but the metadata service still returns the token from this morning."""
    vm.azure.grants = [Grant("resource-manager", minutes_ago=60), Grant("list-access-details", minutes_ago=60)]
    vm.azure.token_age = 6 * 3600.0


# --- Azure itself


@fault("arm-forbids-roles", roots=("ROLES-001",), expects={"ROLES-*": "unknown", "TOKEN-003": "unknown"})
def arm_forbids_roles(vm: VmPlan) -> None:
    """The operator may not read the role assignments at the target resource group."""
    vm.azure.own.add("target")
    vm.azure.troubles.append(Trouble(("{target}", "/roleassignments"), 403))


@fault("arm-down-for-the-csn", roots=("CSN-001",), expects={"CSN-*": "unknown"})
def arm_down_for_the_csn(vm: VmPlan) -> None:
    """Azure answers 503 to every request for the cloud services network."""
    vm.azure.own.add("subscription")
    vm.azure.troubles.append(Trouble(("{subscription}", "/cloudservicesnetworks"), 503))


@fault("arm-throttles-a-little", expects={})
def arm_throttles_a_little(vm: VmPlan) -> None:
    """Azure answers 429 to the first two requests about this VM, and normally after a second."""
    vm.azure.troubles.append(Trouble(("/virtualmachines",), 429, times=2))


@fault("arm-forbids-provider", expects={"PLATFORM-005": "unknown"})
def arm_forbids_provider(vm: VmPlan) -> None:
    """The operator may not read the resource providers of the target subscription."""
    vm.azure.own.add("target")
    vm.azure.troubles.append(Trouble(("/subscriptions/{target}/providers",), 403))


@fault(
    "arm-forbids-the-platforms-group",
    roots=("PLATFORM-001",),
    expects={"PLATFORM-001": "unknown", "PLATFORM-004": "unknown", "PLATFORM-006": "unknown"},
)
def arm_forbids_the_platforms_group(vm: VmPlan) -> None:
    """The operator may read VMs and networks, but nothing in the resource group of cluster and cluster manager."""
    vm.azure.own |= {"subscription", "cluster", "manager", "csn"}
    vm.azure.troubles.append(Trouble(("{subscription}", f"/{docs.PLATFORM_GROUP}/"), 403))


@fault("arm-offers-an-older-arc-api", expects={})
def arm_offers_an_older_arc_api(vm: VmPlan) -> None:
    """The region offers only an older API version for Arc machines, which is sufficient."""

    def change(provider: dict[str, Any]) -> None:
        for kind in provider["resourceTypes"]:
            kind["apiVersions"] = ["2025-01-13", "2024-07-10"]

    vm.azure.edit("Microsoft.HybridCompute", change)
