"""One run: which VMs, which profile, whose evidence. Made once from the command line, shared by all hooks."""

from __future__ import annotations

import argparse
import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from plugins.core.files import lock_directory, make_directory
from plugins.core.redaction import redact
from plugins.core.version import SUITE_VERSION
from plugins.evidence.archive import Archive
from plugins.evidence.bundle_format import BundleError
from plugins.evidence.layout import PROFILE
from plugins.evidence.merged import Gaps, Merged, open_all
from plugins.evidence.object_store import Store
from plugins.evidence.source import Folder
from plugins.gates.decision import Decisions, read
from plugins.inventory import selection as inventory
from plugins.inventory import shards as shard
from plugins.inventory.selection import Fleet, InventoryError
from plugins.model import Evidence, Vm
from plugins.pytest_adapter.saved_options import shaping
from plugins.requirements.profile import DEFAULT, Profile, ProfileError
from plugins.requirements.profile_file import load_profile, own_profile, saved_profile

__all__ = ["Run", "begin", "judged_by", "new_id", "reports", "wanted"]


@dataclass(slots=True)
class Run:
    """What the hooks of one session share."""

    id: str
    directory: Path | None  # None: nothing is to be written (--plan, --collect-only)
    vms: list[Vm]
    profile: Profile
    profile_asked: str  # its name or file, as given; "" = as it was saved with the evidence
    ssh_config: Path | None
    archive: Archive | None
    replayed: bool = False  # the evidence was there before: nobody is visited
    pending: list[Vm] = field(default_factory=list)  # who is to be visited
    continues: bool = False  # an earlier run is gone on with, in its directory
    unwritten: OSError | None = None  # the first that a report met
    lock: int | None = None  # the descriptor that keeps others off the directory
    interrupted: bool = False
    required: dict[str, str] = field(default_factory=dict)  # node id -> check id, before a choice left some out
    selected: bool = False  # collection went well: it is known what to look at
    started: float = field(default_factory=time.time)
    began: float = field(default_factory=time.monotonic)  # the same by a clock that nobody sets
    notes: tuple[str, ...] = ()  # what to know about how the fleet was found
    decisions: Decisions = field(default_factory=Decisions)
    shard: Mapping[str, Any] | None = None  # the part of the fleet that this run is about (`Shard.record`)
    gaps: Gaps | None = None  # what is missing of merged evidence
    store: Store | None = None  # where the evidence goes besides the run directory
    other_failures: bool = False  # a test that is no check failed

    @property
    def evidence(self) -> Mapping[str, Evidence]:
        """The evidence of the run, by VM name."""
        assert self.archive is not None, "a run that writes nothing judges nothing"
        return self.archive

    @property
    def problem(self) -> OSError | None:
        """Why the run directory does not hold all that it should, if so."""
        return self.unwritten or (self.archive.problem if self.archive is not None else None)

    @property
    def has_nothing_to_do(self) -> bool:
        """A shard of a fleet that has fewer VMs than shards."""
        return self.shard is not None and not self.vms

    @contextmanager
    def noting(self) -> Iterator[None]:
        """What cannot be written inside the block becomes the run's `problem`."""
        try:
            yield
        except OSError as error:
            self.note(error)
        except BundleError as error:
            self.note(OSError(str(error)))

    def note(self, error: OSError) -> None:
        """Remember that something could not be written."""
        self.unwritten = self.unwritten or error

    @property
    def seconds(self) -> float:
        """How long this session has been going on."""
        return time.monotonic() - self.began

    def let_go(self) -> None:
        """Let others have the run directory."""
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None


def wanted(config: pytest.Config) -> bool:
    """True when the command line asks for a run: it names VMs, or evidence of them."""
    ways = ("vm", "inventory", "azure_fleet", "evidence", "resume", "retry_unknown")
    return any(getattr(config.option, way) for way in ways)


