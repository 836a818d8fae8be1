"""A fleet from Azure, and the file that overrides its values."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.inventory.file import InventoryError
from plugins.inventory.selection import load_over
from plugins.model import Target, Vm

FOUND = [
    Vm("a", host="10.0.0.4", user="azureuser", resource_id="/a", identity="system", target=Target(location="eastus")),
    Vm("b", host="10.0.0.5", user="azureuser", os="windows", tags={"site": "berlin"}, target=Target(cloud="AzureChinaCloud")),
]  # fmt: skip


def over(tmp_path: Path, text: str) -> list[Vm]:
    file = tmp_path / "over.yaml"
    file.write_text(text)
    return list(load_over(file, FOUND).vms)


def test_defaults_alone_are_for_every_vm_and_before_azures_word(tmp_path: Path) -> None:
    a, b = over(tmp_path, "defaults: {user: ops, jump: bastion, target: {resource_group: arc}, tags: {owner: core}}\n")
    assert (a.user, a.jump, a.host, a.resource_id, a.identity) == ("ops", "bastion", "10.0.0.4", "/a", "system")
    assert a.target == Target(resource_group="arc", location="eastus")
    assert (b.os, b.tags, b.target.cloud) == ("windows", {"site": "berlin", "owner": "core"}, "AzureChinaCloud")


def test_a_vm_of_the_file_is_the_one_of_that_name(tmp_path: Path) -> None:
    a, b = over(tmp_path, "defaults: {user: ops}\nvms: [{name: b, user: root, os: linux, host: b.example}]\n")
    assert (a.user, a.os) == ("ops", "linux")
    assert (b.user, b.os, b.host, b.tags) == ("root", "linux", "b.example", {"site": "berlin"})


def test_the_files_ssh_config_and_profile_are_taken(tmp_path: Path) -> None:
    (tmp_path / "over.yaml").write_text("ssh_config: ssh/config\nprofile: own.toml\n")
    fleet = load_over(tmp_path / "over.yaml", FOUND)
    assert (fleet.ssh_config, fleet.profile) == (tmp_path / "ssh/config", tmp_path / "own.toml")
    assert list(fleet.vms) == FOUND


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vms: [{name: aa, user: x}]", "'aa' is not a VM of this fleet."),
        ("defaults: {usr: x}", "defaults.usr: unknown key. Did you mean 'user'?"),
        ("defaults: {jump: '-oProxyCommand=x'}", "starts with '-'"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InventoryError) as caught:
        over(tmp_path, text)
    assert message in str(caught.value)
