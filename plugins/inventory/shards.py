"""Shards: one fleet, judged by several machines, each with its part; `plugins.evidence.merged` puts their runs together
again.

Where the part of this machine is said, the first that is there::

    --shard 3/20                              the command line; counts from 1
    SYSTEM_JOBPOSITIONINPHASE=3               Azure Pipelines, a job with `strategy: parallel: 20`
    SYSTEM_TOTALJOBSINPHASE=20
    JOB_COMPLETION_INDEX=2                    Kubernetes, an Indexed Job; counts from 0. Kubernetes sets the
    JOB_COMPLETIONS=20                        first by itself, the manifest has to set the second
    STRATEGY_JOB_INDEX=2                      GitHub Actions, a matrix; counts from 0. The workflow has to set
    STRATEGY_JOB_TOTAL=20                     both, from ${{ strategy.job-index }} and ${{ strategy.job-total }}

Every VM is in exactly one shard: they are dealt out in the fleet's order, so that each shard gets some of every site.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plugins.core.wording import counted
from plugins.model import Vm

__all__ = ["Shard", "ShardError", "find", "numbers", "parse"]


class ShardError(ValueError):
    """What is said about the shard makes no sense; the text says what and where."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `number` of `of`, counted from 1."""

    number: int
    of: int
    source: str = ""  # who said so, when it was not the command line

    def __str__(self) -> str:
        return f"shard {self.number} of {self.of}"

    def part(self, fleet: Sequence[Vm]) -> list[Vm]:
        """The VMs of this shard."""
        return list(fleet[self.number - 1 :: self.of])

    def record(self, fleet: Sequence[Vm]) -> dict[str, Any]:
        """What `run.json` says of it, so that the parts of one fleet are known from those of another."""
        names = [vm.name for vm in fleet]
        digest = hashlib.sha256("\n".join(names).encode("utf-8", "surrogatepass")).hexdigest()
        return {"number": self.number, "of": self.of, "vms": len(fleet), "fleet": digest, "names": names}

    def header(self, fleet: Sequence[Vm]) -> str:
        """ "shard 3 of 20 (Kubernetes): 50 of 1000 VMs" """
        whose = f" ({self.source})" if self.source else ""
        return f"{self}{whose}: {len(self.part(fleet))} of {counted(len(fleet), 'VM')}"


def parse(text: str) -> Shard:
    """A shard as ``--shard`` names it: ``3/20``. Raises `ShardError`."""
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    if not found:
        raise ShardError(f"--shard={text}: expected NUMBER/OF, for example 3/20 for the third of twenty parts.")
    return _checked(int(found[1]), int(found[2]), f"--shard={text}", "")


#: Position, total, what the position counts from, and whose variables these are.
_PLACES = (
    ("SYSTEM_JOBPOSITIONINPHASE", "SYSTEM_TOTALJOBSINPHASE", 1, "Azure Pipelines"),
    ("JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", 0, "Kubernetes"),
    ("STRATEGY_JOB_INDEX", "STRATEGY_JOB_TOTAL", 0, "GitHub Actions"),
)


def find(environment: Mapping[str, str]) -> Shard | None:
    """The shard that a CI server or Kubernetes gave to this machine; None: all VMs are its own. Raises `ShardError`."""
    for position, total, first, whose in _PLACES:
        if position in environment and total in environment:
            said = f"{position}={environment[position]}, {total}={environment[total]} ({whose})"
            if not (environment[position].isdecimal() and environment[total].isdecimal()):
                raise ShardError(f"{said}: expected two whole numbers.")
            shard = _checked(int(environment[position]) - first + 1, int(environment[total]), said, whose)
            return shard if shard.of > 1 else None
    return None


def _checked(number: int, of: int, said: str, source: str) -> Shard:
    if not 1 <= number <= of:
        raise ShardError(f"{said}: there is no part {number} of {of}. Parts are counted from 1 to {max(of, 1)}.")
    return Shard(number, of, source)


def numbers(them: Sequence[int]) -> str:
    """ "1 to 6, 8 and 20", from sorted numbers."""
    runs: list[list[int]] = []
    for each in them:
        if runs and each == runs[-1][-1] + 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    said = [
        text for run in runs for text in ([f"{run[0]} to {run[-1]}"] if len(run) > 2 else [str(each) for each in run])
    ]
    return " and ".join(filter(None, (", ".join(said[:-1]), said[-1]))) if said else "none"
