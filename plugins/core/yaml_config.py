"""A YAML file that an operator writes: its content, and every mistake in it with its line, key and remedy.

A JSON schema in `plugins/requirements/data` says what may stand in the file (editors can use it too); what a schema
cannot say well is for the module that reads the file: it adds its own problems, found with `line_of` and `name_of`. The
schemas carry the words of two kinds of mistakes themselves, under the names that VS Code knows: `patternErrorMessage`
and `errorMessage` (a number out of range).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from plugins.core.wording import did_you_mean

__all__ = ["ConfigErrors", "Kind", "Problem", "Where", "formatted", "line_of", "name_of", "parse", "problems"]

Where = tuple[str | int, ...]  # ("vms", 3, "port")
Problem = tuple[int, str]  # line, text


class ConfigErrors(Exception):
    """What is wrong with a file or with a choice: one line per mistake, for the operator."""

    def __init__(self, lines: Sequence[str]) -> None:
        """Keep the lines; str() joins them."""
        super().__init__("\n".join(lines))
        self.lines = list(lines)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file."""

    word: str  # "a fleet file"
    page: str  # the documentation's, "docs/inventory.md"
    schema: Path
    key: str  # the one that the file cannot do without, "vms"
    content: str  # what stands below it, "a list of VMs"


class _Constructor(RoundTripConstructor):
    """YAML 1.2 has no dates: 2026-12-31 is text, and 2026-02-30 not the end of the reading."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", lambda self, node: self.construct_scalar(node))


def parse(path: str | PathLike[str], kind: Kind) -> Any:
    """The content of the file. Raises `ConfigErrors` when there is no file, or when it is not YAML."""
    try:
        text = Path(path).read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise ConfigErrors([f"{path}: there is no such file. Give the path of {kind.word} ({kind.page})."]) from None
    except UnicodeDecodeError as error:
        raise ConfigErrors([f"{path}: byte {error.start} is not UTF-8. Save the file as UTF-8."]) from None
    except OSError as error:
        raise ConfigErrors([f"{path}: cannot be read: {error.strerror}."]) from None
    yaml = YAML(typ="rt")
    yaml.Constructor = _Constructor
    try:
        document = yaml.load(text)
    except DuplicateKeyError as error:
        raise ConfigErrors([f"{path}:{_duplicate_key(error)}"]) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        remedy = "Check the indentation, and quote texts with ': ' or '#'."
        raise ConfigErrors([f"{path}{line}: not YAML: {error.problem or error.context}. {remedy}"]) from None
    except RecursionError:
        raise ConfigErrors([f"{path}: not YAML that can be read: it is nested too deep. Flatten it."]) from None
    except (YAMLError, ValueError) as error:
        raise ConfigErrors([f"{path}: not YAML: {str(error).splitlines()[0]}."]) from None
    if document is None:
        raise ConfigErrors(
            [f"{path}:1: the file is empty. It needs '{kind.key}:' and {kind.content} below it ({kind.page})."]
        )
    return document


def problems(document: Any, kind: Kind) -> list[Problem]:
    """What the schema finds wrong with a document, in words."""
    return [
        found for error in _validator(kind.schema).iter_errors(document) for found in _explain(document, error, kind)
    ]


def formatted(path: str | PathLike[str], found: Iterable[Problem]) -> list[str]:
    """The lines of a `ConfigErrors`: each problem once, in the order of the file."""
    return [f"{path}:{line}: {text}" for line, text in sorted(set(found))]


def line_of(document: Any, where: Where, key: bool = False) -> int:
    """The line of the value at `where` (of its key: `key`), 1-based; of what holds it, when YAML does not tell."""
    node, line = document, 1
    for step in where:
        try:
            empty = not isinstance(step, int) and node[step] is None  # its place is that of the next thing
            place = node.lc.item if isinstance(step, int) else node.lc.key if key or empty else node.lc.value
            line = place(step)[0] + 1
        except (AttributeError, KeyError, TypeError):
            pass  # a key merged in by "<<" has no place of its own
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            break
    return line


def name_of(where: Where) -> str:
    """``vms[3].port``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in where).lstrip(".") or "the file"


def _duplicate_key(error: DuplicateKeyError) -> str:
    """ruamel's problem text is: found duplicate key "port" with value "2" (original value: "1")."""
    found = re.search(r'duplicate key "(.*?)"', str(error.problem))
    line = error.problem_mark.line + 1 if error.problem_mark else 1
    start = error.context_mark.line + 1 if error.context_mark else line
    key = found[1] if found else "?"
    return f"{line}: key {key!r} is there twice in the mapping that starts on line {start}. Remove one."


@cache
def _validator(schema: Path) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema.read_text("utf-8")))


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


def _explain(document: Any, error: ValidationError, kind: Kind) -> Iterator[Problem]:
    where: Where = tuple(error.absolute_path)
    here, value = name_of(where), error.instance
    rule: Any = error.validator_value
    schema: Any = error.schema
    if error.validator == "additionalProperties":
        known = list(schema["properties"])
        for key in value if isinstance(value, Mapping) else ():
            if key not in known:
                hint = did_you_mean(str(key), known) or f"Known are {', '.join(known)}."
                yield line_of(document, (*where, key), key=True), f"{name_of((*where, str(key)))}: unknown key. {hint}"
        return
    line = line_of(document, where)
    if error.validator == "required" and not where:
        yield line, f"{here}: it has no '{kind.key}'. Add '{kind.key}:' and {kind.content} below it."
    elif error.validator == "required" and isinstance(value, Mapping):
        for key in rule:
            if key not in value:
                example = "".join(f" {each}" for each in schema["properties"][key].get("examples", [])[:1])
                yield line, f"{name_of((*where, key))}: it has none. Add '{key}:{example}'."
    elif error.validator == "type" and "propertyNames" in error.absolute_schema_path:
        yield line, f'{here}: the key {value} is not text. Put it in quotes: "{value}".'
    elif error.validator == "type":
        wanted = " or ".join(_WORDS[word] for word in ([rule] if isinstance(rule, str) else rule))
        if not where:
            remedy = f"Put '{kind.key}:' and {kind.content} below it there."
        elif "text" in wanted and isinstance(value, int | float):
            remedy = f'Put it in quotes: "{str(value).lower()}".'
        else:
            remedy = f"Give {wanted}, or remove it."
        yield line, f"{here}: is {_kind(value)}, expected {wanted}. {remedy}"
    elif error.validator in ("minimum", "maximum"):
        yield line, f"{here}: {value} is out of range. {schema['errorMessage']}"
    elif error.validator == "enum":
        hint = did_you_mean(str(value), rule) or f"Expected one of {', '.join(rule)}."
        yield line, f"{here}: {str(value)[:40]!r} is not known. {hint}"
    elif error.validator == "pattern":
        yield line, f"{here}: {str(value)[:60]!r} {schema['patternErrorMessage']}"
    elif error.validator in ("minLength", "minItems", "minProperties"):
        yield line, f"{here}: is empty. Give a value, or remove the key."
    else:
        yield line, f"{here}: {error.message}."
