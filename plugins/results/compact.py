"""Compaction: results of a very large fleet, which list results that pass or do not apply by name only.

::

    vm["left_out"] = {"pass": ["AGENT-001", "CSN-002 gbl.his.arc.azure.com"], "not applicable": ["WIN-001"]}

Everything else is unchanged, so a reader of results needs only one function: `left_out`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from sys import intern
from typing import Any

#: The largest fleet with all results in `results.json`: 130 KB a VM. With a hundred thousand VMs no program could
#: open the file or hold it in memory.
WHOLE_UP_TO = 5_000

#: The note of a compacted run.
NOTE = (
    f"The fleet has more than {WHOLE_UP_TO:,} VMs: results that pass or do not apply are named, without evidence. "
    "To see all results of a VM, judge its evidence again: --evidence=... --vm=NAME."
)


def of_vm(vm: dict[str, Any]) -> dict[str, Any]:
    """A VM of `results.json`, compacted."""
    names: dict[str, list[str]] = {"pass": [], "not applicable": []}
    kept = []
    for result in vm["results"]:
        if (of_status := names.get(result["status"])) is None:
            kept.append(result)
        else:
            of_status.append(intern(name(result["id"], result["parameter"])))
    used = {key for result in kept for key in result["evidence"]}
    evidence = {key: value for key, value in vm["evidence"].items() if key in used}
    return {**vm, "results": kept, "evidence": evidence, "left_out": names}


def left_out(vm: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
    """The names of the results that compaction left out of a VM, by status; empty for a VM with all its results."""
    names: Mapping[str, Sequence[str]] = vm.get("left_out", {})
    return names


def name(id: str, parameter: str) -> str:
    """The name of such a result: ``CSN-002 gbl.his.arc.azure.com``."""
    return f"{id} {parameter}".rstrip()
