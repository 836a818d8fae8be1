"""`plugins.inventory.file`: the operator's fleet file and its errors."""

from __future__ import annotations

import json
import pickle
import textwrap
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from plugins.inventory.file import SCHEMA, InventoryError, bad_entry
from plugins.inventory.selection import load, parse_address
from plugins.model import Target, Vm

ID = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers"


@pytest.fixture
def fleet_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("fleet.yaml")


def errors(path: Path, text: str) -> list[str]:
    path.write_text(textwrap.dedent(text))
    with pytest.raises(InventoryError) as caught:
        load(path)
    assert str(caught.value) == "\n".join(caught.value.lines)
    return caught.value.lines


def test_a_full_file(fleet_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    fleet_file.write_text(
        f"""
defaults:
  user: azureuser
  identity_file: ~/.ssh/fleet
  target:
    subscription: 00000000-0000-0000-0000-000000000001
    location: eastus
    tags: {{owner: infra}}
  tags: {{site: berlin}}
vms:
  - vm-a
  - name: vm b
    host: 10.0.0.4
    user: root
    port: 2222
    jump: anna@gw:2201,gw2
    identity_file: keys/b
    resource_id: {ID}/Microsoft.NetworkCloud/virtualMachines/vm-b
    identity: {ID.lower()}/microsoft.managedidentity/userassignedidentities/arc
    target: {{resource_group: arc-rg, cloud: AzureUSGovernment, tags: {{env: prod}}}}
    tags: {{image: ubuntu-22, site: bonn}}
  - {{name: vm-c, identity: system, jump: none}}
"""
    )
    target = Target("00000000-0000-0000-0000-000000000001", None, "eastus", "AzureCloud", {"owner": "infra"})
    a, b, c = load(fleet_file).vms
    assert a == Vm(
        "vm-a", "vm-a", "azureuser", identity_file="/home/anna/.ssh/fleet", target=target, tags={"site": "berlin"}
    )
    assert b == Vm(
        name="vm b",
        host="10.0.0.4",
        user="root",
        port=2222,
        jump="anna@gw:2201,gw2",
        identity_file=str(tmp_path / "keys" / "b"),
        resource_id=f"{ID}/Microsoft.NetworkCloud/virtualMachines/vm-b",
        identity=f"{ID.lower()}/microsoft.managedidentity/userassignedidentities/arc",
        target=Target(target.subscription, "arc-rg", "eastus", "AzureUSGovernment", {"owner": "infra", "env": "prod"}),
        tags={"site": "bonn", "image": "ubuntu-22"},
    )
    assert (c.identity, c.jump, c.host) == ("system", "none", "vm-c")


@pytest.mark.parametrize("key", ["ssh_config", "profile"])
@pytest.mark.parametrize(("value", "path"), [(None, None), ("lab/file", "sub/lab/file"), ("/etc/x", "/etc/x")])
def test_the_files_of_a_fleet_are_relative_to_its_file(
    fleet_file: Path, key: str, value: str | None, path: str | None
) -> None:
    Path("sub").mkdir()
    Path("sub/fleet.yaml").write_text(f"{f'{key}: {value}' if value else ''}\nvms: [vm-a]\n")
    assert getattr(load("sub/fleet.yaml"), key) == (Path(path) if path else None)


def test_the_operating_system_is_linux_unless_stated(fleet_file: Path) -> None:
    fleet_file.write_text("vms: [vm-a, {name: vm-b, os: windows}, {name: vm-c, os: linux}]\n")
    assert [vm.os for vm in load(fleet_file).vms] == ["linux", "windows", "linux"]
    fleet_file.write_text("defaults: {os: windows}\nvms: [vm-a, {name: vm-b, os: linux}]\n")
    assert [vm.os for vm in load(fleet_file).vms] == ["windows", "linux"]


def test_evidence_of_before_there_were_windows_guests_is_of_linux() -> None:
    assert Vm.from_dict({"name": "vm-a", "host": "vm-a"}).os == "linux"


def test_the_path_is_public_unless_stated(fleet_file: Path) -> None:
    fleet_file.write_text("defaults: {path: relay}\nvms: [vm-a, {name: vm-b, path: public}]\n")
    assert [vm.path for vm in load(fleet_file).vms] == ["relay", "public"]
    fleet_file.write_text("vms: [vm-a]\n")
    assert [vm.path for vm in load(fleet_file).vms] == ["public"]
    assert Vm.from_dict({"name": "vm-a", "host": "vm-a"}).path == "public"
    assert Vm.from_dict(Vm("vm-a", path="relay").as_dict()).path == "relay"


def test_an_unknown_path_is_a_mistake(fleet_file: Path) -> None:
    assert errors(fleet_file, "vms: [{name: vm-a, path: relais}]") == [
        "fleet.yaml:1: vms[0].path: 'relais' is not known. Did you mean 'relay'?"
    ]


def test_an_unknown_operating_system_is_a_mistake(fleet_file: Path) -> None:
    assert errors(fleet_file, "vms: [{name: vm-a, os: window}]") == [
        "fleet.yaml:1: vms[0].os: 'window' is not known. Did you mean 'windows'?"
    ]


def test_a_key_file_is_a_path_on_the_vm(fleet_file: Path) -> None:
    fleet_file.write_text("vms: [{name: a, path: relay, target: {private_key_file: /root/a key.pem}}]\n")
    assert load(fleet_file).vms[0].target.private_key_file == "/root/a key.pem"
    assert errors(fleet_file, "vms: [{name: a, target: {private_key_file: arc.pem}}]") == [
        "fleet.yaml:1: vms[0].target.private_key_file: 'arc.pem' is not an absolute path on the VM, as in "
        "/root/arc-machine.pem."
    ]


BAD_USERS = {
    "-oProxyCommand=x": "'-oProxyCommand=x' starts with '-' and would be read as an option. Choose another name.",
    "an\nna": "'an\\nna' has a control character in it. Remove it.",
    " anna": "is empty, or begins or ends with a space. Remove the space.",
}


@pytest.mark.parametrize("user", BAD_USERS)
def test_a_user_is_a_name_wherever_it_is_stated(fleet_file: Path, user: str) -> None:
    text = json.dumps(user)
    assert errors(fleet_file, f"defaults: {{user: {text}}}\nvms: [{{name: vm-a, user: {text}}}]") == [
        f"fleet.yaml:1: defaults.user: {BAD_USERS[user]}",
        f"fleet.yaml:2: vms[0].user: {BAD_USERS[user]}",
    ]
    assert bad_entry({"name": "vm-a", "user": user}) == f"user: {BAD_USERS[user]}"
    with pytest.raises(ValueError, match=r"^(?!is not an address)"):
        parse_address(f"{user}@vm-a")


def test_plain_data_and_back(fleet_file: Path) -> None:
    fleet_file.write_text("defaults: {target: {location: eastus}, tags: {a: b}}\nvms: [vm-a, {name: vm-b, port: 22}]\n")
    for vm in load(fleet_file).vms:
        assert Vm.from_dict(json.loads(json.dumps(vm.as_dict()))) == vm
        assert pickle.loads(pickle.dumps(vm)) == vm
        assert type(vm.name) is str, "no class of the YAML library"
        assert hash(vm) == hash(Vm.from_dict(vm.as_dict()))


MISTAKES = """\
defaults:
  name: x
  port: 70000
vms:
  - vm-a
  - name: vm-b
    prot: 22
    tags: {rack: 12, 3: x}
  - name: vm-a
    host: -oProxyCommand=x
  - host: foo
    identity: sytem
  - name: 3
    target: {cloud: AzureClod, subscription: abc, place: 1}
    resource_id: /subscriptions/x
  - [a]
  - name: true
    port: "22"
    user:
    jump: "a b"
  -
vmss: 3
"""


def test_every_mistake_is_reported_with_its_line(fleet_file: Path) -> None:
    assert errors(fleet_file, MISTAKES) == [
        "fleet.yaml:2: defaults.name: unknown key. Known are host, user, port, jump, identity_file, resource_id, identity, os, path, target, tags.",
        "fleet.yaml:3: defaults.port: 70000 is out of range. A port is 1 to 65535.",
        "fleet.yaml:7: vms[1].prot: unknown key. Did you mean 'port'?",
        'fleet.yaml:8: vms[1].tags.rack: is the number 12, expected text. Put it in quotes: "12".',
        'fleet.yaml:8: vms[1].tags: the key 3 is not text. Put it in quotes: "3".',
        "fleet.yaml:9: vms[2].name: 'vm-a' is already the name of the VM on line 5. Names must differ.",
        "fleet.yaml:10: vms[2].host: '-oProxyCommand=x' starts with '-' and would be read as an option. Choose another name.",
        "fleet.yaml:11: vms[3].name: it is missing. Add 'name:'.",
        "fleet.yaml:12: vms[3].identity: 'sytem' is neither 'system' nor the ARM id of its kind of resource. Expected "
        "/subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.ManagedIdentity/userAssignedIdentities/NAME.",
        'fleet.yaml:13: vms[4].name: is the number 3, expected text. Put it in quotes: "3".',
        "fleet.yaml:14: vms[4].target.cloud: 'AzureClod' is not known. Did you mean 'AzureCloud'?",
        "fleet.yaml:14: vms[4].target.place: unknown key. Known are subscription, resource_group, location, cloud, tags, private_key_file.",
        "fleet.yaml:14: vms[4].target.subscription: 'abc' is not a subscription id. Expected "
        "00000000-0000-0000-0000-000000000000, as 'az account show' prints it.",
        "fleet.yaml:15: vms[4].resource_id: '/subscriptions/x' is not the ARM id of its kind of resource. Expected "
        "/subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.NetworkCloud/virtualMachines/NAME.",
        "fleet.yaml:16: vms[5]: is a list, expected a mapping or text. Give a mapping or text, or remove it.",
        'fleet.yaml:17: vms[6].name: is true (yes or no), expected text. Put it in quotes: "true".',
        "fleet.yaml:18: vms[6].port: is the text '22', expected a whole number. Give a whole number, or remove it.",
        "fleet.yaml:19: vms[6].user: is empty, expected text. Give text, or remove it.",
        "fleet.yaml:20: vms[6].jump: 'a b' is not an SSH alias or address: it has a ' ' in it. User and port have their own keys. "
        "Expected [user@]host[:port], several separated by commas, or none.",
        "fleet.yaml:21: vms[7]: is empty, expected a mapping or text. Give a mapping or text, or remove it.",
        "fleet.yaml:22: vmss: unknown key. Did you mean 'vms'?",
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", ":1: the file is empty. It needs 'vms:' and a list of VMs below it (docs/inventory.md)."),
        ("# only a comment\n", ":1: the file is empty. It needs 'vms:' and a list of VMs below it (docs/inventory.md)."),
        ("just text\n", ":1: the file: is the text 'just text', expected a mapping. Put 'vms:' and a list of VMs below it there."),
        ("[vm-a]\n", ":1: the file: is a list, expected a mapping. Put 'vms:' and a list of VMs below it there."),
        ("defaults: {user: a}\n", ":1: the file: it has no 'vms'. Add 'vms:' and a list of VMs below it."),
        ("vms: []\n", ":1: vms: is empty. Give a value, or remove the key."),
        ("vms: {vm-a: 1}\n", ":1: vms: is a mapping, expected a list. Give a list, or remove it."),
        ("vms:\n - ''\n", ":2: vms[0]: is empty. Give a value, or remove the key."),
        ("vms:\n - name: a\n   port: 0\n", ":3: vms[0].port: 0 is out of range. A port is 1 to 65535."),
        ("vms:\n - name: a\n   prot:\n\n    22\n", ":3: vms[0].prot: unknown key. Did you mean 'port'?"),
        ("vms:\n - name: a\n   host: b\n   host: c\n", ":4: key 'host' occurs twice in the mapping that starts on line 2. Remove one."),
        ("vms:\n\t- a\n", ":2: not YAML: found character '\\t' that cannot start any token. Check the indentation, and quote texts with ': ' or '#'."),
        ("vms: [a\n", ":2: not YAML: did not find expected ',' or ']'. Check the indentation, and quote texts with ': ' or '#'."),
        ("vms: [\"a\\nb\"]\n", ":1: vms[0].name: 'a\\nb' has a control character in it. Remove it."),
        ("vms: [-a]\n", ":1: vms[0].name: '-a' starts with '-' and would be read as an option. Choose another name."),
        ("vms: [a/b]\n", ":1: vms[0].name: 'a/b' is not an SSH alias or address: it has a '/' in it. User and port have their own keys."),
    ],
)  # fmt: skip
def test_one_mistake(fleet_file: Path, text: str, error: str) -> None:
    (line,) = errors(fleet_file, text)
    if "did not find expected" in error:  # the parser's own message
        assert line.startswith("fleet.yaml:2: not YAML: ")
    else:
        assert line == f"fleet.yaml{error}"


