"""The fleet file: YAML in, checked plain mappings out, and every mistake with its file, line, key and remedy.

`plugins/data/inventory.schema.json` holds the shape (editors can use it too); what a schema cannot say well
(duplicates, ARM ids, host names) is checked here. A file looks like this::

    defaults: {user: azureuser, target: {resource_group: arc-rg, location: eastus}}
    vms:
      - vm-a                              # a name alone: the SSH alias or address
      - name: vm-b
        host: 10.0.0.4
        tags: {site: berlin}
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

SCHEMA = Path(__file__).parent / "data" / "inventory.schema.json"


class InventoryError(Exception):
    """What is wrong with the choice of VMs: one line per mistake, for the operator."""

    def __init__(self, lines: Sequence[str]) -> None:
        """Keep the lines; str() joins them."""
        super().__init__("\n".join(lines))
        self.lines = list(lines)


Where = tuple[str | int, ...]  # ("vms", 3, "port")
Problem = tuple[int, str]  # line, text


def read(path: str | PathLike[str]) -> tuple[list[dict[str, Any]], dict[str, Path | None]]:
    """The VMs of the file with the defaults applied, and the files it names. Raises `InventoryError`."""
    document = _parse(path)
    problems = [problem for error in _validator().iter_errors(document) for problem in _explain(document, error)]
    problems += _own_rules(document)
    if problems:
        raise InventoryError([f"{path}:{line}: {text}" for line, text in sorted(set(problems))])
    defaults = document.get("defaults", {})
    folder = Path(path).parent
    vms = [_merge(defaults, {"name": vm} if isinstance(vm, str) else vm, folder) for vm in document["vms"]]
    named = {key: document.get(key) for key in ("ssh_config", "profile")}
    return vms, {key: folder / Path(value).expanduser() if value else None for key, value in named.items()}


def bad_name(text: str) -> str:
    """Why this cannot name a VM, a user or a host; "" when it can."""
    if not text.strip() or text != text.strip():
        return "is empty, or begins or ends with a space. Remove the space."
    if text.startswith("-"):
        return f"{text!r} starts with '-' and would be read as an option. Choose another name."
    if not text.isprintable():
        return f"{text!r} has a control character in it. Remove it."
    return ""


def bad_host(text: str) -> str:
    """Why this cannot be an SSH alias or address; "" when it can."""
    if problem := bad_name(text):
        return problem
    if found := re.search(r"[\s@/,*?\[\]'\"`$;&|<>\\(){}]", text):
        return f"{text!r} is no SSH alias or address: it has a {found[0]!r} in it. User and port have their own keys."
    return ""


# --- YAML ---------------------------------------------------------------------------------------------------------


def _parse(path: str | PathLike[str]) -> Any:
    try:
        text = Path(path).read_bytes().decode("utf-8")
    except FileNotFoundError:
        remedy = "Give the path of a fleet file (docs/inventory.md)."
        raise InventoryError([f"{path}: there is no such file. {remedy}"]) from None
    except UnicodeDecodeError as error:
        raise InventoryError([f"{path}: byte {error.start} is not UTF-8. Save the file as UTF-8."]) from None
    except OSError as error:
        raise InventoryError([f"{path}: cannot be read: {error.strerror}."]) from None
    try:
        document = YAML(typ="rt").load(text)
    except DuplicateKeyError as error:
        raise InventoryError([f"{path}:{_duplicate_key(error)}"]) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        remedy = "Check the indentation, and quote texts with ': ' or '#'."
        raise InventoryError([f"{path}{line}: not YAML: {error.problem or error.context}. {remedy}"]) from None
    except RecursionError:
        raise InventoryError([f"{path}: not YAML that can be read: it is nested too deep. Flatten it."]) from None
    except (YAMLError, ValueError) as error:
        raise InventoryError([f"{path}: not YAML: {str(error).splitlines()[0]}."]) from None
    if document is None:
        raise InventoryError([f"{path}:1: the file is empty. It needs 'vms:' and a list below it (docs/inventory.md)."])
    return document


def _duplicate_key(error: DuplicateKeyError) -> str:
    """ruamel's problem text is: found duplicate key "port" with value "2" (original value: "1")."""
    found = re.search(r'duplicate key "(.*?)"', str(error.problem))
    line = error.problem_mark.line + 1 if error.problem_mark else 1
    start = error.context_mark.line + 1 if error.context_mark else line
    key = found[1] if found else "?"
    return f"{line}: key {key!r} is there twice in the mapping that starts on line {start}. Remove one."


def _line(document: Any, where: Where, key: bool = False) -> int:
    """The line of the value at `where` (of its key: `key`), 1-based; of what holds it, when YAML does not tell."""
    node, line = document, 1
    for step in where:
        try:
            place = node.lc.item if isinstance(step, int) else node.lc.key if key else node.lc.value
            line = place(step)[0] + 1
        except (AttributeError, KeyError, TypeError):
            pass  # a key merged in by "<<" has no place of its own
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            break
    return line


