"""VM-001, VM-002, VM-003 and VM-006: every outcome, word for word."""

from __future__ import annotations

from dataclasses import replace

from plugins.model import ProbeResult, Status, Target, Vm
from tests.support.azure_rows import azure_row, common_azure_rows, props
from tests.support.fake_azure import (
    CLUSTER_ID,
    FORBIDDEN,
    GONE,
    INVENTORY,
    LOCATION_ID,
    MACHINE_ID,
    SUBSCRIPTION,
    VM_ID,
)
from tests.support.suite_rows import Row, seen

ROWS: dict[str, list[Row]] = {}


def called(name: str) -> Vm:
    return replace(INVENTORY, name=name, resource_id=VM_ID.replace("vm-a", name))


UNSTATED = replace(INVENTORY, resource_id=None)
UNPLACED = replace(UNSTATED, target=Target(SUBSCRIPTION, "rg-nexus", "eastus"))


#: No agent on the VM.
ABSENT = {"agent": seen(), "agent_show": seen("@absent\n")}
_THERE = seen(
    "@has /opt/azcmagent/bin/azcmagent\n@has /opt/azcmagent/bin/himds\n@version\nazcmagent version 1.61.03319.2737\n"
)
SILENT = {"agent": _THERE, "agent_show": seen(state="timed out")}


def show(key: str, value: str) -> dict[str, ProbeResult]:
    """What the agent says of itself: that it is there, and one more thing."""
    rest = "" if key == "Agent Status" else f"{key:<40}: {value}\n"
    status = value if key == "Agent Status" else "Connected"
    return {"agent": _THERE, "agent_show": seen(f"\n@text\n{rest}{'Agent Status':<40}: {status}\n")}


