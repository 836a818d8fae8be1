"""Declaring checks: an ordinary pytest test function, its id, its severity, and how it relates to other checks.

A check is a pure function over evidence. It returns the sentence that says what is well, or stops with one of the
words below. Nothing it does touches the network, so it judges a live VM and a saved run alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, TypeVar

import pytest

from plugins.checks.signature import parameters
from plugins.model import Severity, Status

__all__ = [
    "Check",
    "Fix",
    "Judgement",
    "OnVm",
    "Thing",
    "check",
    "check_of",
    "fail",
    "not_applicable",
    "note",
    "noted",
    "on_vm",
    "recommended",
    "required",
    "unknown",
    "warn",
]

required = Severity.REQUIRED
recommended = Severity.RECOMMENDED

#: (vm, profile) -> the values of one parameter of a check on that VM; str(value) is shown in node ids and reports.
Each = Callable[[Any, Any], Sequence[Any]]

#: What a check's ``severity`` may be: fixed, or chosen from its parameters ("HTTPS_PROXY is required, HTTP_PROXY not").
Grade = Severity | Callable[..., Severity]

#: What has to be changed when a check is not met. What VMs share is fixed once for all of them: see
#: `plugins.diagnosis.fleet_causes`.
Thing = Literal[
    "vm",  # the VM resource: nobody else's
    "guest",  # software or settings inside the VM: the image's, when every VM made of it has the same trouble
    "cluster",  # and its runtime
    "csn",  # the cloud services network
    "identity",  # a managed identity, perhaps of many VMs
    "resource group",  # the one that the Arc resource goes to
    "subscription",  # the one that the Arc resource goes to
    "instance",  # the Operator Nexus instance: the management bundle, the resource provider
    "runner",  # the machine the suite runs on, and what it may do in Azure
    "path",  # the way out of the VM: its cloud services network, when none of that network's VMs gets through
    "role",  # of a managed identity: once where VMs share one, else in the resource group that the Arc resource goes to
]

F = TypeVar("F", bound=Callable[..., str])


@dataclass(frozen=True, slots=True)
class OnVm:
    """A command for the guest's own shell."""

    command: str


#: Commands that repair something, for the operator's shell (text) or the guest's (`on_vm`). Every value in one went
#: through `quote`. They are shown, never run.
Fix = str | OnVm | Sequence[str | OnVm]


def on_vm(command: str) -> OnVm:
    """A command of a `Fix` that is to be run in the guest; the fix plan puts ``ssh`` in front of it."""
    return OnVm(command)


