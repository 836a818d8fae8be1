"""The published examples of Azure's REST API that this suite reads, with their values.

Retyped from the repository Azure/azure-rest-api-specs (paths beside each), in their state of 2026-11-28, without racks,
analytics, credentials of hardware and similar parts, which the suite does not read. Their versions and dates are old,
and their parts do not belong to one site (`site` connects them by their ids, and changes nothing else).
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

Document = dict[str, Any]

SUBSCRIPTION = "123e4567-e89b-12d3-a456-426655440000"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/resourceGroupName"
NEXUS = f"{GROUP}/providers/Microsoft.NetworkCloud"
IDENTITY_ID = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/userIdentity1"
LOCATIONS = f"{GROUP}/providers/Microsoft.ExtendedLocation/customLocations"
VM_ID = f"{NEXUS}/virtualMachines/virtualMachineName"
CLUSTER_ID = f"{NEXUS}/clusters/clusterName"
MANAGER_ID = f"{NEXUS}/clusterManagers/clusterManagerName"
CSN_ID = f"{NEXUS}/cloudServicesNetworks/cloudServicesNetworkName"

_SYSTEM_DATA = {
    "createdAt": "2021-01-22T13:27:03.008Z",
    "createdBy": "identityA",
    "createdByType": "Application",
    "lastModifiedAt": "2021-01-22T13:29:03.001Z",
    "lastModifiedBy": "identityB",
    "lastModifiedByType": "User",
}
_COMMON: Document = {
    "location": "location",
    "systemData": _SYSTEM_DATA,
    "tags": {"key1": "myvalue1", "key2": "myvalue2"},
}
_USER_ASSIGNED = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY_ID: {}}}


def _custom_location(name: str) -> Document:
    return {"name": f"{LOCATIONS}/{name}", "type": "CustomLocation"}


#: networkcloud/.../NetworkCloud/examples/2026-07-01/VirtualMachines_Get.json
VM: Document = {
    **_COMMON,
    "id": VM_ID,
    "name": "virtualMachineName",
    "type": "Microsoft.NetworkCloud/virtualMachines",
    "extendedLocation": _custom_location("clusterExtendedLocationName"),
    "identity": _USER_ASSIGNED,
    "properties": {
        "adminUsername": "username",
        "availabilityZone": "1",
        "bareMetalMachineId": f"{NEXUS}/bareMetalMachines/bareMetalMachineName",
        "bootMethod": "UEFI",
        "cloudServicesNetworkAttachment": {"attachedNetworkId": CSN_ID, "ipAllocationMethod": "Dynamic"},
        "clusterId": CLUSTER_ID,
        "consoleExtendedLocation": _custom_location("consoleCustomLocationName"),
        "cpuCores": 2,
        "detailedStatus": "Available",
        "detailedStatusMessage": "VM is up and healthy",
        "memorySizeGB": 8,
        "networkAttachments": [
            {
                "attachedNetworkId": f"{NEXUS}/l3Networks/l3NetworkName",
                "defaultGateway": "True",
                "ipAllocationMethod": "Dynamic",
                "ipv4Address": "198.51.100.1",
                "ipv6Address": "2001:0db8:0000:0000:0000:0000:0000:0000",
                "macAddress": "bf:1c:29:31:31:1f",
                "networkAttachmentName": "netAttachName01",
            }
        ],
        "placementHints": [
            {
                "hintType": "Affinity",
                "resourceId": f"{NEXUS}/racks/rackName",
                "schedulingExecution": "Hard",
                "scope": "",
            }
        ],
        "powerState": "On",
        "provisioningState": "Succeeded",
        "storageProfile": {
            "osDisk": {"createOption": "Ephemeral", "deleteOption": "Delete", "diskSizeGB": 120},
            "volumeAttachments": [f"{NEXUS}/volumes/volumeName"],
        },
        "vmDeviceModel": "T2",
        "vmImage": "myacr.azurecr.io/foobar:latest",
        "vmImageRepositoryCredentials": {"registryUrl": "myacr.azurecr.io", "username": "myuser"},
        "volumes": [f"{NEXUS}/volumes/volumeName"],
    },
}

#: networkcloud/.../NetworkCloud/examples/2026-07-01/Clusters_Get.json
CLUSTER: Document = {
    **_COMMON,
    "id": CLUSTER_ID,
    "name": "clusterName",
    "type": "Microsoft.NetworkCloud/clusters",
    "extendedLocation": _custom_location("clusterManagerExtendedLocationName"),
    "identity": _USER_ASSIGNED,
    "kind": "AzureLocal",
    "properties": {
        "availableUpgradeVersions": [
            {
                "controlImpact": "False",
                "expectedDuration": "0:0:30",
                "impactDescription": "can be done in place",
                "supportExpiryDate": "2025-01-01",
                "targetClusterVersion": "1.0.2",
                "workloadImpact": "False",
            }
        ],
        "clusterCapacity": {
            "availableApplianceStorageGB": 3,
            "availableCoreCount": 10,
            "availableHostStorageGB": 20,
            "availableMemoryGB": 20,
            "totalApplianceStorageGB": 10,
            "totalCoreCount": 10,
            "totalHostStorageGB": 10,
            "totalMemoryGB": 10,
        },
        "clusterConnectionStatus": "Connected",
        "clusterExtendedLocation": _custom_location("clusterExtendedLocationName"),
        "clusterLocation": "Foo Street, 3rd Floor, row 9",
        "clusterManagerConnectionStatus": "Connected",
        "clusterManagerId": MANAGER_ID,
        "clusterType": "SingleRack",
        "clusterVersion": "1.0.0",
        "detailedStatus": "Running",
        "detailedStatusMessage": "Cluster is running and healthy",
        "lastSuccessfulVersionUpdateTime": "2026-02-22T12:00:00Z",
        "managedResourceGroupConfiguration": {"location": "East US", "name": "my-managed-rg"},
        "manualActionCount": 0,
        "networkFabricId": f"{GROUP}/providers/Microsoft.ManagedNetworkFabric/networkFabrics/fabricName",
        "provisioningState": "Succeeded",
        "supportExpiryDate": "2023-04-29",
        "workloadResourceIds": [f"{NEXUS}/l2Networks/l2NetworkName"],
    },
}

#: networkcloud/.../NetworkCloud/examples/2026-07-01/ClusterManagers_Get.json
MANAGER: Document = {
    **_COMMON,
    "id": MANAGER_ID,
    "name": "clusterManagerName",
    "type": "Microsoft.NetworkCloud/clusterManagers",
    "identity": {
        "principalId": "321e7654-e89b-12d3-a456-426655449999",
        "tenantId": "199e9999-e89b-12d3-a456-426655441111",
        "type": "SystemAssigned",
    },
    "kind": "AzureLocal",
    "properties": {
        "availabilityZones": ["1", "2"],
        "clusterVersions": [
            {"supportExpiryDate": "2023-04-29", "targetClusterVersion": "1.0.0"},
            {"supportExpiryDate": "2025-01-01", "targetClusterVersion": "1.0.2"},
        ],
        "detailedStatus": "Available",
        "detailedStatusMessage": "cluster manager is up and running",
        "fabricControllerId": (
            f"{GROUP}/providers/Microsoft.ManagedNetworkFabric/networkFabricControllers/fabricControllerName"
        ),
        "managedResourceGroupConfiguration": {"location": "East US", "name": "my-managed-rg"},
        "managerExtendedLocation": _custom_location("clusterManagerExtendedLocationName"),
        "provisioningState": "Succeeded",
        "relayConfiguration": {
            "relayNamespaceId": (
                f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Relay/namespaces/relayNamespaceName"
            )
        },
        "vmSize": "Standard_D8s_v3",
    },
}

_STORAGE_ENDPOINT = [
    {
        "category": "azure-resource-management",
        "endpoints": [{"domainName": "storageaccountex.blob.core.windows.net", "port": 443}],
    }
]

#: networkcloud/.../NetworkCloud/examples/2026-07-01/CloudServicesNetworks_Get.json
CSN: Document = {
    **_COMMON,
    "id": CSN_ID,
    "name": "cloudServicesNetworkName",
    "type": "Microsoft.NetworkCloud/cloudServicesNetworks",
    "extendedLocation": _custom_location("clusterExtendedLocationName"),
    "properties": {
        "additionalEgressEndpoints": _STORAGE_ENDPOINT,
        "associatedResourceIds": [VM_ID],
        "clusterId": CLUSTER_ID,
        "detailedStatus": "Available",
        "detailedStatusMessage": "Cloud services network is up",
        "enableDefaultEgressEndpoints": "False",
        "enabledEgressEndpoints": _STORAGE_ENDPOINT,
        "interfaceName": "eth0",
        "provisioningState": "Succeeded",
        "storageOptions": {
            "mode": "Standard",
            "sizeMiB": 1048576,
            "storageApplianceId": f"{NEXUS}/storageAppliances/storageApplianceName",
        },
        "storageStatus": {
            "mode": "Standard",
            "sizeMiB": 1048576,
            "status": "Available",
            "statusMessage": "Storage is available",
            "volumeId": f"{NEXUS}/volumes/volumeName",
        },
    },
}

#: The end of networkcloud's List examples.
NEXT_LINK = "https://fully.qualified.hyperlink"

#: hybridcompute/.../examples/2025-09-16-preview/machine/Machines_ListByResourceGroup.json: its first machine
MACHINE: Document = {
    "name": "myMachine",
    "type": "Microsoft.HybridCompute/machines",
    "id": "/subscriptions/{subscriptionId}/resourceGroups/myResourceGroup/providers/Microsoft.HybridCompute/machines/myMachine",
    "identity": {
        "type": "SystemAssigned",
        "principalId": "f7a068cc-b0b8-46e8-a203-22f301a62a8f",
        "tenantId": "c4098cc-91b8-46c2-a205-d82ab1a62a8f",
    },
    "kind": None,
    "location": "eastus2euap",
    "properties": {
        "adFqdn": None,
        "agentConfiguration": {
            "configMode": "full",
            "extensionsAllowList": None,
            "extensionsBlockList": None,
            "extensionsEnabled": "true",
            "guestConfigurationEnabled": "true",
            "incomingConnectionsPorts": ["22", "23"],
            "proxyBypass": ["proxy1", "proxy2"],
            "proxyUrl": "https://test.test",
        },
        "agentVersion": None,
        "clientPublicKey": "string",
        "detectedProperties": {
            "cloudprovider": "N/A",
            "manufacturer": "Microsoft Corporation",
            "model": "Virtual Machine",
        },
        "displayName": None,
        "errorDetails": None,
        "lastStatusChange": None,
        "locationData": {"name": "Redmond"},
        "machineFqdn": None,
        "osType": None,
        "provisioningState": "Succeeded",
        "status": None,
        "vmId": "b7a098cc-b0b8-46e8-a205-62f301a62a8f",
        "vmUuid": None,
    },
    "tags": None,
}

#: msi/.../ManagedIdentity/examples/2024-11-30/IdentityGet.json
IDENTITY: Document = {
    "name": "identityName",
    "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
    "id": (
        "/subscriptions/subid/resourcegroups/rgName/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
        "identityName"
    ),
    "location": "eastus",
    "properties": {
        "clientId": "4024ab25-56a8-4370-aea6-6389221caf29",
        "isolationScope": "None",
        "principalId": "25cc773c-7f05-40fc-a104-32d2300754ad",
        "tenantId": "b6c948ef-f6b5-4384-8354-da3a15eca969",
    },
    "tags": {"key1": "value1", "key2": "value2"},
}

#: authorization/.../stable/2022-04-01/examples/RoleAssignments_ListForScope.json
ASSIGNMENT: Document = {
    "properties": {
        "roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/0b5fe924-9a61-425c-96af-cfe6e287ca2d",
        "principalId": "ce2ce14e-85d7-4629-bdbc-454d0519d987",
        "principalType": "User",
        "scope": "/subscriptions/a925f2f7-5c63-4b7b-8799-25a5f97bc3b2",
    },
    "id": (
        "/subscriptions/a925f2f7-5c63-4b7b-8799-25a5f97bc3b2/providers/Microsoft.Authorization/roleAssignments/"
        "b0f43c54-e787-4862-89b1-a653fa9cf747"
    ),
    "type": "Microsoft.Authorization/roleAssignments",
    "name": "b0f43c54-e787-4862-89b1-a653fa9cf747",
}

#: authorization/.../stable/2022-04-01/examples/GetRoleDefinitionById.json
DEFINITION: Document = {
    "properties": {
        "roleName": "Role name",
        "type": "roletype",
        "description": "Role description",
        "assignableScopes": ["/subscriptions/subId"],
        "permissions": [{"actions": ["action"], "notActions": [], "dataActions": ["dataAction"], "notDataActions": []}],
    },
    "id": "/subscriptions/subID/providers/Microsoft.Authorization/roleDefinitions/roleDefinitionId",
    "type": "Microsoft.Authorization/roleDefinitions",
    "name": "roleDefinitionId",
}

#: authorization/.../stable/2022-04-01/examples/GetDenyAssignmentByScope.json
DENY: Document = {
    "properties": {
        "denyAssignmentName": "Deny assignment name",
        "description": "Deny assignment description",
        "permissions": [
            {"actions": ["action"], "notActions": [], "dataActions": ["action"], "notDataActions": []}
        ],
        "scope": "/subscriptions/subId",
        "doNotApplyToChildScopes": False,
        "principals": [{"id": "principalId1", "type": "principalType1"}],
        "excludePrincipals": [{"id": "principalId2", "type": "principalType2"}],
        "isSystemProtected": True,
    },
    "id": "/subscriptions/subId/providers/Microsoft.Authorization/denyAssignments/denyAssignmentId",
    "type": "Microsoft.Authorization/denyAssignments",
    "name": "denyAssignmentId",
}  # fmt: skip


def fresh(document: Document) -> Document:
    """A copy to change."""
    return deepcopy(document)
