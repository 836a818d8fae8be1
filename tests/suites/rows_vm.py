"""VM-001, VM-002, VM-003 and VM-006: every outcome, word for word."""

from __future__ import annotations

from dataclasses import replace

from plugins.model import Seen, Status, Vm
from tests.support.fake_azure import FORBIDDEN, GONE, INVENTORY, MACHINE_ID, VM_ID, azure
from tests.support.suite_rows import Row, seen

ROWS: dict[str, list[Row]] = {}


def called(name: str) -> Vm:
    return replace(INVENTORY, name=name, resource_id=VM_ID.replace("vm-a", name))


UNSTATED = replace(INVENTORY, resource_id=None)


#: No agent on the VM.
ABSENT = {"agent": seen(), "agent_show": seen("@absent\n")}
_THERE = seen(
    "@has /opt/azcmagent/bin/azcmagent\n@has /opt/azcmagent/bin/himds\n@version\nazcmagent version 1.61.03319.2737\n"
)
SILENT = {"agent": _THERE, "agent_show": seen(state="timed out")}


def show(key: str, value: str) -> dict[str, Seen]:
    """What the agent says of itself: that it is there, and one more thing."""
    rest = "" if key == "Agent Status" else f"{key:<40}: {value}\n"
    status = value if key == "Agent Status" else "Connected"
    return {"agent": _THERE, "agent_show": seen(f"\n@text\n{rest}{'Agent Status':<40}: {status}\n")}


def connected(resource: str = MACHINE_ID) -> dict[str, Seen]:
    return show("Resource Id", resource)


