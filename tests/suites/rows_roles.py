"""ROLES-001..003: every outcome, word for word."""

from __future__ import annotations

from dataclasses import replace

from plugins.model import Status, Target
from tests.support.azure_rows import azure_row, common_azure_rows
from tests.support.fake_azure import (
    CONTRIBUTOR,
    CUSTOM,
    FORBIDDEN,
    GONE,
    GRANTED,
    GROUP,
    GROUP_OF_IDENTITIES,
    INVENTORY,
    LIST_ACCESS_DETAILS,
    ONBOARDING,
    READER,
    RESOURCE_MANAGER,
    SUBSCRIPTION,
    USER,
    USER_ID,
    assigned,
    denying,
)
from tests.support.suite_rows import Row

ROWS: dict[str, list[Row]] = {}

CHECK_ASSIGNMENTS = "Check role and deny assignments of /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus in the portal (Access control), or let the runner read them: Reader there."

MANAGEMENT_GROUP = "/providers/Microsoft.Management/managementGroups/mg-edge"
CONDITION = "((!(ActionMatches{'Microsoft.HybridCompute/machines/write'})) OR (@Resource[name] StringLike 'arc-*'))"
WRITE = "Microsoft.HybridCompute/machines/write"

# The Arc resource belongs in another group, whose name must be quoted for a shell.
QUOTED = replace(INVENTORY, target=Target(SUBSCRIPTION, "rg arc (edge)", "eastus", "AzureCloud"))
QUOTED_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg arc (edge)"


def roles(*given: str, scope: str = GROUP) -> list[dict[str, object]]:
    return [assigned(role, scope) for role in given]


