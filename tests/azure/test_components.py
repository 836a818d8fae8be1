"""`plugins.azure.components`: the components that a VM shares with others, by kind."""

from __future__ import annotations

from typing import Any

from plugins.azure import answer_keys
from plugins.azure.components import components
from plugins.azure.snapshot import Answer, AzureSnapshot, ReadError
from plugins.model import Target, Vm

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
NEXUS = f"{GROUP}/providers/Microsoft.NetworkCloud"
ID = f"{NEXUS}/virtualMachines/a"
PRINCIPAL = "00000000-0000-0000-0000-000000000003"
TARGET = Target(subscription="00000000-0000-0000-0000-000000000002", resource_group="arc-rg")


def found(vm: Vm, resource: dict[str, Any] | None) -> dict[str, str]:
    answers: dict[str, Answer | ReadError] = (
        {} if resource is None else {answer_keys.resource(ID): Answer("GET vm", resource)}
    )
    return components(vm, AzureSnapshot(answers=answers, located={"a": ID}))


def test_each_kind_has_its_id() -> None:
    identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id"
    resource = {
        "id": ID,
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {"principalId": PRINCIPAL}}},
        "properties": {
            "clusterId": f"{NEXUS}/clusters/c/",
            "cloudServicesNetworkAttachment": {"attachedNetworkId": f"{NEXUS}/cloudServicesNetworks/csn"},
            "vmImage": " registry.example/ubuntu:22.04 ",
        },
    }
    assert found(Vm("a", resource_id=ID, identity=identity, target=TARGET), resource) == {
        "vm": ID,
        "cluster": f"{NEXUS}/clusters/c",
        "csn": f"{NEXUS}/cloudServicesNetworks/csn",
        "image": "registry.example/ubuntu:22.04",
        "identity": identity,
        "resource group": f"/subscriptions/{TARGET.subscription}/resourceGroups/arc-rg",
        "subscription": f"/subscriptions/{TARGET.subscription}",
    }


def test_without_an_answer_of_azure_only_what_the_inventory_says_is_known() -> None:
    assert found(Vm("a", resource_id=ID, identity="system", target=TARGET), None) == {
        "resource group": f"/subscriptions/{TARGET.subscription}/resourceGroups/arc-rg",
        "subscription": f"/subscriptions/{TARGET.subscription}",
    }
