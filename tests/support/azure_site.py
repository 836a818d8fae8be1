"""An Operator Nexus site in the stand-in: VMs with all their resources, in the form of the REST examples."""

from __future__ import annotations

from typing import Any

from plugins.azure.answer_keys import NEXUS, TARGET_PROVIDERS
from plugins.azure.fetch import FetchOptions
from plugins.model import Vm
from tests.support.arm_server import TENANT, Arm, FakeCredential

SUBSCRIPTION = "50000000-0000-4000-8000-000000000001"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/vms-rg"
PLATFORM = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/platform-rg"
CLUSTER = f"{PLATFORM}/providers/{NEXUS}/clusters/cluster1"
MANAGER = f"{PLATFORM}/providers/{NEXUS}/clusterManagers/manager1"
CSN = f"{PLATFORM}/providers/{NEXUS}/cloudServicesNetworks/csn1"
LOCATION = f"{PLATFORM}/providers/Microsoft.ExtendedLocation/customLocations/cluster1-cl"
RESOURCE_MANAGER = "f5819b54-e033-4d82-ac66-4fec3cbf3f4c"
LIST_ACCESS = "e9701b4d-e6e7-4657-91cd-360a0881d224"


def vm_id(name: str) -> str:
    return f"{GROUP}/providers/{NEXUS}/virtualMachines/{name}"


def principal_of(number: int) -> str:
    return f"0b1ec000-0000-4000-8000-{number:012d}"


def vm(number: int, **identity: Any) -> dict[str, Any]:
    """A VM resource. Azure returns the type in lower case, and ids in any case."""
    return {
        "id": vm_id(f"vm{number}"),
        "name": f"vm{number}",
        "type": "microsoft.networkcloud/virtualmachines",
        "location": "eastus",
        "tags": {"site": "lab"},
        "extendedLocation": {"name": LOCATION, "type": "CustomLocation"},
        "identity": identity or {"type": "SystemAssigned", "principalId": principal_of(number), "tenantId": TENANT},
        "systemData": {"createdAt": "2026-01-02T03:04:05.6789Z", "createdByType": "User"},
        "properties": {
            "adminUsername": "azureuser",
            "cloudServicesNetworkAttachment": {
                "attachedNetworkId": CSN.replace("resourceGroups", "resourcegroups"),
                "defaultGateway": "False",
                "ipAllocationMethod": "Dynamic",
            },
            "clusterId": CLUSTER,
            "cpuCores": 2,
            "detailedStatus": "Available",
            "detailedStatusMessage": "VM is up and healthy",
            "memorySizeGB": 8,
            "networkAttachments": [
                {"networkAttachmentName": "data", "defaultGateway": "False", "ipv4Address": f"192.0.2.{number % 250}"},
                {
                    "networkAttachmentName": "oam",
                    "defaultGateway": "True",
                    "ipv4Address": f"10.0.{number // 250}.{number % 250}",
                },
            ],
            "powerState": "On",
            "provisioningState": "Succeeded",
            "storageProfile": {"osDisk": {"diskSizeGB": 64}},
            "userData": "I2Nsb3VkLWNvbmZpZwpwYXNzd29yZDogaHVudGVyMgo=",
            "userDataContent": "I2Nsb3VkLWNvbmZpZwo=",
            "vmImage": "registry.example/image:1",
        },
    }


def assignment(role: str, scope: str, principal: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/c0000000-0000-4000-8000-000000000001",
        "name": "c0000000-0000-4000-8000-000000000001",
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "roleDefinitionId": f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}",
            "principalId": principal,
            "principalType": "ServicePrincipal",
            "scope": scope,
            "condition": None,
            "createdOn": "2026-08-21T10:00:00.1234567Z",
            "updatedOn": "2026-08-22T10:00:00.1234567Z",
            **more,
        },
    }


def give(arm: Arm, scope: str, principal: str, *rows: dict[str, Any]) -> None:
    """Add Azure's answers about a principal at a scope."""
    name = f"{scope}/providers/Microsoft.Authorization/roleAssignments".lower()
    arm.lists[f"{name}?atScope() and assignedTo('{principal}')"] = list(rows)
    direct = [row for row in rows if row["properties"]["principalId"] == principal]
    everyone = arm.lists.setdefault(f"{name}?atScope()", [])
    everyone[:] = [row for row in everyone if row["properties"]["principalId"] != principal] + direct