ROWS["ROLES-001"] = [
    azure_row(
        "assigned",
        Status.PASS,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 holds Azure Connected Machine Resource Manager (f5819b54-e033-4d82-ac66-4fec3cbf3f4c) at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus.",
        roles=GRANTED,
    ),
    azure_row(
        "at the subscription",
        Status.PASS,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 holds Azure Connected Machine Resource Manager (f5819b54-e033-4d82-ac66-4fec3cbf3f4c) at /subscriptions/11111111-2222-3333-4444-555555555555.",
        roles=roles(RESOURCE_MANAGER, scope=f"/subscriptions/{SUBSCRIPTION.upper()}"),
    ),
    azure_row(
        "at a management group",
        Status.PASS,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 holds Azure Connected Machine Resource Manager (f5819b54-e033-4d82-ac66-4fec3cbf3f4c) at /providers/Microsoft.Management/managementGroups/mg-edge.",
        roles=roles(RESOURCE_MANAGER, scope=MANAGEMENT_GROUP),
    ),
    azure_row(
        "at the root",
        Status.PASS,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 holds Azure Connected Machine Resource Manager (f5819b54-e033-4d82-ac66-4fec3cbf3f4c) at /.",
        roles=roles(RESOURCE_MANAGER, scope="/"),
    ),
    azure_row(
        "through a group",
        Status.PASS,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 holds Azure Connected Machine Resource Manager (f5819b54-e033-4d82-ac66-4fec3cbf3f4c) at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus through group aaaaaaaa-0000-0000-0000-00000000000f.",
        roles=[assigned(RESOURCE_MANAGER, to=GROUP_OF_IDENTITIES)],
    ),
    azure_row(
        "in another case",
        Status.PASS,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 holds Azure Connected Machine Resource Manager (f5819b54-e033-4d82-ac66-4fec3cbf3f4c) at /SUBSCRIPTIONS/11111111-2222-3333-4444-555555555555/RESOURCEGROUPS/RG-NEXUS.",
        roles=roles(RESOURCE_MANAGER.upper(), scope=GROUP.upper()),
    ),
    azure_row(
        "its definition cannot be read: the GUID is enough",
        Status.PASS,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 holds Azure Connected Machine Resource Manager (f5819b54-e033-4d82-ac66-4fec3cbf3f4c) at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus.",
        roles=GRANTED,
        definitions={RESOURCE_MANAGER: FORBIDDEN},
    ),
    azure_row(
        "to the user-assigned identity",
        Status.PASS,
        "Principal aaaaaaaa-0000-0000-0000-000000000002 holds Azure Connected Machine Resource Manager (f5819b54-e033-4d82-ac66-4fec3cbf3f4c) at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus.",
        vm={"identity": {"type": "UserAssigned", "userAssignedIdentities": {USER_ID: {"principalId": USER}}}},
        roles=[assigned(RESOURCE_MANAGER, to=USER)],
    ),
    azure_row(
        "Contributor counts",
        Status.PASS,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 does not hold Azure Connected Machine Resource Manager at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus, but all that enrolling uses of it (machines/read and machines/write), by Contributor at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus.",
        roles=roles(CONTRIBUTOR),
    ),
    azure_row(
        "Onboarding counts",
        Status.PASS,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 does not hold Azure Connected Machine Resource Manager at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus, but all that enrolling uses of it (machines/read and machines/write), by Azure Connected Machine Onboarding at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus.",
        roles=roles(ONBOARDING),
    ),
    azure_row(
        "under a condition, and Contributor without one",
        Status.PASS,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 does not hold Azure Connected Machine Resource Manager at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus, but all that enrolling uses of it (machines/read and machines/write), by Contributor at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus.",
        roles=[assigned(RESOURCE_MANAGER, condition=CONDITION), assigned(CONTRIBUTOR)],
    ),
    azure_row(
        "none at all",
        Status.FAIL,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 (the system-assigned identity) does not hold Azure Connected Machine Resource Manager (f5819b54-e033-4d82-ac66-4fec3cbf3f4c) at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus or above, nor another role that allows machines/read and machines/write. It holds no role there.",
        "az role assignment create --assignee-object-id aaaaaaaa-0000-0000-0000-000000000001 --assignee-principal-type ServicePrincipal --role f5819b54-e033-4d82-ac66-4fec3cbf3f4c --scope /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus ; then wait some minutes and get a new token: the current one does not contain the role (TOKEN-003).",
    ),
    azure_row(
        "only others",
        Status.FAIL,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 (the system-assigned identity) does not hold Azure Connected Machine Resource Manager (f5819b54-e033-4d82-ac66-4fec3cbf3f4c) at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus or above, nor another role that allows machines/write. It holds: HybridCompute Machine ListAccessDetails Action In-Built Role at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus; Reader at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus.",
        "az role assignment create --assignee-object-id aaaaaaaa-0000-0000-0000-000000000001 --assignee-principal-type ServicePrincipal --role f5819b54-e033-4d82-ac66-4fec3cbf3f4c --scope /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus ; then wait some minutes and get a new token: the current one does not contain the role (TOKEN-003).",
        roles=roles(LIST_ACCESS_DETAILS, READER),
    ),
    azure_row(
        "at a group whose name begins alike",
        Status.FAIL,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 (the system-assigned identity) does not hold Azure Connected Machine Resource Manager (f5819b54-e033-4d82-ac66-4fec3cbf3f4c) at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus or above, nor another role that allows machines/read and machines/write. It holds no role there.",
        "az role assignment create --assignee-object-id aaaaaaaa-0000-0000-0000-000000000001 --assignee-principal-type ServicePrincipal --role f5819b54-e033-4d82-ac66-4fec3cbf3f4c --scope /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus ; then wait some minutes and get a new token: the current one does not contain the role (TOKEN-003).",
        roles=roles(RESOURCE_MANAGER, scope=GROUP + "x"),
    ),
    azure_row(
        "at the VM's group, and the target is another one",
        Status.FAIL,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 (the system-assigned identity) does not hold Azure Connected Machine Resource Manager (f5819b54-e033-4d82-ac66-4fec3cbf3f4c) at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg arc (edge) or above, nor another role that allows machines/read and machines/write. It holds no role there.",
        "az role assignment create --assignee-object-id aaaaaaaa-0000-0000-0000-000000000001 --assignee-principal-type ServicePrincipal --role f5819b54-e033-4d82-ac66-4fec3cbf3f4c --scope '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg arc (edge)' ; then wait some minutes and get a new token: the current one does not contain the role (TOKEN-003).",
        inventory=QUOTED,
        roles=GRANTED,
        scope=QUOTED_GROUP,
    ),
    azure_row(
        "a custom role that takes writing out",
        Status.FAIL,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 (the system-assigned identity) does not hold Azure Connected Machine Resource Manager (f5819b54-e033-4d82-ac66-4fec3cbf3f4c) at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus or above, nor another role that allows machines/write. It holds: Arc without writing at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus.",
        "az role assignment create --assignee-object-id aaaaaaaa-0000-0000-0000-000000000001 --assignee-principal-type ServicePrincipal --role f5819b54-e033-4d82-ac66-4fec3cbf3f4c --scope /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus ; then wait some minutes and get a new token: the current one does not contain the role (TOKEN-003).",
        roles=roles(CUSTOM),
    ),
    azure_row(
        "Contributor counts, and what is denied is for ROLES-003",
        Status.PASS,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 does not hold Azure Connected Machine Resource Manager at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus, but all that enrolling uses of it (machines/read and machines/write), by Contributor at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus.",
        roles=roles(CONTRIBUTOR),
        denies=[denying(WRITE)],
    ),
    azure_row(
        "under a condition",
        Status.UNKNOWN,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 holds Azure Connected Machine Resource Manager (f5819b54-e033-4d82-ac66-4fec3cbf3f4c) at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus, under a condition that only Azure can evaluate: ((!(ActionMatches{'Microsoft.HybridCompute/machines/write'})) OR (@Resource[name] StringLike 'arc-*'))",
        "Read the condition, or assign the role without one: az role assignment create --assignee-object-id aaaaaaaa-0000-0000-0000-000000000001 --assignee-principal-type ServicePrincipal --role f5819b54-e033-4d82-ac66-4fec3cbf3f4c --scope /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus",
        roles=[assigned(RESOURCE_MANAGER, condition=CONDITION)],
    ),
    azure_row(
        "another role under a condition",
        Status.UNKNOWN,
        "Whether the identity may do machines/read is not known. Azure Connected Machine Onboarding at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus grants it under a condition that only Azure can evaluate: ((!(ActionMatches{'Microsoft.HybridCompute/machines/write'})) OR (@Resource[name] StringLike 'arc-*'))",
        "Read the condition, or assign the role without one: az role assignment create --assignee-object-id aaaaaaaa-0000-0000-0000-000000000001 --assignee-principal-type ServicePrincipal --role f5819b54-e033-4d82-ac66-4fec3cbf3f4c --scope /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus",
        roles=[assigned(ONBOARDING, condition=CONDITION)],
    ),
    azure_row(
        "another role whose definition cannot be read",
        Status.UNKNOWN,
        "Whether the identity may do machines/read is not known. The permissions of the role cccccccc-0000-0000-0000-000000000001 at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus are not known: Azure refused to show it (HTTP 403, AuthorizationFailed)",
        CHECK_ASSIGNMENTS,
        roles=roles(CUSTOM),
        definitions={CUSTOM: FORBIDDEN},
    ),
    azure_row(
        "its principal is not known",
        Status.UNKNOWN,
        "The identity's principal is not known, so its roles are not.",
        "See IDENTITY-002.",
        vm={"identity": {"principalId": GONE}},
    ),
    *common_azure_rows("roles", "vm"),
]


