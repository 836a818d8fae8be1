"""Reads the fleet file: YAML to checked plain mappings; every mistake has its file, line, key and remedy.

`plugins/inventory/inventory.schema.json` defines the structure (editors can use it too); rules that a schema cannot
express well (duplicates, ARM ids, host names) are checked here. An example::

    defaults: {user: azureuser, target: {resource_group: arc-rg, location: eastus}}
    vms:
      - vm-a                              # a name alone: the SSH alias or address
      - name: vm-b
        host: 10.0.0.4
        tags: {site: berlin}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from plugins.core import yaml_config as yaml_file
from plugins.core.files import expanded
from plugins.core.schema_errors import Kind, Where, name_of
from plugins.core.wording import did_you_mean
from plugins.core.yaml_config import ConfigErrors, Problem, line_of

SCHEMA = Path(__file__).with_name("inventory.schema.json")
KIND = Kind("a fleet file", "docs/inventory.md", SCHEMA, "vms", "a list of VMs")


class InventoryError(ConfigErrors):
    """The errors in the selection of VMs."""


def read(path: str | PathLike[str]) -> tuple[list[dict[str, Any]], dict[str, Path | None]]:
    """The VMs of the file with the defaults applied, and the files that it names. Raises `InventoryError`."""
    document = _document(path)
    defaults = document.get("defaults", {})
    folder = Path(path).parent
    vms = [_merge(defaults, {"name": vm} if isinstance(vm, str) else vm, folder) for vm in document["vms"]]
    return vms, _files(document, folder)


def read_over(
    path: str | PathLike[str], fleet: Sequence[Mapping[str, Any]]
) -> tuple[list[dict[str, Any]], dict[str, Path | None]]:
    """A fleet from another source, with the settings of the file in place of those of the source.

    Its ``defaults`` apply to every VM, its ``vms`` to those of the same names; both are optional. Raises
    `InventoryError`.
    """
    document = _document(path, vms_optional=True)
    folder = Path(path).parent
    defaults = document.get("defaults", {})
    own = {vm["name"]: vm for vm in document.get("vms") or [] if not isinstance(vm, str)}
    names = [str(vm["name"]) for vm in fleet]
    if unknown := [name for name in own if name not in names]:
        raise InventoryError(
            [f"{path}: {name!r} is not a VM of this fleet. {did_you_mean(name, names)}".rstrip() for name in unknown]
        )
    merged = [_merge(vm, _merge(defaults, own.get(vm["name"], {}), folder), folder) for vm in fleet]
    return merged, _files(document, folder)


def _files(document: Mapping[str, Any], folder: Path) -> dict[str, Path | None]:
    named = {key: document.get(key) for key in ("ssh_config", "profile")}
    return {key: folder / expanded(value) if value else None for key, value in named.items()}


def _document(path: str | PathLike[str], vms_optional: bool = False) -> Any:
    """The checked document of a fleet file."""
    try:
        document = yaml_file.parse(path, KIND)
    except ConfigErrors as mistakes:
        raise InventoryError(mistakes.lines) from None
    if vms_optional and isinstance(document, MutableMapping) and "vms" not in document:
        document["vms"] = ["all"]  # the schema requires it
    if problems := [*yaml_file.problems(document, KIND), *_own_rules(document)]:
        raise InventoryError(yaml_file.formatted(path, problems))
    return document


def bad_name(text: str) -> str:
    """Why this is not a valid name of a VM, a user or a host; "" when it is."""
    if not text.strip() or text != text.strip():
        return "is empty, or begins or ends with a space. Remove the space."
    if text.startswith("-"):
        return f"{text!r} starts with '-' and would be read as an option. Choose another name."
    if not text.isprintable():
        return f"{text!r} has a control character in it. Remove it."
    return ""


def bad_host(text: str) -> str:
    """Why this is not an SSH alias or address; "" when it is."""
    if problem := bad_name(text):
        return problem
    if match := re.search(r"[\s@/,*?\[\]'\"`$;&|<>\\(){}]", text):
        return (
            f"{text!r} is not an SSH alias or address: it has a {match[0]!r} in it. User and port have their own keys."
        )
    return ""


# --- rules beyond the schema --------------------------------------------------------------------------------------

_ARM = "/subscriptions/{}/resourceGroups/{}/providers/"
_ID = {
    "identity": _ARM + "Microsoft.ManagedIdentity/userAssignedIdentities/{}",
    "resource_id": _ARM + "Microsoft.NetworkCloud/virtualMachines/{}",
}


def _bad_id(key: str, text: str) -> str:
    if key == "identity" and text == "system":
        return ""
    parts = _ID[key].split("{}")
    if re.fullmatch("[^/\\s]+".join(map(re.escape, parts)), text, re.IGNORECASE):  # ARM ids ignore case
        return ""
    either = "neither 'system' nor" if key == "identity" else "not"
    expected = _ID[key].format("ID", "GROUP", "NAME")
    return f"{text[:100]!r} is {either} the ARM id of its kind of resource. Expected {expected}."


def bad_jump(text: str) -> str:
    """Why this is not a list of jump hosts as for `ssh -J`; "" when it is."""
    for hop in text.split(","):
        if problem := bad_host(re.sub(r":\d+$|[\[\]]", "", hop.rpartition("@")[2].strip())):
            return f"{problem} Expected [user@]host[:port], several separated by commas, or none."
    return ""


_RULES: dict[str, Callable[[str], str]] = {
    "name": bad_name,
    "user": bad_name,
    "host": bad_host,
    "jump": bad_jump,
    "identity": lambda text: _bad_id("identity", text),
    "resource_id": lambda text: _bad_id("resource_id", text),
}


def bad_entry(entry: Mapping[str, Any]) -> str:
    """Why these texts are not valid for a VM, ``user: ...``; "" when they are. For a saved VM."""
    texts = ((key, rule, entry.get(key)) for key, rule in _RULES.items())
    problems = (f"{key}: {rule(text)}" for key, rule, text in texts if isinstance(text, str) and rule(text))
    return next(problems, "")


def _own_rules(document: Any) -> Iterator[Problem]:
    if not isinstance(document, Mapping):
        return
    first: dict[str, int] = {}
    vms, defaults = document.get("vms"), document.get("defaults")
    shared_host = isinstance(defaults, Mapping) and "host" in defaults
    sections: list[tuple[Where, Any]] = [(("defaults",), defaults)]
    sections += [(("vms", index), vm) for index, vm in enumerate(vms if isinstance(vms, list) else [])]
    for where, section in sections:
        values = {"name": section} if isinstance(section, str) else section
        if not isinstance(values, Mapping):
            continue
        name_is_host = where != ("defaults",) and not shared_host and "host" not in values
        for key, rule in _RULES.items():
            if key == "name" and name_is_host:
                rule = bad_host
            value = values.get(key)
            if isinstance(value, str) and value and (problem := rule(value)):
                yield line_of(document, (*where, key)), f"{name_of((*where, key))}: {problem}"
        name = values.get("name")
        if where == ("defaults",) or not isinstance(name, str):
            continue
        line = line_of(document, (*where, "name"))
        if name in first:
            text = f"{name!r} is already the name of the VM on line {first[name]}. Names must differ."
            yield line, f"{name_of((*where, 'name'))}: {text}"
        first.setdefault(name, line)


def _merge(defaults: Mapping[str, Any], vm: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """One VM with the defaults applied. `target` and `tags` merge key by key."""
    merged = _plain(dict(defaults) | dict(vm))
    assert isinstance(merged, dict)
    for key in ("target", "tags"):
        if key in merged:
            merged[key] = _deep(_plain(defaults.get(key, {})), _plain(vm.get(key, {})))
    if "identity_file" in merged:
        merged["identity_file"] = str((folder / expanded(merged["identity_file"])).absolute())
    return merged


def _deep(low: Any, high: Any) -> Any:
    if not (isinstance(low, dict) and isinstance(high, dict)):
        return high
    return low | {key: _deep(low.get(key), value) for key, value in high.items()}


def _plain(value: Any) -> Any:
    """Plain types instead of ruamel's subclasses, which keep their comments and are large when pickled."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return int(value) if isinstance(value, int) else str(value)
