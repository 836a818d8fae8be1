"""Shards: several machines each visit a part of one fleet; `plugins.evidence.merged` merges their runs.

A run is a shard only with ``--shard``::

    --shard=3/20      part 3 of 20, counted from 1
    --shard=auto      the part that the CI system states:

        SYSTEM_JOBPOSITIONINPHASE=3           Azure Pipelines, a job with `strategy: parallel: 20`
        SYSTEM_TOTALJOBSINPHASE=20
        JOB_COMPLETION_INDEX=2                Kubernetes, an Indexed Job; counts from 0. Kubernetes sets the
        JOB_COMPLETIONS=20                    first, the manifest must set the second
        STRATEGY_JOB_INDEX=2                  GitHub Actions, a matrix; counts from 0. The workflow must set
        STRATEGY_JOB_TOTAL=20                 both, from ${{ strategy.job-index }} and ${{ strategy.job-total }}

Every VM is in exactly one shard. VMs are distributed in the order of the fleet, so each shard gets some of every site.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plugins.core.wording import counted
from plugins.model import Vm

#: ``--shard=auto``: the CI system states the shard.
AUTO = "auto"


class ShardError(ValueError):
    """``--shard``, or a CI system's variables for ``--shard=auto``, do not name a shard."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `number` of `of`, counted from 1."""

    number: int
    of: int
    source: str = ""  # the CI system that stated it, with ``--shard=auto``

    def __str__(self) -> str:
        return f"shard {self.number} of {self.of}"

    def part(self, fleet: Sequence[Vm]) -> list[Vm]:
        """The VMs of this shard."""
        return list(fleet[self.number - 1 :: self.of])

    def record(self, fleet: Sequence[Vm]) -> dict[str, Any]:
        """The entry in `run.json`, which distinguishes the shards of different fleets."""
        names = [vm.name for vm in fleet]
        digest = hashlib.sha256("\n".join(names).encode("utf-8", "surrogatepass")).hexdigest()
        return {"number": self.number, "of": self.of, "vms": len(fleet), "fleet": digest, "names": names}

    def header(self, fleet: Sequence[Vm]) -> str:
        """ "shard 3 of 20 (Kubernetes): 50 of 1,000 VMs" """
        source = f" ({self.source})" if self.source else ""
        return f"{self}{source}: {len(self.part(fleet))} of {counted(len(fleet), 'VM')}"


def parse(text: str, environment: Mapping[str, str] = os.environ) -> Shard | None:
    """The shard that ``--shard`` names: ``3/20`` or ``auto``. Raises `ShardError`.

    None with ``auto`` on a CI system with a single job: the whole fleet.
    """
    if text == AUTO:
        return _stated(environment)
    match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    if not match:
        raise ShardError(f"--shard={text}: expected I/N, for example 3/20, or auto.")
    return _checked(int(match[1]), int(match[2]), f"--shard={text}", "")


#: Variable of the position, variable of the total, the number of the first position, the CI system.
_CI_SYSTEMS = (
    ("SYSTEM_JOBPOSITIONINPHASE", "SYSTEM_TOTALJOBSINPHASE", 1, "Azure Pipelines"),
    ("JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", 0, "Kubernetes"),
    ("STRATEGY_JOB_INDEX", "STRATEGY_JOB_TOTAL", 0, "GitHub Actions"),
)


def _stated(environment: Mapping[str, str]) -> Shard | None:
    for position, total, first, name in _CI_SYSTEMS:
        if position in environment and total in environment:
            stated = f"--shard=auto: {position}={environment[position]}, {total}={environment[total]} ({name})"
            if not (environment[position].isdecimal() and environment[total].isdecimal()):
                raise ShardError(f"{stated}: expected two whole numbers.")
            shard = _checked(int(environment[position]) - first + 1, int(environment[total]), stated, name)
            return shard if shard.of > 1 else None
    expected = "; ".join(f"{position} and {total} ({name})" for position, total, _, name in _CI_SYSTEMS)
    raise ShardError(
        f"--shard=auto: this environment does not state a shard. Expected one of these pairs: {expected}. Set them, or "
        "give --shard=I/N."
    )


def _checked(number: int, of: int, stated: str, source: str) -> Shard:
    if not 1 <= number <= of:
        raise ShardError(f"{stated}: there is no part {number} of {of}. Parts are counted from 1 to {max(of, 1)}.")
    return Shard(number, of, source)
