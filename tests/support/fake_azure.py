"""A small Azure for the tables: plain ARM JSON, and the view of it for a check.

Ids have the same upper and lower case as in Azure: the VM names its identities and its cluster in another case than the
one with which they were created.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from plugins.azure import answer_keys as paths
from plugins.azure import resource_ids as ids
from plugins.azure.snapshot import Answer, AzureSnapshot, ReadError
from plugins.azure.vm_view import AzureVmView
from plugins.model import Target, Vm

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-nexus"
NEXUS = f"{GROUP}/providers/Microsoft.NetworkCloud"
VM_ID = f"{NEXUS}/virtualMachines/vm-a"
CLUSTER_ID = f"{NEXUS}/clusters/cluster-1"
MANAGER_ID = f"{NEXUS}/clusterManagers/manager-1"
CSN_ID = f"{NEXUS}/cloudServicesNetworks/csn-1"
LOCATION_ID = f"{GROUP}/providers/Microsoft.ExtendedLocation/customLocations/cl-1"
USER_ID = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-arc"
OTHER_ID = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-backup"
MACHINE_ID = f"{GROUP}/providers/Microsoft.HybridCompute/machines/vm-a"

SYSTEM = "aaaaaaaa-0000-0000-0000-000000000001"  # object ids
USER = "aaaaaaaa-0000-0000-0000-000000000002"
GROUP_OF_IDENTITIES = "aaaaaaaa-0000-0000-0000-00000000000f"
TENANT = "99999999-0000-0000-0000-000000000000"

RESOURCE_MANAGER = "f5819b54-e033-4d82-ac66-4fec3cbf3f4c"
LIST_ACCESS_DETAILS = "e9701b4d-e6e7-4657-91cd-360a0881d224"
ONBOARDING = "b64e21ea-ac4e-4cdf-9dc9-5b892992bee7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CUSTOM = "cccccccc-0000-0000-0000-000000000001"
RELAY = "cccccccc-0000-0000-0000-000000000002"

#: A resource that does not exist, or a missing key.
GONE: Any = object()

FORBIDDEN = ReadError("Azure refused to show it (HTTP 403, AuthorizationFailed)", "Grant the runner Reader.")

VM: dict[str, Any] = {
    "id": VM_ID,
    "name": "vm-a",
    "type": "microsoft.networkcloud/virtualmachines",
    "location": "eastus",
    "extendedLocation": {"name": LOCATION_ID.replace("resourceGroups", "resourcegroups"), "type": "CustomLocation"},
    "identity": {"type": "SystemAssigned", "principalId": SYSTEM, "tenantId": TENANT},
    "properties": {
        "clusterId": CLUSTER_ID.replace("resourceGroups", "resourcegroups"),
        "cloudServicesNetworkAttachment": {
            "attachedNetworkId": CSN_ID,
            "defaultGateway": "False",
            "ipAllocationMethod": "Dynamic",
            "ipv4Address": "169.254.0.5",
            "macAddress": "6E:12:0A:00:00:05",
        },
        "networkAttachments": [
            {"defaultGateway": "True", "ipv4Address": "10.0.0.4", "macAddress": "6E:12:0A:00:00:04"}
        ],
        "provisioningState": "Succeeded",
        "powerState": "On",
        "detailedStatus": "Available",
        "detailedStatusMessage": "",
    },
}

CLUSTER: dict[str, Any] = {
    "id": CLUSTER_ID,
    "name": "cluster-1",
    "location": "eastus",
    "properties": {
        "clusterVersion": "4.7.0",
        "clusterManagerId": MANAGER_ID,
        "clusterConnectionStatus": "Connected",
        "clusterManagerConnectionStatus": "Connected",
        "clusterExtendedLocation": {"name": LOCATION_ID, "type": "CustomLocation"},
        "detailedStatus": "Running",
        "detailedStatusMessage": "",
        "supportExpiryDate": "2027-02-28",
        "availableUpgradeVersions": [
            {
                "targetClusterVersion": "4.10.0",
                "supportExpiryDate": "2027-10-31",
                "expectedDuration": "Upgrades may take",
            },
            {"targetClusterVersion": "4.9.0", "supportExpiryDate": "2027-06-30", "controlImpact": "True"},
        ],
        "provisioningState": "Succeeded",
    },
}

MANAGER: dict[str, Any] = {
    "id": MANAGER_ID,
    "properties": {
        "clusterVersions": [
            {"targetClusterVersion": "4.9.0", "supportExpiryDate": "2027-06-30"},
            {"targetClusterVersion": "4.10.0"},
            {"targetClusterVersion": "4.7.0"},
        ],
        "detailedStatus": "Available",
    },
}


def egress(*entries: str, port: int | str | None = 443) -> list[dict[str, Any]]:
    """A list of endpoints in Azure's format."""
    rows: list[dict[str, Any]] = [{"domainName": entry} | ({} if port is None else {"port": port}) for entry in entries]
    return [{"category": "default", "endpoints": rows}]


