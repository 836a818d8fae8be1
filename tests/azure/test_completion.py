"""Values that the inventory does not state come from the VM resource, before the visits."""

from __future__ import annotations

from dataclasses import replace

from plugins.azure.completion import complete, open_fields
from plugins.model import Target, Vm
from tests.support.arm_server import Arm, forbidden
from tests.support.azure_site import GROUP, SUBSCRIPTION, options, populate, vm_id
from tests.support.suite_rows import PROFILE

UAMI = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mine"


def test_location_and_identity_come_from_the_vm_resource(arm: Arm) -> None:
    vms = populate(arm, 2)
    arm.documents[vm_id("vm2").lower()]["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {UAMI: {}}}
    (one, two), notes = complete(vms, options(arm))
    assert notes == []
    assert (one.target.location, one.identity) == ("eastus", "system")
    assert (two.target.location, two.identity) == ("eastus", UAMI)
    hosts = [endpoint.host for endpoint in PROFILE.endpoints(one)]
    assert {"eastus.login.microsoft.com", "eastus-gas.guestconfiguration.azure.com"} <= set(hosts)
    assert {request.split("?")[0].split("/")[-1].lower() for request in arm.requests} == {"vm1", "vm2"}


def test_stated_fields_are_not_requested_from_azure(arm: Arm) -> None:
    (vm,) = populate(arm, 1)
    stated = replace(vm, identity=UAMI, target=Target(location="westeurope"))
    assert complete([stated], options(arm)) == ([stated], [])
    assert arm.requests == []
    half = replace(vm, target=Target(location="westeurope"))
    (completed,), _ = complete([half], options(arm))
    assert (completed.target.location, completed.identity) == ("westeurope", "system")


def test_a_vm_without_a_known_resource_stays_as_it_is(arm: Arm) -> None:
    populate(arm, 1)
    plain = Vm("vm1")
    assert not open_fields(plain, options(arm))
    assert complete([plain], options(arm)) == ([plain], [])
    (completed,), _ = complete([plain], options(arm, subscription=SUBSCRIPTION))
    assert completed.target.location == "eastus"


def test_what_could_not_be_read_is_a_note(arm: Arm) -> None:
    vms = populate(arm, 2)
    arm.trouble("/virtualmachines/", forbidden("Microsoft.NetworkCloud/virtualMachines/read", GROUP))
    completed, notes = complete(vms, options(arm))
    assert completed == vms
    assert len(notes) == 1
    assert notes[0].startswith(
        "no location is stated for 2 VMs, so the regional endpoints are skipped: Could not read the virtual machine VM1:"
    )


def test_a_vm_that_does_not_exist_stays_as_it_is(arm: Arm) -> None:
    populate(arm, 1)
    lost = Vm("lost", resource_id=vm_id("lost"))
    assert complete([lost], options(arm)) == ([lost], [])
