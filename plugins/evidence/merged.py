"""Several sources of evidence as one: the shards of a fleet, the runs of its sites, the bundles of its VMs.

::

    shard 1 of 3   vm1 vm4 vm7      ┐
    shard 2 of 3   vm2 vm5          ├──> one fleet, in its own order: vm1 vm2 vm3 ... vm8
    shard 3 of 3   (missing)        ┘    vm3 vm6 have no evidence: unknown, and the exit status is never 0

A VM may be in two sources only with the same evidence. Every shard lists the whole fleet in its
``run.json`` (`plugins.inventory.shards`), so the VMs of a missing shard are known. The answers of Azure are merged;
if two sources have an answer to the same request, the newer one is judged.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from plugins.core.errors import InputError
from plugins.core.files import is_directory, is_file
from plugins.core.strict_json import check_version, checked, encode
from plugins.core.wording import counted, number_ranges, plural
from plugins.evidence.archive import Archive, unreadable
from plugins.evidence.codec import VERSION
from plugins.evidence.layout import AZURE, PROFILE, RUNNER, evidence_path
from plugins.evidence.object_store import is_url, open_store
from plugins.evidence.records import RunRecord, ShardRecord
from plugins.evidence.source import Folder, Source, open_source
from plugins.model import AzureRecord, SshSession, Vm
from plugins.requirements.profile import DEFAULT


@dataclass(frozen=True, slots=True)
class _Part:
    """One source."""

    place: str  # as given, or found
    archive: Archive
    run: RunRecord
    vms: Mapping[str, Vm]  # by name: the VMs that it should have evidence for

    @property
    def source(self) -> Source:
        return self.archive.source

    @property
    def damaged(self) -> Mapping[str, SshSession]:
        return self.archive.damaged

    @property
    def shard(self) -> ShardRecord | None:
        return self.run.get("shard")

    @property
    def label(self) -> str:
        return f"{self.place} (shard {self.shard['number']} of {self.shard['of']})" if self.shard else self.place

    @property
    def started(self) -> float:
        return self.run.get("started", 0.0)


def open_all(places: Sequence[str], *, any_profile: bool = False) -> tuple[Archive, RunRecord, list[Vm]]:
    """The evidence at all of these paths, the saved options, and the fleet. Raises InputError.

    A place is a run directory, a bundle, a glob over those, or a store of runs. `any_profile`: ignore the
    profile for which the evidence was gathered, because another one judges it.
    """
    paths = [path for place in places for path in _expanded(place)]
    if len(paths) == 1:
        archive, run, vms = Archive.open(paths[0][1], shown=paths[0][0])
        if not run.get("shard"):
            return archive, run, vms
    merged = MergedSource([_part(place, source) for place, source in paths], any_profile=any_profile)
    archive = Archive(merged)
    archive.damaged = merged.damaged
    return archive, merged.run, merged.vms


def _expanded(place: str) -> Iterator[tuple[str, Source]]:
    if is_url(place):
        yield from open_store(place)
    elif is_directory(Path(place)) or is_file(Path(place)) or not glob.has_magic(place):
        yield place, open_source(Path(place))
    else:
        paths = [path for path in sorted(glob.glob(place)) if not Path(path).is_symlink()]
        if not paths:
            raise InputError(f"--evidence={place}: matches nothing. Expected run directories or bundles.")
        for path in paths:
            yield path, open_source(Path(path))


def _part(place: str, source: Source) -> _Part:
    archive, run, vms = Archive.open(source, shown=place)
    return _Part(place, archive, run, {vm.name: vm for vm in vms})


@dataclass(slots=True)
class MissingEvidence:
    """The VMs of the fleet without evidence, and the missing shards."""

    vms: list[str] = field(default_factory=list)
    shards: list[int] = field(default_factory=list)  # without any source
    of: int | None = None

    def __str__(self) -> str:
        """ "MISSING: shard 7 of 20; no evidence of 50 VMs: vm7, vm27, vm47, ..." """
        named = ", ".join(self.vms[:3]) + (", ..." if len(self.vms) > 3 else "")
        shards = (
            f"{plural(len(self.shards), 'shard')} {number_ranges(self.shards)} of {self.of}; " if self.shards else ""
        )
        return f"MISSING: {shards}no evidence of {counted(len(self.vms), 'VM')}: {named}."


class MergedSource:
    """All sources as one (`plugins.evidence.source.Source`)."""

    def __init__(self, parts: Sequence[_Part], *, any_profile: bool = False) -> None:
        """Raises InputError for parts that do not belong together."""
        self._parts = sorted(parts, key=lambda part: part.started)
        self.shard_count: int | None = parts[0].shard["of"] if parts[0].shard else None
        _refuse_strangers(parts)
        if not any_profile:
            _refuse_profiles(parts)
        self._owner = _owners(self._parts)
        self.names = list(parts[0].shard["names"]) if parts[0].shard else list(self._owner)
        self.notes: list[str] = []  # filled when azure.json is read

    @property
    def path(self) -> Path:
        """That of the first part."""
        return self._parts[0].source.path

    @cached_property
    def vms(self) -> list[Vm]:
        """The fleet, in its order."""
        entries = {
            name: vm for part in self._parts for name, vm in part.vms.items() if name not in part.archive.damaged
        }
        return [entries.get(name) or Vm(name) for name in self.names]

    @cached_property
    def damaged(self) -> dict[str, SshSession]:
        """The VMs whose entry is damaged in the ``run.json`` of the part that has their evidence."""
        owners = ((name, self._owner[name]) for name in self.names if name in self._owner)
        return {name: part.damaged[name] for name, part in owners if name in part.damaged}

    @cached_property
    def run(self) -> RunRecord:
        """The merged ``run.json``."""
        configs = {part.run.get("ssh_config") for part in self._parts}
        own = all(isinstance(part.source, Folder) for part in self._parts)
        run = self._parts[0].run.copy()
        run.pop("shard", None)
        run.pop("options", None)
        run["ssh_config"] = configs.pop() if own and len(configs) == 1 else None
        run["fleet"] = [vm.as_dict() for vm in self.vms]
        return run

    def has(self, name: str) -> bool:
        """Whether `read` finds something."""
        return self.read(name) is not None

    def read(self, name: str) -> bytes | None:
        """A file of the part that has it; files about the whole fleet are merged."""
        if name == "run.json":
            return encode(self.run).encode("utf-8", "backslashreplace")
        if name == AZURE:
            return self._azure
        if name in (PROFILE, RUNNER):
            contents = (part.source.read(name) for part in reversed(self._parts))
            return next((content for content in contents if content is not None), None)
        owner = self._by_path.get(name)
        return owner.source.read(name) if owner else None

    def label(self, name: str) -> str:
        """The place of a file, for messages."""
        owner = self._by_path.get(name)
        return owner.source.label(name) if owner else f"{name} of {len(self._parts)} sources"

    @cached_property
    def _by_path(self) -> dict[str, _Part]:
        return {evidence_path(name): part for name, part in self._owner.items()}

    @cached_property
    def _azure(self) -> bytes | None:
        """Azure's answers to all runs: the newest answer to each request. A missing answer does not count."""
        whole = AzureRecord(version=VERSION, answers={}, located={}, calls=[], interrupted=False)
        answers, differ, was_read = whole["answers"], set[str](), False
        for part in self._parts:  # the newest last
            try:
                if (data := part.archive.read(AZURE)) is None:
                    continue
                was_read = True
                check_version(data, VERSION)
                record = checked(data, AzureRecord)
            except (InputError, ValueError) as error:
                was_read = True
                whole["unreadable"] = unreadable(part.source.label(AZURE), error)
                continue
            for path, answer in record["answers"].items():
                if _is_answer(answers.get(path)):
                    if not _is_answer(answer):
                        continue
                    if answers[path].get("value") != answer.get("value"):
                        differ.add(path)
                answers[path] = answer
            whole["located"] |= record["located"]
            whole["calls"] += record["calls"]
            whole["interrupted"] = whole["interrupted"] or record.get("interrupted", False)
        self.notes = [*([_newest(differ)] if differ else []), *filter(None, [whole.get("unreadable")])]
        return encode(whole).encode("utf-8", "backslashreplace") if was_read else None

    def gaps_among(self, vms: Sequence[Vm]) -> MissingEvidence | None:
        """The VMs among these without evidence; None when all have some."""
        lacking = [vm.name for vm in vms if not self._has_evidence(vm.name)]
        if not lacking:
            return None
        if self.shard_count is None:
            return MissingEvidence(lacking)
        present = {int(part.shard["number"]) for part in self._parts if part.shard}
        order = {name: number for number, name in enumerate(self.names)}
        theirs = {order[name] % self.shard_count + 1 for name in lacking}
        return MissingEvidence(lacking, sorted(theirs - present), self.shard_count)

    def _has_evidence(self, name: str) -> bool:
        owner = self._owner.get(name)
        return owner is not None and owner.source.has(evidence_path(name))

    def header(self, vms: Sequence[Vm]) -> list[str]:
        """The lines at the start of a run over these VMs."""
        sources = counted(len(self._parts), "source")
        if self.shard_count is not None:
            there = sorted({int(part.shard["number"]) for part in self._parts if part.shard})
            sources += f": {plural(len(there), 'shard')} {number_ranges(there)} of {self.shard_count}"
        self.read(AZURE)  # reading it adds notes
        gaps = self.gaps_among(vms)
        return [f"merged from {sources}", *self.notes, *([f"{gaps} {_WHAT_TO_DO}"] if gaps else [])]


