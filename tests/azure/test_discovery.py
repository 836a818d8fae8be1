"""The fleet in Azure."""

from __future__ import annotations

import re
from typing import Any

import pytest

from plugins.azure.clouds import clouds
from plugins.azure.discovery import FleetError, Place, addresses, fleet_from_azure, from_resources, parse_places
from plugins.model import Target
from tests.support import azure_site as site
from tests.support.arm_server import Arm, FakeCredential, forbidden
from tests.support.azure_site import SUBSCRIPTION, vm_id


def test_a_fleet_comes_from_azure(arm: Arm) -> None:
    site.populate(arm, 3)
    place = Place(arm.cloud, SUBSCRIPTION)
    discovery = fleet_from_azure([place], lambda cloud: FakeCredential())
    assert [(vm.name, vm.host, vm.resource_id) for vm in discovery.vms] == [
        (f"vm{number}", f"10.0.0.{number}", vm_id(f"vm{number}")) for number in (1, 2, 3)
    ]
    assert discovery.vms[0].tags == {"site": "lab"}
    assert discovery.notes == []
    vm = discovery.vms[0]
    assert (vm.user, vm.identity, vm.os, vm.target) == ("azureuser", "system", "linux", Target(location="eastus"))
    group = Place(arm.cloud, SUBSCRIPTION, "vms-rg")
    assert fleet_from_azure([group], lambda cloud: FakeCredential()) == discovery
    assert fleet_from_azure([group, place], lambda cloud: FakeCredential()) == discovery, "each VM once"


def test_a_fleet_that_cannot_be_read_says_why(arm: Arm) -> None:
    arm.trouble(
        "/virtualmachines", forbidden("Microsoft.NetworkCloud/virtualMachines/read", f"/subscriptions/{SUBSCRIPTION}")
    )
    with pytest.raises(FleetError, match="403 AuthorizationFailed") as caught:
        fleet_from_azure([Place(arm.cloud, SUBSCRIPTION)], lambda cloud: FakeCredential())
    assert "Reader" in caught.value.remedy


def test_a_guessed_address_is_noted() -> None:
    plain, nothing, twin, six = (site.vm(number) for number in (1, 2, 3, 4))
    for attachment in plain["properties"]["networkAttachments"]:
        attachment["defaultGateway"] = "False"
    nothing["properties"]["networkAttachments"] = []
    twin["id"] = vm_id("vm1").replace("vms-rg", "other-rg")
    twin["name"] = "vm1"
    six["properties"]["networkAttachments"] = [{"defaultGateway": "True", "ipv6Address": "fd00::4/64"}]
    discovery = from_resources([(clouds()["AzureCloud"], resource) for resource in (plain, nothing, twin, six)])
    assert [(vm.name, vm.host) for vm in discovery.vms] == [
        ("other-rg/vm1", "10.0.0.3"), ("vm2", "vm2"), ("vm4", "fd00::4"), ("vms-rg/vm1", "192.0.2.1")
    ]  # fmt: skip
    assert discovery.notes == [
        "vms-rg/vm1: none of its 2 networks is the default gateway; the address in the first, data, is used: 192.0.2.1.",
        "vm2: Azure shows no address for it; its name is used as the SSH host.",
    ]
    assert addresses(nothing) == []


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ({"type": "SystemAssigned", "principalId": "p"}, "system"),
        ({"type": "UserAssigned", "userAssignedIdentities": {"/mine": {}}}, "/mine"),
        ({"type": "userassigned", "userAssignedIdentities": {"/mine": None}}, "/mine"),
        ({"type": "UserAssigned", "userAssignedIdentities": {"/mine": {}, "/other": {}}}, None),
        ({"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {"/mine": {}}}, None),
        ({"type": "None"}, None),
        (None, None),
    ],
)
def test_the_only_identity_of_a_vm_is_the_one_to_enroll_with(identity: Any, expected: str | None) -> None:
    """So TOKEN-001 and --enroll name it to the metadata service (msi_res_id), as the article requires."""
    resource = site.vm(1) | {"identity": identity}
    (vm,) = from_resources([(clouds()["AzureCloud"], resource)]).vms
    assert vm.identity == expected


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("myacr.azurecr.io/windows2022:latest", "windows"),
        ("myacr.azurecr.io/images/win2019:1", "windows"),
        ("myacr.azurecr.io/WindowsServer-2022", "windows"),
        ("myacr.azurecr.io/winserver", "windows"),
        ("myacr.azurecr.io/base:win", "windows"),
        ("windows.example/ubuntu:22.04", "linux"),
        ("myacr.azurecr.io/darwin:1", "linux"),
        ("myacr.azurecr.io/winston:1", "linux"),
        ("myacr.azurecr.io/window-manager:1", "linux"),
        ("myacr.azurecr.io/foobar:latest", "linux"),
        ("", "linux"),
    ],
)
def test_windows_is_known_by_its_image(image: str, expected: str) -> None:
    resource = site.vm(1)
    resource["properties"]["vmImage"] = image
    discovery = from_resources([(clouds()["AzureCloud"], resource)])
    assert discovery.vms[0].os == expected
    assert bool(discovery.notes) == (expected == "windows")
    if discovery.notes:
        assert discovery.notes == [
            "os: windows, by the name of the image, because Azure does not state the system:  vm1. If that is wrong, "
            "state os in a file: --inventory."
        ]


