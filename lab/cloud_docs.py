"""ARM's JSON, one function per document; except for names, the values are those of the public REST examples.

tests/azure/test_published.py lists where a document differs from its example.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from lab import addresses, azure

TENANT = "a0000000-0000-4000-8000-000000000001"
SUBSCRIPTION = "50000000-0000-4000-8000-000000000001"
MANAGEMENT_GROUP = "/providers/Microsoft.Management/managementGroups/lab-root"
PLATFORM_GROUP, VM_GROUP, TARGET_GROUP = "nexus-platform-rg", "nexus-vms-rg", "arc-servers-rg"
SIMILAR_GROUP = "arc-servers-rg-test"

#: What the resource provider of Operator Nexus offers, newest first.
API_VERSIONS = (
    "2026-07-01 2026-05-01-preview 2026-01-01-preview 2025-09-01 2025-07-01-preview 2025-02-01 2024-10-01-preview"
    " 2024-07-01 2023-10-01-preview 2023-07-01"
).split()
NEXUS_TYPES = (
    "virtualMachines clusters clusterManagers cloudServicesNetworks l2Networks l3Networks trunkedNetworks volumes racks"
    " bareMetalMachines kubernetesClusters"
).split()

Document = dict[str, Any]


def made_up(*words: object) -> str:
    """A GUID made from these words: the same words give the same GUID."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(str(word) for word in words)))


