"""Where the faults are kept."""

from __future__ import annotations

import glob
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lab.plan import RunPlan, VmPlan


@dataclass(frozen=True, slots=True)
class Need:
    """Something a fault needs of this machine: a file, as a glob pattern, and the Debian package that brings it."""

    path: str
    package: str

    def files(self) -> list[str]:
        """The files there are."""
        return sorted(glob.glob(self.path))


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a VM is not healthy, or what a run finds beside its VMs."""

    name: str
    story: str
    expects: Mapping[str, str]  # what it must cause: exactly what differs from a healthy VM
    plant: Callable[[Any], None]  # a VmPlan, or for a fault of the run a RunPlan
    needs: tuple[Need, ...] = ()
    vms: int = 1  # how many must have it, for it to show
    roots: tuple[str, ...] = ()  # the checks that are its root causes, the one to be named first before the others

    def __post_init__(self) -> None:
        """Where one check alone is in trouble, that is the root cause."""
        if not self.roots:
            object.__setattr__(self, "roots", tuple(self.troubled()))

    def troubled(self) -> list[str]:
        """The checks that fail, warn or are unknown by it, as `expects` names them."""
        words = {"fail", "warn", "unknown"}
        checks = (key.partition("[")[0] for key, status in self.expects.items() if words & set(status.split("|")))
        return list(dict.fromkeys(checks))


#: Every fault of a VM by name, in the order of the catalogue.
FAULTS: dict[str, Fault] = {}

#: Every fault of a run by name. What one must cause, it must cause for every VM.
RUN_FAULTS: dict[str, Fault] = {}


def fault(
    name: str,
    expects: Mapping[str, str],
    needs: tuple[Need, ...] = (),
    vms: int = 1,
    roots: tuple[str, ...] = (),
) -> Callable[[Callable[[VmPlan], None]], Callable[[VmPlan], None]]:
    """Register a function as a fault of a VM; the first paragraph of its docstring is the story."""

    def register(plant: Callable[[VmPlan], None]) -> Callable[[VmPlan], None]:
        _add(FAULTS, Fault(name, _story(plant), expects, plant, needs, vms, roots))
        return plant

    return register


def run_fault(
    name: str, expects: Mapping[str, str], roots: tuple[str, ...] = ()
) -> Callable[[Callable[[RunPlan], None]], Callable[[RunPlan], None]]:
    """Register a function as a fault of the run, likewise."""

    def register(plant: Callable[[RunPlan], None]) -> Callable[[RunPlan], None]:
        _add(RUN_FAULTS, Fault(name, _story(plant), expects, plant, roots=roots))
        return plant

    return register


def _story(plant: Callable[..., None]) -> str:
    return " ".join((inspect.getdoc(plant) or "").split("\n\n")[0].split())


def _add(faults: dict[str, Fault], one: Fault) -> None:
    if one.name in FAULTS or one.name in RUN_FAULTS:
        raise ValueError(f"there are two faults named {one.name}")
    faults[one.name] = one
