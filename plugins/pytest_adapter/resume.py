"""Going on with a run that was cut short (``--resume``), or with the VMs that it could not judge (``--retry-unknown``).

The run directory has all that is needed: who the fleet was, which options shaped the run, and the evidence of each VM
that was done, each file whole. Only who is missing is visited; the verdicts are then those of all.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from plugins.core.files import InUseError, lock_directory, remove_partial
from plugins.evidence.archive import Archive
from plugins.gates.decision import read
from plugins.model import Evidence
from plugins.pytest_adapter.run import Run, judged_by, reports
from plugins.pytest_adapter.saved_options import take_over

__all__ = ["resume"]


def resume(config: pytest.Config) -> Run | None:
    """The run that ``--resume`` or ``--retry-unknown`` goes on with; None without them. Raises pytest.UsageError."""
    option = config.option
    if not (option.resume or option.retry_unknown):
        return None
    if option.resume and option.retry_unknown:
        raise pytest.UsageError("--resume and --retry-unknown: give one. --retry-unknown visits who is missing, too.")
    flag, name = ("--resume", option.resume) if option.resume else ("--retry-unknown", option.retry_unknown)
    if option.shard:
        raise pytest.UsageError(f"{flag} and --shard: a run is gone on with as it was begun. Leave --shard away.")
    if option.evidence_store:
        raise pytest.UsageError(f"{flag} and --evidence-store: only a new run sends its evidence there. Give one.")
    if option.evidence:
        raise pytest.UsageError(f"{flag} and --evidence: the one visits VMs, the other visits nobody. Give one.")
    directory = _find(config, flag, name)
    writes = not (option.plan or option.collectonly)
    # Held before anything is read: the run may still be going on.
    lock = _hold(directory, flag) if writes else None
    archive, asked, vms = Archive.open(directory, flag)
    _refuse(asked, f"{flag}={name}")
    take_over(config, asked["options"], f"{flag}={name}")
    profile, profile_asked = judged_by(None, archive, asked)
    if writes:
        for each in (directory, directory / "evidence", directory / "bundle"):
            remove_partial(each)
    run = Run(
        id=str(asked["id"]),
        directory=directory if writes else None,
        vms=vms,
        profile=profile,
        profile_asked=profile_asked,
        ssh_config=Path(asked["ssh_config"]) if asked.get("ssh_config") else None,
        archive=archive,
        pending=[vm for vm in vms if _is_pending(archive.get(vm.name), unknown_too=bool(option.retry_unknown))],
        continues=True,
        lock=lock,
        shard=asked.get("shard"),
    )
    run.decisions = read(option, vms, reports(config), run.started)
    return run


def _find(config: pytest.Config, flag: str, name: str) -> Path:
    """The run directory of that path, or of that id."""
    for path in (Path(name), reports(config) / name):
        if (path / "run.json").is_file():
            return path.resolve()
        if path.is_dir():
            raise pytest.UsageError(f"{flag} {name}: no run.json in it, so it is not a run directory")
        if path.is_file():
            raise pytest.UsageError(f"{flag} {name}: only a run directory can be gone on with, and this is a file.")
    raise pytest.UsageError(f"{flag} {name}: there is no such run directory, nor one of that name in {reports(config)}")


def _hold(directory: Path, flag: str) -> int:
    try:
        return lock_directory(directory)
    except InUseError as holder:
        raise pytest.UsageError(
            f"{flag} {directory}: {holder} is at work on this run. Wait until it has ended."
        ) from None
    except OSError as error:
        raise pytest.UsageError(f"{flag} {directory}: cannot be written to ({error.strerror}).") from None


def _refuse(asked: Mapping[str, Any], how: str) -> None:
    if not isinstance(asked.get("options"), dict):
        raise pytest.UsageError(
            f"{how}: this run does not say how it was begun (an older version made it). Judge it with --evidence, or "
            "begin a new one."
        )
    if asked["options"].get("enroll"):
        raise pytest.UsageError(
            f"{how}: this run was begun with --enroll, which changes VMs, and that is not done twice. Begin a new run: "
            "VMs that are connected already stay as they are."
        )


def _is_pending(evidence: Evidence | None, *, unknown_too: bool) -> bool:
    """Whether a VM is still to be visited: it was not, or the run was stopped before it was done."""
    if evidence is None or evidence.session.outcome == "cancelled":
        return True
    unjudged = evidence.session.outcome != "ok" or any(
        seen.state in ("lost", "timed out") for seen in evidence.seen.values()
    )
    return unknown_too and unjudged
