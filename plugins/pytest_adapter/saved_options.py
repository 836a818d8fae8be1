"""What of the command line shapes a run: kept in ``run.json``, so that the run can be gone on with as it was begun."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pytest

__all__ = ["shaping", "take_over"]

#: Who is visited, how, and for which checks. Options that shape only the output may differ from one time to the next.
_OPTIONS = {
    "vm": "--vm",
    "inventory": "--inventory",
    "azure_fleet": "--azure-fleet",
    "profile": "--profile",
    "check": "--check",
    "keyword": "-k",
    "markexpr": "-m",
    "host_keys": "--host-keys",
    "no_azure": "--no-azure",
    "subscription": "--subscription",
    "resource_group": "--resource-group",
    "enroll": "--enroll",
}


def shaping(config: pytest.Config) -> dict[str, Any]:
    """The options that shape a run, by name, and the paths, as absolute ones."""
    chosen: dict[str, Any] = {name: getattr(config.option, name) for name in _OPTIONS}
    given = config.args if config.args_source is pytest.Config.ArgsSource.ARGS else ()
    return chosen | {"paths": [_absolute(config, path) for path in given], "bundle": config.option.bundle}


def _absolute(config: pytest.Config, path: str) -> str:
    """``suites/test_imds.py::test_x``, wherever pytest is started the next time."""
    file, colons, rest = path.partition("::")
    return os.path.normpath(config.invocation_params.dir / file) + colons + rest


def take_over(config: pytest.Config, saved: Mapping[str, Any], how: str) -> None:
    """Let the options be those of an earlier run. `how` is what asked for it, ``--resume=RUN``.

    Raises pytest.UsageError that names every option of the command line that says something else.
    """
    now = shaping(config)
    words = [str(each) for each in config.invocation_params.args]
    conflicts = [
        flag
        for name, flag in _OPTIONS.items()
        if now[name] != saved.get(name) and (_says_something(now[name]) or _is_given(flag, words))
    ]
    if now["paths"] and now["paths"] != saved.get("paths"):
        conflicts += [os.path.relpath(path) for path in now["paths"]]
    if conflicts:
        raise pytest.UsageError(
            f"{how} goes on with a run as it was begun, and this is not how it was: {', '.join(conflicts)}. Leave it "
            "away, or begin a new run."
        )
    for name in _OPTIONS:
        if name in saved:
            setattr(config.option, name, saved[name])
    config.option.bundle = config.option.bundle or bool(saved.get("bundle"))
    if saved.get("paths"):
        config.args = config.option.file_or_dir = list(saved["paths"])


def _says_something(value: Any) -> bool:
    return value not in (None, "", False, [], "strict")


def _is_given(flag: str, words: list[str]) -> bool:
    return any(word == flag or word.startswith(f"{flag}=") for word in words)
