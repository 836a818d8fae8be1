"""An operator's YAML file: what is refused, at which line, and with which message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from plugins.core import yaml_config
from plugins.core.schema_errors import Kind, name_of
from plugins.core.yaml_config import ConfigErrors, formatted, parse, problems

SCHEMA = {
    "type": "object",
    "required": ["vms"],
    "additionalProperties": False,
    "properties": {
        "vms": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/vm"}, "examples": ["[a]"]},
        "tags": {"type": "object", "propertyNames": {"type": "string"}},
        "hosts": {"type": "object", "propertyNames": {"pattern": "^[a-z]+$", "expected": "a host name"}},
        "limit": {"type": "integer", "minimum": 1, "maximum": 9, "errorMessage": "A limit is 1 to 9."},
    },
    "$defs": {
        "vm": {
            "type": ["object", "string"],
            "required": ["name", "port"],
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string", "pattern": "^[a-z]", "patternErrorMessage": "must begin with a letter."},
                "port": {"expected": "a port", "type": "integer"},
                "kind": {"enum": ["linux", "windows"]},
                "user": {"type": "string", "examples": ["anna"]},
            },
        }
    },
}


@pytest.fixture
def kind(tmp_path: Path) -> Kind:
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps(SCHEMA))
    return Kind("a fleet file", "docs/fleet.md", schema, "vms", "a list of VMs")


def errors(folder: Path, kind: Kind, text: str | bytes) -> list[str]:
    path = folder / "f.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    try:
        return [line.removeprefix(f"{path}:") for line in formatted(path, problems(parse(path, kind), kind))]
    except ConfigErrors as refused:
        return [line.removeprefix(f"{path}:").removeprefix(str(path)) for line in refused.lines]


ONE = "  - {name: a, port: 1}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"vms:\n{ONE}", []),
        ("vms: [a]", []),
        ("", ["1: the file is empty. It needs 'vms:' and a list of VMs below it (docs/fleet.md)."]),
        (b"vms:\n\xff", [" byte 5 is not UTF-8. Save the file as UTF-8."]),
        (
            "a: 1\nvms:\n  - a\nvms: []\n",
            ["4: key 'vms' occurs twice in the mapping that starts on line 1. Remove one."],
        ),
        ("vms: " + "[" * 25 + "]" * 25, [" is nested too deep. Flatten it."]),
        (
            "vms:\n - a\n  - b: : c\n",
            [
                "3: not YAML: mapping values are not allowed here. Check the indentation, and quote texts with ': ' or "
                "'#'."
            ],
        ),
        ("[]", ["1: the file: is a list, expected a mapping. Put 'vms:' and a list of VMs below it there."]),
        ("{}", ["1: the file: it has no 'vms'. Add 'vms:' and a list of VMs below it."]),
        ("vms: []", ["1: vms: is empty. Give a value, or remove the key."]),
        ("vms:", ["1: vms: is empty, expected a list. Give a list, or remove it."]),
        ("vms: 5", ["1: vms: is the number 5, expected a list. Give a list, or remove it."]),
        ("vms: yes\n", ["1: vms: is the text 'yes', expected a list. Give a list, or remove it."]),
        ("vms: true\n", ["1: vms: is true (yes or no), expected a list. Give a list, or remove it."]),
        ("vms: {a: b}\n", ["1: vms: is a mapping, expected a list. Give a list, or remove it."]),
        (
            f"vms:\n - {'x' * 50}\n - 5\n - 1.5\n",
            [
                '3: vms[1]: is the number 5, expected a mapping or text. Put it in quotes: "5".',
                '4: vms[2]: is the number 1.5, expected a mapping or text. Put it in quotes: "1.5".',
            ],
        ),
        (
            "vms:\n - name: true\n   port: x\n",
            [
                '2: vms[0].name: is true (yes or no), expected text. Put it in quotes: "true".',
                "3: vms[0].port: expected a port, found 'x'.",
            ],
        ),
        (
            "vms:\n - {name: 1a, port: true, kind: linus}\n",
            [
                "2: vms[0].kind: 'linus' is not known. Did you mean 'linux'?",
                "2: vms[0].name: '1a' must begin with a letter.",
                "2: vms[0].port: expected a port, found true.",
            ],
        ),
        (
            "vms:\n - {port: {a: 1}, kind: q}\n",
            [
                "2: vms[0].kind: 'q' is not known. Expected one of linux, windows.",
                "2: vms[0].name: it is missing. Add 'name:'.",
                "2: vms[0].port: expected a port, found a table.",
            ],
        ),
        ("vms:\n - name: a\n", ["2: vms[0].port: is missing, expected a port."]),
        (
            f"vms:\n{ONE}limits: 4\nqqq: 1\n",
            [
                "3: limits: unknown key. Did you mean 'limit'?",
                "4: qqq: unknown key. Known are vms, tags, hosts, limit.",
            ],
        ),
        (f"vms:\n{ONE}limit: 0\n", ["3: limit: 0 is out of range. A limit is 1 to 9."]),
        (f"vms:\n{ONE}limit:\n  0\n", ["4: limit: 0 is out of range. A limit is 1 to 9."]),
        (f"vms:\n{ONE}limit: 10\n", ["3: limit: 10 is out of range. A limit is 1 to 9."]),
        (f"vms:\n{ONE}limit: 9\n", []),
        (f"vms:\n{ONE}tags: {{5: a}}\n", ['3: tags: the key 5 is not text. Put it in quotes: "5".']),
        (f"vms:\n{ONE}hosts:\n  a: 1\n  B.c: 2\n", ['5: hosts."B.c": expected a host name.']),
        (
            f"vms:\n{ONE}limit: !a b\n",
            ["3: limit: is a value with a tag (b), expected a whole number. Give a whole number, or remove it."],
        ),
    ],
)
def test_what_a_file_says_wrong_has_its_line(
    tmp_path: Path, kind: Kind, text: str | bytes, expected: list[str]
) -> None:
    assert errors(tmp_path, kind, text) == expected


def test_a_file_that_cannot_be_read(tmp_path: Path, kind: Kind) -> None:
    with pytest.raises(ConfigErrors) as refused:
        parse(tmp_path / "none", kind)
    assert str(refused.value) == (
        f"{tmp_path}/none: there is no such file. Give the path of a fleet file (docs/fleet.md)."
    )
    with pytest.raises(ConfigErrors) as refused:
        parse(tmp_path, kind)
    assert str(refused.value) == f"{tmp_path}: cannot be read: Is a directory."


def test_aliases_are_written_out_up_to_a_limit(tmp_path: Path, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "vms: [&a aaa, *a, *a]\n"
    size = 20 + (20 + 3) + 20 + 3 * (20 + 3)  # the mapping, its key, the list, three texts
    monkeypatch.setattr(yaml_config, "_WRITTEN_OUT", size)
    assert errors(tmp_path, kind, text) == []
    monkeypatch.setattr(yaml_config, "_WRITTEN_OUT", size - 1)
    refusal = [" its aliases expand to too much text. Write their text instead."]
    assert errors(tmp_path, kind, text) == refusal
    loop: list[object] = []
    loop.append(loop)
    assert yaml_config._written_out(loop, {})[0] == float("inf"), "a list that holds itself"


@pytest.mark.parametrize(
    ("where", "name"),
    [((), "the file"), (("vms", 3, "port"), "vms[3].port"), (("a", "b.c", "d-e"), 'a."b.c".d-e'), ((0,), "[0]")],
)
def test_the_name_of_a_place(where: tuple[str | int, ...], name: str) -> None:
    assert name_of(where) == name
