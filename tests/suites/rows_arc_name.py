"""VM-006: the name in Azure Arc; every outcome, word for word."""

from __future__ import annotations

from dataclasses import replace

from plugins.model import ProbeResult, Status, Target, Vm
from tests.suites.vm_evidence import UNSTATED
from tests.support.azure_rows import azure_row, common_azure_rows, props
from tests.support.fake_azure import (
    FORBIDDEN,
    GONE,
    INVENTORY,
    MACHINE_ID,
    SUBSCRIPTION,
    VM_ID,
)
from tests.support.suite_rows import Row, seen

ROWS: dict[str, list[Row]] = {}

REMOVE_OR_RENAME = "If that machine is no longer needed: az resource delete --ids /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.HybridCompute/machines/vm-a ; otherwise connect under another name: azcmagent connect --resource-name NAME."
RENAME = "Connect under another name: azcmagent connect --resource-name NAME. Allowed are up to 54 letters, digits, -, _ and dots, the last one a letter or digit."


def called(name: str) -> Vm:
    return replace(INVENTORY, name=name, resource_id=VM_ID.replace("vm-a", name))


UNPLACED = replace(UNSTATED, target=Target(SUBSCRIPTION, "rg-nexus", "eastus"))

#: No agent on the VM.
ABSENT = {"agent": seen(), "agent_show": seen("@absent\n")}
_THERE = seen(
    "@has /opt/azcmagent/bin/azcmagent\n@has /opt/azcmagent/bin/himds\n@version\nazcmagent version 1.61.03319.2737\n"
)

SILENT = {"agent": _THERE, "agent_show": seen(state="timed out")}


def show(key: str, value: str) -> dict[str, ProbeResult]:
    """The agent's output with one more value."""
    rest = f"{'Resource Id':<40}:\n" if key == "Agent Status" else f"{key:<40}: {value}\n"
    status = value if key == "Agent Status" else "Connected"
    return {"agent": _THERE, "agent_show": seen(f"\n@text\n{rest}{'Agent Status':<40}: {status}\n")}


def connected(resource: str = MACHINE_ID) -> dict[str, ProbeResult]:
    return show("Resource Id", resource)


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
        RENAME,
        evidence=ABSENT,
        inventory=called("a" * 55),
    ),
    azure_row(
        "ends with a hyphen: Azure's pattern takes it",
        Status.WARN,
        "web- is free in resource group rg-nexus, and ends with '-': Azure takes that, but the agent's documents do not.",
        RENAME,
        evidence=ABSENT,
        inventory=called("web-"),
    ),
    azure_row(
        "ends with an underscore: Azure's pattern takes it",
        Status.WARN,
        "web_ is free in resource group rg-nexus, and ends with '_': Azure takes that, but the agent's documents do not.",
        RENAME,
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
        RENAME,
        evidence=ABSENT,
        inventory=called("wéb"),
    ),
    *(
        azure_row(
            f"an address is no name: {address}",
            Status.UNKNOWN,
            f"The name of the Arc machine is not known: {address} is an address, and the VM resource, whose name it would get, is not known.",
            "State the VM's resource_id in the inventory, or state where to search for its name: --subscription=<id> --resource-group=<name>.",
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
        RENAME,
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
        REMOVE_OR_RENAME,
        evidence=ABSENT,
        machine={},
    ),
    azure_row(
        "a left-over: no agent here",
        Status.FAIL,
        "A machine vm-a is in resource group rg-nexus already (Disconnected), and it is not this VM: no agent is installed here. azcmagent connect would stop with AZCM0044.",
        REMOVE_OR_RENAME,
        evidence=ABSENT,
        machine=props(status="Disconnected"),
    ),
    azure_row(
        "another one's: never connected",
        Status.FAIL,
        "A machine vm-a is in resource group rg-nexus already (Connected), and it is not this VM: the agent here was never connected. azcmagent connect would stop with AZCM0044.",
        REMOVE_OR_RENAME,
        evidence=show("Agent Status", "Disconnected"),
        machine={},
    ),
    azure_row(
        "another one's: connected elsewhere",
        Status.FAIL,
        "A machine vm-a is in resource group rg-nexus already (Connected), and it is not this VM: the agent here is connected as /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus-2/providers/Microsoft.HybridCompute/machines/vm-a. azcmagent connect would stop with AZCM0044.",
        REMOVE_OR_RENAME,
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
        "vm-a in resource group rg-nexus waits for this VM to connect (AwaitingConnection), as the private relay requires.",
        evidence=ABSENT,
        inventory=replace(INVENTORY, path="relay"),
        machine=props(status="AwaitingConnection", vmId=""),
    ),
    azure_row(
        "prepared for private relay, and the agent is connected elsewhere",
        Status.FAIL,
        "A machine vm-a is in resource group rg-nexus already (AwaitingConnection), and it is not this VM: the agent here is connected as /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus-2/providers/Microsoft.HybridCompute/machines/vm-a. azcmagent connect would stop with AZCM0044.",
        REMOVE_OR_RENAME,
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
        REMOVE_OR_RENAME,
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
        REMOVE_OR_RENAME,
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
