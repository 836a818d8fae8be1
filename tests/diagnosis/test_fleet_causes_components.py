"""Components to fix once: kinds that depend on the other VMs, and results that name their own component."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.report_builder import causes_of

CSN = "/subscriptions/s/resourceGroups/g/providers/Microsoft.NetworkCloud/cloudServicesNetworks/csn-a"
IDENTITY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a"
GROUP = "/subscriptions/s/resourceGroups/arc-rg"

Json = dict[str, Any]


def result(id: str, status: str = "fail", parameter: str = "", remedy: str = "Do it.", **more: Any) -> Json:
    return {
        "id": id,
        "parameter": parameter,
        "status": status,
        "severity": "required",
        "message": "Seen.",
        "remedy": remedy,
        "root_cause": status != "pass",
        "caused_by": [],
        "docs": "",
        "fix": [],
        **more,
    }


def vm(name: str, *results: Json, **components: str) -> Json:
    return {
        "name": name,
        "readiness": "not ready" if any(result["status"] == "fail" for result in results) else "ready",
        "address": f"root@{name}:22",
        "session": {"outcome": "ok", "via": ""},
        "components": {kind.replace("_", " "): id for kind, id in components.items()},
        "results": list(results),
    }


def found(kind: str, *vms: Json) -> list[tuple[str, str, str, list[str]]]:
    causes = causes_of(vms, dict.fromkeys(("NET-001", "ROLES-001"), kind))
    return [(cause.id, cause.kind, cause.name, list(cause.vms)) for cause in causes]


def test_a_way_out_that_no_vm_gets_through_is_its_networks() -> None:
    vms = [vm(name, result("NET-001", parameter="a"), csn=csn) for name, csn in (("v1", CSN), ("v2", CSN.lower()))]
    assert found("path", *vms) == [("NET-001", "csn", "csn-a", ["v1", "v2"])]


def test_where_another_vm_gets_through_it_is_each_vms_own() -> None:
    vms = [vm(name, result("NET-001", parameter="a"), csn=CSN) for name in ("v1", "v2")]
    through = vm("v3", result("NET-001", "pass", "a"), csn=CSN)
    assert found("path", *vms, through) == [("NET-001", "vm", "", ["v1", "v2"])]


@pytest.mark.parametrize(
    "other",
    [
        vm("v2", result("NET-001", "pass", "b"), csn=CSN),  # another endpoint
        vm("v2", result("NET-001", "pass", "a"), csn=f"{CSN}-2"),  # another network
        vm("v2", result("NET-001", "unknown", "a", "Install curl.", component="guest"), csn=CSN),  # unknown
    ],
)
def test_only_who_gets_through_there_clears_the_network(other: Json) -> None:
    assert ("NET-001", "csn", "csn-a", ["v1"]) in found(
        "path", vm("v1", result("NET-001", parameter="a"), csn=CSN), other
    )


def test_a_way_out_that_is_cut_in_two_ways_has_two_causes() -> None:
    vms = [vm(name, result("NET-001", remedy=f"{name}: {what}"), csn=CSN) for name, what in (("v1", "A"), ("v2", "B"))]
    assert found("path", *vms) == [("NET-001", "csn", "csn-a", ["v1"]), ("NET-001", "csn", "csn-a", ["v2"])]


def test_without_azure_the_same_remedy_is_the_same_cause() -> None:
    vms = [vm(name, result("NET-001", remedy=f"Look at {name}.")) for name in ("v1", "v2")]
    assert found("path", *vms) == [("NET-001", "vm", "", ["v1", "v2"])]


def test_a_role_is_the_identitys_where_vms_can_share_it_else_the_groups() -> None:
    mine = [vm(name, result("ROLES-001"), resource_group=GROUP) for name in ("v1", "v2")]
    shared = [vm(name, result("ROLES-001"), resource_group=GROUP, identity=IDENTITY) for name in ("v3", "v4")]
    assert found("role", *mine, *shared) == [
        ("ROLES-001", "resource group", "arc-rg", ["v1", "v2"]),
        ("ROLES-001", "identity", "id-a", ["v3", "v4"]),
    ]


def test_a_result_may_name_its_own_thing() -> None:
    vms = [vm(name, result("NET-001", "unknown", component="guest"), csn=CSN) for name in ("v1", "v2")]
    assert found("path", *vms) == [("NET-001", "guest", "", ["v1", "v2"])]
