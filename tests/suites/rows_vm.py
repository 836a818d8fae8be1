"""VM-001 to 003: the VM resource; every outcome, word for word."""

from __future__ import annotations

from plugins.model import Status
from tests.suites.vm_evidence import UNSTATED
from tests.support.azure_rows import NOT_STATED, azure_row, common_azure_rows, props
from tests.support.fake_azure import (
    CLUSTER_ID,
    FORBIDDEN,
    GONE,
    LOCATION_ID,
)
from tests.support.suite_rows import Row

ROWS: dict[str, list[Row]] = {}

CHECK_CLUSTER = "Check the connection of the cluster (PLATFORM-004), and run again."

ROWS["VM-001"] = [
    azure_row(
        "running",
        Status.PASS,
        "VM vm-a is provisioned, On and Running.",
        vm=props(detailedStatus="Running"),
    ),
    azure_row(
        "off",
        Status.FAIL,
        "VM vm-a is off: powerState Off, detailedStatus Stopped; expected On, and Running or Available: Stopped by a user.",
        "az networkcloud virtualmachine start --name vm-a --resource-group rg-nexus --subscription 11111111-2222-3333-4444-555555555555",
        vm=props(powerState="Off", detailedStatus="Stopped", detailedStatusMessage="Stopped by a user."),
    ),
    azure_row(
        "on, and stopped",
        Status.FAIL,
        "VM vm-a does not run: powerState On, detailedStatus Stopped; expected On, and Running or Available.",
        "az networkcloud virtualmachine start --name vm-a --resource-group rg-nexus --subscription 11111111-2222-3333-4444-555555555555",
        vm=props(detailedStatus="Stopped"),
    ),
    azure_row(
        "on, with an error",
        Status.FAIL,
        "VM vm-a does not run: powerState On, detailedStatus Error; expected On, and Running or Available: No host has room for it.",
        "Read the message; restart the VM, and open a support request if it persists: az networkcloud virtualmachine restart --name vm-a --resource-group rg-nexus --subscription 11111111-2222-3333-4444-555555555555",
        vm=props(detailedStatus="Error", detailedStatusMessage="No host has room for it."),
    ),
    azure_row(
        "being scheduled",
        Status.FAIL,
        "VM vm-a does not run: powerState On, detailedStatus Scheduling; expected On, and Running or Available.",
        "Wait until the VM is Running, and run again.",
        vm=props(detailedStatus="Scheduling"),
    ),
    azure_row(
        "available, as published examples of VMs that are up and healthy",
        Status.PASS,
        "VM vm-a is provisioned, On and Available.",
        vm=props(detailedStatus="Available", detailedStatusMessage="VM is up and healthy"),
    ),
    azure_row(
        "available, and off",
        Status.FAIL,
        "VM vm-a is off: powerState Off, detailedStatus Available; expected On, and Running or Available.",
        "az networkcloud virtualmachine start --name vm-a --resource-group rg-nexus --subscription 11111111-2222-3333-4444-555555555555",
        vm=props(powerState="Off", detailedStatus="Available"),
    ),
    azure_row(
        "available, and its power is not known",
        Status.UNKNOWN,
        "Azure does not know how VM vm-a is: powerState Unknown, detailedStatus Available; expected On, and Running or Available.",
        CHECK_CLUSTER,
        vm=props(powerState="Unknown", detailedStatus="Available"),
    ),
    azure_row(
        "available, and the last operation failed",
        Status.FAIL,
        "The last operation on VM vm-a did not succeed: provisioningState Failed; expected Succeeded.",
        "Read the message and the activity log. Create a VM again that was not created as requested.",
        vm=props(provisioningState="Failed", detailedStatus="Available"),
    ),
    azure_row(
        "undefined",
        Status.UNKNOWN,
        "Azure does not know how VM vm-a is: powerState On, detailedStatus Undefined; expected On, and Running or Available.",
        CHECK_CLUSTER,
        vm=props(detailedStatus="Undefined"),
    ),
    azure_row(
        "power unknown to Azure",
        Status.UNKNOWN,
        "Azure does not know how VM vm-a is: powerState Unknown, detailedStatus Running; expected On, and Running or Available.",
        CHECK_CLUSTER,
        vm=props(powerState="Unknown", detailedStatus="Running"),
    ),
    azure_row(
        "status unknown to Azure",
        Status.UNKNOWN,
        "Azure does not know how VM vm-a is: powerState On, detailedStatus Unknown; expected On, and Running or Available.",
        CHECK_CLUSTER,
        vm=props(detailedStatus="Unknown"),
    ),
    azure_row(
        "a power state nobody knows",
        Status.FAIL,
        "VM vm-a is not on: powerState Hibernated, detailedStatus Running; expected On, and Running or Available.",
        "Check the VM in the portal: Overview, Activity log.",
        vm=props(powerState="Hibernated", detailedStatus="Running"),
    ),
    azure_row(
        "neither stated",
        Status.UNKNOWN,
        "Azure does not know how VM vm-a is: powerState not stated, detailedStatus not stated; expected On, and Running or Available.",
        CHECK_CLUSTER,
        vm=props(powerState=GONE, detailedStatus=GONE),
    ),
    azure_row(
        "provisioning failed",
        Status.FAIL,
        "The last operation on VM vm-a did not succeed: provisioningState Failed; expected Succeeded: Image not found.",
        "Read the message and the activity log. Create a VM again that was not created as requested.",
        vm=props(provisioningState="Failed", detailedStatusMessage="Image not found"),
    ),
    azure_row(
        "still being created",
        Status.FAIL,
        "VM vm-a is being changed: provisioningState Provisioning; expected Succeeded.",
        "Wait until the operation has ended, and run again.",
        vm=props(provisioningState="Provisioning", powerState="Unknown"),
    ),
    azure_row(
        "provisioning not stated",
        Status.UNKNOWN,
        "Azure does not state provisioningState of VM vm-a.",
        NOT_STATED,
        vm=props(provisioningState=GONE),
    ),
    azure_row(
        "flat, as az prints it",
        Status.PASS,
        "VM vm-a is provisioned, On and Running.",
        vm={
            "properties": GONE,
            "provisioningState": "Succeeded",
            "powerState": "On",
            "detailedStatus": "Running",
        },
    ),
    azure_row(
        "the VM does not exist",
        Status.FAIL,
        "Azure has no VM resource /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.NetworkCloud/virtualMachines/vm-a.",
        "Correct resource_id in the inventory (az networkcloud virtualmachine list --query [].id), or create the VM.",
        vm=GONE,
    ),
    *common_azure_rows("vm"),
    azure_row(
        "no resource id",
        Status.UNKNOWN,
        "The resource id of vm-a is not stated, so Azure was not queried about it.",
        "State the VM's resource_id in the inventory, or state where to search for its name: --subscription=<id> --resource-group=<name>.",
        inventory=UNSTATED,
    ),
]

