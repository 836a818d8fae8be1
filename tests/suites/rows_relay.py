"""RELAY-001..003: every outcome, word for word."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from plugins.model import Status
from tests.support.azure_rows import azure_row, common_azure_rows, props
from tests.support.fake_azure import (
    CONTRIBUTOR,
    CUSTOM,
    FORBIDDEN,
    GONE,
    INVENTORY,
    READER,
    RELAY,
    SUBSCRIPTION,
    USER,
    USER_ID,
    VM_ID,
    assigned,
    denying,
)
from tests.support.suite_rows import Row

ROWS: dict[str, list[Row]] = {}

PRIVATE = replace(INVENTORY, path="relay")
CONDITION = "(@Resource[name] StringLike 'vm-*')"
ASSIGN_RELAY = "Microsoft.NetworkCloud/virtualMachines/assignRelay/action"
COMPUTE = {"namespace": "Microsoft.HybridCompute"}
CONNECTIVITY = {"namespace": "Microsoft.HybridConnectivity"}

PUBLIC = (
    "the path is public",
    Status.NOT_APPLICABLE,
    "The VM enrolls through the public relay (path: public in the inventory).",
)


def relay_row(name: str, status: Status, message: str, remedy: str = "", **more: Any) -> Row:
    """A row of a VM whose path is relay."""
    return azure_row(name, status, message, remedy, inventory=PRIVATE, **more)


ROWS["RELAY-001"] = [
    azure_row(*PUBLIC, also=CONNECTIVITY, providers={"Microsoft.HybridConnectivity": "NotRegistered"}),
    azure_row(
        *(f"{PUBLIC[0]}, and Azure refused", *PUBLIC[1:]),
        also=COMPUTE,
        providers={"Microsoft.HybridCompute": FORBIDDEN},
    ),
    relay_row(
        "registered",
        Status.PASS,
        "Microsoft.HybridConnectivity, which private relay needs, is registered in subscription 11111111-2222-3333-4444-555555555555.",
        also=CONNECTIVITY,
    ),
    relay_row(
        "registering",
        Status.WARN,
        "Microsoft.HybridConnectivity, which private relay needs, is Registering in subscription 11111111-2222-3333-4444-555555555555; expected Registered. That takes some minutes.",
        "Wait and run again; if it persists: az provider register --namespace Microsoft.HybridConnectivity --subscription 11111111-2222-3333-4444-555555555555 --wait",
        also=CONNECTIVITY,
        providers={"Microsoft.HybridConnectivity": "Registering"},
    ),
    relay_row(
        "not registered",
        Status.FAIL,
        "Microsoft.HybridCompute, which private relay needs, is NotRegistered in subscription 11111111-2222-3333-4444-555555555555; expected Registered.",
        "az provider register --namespace Microsoft.HybridCompute --subscription 11111111-2222-3333-4444-555555555555 --wait",
        also=COMPUTE,
        providers={"Microsoft.HybridCompute": "NotRegistered"},
    ),
    relay_row(
        "not stated",
        Status.UNKNOWN,
        "Azure does not state registrationState of the resource provider Microsoft.HybridConnectivity in subscription 11111111-2222-3333-4444-555555555555.",
        "Check the resource in the portal (JSON view, newest API version), or run again later.",
        also=CONNECTIVITY,
        providers={"Microsoft.HybridConnectivity": ""},
    ),
    relay_row(
        "Azure refused",
        Status.UNKNOWN,
        "Azure refused to show it (HTTP 403, AuthorizationFailed)",
        "Grant the runner Reader.",
        also=CONNECTIVITY,
        providers={"Microsoft.HybridConnectivity": FORBIDDEN},
    ),
]


ROWS["RELAY-002"] = [
    azure_row(*PUBLIC),
    azure_row(*(f"{PUBLIC[0]}, and the VM does not exist", *PUBLIC[1:]), vm=GONE),
    relay_row(
        "a custom role on the VM itself",
        Status.PASS,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 may do Microsoft.NetworkCloud/virtualMachines/assignRelay/action on VM vm-a, by Relay at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.NetworkCloud/virtualMachines/vm-a.",
        roles=[assigned(RELAY, VM_ID)],
    ),
    relay_row(
        "Contributor at the subscription",
        Status.PASS,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 may do Microsoft.NetworkCloud/virtualMachines/assignRelay/action on VM vm-a, by Contributor at /subscriptions/11111111-2222-3333-4444-555555555555.",
        roles=[assigned(CONTRIBUTOR, f"/subscriptions/{SUBSCRIPTION}")],
    ),
    relay_row(
        "the user-assigned identity",
        Status.PASS,
        "Principal aaaaaaaa-0000-0000-0000-000000000002 may do Microsoft.NetworkCloud/virtualMachines/assignRelay/action on VM vm-a, by Relay at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus.",
        vm={"identity": {"type": "UserAssigned", "userAssignedIdentities": {USER_ID: {"principalId": USER}}}},
        roles=[assigned(RELAY, to=USER)],
    ),
    relay_row(
        "nothing allows it",
        Status.FAIL,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 (the system-assigned identity) may not do Microsoft.NetworkCloud/virtualMachines/assignRelay/action on VM vm-a: no role assignment at the VM or above it allows that.",
        "Assign a custom role with this action alone, or Contributor on the VM: az role assignment create --assignee-object-id aaaaaaaa-0000-0000-0000-000000000001 --assignee-principal-type ServicePrincipal --role b24988ac-6180-42a0-ab88-20f7382dd24c --scope /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.NetworkCloud/virtualMachines/vm-a",
        roles=[assigned(READER), assigned(CUSTOM)],
    ),
    relay_row(
        "on another VM whose name begins alike",
        Status.FAIL,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 (the system-assigned identity) may not do Microsoft.NetworkCloud/virtualMachines/assignRelay/action on VM vm-a: no role assignment at the VM or above it allows that.",
        "Assign a custom role with this action alone, or Contributor on the VM: az role assignment create --assignee-object-id aaaaaaaa-0000-0000-0000-000000000001 --assignee-principal-type ServicePrincipal --role b24988ac-6180-42a0-ab88-20f7382dd24c --scope /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.NetworkCloud/virtualMachines/vm-a",
        roles=[assigned(RELAY, VM_ID + "b")],
    ),
    relay_row(
        "denied",
        Status.FAIL,
        "Principal aaaaaaaa-0000-0000-0000-000000000001 may not do Microsoft.NetworkCloud/virtualMachines/assignRelay/action on VM vm-a: the deny assignment stack-lock at /subscriptions/11111111-2222-3333-4444-555555555555 denies it, regardless of assignments.",
        "Have the deny assignment changed by its owner: it cannot be removed separately.",
        roles=[assigned(RELAY)],
        denies=[denying(ASSIGN_RELAY)],
    ),
    relay_row(
        "no identity",
        Status.FAIL,
        "The VM has no managed identity.",
        "A managed identity works only when the VM was created with it: create the VM again with the identity, or correct the inventory.",
        vm={"identity": GONE},
    ),
    relay_row(
        "under a condition",
        Status.UNKNOWN,
        "Whether the identity may assign the relay of VM vm-a is not known. Relay at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus grants it under a condition that only Azure can evaluate: (@Resource[name] StringLike 'vm-*')",
        "Read the condition, or assign a role without one.",
        roles=[assigned(RELAY, condition=CONDITION)],
    ),
    relay_row(
        "the deny assignments cannot be read",
        Status.UNKNOWN,
        "Whether the identity may assign the relay of VM vm-a is not known. Relay at /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus grants it, but the deny assignments are not known: Azure refused to show it (HTTP 403, AuthorizationFailed)",
        "Check role and deny assignments of VM vm-a in the portal (Access control), or let the runner read them: Reader there.",
        roles=[assigned(RELAY)],
        denies=FORBIDDEN,
    ),
    relay_row(
        "its principal is not known",
        Status.UNKNOWN,
        "The identity's principal is not known, so its roles are not.",
        "See IDENTITY-002.",
        vm={"identity": {"principalId": GONE}},
    ),
    *common_azure_rows("roles", "vm", inventory=PRIVATE),
]


ROWS["RELAY-003"] = [
    azure_row(*PUBLIC),
    relay_row(
        "waits for the agent",
        Status.PASS,
        "The Arc machine vm-a in resource group rg-nexus waits for the agent (AwaitingConnection).",
        machine=props(status="AwaitingConnection", vmId=""),
    ),
    relay_row(
        "connected already",
        Status.PASS,
        "The Arc machine vm-a in resource group rg-nexus is Connected already; VM-006 checks whether it is this VM.",
        machine={},
    ),
    relay_row(
        "there is none",
        Status.FAIL,
        "There is no Arc machine vm-a in resource group rg-nexus; expected one with the status AwaitingConnection. azcmagent connect existing would have nothing to connect to.",
    ),
    relay_row(
        "a left-over",
        Status.FAIL,
        "The Arc machine vm-a in resource group rg-nexus is Disconnected; expected AwaitingConnection.",
        "If that machine is no longer needed, delete and create it again: az resource delete --ids /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.HybridCompute/machines/vm-a",
        machine=props(status="Disconnected"),
    ),
    relay_row(
        "no status",
        Status.UNKNOWN,
        "Azure does not state status of the Arc machine vm-a in resource group rg-nexus.",
        "Check the resource in the portal (JSON view, newest API version), or run again later.",
        machine=props(status=GONE),
    ),
    *common_azure_rows("machine", inventory=PRIVATE),
]