ROWS["VM-001"] = [
    Row(
        "running",
        {},
        Status.PASS,
        "VM vm-a is provisioned, On and Running.",
        parameters={"azure": azure()},
        vm=INVENTORY,
    ),
    Row(
        "off",
        {},
        Status.FAIL,
        "VM vm-a is off: powerState Off, detailedStatus Stopped; expected On and Running: Stopped by a user.",
        "az networkcloud virtualmachine start --name vm-a --resource-group rg-nexus --subscription 11111111-2222-3333-4444-555555555555",
        parameters={
            "azure": azure(
                vm={
                    "properties": {
                        "powerState": "Off",
                        "detailedStatus": "Stopped",
                        "detailedStatusMessage": "Stopped by a user.",
                    }
                }
            )
        },
        vm=INVENTORY,
    ),
    Row(
        "on, and stopped",
        {},
        Status.FAIL,
        "VM vm-a does not run: powerState On, detailedStatus Stopped; expected On and Running.",
        "az networkcloud virtualmachine start --name vm-a --resource-group rg-nexus --subscription 11111111-2222-3333-4444-555555555555",
        parameters={"azure": azure(vm={"properties": {"detailedStatus": "Stopped"}})},
        vm=INVENTORY,
    ),
    Row(
        "on, with an error",
        {},
        Status.FAIL,
        "VM vm-a does not run: powerState On, detailedStatus Error; expected On and Running: No host has room for it.",
        "Read the message; restart the VM, and open a support request if it stays so: az networkcloud virtualmachine restart --name vm-a --resource-group rg-nexus --subscription 11111111-2222-3333-4444-555555555555",
        parameters={
            "azure": azure(
                vm={"properties": {"detailedStatus": "Error", "detailedStatusMessage": "No host has room for it."}}
            )
        },
        vm=INVENTORY,
    ),
    Row(
        "being scheduled",
        {},
        Status.FAIL,
        "VM vm-a does not run: powerState On, detailedStatus Scheduling; expected On and Running.",
        "Wait until the VM is Running, and run again.",
        parameters={"azure": azure(vm={"properties": {"detailedStatus": "Scheduling"}})},
        vm=INVENTORY,
    ),
    Row(
        "only available",
        {},
        Status.FAIL,
        "VM vm-a does not run: powerState On, detailedStatus Available; expected On and Running.",
        "Wait until the VM is Running, and run again.",
        parameters={"azure": azure(vm={"properties": {"detailedStatus": "Available"}})},
        vm=INVENTORY,
    ),
    Row(
        "power unknown to Azure",
        {},
        Status.UNKNOWN,
        "Azure does not know how VM vm-a is: powerState Unknown, detailedStatus Running; expected On and Running.",
        "Look at the connection of the cluster (PLATFORM-004), and run again.",
        parameters={"azure": azure(vm={"properties": {"powerState": "Unknown"}})},
        vm=INVENTORY,
    ),
    Row(
        "status unknown to Azure",
        {},
        Status.UNKNOWN,
        "Azure does not know how VM vm-a is: powerState On, detailedStatus Unknown; expected On and Running.",
        "Look at the connection of the cluster (PLATFORM-004), and run again.",
        parameters={"azure": azure(vm={"properties": {"detailedStatus": "Unknown"}})},
        vm=INVENTORY,
    ),
    Row(
        "a power state nobody knows",
        {},
        Status.FAIL,
        "VM vm-a is not on: powerState Hibernated, detailedStatus Running; expected On and Running.",
        "Look at the VM in the portal: Overview, Activity log.",
        parameters={"azure": azure(vm={"properties": {"powerState": "Hibernated"}})},
        vm=INVENTORY,
    ),
    Row(
        "neither stated",
        {},
        Status.UNKNOWN,
        "Azure does not know how VM vm-a is: powerState not stated, detailedStatus not stated; expected On and Running.",
        "Look at the connection of the cluster (PLATFORM-004), and run again.",
        parameters={"azure": azure(vm={"properties": {"powerState": GONE, "detailedStatus": GONE}})},
        vm=INVENTORY,
    ),
    Row(
        "provisioning failed",
        {},
        Status.FAIL,
        "The last operation on VM vm-a did not succeed: provisioningState Failed; expected Succeeded: Image not found.",
        "Read the message and the activity log. A VM that was not",
        parameters={
            "azure": azure(
                vm={"properties": {"provisioningState": "Failed", "detailedStatusMessage": "Image not found"}}
            )
        },
        vm=INVENTORY,
    ),
    Row(
        "still being created",
        {},
        Status.FAIL,
        "VM vm-a is being changed: provisioningState Provisioning; expected Succeeded.",
        "Wait until the operation has ended, and run again.",
        parameters={"azure": azure(vm={"properties": {"provisioningState": "Provisioning", "powerState": "Unknown"}})},
        vm=INVENTORY,
    ),
    Row(
        "provisioning not stated",
        {},
        Status.UNKNOWN,
        "Azure does not state provisioningState of VM vm-a.",
        "Look at the resource in the portal (JSON view, newest API",
        parameters={"azure": azure(vm={"properties": {"provisioningState": GONE}})},
        vm=INVENTORY,
    ),
    Row(
        "flat, as az prints it",
        {},
        Status.PASS,
        "VM vm-a is provisioned, On and Running.",
        parameters={
            "azure": azure(
                vm={
                    "properties": GONE,
                    "provisioningState": "Succeeded",
                    "powerState": "On",
                    "detailedStatus": "Running",
                }
            )
        },
        vm=INVENTORY,
    ),
    Row(
        "the VM does not exist",
        {},
        Status.FAIL,
        "Azure has no VM resource /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.NetworkCloud/virtualMachines/vm-a.",
        "Correct resource_id in the inventory (az networkcloud virtualmachine list --query [].id), or create the VM.",
        parameters={"azure": azure(vm=GONE)},
        vm=INVENTORY,
    ),
    Row(
        "Azure refused",
        {},
        Status.UNKNOWN,
        "Azure refused to show it (HTTP 403, AuthorizationFailed)",
        "Grant the runner Reader.",
        parameters={"azure": azure(vm=FORBIDDEN)},
        vm=INVENTORY,
    ),
    Row(
        "no resource id",
        {},
        Status.UNKNOWN,
        "The resource id of vm-a is not stated, so Azure was not asked about it.",
        "Give the VM its resource_id in the inventory, or say where to",
        parameters={"azure": azure(inventory=UNSTATED)},
        vm=UNSTATED,
    ),
]


