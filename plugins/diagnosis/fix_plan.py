"""The fix plan: which fix comes first, and how many VMs are ready after it.

Greedy: each step takes the fix that makes the most VMs ready per change: one change of a network that serves seven VMs
comes before thirteen VMs that are started one by one. If no single fix makes a VM ready, it takes the one that leaves
the fewest fixes for the VMs closest to readiness. Every count is the state after that step, not a sum.

The plan predicts only what the evidence shows. An unknown cause (for example a VM that was not reached) is not
measured: its VMs do not become ready, they can then be judged, and such steps come after the measured ones. Only the
runner's own comes first: with one login, a whole fleet can be judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from plugins.core.wording import counted, first_few, plural
from plugins.diagnosis.fleet_causes import Cause

#: The statuses of a cause that was not measured.
_NOT_MEASURED = ("unknown", "blocked")


def steps(
    causes: Sequence[Cause], ready: int, open_after: frozenset[str], incomplete: frozenset[str] = frozenset()
) -> list[dict[str, Any]]:
    """The plan, in order. `ready` VMs are ready already; those in `open_after` have checks that were blocked.
    For the VMs in `incomplete` the run omitted checks: no fix makes them ready, they can then be judged.

    Each step: ``{"cause": number, "what", "then", "sentence": both, "measured": whether anything was measured of the
    cause, "changes": how many, "unlocks": [VMs that become ready], "judgeable": [VMs that can be judged then],
    "unjudged": how many that become ready still have checks to be judged then, "ready": VMs ready after it, "still":
    [{"cause": number, "vms": count}, ...]}``.
    """
    measured = [cause.status not in _NOT_MEASURED for cause in causes]
    groups = _same_causes(causes)
    measurable = {vm for key, vms in groups.items() if all(measured[index] for index in key) for vm in vms} - incomplete
    plan = []
    while groups:
        index = _best(causes, groups, _next(causes, measured, groups))
        cause = causes[index]
        freed = groups.pop(frozenset((index,)), [])
        unlocked = [vm for vm in freed if vm in measurable]
        judgeable = [vm for vm in freed if vm not in measurable]
        helped = {key - {index}: groups.pop(key) for key in list(groups) if index in key}
        still: Counter[int] = Counter()
        for key, vms in helped.items():
            groups.setdefault(key, []).extend(vms)
            still.update(dict.fromkeys(key, len(vms)))
        ready += len(unlocked)
        unjudged = sum(vm in open_after for vm in unlocked)
        then = _then(causes, len(unlocked), unjudged, len(judgeable), sum(map(len, helped.values())), still)
        plan.append(
            {
                "cause": index + 1,
                "what": cause.headline,
                "then": then,
                "sentence": f"{cause.headline} ({cause.id}): {then}",
                "measured": measured[index],
                "changes": cause.changes,
                "unlocks": unlocked,
                "judgeable": judgeable,
                "unjudged": unjudged,
                "ready": ready,
                "still": [{"cause": other + 1, "vms": count} for other, count in _biggest_first(still)],
            }
        )
    return plan


def _same_causes(causes: Sequence[Cause]) -> dict[frozenset[int], list[str]]:
    """The VMs that are not ready, by the causes that keep them from it: even a large fleet has few such groups."""
    blocking: dict[str, set[int]] = {}
    for index, cause in enumerate(causes):
        for vm in cause.blocks_readiness:
            blocking.setdefault(vm, set()).add(index)
    groups: dict[frozenset[int], list[str]] = {}
    for vm, indices in blocking.items():
        groups.setdefault(frozenset(indices), []).append(vm)
    return groups


def _next(causes: Sequence[Cause], measured: Sequence[bool], groups: Iterable[frozenset[int]]) -> set[int]:
    """The candidates: the runner's own causes if unmeasured, then those that were measured, then the others."""
    there = set().union(*groups)
    runner = {index for index in there if causes[index].kind == "runner" and not measured[index]}
    return runner or {index for index in there if measured[index]} or there


