"""One run: which VMs, which profile, whose evidence. Made once from the command line, shared by all hooks."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from plugins import inventory
from plugins.evidence import Archive
from plugins.files import make_directory
from plugins.inventory import InventoryError, Vm
from plugins.model import Evidence, Verdict
from plugins.profile import DEFAULT, Profile, ProfileError, load_profile

__all__ = ["RUN", "Run", "begin", "join"]


@dataclass(slots=True)
class Run:
    """What the hooks of one session share."""

    id: str
    directory: Path | None  # None: nothing is to be written (--plan, --collect-only)
    vms: list[Vm]
    profile: Profile
    profile_asked: str  # its name or file, as given
    ssh_config: Path | None
    archive: Archive | None
    replayed: bool = False  # the evidence was there before: nobody is visited
    interrupted: bool = False
    selected: bool = False  # collection went well: it is known what to look at
    started: float = field(default_factory=time.time)
    verdicts: dict[str, Verdict] = field(default_factory=dict)  # by node id, in the order judged

    @property
    def evidence(self) -> Mapping[str, Evidence]:
        """The evidence of the run, by VM name."""
        assert self.archive is not None, "a run that writes nothing judges nothing"
        return self.archive


RUN = pytest.StashKey[Run]()


def begin(config: pytest.Config) -> Run | None:
    """The run that the command line asks for, or None when it names no VM. Raises pytest.UsageError."""
    option = config.option
    if not (option.vm or option.inventory or option.evidence):
        return None
    if option.evidence:
        return _replay(config, Path(option.evidence))
    try:
        fleet = inventory.load(option.inventory) if option.inventory else None
        vms = inventory.select(option.vm, fleet.vms if fleet else None, option.inventory or "")
    except InventoryError as error:
        raise pytest.UsageError(str(error)) from None
    run = Run(
        id=_new_id(),
        directory=None,
        vms=vms,
        profile=_profile(option.profile or DEFAULT),
        profile_asked=option.profile or DEFAULT,
        ssh_config=fleet.ssh_config if fleet else None,
        archive=None,
    )
    if not (option.plan or option.collectonly):
        run.directory = _reports(config) / run.id
        run.archive = Archive.create(run.directory, _asked(config, run), vms)
    return run


def _replay(config: pytest.Config, source: Path) -> Run:
    """A run over evidence that is already there; its reports go to a run directory of their own."""
    archive, asked, vms = Archive.open(source)
    try:
        vms = inventory.select(config.option.vm, vms, str(source))
    except InventoryError as error:
        raise pytest.UsageError(str(error)) from None
    archive.load(vms)
    asked_for = config.option.profile or str(asked.get("profile", DEFAULT))
    run = Run(
        id=_new_id(),
        directory=None,
        vms=vms,
        profile=_profile(asked_for),
        profile_asked=asked_for,
        ssh_config=None,
        archive=archive,
        replayed=True,
    )
    if not (config.option.plan or config.option.collectonly):
        run.directory = make_directory(_reports(config) / run.id)
    return run


def join(data: Mapping[str, Any]) -> Run:
    """The run of the controller, in one of its xdist workers."""
    archive, _, vms = Archive.open(Path(data["archive"]))
    chosen = set(data["vms"])
    return Run(
        id=data["id"],
        directory=None,
        vms=[vm for vm in vms if vm.name in chosen],
        profile=_profile(data["profile"]),
        profile_asked=data["profile"],
        ssh_config=None,
        archive=archive,
        replayed=True,
    )


def _profile(name: str) -> Profile:
    try:
        return load_profile(name)
    except ProfileError as error:
        raise pytest.UsageError(str(error)) from None


def _asked(config: pytest.Config, run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "started": run.started,
        "profile": run.profile_asked,
        "arguments": [str(each) for each in config.invocation_params.args],
    }


def _reports(config: pytest.Config) -> Path:
    return make_directory(Path(config.option.reports or config.rootpath / "reports").resolve())


def _new_id() -> str:
    """Sorts by time, and no two runs share one: ``20261121T221500Z-3f9a``."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
