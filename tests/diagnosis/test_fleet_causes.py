"""Root causes over the fleet: the component to fix, its VMs, and the VMs that it keeps from being ready."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.diagnosis.fleet_causes import Cause, normalized
from tests.support.report_builder import causes_of as find

THINGS = {
    "CSN-002": "csn",
    "ROLES-001": "identity",
    "PROXY-002": "guest",
    "VM-001": "vm",
    "AGENT-002": "guest",
    "PLATFORM-003": "instance",
}
CSN_A, CSN_B = "/subscriptions/s/cloudServicesNetworks/csn-a", "/subscriptions/s/cloudServicesNetworks/csn-b"


def result(
    id: str,
    parameter: str = "",
    status: str = "fail",
    *,
    message: str = "It is not so.",
    remedy: str = "Make it so.",
    caused_by: tuple[str, ...] = (),
    fix: tuple[str, ...] = (),
) -> dict[str, Any]:
    return {
        "id": id,
        "parameter": parameter,
        "status": status,
        "severity": "recommended" if status == "warn" else "required",
        "message": message,
        "remedy": remedy,
        "docs": "",
        "fix": list(fix),
        "root_cause": status in ("fail", "warn", "unknown") and not caused_by,
        "caused_by": list(caused_by),
    }


def vm(name: str, *results: dict[str, Any], csn: str = CSN_A, image: str = "", **session: str) -> dict[str, Any]:
    words = {result["status"] for result in results if result["severity"] == "required"}
    return {
        "name": name,
        "address": f"root@{name}.example:22",
        "readiness": "not ready" if "fail" in words else "unknown" if words & {"unknown", "blocked"} else "ready",
        "session": {"outcome": "ok", "via": "", **session},
        "components": {"csn": csn} | ({"image": image} if image else {}),
        "results": list(results),
    }


def told(causes: list[Cause]) -> list[tuple[str, str, str, list[str], list[str]]]:
    """(check, kind, name of the component, VMs, VMs that it keeps from being ready)"""
    return [(cause.id, cause.kind, cause.name, list(cause.vms), list(cause.blocks_readiness)) for cause in causes]


def test_a_network_is_one_thing_for_all_its_vms_and_endpoints() -> None:
    causes = find(
        [
            vm("a", result("CSN-002", "his", fix=("az x",)), result("CSN-002", "pas", fix=("az x",))),
            vm("b", result("CSN-002", "pas", fix=("az x",)), csn=CSN_A.upper()),
            vm("c", result("CSN-002", "his", fix=("az y",)), csn=CSN_B),
        ],
        THINGS,
    )
    assert told(causes) == [
        ("CSN-002", "csn", "csn-a", ["a", "b"], ["a", "b"]),
        ("CSN-002", "csn", "csn-b", ["c"], ["c"]),
    ]
    assert causes[0].parameters == ["his", "pas"]
    assert causes[0].as_dict(1)["fix"] == [{"command": "az x", "vms": ["a", "b"]}]


def test_guests_with_the_same_remedy_have_the_same_trouble_whatever_differs_from_vm_to_vm() -> None:
    def lacks(name: str, variable: str) -> dict[str, Any]:
        text = f"{variable} on {name} (10.0.0.{len(name)}) lacks it."
        return result("PROXY-002", variable, message=text, remedy=f"Add it to {variable} on {name}.example, port 22.")

    causes = find([vm(name, lacks(name, "NO_PROXY"), lacks(name, "no_proxy")) for name in ("a", "bb")], THINGS)
    assert told(causes) == [("PROXY-002", "guest", "", ["a", "bb"], ["a", "bb"])]
    assert [message["count"] for message in causes[0].as_dict(1)["messages"]] == [1, 1, 1, 1]


def test_another_remedy_is_another_cause() -> None:
    causes = find([vm("a", result("VM-001", remedy="Start it.")), vm("b", result("VM-001", remedy="Wait."))], THINGS)
    assert told(causes) == [("VM-001", "vm", "", ["a"], ["a"]), ("VM-001", "vm", "", ["b"], ["b"])]


@pytest.mark.parametrize(
    ("third", "kind"),
    [
        (vm("c", result("PROXY-002"), image="ubuntu"), "image"),
        (vm("c", result("PROXY-002", status="pass"), image="ubuntu"), "guest"),
        (vm("c", result("PROXY-002", status="blocked", caused_by=("SSH-001",)), image="ubuntu"), "image"),
        (vm("c", result("PROXY-002", status="pass"), image="debian"), "image"),
    ],
)
def test_the_image_is_to_blame_when_all_its_vms_have_the_trouble(third: dict[str, Any], kind: str) -> None:
    pair = [vm(name, result("PROXY-002"), image="Ubuntu") for name in ("a", "b")]
    (cause,) = find([*pair, third], THINGS)
    assert cause.kind == kind
    assert cause.name == ("Ubuntu" if kind == "image" else "")


@pytest.mark.parametrize("id", ["/subscriptions/s/cloudServicesNetworks/CSN-X", "CSN-X/"])
def test_a_cause_has_the_name_of_its_component(id: str) -> None:
    assert Cause("CSN-001", "fail", "required", "csn", id, "").name == "CSN-X"


def test_one_vm_of_an_image_says_nothing_about_the_image() -> None:
    (cause,) = find([vm("a", result("PROXY-002"), image="ubuntu")], THINGS)
    assert (cause.kind, cause.name) == ("guest", "")


def test_a_jump_host_that_failed_is_one_cause_for_all_behind_it() -> None:
    lost = {"outcome": "jump host failed", "via": "jump.example"}
    causes = find(
        [vm(name, result("SSH-001", status="unknown", message=f"{name}: no way."), **lost) for name in ("a", "b")],
        THINGS,
    )
    assert told(causes) == [("SSH-001", "jump host", "jump.example", ["a", "b"], ["a", "b"])]


def test_without_azure_a_network_is_not_known_and_its_vms_stay_apart_by_what_is_to_be_done() -> None:
    bare = [vm("a", result("CSN-002", "his")), vm("b", result("CSN-002", "his"))]
    for record in bare:
        record["components"].clear()
    assert told(find(bare, THINGS)) == [("CSN-002", "vm", "", ["a", "b"], ["a", "b"])]


def test_what_holds_a_vm_is_looked_for_behind_what_blocks_it() -> None:
    early = vm(
        "a",
        result("AGENT-002", status="warn"),
        result("TOKEN-004", status="blocked", caused_by=("AGENT-002",)),
    )
    fine = vm("b", result("AGENT-002", status="warn"), result("TOKEN-004", status="pass"))
    assert told(find([early, fine], THINGS)) == [("AGENT-002", "guest", "", ["a", "b"], ["a"])]


def test_what_keeps_most_vms_back_comes_first_and_warnings_last() -> None:
    vms = [vm("a", result("PLATFORM-003"), result("AGENT-002", status="warn"))]
    vms += [vm(name, result("CSN-002", "his"), result("AGENT-002", status="warn")) for name in ("b", "c")]
    assert [cause.id for cause in find(vms, THINGS)] == ["CSN-002", "PLATFORM-003", "AGENT-002"]


def test_what_blocks_a_parameter_is_the_cause_of_the_same_parameter() -> None:
    causes = find(
        [
            vm(
                "a",
                result("PROXY-002", "HTTPS_PROXY", "warn", remedy="Set it."),
                result("PROXY-002", "NO_PROXY", "warn", remedy="Extend it."),
                result("VM-001", "NO_PROXY", "blocked", caused_by=("PROXY-002",)),
            )
        ],
        THINGS,
    )
    assert {cause.parameters[0]: list(cause.blocks_readiness) for cause in causes} == {
        "HTTPS_PROXY": [],
        "NO_PROXY": ["a"],
    }


def test_a_remedy_loses_what_differs_between_vms() -> None:
    vm = {"name": "web-1", "address": "azureuser@web.example:22"}
    text = "Let web-1 (Web.example) reach gbl.example, not web.example.org, 3 times."
    assert normalized(text, vm, {"parameter": "gbl.example"}) == "Let … (…) reach …, not ….org, … times."
