"""The planned requests, compared with those that are sent."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from plugins.azure.fetch import FEW, FetchOptions, fetch
from plugins.azure.request_plan import planned_calls
from plugins.azure.snapshot import Call
from plugins.model import Target, Vm
from tests.support.arm_server import Arm
from tests.support.azure_site import GROUP, SUBSCRIPTION, options, populate, vm_id
from tests.support.paths import ROOT


def matches(template: Call, call: Call) -> bool:
    """Braces match values from Azure's answers, a list matches its pages, and ids match in any case."""
    pattern = re.sub(r"\\\{\w+\\\}", ".+", re.escape(template.url))
    url, query = re.sub(r"[?&]\$skiptoken=\d+", "", call.url).split("?", 1)
    parts = sorted(query.split("&"))
    path, wanted = template.url.split("?", 1)
    return (
        call.method == template.method
        and re.fullmatch(pattern.split("\\?", 1)[0], url, re.I) is not None
        and len(parts) == len(wanted.split("&"))
        and all(
            re.fullmatch(re.sub(r"\\\{\w+\\\}", ".+", re.escape(want)), part)
            for want, part in zip(sorted(wanted.split("&")), parts, strict=True)
        )
        and bool(path)
    )


@pytest.mark.parametrize("count", [1, 8])
@pytest.mark.parametrize("by_name", [False, True], ids=["by-id", "by-name"])
def test_the_plan_holds(arm: Arm, count: int, by_name: bool) -> None:
    vms = populate(arm, count)
    more: dict[str, Any] = {}
    if by_name:
        vms = [Vm(vm.name) for vm in vms]
        more = {"subscription": SUBSCRIPTION, "resource_group": "vms-rg"}
    fetch_options = options(arm, **more)
    plan = planned_calls(vms, fetch_options)
    calls = fetch(vms, fetch_options).calls
    assert calls
    for call in calls:
        assert any(matches(request, call) for request in plan), f"{call} was not planned"
    for kind in ("clusters", "cloudServicesNetworks", "clusterManagers"):
        assert any(f"/{kind}?" in request.url for request in plan) == (count > FEW), "what many link to is listed"


@pytest.mark.parametrize("count", [1, 8])
@pytest.mark.parametrize("by_name", [False, True], ids=["by-id", "by-name"])
def test_a_vm_of_the_private_relay_costs_two_more_requests_and_they_are_planned(
    arm: Arm, count: int, by_name: bool
) -> None:
    vms = populate(arm, count)
    more: dict[str, Any] = {}
    if by_name:
        vms = [Vm(vm.name) for vm in vms]
        more = {"subscription": SUBSCRIPTION, "resource_group": "vms-rg"}
    before = len(fetch(vms, options(arm, **more)).calls)
    private = [replace(vm, path="relay") for vm in vms]
    fetch_options = options(arm, **more)
    calls = fetch(private, fetch_options).calls
    assert len(calls) == before + 2 * count
    plan = planned_calls(private, fetch_options)
    assert [str(call) for call in calls if not any(matches(request, call) for request in plan)] == []
    of_vms = [call.url for call in calls if "/virtualMachines/" in call.url and "Microsoft.Authorization" in call.url]
    assert len(of_vms) == 2 * count
    assert [url for url in of_vms if "denyAssignments" not in url and "assignedTo" not in url] == []


PLANS = ROOT / "tests/data/planned-requests.txt"


def plans() -> str:
    """Every request in `--plan`, for some fleets; values in braces come from answers."""
    ids = [vm_id(f"vm{number}") for number in range(1, FEW + 2)]
    fleets: dict[str, tuple[list[Vm], dict[str, Any]]] = {
        "one VM": ([Vm("vm1", resource_id=ids[0])], {}),
        "many VMs": ([Vm(id.rpartition("/")[2], resource_id=id) for id in ids], {}),
        "by name": ([Vm("vm1")], {"subscription": "s"}),
        "by name in a group": ([Vm("vm1")], {"subscription": "s", "resource_group": "g"}),
        "by name, nowhere": ([Vm("vm1")], {}),
        "an id that is none": ([Vm("vm1", resource_id="x")], {}),
        "with an identity": ([Vm("vm1", resource_id=ids[0], identity=f"{GROUP}/providers/M.I/u/me")], {}),
        "the private relay": ([Vm("vm1", resource_id=ids[0], path="relay")], {}),
        "another target": (
            [Vm("vm1", resource_id=ids[0], target=Target(subscription="t", resource_group="r", cloud="AzureUSGovernment"))],
            {},
        ),
    }  # fmt: skip
    return "\n".join(
        "\n".join([f"=== {name}", *map(str, planned_calls(vms, FetchOptions(**more)))]) + "\n"
        for name, (vms, more) in fleets.items()
    )


def test_the_plans_of_some_fleets_are_those_that_were_reviewed() -> None:
    """`python -m tests.azure.test_request_plan` writes the file anew."""
    assert plans() == PLANS.read_text("utf-8")


if __name__ == "__main__":
    PLANS.write_text(plans(), "utf-8")
