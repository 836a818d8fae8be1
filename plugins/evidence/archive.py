"""The archive of a run: its files in a run directory or a bundle, one per VM; judged live or later in the same way.

::

    reports/<run-id>/run.json             the run: its fleet, profile and options
    reports/<run-id>/profile.toml         the profile, when it is a file of the operator's own
    reports/<run-id>/evidence/<vm>.json   the evidence of one VM (`plugins.evidence.codec`)

A bundle (`plugins.evidence.bundle_format`) has the same files. Files written here survive a power cut. A file that is
read is checked against its type (`plugins.evidence.records`): a VM whose record is damaged has no evidence, and is
named.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from plugins.core.errors import InputError
from plugins.core.files import make_directory, sync_directory, write_json, write_text
from plugins.core.strict_json import check_version, checked, encode, parse, quick
from plugins.core.wording import first_few
from plugins.evidence.codec import VERSION, from_data, redacted, saved_vm, to_data
from plugins.evidence.layout import PROFILE, evidence_path
from plugins.evidence.records import RunRecord, ShardRecord
from plugins.evidence.source import Folder, Source, open_source
from plugins.inventory.file import bad_entry
from plugins.model import Evidence, ProbeResult, SshSession, Vm

T = TypeVar("T")

#: The number of VMs with evidence in memory, about 100 KB each; that of others is read again.
IN_MEMORY = 1_000


class Mirror(Protocol):
    """A second place for the files of a run, besides its directory (`plugins.evidence.object_store`)."""

    def send(self, name: str, content: Path | bytes) -> None:
        """Take a file, or data that could not be written to one; raises nothing."""


class Archive(Mapping[str, Evidence]):
    """The evidence of a run, by VM name; each VM is read on first use."""

    def __init__(self, place: Path | Source) -> None:
        """`place` is a run directory, or a source from `open_source`."""
        self.source: Source = Folder(place) if isinstance(place, Path) else place
        self.problem: OSError | None = None  # the first error of writing; from then on only memory has everything
        self.mirror: Mirror | None = None  # also gets every file of the run
        self.damaged: dict[str, SshSession] = {}  # by VM name: the session in place of an unusable record
        self._loaded: dict[str, Evidence] = {}

    @property
    def directory(self) -> Path:
        """The run directory."""
        assert isinstance(self.source, Folder), "nothing is written into a bundle"
        return self.source.path

    @classmethod
    def create(cls, run_directory: Path, run: Mapping[str, Any], vms: list[Vm], profile: str = "") -> Archive:
        """Begin a run directory: the VMs to visit, and the run's options. `profile`: the text of the operator's own."""
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
    ) -> tuple[Archive, RunRecord, list[Vm]]:
        """The run in a directory or a bundle, its saved options, and its fleet. Raises InputError.

        `option` and `shown` name the option and the place in messages.
        """
        archive = cls(open_source(place, option) if isinstance(place, Path) else place)
        data = archive.read("run.json")
        if data is None:
            where = f"{option} {shown or archive.source.path}"
            raise InputError(f"{where}: no run.json in it, so it is not a run directory (expected reports/<run-id>)")
        label = archive.source.label("run.json")
        try:
            check_version(data, VERSION)
            run = checked(data, RunRecord)
            if shard := run.get("shard"):
                _check_shard(shard)
        except ValueError as error:
            raise InputError(f"{label}: not a run this suite can read ({error})") from None
        vms: dict[str, Vm] = {}
        for number, entry in enumerate(run["fleet"]):
            vm = archive._saved_vm(entry, f"fleet[{number}]", vms)
            vms[vm.name] = vm
        return archive, run, [*vms.values()]

    def _saved_vm(self, entry: Any, place: str, others: Mapping[str, Vm]) -> Vm:
        """A VM of ``run.json``; when its entry is damaged, a VM with only a name, and a note."""
        try:
            vm = checked(entry, Vm, place)
            if problem := bad_entry(entry):
                raise ValueError(f"{place}.{problem}")
            if vm.name not in others:
                return vm
            problem = f"{place}.name: it is the name of another VM"
        except ValueError as error:
            problem = str(error)
        name = entry.get("name") if isinstance(entry, Mapping) else None
        if not isinstance(name, str) or bad_entry({"name": name}) or name in others:
            name = f"run.json {place}"
        self._damage(name, f"{self.source.label('run.json')}: {problem}.", "Gather this VM in a new run.")
        return Vm(name)

    def _damage(self, name: str, problem: str, remedy: str) -> None:
        self.damaged[name] = SshSession("damaged", problem, remedy)

    def read(self, name: str) -> dict[str, Any] | None:
        """A JSON file of the run, None when there is none. Raises InputError."""
        return _read(self.source, name)

    def profile(self) -> bytes | None:
        """The operator's own profile, None when there is none. Raises InputError."""
        try:
            return self.source.read(PROFILE)
        except OSError as error:
            raise InputError(f"{self.source.label(PROFILE)}: cannot be read ({error.strerror or error})") from None

    def load(self, vms: list[Vm]) -> list[str]:
        """Read the evidence of these VMs now: a note on those whose record is damaged, for the header."""
        for vm in vms:
            self.get(vm.name)
        names = [vm.name for vm in vms if vm.name in self.damaged]
        return [f"DAMAGED, so unknown: {first_few(names)}. {self.damaged[names[0]].message}"] if names else []

    def store(self, evidence: Evidence) -> None:
        """Keep one VM's evidence, redacted: in memory, and on disk if possible (else see `problem`)."""
        evidence = redacted(evidence)
        self.write(evidence_path(evidence.vm.name), to_data(evidence))
        self.damaged.pop(evidence.vm.name, None)
        self._keep(evidence)

    def add(self, name: str, results: Mapping[str, ProbeResult]) -> None:
        """Add probe results to those of a VM. Raises KeyError when it has none."""
        evidence = self[name]
        self.store(replace(evidence, results=evidence.results | dict(results)))

    def _keep(self, evidence: Evidence) -> None:
        """Keep it in memory, in place of the oldest entry; unless that is its only copy."""
        self._loaded[evidence.vm.name] = evidence
        if len(self._loaded) > IN_MEMORY and self.problem is None:
            with suppress(KeyError, StopIteration, RuntimeError):  # another thread was faster
                del self._loaded[next(iter(self._loaded))]

    def write(self, name: str, data: Mapping[str, Any]) -> None:
        """Write a JSON file of the run. A full disk raises nothing: the run continues from memory."""
        content: Path | bytes = self.directory / name  # the queue of a slow store has names, not evidence
        try:
            write_json(self.directory / name, data, durable=True)
        except OSError as error:
            self.problem = self.problem or error
            content = encode(data).encode("utf-8", "backslashreplace") if self.mirror else b""
        if self.mirror is not None:
            self.mirror.send(name, content)

    def sync(self) -> None:
        """Flush the names of the files to disk: once, because it costs as much as a file."""
        sync_directory(self.directory / "evidence")
        sync_directory(self.directory)

    def __getitem__(self, name: str) -> Evidence:
        if (loaded := self._loaded.get(name)) is not None:
            return loaded
        if name in self.damaged:
            raise KeyError(name)
        try:
            data = self.read(evidence_path(name))
            if data is None:
                raise KeyError(name)
            evidence = from_data(data)
            if evidence.vm.name != name:
                raise ValueError(f"vm.name: it is that of {evidence.vm.name!r}")
        except (InputError, ValueError) as error:
            problem = unreadable(self.source.label(evidence_path(name)), error)
            self._damage(name, f"{problem}.", "Remove the file and gather this VM again.")
            raise KeyError(name) from None
        self._keep(evidence)
        return evidence

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaded)

    def __len__(self) -> int:
        return len(self._loaded)


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file. Raises InputError."""
    record = _read(Folder(path.parent), path.name)
    if record is None:
        raise InputError(f"{path}: there is no such file")
    return record


def read_as(path: Path, kind: type[T], fields: Container[str]) -> T | None:
    """A large JSON object with these fields in a file, as a `kind`; None when it has to be parsed normally."""
    try:
        raw = Folder(path.parent).read(path.name)
    except OSError:
        return None
    return None if raw is None else quick(raw, kind, fields)


def unreadable(label: str, error: InputError | ValueError) -> str:
    """Why a file cannot be read, with its name; an InputError already has it."""
    return str(error) if isinstance(error, InputError) else f"{label}: {error}"


def _check_shard(shard: ShardRecord) -> None:
    names = shard["names"]
    if shard["number"] > shard["of"]:
        raise ValueError(f"shard.number: expected {shard['of']} at most, got {shard['number']}")
    if len(set(names)) < len(names) or any(bad_entry({"name": name}) for name in names):
        raise ValueError("shard.names: expected names of VMs, none of them twice")


def _read(source: Source, name: str) -> dict[str, Any] | None:
    try:
        raw = source.read(name)
        data = None if raw is None else parse(raw, of_a_fleet="/" not in name)
    except (ValueError, OSError) as error:
        raise InputError(f"{source.label(name)}: is not readable as JSON ({error})") from None
    if raw is not None and not isinstance(data, dict):
        raise InputError(f"{source.label(name)}: expected an object, found {type(data).__name__}")
    return data