@pytest.mark.parametrize(
    ("changed", "message", "remedy"),
    [
        (
            {"name": None},
            "A VM in Azure's list has no usable id and name ('name').",
            "Name the VMs in a fleet file: --inventory.",
        ),
        (
            {"id": "x"},
            "A VM in Azure's list has no usable id and name ('x' is not a resource id. Expected ",
            "Name the VMs in a fleet file: --inventory.",
        ),
        ({"name": "-a"}, "A VM in Azure's list ", "Name the VMs in a fleet file: --inventory."),
        ({"properties": {"networkAttachments": [{"ipv4Address": "-a"}]}}, "The address of vm1 in Azure ", "Name it in a fleet file: --inventory."),
    ],
)  # fmt: skip
def test_a_vm_that_cannot_be_used_is_refused(changed: dict[str, Any], message: str, remedy: str) -> None:
    resource = {name: value for name, value in (site.vm(1) | changed).items() if value is not None}
    with pytest.raises(FleetError) as caught:
        from_resources([(clouds()["AzureCloud"], resource)])
    assert str(caught.value).startswith(message)
    assert caught.value.remedy == remedy


def test_an_admin_name_that_could_be_an_option_is_not_used() -> None:
    resource = site.vm(1)
    resource["properties"]["adminUsername"] = "-oProxyCommand=x"
    discovery = from_resources([(clouds()["AzureCloud"], resource)])
    assert discovery.vms[0].user is None
    assert discovery.notes == ["vm1: its adminUsername in Azure cannot be used, so the SSH configuration decides."]


def test_vms_of_several_clouds_are_one_fleet() -> None:
    public, china = clouds()["AzureCloud"], clouds()["AzureChinaCloud"]
    other = site.vm(1)
    other["id"] = other["id"].replace(SUBSCRIPTION, "60000000-0000-4000-8000-000000000001")
    discovery = from_resources([(public, site.vm(1)), (china, other)])
    assert {(vm.name, vm.target.cloud) for vm in discovery.vms} == {
        (f"{SUBSCRIPTION}/vms-rg/vm1", "AzureCloud"),
        ("60000000-0000-4000-8000-000000000001/vms-rg/vm1", "AzureChinaCloud"),
    }


def test_places_of_a_fleet() -> None:
    public, gov = clouds()["AzureCloud"], clouds()["AzureUSGovernment"]
    assert parse_places("s-1") == [Place(public, "s-1")]
    assert parse_places("s-1/rg, azureusgovernment:s-2/rg-b") == [Place(public, "s-1", "rg"), Place(gov, "s-2", "rg-b")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("AzureClud:s", "'AzureClud' is not a cloud. Did you mean 'AzureCloud'? Known: AzureCloud, AzureUSGovernment, AzureChinaCloud."),
        ("s/a/b", "'s/a/b' is not a place in Azure. Expected [CLOUD:]SUBSCRIPTION[/GROUP]."),
        ("s/", "'s/' is not a place in Azure. Expected [CLOUD:]SUBSCRIPTION[/GROUP]."),
        (" , ", "names no subscription. Expected [CLOUD:]SUBSCRIPTION[/GROUP]."),
    ],
)  # fmt: skip
def test_an_invalid_scope_is_explained(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_places(text)
