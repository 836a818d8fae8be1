"""Waivers, fleet files, profiles and the results of earlier runs with any value anywhere: an error in a few lines."""

from __future__ import annotations

import io
import json
import os
import tomllib
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from ruamel.yaml import YAML

from plugins.core.errors import InputError
from plugins.core.yaml_config import ConfigErrors
from plugins.evidence.source import open_source
from plugins.gates import baseline
from plugins.inventory import selection
from plugins.judge import waivers
from plugins.requirements.data_files import FOLDER
from plugins.requirements.profile import ProfileError
from plugins.requirements.profile_file import load_profile
from plugins.results.history import history
from tests.evidence.damage import Steps, lacking, places, put
from tests.support.paths import ROOT

#: Changes of each file in the gate; `make fuzz` makes all that there are.
CHANGES = 10**9 if os.environ.get("FUZZ_EXAMPLES") else 150

NOW = 1_790_000_000.0

WAIVERS = {
    "waivers": [
        {
            "check": "IMDS-002",
            "vms": "lab-*",
            "parameter": "m*",
            "reason": "r",
            "owner": "o",
            "tracker": "t",
            "expires": "2028-12-31",
        },
        {
            "check": "NET-001",
            "vms": {"ring": "canary"},
            "reason": "r",
            "owner": "o",
            "tracker": "t",
            "expires": "2028-12-31",
        },
    ]
}

FLEET = {
    "defaults": {"user": "root", "port": 22, "target": {"resource_group": "rg", "location": "eastus"}},
    "vms": [
        {"name": "vm-a", "host": "10.0.0.4", "identity": "system", "tags": {"ring": "canary"}},
        {"name": "vm-b", "os": "windows", "path": "public", "jump": "root@j"},
    ],
}

#: With its dates as text, which JSON and the profile's schema know.
PROFILE = json.loads(json.dumps(tomllib.loads((FOLDER / "profile-2510.toml").read_text()), default=str))

RESULTS: dict[str, Any] = json.loads((ROOT / "tests/data/results-of-a-fleet.json").read_text())


def nested(depth: int) -> Any:
    value: Any = []
    for number in range(depth):
        value = {"a": value} if number % 2 else [value]
    return value


VALUES: list[Any] = [
    *(None, True, 0, -1, 1.5, 10**30, "", " ", "x" * 9000, [], {}, [None], {"": ""}, nested(60)),
    *("\u202e", "##vso[task.x]\n::error::y", "\x1b]0;t\x07", "$(id)", "__proto__", "9999-99-99"),
]

#: What no YAML writer writes: tags, aliases, keys that are no text, numbers that are none.
RAW = [
    *(
        ".nan",
        "-.inf",
        "1e999",
        "9" * 5000,
        "!!bool x",
        "!!int x",
        "!!float x",
        "!!null x",
        "!!binary x",
        "!!set {a: 1}",
    ),
    *("!!omap [a: 1]", "!!timestamp x", "!!python/object:os.system x", "&a [*a]", "*a", "{<<: *a}", "{<<: {a: 1}}"),
    *("{? {a: b} : c}", "{? [a, b] : c}", "{{a: b}: c}", '"\\ud800"', '"\\0"', "2026-02-30", "{a: 1, a: 2}", "|\n  x"),
]


def yaml(document: Any) -> str:
    stream = io.StringIO()
    YAML(typ="safe", pure=True).dump(document, stream)
    return stream.getvalue()


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps("" if value is None else value)


def profile(document: Any) -> str:
    pairs = document.items() if isinstance(document, dict) else ()
    return "".join(f"{json.dumps(key)} = {toml(value)}\n" for key, value in pairs)


def load_waivers(path: Path) -> None:
    waivers.load(path, NOW).refuse({"IMDS-002", "NET-001"})