def test_what_looks_like_a_date_is_text(fleet_file: Path) -> None:
    fleet_file.write_text("vms: [{name: a, tags: {day: 2026-01-01, other: 2026-02-30}}]\n")
    assert load(fleet_file).vms[0].tags == {"day": "2026-01-01", "other": "2026-02-30"}


def test_a_name_that_is_no_address_is_fine_when_the_host_is_given(fleet_file: Path) -> None:
    fleet_file.write_text("vms: [{name: 'Berlin / rack 3', host: 10.0.0.4}]\n")
    assert load(fleet_file).vms[0].name == "Berlin / rack 3"


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"a: \x01\n", b"[" * 400, b"vms: &a [*a]\n", b"vms: [!!python/object:os.system x]\n"]
)
def test_strange_bytes_are_an_error_of_the_file(fleet_file: Path, content: bytes) -> None:
    fleet_file.write_bytes(content)
    with pytest.raises(InventoryError, match=r"^fleet\.yaml"):
        load(fleet_file)


def chain(links: int) -> str:
    """Lists, each of which contains an alias of the previous one."""
    return "x0: &x0 []\n" + "".join(f"x{n}: &x{n} [*x{n - 1}]\n" for n in range(1, links))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "[" * 600,
            ": is nested too deep. Flatten it.",
        ),  # enough to reach Python's recursion limit; more takes quadratic time
        ("x: " + "[" * 20 + "]" * 20, ": is nested too deep. Flatten it."),
        ("x: " + "[" * 19 + "]" * 19, ":1: the file: it has no 'vms'. Add 'vms:' and a list of VMs below it."),
        (chain(500), ": is nested too deep. Flatten it."),
        (chain(20), ": is nested too deep. Flatten it."),
        (chain(19), ":1: the file: it has no 'vms'. Add 'vms:' and a list of VMs below it."),
    ],
)
def test_a_file_that_is_nested_too_deep(fleet_file: Path, text: str, error: str) -> None:
    assert errors(fleet_file, text)[0] == f"fleet.yaml{error}"


@pytest.mark.parametrize(("path", "why"), [("missing.yaml", "there is no such file"), (".", "cannot be read")])
def test_no_file(fleet_file: Path, path: str, why: str) -> None:
    with pytest.raises(InventoryError, match=f"{path}: {why}"):
        load(path)


def test_the_schema_is_a_schema_and_knows_every_field() -> None:
    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    assert set(schema["$defs"]["vm"]["properties"]) == set(Vm("a").as_dict())
    of_azure = {"vm_id", "tenant"}
    assert set(schema["$defs"]["target"]["properties"]) == set(Vm("a").as_dict()["target"]) - of_azure
    assert set(schema["properties"]["defaults"]["properties"]) == set(Vm("a").as_dict()) - {"name"}