def group_id(subscription: str, group: str) -> str:
    """The id of a resource group."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}"


def resource_id(subscription: str, group: str, kind: str, name: str) -> str:
    """The id of a resource; `kind` is "Microsoft.NetworkCloud/clusters"."""
    return f"{group_id(subscription, group)}/providers/{kind}/{name}"


def identity_id(subscription: str, name: str) -> str:
    """The id of a user-assigned identity."""
    return resource_id(subscription, VM_GROUP, "Microsoft.ManagedIdentity/userAssignedIdentities", name)


def _resource(identifier: str, properties: Document, **more: Any) -> Document:
    parts = identifier.split("/")
    return {
        "id": identifier,
        "name": parts[-1],
        "type": f"{parts[-3]}/{parts[-2]}",
        "location": azure.REGION,
        "tags": {"site": "lab"},
        "systemData": {
            "createdAt": "2026-09-01T08:00:00.1234567Z",
            "createdBy": "operator@contoso.example",
            "createdByType": "User",
            "lastModifiedAt": "2026-09-01T08:20:00.7654321Z",
            "lastModifiedBy": "00000000-0000-0000-0000-000000000000",
            "lastModifiedByType": "Application",
        },
        "properties": properties,
        **more,
    }


def _extended(name: str, subscription: str) -> Document:
    location = resource_id(subscription, PLATFORM_GROUP, "Microsoft.ExtendedLocation/customLocations", name)
    return {"name": location, "type": "CustomLocation"}


_MANAGED_GROUP = {"location": "East US", "name": "lab-managed-rg"}


def manager(identifier: str) -> Document:
    """A cluster manager. Its versions are not sorted."""
    subscription = identifier.split("/")[2]
    return _resource(
        identifier,
        {
            "availabilityZones": ["1", "2"],
            "clusterVersions": [
                {"targetClusterVersion": "4.9.0", "supportExpiryDate": "2027-10-31"},
                {"targetClusterVersion": "4.5.2", "supportExpiryDate": "2026-12-31"},
                {"targetClusterVersion": "4.7.3", "supportExpiryDate": "2027-06-30"},
            ],
            "detailedStatus": "Available",
            "detailedStatusMessage": "cluster manager is up and running",
            "fabricControllerId": resource_id(
                subscription, PLATFORM_GROUP, "Microsoft.ManagedNetworkFabric/networkFabricControllers", "lab-nfc"
            ),
            "managedResourceGroupConfiguration": _MANAGED_GROUP,
            "managerExtendedLocation": _extended("lab-manager-location", subscription),
            "provisioningState": "Succeeded",
            "relayConfiguration": {
                "relayNamespaceId": f"/subscriptions/{subscription}/providers/Microsoft.Relay/namespaces/lab-relay"
            },
            "vmSize": "Standard_D8s_v3",
        },
        identity={"type": "SystemAssigned", "principalId": made_up(identifier), "tenantId": TENANT},
        kind="Nexus",
    )


def cluster(identifier: str, manager_id: str) -> Document:
    """A running cluster of runtime 4.9.0, the highest minimum of the requirement profiles."""
    subscription = identifier.split("/")[2]
    return _resource(
        identifier,
        {
            "availableUpgradeVersions": [],
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
            "clusterExtendedLocation": _extended(f"{identifier.split('/')[-1]}-location", subscription),
            "clusterLocation": "Lab, aisle 1",
            "clusterManagerConnectionStatus": "Connected",
            "clusterManagerId": manager_id,
            "clusterType": "SingleRack",
            "clusterVersion": "4.9.0",
            "detailedStatus": "Running",
            "detailedStatusMessage": "Cluster is running and healthy",
            "lastSuccessfulVersionUpdateTime": "2026-02-22T12:00:00Z",
            "managedResourceGroupConfiguration": _MANAGED_GROUP,
            "manualActionCount": 0,
            "networkFabricId": resource_id(
                subscription, PLATFORM_GROUP, "Microsoft.ManagedNetworkFabric/networkFabrics", "lab-fabric"
            ),
            "provisioningState": "Succeeded",
            "supportExpiryDate": "2027-10-31",
            "workloadResourceIds": [resource_id(subscription, VM_GROUP, "Microsoft.NetworkCloud/l2Networks", "lab-l2")],
        },
        extendedLocation=_extended("lab-manager-location", subscription),
        kind="Nexus",
    )


def csn(identifier: str, cluster_id: str, lacks: Iterable[str]) -> Document:
    """A cloud services network; `lacks` are keys of azure.toml that its egress list does not have ("*" = all)."""
    lacks = set(lacks)
    there = [endpoint for endpoint in azure.endpoints() if not lacks & {endpoint.key, "*"}]
    installing = [endpoint for endpoint in there if endpoint.need == "install"]

    def entries(category: str, some: Sequence[azure.Endpoint]) -> list[Document]:
        listed = [{"domainName": endpoint.domain, "port": 443} for endpoint in some]
        return [{"category": category, "endpoints": listed}] if listed else []

    additional = entries("agent-installation", installing)
    nexus = identifier.rpartition("/cloudServicesNetworks/")[0]
    return _resource(
        identifier,
        {
            "additionalEgressEndpoints": additional,
            "associatedResourceIds": [],
            "clusterId": cluster_id,
            "detailedStatus": "Available",
            "detailedStatusMessage": "Cloud services network is up",
            "enableDefaultEgressEndpoints": "True",
            "enabledEgressEndpoints": [*entries("default", [e for e in there if e not in installing]), *additional],
            "interfaceName": "eth0",
            "provisioningState": "Succeeded",
            "storageOptions": {
                "mode": "Standard",
                "sizeMiB": 1048576,
                "storageApplianceId": f"{nexus}/storageAppliances/lab",
            },
            "storageStatus": {
                "mode": "Standard",
                "sizeMiB": 1048576,
                "status": "Available",
                "statusMessage": "Storage is available",
                "volumeId": f"{nexus}/volumes/lab-csn",
            },
        },
        extendedLocation=_extended(f"{cluster_id.split('/')[-1]}-location", identifier.split("/")[2]),
    )


def virtual_machine(identifier: str, number: int, cluster_id: str, csn_id: str, identity: Document | None) -> Document:
    """A running VM with a tenant network, for SSH, and a cloud services network."""
    subscription = identifier.split("/")[2]
    nexus = identifier.rpartition("/virtualMachines/")[0]
    rack = f"{nexus}/racks/lab-rack"
    return _resource(
        identifier,
        {
            "adminUsername": "azureuser",
            "availabilityZone": "1",
            "bareMetalMachineId": f"{nexus}/bareMetalMachines/lab-host",
            "bootMethod": "UEFI",
            "cloudServicesNetworkAttachment": _attachment("cloudservices", csn_id, addresses.csn(number), "Dynamic"),
            "clusterId": cluster_id,
            "consoleExtendedLocation": _extended("lab-console", subscription),
            "cpuCores": 2,
            "detailedStatus": "Available",
            "detailedStatusMessage": "VM is up and healthy",
            "memorySizeGB": 8,
            "networkAttachments": [
                {
                    **_attachment("tenant", f"{nexus}/l3Networks/lab-l3", addresses.mgmt(number), "Static"),
                    "defaultGateway": "True",
                    "macAddress": addresses.mgmt_mac(number),
                }
            ],
            "placementHints": [
                {"hintType": "Affinity", "resourceId": rack, "schedulingExecution": "Hard", "scope": ""}
            ],
            "powerState": "On",
            "provisioningState": "Succeeded",
            "storageProfile": {
                "osDisk": {"createOption": "Ephemeral", "deleteOption": "Delete", "diskSizeGB": 120},
                "volumeAttachments": [f"{nexus}/volumes/lab-volume"],
            },
            "vmDeviceModel": "T2",
            "vmImage": "contoso.azurecr.io/debian:12",
            "vmImageRepositoryCredentials": {"registryUrl": "contoso.azurecr.io", "username": "puller"},
            "volumes": [f"{nexus}/volumes/lab-volume"],
        },
        extendedLocation=_extended(f"{cluster_id.split('/')[-1]}-location", subscription),
        **({"identity": identity} if identity else {}),
    )


def _attachment(name: str, network: str, address: str, allocation: str) -> Document:
    return {
        "attachedNetworkId": network,
        "defaultGateway": "False",
        "ipAllocationMethod": allocation,
        "ipv4Address": address,
        "networkAttachmentName": name,
    }


def user_identity(identifier: str, principal: str, client: str) -> Document:
    """A user-assigned identity."""
    return _resource(identifier, {"clientId": client, "principalId": principal, "tenantId": TENANT})


def arc_machine(identifier: str, vm_id: str, ip: str, mac: str) -> Document:
    """A connected Arc machine, which reports the address of its first network card."""
    return _resource(
        identifier,
        {
            "agentVersion": "1.67.03510.1024",
            "cloudMetadata": {"provider": "N/A"},
            "displayName": identifier.split("/")[-1],
            "errorDetails": [],
            "lastStatusChange": "2026-11-01T08:00:00.0000000Z",
            "networkProfile": {"networkInterfaces": [{"macAddress": mac, "ipAddresses": [{"address": ip}]}]},
            "osType": "linux",
            "provisioningState": "Succeeded",
            "status": "Connected",
            "vmId": vm_id,
        },
        identity={"type": "SystemAssigned", "principalId": made_up(identifier), "tenantId": TENANT},
    )


def awaited_machine(identifier: str, vm_id: str) -> Document:
    """An Arc machine for a VM whose agent has not connected yet. Properties that are not documented are made up."""
    return _resource(
        identifier,
        {
            "displayName": identifier.split("/")[-1],
            "osName": "linux",
            "provisioningState": "Succeeded",
            "status": "AwaitingConnection",
            "vmId": vm_id,
        },
        identity={"type": "SystemAssigned", "principalId": made_up(identifier), "tenantId": TENANT},
    )


def provider(namespace: str, subscription: str, types: Sequence[str], versions: Sequence[str]) -> Document:
    """A registered resource provider."""
    return {
        "id": f"/subscriptions/{subscription}/providers/{namespace}",
        "namespace": namespace,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": "Registered",
        "resourceTypes": [
            {"resourceType": name, "locations": ["East US"], "apiVersions": list(versions)} for name in types
        ],
    }