ROWS["ROLES-002"] = [
    azure_row(
        "assigned",
        Status.PASS,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 holds HybridCompute Machine ListAccessDetails Action In-Built Role (e9701b4d-e6e7-4657-91cd-360a0881d224) at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus.",
        roles=GRANTED,
    ),
    azure_row(
        "assigned, under the name that Azure gives it now",
        Status.PASS,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 holds List Access Details (e9701b4d-e6e7-4657-91cd-360a0881d224) at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus.",
        roles=GRANTED,
        definitions={LIST_ACCESS_DETAILS: {"properties": {"roleName": "List Access Details", "permissions": []}}},
    ),
    azure_row(
        "a custom role counts",
        Status.PASS,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 does not hold HybridCompute Machine ListAccessDetails Action In-Built Role at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus, but all that enrolling uses of it (machines/listAccessDetails/action), by Arc without writing at /subscriptions/11111111-2222-3333-4444-555555555555.",
        roles=roles(CUSTOM, scope=f"/subscriptions/{SUBSCRIPTION}"),
    ),
    azure_row(
        "missing",
        Status.FAIL,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 (the system-assigned identity) does not hold HybridCompute Machine ListAccessDetails Action In-Built Role (e9701b4d-e6e7-4657-91cd-360a0881d224) at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus or above, nor another role that allows machines/listAccessDetails/action. It holds: Azure Connected Machine Resource Manager at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus.",
        "az role assignment create --assignee-object-id aaaaaaaa-0000-0000-0000-000000000001 --assignee-principal-type ServicePrincipal --role e9701b4d-e6e7-4657-91cd-360a0881d224 --scope /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus ; then wait some minutes and get a new token: the current one does not contain the role (TOKEN-003).",
        roles=roles(RESOURCE_MANAGER),
    ),
    azure_row(
        "a role of the right name and another GUID does not count",
        Status.FAIL,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 (the system-assigned identity) does not hold HybridCompute Machine ListAccessDetails Action In-Built Role (e9701b4d-e6e7-4657-91cd-360a0881d224) at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus or above, nor another role that allows machines/listAccessDetails/action. It holds: HybridCompute Machine ListAccessDetails Action In-Built Role at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus.",
        "az role assignment create --assignee-object-id aaaaaaaa-0000-0000-0000-000000000001 --assignee-principal-type ServicePrincipal --role e9701b4d-e6e7-4657-91cd-360a0881d224 --scope /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus ; then wait some minutes and get a new token: the current one does not contain the role (TOKEN-003).",
        roles=roles(READER),
        definitions={
            READER: {
                "properties": {
                    "roleName": "HybridCompute Machine ListAccessDetails Action In-Built Role",
                    "permissions": [{"actions": []}],
                }
            }
        },
    ),
    azure_row(
        "under a condition",
        Status.UNKNOWN,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 holds HybridCompute Machine ListAccessDetails Action In-Built Role (e9701b4d-e6e7-4657-91cd-360a0881d224) at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus, under a condition that only Azure can evaluate: ((!(ActionMatches{'Microsoft.HybridCompute/machines/write'})) OR (@Resource[name] StringLike 'arc-*'))",
        "Read the condition, or assign the role without one: az role assignment create --assignee-object-id aaaaaaaa-0000-0000-0000-000000000001 --assignee-principal-type ServicePrincipal --role e9701b4d-e6e7-4657-91cd-360a0881d224 --scope /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus",
        roles=[assigned(LIST_ACCESS_DETAILS, condition=CONDITION)],
    ),
    *common_azure_rows("roles"),
]