class Judgement(Exception):
    """A check's word, when it is not *pass*. Raised by `fail`, `warn`, `unknown` and `not_applicable`."""

    def __init__(
        self,
        status: Status,
        message: str,
        remedy: str = "",
        fix: Fix = (),
        obstacle: str = "",
        thing: Thing | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.remedy = remedy
        self.obstacle = obstacle
        self.thing = thing
        self.fix: Sequence[str | OnVm] = (fix,) if isinstance(fix, str | OnVm) else fix


def fail(message: str, *, remedy: str = "", fix: Fix = (), obstacle: str = "", thing: Thing | None = None) -> NoReturn:
    """Not met: *fail* in a required check, *warn* in a recommended one.

    `remedy` and `thing` replace the check's own. `fix` is the commands that do it, where commands can; the same command
    for every VM and parameter that it helps, so that it is listed once. `obstacle` names what stood in the way, when
    other checks meet it too ("no curl", or the id of a check): all that name the same one on a VM have one root cause.
    """
    raise Judgement(Status.FAIL, message, remedy, fix, obstacle, thing)


def warn(message: str, *, remedy: str = "", fix: Fix = (), obstacle: str = "", thing: Thing | None = None) -> NoReturn:
    """The recommended part is not met, the required part is."""
    raise Judgement(Status.WARN, message, remedy, fix, obstacle, thing)


def unknown(
    message: str, *, remedy: str = "", fix: Fix = (), obstacle: str = "", thing: Thing | None = None
) -> NoReturn:
    """The evidence that would decide could not be obtained."""
    raise Judgement(Status.UNKNOWN, message, remedy, fix, obstacle, thing)


def not_applicable(message: str) -> NoReturn:
    """The question does not arise on this VM; `message` says why."""
    raise Judgement(Status.NOT_APPLICABLE, message)


_NOTES: ContextVar[dict[str, str] | None] = ContextVar("notes", default=None)


def note(fact: str, value: str) -> None:
    """Note what this VM has (``note("agent version", "1.61")``), so that VMs which should be alike can be compared.

    For facts that ought to be equal across a group of VMs; `plugins.diagnosis.drift` finds the odd ones out.
    """
    if (notes := _NOTES.get()) is not None:
        notes[fact] = value


class noted:  # read as a word: `with noted() as facts`. A generator would take three times as long
    """What is noted while the block runs, by fact."""

    __slots__ = ("_before",)

    def __enter__(self) -> dict[str, str]:
        """Begin with nothing."""
        notes: dict[str, str] = {}
        self._before = _NOTES.set(notes)
        return notes

    def __exit__(self, *_: object) -> None:
        """What was noted outside stays as it was."""
        _NOTES.reset(self._before)


@dataclass(frozen=True, slots=True)
class Check:
    """What is declared about a check. `title` is the first line of its docstring."""

    id: str
    severity: Grade
    title: str
    remedy: str
    docs: str
    after: tuple[str, ...]
    causes: tuple[str, ...]
    each: Mapping[str, Each]
    thing: Thing = "guest"

    @property
    def area(self) -> str:
        """The part of the id before the number: IMDS-002 is in IMDS."""
        return self.id.rpartition("-")[0]

    def grade(self, known: Mapping[str, Any]) -> Severity:
        """The severity for one set of parameters; `known` also holds ``vm`` and ``profile``."""
        if isinstance(self.severity, Severity):
            return self.severity
        return self.severity(**{name: known[name] for name in parameters(self.severity)})

    @property
    def base_severity(self) -> Severity:
        """The severity for lists: the strictest one where it depends on a parameter."""
        return self.severity if isinstance(self.severity, Severity) else Severity.REQUIRED


def check(
    id: str,
    severity: Grade,
    *,
    remedy: str,
    docs: str,
    after: Sequence[str] = (),
    causes: Sequence[str] = (),
    each: Mapping[str, Each] | None = None,
    thing: Thing = "guest",
) -> Callable[[F], F]:
    """Make a test function a check.

    `after` names the checks without which this one cannot be judged: when one of them failed or is unknown on the
    same VM (and the same parameter, where both have it), this one is *blocked* and says so. `causes` names, in the
    order to look, the checks whose failure explains a failure of this one: it is then a consequence, not a root
    cause. `each` gives the check a parameter per VM: ``each={"endpoint": lambda vm, profile: [...]}``.
    `severity` may be a function of the check's parameters. `thing` is what has to be changed when it is not met.
    """
    if not re.fullmatch(r"[A-Z]+-\d{3}", id):
        raise ValueError(f"check id {id!r}: expected AREA-NNN, for example IMDS-002")

    def decorate(function: F) -> F:
        title = (function.__doc__ or "").strip().partition("\n")[0].rstrip(".")
        if not title:
            raise ValueError(f"check {id}: {function.__name__} has no docstring; its first line is the check's title")
        declared = Check(id, severity, title, remedy, docs, tuple(after), tuple(causes), each or {}, thing)
        function.__check__ = declared  # type: ignore[attr-defined]
        # For -m: "imds", "required", "net and not recommended".
        for word in (declared.area.lower(), str(declared.base_severity)):
            function = getattr(pytest.mark, word)(function)
        return function

    return decorate


def check_of(function: object) -> Check | None:
    """The check declared on a test function, or None for an ordinary test."""
    return getattr(function, "__check__", None)