def compared(path: Path) -> None:
    changes = baseline.compare({**RESULTS, "run_id": "20991120T221500Z-ab12"}, baseline.load(str(path), path.parent))
    json.dumps(changes, allow_nan=False)


def drawn(path: Path) -> None:
    run = path.parent / "20261120T221500Z-ab12"
    run.mkdir(exist_ok=True)
    (run / "results.json").write_bytes(path.read_bytes())
    for entry in history({**RESULTS, "run_id": "20991120T221500Z-ab12"}, path.parent, 5):
        json.dumps(entry, allow_nan=False)
        assert all(isinstance(entry[key], int) for key in ("vms", "ready", "not ready", "unknown", "partial"))


@dataclass(frozen=True)
class Kind:
    name: str
    document: Any
    write: Callable[[Any], str]
    read: Callable[[Path], object]
    raw: tuple[str, ...] = ()  # keys whose values are replaced by `RAW`


KINDS = [
    Kind("waivers.yaml", WAIVERS, yaml, load_waivers, ("expires: ", "vms: ", "check: ", "waivers:")),
    Kind("fleet.yaml", FLEET, yaml, selection.load, ("port: ", "name: ", "tags: ", "defaults:", "vms:")),
    Kind("profile.toml", PROFILE, profile, load_profile),
    Kind("results.json", RESULTS, json.dumps, compared),
    Kind("earlier.json", RESULTS, json.dumps, drawn),
]


def refusal(kind: Kind, path: Path, text: str) -> str:
    """The error of a file, which names it; "" when it is accepted."""
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    try:
        kind.read(path)
    except (ConfigErrors, InputError, ProfileError) as error:
        lines = str(error).splitlines()
        assert all(line.startswith(str(path)) for line in lines), lines
        assert max(map(len, lines)) < 1000, lines
        return str(error)
    return ""


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_any_value_anywhere_is_an_error_in_a_few_lines(kind: Kind, tmp_path: Path) -> None:
    path = tmp_path / kind.name
    assert refusal(kind, path, kind.write(kind.document)) == ""
    every: list[tuple[Steps, Any]] = [(place, value) for place in places(kind.document) for value in VALUES]
    changes = Random(13).sample(every, min(CHANGES, len(every)))
    refused = [refusal(kind, path, kind.write(put(deepcopy(kind.document), place, value))) for place, value in changes]
    assert kind.name == "earlier.json" or sum(map(bool, refused)) > len(changes) / 20  # the chart omits such a run


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_is_left_out_is_named(kind: Kind, tmp_path: Path) -> None:
    path = tmp_path / kind.name
    every = [place for place in places(kind.document) if place and place[-1] != "base"]  # it stands for many
    for place in Random(13).sample(every, min(CHANGES, len(every))):
        text = refusal(kind, path, kind.write(json.loads(lacking(kind.document, place))))
        assert "missing" not in text or any(str(step) in text for step in place[-2:]), (place, text)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.raw], ids=lambda kind: kind.name)
@pytest.mark.parametrize("value", RAW, ids=lambda value: value[:30].replace("\n", " "))
def test_no_yaml_is_a_traceback(kind: Kind, value: str, tmp_path: Path) -> None:
    text = kind.write(kind.document)
    for key in kind.raw:
        head, _, rest = text.partition(key)
        refusal(kind, tmp_path / kind.name, f"{head}{key} {value}\n{rest.partition(chr(10))[2]}")
        refusal(kind, tmp_path / kind.name, f"{head}? {value}\n: x\n{key}{rest}")


@pytest.mark.parametrize("name", ["x" * 300, "/" + "x/" * 3000, "missing", "/dev/null/x"], ids=lambda name: name[:9])
def test_a_name_that_no_file_can_have_is_one_that_is_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such run directory"):
        open_source(Path(name))
    with pytest.raises(InputError, match="no such run directory"):
        baseline.load(name, tmp_path)
    with pytest.raises(ProfileError, match="neither a profile of this project"):
        load_profile(name)
