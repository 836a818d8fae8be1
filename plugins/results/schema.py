"""The contract of `results.json`, as a JSON schema that consumers can use too."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

PATH = Path(__file__).with_name("results.schema.json")


@cache
def validator() -> Draft202012Validator:
    """The validator of the current version, itself validated."""
    schema = json.loads(PATH.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def problems(results: Any) -> list[str]:
    """One sentence per violation, ``vms[0].readiness: 'fine' is not one of [...]``; empty when there is none."""
    return [f"{error.json_path.removeprefix('$.')}: {error.message}" for error in validator().iter_errors(results)]
