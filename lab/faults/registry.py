"""The registry of faults."""

from __future__ import annotations

import glob
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lab.plan import RunPlan, VmPlan


@dataclass(frozen=True, slots=True)
class Need:
    """A requirement of a fault: a file of this machine, as a glob pattern, and its Debian package."""

    path: str
    package: str

    def files(self) -> list[str]:
        """The files that match."""
        return sorted(glob.glob(self.path))


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a VM, or of COMMAND's machine."""

    name: str
    story: str
    expects: Mapping[str, str]  # the verdicts that differ from those of a healthy VM
    plant: Callable[[Any], None]  # a VmPlan, or for a fault of the run a RunPlan
    needs: tuple[Need, ...] = ()
    vms: int = 1  # how many VMs must have it to show
    roots: tuple[str, ...] = ()  # the checks that are its root causes, the most likely first

    def __post_init__(self) -> None:
        """By default, the checks that fail, warn or are unknown are the root causes."""
        if not self.roots:
            object.__setattr__(self, "roots", tuple(self.troubled()))

    def troubled(self) -> list[str]:
        """The checks in `expects` that fail, warn or are unknown."""
        words = {"fail", "warn", "unknown"}
        checks = (key.partition("[")[0] for key, status in self.expects.items() if words & set(status.split("|")))
        return list(dict.fromkeys(checks))


#: Every fault of a VM by name, in the order of the catalogue.
FAULTS: dict[str, Fault] = {}

#: Every fault of a run by name. Its expectations apply to every VM.
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
    """Register a function as a fault of the run, in the same way."""

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
