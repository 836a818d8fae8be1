"""Code shared by `fixes.md` and `fixes.sh`: the commands to show, and their headings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from plugins.core.sanitize import names
from plugins.reports.queries import Json, fix_order

#: A list of up to so many VMs names all of them; a longer list is not read.
ALL_NAMES = 50
_SOME_NAMES = 10


#: Text that `shlex.split` can split, at a hundredth of the time: no open quote, and no backslash at the end.
_WHOLE = re.compile(r"""[ \t\r\n]*+(?:[^'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")++""", re.S)


NO_COMMAND = "this command has invisible characters, an open quote, or a command for a CI server. For reading only:"


def whole(command: str) -> bool:
    """Whether `command` may be copied: it is one complete shell command, not a comment.

    An open quote would include the following text. An escape sequence or a character that reverses
    the direction of a line hides the real command from the reader (`plugins.judge.operator_command`).
    """
    return not command.startswith("#") and _WHOLE.fullmatch(command) is not None


@dataclass(slots=True)
class FixStep:
    """A step of the plan, and the other causes that the same commands repair."""

    number: int
    step: Json | None  # None: it does not keep a VM from being ready
    cause: Json
    also: list[str] = field(default_factory=list)  # the titles of later steps whose commands are all here


def fix_steps(results: Json) -> list[FixStep]:
    """The steps in the plan's order, each command once: causes that an earlier step's commands repair get no step."""
    steps: list[FixStep] = []
    given: dict[str, FixStep] = {}
    for number, (step, cause) in enumerate(fix_order(results), 1):
        commands = [fix["command"] for fix in cause["fix"]]
        first = given.get(commands[0]) if commands else None
        if first is not None and all(given.get(command) is first for command in commands):
            first.also.append(title(step, cause, number))
            continue
        steps.append(FixStep(number, step, cause))
        for command in commands:
            given.setdefault(command, steps[-1])
    return steps


def helped(vms: Sequence[str]) -> str:
    """The VMs by name: all of them when they are few, otherwise the first ones and how many more."""
    return names(vms, ALL_NAMES if len(vms) <= ALL_NAMES else _SOME_NAMES)


def in_words(cause: Json, where: str) -> str:
    """The remedy of a cause without its commands; `where` refers to them, as in "run the command below"."""
    text = str(cause["remedy"])
    for fix in cause["fix"]:
        text = text.replace(fix["command"], f"run {where}")
    return text[:1].upper() + text[1:] if text != cause["remedy"] else text


def title(step: Json | None, cause: Json, number: int) -> str:
    """The heading of a step: ``Step 1: Start 13 VMs that are powered off (VM-001): 13 VMs become ready.``"""
    return f"Step {number}: {step['sentence']}" if step else f"Later: {cause['headline']} ({cause['id']})"
