"""A YAML file that an operator writes: its content, and the line of every value and error in it.

A JSON schema beside the module that reads the file defines keys and values (`plugins.core.schema_errors`); editors can
use it too. The module adds errors that a schema cannot express well, with `line_of` and `name_of`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import MaxDepthExceededError
from ruamel.yaml.constructor import DuplicateKeyError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from plugins.core.files import read_regular
from plugins.core.schema_errors import Kind, Where, explain

Problem = tuple[int, str]  # line, text


class ConfigErrors(Exception):
    """The errors in a file or in a selection: one line each, for the operator."""

    def __init__(self, lines: Sequence[str]) -> None:
        """Keep the lines; str() joins them."""
        super().__init__("\n".join(lines))
        self.lines = list(lines)


class _Constructor(RoundTripConstructor):
    """YAML 1.2 has no dates: 2026-12-31 is text, and 2026-02-30 is not a parse error."""


#: Limits on a file: an inventory of 10,000 VMs with all settings is 5 MB, and none nests deeper than 6.
_LONGEST, _DEPTH = 32 * 2**20, 20
#: Characters of a document with its aliases expanded, which may otherwise exceed any memory.
_WRITTEN_OUT = 16 * 2**20
_VALUE = 20  # characters counted for a value in addition to its own

_Constructor.add_constructor("tag:yaml.org,2002:timestamp", lambda self, node: self.construct_scalar(node))


def parse(path: str | PathLike[str], kind: Kind) -> Any:
    """The content of the file. Raises `ConfigErrors` when the file does not exist or is not YAML."""
    try:
        text = read_regular(path, _LONGEST).decode("utf-8")
    except FileNotFoundError:
        raise ConfigErrors([f"{path}: there is no such file. Give the path of {kind.word} ({kind.page})."]) from None
    except UnicodeDecodeError as error:
        raise ConfigErrors([f"{path}: byte {error.start} is not UTF-8. Save the file as UTF-8."]) from None
    except OSError as error:
        raise ConfigErrors([f"{path}: cannot be read: {error.strerror}."]) from None
    yaml = YAML(typ="rt")
    yaml.Constructor, yaml.max_depth = _Constructor, _DEPTH
    try:
        document = yaml.load(text)
        size, depth = _written_out(document, {}) if "*" in text else (0, 0)
        if size > _WRITTEN_OUT:
            raise ConfigErrors([f"{path}: its aliases expand to too much text. Write their text instead."])
        if depth > _DEPTH:
            raise RecursionError
    except DuplicateKeyError as error:
        raise ConfigErrors([f"{path}:{_duplicate_key(error)}"]) from None
    except (RecursionError, MaxDepthExceededError):
        raise ConfigErrors([f"{path}: is nested too deep. Flatten it."]) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        remedy = "Check the indentation, and quote texts with ': ' or '#'."
        raise ConfigErrors([f"{path}{line}: not YAML: {error.problem or error.context}. {remedy}"]) from None
    except (YAMLError, ValueError) as error:
        raise ConfigErrors([f"{path}: not YAML: {str(error).splitlines()[0]}."]) from None
    except (AttributeError, KeyError, TypeError):  # !!bool x; a mapping in a mapping's place as a key
        raise ConfigErrors([f"{path}: not YAML: a value does not fit its tag, or a key is not text."]) from None
    if document is None:
        raise ConfigErrors(
            [f"{path}:1: the file is empty. It needs '{kind.key}:' and {kind.content} below it ({kind.page})."]
        )
    return document


def _written_out(node: Any, known: dict[int, tuple[float, int]]) -> tuple[float, int]:
    """The size of a value with its aliases written out (infinite when it holds itself), and its depth.

    `known`: by `id`.
    """
    if not isinstance(node, Mapping | list):
        return _VALUE + (len(node) if isinstance(node, str) else 0), 0
    if id(node) not in known:
        known[id(node)] = float("inf"), 0  # until it is known: it may contain itself
        parts = (part for pair in node.items() for part in pair) if isinstance(node, Mapping) else node
        sizes, depths = zip((_VALUE, 0), *(_written_out(part, known) for part in parts), strict=True)
        known[id(node)] = sum(sizes), 1 + max(depths)
    return known[id(node)]


def problems(document: Any, kind: Kind) -> list[Problem]:
    """The errors that the schema finds in a document."""
    return explain(document, kind, lambda where, key: line_of(document, where, key))


def formatted(path: str | PathLike[str], problems: Iterable[Problem]) -> list[str]:
    """The lines of a `ConfigErrors`: each problem once, in the order of the file."""
    return [f"{path}:{line}: {text}" for line, text in sorted(set(problems))]


def line_of(document: Any, where: Where, key: bool = False) -> int:
    """The line of the value at `where` (of its key: `key`), 1-based; of its parent, when YAML does not record it."""
    node, line = document, 1
    for step in where:
        try:
            empty = not isinstance(step, int) and node[step] is None  # its place is that of the next node
            position = node.lc.item if isinstance(step, int) else node.lc.key if key or empty else node.lc.value
            line = position(step)[0] + 1
        except (AttributeError, KeyError, TypeError):
            pass  # a key merged in by "<<" has no place of its own
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            break
    return line


def _duplicate_key(error: DuplicateKeyError) -> str:
    """ruamel's problem text is: found duplicate key "port" with value "2" (original value: "1")."""
    match = re.search(r'duplicate key "(.*?)"', str(error.problem))
    line = error.problem_mark.line + 1 if error.problem_mark else 1
    start = error.context_mark.line + 1 if error.context_mark else line
    key = match[1] if match else "?"
    return f"{line}: key {key!r} occurs twice in the mapping that starts on line {start}. Remove one."
