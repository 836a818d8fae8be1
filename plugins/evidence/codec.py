"""The evidence of one VM as JSON data, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from sys import intern
from typing import Any

from plugins.core.redaction import clean, redact
from plugins.model import Evidence, ProbeResult, SshSession, Vm

__all__ = ["VERSION", "from_data", "reason", "redacted", "to_data"]

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
    return Evidence(Vm.from_dict(clean(evidence.vm.as_dict())), session, results, evidence.started)


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