def _best(causes: Sequence[Cause], groups: dict[frozenset[int], list[str]], allowed: set[int]) -> int:
    """The next cause to fix: the most VMs ready per change, then the fewest fixes left, then the most VMs helped."""
    unlocks: Counter[int] = Counter()
    helps: Counter[int] = Counter()
    for key, vms in groups.items():
        for index in key & allowed:
            helps[index] += len(vms)
            if len(key) == 1:
                unlocks[index] += len(vms)
    if unlocks:
        return min(
            unlocks,
            key=lambda index: (-unlocks[index] / causes[index].changes, -unlocks[index], -helps[index], index),
        )
    fewest = min(len(key) for key in groups if key & allowed)
    nearest: Counter[int] = Counter()
    for key, vms in groups.items():
        if len(key) == fewest:
            for index in key & allowed:
                nearest[index] += len(vms)
    return min(
        nearest, key=lambda index: (-nearest[index] / causes[index].changes, -nearest[index], -helps[index], index)
    )


def _biggest_first(counts: Counter[int]) -> list[tuple[int, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _then(
    causes: Sequence[Cause], unlocked: int, unjudged: int, judgeable: int, waiting: int, still: Counter[int]
) -> str:
    """ "412 VMs become ready; 38 more still wait for ROLES-001." """
    parts = []
    if unlocked:
        become = f"{counted(unlocked, 'VM')} {plural(unlocked, 'becomes', 'become')} ready"
        if unjudged == unlocked:
            become += ", as far as judged"
        elif unjudged:
            become += f", {unjudged} of them as far as judged"
        parts.append(become)
    if judgeable:
        parts.append(f"{counted(judgeable, 'VM')} can then be judged")
    if waiting:
        ids = list(dict.fromkeys(causes[other].id for other, _ in _biggest_first(still)))
        more = "more" if unlocked or judgeable else plural(waiting, "VM")
        parts.append(f"{waiting} {more} still {plural(waiting, 'waits', 'wait')} for {first_few(ids)}")
    return f"{'; '.join(parts)}."


def forecast(plan: Sequence[Mapping[str, Any]], ready: int, total: int) -> str:
    """The effect of the plan: "The first 3 of 11 fixes make 950 of 1,000 VMs ready; all 11 make it 998."

    `ready` of `total` VMs are ready before the plan. "" without a plan.
    """
    if not plan:
        return ""
    last = plan[-1]["ready"]
    judgeable = sum(len(step["judgeable"]) for step in plan)
    changes = sum(step["changes"] for step in plan)
    fixes = counted(len(plan), "fix", "fixes") + (f" ({changes:,} changes)" if changes > len(plan) else "")
    if last == ready:
        return f"After {fixes}, {counted(judgeable, 'VM')} can be judged." if judgeable else ""
    more = f" {judgeable} more can then be judged." if judgeable else ""
    # Blocked checks are judged only after their cause is fixed: the plan does not predict their results.
    judged = ", as far as judged" if any(step["unjudged"] for step in plan) else ""
    of = "the VM" if total == 1 else f"all {total:,} VMs" if last == total else f"{last:,} of {total:,} VMs"
    if len(plan) == 1:
        one = f"One fix ({changes:,} changes)" if changes > 1 else "One fix"
        return f"{one} makes {of} ready{judged}.{more}"
    # The first few fixes that achieve four fifths of the whole plan.
    few = next(number for number, step in enumerate(plan, 1) if step["ready"] - ready >= 0.8 * (last - ready))
    if few > len(plan) / 2:
        return f"{fixes} make {of} ready{judged}.{more}"
    first = "The first fix makes" if few == 1 else f"The first {few} fixes make"
    return f"{first} {plan[few - 1]['ready']:,} of {total:,} VMs ready; all {fixes} make it {last:,}{judged}.{more}"