ROWS["VM-002"] = [
    azure_row("the same, in another case", Status.PASS, "The VM is in cl-1, the custom location of cluster cluster-1."),
    azure_row(
        "another one",
        Status.FAIL,
        "The VM is in the custom location /subscriptions/s/resourceGroups/rg/providers/Microsoft.ExtendedLocation/customLocations/cl-2; expected /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.ExtendedLocation/customLocations/cl-1, that of its cluster cluster-1.",
        "A VM stays where it was created: create it again in the custom location of its cluster (az networkcloud cluster show --query clusterExtendedLocation.name).",
        vm={
            "extendedLocation": {
                "name": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ExtendedLocation/customLocations/cl-2"
            }
        },
    ),
    azure_row(
        "one whose name begins alike",
        Status.FAIL,
        "The VM is in the custom location /subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/rg-nexus/providers/Microsoft.ExtendedLocation/customLocations/cl-1; expected /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.ExtendedLocation/customLocations/cl-11, that of its cluster cluster-1.",
        cluster=props(
            clusterExtendedLocation={
                "name": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.ExtendedLocation/customLocations/cl-11"
            }
        ),
    ),
    azure_row(
        "the VM states none",
        Status.UNKNOWN,
        "Azure does not state extendedLocation of VM vm-a.",
        NOT_STATED,
        vm={"extendedLocation": GONE},
    ),
    azure_row(
        "the cluster states none",
        Status.UNKNOWN,
        "Azure does not state clusterExtendedLocation of cluster cluster-1.",
        NOT_STATED,
        cluster=props(clusterExtendedLocation=GONE),
    ),
    azure_row(
        "the cluster may not be read, and the network on the same cluster is there, too",
        Status.PASS,
        "The VM is in cl-1, as its cloud services network is, which is on the same cluster cluster-1. The cluster itself could not be read.",
        cluster=FORBIDDEN,
        csn={"extendedLocation": {"name": LOCATION_ID.upper(), "type": "CustomLocation"}},
    ),
    azure_row(
        "the cluster may not be read, and the network is elsewhere",
        Status.UNKNOWN,
        "Azure refused to show it (HTTP 403, AuthorizationFailed)",
        "Grant the runner Reader.",
        cluster=FORBIDDEN,
        csn={"extendedLocation": {"name": LOCATION_ID + "-2"}},
    ),
    azure_row(
        "the cluster may not be read, and the network is on another cluster",
        Status.UNKNOWN,
        "Azure refused to show it (HTTP 403, AuthorizationFailed)",
        "Grant the runner Reader.",
        cluster=FORBIDDEN,
        csn={"extendedLocation": {"name": LOCATION_ID}, "properties": {"clusterId": CLUSTER_ID + "-2"}},
    ),
    *common_azure_rows("vm", "cluster", "vm"),
]

ROWS["VM-003"] = [
    azure_row("attached", Status.PASS, "VM vm-a is attached to the cloud services network csn-1."),
    azure_row(
        "attached, and the network cannot be read",
        Status.PASS,
        "VM vm-a is attached to the cloud services network csn-1.",
        csn=FORBIDDEN,
    ),
    azure_row(
        "not attached",
        Status.FAIL,
        "VM vm-a is attached to no cloud services network (cloudServicesNetworkAttachment is empty); expected one: it carries the proxy to Azure.",
        "The attachment is made when the VM is created: create the VM again with --cloud-services-network-attachment.",
        vm=props(cloudServicesNetworkAttachment=GONE),
    ),
    azure_row(
        "an attachment without a network",
        Status.FAIL,
        "VM vm-a is attached to no cloud services network (cloudServicesNetworkAttachment is empty); expected one: it carries the proxy to Azure.",
        vm=props(cloudServicesNetworkAttachment={"attachedNetworkId": None, "ipAllocationMethod": "Dynamic"}),
    ),
    azure_row(
        "another kind of network",
        Status.FAIL,
        "VM vm-a names /subscriptions/s/resourceGroups/rg/providers/Microsoft.NetworkCloud/l3Networks/l3 as its cloud services network; expected a .../cloudServicesNetworks/...",
        vm=props(
            cloudServicesNetworkAttachment={
                "attachedNetworkId": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.NetworkCloud/l3Networks/l3"
            }
        ),
    ),
    *common_azure_rows("vm", "vm"),
]
