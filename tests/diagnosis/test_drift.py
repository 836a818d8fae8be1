"""The majority and the outliers."""

from __future__ import annotations

from typing import Any

from plugins.diagnosis.drift import find


def vm(name: str, cluster: str = "", **facts: str) -> dict[str, Any]:
    return {
        "name": name,
        "components": {"cluster": cluster} if cluster else {},
        "facts": {fact.replace("_", " "): value for fact, value in facts.items()},
    }


def test_the_odd_one_out_of_a_fleet() -> None:
    vms = [vm("a", agent_version="1.61"), vm("b", agent_version="1.61"), vm("c", agent_version="1.42"), vm("d")]
    assert find(vms) == [
        {
            "group": "the fleet",
            "fact": "agent version",
            "majority": "1.61",
            "count": 2,
            "of": 3,
            "outliers": [{"value": "1.42", "vms": ["c"]}],
        }
    ]


def test_vms_of_one_cluster_are_compared_with_each_other_only() -> None:
    vms = [
        vm("a", "/x/Berlin", os="Debian 12"),
        vm("b", "/X/berlin", os="Debian 12"),
        vm("c", "/x/osaka", os="SLES 15"),
    ]
    assert find(vms) == []
    vms.append(vm("d", "/x/osaka", os="Debian 12"))
    (entry,) = find(vms)
    assert (entry["group"], entry["majority"], entry["count"]) == ("cluster osaka", "", 0)
    assert entry["outliers"] == [{"value": "SLES 15", "vms": ["c"]}, {"value": "Debian 12", "vms": ["d"]}]


def test_clusters_of_one_name_are_told_apart_by_their_subscription() -> None:
    ids = [f"/subscriptions/{n}/resourceGroups/rg/providers/Microsoft.NetworkCloud/clusters/lab" for n in (1, 2)]
    vms = [vm(f"{id[15]}-{os}", id, os=os) for id in ids for os in ("Debian 12", "SLES 15")]
    assert [entry["group"] for entry in find(vms)] == ["cluster lab (1)", "cluster lab (2)"]


def test_equal_vms_do_not_drift() -> None:
    assert find([vm("a", os="Debian 12"), vm("b", os="Debian 12")]) == []