def begin(config: pytest.Config) -> Run | None:
    """The run that the command line asks for, or None when it names no VM. Raises pytest.UsageError."""
    option = config.option
    if not wanted(config):
        return None
    if option.evidence:
        return _replay(config, option.evidence)
    try:
        fleet = _fleet(option)
        whole = inventory.select(option.vm, fleet.vms if fleet else None, option.inventory or option.azure_fleet or "")
        part = shard.parse(option.shard) if option.shard else None
    except (InventoryError, shard.ShardError) as error:
        raise pytest.UsageError(str(error)) from None
    vms = part.part(whole) if part else whole
    store = Store(option.evidence_store) if option.evidence_store else None
    asked = option.profile or (str(fleet.profile) if fleet and fleet.profile else DEFAULT)
    run = Run(
        id="",
        directory=None,
        vms=vms,
        profile=_profile(asked),
        profile_asked=asked,
        ssh_config=fleet.ssh_config if fleet else None,
        archive=None,
        pending=vms,
        notes=((part.header(whole),) if part else ()) + (fleet.notes if fleet else ()),
        shard=part.record(whole) if part else None,
    )
    run.decisions = read(option, whole, reports(config), run.started)
    if not (option.plan or option.collectonly):
        run.id, run.directory = _new_directory(config)
        try:
            run.lock = lock_directory(run.directory)
            run.archive = Archive.create(run.directory, _asked(config, run), vms, own_profile(asked))
        except OSError as error:
            raise _cannot_be_made(run.directory, error) from None
        if store is not None:
            run.store = run.archive.copy = store.below(run.id)
            run.notes += (f"evidence goes to {run.store}",)
            for name in (PROFILE, "run.json"):
                if (data := run.archive.source.read(name)) is not None:
                    run.store.send(name, data)
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
    from plugins.azure.discovery import FleetError, fleet_from_azure

    subscription, _, group = option.azure_fleet.partition("/")
    try:
        found = fleet_from_azure(subscription, group or None)
    except FleetError as error:
        raise pytest.UsageError(f"--azure-fleet={option.azure_fleet}: {error} {error.remedy}".rstrip()) from None
    if not found.vms:
        raise pytest.UsageError(f"--azure-fleet={option.azure_fleet}: Azure shows no Operator Nexus VM there.")
    return Fleet(tuple(found.vms), notes=tuple(found.notes))


def _replay(config: pytest.Config, places: Sequence[str]) -> Run:
    """A run over evidence that is already there; its reports go to a run directory of their own."""
    option = config.option
    archive, asked, vms = open_all(places, any_profile=bool(option.profile))
    try:
        vms = whole = inventory.select(option.vm, vms, " ".join(places))
        part = shard.parse(option.shard) if option.shard else None
    except (InventoryError, shard.ShardError) as error:
        raise pytest.UsageError(str(error)) from None
    merged = archive.source if isinstance(archive.source, Merged) else None
    if part:
        vms = part.part(whole)
    notes = ((part.header(whole),) if part else ()) + (tuple(merged.header(vms)) if merged else ())
    archive.load(vms)
    profile, asked_for = judged_by(config.option.profile, archive, asked)
    run = Run(
        id="",
        directory=None,
        vms=vms,
        profile=profile,
        profile_asked=asked_for,
        # A stranger's bundle has no say in the commands that a report offers to this operator's shell.
        ssh_config=_path(asked.get("ssh_config")) if isinstance(archive.source, Folder | Merged) else None,
        archive=archive,
        replayed=True,
        notes=notes,
        shard=part.record(whole) if part else None,
        gaps=merged.gaps_among(vms) if merged else None,
    )
    run.decisions = read(config.option, whole, reports(config), run.started)
    if not (config.option.plan or config.option.collectonly):
        run.id, run.directory = _new_directory(config)
    return run


def judged_by(asked: str | None, archive: Archive, run: Mapping[str, Any]) -> tuple[Profile, str]:
    """The profile to judge saved evidence by, and `Run.profile_asked`: the one asked for, else that of the run.

    An operator's own profile was saved with the run: its file may be changed by now, or on another machine.
    """
    if not asked and (text := archive.source.read(PROFILE)) is not None:
        try:
            return saved_profile(text, archive.source.label(PROFILE)), ""
        except ProfileError as error:
            raise pytest.UsageError(str(error)) from None
    name = asked or str(run.get("profile", DEFAULT))
    return _profile(name), name


def _profile(name: str) -> Profile:
    try:
        return load_profile(name)
    except ProfileError as error:
        raise pytest.UsageError(str(error)) from None


def _asked(config: pytest.Config, run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "started": run.started,
        "suite": SUITE_VERSION,
        "profile": run.profile_asked,
        "ssh_config": str(run.ssh_config) if run.ssh_config else None,
        "arguments": [redact(str(each)) for each in config.invocation_params.args],
        "options": shaping(config),
        **({"shard": run.shard} if run.shard else {}),
    }


def reports(config: pytest.Config) -> Path:
    """Where run directories are made."""
    return Path(config.option.reports or config.rootpath / "reports").resolve()


def _new_directory(config: pytest.Config) -> tuple[str, Path]:
    """A run's id and its new directory, which no other run has, even one that began in this very moment."""
    where = reports(config)
    while True:
        id = config.option.run_id or new_id()
        try:
            make_directory(where)
            (where / id).mkdir(mode=0o700)
        except FileExistsError:
            if config.option.run_id:
                raise pytest.UsageError(f"--run-id={id}: there is such a run already.") from None
            continue
        except OSError as error:
            raise _cannot_be_made(where / id, error) from None
        return id, where / id


def _cannot_be_made(path: Path, error: OSError) -> pytest.UsageError:
    return pytest.UsageError(
        f"{path}: the run directory cannot be made ({error.strerror or error}). Make room or give another place: "
        "--reports=DIR"
    )


def _path(text: Any) -> Path | None:
    return Path(text) if isinstance(text, str) and text else None


def new_id() -> str:
    """Sorts by time: ``20261121T221500Z-3f9a``."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
