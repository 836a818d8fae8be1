"""The options and the profile of a run in ``run.json``, with which it is resumed or judged again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

import pytest

from plugins.core.strict_json import checked
from plugins.evidence.archive import Archive
from plugins.evidence.layout import PROFILE
from plugins.evidence.records import RunRecord
from plugins.requirements.profile import DEFAULT, Profile, ProfileError
from plugins.requirements.profile_file import load_profile, saved_profile


class _Saved(TypedDict, total=False):
    """The options in ``run.json``."""

    vm: list[str]
    inventory: str | None
    azure_fleet: str | None
    ssh_user: str | None
    ssh_jump: str | None
    profile: str | None
    check: list[str]
    keyword: str
    markexpr: str
    host_keys: Literal["strict", "accept-new", "off"]
    no_azure: bool
    subscription: str | None
    resource_group: str | None
    enroll: Literal["connect", "roundtrip", None]
    paths: list[str]
    bundle: bool


#: Of these, the options that select VMs, connections and checks. Options that affect only the
#: output may differ in a resumed run.
_OPTIONS = {
    name: {"keyword": "-k", "markexpr": "-m"}.get(name, f"--{name.replace('_', '-')}")
    for name in _Saved.__annotations__
    if name not in ("paths", "bundle")
}


#: The values of options that were not given, or that change nothing.
_NOT_SET: tuple[Any, ...] = (None, "", False, [], "strict")


def to_saved(config: pytest.Config) -> dict[str, Any]:
    """The options to save, by name, and the paths as absolute ones."""
    chosen: dict[str, Any] = {name: getattr(config.option, name) for name in _OPTIONS}
    given = config.args if config.args_source is pytest.Config.ArgsSource.ARGS else ()
    return chosen | {"paths": [_absolute(config, path) for path in given], "bundle": config.option.bundle}


def _absolute(config: pytest.Config, path: str) -> str:
    """``suites/test_imds.py::test_x``, independent of the folder in which pytest is started."""
    file, colons, rest = path.partition("::")
    return os.path.normpath(config.invocation_params.dir / file) + colons + rest


def restore(config: pytest.Config, options: Mapping[str, Any], how: str) -> None:
    """Restore the options of an earlier run. `how` is the option that requests it, ``--resume=RUN``.

    Raises pytest.UsageError that names every conflicting option of the command line.
    """
    try:
        saved = checked(options, _Saved, "options")
    except ValueError as error:
        raise pytest.UsageError(f"{how}: run.json of that run is damaged ({error}). Start a new run.") from None
    now = to_saved(config)
    given = {str(argument).partition("=")[0] for argument in config.invocation_params.args}
    conflicts = [
        flag
        for name, flag in _OPTIONS.items()
        if now[name] != saved.get(name) and (now[name] not in _NOT_SET or flag in given)
    ]
    if now["paths"] and now["paths"] != saved.get("paths"):
        conflicts += [os.path.relpath(path) for path in now["paths"]]
    if conflicts:
        raise pytest.UsageError(
            f"{how} resumes a run with its original options; these differ: {', '.join(conflicts)}. Drop them, or "
            "start a new run."
        )
    for name in _OPTIONS:
        if name in saved:
            setattr(config.option, name, saved.get(name))
    config.option.bundle = config.option.bundle or bool(saved.get("bundle"))
    if saved.get("paths"):
        config.args = config.option.file_or_dir = list(saved["paths"])


def profile_of(archive: Archive, saved: RunRecord, option: str | None = None) -> tuple[Profile, str]:
    """The profile to judge saved evidence by, and its name: that of ``--profile``, else that of the run.

    An operator's own profile is saved with the run, because its file may change or be on another machine; then the
    name is "". Raises pytest.UsageError.
    """
    if not option and (text := archive.profile()) is not None:
        try:
            return saved_profile(text, archive.source.label(PROFILE)), ""
        except ProfileError as error:
            raise pytest.UsageError(str(error)) from None
    name = option or saved.get("profile", DEFAULT)
    return profile_named(name), name


def profile_named(name: str) -> Profile:
    """The profile with this name, or in this file. Raises pytest.UsageError."""
    try:
        return load_profile(name)
    except ProfileError as error:
        raise pytest.UsageError(str(error)) from None
