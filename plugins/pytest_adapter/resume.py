"""Resume an interrupted run (``--resume``), or revisit the VMs that it could not judge.

The run directory has everything: the fleet, the options of the run, and the evidence of each VM that was
visited, each file complete. Only the missing VMs are visited; then all VMs are judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from plugins.core.files import InUseError, is_directory, is_file, lock_directory, remove_partial
from plugins.evidence.archive import Archive
from plugins.evidence.records import RunRecord
from plugins.gates.decision import read
from plugins.model import Evidence
from plugins.pytest_adapter import page_options
from plugins.pytest_adapter.run import Run, RunFiles, RunRules, RunScope
from plugins.pytest_adapter.saved_options import profile_of, restore
from plugins.pytest_adapter.start import reports


def resume(config: pytest.Config) -> Run:
    """The run that ``--resume`` or ``--retry-unknown`` names. Raises pytest.UsageError."""
    option = config.option
    if option.resume and option.retry_unknown:
        raise pytest.UsageError("--resume and --retry-unknown: give one. --retry-unknown visits the missing VMs, too.")
    flag, name = ("--resume", option.resume) if option.resume else ("--retry-unknown", option.retry_unknown)
    if option.shard:
        raise pytest.UsageError(f"{flag} and --shard: a resumed run keeps its original options. Drop --shard.")
    if option.evidence_store:
        raise pytest.UsageError(f"{flag} and --evidence-store: only a new run sends its evidence there. Give one.")
    if option.evidence:
        raise pytest.UsageError(f"{flag} and --evidence: the one visits VMs, the other visits none. Give one.")
    directory = _find(config, flag, name)
    writes = not (option.plan or option.collectonly)
    # Locked before anything is read: the run may still be active.
    lock = _lock(directory, flag) if writes else None
    archive, saved, vms = Archive.open(directory, flag)
    options = _options(saved, f"{flag}={name}")
    _refuse_programs(config, directory, saved, options, f"{flag} {name}")
    restore(config, options, f"{flag}={name}")
    unusable = set(archive.damaged)  # VMs without an address; a VM with damaged evidence is visited again
    rules = RunRules(*profile_of(archive, saved))
    if writes:
        for folder in (directory, directory / "evidence", directory / "bundle"):
            remove_partial(folder)
    run = Run(
        kind="resumed",
        scope=RunScope(
            vms=vms,
            pending=[
                vm
                for vm in vms
                if vm.name not in unusable and _is_pending(archive.get(vm.name), unknown_too=bool(option.retry_unknown))
            ],
            ssh_config=Path(config_file) if (config_file := saved.get("ssh_config")) else None,
            shard=saved.get("shard"),
        ),
        rules=rules,
        files=RunFiles(
            id=saved.get("id", directory.name), directory=directory if writes else None, archive=archive, lock=lock
        ),
    )
    run.rules.decisions = read(option, vms, reports(config), run.started)
    page_options.validate(option, vms)
    return run


def _find(config: pytest.Config, flag: str, name: str) -> Path:
    """The run directory with that path or id."""
    for path in (Path(name), reports(config) / name):
        if is_file(path / "run.json"):
            return path.resolve()
        if is_directory(path):
            raise pytest.UsageError(f"{flag} {name}: no run.json in it, so it is not a run directory")
        if is_file(path):
            raise pytest.UsageError(f"{flag} {name}: only a run directory can be resumed; this is a file.")
    raise pytest.UsageError(f"{flag} {name}: there is no such run directory, nor one of that name in {reports(config)}")


def _lock(directory: Path, flag: str) -> int:
    try:
        return lock_directory(directory)
    except InUseError as holder:
        raise pytest.UsageError(f"{flag} {directory}: {holder} is using this run. Wait until it has ended.") from None
    except OSError as error:
        raise pytest.UsageError(f"{flag} {directory}: cannot be written to ({error.strerror}).") from None


def _options(saved: RunRecord, how: str) -> Mapping[str, Any]:
    options = saved.get("options")
    if options is None:
        raise pytest.UsageError(
            f"{how}: this run has no saved options (an older version made it). Judge it with --evidence, or start "
            "a new one."
        )
    if options.get("enroll"):
        raise pytest.UsageError(
            f"{how}: this run used --enroll, which changes VMs and is never resumed. Start a new run: VMs that are "
            "connected already stay as they are."
        )
    return options


def _refuse_programs(
    config: pytest.Config, directory: Path, saved: RunRecord, options: Mapping[str, Any], how: str
) -> None:
    """Refuse a run that would start programs of its own choice, unless it is in the folder of this operator's runs.

    A run directory elsewhere may be somebody else's; its SSH configuration and its tests are programs.
    """
    folder, suites = reports(config).resolve(), config.rootpath.resolve() / "suites"
    paths = [path for path in options.get("paths") or () if isinstance(path, str)]
    named = [path for path in paths if not Path(path.partition("::")[0]).resolve().is_relative_to(suites)]
    if config_file := saved.get("ssh_config"):
        named.append(config_file)
    if named and directory.parent != folder:
        raise pytest.UsageError(
            f"{how}: it is outside {folder}, and names files that may run programs on this machine: "
            f"{', '.join(named)}. If it is your own run, add --reports={directory.parent}."
        )


def _is_pending(evidence: Evidence | None, *, unknown_too: bool) -> bool:
    """Whether a VM has to be visited: it was not, or the run was stopped before it was done."""
    if evidence is None or evidence.session.outcome == "cancelled":
        return True
    unjudged = evidence.session.outcome != "ok" or any(
        result.state in ("lost", "timed out") for result in evidence.results.values()
    )
    return unknown_too and unjudged
