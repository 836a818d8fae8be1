"""ARM's JSON of role definitions, role assignments and deny assignments, and the roles of the lab."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from lab.cloud_docs import SUBSCRIPTION, Document, made_up

#: Key -> GUID, name, actions, notActions. The actions of e9701b4d are not published; its name contains one.
ROLES: dict[str, tuple[str, str, list[str], list[str]]] = {
    "resource-manager": (
        "f5819b54-e033-4d82-ac66-4fec3cbf3f4c",
        "Azure Connected Machine Resource Manager",
        [
            "Microsoft.Authorization/*/read",
            "Microsoft.GuestConfiguration/guestConfigurationAssignments/*/read",
            "Microsoft.GuestConfiguration/guestConfigurationAssignments/read",
            "Microsoft.GuestConfiguration/guestConfigurationAssignments/write",
            "Microsoft.HybridCompute/machines/read",
            "Microsoft.HybridCompute/machines/write",
            "Microsoft.HybridCompute/machines/delete",
            "Microsoft.HybridCompute/machines/UpgradeExtensions/action",
            "Microsoft.HybridCompute/machines/extensions/read",
            "Microsoft.HybridCompute/machines/extensions/write",
            "Microsoft.HybridCompute/machines/extensions/delete",
            "Microsoft.HybridCompute/*/read",
            "Microsoft.HybridConnectivity/endpoints/read",
            "Microsoft.HybridConnectivity/endpoints/write",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ],
        [],
    ),
    "list-access-details": (
        "e9701b4d-e6e7-4657-91cd-360a0881d224",
        "HybridCompute Machine ListAccessDetails Action In-Built Role",
        ["Microsoft.HybridCompute/machines/listAccessDetails/action"],
        [],
    ),
    "onboarding": (
        "b64e21ea-ac4e-4cdf-9dc9-5b892992bee7",
        "Azure Connected Machine Onboarding",
        [
            "Microsoft.HybridCompute/machines/read",
            "Microsoft.HybridCompute/machines/write",
            "Microsoft.HybridCompute/privateLinkScopes/read",
            "Microsoft.GuestConfiguration/guestConfigurationAssignments/read",
        ],
        [],
    ),
    "contributor": (
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        ["*"],
        [
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
        ],
    ),
    "reader": ("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", ["*/read"], []),
    "custom": (
        "c0570000-0000-4000-8000-000000000001",
        "Contoso Arc enrolment",
        [
            "Microsoft.HybridCompute/machines/read",
            "Microsoft.HybridCompute/machines/write",
            "Microsoft.HybridCompute/machines/listAccessDetails/action",
        ],
        [],
    ),
    "custom-relay": (
        "c0570000-0000-4000-8000-000000000003",
        "Contoso relay assignment",
        ["Microsoft.NetworkCloud/virtualMachines/assignRelay/action"],
        [],
    ),
    "custom-without-write": (
        "c0570000-0000-4000-8000-000000000002",
        "Contoso Arc operator",
        ["Microsoft.HybridCompute/*"],
        ["Microsoft.HybridCompute/machines/write"],
    ),
}

_GRANTED_BY = "b0000000-0000-4000-8000-000000000002"  # the administrator who assigned everything


def role_definition(key: str, subscription: str) -> Document:
    """A role of `ROLES`."""
    guid, name, actions, not_actions = ROLES[key]
    return {
        "id": f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{guid}",
        "name": guid,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": name,
            "type": "CustomRole" if key.startswith("custom") else "BuiltInRole",
            "description": f"{name} (lab)",
            "assignableScopes": ["/"],
            "permissions": [
                {"actions": actions, "notActions": not_actions, "dataActions": [], "notDataActions": []}
            ],
        },
    }  # fmt: skip


def role_assignment(
    role: str, scope: str, principal: str, kind: str, condition: str | None, minutes: float
) -> Document:
    """The assignment of a role of `ROLES` to a principal, last changed some minutes ago."""
    changed = (dt.datetime.now(dt.UTC) - dt.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"
    subscription = scope.split("/")[2] if scope.startswith("/subscriptions/") else SUBSCRIPTION
    name = made_up(role, scope, principal)
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
        "name": name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "roleDefinitionId": role_definition(role, subscription)["id"],
            "principalId": principal,
            "principalType": kind,
            "scope": scope,
            "condition": condition,
            "conditionVersion": "2.0" if condition else None,
            "createdOn": changed,
            "updatedOn": changed,
            "createdBy": _GRANTED_BY,
            "updatedBy": _GRANTED_BY,
            "delegatedManagedIdentityResourceId": None,
            "description": None,
        },
    }


def deny_assignment(scope: str, principals: Sequence[str], actions: Sequence[str]) -> Document:
    """Actions denied to some principals, or to all if none is named."""
    name = made_up("deny", scope, *principals)
    everybody = [{"id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined"}]
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/denyAssignments/{name}",
        "name": name,
        "type": "Microsoft.Authorization/denyAssignments",
        "properties": {
            "denyAssignmentName": "Deny assignment of a deployment stack",
            "description": "Created by the lab",
            "permissions": [
                {"actions": list(actions), "notActions": [], "dataActions": [], "notDataActions": []}
            ],
            "scope": scope,
            "doNotApplyToChildScopes": False,
            "principals": [{"id": one, "type": "ServicePrincipal"} for one in principals] or everybody,
            "excludePrincipals": [],
            "isSystemProtected": True,
        },
    }  # fmt: skip
