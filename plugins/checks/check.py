"""The declaration of a check: a pytest test function with an id, a severity, and its relations to other checks.

A check is a pure function over evidence. It returns the sentence of a pass, or stops with `fail`, `warn`, `unknown`
or `not_applicable`. It never uses the network, so it judges a live VM and a saved run in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn, TypedDict, TypeVar, Unpack

import pytest

from plugins.checks.areas import area_of
from plugins.checks.command import Command
from plugins.checks.signature import parameters
from plugins.model import Severity, Status

required = Severity.REQUIRED
recommended = Severity.RECOMMENDED

#: (vm, profile) -> the values of one parameter of a check on that VM; str(value) is shown in node ids and reports.
ParameterValues = Callable[[Any, Any], Sequence[Any]]

#: The type of a check's ``severity``: fixed, or chosen from its parameters ("HTTPS_PROXY is required, HTTP_PROXY not").
Grade = Severity | Callable[..., Severity]

#: The component to change when a check is not met. One that VMs share is fixed once for all of them: see
#: `plugins.diagnosis.fleet_causes`.
Component = Literal[
    "vm",  # the VM resource, which no other VM shares
    "guest",  # software or settings inside the VM; the image, when every VM made from it has the same problem
    "cluster",  # and its runtime
    "csn",  # the cloud services network
    "identity",  # a managed identity, perhaps of many VMs
    "resource group",  # the one that the Arc resource goes to
    "subscription",  # the one that the Arc resource goes to
    "instance",  # the Operator Nexus instance: the management bundle, the resource provider
    "runner",  # the machine that runs the suite, and its rights in Azure
    "path",  # the path out of the VM: its cloud services network, when no VM of that network gets through
    "role",  # of a managed identity: one assignment if VMs share the identity, else one for the target resource group
]

F = TypeVar("F", bound=Callable[..., str])


@dataclass(frozen=True, slots=True)
class OnVm:
    """A command for the guest's own shell."""

    command: Command


#: Commands that repair something, for the operator's shell or the guest's (`on_vm`). They are shown, never run.
Fix = Command | OnVm | Sequence[Command | OnVm]


def on_vm(command: Command) -> OnVm:
    """A command of a `Fix` for the guest; the fix plan puts ``ssh`` before it."""
    return OnVm(command)


class Details(TypedDict, total=False):
    """The outcome of a check besides its message and remedy; see `fail`."""

    fix: Fix
    shared_cause: str
    component: Component | None
    action: str
    item: str
    caused_by: Sequence[str] | None