ROWS["VM-002"] = [
    Row(
        "the same, in another case",
        {},
        Status.PASS,
        "The VM is in cl-1, the custom location of cluster cluster-1.",
        parameters={"azure": azure()},
        vm=INVENTORY,
    ),
    Row(
        "another one",
        {},
        Status.FAIL,
        "The VM is in the custom location /subscriptions/s/resourceGroups/rg/providers/Microsoft.ExtendedLocation/customLocations/cl-2; expected /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.ExtendedLocation/customLocations/cl-1, that of its cluster cluster-1.",
        "A VM stays where it was created: create it again in the custom location of its cluster (az networkcloud cluster show --query clusterExtendedLocation.name).",
        parameters={
            "azure": azure(
                vm={
                    "extendedLocation": {
                        "name": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ExtendedLocation/customLocations/cl-2"
                    }
                }
            )
        },
        vm=INVENTORY,
    ),
    Row(
        "one whose name begins alike",
        {},
        Status.FAIL,
        "The VM is in the custom location /subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/rg-nexus/providers/Microsoft.ExtendedLocation/customLocations/cl-1; expected /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.ExtendedLocation/customLocations/cl-11, that of its cluster cluster-1.",
        "A VM stays where it was created: create it again in the custom location of its cluster (az networkcloud cluster show --query clusterExtendedLocation.name).",
        parameters={
            "azure": azure(
                cluster={
                    "properties": {
                        "clusterExtendedLocation": {
                            "name": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.ExtendedLocation/customLocations/cl-11"
                        }
                    }
                }
            )
        },
        vm=INVENTORY,
    ),
    Row(
        "the VM states none",
        {},
        Status.UNKNOWN,
        "Azure does not state extendedLocation of VM vm-a.",
        "Look at the resource in the portal (JSON view, newest API",
        parameters={"azure": azure(vm={"extendedLocation": GONE})},
        vm=INVENTORY,
    ),
    Row(
        "the cluster states none",
        {},
        Status.UNKNOWN,
        "Azure does not state clusterExtendedLocation of cluster cluster-1.",
        "Look at the resource in the portal (JSON view, newest API",
        parameters={"azure": azure(cluster={"properties": {"clusterExtendedLocation": GONE}})},
        vm=INVENTORY,
    ),
    Row(
        "the cluster does not exist",
        {},
        Status.UNKNOWN,
        "Azure has no cluster resource of the id that the VM names, so this could not be looked at.",
        "See PLATFORM-004.",
        parameters={"azure": azure(cluster=GONE)},
        vm=INVENTORY,
    ),
    Row(
        "the VM does not exist",
        {},
        Status.BLOCKED,
        "Not judged: VM-001, Azure has no VM resource of this id.",
        "See VM-001: correct resource_id in the inventory.",
        parameters={"azure": azure(vm=GONE)},
        vm=INVENTORY,
    ),
    Row(
        "Azure refused",
        {},
        Status.UNKNOWN,
        "Azure refused to show it (HTTP 403, AuthorizationFailed)",
        "Grant the runner Reader.",
        parameters={"azure": azure(vm=FORBIDDEN)},
        vm=INVENTORY,
    ),
]


