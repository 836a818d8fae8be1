"""The archive of a run: its files in a run directory or a bundle, one per VM; judged live or later in the same way.

::

    reports/<run-id>/run.json             the run: its fleet, profile and options
    reports/<run-id>/profile.toml         the profile, when it is a file of the operator's own
    reports/<run-id>/evidence/<vm>.json   the evidence of one VM (`plugins.evidence.codec`)

A bundle (`plugins.evidence.bundle_format`) holds the same files. What is written here survives a power cut.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from plugins.core.errors import InputError
from plugins.core.files import make_directory, sync_directory, write_json, write_text
from plugins.evidence.codec import VERSION, from_data, reason, redacted, saved_vm, to_data
from plugins.evidence.layout import PROFILE, evidence_path
from plugins.evidence.source import Folder, Source, open_source
from plugins.model import Evidence, ProbeResult, Vm

__all__ = ["Archive", "Mirror", "read_object"]

#: Of how many VMs the evidence is held in memory; that of others is read again. It is about 100 KB each.
IN_MEMORY = 1_000


class Mirror(Protocol):
    """A second place for the files of a run, besides its directory (`plugins.evidence.object_store`)."""

    def send(self, name: str, data: bytes) -> None:
        """Take a file; raises nothing."""


class Archive(Mapping[str, Evidence]):
    """The evidence of a run, by VM name; each VM is read when it is first asked for."""

    def __init__(self, place: Path | Source) -> None:
        """`place` is a run directory, or what `open_source` made of a path."""
        self.source: Source = Folder(place) if isinstance(place, Path) else place
        self.problem: OSError | None = None  # the first that writing met; from then on memory alone has everything
        self.mirror: Mirror | None = None  # gets every file of the run, too
        self._loaded: dict[str, Evidence] = {}

    @property
    def directory(self) -> Path:
        """The run directory."""
        assert isinstance(self.source, Folder), "nothing is written into a bundle"
        return self.source.path

    @classmethod
    def create(cls, run_directory: Path, run: Mapping[str, Any], vms: list[Vm], profile: str = "") -> Archive:
        """Begin a run directory: who is to be visited, and why. `profile` is the text of the operator's own file."""
        make_directory(run_directory / "evidence")
        if profile:
            write_text(run_directory / PROFILE, profile, durable=True)
        about = {"version": VERSION, **run, "fleet": [saved_vm(vm) for vm in vms]}
        write_json(run_directory / "run.json", about, durable=True)
        archive = cls(run_directory)
        archive.sync()
        sync_directory(run_directory.parent)
        return archive

    @classmethod
    def open(
        cls, place: Path | Source, option: str = "--evidence", *, shown: str = ""
    ) -> tuple[Archive, dict[str, Any], list[Vm]]:
        """The run in a directory or a bundle, what was asked for then, and its fleet. Raises InputError.

        `option` is what messages call the way that the place was given, `shown` the place.
        """
        path = shown or place
        archive = cls(open_source(place, option) if isinstance(place, Path) else place)
        run = archive.read("run.json")
        label = archive.source.label("run.json")
        if run is None:
            raise InputError(
                f"{option} {path}: no run.json in it, so it is not a run directory (expected reports/<run-id>)"
            )
        try:
            if run["version"] != VERSION:
                raise ValueError(f"it has format {run['version']!r}, this suite reads {VERSION}")
            vms = [Vm.from_dict(vm) for vm in run["fleet"]]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"{label}: not a run this suite can read ({reason(error)})") from None
        return archive, run, vms

    def read(self, name: str) -> dict[str, Any] | None:
        """A JSON file of the run, None when there is none. Raises InputError."""
        return _read(self.source, name)

    def load(self, vms: list[Vm]) -> None:
        """Read the evidence of these VMs now, so that a damaged file is known before anything is judged."""
        for vm in vms:
            self.get(vm.name)

    def store(self, evidence: Evidence) -> None:
        """Keep one VM's evidence, redacted: in memory, and on disk if that can be (else see `problem`)."""
        evidence = redacted(evidence)
        self.write(evidence_path(evidence.vm.name), to_data(evidence))
        self._keep(evidence)

    def add(self, name: str, seen: Mapping[str, ProbeResult]) -> None:
        """Keep more probe results of a VM, beside those that are there already. Raises KeyError without any."""
        evidence = self[name]
        self.store(replace(evidence, seen=evidence.seen | dict(seen)))

    def _keep(self, evidence: Evidence) -> None:
        """In memory, in the place of the one that has been there longest; unless it is nowhere else."""
        self._loaded[evidence.vm.name] = evidence
        if len(self._loaded) > IN_MEMORY and self.problem is None:
            with suppress(KeyError, StopIteration, RuntimeError):  # another thread was faster
                del self._loaded[next(iter(self._loaded))]

    def write(self, name: str, data: Mapping[str, Any]) -> None:
        """Write a JSON file of the run. A full disk loses a run nothing that is in memory, so it raises nothing."""
        if self.mirror is not None:
            self.mirror.send(name, json.dumps(data, ensure_ascii=False).encode("utf-8", "backslashreplace"))
        try:
            write_json(self.directory / name, data, durable=True)
        except OSError as error:
            self.problem = self.problem or error

    def sync(self) -> None:
        """Let the names of the files survive a power cut as well: once for all, since it costs as much as a file."""
        sync_directory(self.directory / "evidence")
        sync_directory(self.directory)

    def __getitem__(self, name: str) -> Evidence:
        if (found := self._loaded.get(name)) is not None:
            return found
        data = self.read(evidence_path(name))
        if data is None:
            raise KeyError(name)
        try:
            evidence = from_data(data)
            if evidence.vm.name != name:
                raise ValueError(f"it is that of {evidence.vm.name!r}")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(
                f"{self.source.label(evidence_path(name))}: not the evidence of a VM ({reason(error)}). "
                "Remove the file and gather this VM again."
            ) from None
        self._keep(evidence)
        return evidence

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaded)

    def __len__(self) -> int:
        return len(self._loaded)


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file. Raises InputError."""
    found = _read(Folder(path.parent), path.name)
    if found is None:
        raise InputError(f"{path}: there is no such file")
    return found


def _refuse(constant: str) -> None:
    """NaN and Infinity are not JSON, and no report could write them."""
    raise ValueError(f"{constant} is not JSON")


def _read(source: Source, name: str) -> dict[str, Any] | None:
    try:
        raw = source.read(name)
        data = None if raw is None else json.loads(raw, parse_constant=_refuse)
    except (ValueError, OSError, RecursionError) as error:
        raise InputError(f"{source.label(name)}: is not readable as JSON ({reason(error)})") from None
    if raw is not None and not isinstance(data, dict):
        raise InputError(f"{source.label(name)}: expected an object, found {type(data).__name__}")
    return data