def connected(resource: str = MACHINE_ID) -> dict[str, ProbeResult]:
    return show("Resource Id", resource)


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
        "Check the connection of the cluster (PLATFORM-004), and run again.",
        vm=props(powerState="Unknown", detailedStatus="Available"),
    ),
    azure_row(
        "available, and the last operation failed",
        Status.FAIL,
        "The last operation on VM vm-a did not succeed: provisioningState Failed; expected Succeeded.",
        "Read the message and the activity log. A VM that was not created as asked is created again.",
        vm=props(provisioningState="Failed", detailedStatus="Available"),
    ),
    azure_row(
        "undefined",
        Status.UNKNOWN,
        "Azure does not know how VM vm-a is: powerState On, detailedStatus Undefined; expected On, and Running or Available.",
        "Check the connection of the cluster (PLATFORM-004), and run again.",
        vm=props(detailedStatus="Undefined"),
    ),
    azure_row(
        "power unknown to Azure",
        Status.UNKNOWN,
        "Azure does not know how VM vm-a is: powerState Unknown, detailedStatus Running; expected On, and Running or Available.",
        "Check the connection of the cluster (PLATFORM-004), and run again.",
        vm=props(powerState="Unknown", detailedStatus="Running"),
    ),
    azure_row(
        "status unknown to Azure",
        Status.UNKNOWN,
        "Azure does not know how VM vm-a is: powerState On, detailedStatus Unknown; expected On, and Running or Available.",
        "Check the connection of the cluster (PLATFORM-004), and run again.",
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
        "Check the connection of the cluster (PLATFORM-004), and run again.",
        vm=props(powerState=GONE, detailedStatus=GONE),
    ),
    azure_row(
        "provisioning failed",
        Status.FAIL,
        "The last operation on VM vm-a did not succeed: provisioningState Failed; expected Succeeded: Image not found.",
        "Read the message and the activity log. A VM that was not created as asked is created again.",
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
        "Check the resource in the portal (JSON view, newest API version), or run again later.",
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
        "The resource id of vm-a is not stated, so Azure was not asked about it.",
        "Give the VM its resource_id in the inventory, or state where to search for its name: --subscription=<id> --resource-group=<name>.",
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
        "Check the resource in the portal (JSON view, newest API version), or run again later.",
        vm={"extendedLocation": GONE},
    ),
    azure_row(
        "the cluster states none",
        Status.UNKNOWN,
        "Azure does not state clusterExtendedLocation of cluster cluster-1.",
        "Check the resource in the portal (JSON view, newest API version), or run again later.",
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


ROWS["VM-006"] = [
    azure_row(
        "free, although another name begins alike",
        Status.PASS,
        "vm-a is a valid name, and free in resource group rg-nexus.",
        evidence=ABSENT,
    ),
    azure_row(
        "54 characters",
        Status.PASS,
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa is a valid name, and free in resource group rg-nexus.",
        evidence=ABSENT,
        inventory=called("a" * 54),
    ),
    azure_row(
        "55 characters",
        Status.FAIL,
        "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' is not a valid name for an Arc resource: it has 55 characters, 54 are allowed. azcmagent connect would stop with AZCM0102.",
        "Connect under another name: azcmagent connect --resource-name NAME. Allowed are up to 54 letters, digits, -, _ and dots, the last one a letter or digit.",
        evidence=ABSENT,
        inventory=called("a" * 55),
    ),
    azure_row(
        "ends with a hyphen: Azure's pattern takes it",
        Status.WARN,
        "web- is free in resource group rg-nexus, and ends with '-': Azure takes that, but the agent's documents do not.",
        "Connect under another name: azcmagent connect --resource-name NAME. Allowed are up to 54 letters, digits, -, _ and dots, the last one a letter or digit.",
        evidence=ABSENT,
        inventory=called("web-"),
    ),
    azure_row(
        "ends with an underscore: Azure's pattern takes it",
        Status.WARN,
        "web_ is free in resource group rg-nexus, and ends with '_': Azure takes that, but the agent's documents do not.",
        "Connect under another name: azcmagent connect --resource-name NAME. Allowed are up to 54 letters, digits, -, _ and dots, the last one a letter or digit.",
        evidence=ABSENT,
        inventory=called("web_"),
    ),
    azure_row(
        "a host name with its domain",
        Status.PASS,
        "web.corp.example is a valid name (with a dot, which Azure takes and the agent's documents do not list), and free in resource group rg-nexus.",
        evidence=ABSENT,
        inventory=called("web.corp.example"),
    ),
    azure_row(
        "digits and dots, as agents have connected with",
        Status.PASS,
        "0.10.20225.002 is a valid name (with a dot, which Azure takes and the agent's documents do not list), and free in resource group rg-nexus.",
        evidence=ABSENT,
        inventory=called("0.10.20225.002"),
    ),
    azure_row(
        "a name that is not ASCII",
        Status.FAIL,
        "'wéb' is not a valid name for an Arc resource: 'é' is not allowed. azcmagent connect would stop with AZCM0102.",
        "Connect under another name: azcmagent connect --resource-name NAME. Allowed are up to 54 letters, digits, -, _ and dots, the last one a letter or digit.",
        evidence=ABSENT,
        inventory=called("wéb"),
    ),
    *(
        azure_row(
            f"an address is no name: {address}",
            Status.UNKNOWN,
            f"The name of the Arc machine is not known: {address} is an address, and the VM resource, whose name it would get, is not known.",
            "Give the VM its resource_id in the inventory, or state where to search for its name: --subscription=<id> --resource-group=<name>.",
            evidence=ABSENT,
            inventory=replace(UNPLACED, name=address, host=host),
        )
        for address, host in {
            "10.0.0.4": "10.0.0.4",
            "azureuser@10.0.0.4:2222": "10.0.0.4",
            "fd00::4": "fd00::4",
            "[fd00::4]:22": "fd00::4",
            "azureuser@web": "web",
            "web.corp.example": "web.corp.example",
        }.items()
    ),
    azure_row(
        "a name of the inventory, without a resource id",
        Status.PASS,
        "vm-a is a valid name, and free in resource group rg-nexus.",
        evidence=ABSENT,
        inventory=replace(UNPLACED, host="10.0.0.4"),
    ),
    azure_row(
        "not valid, and Azure cannot be read",
        Status.FAIL,
        "'web 1' is not a valid name for an Arc resource: ' ' is not allowed. azcmagent connect would stop with AZCM0102.",
        "Connect under another name: azcmagent connect --resource-name NAME. Allowed are up to 54 letters, digits, -, _ and dots, the last one a letter or digit.",
        evidence=ABSENT,
        inventory=called("web 1"),
        machine=FORBIDDEN,
    ),
    azure_row(
        "its own, by the agent's resource id",
        Status.PASS,
        "vm-a in resource group rg-nexus is this VM's own machine (Connected), as its agent says.",
        evidence=connected(),
        machine={},
    ),
    azure_row(
        "its own, by its VM id",
        Status.PASS,
        "vm-a in resource group rg-nexus is this VM's own machine (Connected), as its agent says.",
        evidence=show("VM ID", "5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11"),
        machine={"name": "vm-a"},
    ),
    azure_row(
        "another one's: no agent here",
        Status.FAIL,
        "A machine vm-a is in resource group rg-nexus already (Connected), and it is not this VM: no agent is installed here. azcmagent connect would stop with AZCM0044.",
        "If that machine is no longer needed: az resource delete --ids /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.HybridCompute/machines/vm-a ; otherwise connect under another name: azcmagent connect --resource-name NAME.",
        evidence=ABSENT,
        machine={},
    ),
    azure_row(
        "a left-over: no agent here",
        Status.FAIL,
        "A machine vm-a is in resource group rg-nexus already (Disconnected), and it is not this VM: no agent is installed here. azcmagent connect would stop with AZCM0044.",
        "If that machine is no longer needed: az resource delete --ids /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.HybridCompute/machines/vm-a ; otherwise connect under another name: azcmagent connect --resource-name NAME.",
        evidence=ABSENT,
        machine=props(status="Disconnected"),
    ),
    azure_row(
        "another one's: never connected",
        Status.FAIL,
        "A machine vm-a is in resource group rg-nexus already (Connected), and it is not this VM: the agent here was never connected. azcmagent connect would stop with AZCM0044.",
        "If that machine is no longer needed: az resource delete --ids /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.HybridCompute/machines/vm-a ; otherwise connect under another name: azcmagent connect --resource-name NAME.",
        evidence=show("Agent Status", "Disconnected"),
        machine={},
    ),
    azure_row(
        "another one's: connected elsewhere",
        Status.FAIL,
        "A machine vm-a is in resource group rg-nexus already (Connected), and it is not this VM: the agent here is connected as /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus-2/providers/Microsoft.HybridCompute/machines/vm-a. azcmagent connect would stop with AZCM0044.",
        "If that machine is no longer needed: az resource delete --ids /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.HybridCompute/machines/vm-a ; otherwise connect under another name: azcmagent connect --resource-name NAME.",
        evidence=connected(MACHINE_ID.replace("rg-nexus", "rg-nexus-2")),
        machine={},
    ),
    azure_row(
        "prepared for private relay",
        Status.WARN,
        "A machine vm-a is in resource group rg-nexus already (AwaitingConnection). It was made for a machine that has not connected yet: this VM's, if private relay was prepared.",
        "For private relay: azcmagent connect existing. If that machine is no longer needed: az resource delete --ids /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.HybridCompute/machines/vm-a ; otherwise connect under another name: azcmagent connect --resource-name NAME.",
        evidence=ABSENT,
        machine=props(status="AwaitingConnection", vmId=""),
    ),
    azure_row(
        "prepared for private relay, and the inventory says so",
        Status.PASS,
        "vm-a in resource group rg-nexus waits for this VM to connect (AwaitingConnection), as private relay needs it.",
        evidence=ABSENT,
        inventory=replace(INVENTORY, path="relay"),
        machine=props(status="AwaitingConnection", vmId=""),
    ),
    azure_row(
        "prepared for private relay, and the agent is connected elsewhere",
        Status.FAIL,
        "A machine vm-a is in resource group rg-nexus already (AwaitingConnection), and it is not this VM: the agent here is connected as /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus-2/providers/Microsoft.HybridCompute/machines/vm-a. azcmagent connect would stop with AZCM0044.",
        "If that machine is no longer needed: az resource delete --ids /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.HybridCompute/machines/vm-a ; otherwise connect under another name: azcmagent connect --resource-name NAME.",
        evidence=connected(MACHINE_ID.replace("rg-nexus", "rg-nexus-2")),
        inventory=replace(INVENTORY, path="relay"),
        machine=props(status="AwaitingConnection", vmId=""),
    ),
    azure_row(
        "the agent does not answer: its own, by MAC address",
        Status.PASS,
        "vm-a in resource group rg-nexus is this VM's own machine (Connected): both have the same address.",
        evidence=SILENT,
        machine={},
    ),
    azure_row(
        "the agent does not answer: its own, by IP address",
        Status.PASS,
        "vm-a in resource group rg-nexus is this VM's own machine (Connected): both have the same address.",
        evidence=SILENT,
        machine=props(
            networkProfile={"networkInterfaces": [{"ipAddresses": [{"address": "fe80::1"}, {"address": "10.0.0.4"}]}]}
        ),
    ),
    azure_row(
        "the agent does not answer: another one's",
        Status.FAIL,
        "A machine vm-a is in resource group rg-nexus already (Connected), with the MAC address 6e:12:0a:00:00:ff, and is not this VM, which has 6e:12:0a:00:00:04, 6e:12:0a:00:00:05. azcmagent connect would stop with AZCM0044.",
        "If that machine is no longer needed: az resource delete --ids /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.HybridCompute/machines/vm-a ; otherwise connect under another name: azcmagent connect --resource-name NAME.",
        evidence=SILENT,
        machine=props(
            networkProfile={
                "networkInterfaces": [{"macAddress": "6E120A0000FF", "ipAddresses": [{"address": "10.0.0.4"}]}]
            }
        ),
    ),
    azure_row(
        "the agent does not answer: another one's, by IP address",
        Status.FAIL,
        "A machine vm-a is in resource group rg-nexus already (Connected), with the IP address 10.0.0.9, and is not this VM, which has 10.0.0.4. azcmagent connect would stop with AZCM0044.",
        "If that machine is no longer needed: az resource delete --ids /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.HybridCompute/machines/vm-a ; otherwise connect under another name: azcmagent connect --resource-name NAME.",
        evidence=SILENT,
        machine=props(networkProfile={"networkInterfaces": [{"ipAddresses": [{"address": "10.0.0.9"}]}]}),
    ),
    azure_row(
        "the agent does not answer, and nothing to compare",
        Status.UNKNOWN,
        "A machine vm-a is in resource group rg-nexus already (of an unknown status). Whether it is this VM is not known: azcmagent show did not answer, and Azure does not state the machine's addresses.",
        "See AGENT-003 and AGENT-005. If that machine is no longer needed: az resource delete --ids /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.HybridCompute/machines/vm-a ; otherwise connect under another name: azcmagent connect --resource-name NAME.",
        evidence=SILENT,
        machine=props(status=GONE, networkProfile=GONE),
    ),
    azure_row(
        "the agent does not answer, and only loopback to compare",
        Status.UNKNOWN,
        "A machine vm-a is in resource group rg-nexus already (Connected). Whether it is this VM is not known: azcmagent show did not answer, and Azure does not state the machine's addresses.",
        "See AGENT-003 and AGENT-005. If that machine is no longer needed: az resource delete --ids /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.HybridCompute/machines/vm-a ; otherwise connect under another name: azcmagent connect --resource-name NAME.",
        evidence=SILENT,
        machine=props(
            networkProfile={
                "networkInterfaces": [{"ipAddresses": [{"address": "127.0.0.1"}, {"address": "169.254.0.5"}]}]
            }
        ),
    ),
    *common_azure_rows("machine", evidence=ABSENT),
]