class CheckOutcome(Exception):
    """The outcome of a check that does not pass.

    Raised by `fail`, `warn`, `unknown`, `blocked` and `not_applicable`.
    """

    # Of most, which have no details.
    shared_cause = action = item = ""
    component: Component | None = None
    caused_by: tuple[str, ...] | None = None
    fix: Sequence[Command | OnVm] = ()

    def __init__(
        self,
        status: Status,
        message: str,
        remedy: str = "",
        *,
        blocked_by: Sequence[str] = (),
        **details: Unpack[Details],
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.remedy = remedy
        self.blocked_by = tuple(blocked_by)
        if details:
            self.shared_cause = details.get("shared_cause", "")
            self.component = details.get("component")
            self.action, self.item = details.get("action", ""), details.get("item", "")
            caused_by, fix = details.get("caused_by"), details.get("fix", ())
            self.caused_by = None if caused_by is None else tuple(caused_by)
            self.fix = (fix,) if isinstance(fix, Command | OnVm) else fix


def fail(message: str, *, remedy: str = "", **details: Unpack[Details]) -> NoReturn:
    """Not met: *fail* in a required check, *warn* in a recommended one.

    `remedy`, `component` and `action` replace the check's own; `item` is the value of ``{items}`` in `action`, by
    default the parameter. `fix` has the commands that repair it, if commands can; use the same command for every VM and
    parameter that it helps, so that it is listed once. `shared_cause` names a cause that other checks share ("no curl",
    or the id of a check): all checks that name the same one on a VM have one root cause. `caused_by`: those of the
    declared causes that can explain the observation; None: all of them.
    """
    raise CheckOutcome(Status.FAIL, message, remedy, **details)


def warn(message: str, *, remedy: str = "", **details: Unpack[Details]) -> NoReturn:
    """The recommended part is not met, the required part is."""
    raise CheckOutcome(Status.WARN, message, remedy, **details)


def unknown(message: str, *, remedy: str = "", **details: Unpack[Details]) -> NoReturn:
    """The evidence for a verdict could not be obtained."""
    raise CheckOutcome(Status.UNKNOWN, message, remedy, **details)


def blocked(message: str, *, by: str, remedy: str = "") -> NoReturn:
    """Not judged: the check `by` has to be fixed first. For conditions that `requires` cannot declare."""
    raise CheckOutcome(Status.BLOCKED, message, remedy, blocked_by=(by,))


def not_applicable(message: str) -> NoReturn:
    """The check does not apply to this VM; `message` states the reason."""
    raise CheckOutcome(Status.NOT_APPLICABLE, message)


_NOTES: ContextVar[dict[str, str] | None] = ContextVar("notes", default=None)


def record_fact(fact: str, value: str) -> None:
    """Record a fact of this VM (``record_fact("agent version", "1.61")``), to compare it with similar VMs.

    For facts that should be equal across a group of VMs; `plugins.diagnosis.drift` finds the outliers.
    """
    if (notes := _NOTES.get()) is not None:
        notes[fact] = value


class recorded_facts:  # used as a function: `with recorded_facts() as facts`. A generator takes three times as long
    """The facts recorded in the block: fact -> value."""

    __slots__ = ("_before",)

    def __enter__(self) -> dict[str, str]:
        """Start with no facts."""
        notes: dict[str, str] = {}
        self._before = _NOTES.set(notes)
        return notes

    def __exit__(self, *_: object) -> None:
        """Restore the facts recorded outside the block."""
        _NOTES.reset(self._before)


@dataclass(frozen=True, slots=True)
class Check:
    """The declaration of a check. `title` is the first line of its docstring."""

    id: str
    severity: Grade
    title: str
    remedy: str
    docs: str
    requires: Sequence[str]
    caused_by: Sequence[str]
    parametrize: Mapping[str, ParameterValues]
    component: Component = "guest"
    problem: str = ""
    action: str = ""
    area: str = field(init=False)  # the part of the id before the number: IMDS-002 is in IMDS

    def __post_init__(self) -> None:
        """Each verdict needs the area."""
        object.__setattr__(self, "area", area_of(self.id))

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
    requires: Sequence[str] = (),
    caused_by: Sequence[str] = (),
    parametrize: Mapping[str, ParameterValues] | None = None,
    component: Component = "guest",
    problem: str = "",
    action: str = "",
) -> Callable[[F], F]:
    """Make a test function a check.

    `requires` names the checks without which this one cannot be judged: when one of them failed or is unknown on the
    same VM (and the same parameter, where both have it), this one is *blocked* and names it. `caused_by` names, most
    likely first, the checks whose failure explains a failure of this one: it is then a consequence, not a root cause.
    `parametrize` gives the check a parameter for each VM: ``parametrize={"endpoint": lambda vm, profile: [...]}``.
    `severity` may be a function of the check's parameters. `component` is the component to change when it is not met.

    `problem` is the opposite of the title, in a few words: "egress list lacks an endpoint". `action` is the headline of
    the fix, a template of `plugins.diagnosis.headline`: "Add {items} to the egress list of {name}".
    """
    if not re.fullmatch(r"[A-Z]+-\d{3}", id):
        raise ValueError(f"check id {id!r}: expected AREA-NNN, for example IMDS-002")

    def decorate(function: F) -> F:
        title = (function.__doc__ or "").strip().partition("\n")[0].rstrip(".")
        if not title:
            raise ValueError(f"check {id}: {function.__name__} has no docstring; its first line is the check's title")
        declared = Check(
            id, severity, title, remedy, docs, requires, caused_by, parametrize or {}, component, problem, action
        )
        function.__check__ = declared  # type: ignore[attr-defined]
        # For -m: "imds", "required", "net and not recommended".
        for word in (declared.area.lower(), str(declared.base_severity)):
            function = getattr(pytest.mark, word)(function)
        return function

    return decorate


def check_of(function: object) -> Check | None:
    """The check declared on a test function, or None for an ordinary test."""
    return getattr(function, "__check__", None)
