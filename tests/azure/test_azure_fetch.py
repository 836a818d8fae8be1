"""Reading a site from the stand-in with the real SDKs, over TLS: the requests, all of which only read."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from plugins.azure import answer_keys as paths
from plugins.azure.clouds import clouds
from plugins.azure.fetch import FEW, fetch
from plugins.azure.roles import Granted, effective
from plugins.azure.snapshot import Answer, AzureSnapshot, ReadError
from plugins.azure.vm_view import AzureVmView
from plugins.checks.check import CheckOutcome
from plugins.model import Status, Target, Vm
from tests.azure.reading import look, stopped
from tests.support import azure_site as site
from tests.support.arm_server import TENANT, TOKEN, Arm, arm_error, forbidden
from tests.support.azure_site import GROUP, SUBSCRIPTION, options, populate, vm_id

NOT_FOUND = arm_error(404, "ResourceNotFound", "The Resource was not found.")


def test_everything_about_a_vm_is_read(arm: Arm) -> None:
    view = look(arm, populate(arm, 1))
    assert view.vm is not None and view.vm["properties"]["detailedStatus"] == "Available"
    assert view.cluster is not None and view.cluster["properties"]["clusterVersion"] == "4.7.0"
    assert view.cluster_manager is not None and len(view.cluster_manager["properties"]["clusterVersions"]) == 2
    assert view.csn is not None and "enabledEgressEndpoints" not in view.csn["properties"]
    assert view.csn["properties"]["enableDefaultEgressEndpoints"] == "False"
    assert view.provider("Microsoft.HybridCompute")["registrationState"] == "Registered"
    assert view.nexus_provider["resourceTypes"][0]["apiVersions"] == ["2025-09-01"]
    assert view.target == Target(SUBSCRIPTION, "vms-rg", "eastus")
    assert view.arc_name == "vm1"
    assert view.arc_machine is None
    access = view.access(view.expected.principal_id or "")
    assert [assignment.role_id for assignment in access.assignments] == [site.RESOURCE_MANAGER, site.LIST_ACCESS]
    assert access.assignments[0].updated_on == "2026-08-22T10:00:00.123456Z"
    assert isinstance(effective(access, "Microsoft.HybridCompute/machines/write"), Granted)


def test_hundreds_of_vms_cost_tens_of_requests(arm: Arm) -> None:
    arm.page = 30
    facts = fetch(populate(arm, 300), options(arm))
    kinds = Counter("assignments" if "roleAssignments" in call.url else "other" for call in facts.calls)
    # 20 pages of assignments; 10 of VMs, 4 providers, machines, denies, cluster, manager, network, 2 role definitions
    assert kinds == {"assignments": 20, "other": 21}
    assert all(call.status == 200 for call in facts.calls)
    assert sum(paths.NEXUS.lower() + "/virtualmachines/" in path for path in facts.answers) == 300
    assert sum("?assignedto=" in path for path in facts.answers) == 300


def test_only_who_lacks_a_role_of_its_own_is_asked_for_by_name(arm: Arm) -> None:
    vms = populate(arm, 6)
    principals = [str(AzureVmView(vm, fetch([vm], options(arm))).expected.principal_id) for vm in vms]
    through_group = site.assignment(site.LIST_ACCESS, GROUP, "a-group")
    own = site.assignment(site.RESOURCE_MANAGER, GROUP, principals[2])
    site.give(arm, GROUP, principals[2], own, through_group)
    limited = site.assignment(site.RESOURCE_MANAGER, GROUP, principals[4], condition="@Resource[x] StringEquals 'y'")
    site.give(arm, GROUP, principals[4], limited, site.assignment(site.LIST_ACCESS, GROUP, principals[4]))
    facts = fetch(vms, options(arm))
    requests = [call.url for call in facts.calls if "assignedTo" in call.url]
    assert len(requests) == 2
    assert any(principals[2] in url for url in requests)
    assert any(principals[4] in url for url in requests)
    held = AzureVmView(vms[2], facts).access(principals[2]).assignments
    assert [assignment.via_group for assignment in held] == [None, "a-group"]


def test_vms_that_share_an_identity_share_its_requests(arm: Arm) -> None:
    # The VM resource may map an identity to an empty object: then the identity's own resource is read, once.
    vms = populate(arm, 10)
    user = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shared"
    for number in range(1, 11):
        arm.documents[vm_id(f"vm{number}").lower()]["identity"] = {
            "type": "UserAssigned", "userAssignedIdentities": {user.replace("resourceGroups", "resourcegroups"): {}}
        }  # fmt: skip
    arm.documents[user.lower()] = {
        "id": user,
        "properties": {"principalId": "AB-1", "clientId": "c", "tenantId": TENANT},
    }
    site.give(arm, GROUP, "ab-1", site.assignment(site.LIST_ACCESS, GROUP, "ab-1"))
    view = look(arm, vms)
    urls = [call.url for call in view.fleet.calls]
    assert sum("userAssignedIdentities" in url for url in urls) == 1
    assert sum("roleAssignments" in url for url in urls) == 1
    assert view.expected.principal_id == "ab-1"
    assert view.expected.kind == "user"
    assert [assignment.role_id for assignment in view.access("ab-1").assignments] == [site.LIST_ACCESS]


def test_a_user_identity_that_may_not_be_read_is_unknown_not_missing(arm: Arm) -> None:
    vms = populate(arm, 1)
    user = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mine"
    arm.documents[vm_id("vm1").lower()]["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {user: {}}}
    arm.trouble("userassignedidentities", forbidden("Microsoft.ManagedIdentity/userAssignedIdentities/read", user))
    view = look(arm, vms)
    assert [identity.id for identity in view.identities] == [user]
    problem = stopped(view, "expected")
    assert problem.status == Status.UNKNOWN
    assert "Microsoft.ManagedIdentity/userAssignedIdentities/read" in problem.message


def test_a_user_identity_that_was_deleted_has_no_principal(arm: Arm) -> None:
    vms = populate(arm, 1)
    user = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/gone"
    arm.documents[vm_id("vm1").lower()]["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {user: {}}}
    expected = look(arm, vms).expected
    assert (expected.id, expected.principal_id, expected.unread) == (user, None, None)


@pytest.mark.parametrize("count", [1, 8], ids=["by-id", "by-list"])
def test_a_vm_that_does_not_exist_is_read_as_none(arm: Arm, count: int) -> None:
    vms = populate(arm, count)
    lost = Vm("lost", resource_id=vm_id("lost"))
    facts = fetch([*vms, lost], options(arm))
    assert AzureVmView(lost, facts).vm is None
    assert AzureVmView(vms[0], facts).vm is not None
    problem = stopped(AzureVmView(lost, facts), "cluster")
    assert problem.status == Status.BLOCKED
    assert problem.message == f"Not judged: VM-001, Azure has no VM resource {vm_id('lost')}."


def test_a_login_with_rights_in_a_group_only_lists_that_group(arm: Arm) -> None:
    vms = populate(arm, 6)
    scope = f"/subscriptions/{SUBSCRIPTION}"
    arm.trouble(
        f"{scope}/providers/microsoft.networkcloud/virtualmachines",
        forbidden("Microsoft.NetworkCloud/virtualMachines/read", scope),
    )
    facts = fetch(vms, options(arm))
    assert all(AzureVmView(vm, facts).vm for vm in vms)
    assert sum("/virtualMachines" in call.url for call in facts.calls) == 2


def test_a_list_that_nobody_may_read_makes_each_vm_unknown(arm: Arm) -> None:
    """A few resources are requested singly; if all of these requests fail, the others are not sent."""
    vms = populate(arm, 20)
    arm.trouble("/virtualmachines", forbidden("Microsoft.NetworkCloud/virtualMachines/read", GROUP))
    facts = fetch(vms, options(arm))
    assert {stopped(AzureVmView(vm, facts), "vm").status for vm in vms} == {Status.UNKNOWN}
    assert sum("/virtualMachines" in call.url for call in facts.calls) == 2 + FEW


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param((200, {}, b'{"value": ['), id="half-a-page"),
        pytest.param((200, {}, b"<html>A moment, please</html>"), id="html"),
        pytest.param(arm_error(400, "InvalidSkipToken", "What is this?"), id="400"),
        pytest.param((404, {}, b""), id="404"),
    ],
)
def test_a_list_that_is_lost_is_read_one_by_one(arm: Arm, trouble: Any) -> None:
    vms = populate(arm, 6)
    arm.trouble(f"/subscriptions/{SUBSCRIPTION}/providers/microsoft.networkcloud/virtualmachines", trouble)
    facts = fetch(vms, options(arm))
    assert all(AzureVmView(vm, facts).vm for vm in vms)


@pytest.mark.parametrize("trouble", [arm_error(429, "TooManyRequests", Retry_After="7200"), arm_error(401, "Expired")])
def test_a_throttled_list_is_not_replaced_by_single_requests(arm: Arm, trouble: Any) -> None:
    vms = populate(arm, 6)
    arm.trouble(f"/subscriptions/{SUBSCRIPTION}/providers/microsoft.networkcloud/virtualmachines", trouble)
    facts = fetch(vms, options(arm))
    assert {stopped(AzureVmView(vm, facts), "vm").status for vm in vms} == {Status.UNKNOWN}
    assert {call.status for call in facts.calls if "/virtualMachines" in call.url} == {trouble[0]}


def test_the_arc_machine_is_asked_for_where_the_list_is_lost(arm: Arm) -> None:
    vms = populate(arm, 2)
    id = f"{GROUP}/providers/Microsoft.HybridCompute/machines/vm2"
    arm.documents[id.lower()] = {"id": id, "name": "vm2", "properties": {}}
    elsewhere = {"value": [], "nextLink": "https://fully.qualified.hyperlink"}
    arm.troubles.append((lambda path: path.endswith("/microsoft.hybridcompute/machines"), [(200, {}, elsewhere)]))
    facts = fetch(vms, options(arm))
    assert AzureVmView(vms[0], facts).arc_machine is None
    second_view = AzureVmView(vms[1], facts)
    assert second_view.arc_machine is not None and second_view.arc_machine["name"] == "vm2"
    assert list(second_view.used) == ["azure-vm", "azure-arc-machine"]


@pytest.mark.parametrize("host", ["LocalHost", "LOCALHOST"])
def test_a_next_link_may_write_the_host_in_any_case(arm: Arm, host: str) -> None:
    arm.page, arm.next_link_host = 2, host
    vms = populate(arm, 6)
    facts = fetch(vms, options(arm))
    assert all(AzureVmView(vm, facts).vm for vm in vms)
    assert sum("/virtualMachines?" in call.url for call in facts.calls) == 3, "three pages and nothing one by one"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://management.azure.com/subscriptions?api-version=1", True),
        ("https://management.azure.com:443/subscriptions?$skiptoken=a:b", True),
        ("https://Management.Azure.COM/subscriptions", True),
        ("HTTPS://MANAGEMENT.AZURE.COM:443/subscriptions", True),
        ("https://management.azure.com:8443/subscriptions", False),
        ("https://management.azure.com:0/subscriptions", False),
        ("http://management.azure.com/subscriptions", False),
        ("http://management.azure.com:443/subscriptions", False),
        ("https://management.azure.com@evil.example/", False),
        ("https://me:secret@management.azure.com/", False),
        ("https://management.azure.com.evil.example/", False),
        ("https://evil.example/https://management.azure.com/", False),
        ("https://management.azure.com:99999/", False),
        ("https://management.azure.com:port/", False),
        ("https://fully.qualified.hyperlink", False),
        ("//management.azure.com/", False),
        ("", False),
    ],
)
def test_only_this_clouds_manager_is_asked(url: str, expected: bool) -> None:
    assert clouds()["AzureCloud"].serves(url) is expected


def test_roles_that_may_not_be_read_are_unknown(arm: Arm) -> None:
    vms = populate(arm, 1)
    arm.trouble("/roleassignments", forbidden("Microsoft.Authorization/roleAssignments/read", GROUP))
    view = look(arm, vms)
    with pytest.raises(CheckOutcome, match=r"lacks Microsoft.Authorization/roleAssignments/read") as caught:
        view.access(view.expected.principal_id or "")
    assert caught.value.status == Status.UNKNOWN


def test_deny_assignments_that_may_not_be_read_are_named(arm: Arm) -> None:
    arm.trouble("/denyassignments", forbidden("Microsoft.Authorization/denyAssignments/read", GROUP))
    view = look(arm, populate(arm, 1))
    unread = view.access(view.expected.principal_id or "").denies_unread
    assert unread and unread.message.startswith(f"Could not read the deny assignments at {GROUP}: "), unread


def test_a_target_group_that_does_not_exist_is_a_finding(arm: Arm) -> None:
    vms = populate(arm, 1)
    gone = arm_error(404, "ResourceGroupNotFound", "Resource group 'vms-rg' could not be found.")
    arm.trouble("/microsoft.hybridcompute/machines", gone)
    problem = stopped(look(arm, vms), "arc_machine")
    assert problem.status == Status.FAIL
    assert f"does not exist: {GROUP}" in problem.message


def test_a_missing_provider_is_not_registered_by_the_way(arm: Arm) -> None:
    vms = populate(arm, 1)
    text = "The subscription is not registered to use namespace 'Microsoft.HybridCompute'."
    arm.trouble("/microsoft.hybridcompute/machines", arm_error(409, "MissingSubscriptionRegistration", text))
    problem = stopped(look(arm, vms), "arc_machine")
    assert text in problem.message
    assert {request.split()[0] for request in arm.requests} == {"GET"}


def test_a_next_link_to_elsewhere_is_not_followed(arm: Arm) -> None:
    vms = populate(arm, 5)
    arm.trouble(
        f"/subscriptions/{SUBSCRIPTION}/providers/microsoft.networkcloud/virtualmachines",
        (200, {}, {"value": [], "nextLink": "https://127.0.0.1:9/steal?api-version=1"}),
    )
    facts = fetch(vms, options(arm))
    assert all(AzureVmView(vm, facts).vm for vm in vms), "what the list did not show is asked for by its id"
    assert not any("127.0.0.1" in call.url for call in facts.calls)


def test_a_list_of_assignments_that_leads_elsewhere_is_unknown(arm: Arm) -> None:
    vms = populate(arm, 1)
    arm.trouble("/roleassignments", (200, {}, {"value": [], "nextLink": "https://fully.qualified.hyperlink"}))
    view = look(arm, vms)
    with pytest.raises(CheckOutcome, match="only sends GET to https://localhost") as caught:
        view.access(view.expected.principal_id or "")
    assert caught.value.status == Status.UNKNOWN


def test_saved_facts_say_the_same_and_hold_no_secret(arm: Arm) -> None:
    vms = populate(arm, 1)
    arm.trouble("/clustermanagers/", arm_error(403, "Odd", f"Bearer {TOKEN}"))
    document = arm.documents[vm_id("vm1").lower()]
    document["properties"]["detailedStatusMessage"] = "http://user:hunter2@169.254.0.11:3128 failed"
    facts = fetch(vms, options(arm))
    text = json.dumps(facts.to_data())
    for secret in (TOKEN, "hunter2", "I2Nsb3", "userData"):
        assert secret not in text
    again = AzureSnapshot.from_data(json.loads(text))
    assert again == facts
    view = AzureVmView(vms[0], again)
    assert view.vm is not None and view.vm["properties"]["powerState"] == "On"
    assert stopped(view, "cluster_manager").status == Status.UNKNOWN


def test_facts_of_another_format_are_refused() -> None:
    with pytest.raises(ValueError, match="format 2, this suite reads 1"):
        AzureSnapshot.from_data({"version": 2})


def test_the_target_may_be_elsewhere(arm: Arm) -> None:
    vms = populate(arm, 1)
    there = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/arc-rg"
    target = Target(resource_group="arc-rg", location="westeurope")
    vms = [Vm("vm1", resource_id=vms[0].resource_id, target=target)]
    site.deny(arm, there)
    site.give(arm, there, site.principal_of(1))
    arm.lists[f"{there}/providers/Microsoft.HybridCompute/machines".lower()] = [
        {
            "id": f"{there}/providers/Microsoft.HybridCompute/machines/VM1",
            "name": "VM1",
            "properties": {"status": "Connected"},
        }
    ]
    view = look(arm, vms)
    assert view.target_scope == there
    assert view.target.location == "westeurope"
    assert view.arc_machine is not None and view.arc_machine["properties"]["status"] == "Connected"
    assert view.access(site.principal_of(1)).assignments == []


def test_each_cloud_has_its_own_manager_and_login() -> None:
    assert set(clouds()) == {"AzureCloud", "AzureUSGovernment", "AzureChinaCloud"}
    assert clouds()["AzureCloud"].scope == "https://management.azure.com/.default"
    assert len({(cloud.manager, cloud.authority) for cloud in clouds().values()}) == 3


def test_answers_know_their_request(arm: Arm) -> None:
    vms = populate(arm, 1)
    arm.trouble("/clusters/", NOT_FOUND)
    view = look(arm, vms)
    assert view.cluster is None
    seen = view.used["azure-cluster"]
    assert seen.command.startswith(f"GET https://localhost:{arm.port}/subscriptions/{SUBSCRIPTION}/")
    assert seen.stdout == "404: it does not exist"
    answer = view.fleet.answers[paths.resource(vm_id("vm1"))]
    assert isinstance(answer, Answer) and not isinstance(answer, ReadError)


def test_the_sdks_are_not_loaded_for_a_replay(tmp_path: Path) -> None:

    code = "import sys, plugins.azure.vm_view; sys.exit(any(name.startswith(('azure.mgmt', 'azure.identity')) for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_answer_of_another_shape_is_as_if_azure_had_not_stated_it(arm: Arm) -> None:
    vms = populate(arm, 1)
    provider = next(path for path in arm.documents if path.endswith("/providers/microsoft.hybridcompute"))
    arm.documents[provider]["registrationState"] = ["Registered"]
    rights = look(arm, vms).provider("Microsoft.HybridCompute")
    assert "registrationState" not in rights
    assert rights["namespace"] == "Microsoft.HybridCompute"
