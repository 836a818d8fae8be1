"""A digest: results of a fleet so large that what passes or does not apply is only named (`plugins.results.builder`).

::

    vm["left_out"] = {"pass": ["AGENT-001", "CSN-002 gbl.his.arc.azure.com"], "not applicable": ["WIN-001"]}

Everything else is there as ever, so a reader of results has little to know about it: it asks here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from sys import intern
from typing import Any

__all__ = ["SENTENCE", "WHOLE_UP_TO", "left_out", "name", "of_vm"]

#: The largest fleet of which `results.json` has all results. That is 130 KB a VM: of a hundred thousand, nobody could
#: open it, nor hold it in memory.
WHOLE_UP_TO = 5_000

#: What readers of a digest are told.
SENTENCE = (
    f"The fleet has more than {WHOLE_UP_TO:,} VMs: results that pass or do not apply are only named, without what they "
    "looked at. For all of a VM, judge its evidence again: --evidence=... --vm=NAME."
)


def of_vm(vm: dict[str, Any]) -> dict[str, Any]:
    """A VM of `results.json`, as a digest has it."""
    names: dict[str, list[str]] = {"pass": [], "not applicable": []}
    told = []
    for result in vm["results"]:
        if (of_status := names.get(result["status"])) is None:
            told.append(result)
        else:
            of_status.append(intern(name(result["id"], result["parameter"])))
    used = {key for result in told for key in result["evidence"]}
    seen = {key: each for key, each in vm["evidence"].items() if key in used}
    return {**vm, "results": told, "evidence": seen, "left_out": names}


def left_out(vm: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
    """The names of what is left out of a VM's results, by their status; of whole results, none."""
    found: Mapping[str, Sequence[str]] = vm.get("left_out", {})
    return found


def name(id: str, parameter: str) -> str:
    """What a result is called there: ``CSN-002 gbl.his.arc.azure.com``."""
    return f"{id} {parameter}".rstrip()
