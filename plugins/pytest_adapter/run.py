"""The record of one run: its VMs, rules and files. Made once, and shared by all stages."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from plugins.evidence.archive import Archive
from plugins.evidence.bundle_format import BundleError
from plugins.evidence.merged import MissingEvidence
from plugins.evidence.object_store import Store
from plugins.gates.decision import Decisions
from plugins.model import Vm
from plugins.requirements.profile import Profile
from plugins.results.coverage import Coverage


@dataclass(slots=True)
class RunScope:
    """The VMs of the run, and how they are reached."""

    vms: list[Vm]
    pending: list[Vm] = field(default_factory=list)  # of them, those to visit
    ssh_config: Path | None = None
    shard: Mapping[str, Any] | None = None  # the part of the fleet (`Shard.record`)
    gaps: MissingEvidence | None = None  # the VMs without evidence, when merged evidence is judged

    @property
    def is_empty(self) -> bool:
        """True for a shard of a fleet that has fewer VMs than shards."""
        return self.shard is not None and not self.vms


@dataclass(slots=True)
class RunRules:
    """The inputs of the judgement."""

    profile: Profile
    profile_name: str  # its name or file, as given; "" = as it was saved with the evidence
    decisions: Decisions = field(default_factory=Decisions)


@dataclass(slots=True)
class RunFiles:
    """The files of the run. Without a directory nothing is written (``--plan``, ``--collect-only``)."""

    id: str = ""
    directory: Path | None = None
    archive: Archive | None = None
    store: Store | None = None  # a second place for the evidence
    lock: int | None = None  # the descriptor that locks the directory
    error: OSError | None = None  # the first error of a report

    @property
    def problem(self) -> OSError | None:
        """Why the directory is incomplete; None when it is complete."""
        return self.error or (self.archive.problem if self.archive is not None else None)

    @contextmanager
    def recording_errors(self) -> Iterator[None]:
        """An error of writing a file in the block becomes the `problem`, and is not raised."""
        try:
            yield
        except OSError as error:
            self.record_error(error)
        except BundleError as error:
            self.record_error(OSError(str(error)))

    def record_error(self, error: OSError) -> None:
        """Keep the first error of a file that could not be written."""
        self.error = self.error or error

    def release(self) -> None:
        """Unlock the directory."""
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None


@dataclass(slots=True)
class RunState:
    """The state of the run so far."""

    selected: bool = False  # the collection ended, so the selected checks are known
    coverage: Coverage | None = None  # the catalogue before options omitted some of it
    interrupted: bool = False
    other_failures: bool = False  # an ordinary test failed, or a module could not be collected
    kept: list[str] = field(default_factory=list)  # sentences about removed runs (--keep), for the terminal


@dataclass(slots=True)
class Run:
    """One run of the suite."""

    kind: Literal["new", "resumed", "replayed"]  # a replayed run judges saved evidence and visits no VM
    scope: RunScope
    rules: RunRules
    files: RunFiles = field(default_factory=RunFiles)
    state: RunState = field(default_factory=RunState)
    notes: tuple[str, ...] = ()  # notes for the header about the source of the fleet
    started: float = field(default_factory=time.time)  # seconds since the epoch
    _monotonic: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """The duration of this session so far, by a monotonic clock."""
        return time.monotonic() - self._monotonic
