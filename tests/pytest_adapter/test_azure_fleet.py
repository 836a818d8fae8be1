"""--azure-fleet with an inventory beside it: the resulting fleet."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import pytest

from plugins.azure import completion, discovery
from plugins.azure.discovery import Discovery, Place
from plugins.inventory.file import InventoryError
from plugins.model import Target, Vm
from plugins.pytest_adapter import start


def options(**stated: str | bool) -> argparse.Namespace:
    names = (
        "azure_fleet",
        "inventory",
        "ssh_user",
        "ssh_jump",
        "no_azure",
        "collectonly",
        "subscription",
        "resource_group",
    )
    return argparse.Namespace(**dict.fromkeys(names) | stated)


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> list[Place]:
    places: list[Place] = []

    def fleet(some: Sequence[Place]) -> Discovery:
        places.extend(some)
        return Discovery([Vm("a", host="10.0.0.4", user="azureuser")], ["a: a note"])

    monkeypatch.setattr(discovery, "fleet_from_azure", fleet)
    return places


def test_a_fleet_of_azure_and_a_file_beside_it(places: list[Place], tmp_path: Path) -> None:
    (tmp_path / "over.yaml").write_text("defaults: {jump: bastion}\n")
    fleet = start._fleet(options(azure_fleet="s-1/rg,AzureUSGovernment:s-2", inventory=str(tmp_path / "over.yaml")))
    assert fleet is not None
    assert (fleet.vms[0].user, fleet.vms[0].jump, fleet.notes) == ("azureuser", "bastion", ("a: a note",))
    assert [(place.cloud.name, str(place)) for place in places] == [
        ("AzureCloud", "subscription s-1/rg"),
        ("AzureUSGovernment", "subscription s-2"),
    ]


def test_a_cloud_that_does_not_exist_is_refused_before_azure_is_asked(places: list[Place]) -> None:
    with pytest.raises(pytest.UsageError, match="--azure-fleet=Azur:s: 'Azur' is not a cloud"):
        start._fleet(options(azure_fleet="Azur:s"))
    assert places == []


def test_options_say_how_to_reach_every_vm() -> None:
    vms = [Vm("a", user="azureuser", jump="old"), Vm("b")]
    reached = start._reached(vms, options(ssh_user="ops", ssh_jump="ops@bastion:2222"))
    assert [(vm.user, vm.jump) for vm in reached] == [("ops", "ops@bastion:2222")] * 2
    assert start._reached(vms, options()) == vms


@pytest.mark.parametrize(
    ("option", "value"), [("ssh_user", "-x"), ("ssh_jump", "a b"), ("ssh_jump", "-oProxyCommand=x")]
)
def test_an_option_that_is_no_name_is_refused(option: str, value: str) -> None:
    with pytest.raises(InventoryError, match=f"--{option.replace('_', '-')}: "):
        start._reached([Vm("a")], options(**{option: value}))


@pytest.mark.parametrize(
    ("vm", "stated", "asked"),
    [
        (Vm("a", resource_id="/a"), {}, True),
        (Vm("a", resource_id="/a", target=Target(location="eastus")), {}, True),
        (Vm("a", resource_id="/a", identity="system", target=Target(location="eastus")), {}, False),
        (Vm("a"), {}, False),
        (Vm("a"), {"subscription": "s"}, True),
        (Vm("a", resource_id="/a"), {"no_azure": True}, False),
        (Vm("a", resource_id="/a"), {"collectonly": True}, False),
        (Vm("a", resource_id="/a"), {"azure_fleet": "s"}, False),
    ],
)
def test_azure_is_asked_at_the_start_only_for_what_is_open(
    monkeypatch: pytest.MonkeyPatch, vm: Vm, stated: dict[str, str | bool], asked: bool
) -> None:
    def complete(vms: list[Vm], options: object) -> tuple[list[Vm], list[str]]:
        return vms, ["a note"]

    monkeypatch.setattr(completion, "complete", complete)
    assert start._completed([vm], options(**stated)) == ([vm], ("a note",) if asked else ())