# --- the schema's findings, in words ------------------------------------------------------------------------------


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))


_WORDS = {"object": "a mapping", "array": "a list", "string": "text", "integer": "a whole number"}


def _name(where: Where) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in where).lstrip(".") or "the file"


def _kind(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"{str(value).lower()} (yes or no)"
    if isinstance(value, date):
        return f"{value} (a date)"
    for kinds, word in ((Mapping, "a mapping"), (list, "a list"), (str, f"the text {str(value)[:40]!r}")):
        if isinstance(value, kinds):
            return word
    return f"the number {value}" if isinstance(value, int | float) else f"a value with a tag ({str(value)[:40]})"


def _explain(document: Any, error: ValidationError) -> Iterator[Problem]:
    where: Where = tuple(error.absolute_path)
    here, value = _name(where), error.instance
    rule: Any = error.validator_value
    schema: Any = error.schema
    if error.validator == "additionalProperties":
        known = list(schema["properties"])
        for key in value if isinstance(value, Mapping) else ():
            if key not in known:
                close = difflib.get_close_matches(str(key), known, n=1)
                hint = f"Did you mean {close[0]!r}?" if close else f"Known are {', '.join(known)}."
                yield _line(document, (*where, key), key=True), f"{_name((*where, str(key)))}: unknown key. {hint}"
        return
    line = _line(document, where)
    if error.validator == "required":
        what = "name: it has none. Add 'name:'." if where else "it has no 'vms'. Add 'vms:' and a list of VMs below it."
        yield line, f"{here}.{what}" if where else f"{here}: {what}"
    elif error.validator == "type" and "propertyNames" in error.absolute_schema_path:
        yield line, f'{here}: the key {value} is not text. Put it in quotes: "{value}".'
    elif error.validator == "type":
        wanted = " or ".join(_WORDS[word] for word in ([rule] if isinstance(rule, str) else rule))
        if not where:
            remedy = "Put 'vms:' and a list of VMs below it there."
        elif "text" in wanted and isinstance(value, int | float | date):
            remedy = f'Put it in quotes: "{str(value).lower()}".'
        else:
            remedy = f"Give {wanted}, or remove it."
        yield line, f"{here}: is {_kind(value)}, expected {wanted}. {remedy}"
    elif error.validator in ("minimum", "maximum"):
        yield line, f"{here}: {value} is out of range. A port is 1 to 65535."
    elif error.validator == "enum":
        close = difflib.get_close_matches(str(value), rule, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else f"Expected one of {', '.join(rule)}."
        yield line, f"{here}: {str(value)[:40]!r} is not known. {hint}"
    elif error.validator == "pattern":
        expected = "Expected 00000000-0000-0000-0000-000000000000, as 'az account show' prints it"
        yield line, f"{here}: {str(value)[:60]!r} is no subscription id. {expected}."
    elif error.validator in ("minLength", "minItems"):
        yield line, f"{here}: is empty. Give a value, or remove the key."
    else:
        yield line, f"{here}: {error.message}."


# --- what a schema cannot say well --------------------------------------------------------------------------------

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


def _bad_jump(text: str) -> str:
    for hop in text.split(","):
        if problem := bad_host(re.sub(r":\d+$|[\[\]]", "", hop.rpartition("@")[2].strip())):
            return f"{problem} Expected [user@]host[:port], several separated by commas, or none."
    return ""


_RULES: dict[str, Callable[[str], str]] = {
    "name": bad_name,
    "user": bad_name,
    "host": bad_host,
    "jump": _bad_jump,
    "identity": lambda text: _bad_id("identity", text),
    "resource_id": lambda text: _bad_id("resource_id", text),
}


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
                yield _line(document, (*where, key)), f"{_name((*where, key))}: {problem}"
        name = values.get("name")
        if where == ("defaults",) or not isinstance(name, str):
            continue
        line = _line(document, (*where, "name"))
        if name in first:
            text = f"{name!r} is already the name of the VM on line {first[name]}. Names must differ."
            yield line, f"{_name((*where, 'name'))}: {text}"
        first.setdefault(name, line)


def _merge(defaults: Mapping[str, Any], vm: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """One VM with the defaults below it. `target` and `tags` merge key by key."""
    merged = _plain(dict(defaults) | dict(vm))
    assert isinstance(merged, dict)
    for key in ("target", "tags"):
        if key in merged:
            merged[key] = _deep(_plain(defaults.get(key, {})), _plain(vm.get(key, {})))
    if "identity_file" in merged:
        merged["identity_file"] = str((folder / Path(merged["identity_file"]).expanduser()).absolute())
    return merged


def _deep(low: Any, high: Any) -> Any:
    if not (isinstance(low, dict) and isinstance(high, dict)):
        return high
    return low | {key: _deep(low.get(key), value) for key, value in high.items()}


def _plain(value: Any) -> Any:
    """Without ruamel's subclasses, which remember their comments and do not pickle small."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return int(value) if isinstance(value, int) else str(value)
