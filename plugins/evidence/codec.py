"""The evidence of one VM as JSON data, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from sys import intern
from typing import Any

from plugins.core.redaction import clean, redact
from plugins.model import Evidence, ProbeResult, SshSession, Vm

__all__ = ["VERSION", "from_data", "reason", "redacted", "saved_vm", "to_data"]

#: Of ``run.json`` and ``evidence/<vm>.json``.
VERSION = 1


def redacted(evidence: Evidence) -> Evidence:
    """The evidence without secrets: every text that came from the VM passes the redaction here."""
    session = replace(
        evidence.session,
        message=redact(evidence.session.message),
        remedy=redact(evidence.session.remedy),
        via=redact(evidence.session.via),
    )
    results = {key: _redacted(result) for key, result in evidence.seen.items()}
    return Evidence(Vm.from_dict(saved_vm(evidence.vm)), session, results, evidence.started)


#: What a resume needs to log in: names, addresses and the place of a key are no secrets.
_LOGIN = ("name", "host", "port", "user", "identity_file")


def saved_vm(vm: Vm) -> dict[str, Any]:
    """A VM of the fleet as it is saved: without secrets, and with all that ``--resume`` needs to visit it again."""
    data = vm.as_dict()
    kept = {name: data[name] for name in _LOGIN if name in data}
    if (jump := data.get("jump")) and not re.search(r"//[^/@]*:[^/@]*@", str(jump)):
        kept["jump"] = jump
    return {**clean(data), **kept}


def _redacted(result: ProbeResult) -> ProbeResult:
    stdout, stderr = redact(result.stdout), redact(result.stderr)
    if stdout is result.stdout and stderr is result.stderr:
        return result
    return replace(result, stdout=stdout, stderr=stderr)


def to_data(evidence: Evidence) -> dict[str, Any]:
    """Evidence as plain data, as it is saved."""
    return {
        "version": VERSION,
        "vm": evidence.vm.as_dict(),
        "started": evidence.started,
        "session": _fields(evidence.session),
        "seen": {key: _fields(result) for key, result in evidence.seen.items()},
    }


def _fields(record: ProbeResult | SshSession) -> dict[str, Any]:
    """The fields of a record, as they are: `dataclasses.asdict` copies each value, which costs a fleet seconds."""
    return {name: getattr(record, name) for name in record.__slots__}


def from_data(data: Mapping[str, Any]) -> Evidence:
    """The inverse of `to_data`. Raises KeyError, TypeError or ValueError on data that is not evidence."""
    if data["version"] != VERSION:
        raise ValueError(f"evidence format {data['version']!r}, this suite reads {VERSION}")
    known = {field.name for field in fields(ProbeResult)}
    return Evidence(
        vm=Vm.from_dict(data["vm"]),
        session=SshSession(**data["session"]),
        seen={
            # Most keys and commands are the same on every VM: one text of each is enough.
            intern(key): ProbeResult(
                **{k: v for k, v in seen.items() if k in known} | {"command": intern(seen["command"])}
            )
            for key, seen in data["seen"].items()
        },
        started=data["started"],
    )


def reason(error: Exception) -> str:
    """The reason why data could not be read, as one phrase for a message."""
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
