"""Starts a run from the command line: a new one over the fleet, or one over saved evidence."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from plugins.core.files import lock_directory, make_directory
from plugins.core.redaction import redact
from plugins.core.version import SUITE_VERSION
from plugins.evidence.archive import Archive
from plugins.evidence.layout import PROFILE
from plugins.evidence.merged import MergedSource, open_all
from plugins.evidence.object_store import Store
from plugins.evidence.source import Folder
from plugins.gates.decision import read
from plugins.inventory import selection as inventory
from plugins.inventory import shards as shard
from plugins.inventory.file import InventoryError, bad_jump, bad_name
from plugins.inventory.selection import Fleet
from plugins.model import Vm
from plugins.pytest_adapter import page_options
from plugins.pytest_adapter.run import Run, RunFiles, RunRules, RunScope
from plugins.pytest_adapter.saved_options import profile_named, profile_of, to_saved
from plugins.requirements.profile import DEFAULT
from plugins.requirements.profile_file import own_profile


def begin(config: pytest.Config) -> Run:
    """The new run that the command line requests. Raises pytest.UsageError."""
    option = config.option
    try:
        fleet = _fleet(option)
        source = option.azure_fleet or option.inventory or ""
        whole = _reached(inventory.select(option.vm, fleet.vms if fleet else None, source), option)
        part = shard.parse(option.shard) if option.shard else None
    except (InventoryError, shard.ShardError) as error:
        raise pytest.UsageError(str(error)) from None
    vms, azure_notes = _completed(part.part(whole) if part else whole, option)
    store = Store(option.evidence_store) if option.evidence_store else None
    name = option.profile or (str(fleet.profile) if fleet and fleet.profile else DEFAULT)
    run = Run(
        kind="new",
        scope=RunScope(
            vms=vms,
            pending=vms,
            ssh_config=fleet.ssh_config if fleet else None,
            shard=part.record(whole) if part else None,
        ),
        rules=RunRules(profile_named(name), name),
        notes=((part.header(whole),) if part else ()) + (fleet.notes if fleet else ()) + azure_notes,
    )
    run.rules.decisions = read(option, whole, reports(config), run.started)
    page_options.validate(option, run.scope.vms)
    if not (option.plan or option.collectonly):
        run.files.id, directory = _new_directory(config)
        run.files.directory = directory
        try:
            run.files.lock = lock_directory(directory)
            archive = run.files.archive = Archive.create(directory, _saved(config, run), vms, own_profile(name))
        except OSError as error:
            raise _cannot_be_made(directory, error) from None
        if store is not None:
            run.files.store = archive.mirror = store.below(run.files.id)
            run.notes += (f"evidence goes to {run.files.store}",)
            for file in (PROFILE, "run.json"):
                if archive.source.has(file):
                    run.files.store.send(file, directory / file)
    return run


def _fleet(option: argparse.Namespace) -> Fleet | None:
    """The fleet from which `--vm` selects: of the inventory, or of Azure; None: each `--vm` is an address."""
    if not option.azure_fleet:
        return inventory.load(option.inventory) if option.inventory else None
    # Imported here: the Azure SDK takes a second to load, and most runs do not need it so early.
    from plugins.azure.discovery import FleetError, fleet_from_azure, parse_places

    try:
        fleet = fleet_from_azure(parse_places(option.azure_fleet))
    except ValueError as error:
        raise pytest.UsageError(f"--azure-fleet={option.azure_fleet}: {error}") from None
    except FleetError as error:
        raise pytest.UsageError(f"--azure-fleet={option.azure_fleet}: {error} {error.remedy}".rstrip()) from None
    if not fleet.vms:
        raise pytest.UsageError(f"--azure-fleet={option.azure_fleet}: Azure shows no Operator Nexus VM there.")
    if option.inventory:
        return replace(inventory.load_over(option.inventory, fleet.vms), notes=tuple(fleet.notes))
    return Fleet(tuple(fleet.vms), notes=tuple(fleet.notes))


#: Seconds for reading settings that an inventory omits; other data is read while the VMs are visited.
_COMPLETION = 30.0


def _completed(vms: list[Vm], option: argparse.Namespace) -> tuple[list[Vm], tuple[str, ...]]:
    """The VMs completed with Azure's data: the probes depend on it."""
    if option.no_azure or option.collectonly or option.azure_fleet:
        return vms, ()
    if not any((vm.resource_id or option.subscription) and not (vm.identity and vm.target.location) for vm in vms):
        return vms, ()
    # Imported here: the Azure SDK takes a second to load.
    from plugins.azure.completion import complete
    from plugins.azure.fetch import FetchOptions

    completed, notes = complete(vms, FetchOptions(option.subscription, option.resource_group, seconds=_COMPLETION))
    return completed, tuple(notes)


