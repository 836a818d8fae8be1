"""Drift: facts that should be equal across a group of VMs and are not; the majority and the outliers.

Checks record the facts (agent version, operating system, proxy settings, clock). VMs on the same cluster are a
group, because they should be equal; without Azure the whole fleet is one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from plugins.core.component_names import short_names

Json = Mapping[str, Any]
FLEET = "the fleet"


def find(vms: Sequence[Json]) -> list[dict[str, Any]]:
    """One entry per group and fact with more than one value, in the order in which the facts were first recorded.

    ``{"group", "fact", "majority", "count": VMs with it, "of": VMs with any value, "outliers": [{"value", "vms"}]}``
    Without a most frequent value, the majority is "" and every value is listed.
    """
    groups: dict[str, list[Json]] = {}
    for vm in vms:
        groups.setdefault(vm["components"].get("cluster", "").lower(), []).append(vm)
    differences = []
    clusters = short_names([members[0]["components"].get("cluster", "") for members in groups.values()])
    for cluster, members in zip(clusters, groups.values(), strict=True):
        group = f"cluster {cluster}" if cluster else FLEET
        for fact in dict.fromkeys(fact for vm in members for fact in vm["facts"]):
            by_value: dict[str, list[str]] = {}
            for vm in members:
                if fact in vm["facts"]:
                    by_value.setdefault(vm["facts"][fact], []).append(vm["name"])
            if len(by_value) > 1:
                differences.append(_entry(group, fact, by_value))
    return differences


def _entry(group: str, fact: str, by_value: Mapping[str, list[str]]) -> dict[str, Any]:
    ranked = Counter({value: len(names) for value, names in by_value.items()}).most_common()
    majority, count = ranked[0] if ranked[0][1] > ranked[1][1] else ("", 0)
    return {
        "group": group,
        "fact": fact,
        "majority": majority,
        "count": count,
        "of": sum(size for _, size in ranked),
        "outliers": [{"value": value, "vms": by_value[value]} for value, _ in ranked if value != majority or not count],
    }
