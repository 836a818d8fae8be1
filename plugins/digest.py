"""A digest: results of a fleet so large that what passes or does not apply is only named (`plugins.results`).

::

    vm["left_out"] = {"pass": ["AGENT-001", "CSN-002 gbl.his.arc.azure.com"], "not applicable": ["WIN-001"]}

Everything else is there as ever, so a reader of results has little to know about it: it asks here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["left_out", "name"]


def left_out(vm: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
    """The names of what is left out of a VM's results, by their status; of whole results, none."""
    found: Mapping[str, Sequence[str]] = vm.get("left_out", {})
    return found


def name(id: str, parameter: str) -> str:
    """What a result is called there: ``CSN-002 gbl.his.arc.azure.com``."""
    return f"{id} {parameter}".rstrip()