def _reached(vms: list[Vm], option: argparse.Namespace) -> list[Vm]:
    """The VMs, to be reached as --ssh-user and --ssh-jump say."""
    if option.ssh_user and (problem := bad_name(option.ssh_user)):
        raise InventoryError([f"--ssh-user: {problem}"])
    if option.ssh_jump and (problem := bad_jump(option.ssh_jump)):
        raise InventoryError([f"--ssh-jump: {problem}"])
    return [replace(vm, user=option.ssh_user or vm.user, jump=option.ssh_jump or vm.jump) for vm in vms]


def replay(config: pytest.Config, places: Sequence[str]) -> Run:
    """A run over saved evidence; its reports go to a new run directory. Raises pytest.UsageError."""
    option = config.option
    archive, saved, vms = open_all(places, any_profile=bool(option.profile))
    if option.bundle:
        archive.profile()  # it is packed, also when --profile judges by another one
    try:
        vms = whole = inventory.select(option.vm, vms, " ".join(places))
        part = shard.parse(option.shard) if option.shard else None
    except (InventoryError, shard.ShardError) as error:
        raise pytest.UsageError(str(error)) from None
    merged = archive.source if isinstance(archive.source, MergedSource) else None
    if part:
        vms = part.part(whole)
    notes = ((part.header(whole),) if part else ()) + (tuple(merged.header(vms)) if merged else ())
    notes += tuple(archive.load(vms))
    run = Run(
        kind="replayed",
        scope=RunScope(
            vms=vms,
            # A bundle must not affect the commands that a report offers for this operator's shell.
            ssh_config=_path(saved.get("ssh_config")) if isinstance(archive.source, Folder | MergedSource) else None,
            shard=part.record(whole) if part else None,
            gaps=merged.gaps_among(vms) if merged else None,
        ),
        rules=RunRules(*profile_of(archive, saved, option.profile)),
        files=RunFiles(archive=archive),
        notes=notes,
    )
    run.rules.decisions = read(option, whole, reports(config), run.started)
    page_options.validate(option, run.scope.vms)
    if not (option.plan or option.collectonly):
        run.files.id, run.files.directory = _new_directory(config)
    return run


def _saved(config: pytest.Config, run: Run) -> Mapping[str, Any]:
    """The content of ``run.json``, without the fleet."""
    return {
        "id": run.files.id,
        "started": run.started,
        "suite": SUITE_VERSION,
        "profile": run.rules.profile_name,
        "ssh_config": str(run.scope.ssh_config) if run.scope.ssh_config else None,
        "arguments": [redact(str(argument)) for argument in config.invocation_params.args],
        "options": to_saved(config),
        **({"shard": run.scope.shard} if run.scope.shard else {}),
    }


def reports(config: pytest.Config) -> Path:
    """The folder in which run directories are made."""
    return Path(config.option.reports or config.rootpath / "reports").resolve()


def _new_directory(config: pytest.Config) -> tuple[str, Path]:
    """A run's id and its new directory; unique also among runs that start at the same moment."""
    where = reports(config)
    while True:
        id = new_id()
        try:
            make_directory(where)
        except FileExistsError as error:
            raise pytest.UsageError(
                f"{error.filename} is a file; expected a directory. Give another one: --reports=DIR"
            ) from None
        except OSError as error:
            raise _cannot_be_made(where, error) from None
        try:
            (where / id).mkdir(mode=0o700)
        except FileExistsError:
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
