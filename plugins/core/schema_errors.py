"""The errors that a JSON schema finds in a configuration file, as sentences: place, observation, remedy.

The format of the file does not matter: the caller knows the place of each value. A schema may have keywords of our
own: ``expected`` (of a value: "an IPv4 address"), and those that VS Code knows, ``patternErrorMessage`` and
``errorMessage`` (a number out of range).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from plugins.core.wording import did_you_mean

Where = tuple[str | int, ...]  # ("vms", 3, "port")

_MOST = 1_000  # errors of a file: more are not read, and an untrusted file may have millions

#: A place in a file, as the caller knows it: a line, or a file and a line.
P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file."""

    word: str  # "a fleet file"
    page: str  # the documentation's, "docs/inventory.md"
    schema: Path
    key: str = ""  # its required key, "vms"
    content: str = ""  # its content, "a list of VMs"


def explain(document: Any, kind: Kind, place: Callable[[Where, bool], P]) -> list[tuple[P, str]]:
    """The errors that the schema finds in a document, the first `_MOST`: place and text.

    `place` returns the place of the value at a path, or of its key when its second argument is true.
    """
    errors = (error for problem in _validator(kind.schema).iter_errors(document) for error in _explain(problem, kind))
    return [(place(where, key), text) for where, key, text in islice(errors, _MOST)]


def name_of(where: Where) -> str:
    """``vms[3].port``, ``clouds.AzureCloud.endpoints."a.example".port``."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{_key(step)}" for step in where)
    return "".join(steps).lstrip(".") or "the file"


def _key(key: str) -> str:
    return key if re.fullmatch(r"[\w-]{1,100}", key) else json.dumps(key[:100], ensure_ascii=False)


@cache
def _validator(schema: Path) -> Draft202012Validator:
    return Draft202012Validator(
        json.loads(schema.read_text("utf-8")), format_checker=Draft202012Validator.FORMAT_CHECKER
    )


_WORDS = {"object": "a mapping", "array": "a list", "string": "text", "integer": "a whole number"}


def _kind(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"{str(value).lower()} (yes or no)"
    for kinds, word in ((Mapping, "a mapping"), (list, "a list"), (str, f"the text {str(value)[:40]!r}")):
        if isinstance(value, kinds):
            return word
    return f"the number {value}" if isinstance(value, int | float) else f"a value with a tag ({str(value)[:40]})"


def _property(error: ValidationError, key: str, kind: Kind) -> Mapping[str, Any]:
    """The schema of a property, its reference followed."""
    schema: Any = error.schema
    part: Mapping[str, Any] = schema["properties"][key]
    if "$ref" not in part:
        return part
    definitions: Any = _validator(kind.schema).schema
    target: Mapping[str, Any] = definitions["$defs"][part["$ref"].rpartition("/")[2]]
    return {**target, **part}


def _explain(error: ValidationError, kind: Kind) -> Iterator[tuple[Where, bool, str]]:
    """The place (a path; true: its key) and the text."""
    where: Where = tuple(error.absolute_path)
    here = name_of(where)
    value: Any = error.instance
    rule: Any = error.validator_value
    schema: Any = error.schema
    if error.validator == "additionalProperties":
        names = list(schema["properties"])
        for key in value if isinstance(value, Mapping) else ():
            if key not in names:
                hint = did_you_mean(str(key), names) or f"Known are {', '.join(names)}."
                yield (*where, key), True, f"{name_of((*where, str(key)))}: unknown key. {hint}"
        return
    if error.validator == "required" and isinstance(value, Mapping):
        for key in rule:
            if key in value:
                continue
            declared = _property(error, key, kind)
            if "expected" in declared:
                text = f"{name_of((*where, key))}: is missing, expected {declared['expected']}."
            elif not where:
                text = f"{here}: it has no '{kind.key}'. Add '{kind.key}:' and {kind.content} below it."
            else:
                example = "".join(f" {example}" for example in declared.get("examples", [])[:1])
                text = f"{name_of((*where, key))}: it is missing. Add '{key}:{example}'."
            yield where, False, text
        return
    if "propertyNames" in error.absolute_schema_path:
        if "expected" in schema:
            yield (*where, value), True, f"{name_of((*where, value))}: expected {schema['expected']}."
        else:
            yield where, False, f'{here}: the key {value} is not text. Put it in quotes: "{value}".'
        return
    yield where, False, f"{here}: {_value_error(error, kind)}"


def _value_error(error: ValidationError, kind: Kind) -> str:
    """The error of one value."""
    value = error.instance
    rule: Any = error.validator_value
    schema: Any = error.schema
    if "expected" in schema:
        return f"expected {schema['expected']}, found {_shown(value)}."
    if error.validator == "type":
        wanted = " or ".join(_WORDS[word] for word in ([rule] if isinstance(rule, str) else rule))
        if not error.absolute_path:
            remedy = f"Put '{kind.key}:' and {kind.content} below it there."
        elif "text" in wanted and isinstance(value, int | float):
            remedy = f'Put it in quotes: "{str(value).lower()}".'
        else:
            remedy = f"Give {wanted}, or remove it."
        return f"is {_kind(value)}, expected {wanted}. {remedy}"
    if error.validator in ("minimum", "maximum"):
        return f"{value} is out of range. {schema['errorMessage']}"
    if error.validator == "enum":
        hint = did_you_mean(str(value), rule) or f"Expected one of {', '.join(rule)}."
        return f"{str(value)[:40]!r} is not known. {hint}"
    if error.validator == "pattern":
        return f"{str(value)[:60]!r} {schema['patternErrorMessage']}"
    if error.validator in ("minLength", "minItems", "minProperties"):
        return "is empty. Give a value, or remove the key."
    if error.validator == "maxLength":
        return f"{str(value)[:40]!r} and so on is too long: at most {rule} characters."
    return f"{error.message[:200]}."


def _shown(value: Any) -> str:
    """A value as a message shows it: its beginning."""
    if isinstance(value, bool):
        return str(value).lower()
    return "a table" if isinstance(value, Mapping) else repr(value)[:100]
