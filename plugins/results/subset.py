"""The results of some VMs of a run as a results dict, for a page per owner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from plugins.diagnosis.findings import FindingGroups, rank
from plugins.diagnosis.fleet_causes import Cause
from plugins.results import verdict
from plugins.results.fleet import of_fleet, still_open

Json = Mapping[str, Any]

#: The keys about the whole fleet.
_OF_THE_FLEET = ("gate", "changes", "waivers", "shard", "missing", "history")


def subset(results: Json, names: Collection[str]) -> dict[str, Any]:
    """`results` of the VMs in `names`: verdicts as they are, and counts, causes, plan and findings of these VMs."""
    vms = [vm for vm in results["vms"] if vm["name"] in names]
    tally = Counter(vm["readiness"] for vm in vms)
    judged = _judged(results["judged"], len(vms))
    causes = [own for cause in results["causes"] if (own := _restricted(cause, vms))]
    open_after = still_open(vms) if judged["complete"] else frozenset(names)
    findings = FindingGroups()
    for vm in vms:
        findings.add(vm)
    counts = Counter(result["status"] for vm in vms for result in vm["results"])
    return {key: value for key, value in results.items() if key not in _OF_THE_FLEET} | {
        "verdict": verdict.word(tally, judged),
        "sentence": verdict.sentence(tally, judged),
        "judged": judged,
        "counts": {status: counts[status] for status in results["counts"]},
        **of_fleet(vms, causes, findings, tally["ready"], open_after),
    }


def _judged(judged: Json, number: int) -> dict[str, Any]:
    """The ``judged`` section: in a partial run, it is not known which of these VMs have all checks."""
    whole = judged["vms"]["judged"] == judged["vms"]["of"]
    return {**judged, "vms": {"judged": number if whole else 0, "of": number}}


def _restricted(cause: Json, vms: Sequence[Json]) -> Cause | None:
    """A cause of the whole fleet, of these VMs alone; None when it is not on any of them."""
    names = [vm["name"] for vm in vms if vm["name"] in set(cause["vms"])]
    if not names:
        return None
    own = [
        result
        for vm in vms
        if vm["name"] in set(names)
        for result in vm["results"]
        if result["id"] == cause["id"] and result["root_cause"]
    ]
    blocked = set(cause["blocks_readiness"])
    parameters = {result["parameter"] for result in own}
    lost = set(cause["parameters"]) - parameters  # parameters that are not met on other VMs only
    return Cause(
        id=cause["id"],
        status=min((result["status"] for result in own), key=rank, default=cause["status"]),
        severity=cause["severity"],
        kind=cause["component"]["kind"],
        component=cause["component"]["id"],
        docs=cause["docs"],
        parameters=[parameter for parameter in cause["parameters"] if parameter not in lost],
        vms=dict.fromkeys(names),
        blocks_readiness=dict.fromkeys(name for name in names if name in blocked),
        messages=Counter(result["message"] for result in own) or Counter([cause["message"]]),
        remedies=Counter([cause["remedy"]]),
        actions=Counter([cause["action"]]),
        items=dict.fromkeys(item for item in cause["items"] if item not in lost),
        fix={
            fix["command"]: dict.fromkeys(own_vms)
            for fix in cause["fix"]
            if (own_vms := [name for name in fix["vms"] if name in set(names)])
        },
    )
