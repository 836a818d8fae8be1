"""AGENT-005 and 007: the agent's connection and its VM ID; every outcome, word for word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from plugins.model import ProbeResult, Status, Target, Vm
from suites.probes.azcmagent import AgentStatus
from tests.suites.agent_evidence import SHOW_CONNECTED, SHOW_EXPIRED, SHOW_NEVER, SHOW_NO_SERVICE, installed, missing
from tests.support.suite_rows import Row, captured, seen

ROWS: dict[str, list[Row]] = {}

SHARED_ID = "The VM ID 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11 was also reported by vm-b, and Azure does not show whose it is; expected a unique id."
RIGHT_OR_DISCONNECT = "If that resource is the right one, correct the inventory (resource_id, target). Else run 'azcmagent disconnect' on the VM, then connect again."
RUN_BY_HAND = "Run the command shown below on the VM by hand, and check the agent's service: systemctl status himdsd."

ID = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/vm-a"
SHOW_COPIED = replace(SHOW_CONNECTED, stdout=SHOW_CONNECTED.stdout.replace("vm-a", "vm-b"))


def show(text: str) -> ProbeResult:
    return seen(f"{{}}\n\n@text\n{text}")


VM_ID = "5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11"


def clash(arc: Mapping[str, str | None], **vm_ids: str) -> dict[str, Any]:
    """The agents' reports of a fleet's VMs, and the vmId of their Arc machines in Azure, by VM name."""
    reported = {name.replace("_", "-"): AgentStatus(status="Connected", vm_id=vm_id) for name, vm_id in vm_ids.items()}
    return {"fleet_agent_show": reported, "arc_vm_id": arc.get}


WHOSE = (
    "Look up the VM ID among the Arc machines in Azure (properties.vmId). Disconnect a VM only when it is another VM's."
)

HELD = Vm(
    "vm-a", resource_id="/subscriptions/S/resourceGroups/rg-vm/providers/Microsoft.NetworkCloud/virtualMachines/vm-a"
)

TOLD = replace(HELD, target=Target("00000000-0000-0000-0000-000000000001", "RG-ARC", "eastus"))

ROWS["AGENT-005"] = [
    Row(
        "not installed",
        missing(),
        Status.NOT_APPLICABLE,
        "The Connected Machine agent is not installed yet.",
    ),
    Row(
        "never connected",
        installed(SHOW_NEVER),
        Status.PASS,
        "The agent is installed and was never connected: ready to connect.",
    ),
    Row(
        "connected as expected",
        installed(SHOW_CONNECTED),
        Status.PASS,
        "Already enrolled: connected as /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/vm-a, as expected.",
        vm=TOLD,
    ),
    Row(
        "connected, told in JSON only",
        installed(captured("azcmagent/show-json-connected")),
        Status.PASS,
        "Already enrolled: connected as /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/vm-a, as expected.",
        vm=TOLD,
    ),
    Row(
        "connected, nothing to compare with",
        installed(SHOW_CONNECTED),
        Status.PASS,
        "Already enrolled: connected as /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/vm-a. The inventory does not state where it should be, so this was not compared.",
    ),
    Row(
        "connected in another place",
        installed(SHOW_CONNECTED),
        Status.FAIL,
        "The machine is connected already, as another resource: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/vm-a (subscription 00000000-0000-0000-0000-000000000001, expected S; resource group rg-arc, expected rg-vm). Connecting would end with AZCM0067.",
        RIGHT_OR_DISCONNECT,
        vm=HELD,
    ),
    Row(
        "connected under another name",
        installed(
            show(
                "Agent Status : Connected\nResource Name : copy-of-vm\nResource Group Name : rg-arc\nSubscription ID : 00000000-0000-0000-0000-000000000001\n"
            )
        ),
        Status.FAIL,
        "The machine is connected already, as another resource: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/copy-of-vm (name copy-of-vm, expected vm-a). Connecting would end with AZCM0067.",
        RIGHT_OR_DISCONNECT,
        vm=TOLD,
    ),
    Row(
        "connected under another name, by JSON alone",
        installed(
            seen(
                '{"status": "Connected", "resourceName": "copy-of-vm", "resourceGroup": "rg-arc", "subscriptionId": "00000000-0000-0000-0000-000000000001"}\n\n@text\n'
            )
        ),
        Status.FAIL,
        "The machine is connected already, as another resource: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/copy-of-vm (name copy-of-vm, expected vm-a). Connecting would end with AZCM0067.",
        RIGHT_OR_DISCONNECT,
        vm=TOLD,
    ),
    Row(
        "connected once, without contact",
        installed(
            show(f"Agent Status : Disconnected\nResource Id : {ID}\nAgent Last Heartbeat : 2026-11-01T10:00:00Z\n")
        ),
        Status.FAIL,
        "azcmagent show reports Disconnected, though the machine was connected as /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/vm-a. Its last heartbeat was 2026-11-01T10:00:00Z. Expected Connected, or never connected; connecting again would end with AZCM0067.",
        "If it should be that resource, find out why the agent gets no contact (AGENT-003, AGENT-004). Else run 'azcmagent disconnect' (with --force-local-only if the resource no longer exists in Azure) and connect again.",
    ),
    Row(
        "expired",
        installed(SHOW_EXPIRED),
        Status.FAIL,
        "azcmagent show reports Expired for /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/vm-a: AZCM0026 Network Error: no route to gbl.his.arc.azure.com (2026-11-21T20:00:00Z). Its last heartbeat was 2026-08-21T22:41:07Z. AZCM0026: The network does not meet the requirements of the agent, or a service that the agent requires is unavailable at the moment.",
        "Run azcmagent check --location LOCATION on the VM and find out which endpoint is not reached: name resolution, the CSN proxy, its egress list. In a network with a private link scope, pass --private-link-scope. (NET-001, PROXY-004, PROXY-003, CSN-001, CSN-002, AGENT-004, DNS-001)",
    ),
    Row(
        "error without a known code",
        installed(show("Agent Status : Error\nAgent Error Code : HIS17\nAgent Error Details : out of cheese.\n")),
        Status.FAIL,
        "azcmagent show reports Error: HIS17 out of cheese.",
        "Run 'azcmagent disconnect' on the VM (with --force-local-only if the resource no longer exists in Azure), then connect again.",
    ),
    Row(
        "error without a reason",
        installed(show("Agent Status : Error\n")),
        Status.FAIL,
        "azcmagent show reports Error, and no reason.",
    ),
    Row(
        "a status nobody describes",
        installed(show("Agent Status : Dreaming\n")),
        Status.UNKNOWN,
        "azcmagent show reports 'Dreaming'; expected Connected, Disconnected, Expired or Error.",
        "Run 'azcmagent show' on the VM by hand.",
    ),
    Row(
        "its service is down",
        installed(SHOW_NO_SERVICE),
        Status.UNKNOWN,
        "Whether the machine is connected, and to which resource, is not known: azcmagent show printed no status (output: FATAL   AZCM0061: Unable to reach agent service).",
        RUN_BY_HAND,
    ),
    Row(
        "no answer in time",
        installed(seen(state="timed out")),
        Status.UNKNOWN,
        "Whether the machine is connected, and to which resource, is not known: the command did not answer in time.",
        RUN_BY_HAND,
    ),
]

ROWS["AGENT-007"] = [
    Row(
        "not installed",
        missing(),
        Status.NOT_APPLICABLE,
        "The Connected Machine agent is not installed yet.",
        parameters=clash({}),
    ),
    Row(
        "never connected",
        installed(SHOW_NEVER),
        Status.NOT_APPLICABLE,
        "The agent has no VM ID: it was never connected.",
        parameters=clash({}, vm_a="", vm_b=""),
    ),
    Row(
        "alone",
        installed(SHOW_CONNECTED),
        Status.PASS,
        "The VM ID 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11 is this VM's; no other VM of this run has one to compare with.",
        parameters=clash({}, vm_a=VM_ID),
    ),
    Row(
        "an id that is cut off",
        installed(replace(SHOW_CONNECTED, stdout=SHOW_CONNECTED.stdout.replace(VM_ID, VM_ID[:20]))),
        Status.UNKNOWN,
        "azcmagent show printed the VM ID '5a1c5a66-6c3c-4d1e-9', which is not a GUID: it cannot be compared.",
        "Run 'azcmagent show' on the VM by hand.",
        parameters=clash({}, vm_a=VM_ID),
    ),
    Row(
        "another spelling of the same id",
        installed(replace(SHOW_CONNECTED, stdout=SHOW_CONNECTED.stdout.replace(VM_ID, f"{{{VM_ID.upper()}}}"))),
        Status.UNKNOWN,
        "The VM ID {5A1C5A66-6C3C-4D1E-9D4E-0F1F8A2D7C11} was also reported by vm-b, and Azure does not show whose it is; expected a unique id.",
        "Look up the VM ID among the Arc machines in Azure (properties.vmId). Disconnect a VM only when it is another VM's.",
        parameters=clash({}, vm_a=VM_ID, vm_b=VM_ID.replace("-", "")),
    ),
    Row(
        "alone with an id",
        installed(SHOW_CONNECTED),
        Status.PASS,
        "The VM ID 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11 is this VM's; no other VM of this run has one to compare with.",
        parameters=clash({}, vm_a=VM_ID, vm_b=""),
    ),
    Row(
        "different",
        installed(SHOW_CONNECTED),
        Status.PASS,
        "The VM ID 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11 is this VM's alone among 3 VMs that have one.",
        parameters=clash({}, vm_a=VM_ID, vm_b="b", vm_c="b"),
    ),
    Row(
        "another VM reports it too, and Azure has it as this VM's",
        installed(SHOW_CONNECTED),
        Status.PASS,
        "The VM ID 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11 is this VM's, as Azure has it. vm-b and vm-d also reported it.",
        parameters=clash({"vm-a": VM_ID, "vm-b": "b", "vm-d": None}, vm_b=VM_ID.upper(), vm_c="c", vm_d=VM_ID),
    ),
    Row(
        "copied",
        installed(SHOW_COPIED),
        Status.FAIL,
        "The VM ID 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11 is that of vm-b, as Azure has it; expected a unique id.",
        "This VM is a copy of a connected machine. On the VM: azcmagent disconnect --force-local-only, then connect again; and remove the agent from the image.",
        parameters=clash({"vm-a": "", "vm-b": VM_ID, "vm-d": ""}, vm_b=VM_ID, vm_d=VM_ID),
    ),
    Row(
        "Azure has it as another VM's, and lists no machine of this VM, whose agent names its own",
        installed(SHOW_CONNECTED),
        Status.UNKNOWN,
        SHARED_ID,
        WHOSE,
        parameters=clash({"vm-a": "", "vm-b": VM_ID}, vm_b=VM_ID),
    ),
    Row(
        "another VM reports it too, and Azure was not queried",
        installed(SHOW_CONNECTED),
        Status.UNKNOWN,
        SHARED_ID,
        WHOSE,
        parameters=clash({}, vm_b=VM_ID),
    ),
    Row(
        "another VM reports it too, and Azure has it as nobody's",
        installed(SHOW_CONNECTED),
        Status.UNKNOWN,
        SHARED_ID,
        WHOSE,
        parameters=clash({"vm-a": "a", "vm-b": "b"}, vm_b=VM_ID),
    ),
    Row(
        "it is another VM's in Azure, which does not state what this VM's is",
        installed(SHOW_CONNECTED),
        Status.UNKNOWN,
        SHARED_ID,
        WHOSE,
        parameters=clash({"vm-b": VM_ID}, vm_b=VM_ID),
    ),
    Row(
        "Azure has it as that of both",
        installed(SHOW_CONNECTED),
        Status.UNKNOWN,
        SHARED_ID,
        WHOSE,
        parameters=clash({"vm-a": VM_ID, "vm-b": VM_ID}, vm_b=VM_ID),
    ),
    Row(
        "its service is down",
        installed(SHOW_NO_SERVICE),
        Status.UNKNOWN,
        "The VM ID is not known: azcmagent show printed no status (output: FATAL   AZCM0061: Unable to reach agent service).",
        RUN_BY_HAND,
        parameters=clash({}),
    ),
]
