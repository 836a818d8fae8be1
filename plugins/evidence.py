"""Evidence on disk: one file per VM in the run directory, the same whether it is judged now or next week.

::

    reports/<run-id>/run.json             what was asked for: the fleet, the profile, the arguments
    reports/<run-id>/evidence/<vm>.json   what was seen of one VM
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from plugins.files import make_directory, write_json
from plugins.inventory import Vm, file_name
from plugins.model import Evidence, Seen, Session
from plugins.redact import redact

__all__ = ["Archive", "from_data", "plainly", "read_object", "to_data"]

VERSION = 1


def to_data(evidence: Evidence) -> dict[str, Any]:
    """Evidence as plain data. Every text that came from the VM passes the redaction here."""
    session = _fields(evidence.session)
    session["message"] = redact(session["message"])
    return {
        "version": VERSION,
        "vm": evidence.vm.as_dict(),
        "started": evidence.started,
        "session": session,
        "seen": {
            key: _fields(seen) | {"stdout": redact(seen.stdout), "stderr": redact(seen.stderr)}
            for key, seen in evidence.seen.items()
        },
    }


def _fields(record: Seen | Session) -> dict[str, Any]:
    """The fields of a record, as they are: `dataclasses.asdict` copies each value, which costs a fleet seconds."""
    return {name: getattr(record, name) for name in record.__slots__}


def from_data(data: Mapping[str, Any]) -> Evidence:
    """The inverse of `to_data`. Raises KeyError, TypeError or ValueError on data that is not evidence."""
    if data["version"] != VERSION:
        raise ValueError(f"evidence format {data['version']!r}, this suite reads {VERSION}")
    known = {field.name for field in fields(Seen)}
    return Evidence(
        vm=Vm.from_dict(data["vm"]),
        session=Session(**data["session"]),
        seen={key: Seen(**{k: v for k, v in seen.items() if k in known}) for key, seen in data["seen"].items()},
        started=data["started"],
    )


class Archive(Mapping[str, Evidence]):
    """The evidence of a run, by VM name; each VM is read from disk when it is first asked for."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._loaded: dict[str, Evidence] = {}

    @classmethod
    def create(cls, run_directory: Path, run: Mapping[str, Any], vms: list[Vm]) -> Archive:
        """Begin a run directory: who is to be visited, and why."""
        make_directory(run_directory / "evidence")
        write_json(run_directory / "run.json", {"version": VERSION, **run, "fleet": [vm.as_dict() for vm in vms]})
        return cls(run_directory)

    @classmethod
    def open(cls, directory: Path) -> tuple[Archive, dict[str, Any], list[Vm]]:
        """An existing run directory, what was asked for then, and its fleet. Raises pytest.UsageError."""
        path = directory / "run.json"
        if not directory.is_dir():
            raise pytest.UsageError(f"--evidence {directory}: there is no such run directory")
        if not path.is_file():
            raise pytest.UsageError(
                f"--evidence {directory}: no run.json in it, so it is not a run directory (expected reports/<run-id>)"
            )
        run = read_object(path)
        try:
            if run["version"] != VERSION:
                raise ValueError(f"it has format {run['version']!r}, this suite reads {VERSION}")
            vms = [Vm.from_dict(each) for each in run["fleet"]]
        except (KeyError, TypeError, ValueError) as error:
            raise pytest.UsageError(f"{path}: not a run this suite can read ({plainly(error)})") from None
        return cls(directory), run, vms

    def load(self, vms: list[Vm]) -> None:
        """Read the evidence of these VMs now, so that a damaged file is known before anything is judged."""
        for vm in vms:
            self.get(vm.name)

    def store(self, evidence: Evidence) -> None:
        """Keep one VM's evidence, on disk and in memory, redacted."""
        data = to_data(evidence)
        write_json(self._path(evidence.vm.name), data)
        self._loaded[evidence.vm.name] = from_data(data)

    def __getitem__(self, name: str) -> Evidence:
        if name not in self._loaded:
            path = self._path(name)
            if not path.is_file():
                raise KeyError(name)
            try:
                self._loaded[name] = from_data(read_object(path))
            except (KeyError, TypeError, ValueError) as error:
                raise pytest.UsageError(
                    f"{path}: not the evidence of a VM ({plainly(error)}). Remove the file and gather this VM again."
                ) from None
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaded)

    def __len__(self) -> int:
        return len(self._loaded)

    def _path(self, name: str) -> Path:
        return self.directory / "evidence" / f"{file_name(name)}.json"


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file. Raises pytest.UsageError."""
    try:
        data = json.loads(path.read_bytes())
    except (ValueError, OSError, RecursionError) as error:
        raise pytest.UsageError(f"{path}: cannot be read as JSON ({plainly(error)})") from None
    if not isinstance(data, dict):
        raise pytest.UsageError(f"{path}: expected an object, found {type(data).__name__}")
    return data


def plainly(error: Exception) -> str:
    """What is wrong with data that was looked into."""
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
