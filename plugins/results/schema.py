"""The contract of `results.json`: a JSON schema for consumers and tests."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

PATH = Path(__file__).with_name("results.schema.json")

_SCHEMA: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))

#: The version that is written.
VERSION: int = _SCHEMA["properties"]["version"]["const"]

#: The names of all fields, of the whole.
FIELDS: frozenset[str] = frozenset(_SCHEMA["properties"])

#: The versions that ``--against`` reads. Version 2 renamed fields that a comparison does not need.
READABLE = (1, VERSION)


@cache
def validator() -> Draft202012Validator:
    """The validator of the current version."""
    return Draft202012Validator(_SCHEMA)


def problems(results: Any) -> list[str]:
    """One sentence per violation, ``vms[0].readiness: 'fine' is not one of [...]``; empty when there is none."""
    return [f"{error.json_path.removeprefix('$.')}: {error.message}" for error in validator().iter_errors(results)]
