"""Commands as words and operators: a command becomes shell text only when it is shown, so every value is quoted.

::

    sh("sudo systemctl enable {} && sudo systemctl restart {}", units, units)
    sh("{}; sudo mount -o remount,exec {}", first, at)        a command in a command keeps its operators

The template is a constant in the source (`tests/project/test_commands.py` enforces it): only its words can be
operators. Each ``{}`` takes one value, which stays one word; each item of a list is a word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from plugins.checks.quoting import quote


class Operator(Enum):
    """A shell operator, which is not quoted."""

    AND = "&&"
    END = ";"
    IF = "if"
    THEN = "then"
    ELIF = "elif"
    FI = "fi"
    DISCARD = ">/dev/null"


_OPERATORS = {operator.value: operator for operator in Operator}


@dataclass(frozen=True, slots=True)
class Command:
    """A command for a POSIX shell. `str` renders it; a remedy shows it the same way."""

    parts: tuple[str | Operator, ...]

    def __str__(self) -> str:
        text = ""
        for part in self.parts:
            word = part.value if isinstance(part, Operator) else quote(part)
            text += word if not text or part is Operator.END else f" {word}"
        return text


def sh(template: str, *values: str | Command | Sequence[str]) -> Command:
    """The command of a template with its values. Raises ValueError when their numbers differ."""
    parts: list[str | Operator] = []
    left = list(values)
    for token in template.replace(";", " ;").split():
        if token != "{}":
            parts.append(_OPERATORS.get(token, token))
        elif not left:
            raise ValueError(f"{template!r} has more places than values")
        elif isinstance(value := left.pop(0), Command):
            parts += value.parts
        else:
            parts += [value] if isinstance(value, str) else value
    if left:
        raise ValueError(f"{template!r} has fewer places than values")
    return Command(tuple(parts))


def first_installed(commands: Mapping[str, Command]) -> Command:
    """The command of the first program that is installed: ``if command -v dnf >/dev/null; then ...; fi``."""
    tries = [
        sh("elif command -v {} >/dev/null; then {};", tool, command)
        if number
        else sh("if command -v {} >/dev/null; then {};", tool, command)
        for number, (tool, command) in enumerate(commands.items())
    ]
    return Command(tuple(part for command in (*tries, sh("fi")) for part in command.parts))


def script(template: str, **values: str | Sequence[str]) -> str:
    """The text of a script for ``sh -c``, each ``@NAME@`` in it replaced by a value: one word, or a list of words."""
    words = {name: [value] if isinstance(value, str) else value for name, value in values.items()}
    # In one pass: a value may contain text that looks like a placeholder.
    return re.sub("@([A-Z]+)@", lambda place: " ".join(map(quote, words[place[1]])), template)
