"""The whole catalogue, against which coverage is measured, and the checks that the command line omits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from plugins.checks.check import check_of
from plugins.enrollment.steps import wanted
from plugins.judge.context import CONTROL_PLANE, wants
from plugins.pytest_adapter.items import CheckItem
from plugins.pytest_adapter.run import Run
from plugins.results.coverage import Coverage

_MODULES = "test_*.py"

#: Other options that omit checks, and their names in pytest.
_SELECTING = {
    "--no-azure": "no_azure",
    "--deselect": "deselect",
    "--ignore": "ignore",
    "--ignore-glob": "ignore_glob",
    "--lf": "lf",
    "--sw": "stepwise",
}


def measure(session: pytest.Session, items: Sequence[CheckItem], run: Run) -> Coverage:
    """The coverage that a complete run would have. `items` are the collected checks, none of them deselected.

    Checks of modules that pytest did not collect (because of a path, ``--ignore`` or ``--lf``) count, too.
    """
    config = session.config
    coverage = Coverage(run.scope.vms, run.rules.profile)
    declared = {item.check.id: (item.check, item.function) for item in items}
    for path in _modules(config, {item.path for item in items}):
        try:
            functions = list(_functions(pytest.Module.from_parent(session, path=path).obj))
        except (Exception, pytest.skip.Exception):  # a module may raise anything when it is imported
            coverage.reasons.append(f"{path.name} cannot be loaded")
            coverage.stopped = True
            continue
        for function in functions:
            if (check := check_of(function)) is not None:
                declared.setdefault(check.id, (check, function))
    coverage.expect(
        (check, CONTROL_PLANE in wants(function))
        for check, function in declared.values()
        if wanted(check.id, config.option.enroll)
    )
    coverage.reasons += _selecting_options(config)
    return coverage


def stopping_options(session: pytest.Session) -> Iterator[str]:
    """The option that stopped the run early, as typed."""
    option = session.config.option
    if option.maxfail == 1 and session.shouldfail:
        yield "-x"
    elif session.shouldfail:
        yield f"--maxfail={option.maxfail}"


def _modules(config: pytest.Config, collected: set[Path]) -> list[Path]:
    """The modules with checks: those of the catalogue, and those beside the ones that were collected."""
    roots = (config.rootpath / "suites", config.invocation_params.dir / "suites")
    modules = {path.resolve() for root in roots for path in root.rglob(_MODULES)}
    modules |= {path.resolve() for folder in {path.parent for path in collected} for path in folder.glob(_MODULES)}
    return sorted(modules | {path.resolve() for path in collected})


def _functions(module: Any) -> Iterator[Callable[..., str]]:
    """The functions of a module and of its classes."""
    for value in list(vars(module).values()):
        if isinstance(value, FunctionType):
            yield value
        elif isinstance(value, type) and value.__module__ == module.__name__:
            yield from (member for member in vars(value).values() if isinstance(member, FunctionType))


def _selecting_options(config: pytest.Config) -> Iterator[str]:
    """The options that may have omitted checks, as typed."""
    option = config.option
    yield from (f"--check={pattern}" for pattern in option.check)
    yield from (f"{flag} {value!r}" for flag, value in (("-k", option.keyword), ("-m", option.markexpr)) if value)
    yield from (argument for argument in option.file_or_dir if "::" in argument or Path(argument).suffix == ".py")
    yield from (flag for flag, name in _SELECTING.items() if getattr(option, name, None))