_WHAT_TO_DO = "They are unknown, and this run does not end with exit status 0. Add their evidence to --evidence."


def _is_answer(data: Any) -> bool:
    return isinstance(data, Mapping) and "unread" not in data


def _newest(differ: set[str]) -> str:
    paths = "a path" if len(differ) == 1 else f"{len(differ)} paths"
    return f"Azure answered {paths} differently to different sources; the newest answer is judged ({min(differ)})"


def _refuse_strangers(parts: Sequence[_Part]) -> None:
    """Parts of one fleet, or no shards at all."""
    first = parts[0]
    for part in parts[1:]:
        if bool(part.shard) != bool(first.shard):
            shard, other = (part, first) if part.shard else (first, part)
            raise InputError(
                f"--evidence: {shard.label} is a shard, and {other.place} is not. Judge the shards of a fleet "
                "together, and other runs on their own."
            )
        if not (part.shard and first.shard):
            continue
        a, b = first.shard, part.shard
        if (a["fleet"], a["of"]) != (b["fleet"], b["of"]):
            raise InputError(
                f"--evidence: {first.label} and {part.label} are parts of different fleets ({len(a['names'])} VMs in "
                f"{a['of']} parts, {len(b['names'])} VMs in {b['of']} parts). Shards of one fleet have the same "
                "inventory, the same --vm and the same number of parts."
            )


def _refuse_profiles(parts: Sequence[_Part]) -> None:
    first = parts[0]
    for part in parts[1:]:
        one, other = (str(shard.run.get("profile", DEFAULT)) for shard in (first, part))
        if one != other:
            problem = f"is for the profile {one}, and {part.label} for {other}"
        elif first.archive.profile() != part.archive.profile():
            problem = f"has another {PROFILE} than {part.label}"
        else:
            continue
        raise InputError(
            f"--evidence: {first.label} {problem}. State the requirements to judge all of it by: --profile=NAME"
        )


def _owners(parts: Sequence[_Part]) -> dict[str, _Part]:
    """The part whose evidence of each VM is judged."""
    owner: dict[str, _Part] = {}
    for part in parts:
        for name in part.vms:
            if (other := owner.get(name)) is None:
                owner[name] = part
            elif part.source.has(path := evidence_path(name)):
                if not other.source.has(path) or (before := other.archive.get(name)) is None:
                    owner[name] = part
                elif before != part.archive.get(name, before):
                    raise InputError(
                        f"--evidence: {name} is in {other.label} and in {part.label}, and they differ. "
                        "Drop one of the two."
                    )
    return owner