ROWS["VM-003"] = [
    Row(
        "attached",
        {},
        Status.PASS,
        "VM vm-a is attached to the cloud services network csn-1.",
        parameters={"azure": azure()},
        vm=INVENTORY,
    ),
    Row(
        "attached, and the network cannot be read",
        {},
        Status.PASS,
        "VM vm-a is attached to the cloud services network csn-1.",
        parameters={"azure": azure(csn=FORBIDDEN)},
        vm=INVENTORY,
    ),
    Row(
        "not attached",
        {},
        Status.FAIL,
        "VM vm-a is attached to no cloud services network (cloudServicesNetworkAttachment is empty); expected one: it carries the proxy to Azure.",
        "The attachment is made when the VM is created: create the VM",
        parameters={"azure": azure(vm={"properties": {"cloudServicesNetworkAttachment": GONE}})},
        vm=INVENTORY,
    ),
    Row(
        "an attachment without a network",
        {},
        Status.FAIL,
        "VM vm-a is attached to no cloud services network (cloudServicesNetworkAttachment is empty); expected one: it carries the proxy to Azure.",
        "The attachment is made when the VM is created: create the VM",
        parameters={
            "azure": azure(
                vm={
                    "properties": {
                        "cloudServicesNetworkAttachment": {"attachedNetworkId": None, "ipAllocationMethod": "Dynamic"}
                    }
                }
            )
        },
        vm=INVENTORY,
    ),
    Row(
        "another kind of network",
        {},
        Status.FAIL,
        "VM vm-a names /subscriptions/s/resourceGroups/rg/providers/Microsoft.NetworkCloud/l3Networks/l3 as its cloud services network; expected a .../cloudServicesNetworks/...",
        "The attachment is made when the VM is created: create the VM",
        parameters={
            "azure": azure(
                vm={
                    "properties": {
                        "cloudServicesNetworkAttachment": {
                            "attachedNetworkId": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.NetworkCloud/l3Networks/l3"
                        }
                    }
                }
            )
        },
        vm=INVENTORY,
    ),
    Row(
        "the VM does not exist",
        {},
        Status.BLOCKED,
        "Not judged: VM-001, Azure has no VM resource of this id.",
        "See VM-001: correct resource_id in the inventory.",
        parameters={"azure": azure(vm=GONE)},
        vm=INVENTORY,
    ),
    Row(
        "Azure refused",
        {},
        Status.UNKNOWN,
        "Azure refused to show it (HTTP 403, AuthorizationFailed)",
        "Grant the runner Reader.",
        parameters={"azure": azure(vm=FORBIDDEN)},
        vm=INVENTORY,
    ),
]