def deny(arm: Arm, scope: str, *rows: dict[str, Any]) -> None:
    arm.lists[f"{scope}/providers/Microsoft.Authorization/denyAssignments".lower() + "?atScope()"] = list(rows)


def define(arm: Arm, role: str, name: str, *actions: str) -> None:
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    arm.documents[path.lower()] = {
        "id": path,
        "name": role,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": name,
            "type": "BuiltInRole",
            "permissions": [{"actions": list(actions), "notActions": [], "dataActions": [], "notDataActions": []}],
            "assignableScopes": ["/"],
        },
    }


def put_platform(arm: Arm) -> None:
    """The cluster, its manager, and the cloud services network."""
    arm.put(
        {
            "id": CLUSTER,
            "name": "cluster1",
            "location": "eastus",
            "extendedLocation": {"name": "manager-cl", "type": "CustomLocation"},
            "properties": {
                "clusterVersion": "4.7.0",
                "clusterManagerId": MANAGER,
                "detailedStatus": "Running",
                "clusterConnectionStatus": "Connected",
                "clusterExtendedLocation": {"name": LOCATION, "type": "CustomLocation"},
                "supportExpiryDate": "2027-02-28",
                "availableUpgradeVersions": [
                    {
                        "targetClusterVersion": "4.9.0",
                        "expectedDuration": "Upgrades may take up to 4 hours + 2 hours per rack",
                    }
                ],
            },
        }
    )
    arm.put(
        {
            "id": MANAGER,
            "name": "manager1",
            "location": "eastus",
            "properties": {"clusterVersions": [{"targetClusterVersion": "4.9.0"}, {"targetClusterVersion": "4.7.0"}]},
        }
    )
    # As in recordings of Azure: enabledEgressEndpoints may be absent, and a domain name may have a scheme.
    arm.put(
        {
            "id": CSN,
            "name": "csn1",
            "location": "eastus",
            "properties": {
                "enableDefaultEgressEndpoints": "False",
                "additionalEgressEndpoints": [
                    {"category": "x", "endpoints": [{"domainName": "https://ex.blob.core.windows.net", "port": 443}]}
                ],
                "interfaceName": "cloudservices",
                "clusterId": CLUSTER,
                "detailedStatus": "Available",
            },
        }
    )


def put_target(arm: Arm) -> None:
    """The resource providers, and the resource group that the Arc machines go to."""
    for namespace in (NEXUS, *TARGET_PROVIDERS):
        path = f"/subscriptions/{SUBSCRIPTION}/providers/{namespace}"
        arm.documents[path.lower()] = {
            "id": path,
            "namespace": namespace,
            "registrationState": "Registered",
            "resourceTypes": [{"resourceType": "virtualMachines", "apiVersions": ["2025-09-01"]}],
        }
    arm.lists[f"{GROUP}/providers/Microsoft.HybridCompute/machines".lower()] = []
    deny(arm, GROUP)
    define(arm, RESOURCE_MANAGER, "Azure Connected Machine Resource Manager", "Microsoft.HybridCompute/machines/*")
    define(
        arm,
        LIST_ACCESS,
        "HybridCompute Machine ListAccessDetails Action In-Built Role",
        "Microsoft.HybridCompute/machines/listAccessDetails/action",
    )


def populate(arm: Arm, count: int) -> list[Vm]:
    """Add a site with healthy VMs, each with its own identity, and return their inventory."""
    put_platform(arm)
    put_target(arm)
    fleet = []
    for number in range(1, count + 1):
        arm.put(vm(number))
        principal = principal_of(number)
        give(
            arm,
            GROUP,
            principal,
            assignment(RESOURCE_MANAGER, GROUP, principal),
            assignment(LIST_ACCESS, GROUP, principal),
        )
        fleet.append(
            Vm(f"vm{number}", resource_id=vm_id(f"vm{number}").upper().replace("SUBSCRIPTIONS", "subscriptions"))
        )
    return fleet


def options(arm: Arm, **more: Any) -> FetchOptions:
    more.setdefault("credential", lambda cloud: FakeCredential())
    return FetchOptions(clouds={"AzureCloud": arm.cloud}, **more)
