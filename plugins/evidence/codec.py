"""The evidence of one VM as JSON data, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from sys import intern
from typing import Any

import msgspec

from plugins.core.redaction import clean, redact, redact_all
from plugins.core.strict_json import check_version, checked, whole
from plugins.evidence.records import EvidenceRecord
from plugins.model import Evidence, ProbeResult, SshSession, Vm

#: Of ``run.json`` and ``evidence/<vm>.json``.
VERSION = 1


def redacted(evidence: Evidence) -> Evidence:
    """The evidence without secrets: every text from the VM is redacted here."""
    session = replace(
        evidence.session,
        message=redact(evidence.session.message),
        remedy=redact(evidence.session.remedy),
        via=redact(evidence.session.via),
    )
    texts = redact_all([text for result in evidence.results.values() for text in (result.stdout, result.stderr)])
    outputs = zip(texts[::2], texts[1::2], strict=True)
    results = {
        key: _with_output(result, *output)
        for (key, result), output in zip(evidence.results.items(), outputs, strict=True)
    }
    return Evidence(Vm.from_dict(saved_vm(evidence.vm)), session, results, evidence.started)


#: What a resume needs to log in: names, addresses and the path of a key are not secrets.
_LOGIN = ("name", "host", "port", "user", "identity_file")


def saved_vm(vm: Vm) -> dict[str, Any]:
    """A VM of the fleet as it is saved: without secrets, with everything that ``--resume`` needs to visit it again."""
    data = vm.as_dict()
    kept = {name: data[name] for name in _LOGIN if name in data}
    if (jump := data.get("jump")) and not re.search(r"//[^/@]*:[^/@]*@", str(jump)):
        kept["jump"] = jump
    return {**clean(data), **kept}


def _with_output(result: ProbeResult, stdout: str, stderr: str) -> ProbeResult:
    if stdout == result.stdout and stderr == result.stderr:  # as most are: the redaction may return an equal text
        return result
    return replace(result, stdout=stdout, stderr=stderr)


def to_data(evidence: Evidence) -> dict[str, Any]:
    """Evidence as plain data, as it is saved."""
    saved = msgspec.to_builtins(evidence)
    return {"version": VERSION, **{"seen" if name == "results" else name: value for name, value in saved.items()}}


def from_data(data: Mapping[str, Any]) -> Evidence:
    """The inverse of `to_data`. Raises ValueError: the place in the data, and the problem."""
    check_version(data, VERSION)
    record = checked(data, EvidenceRecord)
    return Evidence(
        vm=checked(record["vm"], Vm, "vm"),
        session=whole(record["session"], SshSession, "session"),
        results={intern(key): _result(key, result) for key, result in record["seen"].items()},
        started=record["started"],
    )


def _result(key: str, data: Any) -> ProbeResult:
    # Most keys and commands are the same on every VM: keep one text of each.
    if isinstance(data, dict) and isinstance(command := data.get("command"), str):
        data = data | {"command": intern(command)}
    return whole(data, ProbeResult, f'seen["{key}"]')