ROWS["VM-006"] = [
    Row(
        "free, although another name begins alike",
        ABSENT,
        Status.PASS,
        "vm-a is a valid name, and free in resource group rg-nexus.",
        parameters={"azure": azure()},
        vm=INVENTORY,
    ),
    Row(
        "54 characters",
        ABSENT,
        Status.PASS,
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa is a valid name, and free in resource group rg-nexus.",
        parameters={"azure": azure(inventory=called("a" * 54))},
        vm=called("a" * 54),
    ),
    Row(
        "55 characters",
        ABSENT,
        Status.FAIL,
        "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' is not a valid name for an Arc resource: it has 55 characters, 54 are allowed. azcmagent connect would stop with AZCM0102.",
        "Connect under another name: azcmagent connect --resource-name",
        parameters={"azure": azure(inventory=called("a" * 55))},
        vm=called("a" * 55),
    ),
    Row(
        "ends with a hyphen",
        ABSENT,
        Status.FAIL,
        "'web-' is not a valid name for an Arc resource: it must not end with '-'. azcmagent connect would stop with AZCM0102.",
        "Connect under another name: azcmagent connect --resource-name",
        parameters={"azure": azure(inventory=called("web-"))},
        vm=called("web-"),
    ),
    Row(
        "ends with an underscore",
        ABSENT,
        Status.FAIL,
        "'web_' is not a valid name for an Arc resource: it must not end with '_'. azcmagent connect would stop with AZCM0102.",
        "Connect under another name: azcmagent connect --resource-name",
        parameters={"azure": azure(inventory=called("web_"))},
        vm=called("web_"),
    ),
    Row(
        "a host name with its domain",
        ABSENT,
        Status.FAIL,
        "'web.corp.example' is not a valid name for an Arc resource: '.' is not allowed. azcmagent connect would stop with AZCM0102.",
        "Connect under another name: azcmagent connect --resource-name",
        parameters={"azure": azure(inventory=called("web.corp.example"))},
        vm=called("web.corp.example"),
    ),
    Row(
        "not valid, and Azure cannot be read",
        ABSENT,
        Status.FAIL,
        "'web 1' is not a valid name for an Arc resource: ' ' is not allowed. azcmagent connect would stop with AZCM0102.",
        "Connect under another name: azcmagent connect --resource-name",
        parameters={"azure": azure(machine=FORBIDDEN, inventory=called("web 1"))},
        vm=called("web 1"),
    ),
    Row(
        "its own, by the agent's resource id",
        connected(),
        Status.PASS,
        "vm-a in resource group rg-nexus is this VM's own machine (Connected), as its agent says.",
        parameters={"azure": azure(machine={})},
        vm=INVENTORY,
    ),
    Row(
        "its own, by its VM id",
        show("VM ID", "5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11"),
        Status.PASS,
        "vm-a in resource group rg-nexus is this VM's own machine (Connected), as its agent says.",
        parameters={"azure": azure(machine={"name": "vm-a"})},
        vm=INVENTORY,
    ),
    Row(
        "another one's: no agent here",
        ABSENT,
        Status.FAIL,
        "A machine vm-a is in resource group rg-nexus already (Connected), and it is not this VM: no agent is installed here. azcmagent connect would stop with AZCM0044.",
        "If nobody needs that machine any more: az resource delete --ids /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.HybridCompute/machines/vm-a ; otherwise connect under another name: azcmagent connect --resource-name NAME.",
        parameters={"azure": azure(machine={})},
        vm=INVENTORY,
    ),
    Row(
        "a left-over: no agent here",
        ABSENT,
        Status.FAIL,
        "A machine vm-a is in resource group rg-nexus already (Disconnected), and it is not this VM: no agent is installed here. azcmagent connect would stop with AZCM0044.",
        "If nobody needs that machine any more: az resource delete --ids /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.HybridCompute/machines/vm-a ; otherwise connect under another name: azcmagent connect --resource-name NAME.",
        parameters={"azure": azure(machine={"properties": {"status": "Disconnected"}})},
        vm=INVENTORY,
    ),
    Row(
        "another one's: never connected",
        show("Agent Status", "Disconnected"),
        Status.FAIL,
        "A machine vm-a is in resource group rg-nexus already (Connected), and it is not this VM: the agent here was never connected. azcmagent connect would stop with AZCM0044.",
        "If nobody needs that machine any more: az resource delete --ids /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.HybridCompute/machines/vm-a ; otherwise connect under another name: azcmagent connect --resource-name NAME.",
        parameters={"azure": azure(machine={})},
        vm=INVENTORY,
    ),
    Row(
        "another one's: connected elsewhere",
        connected(MACHINE_ID.replace("rg-nexus", "rg-nexus-2")),
        Status.FAIL,
        "A machine vm-a is in resource group rg-nexus already (Connected), and it is not this VM: the agent here is connected as /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus-2/providers/Microsoft.HybridCompute/machines/vm-a. azcmagent connect would stop with AZCM0044.",
        "If nobody needs that machine any more: az resource delete --ids /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.HybridCompute/machines/vm-a ; otherwise connect under another name: azcmagent connect --resource-name NAME.",
        parameters={"azure": azure(machine={})},
        vm=INVENTORY,
    ),
    Row(
        "prepared for private relay",
        ABSENT,
        Status.WARN,
        "A machine vm-a is in resource group rg-nexus already (AwaitingConnection). It was made for a machine that has not connected yet: this VM's, if private relay was prepared.",
        "For private relay: azcmagent connect existing. If nobody needs that machine any more: az resource delete --ids /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.HybridCompute/machines/vm-a ; otherwise connect under another name: azcmagent connect --resource-name NAME.",
        parameters={"azure": azure(machine={"properties": {"status": "AwaitingConnection", "vmId": ""}})},
        vm=INVENTORY,
    ),
    Row(
        "the agent does not answer: its own, by MAC address",
        SILENT,
        Status.PASS,
        "vm-a in resource group rg-nexus is this VM's own machine (Connected): both have the same address.",
        parameters={"azure": azure(machine={})},
        vm=INVENTORY,
    ),
    Row(
        "the agent does not answer: its own, by IP address",
        SILENT,
        Status.PASS,
        "vm-a in resource group rg-nexus is this VM's own machine (Connected): both have the same address.",
        parameters={
            "azure": azure(
                machine={
                    "properties": {
                        "networkProfile": {
                            "networkInterfaces": [{"ipAddresses": [{"address": "fe80::1"}, {"address": "10.0.0.4"}]}]
                        }
                    }
                }
            )
        },
        vm=INVENTORY,
    ),
    Row(
        "the agent does not answer: another one's",
        SILENT,
        Status.FAIL,
        "A machine vm-a is in resource group rg-nexus already (Connected), with the MAC address 6e:12:0a:00:00:ff, and is not this VM, which has 6e:12:0a:00:00:04, 6e:12:0a:00:00:05. azcmagent connect would stop with AZCM0044.",
        "If nobody needs that machine any more: az resource delete --ids /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.HybridCompute/machines/vm-a ; otherwise connect under another name: azcmagent connect --resource-name NAME.",
        parameters={
            "azure": azure(
                machine={
                    "properties": {
                        "networkProfile": {
                            "networkInterfaces": [
                                {"macAddress": "6E120A0000FF", "ipAddresses": [{"address": "10.0.0.4"}]}
                            ]
                        }
                    }
                }
            )
        },
        vm=INVENTORY,
    ),
    Row(
        "the agent does not answer: another one's, by IP address",
        SILENT,
        Status.FAIL,
        "A machine vm-a is in resource group rg-nexus already (Connected), with the IP address 10.0.0.9, and is not this VM, which has 10.0.0.4. azcmagent connect would stop with AZCM0044.",
        "If nobody needs that machine any more: az resource delete --ids /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.HybridCompute/machines/vm-a ; otherwise connect under another name: azcmagent connect --resource-name NAME.",
        parameters={
            "azure": azure(
                machine={
                    "properties": {
                        "networkProfile": {"networkInterfaces": [{"ipAddresses": [{"address": "10.0.0.9"}]}]}
                    }
                }
            )
        },
        vm=INVENTORY,
    ),
    Row(
        "the agent does not answer, and nothing to compare",
        SILENT,
        Status.UNKNOWN,
        "A machine vm-a is in resource group rg-nexus already (of an unknown status). Whether it is this VM is not known: azcmagent show has no answer, and Azure does not state the machine's addresses.",
        "See AGENT-003 and AGENT-005. If nobody needs that machine any more: az resource delete --ids /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.HybridCompute/machines/vm-a ; otherwise connect under another name: azcmagent connect --resource-name NAME.",
        parameters={"azure": azure(machine={"properties": {"status": GONE, "networkProfile": GONE}})},
        vm=INVENTORY,
    ),
    Row(
        "the agent does not answer, and only loopback to compare",
        SILENT,
        Status.UNKNOWN,
        "A machine vm-a is in resource group rg-nexus already (Connected). Whether it is this VM is not known: azcmagent show has no answer, and Azure does not state the machine's addresses.",
        "See AGENT-003 and AGENT-005. If nobody needs that machine any more: az resource delete --ids /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.HybridCompute/machines/vm-a ; otherwise connect under another name: azcmagent connect --resource-name NAME.",
        parameters={
            "azure": azure(
                machine={
                    "properties": {
                        "networkProfile": {
                            "networkInterfaces": [
                                {"ipAddresses": [{"address": "127.0.0.1"}, {"address": "169.254.0.5"}]}
                            ]
                        }
                    }
                }
            )
        },
        vm=INVENTORY,
    ),
    Row(
        "Azure refused",
        ABSENT,
        Status.UNKNOWN,
        "Azure refused to show it (HTTP 403, AuthorizationFailed)",
        "Grant the runner Reader.",
        parameters={"azure": azure(machine=FORBIDDEN)},
        vm=INVENTORY,
    ),
]
