"""`plugins.inventory.selection`: `--vm`, with an inventory and without one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.inventory.file import InventoryError
from plugins.inventory.selection import parse_address, select
from plugins.model import Vm

FLEET = [Vm(name) for name in ("web1", "web2", "db1", "Web3", "vm[1]", "db2")]


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        ([], ["web1", "web2", "db1", "Web3", "vm[1]", "db2"]),
        (["web*"], ["web1", "web2"]),
        (["db?", "web1", "web*"], ["web1", "web2", "db1", "db2"]),
        (["[wW]eb[13]"], ["web1", "Web3"]),
        (["vm[1]"], ["vm[1]"]),
    ],
)
def test_patterns_over_a_fleet(patterns: list[str], names: list[str]) -> None:
    assert [vm.name for vm in select(patterns, FLEET)] == names


def test_patterns_that_match_nothing() -> None:
    with pytest.raises(InventoryError) as caught:
        select(["mail*", "web1", "web4"], FLEET, "fleet.yaml")
    assert caught.value.lines == [
        "--vm=mail*: matches none of the 6 VMs in fleet.yaml (web1, web2, db1, Web3, vm[1], ...). "
        "Use a name or a glob (--vm='web*'). They are case-sensitive.",
        "--vm=web4: matches none of the 6 VMs in fleet.yaml (web1, web2, db1, Web3, vm[1], ...). Did you mean 'web2'?",
    ]


@pytest.mark.parametrize(
    ("text", "vm"),
    [
        ("web1", Vm("web1")),
        ("anna@web1", Vm("anna@web1", "web1", "anna")),
        ("10.0.0.4:2222", Vm("10.0.0.4:2222", "10.0.0.4", port=2222)),
        ("anna@10.0.0.4:2222", Vm("anna@10.0.0.4:2222", "10.0.0.4", "anna", 2222)),
        ("anna@corp.example@web1", Vm("anna@corp.example@web1", "web1", "anna@corp.example")),
        ("[fd00::4]:2222", Vm("[fd00::4]:2222", "fd00::4", port=2222)),
        ("anna@[fd00::4]", Vm("anna@[fd00::4]", "fd00::4", "anna")),
        ("fd00::4", Vm("fd00::4", "fd00::4")),
        ("fe80::4%eth0", Vm("fe80::4%eth0", "fe80::4%eth0")),
    ],
)
def test_without_a_fleet_each_pattern_is_an_address(text: str, vm: Vm) -> None:
    assert select([text, text], None) == [vm]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("web*", "a glob needs a fleet to choose from. Add --inventory=FILE, or name the VM in full."),
        ("web[12]", "a glob needs a fleet to choose from. Add --inventory=FILE, or name the VM in full."),
        ("-oProxyCommand=x", "'-oProxyCommand=x' starts with '-' and would be read as an option. Choose another name."),
        ("anna@-x", "'-x' starts with '-' and would be read as an option. Choose another name."),
        ("web1:70000", "port 70000 is out of range. A port is 1 to 65535."),
        ("web1:ssh", "is not an address. Expected an SSH alias, user@host:port, or user@[IPv6]:port."),
        ("anna @web1", "is empty, or begins or ends with a space. Remove the space."),
        ("a b", "'a b' is not an SSH alias or address: it has a ' ' in it. User and port have their own keys."),
        ("", "is empty, or begins or ends with a space. Remove the space."),
    ],
)
def test_without_a_fleet_a_bad_address(text: str, error: str) -> None:
    with pytest.raises(InventoryError) as caught:
        select([text, "fine"], None)
    assert caught.value.lines == [f"--vm={text}: {error}"]


def test_control_characters_are_shown_escaped() -> None:
    with pytest.raises(InventoryError) as caught:
        select(["a\x1b[31mb"], None)
    assert str(caught.value).isprintable()


def test_without_a_fleet_and_patterns_there_is_no_vm() -> None:
    assert select([], None) == []


@given(st.text())
def test_an_address_is_parsed_or_refused(text: str) -> None:
    try:
        user, host, port = parse_address(text)
    except ValueError:
        return
    assert host.isprintable()
    assert not host.startswith("-")
    assert user is None or user.isprintable()
    assert port is None or 1 <= port <= 65535


@pytest.mark.parametrize("port", [1, 65535])
def test_the_first_and_the_last_port(port: int) -> None:
    assert parse_address(f"root@vm-a:{port}") == ("root", "vm-a", port)


@pytest.mark.parametrize("port", [0, 65536])
def test_a_port_out_of_range(port: int) -> None:
    with pytest.raises(ValueError, match=f"^port {port} is out of range. A port is 1 to 65535.$"):
        parse_address(f"root@vm-a:{port}")