CSN: dict[str, Any] = {
    "id": CSN_ID,
    "properties": {
        "additionalEgressEndpoints": [],
        "enableDefaultEgressEndpoints": "True",
        "enabledEgressEndpoints": egress(
            "management.azure.com",
            "https://login.microsoftonline.com/",
            ".login.microsoft.com",
            "PAS.windows.net.",
            ".his.arc.azure.com",
            ".guestconfiguration.azure.com",
            ".guestnotificationservice.azure.com",
        ),
        "clusterId": CLUSTER_ID,
        "detailedStatus": "Available",
        "detailedStatusMessage": "all resource creation succeeded",
        "interfaceName": "cloudservices",
        "provisioningState": "Succeeded",
    },
}

MACHINE: dict[str, Any] = {
    "id": MACHINE_ID,
    "name": "VM-A",
    "properties": {
        "status": "Connected",
        "vmId": "5A1C5A66-6C3C-4D1E-9D4E-0F1F8A2D7C11",
        "networkProfile": {
            "networkInterfaces": [{"macAddress": "6e-12-0a-00-00-04", "ipAddresses": [{"address": "10.0.0.4"}]}]
        },
    },
}

NEXUS_PROVIDER: dict[str, Any] = {
    "namespace": "Microsoft.NetworkCloud",
    "registrationState": "Registered",
    "resourceTypes": [
        {"resourceType": "clusters", "apiVersions": ["2030-01-01"]},
        {
            "resourceType": "virtualMachines",
            "apiVersions": ["2025-07-01-preview", "2026-01-01-preview", "2025-09-01", "2025-02-01"],
        },
    ],
}

#: Role definitions, by GUID: the name, and one permission block each.
ROLES: dict[str, tuple[str, list[str], list[str]]] = {
    RESOURCE_MANAGER: (
        "Azure Connected Machine Resource Manager",
        [
            "Microsoft.Authorization/*/read",
            "Microsoft.HybridCompute/machines/read",
            "Microsoft.HybridCompute/machines/write",
            "Microsoft.HybridCompute/machines/delete",
            "Microsoft.HybridCompute/*/read",
        ],
        [],
    ),
    LIST_ACCESS_DETAILS: (
        "HybridCompute Machine ListAccessDetails Action In-Built Role",
        ["Microsoft.HybridCompute/machines/listAccessDetails/action"],
        [],
    ),
    ONBOARDING: (
        "Azure Connected Machine Onboarding",
        ["Microsoft.HybridCompute/machines/read", "Microsoft.HybridCompute/machines/write"],
        [],
    ),
    CONTRIBUTOR: ("Contributor", ["*"], ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"]),
    READER: ("Reader", ["*/read"], []),
    RELAY: ("Relay", ["Microsoft.NetworkCloud/virtualMachines/assignRelay/action"], []),
    CUSTOM: ("Arc without writing", ["microsoft.hybridcompute/MACHINES/*"], ["Microsoft.HybridCompute/machines/write"]),
}


def assigned(
    role: str,
    scope: str = GROUP,
    to: str = SYSTEM,
    condition: str | None = None,
) -> dict[str, Any]:
    """A role assignment in the format of Azure's list."""
    return {
        "properties": {
            # with the subscription before it, or without: both occur
            "roleDefinitionId": f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}",
            "principalId": to,
            "principalType": "Group" if to == GROUP_OF_IDENTITIES else "ServicePrincipal",
            "scope": scope,
            "condition": condition,
            "updatedOn": "2026-11-01T10:00:00.0000000Z",
        }
    }


