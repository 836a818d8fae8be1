"""A digest: the results of a fleet that is too large for every result of it to be kept.

What passes or does not apply is only named there, in ``vm["left_out"]``, by check id and, after a blank, parameter::

    {"pass": ["AGENT-001", "CSN-002 gbl.his.arc.azure.com"], "not applicable": ["WIN-001"]}

Counts, causes and the plan are those of the whole fleet. Every report reads both, and says the same of both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["left_out", "subject"]


def left_out(vm: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What a digest only names of a VM: (check id, parameter, status) each. Whole results leave out nothing."""
    for status, subjects in vm.get("left_out", {}).items():
        for each in subjects:
            id, _, parameter = each.partition(" ")
            yield id, parameter, status


def subject(id: str, parameter: str) -> str:
    """How a result is named: ``CSN-002 gbl.his.arc.azure.com``."""
    return f"{id} {parameter}" if parameter else id
