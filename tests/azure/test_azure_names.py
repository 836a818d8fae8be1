"""VMs without a resource id, found in Azure by name or address."""

from __future__ import annotations

import pytest

from plugins.azure import resource_ids as ids
from plugins.azure.fetch import _parsed, fetch
from plugins.azure.snapshot import ReadError
from plugins.azure.vm_view import AzureVmView
from plugins.model import Vm
from tests.azure.reading import look, stopped
from tests.support import azure_site as site
from tests.support.arm_server import Arm
from tests.support.azure_site import GROUP, SUBSCRIPTION, options, populate, vm_id


def test_vms_are_found_by_name_or_address(arm: Arm) -> None:
    populate(arm, 3)
    vms = [Vm("VM2"), Vm("azureuser@10.0.0.3", host="10.0.0.3"), Vm("other")]
    facts = fetch(vms, options(arm, subscription=SUBSCRIPTION))
    assert AzureVmView(vms[0], facts).resource_id == vm_id("vm2")
    assert AzureVmView(vms[1], facts).resource_id == vm_id("vm3")
    assert AzureVmView(vms[1], facts).arc_name == "vm3"
    problem = stopped(AzureVmView(vms[2], facts), "vm")
    assert problem.message == (
        f"None of the 3 VMs in subscription {SUBSCRIPTION} that the runner's login may see is called other or has the "
        "address other."
    )
    assert problem.remedy == (
        "State the VM's resource_id in the inventory, or search elsewhere: --subscription, --resource-group."
    )
    grouped = fetch(vms, options(arm, subscription=SUBSCRIPTION, resource_group="vms-rg"))
    assert stopped(AzureVmView(vms[2], grouped), "vm").message.startswith(
        f"None of the 3 VMs in subscription {SUBSCRIPTION}, resource group vms-rg that "
    )


def test_a_name_that_two_vms_have_is_not_guessed(arm: Arm) -> None:
    populate(arm, 1)
    twin = site.vm(1)
    twin["id"] = twin["id"].replace("vms-rg", "other-rg")
    arm.put(twin)
    view = look(arm, [Vm("vm1")], subscription=SUBSCRIPTION)
    problem = stopped(view, "vm")
    assert problem.message == (f"2 VMs of subscription {SUBSCRIPTION} are called vm1: {vm_id('vm1')}, {twin['id']}.")
    assert problem.remedy == "State which one: resource_id in the inventory, or --resource-group."


def test_an_invalid_id_from_azure_is_not_requested() -> None:
    problem = _parsed("rack-1")
    assert isinstance(problem, ReadError)
    assert (problem.message.partition(".")[0], problem.remedy) == ("'rack-1' is not a resource id", "Correct the id.")


def test_a_vm_without_a_resource_id_is_not_requested(arm: Arm) -> None:
    populate(arm, 1)
    view = look(arm, [Vm("vm1")])
    problem = stopped(view, "vm")
    assert "The resource id of vm1 is not stated" in problem.message
    assert "resource_id in the inventory" in problem.remedy
    assert view.fleet.calls == []


@pytest.mark.parametrize(
    ("id", "message"),
    [
        (
            "vm-a",
            "'vm-a' is not a resource id. Expected /subscriptions/<guid>/resourceGroups/<group>/providers/<namespace>/"
            "<type>/<name>, as `az ... show --query id` prints it.",
        ),
        (
            f"{GROUP}/providers/Microsoft.Compute/virtualMachines/a",
            f"The resource_id {GROUP}/providers/Microsoft.Compute/virtualMachines/a names a "
            "Microsoft.Compute/virtualMachines. Expected a Microsoft.NetworkCloud/virtualMachines.",
        ),
    ],
)
def test_a_wrong_resource_id_is_explained(arm: Arm, id: str, message: str) -> None:
    problem = stopped(look(arm, [Vm("a", resource_id=id)]), "vm")
    assert problem.message == message
    assert problem.remedy == "Correct resource_id in the inventory."
    assert arm.requests == []


@pytest.mark.parametrize(
    "text",
    [
        "5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11",
        " {5A1C5A66-6C3C-4D1E-9D4E-0F1F8A2D7C11}\n",
        "(5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11)",
        "urn:uuid:5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11",
        "5A1C5A666C3C4D1E9D4E0F1F8A2D7C11",
    ],
)
def test_a_guid_has_several_spellings(text: str) -> None:
    assert ids.guid(text) == "5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11"


@pytest.mark.parametrize("text", ["", "vm-a", "5a1c5a66-6c3c-4d1e-9d4e", "5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c1\u0661"])
def test_what_is_no_guid_equals_none(text: str) -> None:
    assert ids.guid(text) == ""
