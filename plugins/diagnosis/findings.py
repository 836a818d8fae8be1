"""Findings: results that need attention; equal results of several VMs are one finding.

::

    vm-a  TOKEN-001  IMDS answered 400 for vm-a   ┐
    vm-b  TOKEN-001  IMDS answered 400 for vm-b   ┴──> one finding on 2 VMs: names, ids and numbers are left out of a
                                                       comparison (`plugins.diagnosis.fleet_causes.normalized`)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plugins.diagnosis.fleet_causes import normalized
from plugins.model import Status

Json = Mapping[str, Any]

#: The seven statuses in the order of reports.
WORST_FIRST = ("fail", "unknown", "warn", "blocked", "waived", "pass", "not applicable")

_RANK = {status: rank for rank, status in enumerate(WORST_FIRST)}
_READ = frozenset((Status.FAIL, Status.UNKNOWN, Status.WARN, Status.WAIVED))
_FIELDS = ("id", "status", "severity", "root_cause", "caused_by", "title", "message", "remedy", "docs")


def rank(status: str) -> int:
    """0 for the worst status."""
    return _RANK[status]


class FindingGroups:
    """Groups the results of a fleet, one VM after the other."""

    def __init__(self) -> None:
        self._groups: dict[tuple[Any, ...], dict[str, Any]] = {}

    def add(self, vm: Json) -> None:
        """One more VM, as `results.json` has it, with all of its results."""
        for result in vm["results"]:
            if result["status"] not in _READ:
                continue
            words = normalized(result["message"], vm, result)
            key = (result["id"], result["status"], result["root_cause"], tuple(result["caused_by"]), words)
            if (finding := self._groups.get(key)) is None:
                finding = self._groups[key] = {name: result[name] for name in _FIELDS} | {"parameters": {}, "vms": {}}
            finding["vms"][vm["name"]] = None
            if result["parameter"]:
                finding["parameters"][result["parameter"]] = None

    def findings(self) -> list[dict[str, Any]]:
        """The findings of `results.json`: worst first, root causes before their consequences, most VMs first."""
        listed = [
            {**finding, "parameters": list(finding["parameters"]), "vms": list(finding["vms"])}
            for finding in self._groups.values()
        ]
        return sorted(listed, key=lambda entry: (rank(entry["status"]), not entry["root_cause"], -len(entry["vms"])))
