"""From causes to decisions: which fix first, and how many VMs are ready after it.

Greedy: each step takes the fix that makes the most VMs ready now. Where no single fix makes one ready, it takes the one
that leaves the fewest fixes for the VMs closest to it. Every count is what is true after that step, not a sum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from plugins.core.wording import counted, first_few, plural
from plugins.diagnosis.component_labels import component_label
from plugins.diagnosis.fleet_causes import Cause

__all__ = ["label", "steps"]


def steps(causes: Sequence[Cause], ready: int, open_after: frozenset[str]) -> list[dict[str, Any]]:
    """The plan, in order. `ready` VMs are ready already; those in `open_after` have checks that were blocked.

    Each step: ``{"cause": number, "sentence", "unlocks": [VMs that become ready], "unjudged": how many of them still
    have checks to be judged then, "ready": VMs ready after it, "still": [{"cause": number, "vms": count}, ...]}``.
    """
    left: dict[str, set[int]] = {}  # VM -> the causes that keep it from being ready, by index
    for index, cause in enumerate(causes):
        for vm in cause.blocks_readiness:
            left.setdefault(vm, set()).add(index)
    # VMs with the same causes are as one: a fleet has few such groups, however large it is.
    groups: dict[frozenset[int], list[str]] = {}
    for vm, blocking in left.items():
        groups.setdefault(frozenset(blocking), []).append(vm)
    found = []
    while groups:
        index = _best(groups)
        unlocked = groups.pop(frozenset((index,)), [])
        helped = {key: groups.pop(key) for key in [key for key in groups if index in key]}
        for key, vms in helped.items():
            groups.setdefault(key - {index}, []).extend(vms)
        still: Counter[int] = Counter()
        for key, vms in helped.items():
            for other in key - {index}:
                still[other] += len(vms)
        waiting = sum(map(len, helped.values()))
        ready += len(unlocked)
        unjudged = sum(vm in open_after for vm in unlocked)
        found.append(
            {
                "cause": index + 1,
                "sentence": _sentence(causes, index, len(unlocked), unjudged, waiting, still),
                "unlocks": unlocked,
                "unjudged": unjudged,
                "ready": ready,
                "still": [{"cause": other + 1, "vms": count} for other, count in _biggest_first(still)],
            }
        )
    return found


def _best(groups: dict[frozenset[int], list[str]]) -> int:
    """The next cause to fix: the most VMs ready at once, then the fewest fixes left, then the most VMs helped."""
    unlocks: Counter[int] = Counter()
    helps: Counter[int] = Counter()
    for key, vms in groups.items():
        for index in key:
            helps[index] += len(vms)
            if len(key) == 1:
                unlocks[index] += len(vms)
    if unlocks:
        return min(unlocks, key=lambda index: (-unlocks[index], -helps[index], index))
    fewest = min(map(len, groups))
    nearest: Counter[int] = Counter()
    for key, vms in groups.items():
        if len(key) == fewest:
            for index in key:
                nearest[index] += len(vms)
    return min(nearest, key=lambda index: (-nearest[index], -helps[index], index))


def _biggest_first(counts: Counter[int]) -> list[tuple[int, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def label(cause: Cause) -> str:
    """What is to be fixed: ``cloud services network csn-a``, ``berlin-1``, ``3 VMs``."""
    if cause.kind in ("guest", "vm"):
        return next(iter(cause.vms)) if len(cause.vms) == 1 else f"each of {len(cause.vms)} VMs"
    return component_label(cause.kind, cause.name)


def _sentence(
    causes: Sequence[Cause], index: int, unlocked: int, unjudged: int, waiting: int, still: Counter[int]
) -> str:
    """ "Fix cloud services network csn-a (CSN-002): 412 VMs become ready; 38 more then still wait for ROLES-001." """
    cause = causes[index]
    parts = []
    if unlocked:
        become = f"{counted(unlocked, 'VM')} {plural(unlocked, 'becomes', 'become')} ready"
        if unjudged == unlocked:
            become += ", as far as could be judged"
        elif unjudged:
            become += f", {unjudged} of them as far as could be judged"
        parts.append(become)
    if waiting:
        ids = list(dict.fromkeys(causes[other].id for other, _ in _biggest_first(still)))
        more = "more" if unlocked else plural(waiting, "VM")
        parts.append(f"{waiting} {more} then still {plural(waiting, 'waits', 'wait')} for {first_few(ids)}")
    return f"Fix {label(cause)} ({cause.id}): {'; '.join(parts)}."