def denying(
    *actions: str, to: str = SYSTEM, kind: str = "ServicePrincipal", name: str = "stack-lock"
) -> dict[str, Any]:
    """A deny assignment at the subscription."""
    return {
        "properties": {
            "denyAssignmentName": name,
            "scope": f"/subscriptions/{SUBSCRIPTION}",
            "permissions": [{"actions": list(actions), "notActions": []}],
            "principals": [{"id": to, "type": kind}],
            "excludePrincipals": [],
        }
    }


GRANTED = [assigned(RESOURCE_MANAGER), assigned(LIST_ACCESS_DETAILS)]

INVENTORY = Vm("vm-a", resource_id=VM_ID, target=Target(location="eastus"))


def but(base: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """A changed resource: objects are merged, other values replaced, GONE removes a key."""
    declared = deepcopy(dict(base))
    for key, value in patch.items():
        if value is GONE:
            declared.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(declared.get(key), Mapping):
            declared[key] = but(declared[key], value)
        else:
            declared[key] = value
    return declared


def azure(
    vm: Any = None,
    cluster: Any = None,
    manager: Any = None,
    csn: Any = None,
    machine: Any = GONE,
    nexus: Any = None,
    providers: Mapping[str, Any] | None = None,
    identities: Mapping[str, Any] | None = None,
    roles: Any = None,
    definitions: Mapping[str, Any] | None = None,
    denies: Any = (),
    inventory: Vm = INVENTORY,
    scope: str = GROUP,
) -> AzureVmView:
    """The view for a check. Each resource is given by its changes, GONE, or a `ReadError`.

    `providers` are registration states by namespace; `roles` are the assignments of every identity.
    """
    answers: dict[str, Any] = {}
    for id, base, patch in (
        (VM_ID, VM, vm),
        (CLUSTER_ID, CLUSTER, cluster),
        (MANAGER_ID, MANAGER, manager),
        (CSN_ID, CSN, csn),
        (paths.provider(SUBSCRIPTION, paths.NEXUS), NEXUS_PROVIDER, nexus),
    ):
        answers[paths.resource(id)] = patch if patch is GONE or isinstance(patch, ReadError) else but(base, patch or {})
    answers |= {paths.resource(id): value for id, value in (identities or {}).items()}
    for namespace in paths.TARGET_PROVIDERS:
        state = (providers or {}).get(namespace, "Registered")
        value = state if isinstance(state, ReadError) else {"namespace": namespace, "registrationState": state}
        answers[paths.provider(ids.parse(f"{scope}/providers/a/b/c").subscription, namespace)] = value
    if machine is GONE or isinstance(machine, ReadError):
        answers[paths.machines(scope)] = [] if machine is GONE else machine
    else:
        answers[paths.machines(scope)] = [but(MACHINE, {"name": "vm-ab"}), but(MACHINE, machine)]
    for principal in (SYSTEM, USER):
        for place in (scope, VM_ID):
            answers[paths.assignments(place, principal)] = roles if isinstance(roles, ReadError) else list(roles or [])
    for role, (name, actions, not_actions) in ROLES.items():
        block = {"actions": actions, "notActions": not_actions}
        answers[paths.definition(role)] = {"properties": {"roleName": name, "permissions": [block]}}
    answers |= {paths.definition(role): value for role, value in (definitions or {}).items()}
    for place in (scope, VM_ID):
        answers[paths.denies(place)] = denies if isinstance(denies, ReadError) else list(denies)
    facts = AzureSnapshot()
    for path, value in answers.items():
        facts.answers[path] = value if isinstance(value, ReadError) else Answer("GET", None if value is GONE else value)
    return AzureVmView(inventory, facts)
