"""One run: which VMs, which profile, whose evidence. Made once from the command line, shared by all hooks."""

from __future__ import annotations

import argparse
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from plugins import inventory
from plugins.decide import Decisions, read
from plugins.evidence import Archive
from plugins.files import make_directory
from plugins.inventory import Fleet, InventoryError, Vm
from plugins.model import Evidence, Verdict
from plugins.profile import DEFAULT, Profile, ProfileError, load_profile
from plugins.waivers import Waivers

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
    required: dict[str, str] = field(default_factory=dict)  # node id -> check id, before a choice left some out
    selected: bool = False  # collection went well: it is known what to look at
    started: float = field(default_factory=time.time)
    notes: tuple[str, ...] = ()  # what to know about how the fleet was found
    verdicts: dict[str, Verdict] = field(default_factory=dict)  # by node id, in the order judged
    decisions: Decisions = field(default_factory=Decisions)
    other_failures: bool = False  # a test that is no check failed

    @property
    def evidence(self) -> Mapping[str, Evidence]:
        """The evidence of the run, by VM name."""
        assert self.archive is not None, "a run that writes nothing judges nothing"
        return self.archive


RUN = pytest.StashKey[Run]()


def begin(config: pytest.Config) -> Run | None:
    """The run that the command line asks for, or None when it names no VM. Raises pytest.UsageError."""
    option = config.option
    if not (option.vm or option.inventory or option.azure_fleet or option.evidence):
        return None
    if option.evidence:
        return _replay(config, Path(option.evidence))
    try:
        fleet = _fleet(option)
        vms = inventory.select(option.vm, fleet.vms if fleet else None, option.inventory or option.azure_fleet or "")
    except InventoryError as error:
        raise pytest.UsageError(str(error)) from None
    asked = option.profile or (str(fleet.profile) if fleet and fleet.profile else DEFAULT)
    run = Run(
        id=_new_id(),
        directory=None,
        vms=vms,
        profile=_profile(asked),
        profile_asked=asked,
        ssh_config=fleet.ssh_config if fleet else None,
        archive=None,
        notes=fleet.notes if fleet else (),
    )
    run.decisions = read(option, vms, _reports(config), run.started)
    if not (option.plan or option.collectonly):
        run.directory = make_directory(_reports(config)) / run.id
        run.archive = Archive.create(run.directory, _asked(config, run), vms)
    return run


def _fleet(option: argparse.Namespace) -> Fleet | None:
    """The fleet that `--vm` chooses from: of the inventory, or of Azure; None: each `--vm` is itself an address."""
    if option.inventory and option.azure_fleet:
        raise pytest.UsageError("--inventory and --azure-fleet both name a fleet. Give one of them.")
    if option.inventory:
        return inventory.load(option.inventory)
    if not option.azure_fleet:
        return None
    # Imported here: the Azure SDK takes a second to load, and most runs do not need it this early.
    from plugins.azure.fleet import FleetError, fleet_from_azure

    subscription, _, group = option.azure_fleet.partition("/")
    try:
        found = fleet_from_azure(subscription, group or None)
    except FleetError as error:
        raise pytest.UsageError(f"--azure-fleet={option.azure_fleet}: {error} {error.remedy}".rstrip()) from None
    if not found.vms:
        raise pytest.UsageError(f"--azure-fleet={option.azure_fleet}: Azure shows no Operator Nexus VM there.")
    return Fleet(tuple(found.vms), notes=tuple(found.notes))


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
    run.decisions = read(config.option, vms, _reports(config), run.started)
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
        decisions=Decisions(waivers=Waivers.from_data(data["waivers"])),
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
    return Path(config.option.reports or config.rootpath / "reports").resolve()


def _new_id() -> str:
    """Sorts by time, and no two runs share one: ``20261121T221500Z-3f9a``."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
