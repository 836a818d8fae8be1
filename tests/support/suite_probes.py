"""The probes of the suites, found in pytest's order: in the module of a check, then in suites/conftest.py."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

import suites.probes
from plugins.checks.probe import Probe, probe_of
from plugins.checks.signature import parameters
from suites import conftest

#: The probes of suites/conftest.py, by name.
SHARED: dict[str, Probe] = {name: probe for name, value in vars(conftest).items() if (probe := probe_of(value))}

#: Every probe that suites/probes declares, by the name of its variable.
DECLARED: dict[str, Probe] = {
    name: probe
    for module in pkgutil.iter_modules(suites.probes.__path__, "suites.probes.")
    for name, value in vars(importlib.import_module(module.name)).items()
    if (probe := probe_of(value))
}


def probes_of(function: Callable[..., str]) -> dict[str, Probe]:
    """The probes of a check, by argument."""
    own = {name: probe_of(function.__globals__.get(name)) or SHARED.get(name) for name in parameters(function)}
    return {name: probe for name, probe in own.items() if probe is not None}