ROWS["ROLES-003"] = [
    azure_row(
        "both roles",
        Status.PASS,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 may do machines/read, machines/write and machines/listAccessDetails/action at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus, by Azure Connected Machine Resource Manager at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus and HybridCompute Machine ListAccessDetails Action In-Built Role at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus.",
        roles=GRANTED,
    ),
    azure_row(
        "one broader role",
        Status.PASS,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 may do machines/read, machines/write and machines/listAccessDetails/action at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus, by Contributor at /subscriptions/11111111-2222-3333-4444-555555555555.",
        roles=roles(CONTRIBUTOR, scope=f"/subscriptions/{SUBSCRIPTION}"),
    ),
    azure_row(
        "a custom role without writing, and Onboarding",
        Status.PASS,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 may do machines/read, machines/write and machines/listAccessDetails/action at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus, by Arc without writing at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus and Azure Connected Machine Onboarding at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus.",
        roles=roles(CUSTOM, ONBOARDING),
    ),
    azure_row(
        "what is denied to somebody else",
        Status.PASS,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 may do machines/read, machines/write and machines/listAccessDetails/action at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus, by Azure Connected Machine Resource Manager at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus and HybridCompute Machine ListAccessDetails Action In-Built Role at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus.",
        roles=GRANTED,
        denies=[denying("*", to=USER)],
    ),
    azure_row(
        "none at all",
        Status.FAIL,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 may not do machines/read, machines/write and machines/listAccessDetails/action at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus: no assignment allows it, or its notActions take it out. It holds no role there.",
        "az role assignment create --assignee-object-id aaaaaaaa-0000-0000-0000-000000000001 --assignee-principal-type ServicePrincipal --role f5819b54-e033-4d82-ac66-4fec3cbf3f4c --scope /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus ; az role assignment create --assignee-object-id aaaaaaaa-0000-0000-0000-000000000001 --assignee-principal-type ServicePrincipal --role e9701b4d-e6e7-4657-91cd-360a0881d224 --scope /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus ; then wait some minutes and get a new token: the current one does not contain the role (TOKEN-003).",
    ),
    azure_row(
        "only one role",
        Status.FAIL,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 may not do machines/listAccessDetails/action at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus: no assignment allows it, or its notActions take it out. It holds: Azure Connected Machine Resource Manager at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus.",
        "az role assignment create --assignee-object-id aaaaaaaa-0000-0000-0000-000000000001 --assignee-principal-type ServicePrincipal --role e9701b4d-e6e7-4657-91cd-360a0881d224 --scope /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus ; then wait some minutes and get a new token: the current one does not contain the role (TOKEN-003).",
        roles=roles(RESOURCE_MANAGER),
    ),
    azure_row(
        "a custom role that takes writing out",
        Status.FAIL,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 may not do machines/write at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus: no assignment allows it, or its notActions take it out. It holds: Arc without writing at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus.",
        "az role assignment create --assignee-object-id aaaaaaaa-0000-0000-0000-000000000001 --assignee-principal-type ServicePrincipal --role f5819b54-e033-4d82-ac66-4fec3cbf3f4c --scope /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus ; then wait some minutes and get a new token: the current one does not contain the role (TOKEN-003).",
        roles=roles(CUSTOM),
    ),
    azure_row(
        "denied",
        Status.FAIL,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 may not do machines/read, machines/write and machines/listAccessDetails/action at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus: the deny assignment stack-lock at /subscriptions/11111111-2222-3333-4444-555555555555 denies it, regardless of assignments.",
        "Have the deny assignment changed by its owner (a blueprint, a deployment stack, a managed application: it cannot be removed separately), or enroll into another resource group.",
        roles=GRANTED,
        denies=[denying("Microsoft.HybridCompute/machines/*")],
    ),
    azure_row(
        "denied to everybody",
        Status.FAIL,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 may not do machines/listAccessDetails/action at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus: the deny assignment stack-lock at /subscriptions/11111111-2222-3333-4444-555555555555 denies it, regardless of assignments.",
        "Have the deny assignment changed by its owner (a blueprint, a deployment stack, a managed application: it cannot be removed separately), or enroll into another resource group.",
        roles=GRANTED,
        denies=[denying("*/action", to="00000000-0000-0000-0000-000000000000", kind="SystemDefined")],
    ),
    azure_row(
        "denied to a group, and nobody knows who is in it",
        Status.UNKNOWN,
        "Whether the identity may do machines/write is not known. Azure Connected Machine Resource Manager at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus grants it, but the deny assignment 'stack-lock' at /subscriptions/11111111-2222-3333-4444-555555555555 may deny it: it names a group or has a condition, and it is not known whether it applies to the identity.",
        CHECK_ASSIGNMENTS,
        roles=GRANTED,
        denies=[denying(WRITE, to=GROUP_OF_IDENTITIES, kind="Group")],
    ),
    azure_row(
        "the deny assignments cannot be read",
        Status.UNKNOWN,
        "Whether the identity may do machines/read is not known. Azure Connected Machine Resource Manager at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus grants it, but the deny assignments are not known: Azure refused to show it (HTTP 403, AuthorizationFailed)",
        CHECK_ASSIGNMENTS,
        roles=GRANTED,
        denies=FORBIDDEN,
    ),
    azure_row(
        "under a condition",
        Status.UNKNOWN,
        "Whether the identity may do machines/read is not known. Azure Connected Machine Resource Manager at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus grants it under a condition that only Azure can evaluate: ((!(ActionMatches{'Microsoft.HybridCompute/machines/write'})) OR (@Resource[name] StringLike 'arc-*'))",
        "Read the condition, or assign the role without one: az role assignment create --assignee-object-id aaaaaaaa-0000-0000-0000-000000000001 --assignee-principal-type ServicePrincipal --role f5819b54-e033-4d82-ac66-4fec3cbf3f4c --scope /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus",
        roles=[assigned(RESOURCE_MANAGER, condition=CONDITION), assigned(LIST_ACCESS_DETAILS)],
    ),
    azure_row(
        "the definitions cannot be read",
        Status.UNKNOWN,
        "Whether the identity may do machines/read is not known. The permissions of the role f5819b54-e033-4d82-ac66-4fec3cbf3f4c at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus are not known: Azure refused to show it (HTTP 403, AuthorizationFailed)",
        CHECK_ASSIGNMENTS,
        roles=GRANTED,
        definitions={RESOURCE_MANAGER: FORBIDDEN, LIST_ACCESS_DETAILS: FORBIDDEN},
    ),
    *common_azure_rows("roles"),
]
