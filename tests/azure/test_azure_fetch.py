"""Reading a site through the real SDKs, over TLS, from the stand-in."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.identity import ClientSecretCredential, CredentialUnavailableError

from plugins.azure import answer_keys as paths
from plugins.azure import fetch as fetching
from plugins.azure.clouds import Cloud, clouds
from plugins.azure.credential import Login, default_credential
from plugins.azure.fetch import FEW, _parsed, fetch
from plugins.azure.request_plan import planned_calls
from plugins.azure.roles import Granted, effective
from plugins.azure.snapshot import Answer, AzureSnapshot, Call, ReadError
from plugins.azure.vm_view import AzureVmView
from plugins.checks.check import CheckOutcome
from plugins.model import Status, Target, Vm
from tests.support import azure_site as site
from tests.support.arm_server import TENANT, TOKEN, Arm, FakeCredential, arm_error, forbidden
from tests.support.azure_site import GROUP, SUBSCRIPTION, options, populate, vm_id

NOT_FOUND = arm_error(404, "ResourceNotFound", "The Resource was not found.")


def look(arm: Arm, vms: list[Vm], **more: Any) -> AzureVmView:
    return AzureVmView(vms[0], fetch(vms, options(arm, **more)))


def stopped(view: AzureVmView, name: str) -> CheckOutcome:
    with pytest.raises(CheckOutcome) as caught:
        getattr(view, name)
    return caught.value


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
    asked = [call.url for call in facts.calls if "assignedTo" in call.url]
    assert len(asked) == 2
    assert any(principals[2] in url for url in asked)
    assert any(principals[4] in url for url in asked)
    held = AzureVmView(vms[2], facts).access(principals[2]).assignments
    assert [assignment.via_group for assignment in held] == [None, "a-group"]


def test_vms_that_share_an_identity_share_its_requests(arm: Arm) -> None:
    # The VM resource may map an identity to an empty object: then ManagedIdentity is asked, once.
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
def test_a_vm_that_does_not_exist_is_none(arm: Arm, count: int) -> None:
    vms = populate(arm, count)
    lost = Vm("lost", resource_id=vm_id("lost"))
    facts = fetch([*vms, lost], options(arm))
    assert AzureVmView(lost, facts).vm is None
    assert AzureVmView(vms[0], facts).vm is not None
    problem = stopped(AzureVmView(lost, facts), "cluster")
    assert problem.status == Status.BLOCKED
    assert problem.message == f"Not judged: VM-001, Azure has no VM resource {vm_id('lost')}."


@pytest.mark.parametrize(
    ("trouble", "message", "remedy"),
    [
        pytest.param(
            forbidden("Microsoft.NetworkCloud/virtualMachines/read", vm_id("vm1")),
            "403 AuthorizationFailed: the runner's login may not do Microsoft.NetworkCloud/virtualMachines/read at /sub",
            "the role Reader at /sub",
            id="403",
        ),
        pytest.param(
            (403, {"Content-Type": "text/html"}, b"<html><title>Blocked</title></html>"),
            "the answer is 403 with an HTML page (Blocked), which Azure Resource Manager never sends", "HTTPS_PROXY",
            id="403-html",
        ),
        pytest.param(
            arm_error(401, "ExpiredAuthenticationToken"), "401 ExpiredAuthenticationToken: the login is expired",
            "az login", id="401",
        ),
        pytest.param(
            arm_error(401, "InvalidAuthenticationTokenTenant", "The access token is from the wrong issuer"),
            "another tenant", "az login --tenant", id="401-tenant",
        ),
        pytest.param(
            arm_error(404, "SubscriptionNotFound", "The subscription could not be found."), "no such subscription",
            "Check the subscription id", id="no-subscription",
        ),
        pytest.param(
            (404, {}, b""), "404: the answer does not state that the resource does not exist", "Check the id",
            id="404-of-something-else",
        ),
        pytest.param(
            arm_error(429, "TooManyRequests", Retry_After="7200"), "asks to wait 7200 s", "Run again in 7200 s", id="429"
        ),
        pytest.param(arm_error(400, "Odd", "What is this?"), "400 Odd: What is this?", "", id="400"),
        pytest.param((200, {}, b"<html>captive portal</html>"), "200 with an HTML page", "allow list", id="html"),
        pytest.param((200, {}, b'{"id": 5'), "was not understood", "answers in its place", id="half-an-answer"),
    ],
)  # fmt: skip
def test_what_could_not_be_read_is_unknown_and_the_rest_goes_on(
    arm: Arm, trouble: Any, message: str, remedy: str
) -> None:
    vms = populate(arm, 2)
    arm.trouble("/virtualmachines/vm1", trouble)
    facts = fetch(vms, options(arm))
    problem = stopped(AzureVmView(vms[0], facts), "vm")
    assert problem.status == Status.UNKNOWN
    assert message in problem.message
    assert remedy in problem.remedy
    assert "\n" not in problem.message
    other = AzureVmView(vms[1], facts)
    assert other.vm is not None and other.cluster is not None and other.expected.principal_id


def test_azure_that_fails_once_is_asked_again(arm: Arm) -> None:
    vms = populate(arm, 1)
    arm.trouble("/virtualmachines/vm1", (500, {}, {}), arm_error(429, "TooManyRequests", Retry_After="1"), None)
    view = look(arm, vms)
    assert view.vm is not None
    assert [call.status for call in view.fleet.calls][:3] == [500, 429, 200]


def test_azure_that_fails_for_good_is_given_up(arm: Arm) -> None:
    vms = populate(arm, 1)
    arm.trouble("/clusters/", (503, {"Retry-After": "1"}, {}))
    view = look(arm, vms, seconds=20)
    problem = stopped(view, "cluster")
    assert "503" in problem.message or "in time" in problem.message
    assert view.vm is not None


def test_the_limit_for_all_requests_holds(arm: Arm) -> None:
    view = look(arm, populate(arm, 1), seconds=0.0)
    assert "the 0 s for all requests to Azure were over" in stopped(view, "vm").message
    assert view.fleet.calls == []


@pytest.mark.parametrize("where", ["headers", "body"])
def test_azure_that_drips_is_left_behind_in_time(arm: Arm, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """A byte now and then resets the time limit of each read: the limit of the whole is kept all the same."""
    monkeypatch.setattr(fetching, "_SLACK", 0.5)
    vms = populate(arm, 5)
    arm.drips["/clusters/"] = where
    facts = fetch(vms, options(arm, seconds=6.0))  # it would not come back
    view = AzureVmView(vms[0], facts)
    assert view.vm is not None, "what was answered is kept"
    message = stopped(view, "cluster").message
    assert re.match(r"Could not read \S+/clusters/\S+: the 6 s for all requests to Azure were over", message), message
    assert not facts.complete


def test_a_login_that_hangs_is_left_behind_in_time(arm: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_SLACK", 0.5)

    class Hangs(FakeCredential):
        def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
            time.sleep(600)
            return super().get_token(*scopes, **kwargs)

    facts = fetch(populate(arm, 1), replace(options(arm, seconds=0.5), credential=lambda cloud: Hangs()))
    message = stopped(AzureVmView(populate(arm, 1)[0], facts), "vm").message
    assert message == "The login to Azure did not come to an end within 1 s."


def test_whoever_hangs_does_not_keep_the_process_from_ending() -> None:
    code = "import time; from plugins.core.worker_pool import WorkerPool\nWorkerPool(2, 0.2).ask([lambda: time.sleep(600)] * 3, print)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout.split() == ["0", "1", "2"]


def test_an_interrupted_run_asks_nothing_more(arm: Arm) -> None:
    vms = populate(arm, 6)
    view = look(arm, vms, cancelled=lambda: len(arm.requests) >= 2)
    assert view.vm is not None
    assert len(arm.requests) < 11  # as many may be under way
    assert "the run was interrupted" in stopped(view, "cluster_manager").message


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
    """A few are asked for one by one; when none of them is answered, the others are not asked for."""
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
def test_a_list_that_was_throttled_is_not_asked_for_one_by_one(arm: Arm, trouble: Any) -> None:
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
    found = AzureVmView(vms[1], facts)
    assert found.arc_machine is not None and found.arc_machine["name"] == "vm2"
    assert list(found.used) == ["azure-vm", "azure-arc-machine"]


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


# --- API versions


def offers(*versions: str) -> Any:
    """A cloud that refuses every other version of an Arc machine's API, in ARM's words."""
    text = "No registered resource provider found for location 'x' and API version 'y' for type 'machines'."
    return arm_error(
        400, "NoRegisteredProviderFound", f"{text} The supported api-versions are '{', '.join(versions)}'."
    )


def machine_versions(facts: AzureSnapshot) -> list[str]:
    return [re.findall(r"api-version=([\w-]+)", call.url)[0] for call in facts.calls if "/machines" in call.url]


def test_a_version_that_a_region_does_not_offer_is_followed_by_one_it_names(arm: Arm) -> None:
    vms = populate(arm, 1)
    arm.versions["microsoft.hybridcompute/machines"] = (["2024-07-10"], offers("2024-07-10", "2020-08-02"))
    facts = fetch(vms, options(arm))
    assert AzureVmView(vms[0], facts).arc_machine is None
    assert machine_versions(facts) == ["2026-07-15", "2024-07-10"]


@pytest.mark.parametrize("code", ["InvalidApiVersionParameter", "InvalidResourceType"])
def test_versions_are_tried_in_turn_where_azure_names_none(arm: Arm, code: str) -> None:
    vms = populate(arm, 1)
    refused = arm_error(404 if code == "InvalidResourceType" else 400, code, "Not for this api version.")
    arm.versions["microsoft.hybridcompute/machines"] = (["2024-07-10"], refused)
    facts = fetch(vms, options(arm))
    assert AzureVmView(vms[0], facts).arc_machine is None
    assert machine_versions(facts) == ["2026-07-15", "2025-01-13", "2024-07-10"]


def test_a_chosen_version_is_kept_for_the_questions_that_follow(arm: Arm) -> None:
    vms = populate(arm, 8)
    arm.versions["microsoft.networkcloud/virtualmachines"] = (["2026-07-01"], offers("2026-07-01"))
    facts = fetch(vms, options(arm))
    assert all(AzureVmView(vm, facts).vm for vm in vms)
    asked = [re.findall(r"api-version=([\w-]+)", call.url)[0] for call in facts.calls if "NetworkCloud/" in call.url]
    assert asked.count("2025-09-01") == 1


def test_no_version_that_is_known_is_one_clear_message(arm: Arm) -> None:
    vms = populate(arm, 1)
    arm.versions["microsoft.hybridcompute/machines"] = (["2099-01-01"], offers("2099-01-01"))
    facts = fetch(vms, options(arm))
    problem = stopped(AzureVmView(vms[0], facts), "arc_machine")
    assert problem.status == Status.UNKNOWN
    assert "Azure answered 400 NoRegisteredProviderFound" in problem.message
    assert problem.remedy == (
        "This suite knows none of the versions of Microsoft.HybridCompute that are offered there (2099-01-01): use a "
        "newer version of it."
    )
    assert set(machine_versions(facts)) == {"2026-07-15"}


def test_roles_that_may_not_be_read_are_unknown(arm: Arm) -> None:
    vms = populate(arm, 1)
    arm.trouble("/roleassignments", forbidden("Microsoft.Authorization/roleAssignments/read", GROUP))
    view = look(arm, vms)
    with pytest.raises(CheckOutcome, match=r"may not do Microsoft.Authorization/roleAssignments/read") as caught:
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


# --- the login


def test_a_service_principal_signs_in(arm: Arm) -> None:
    vms = populate(arm, 2)
    authority = arm.cloud.authority
    right = ClientSecretCredential(TENANT, "client", "right", authority=authority, disable_instance_discovery=True)
    assert look(arm, vms, credential=lambda cloud: right).vm is not None


def test_the_default_credential_takes_the_environment(arm: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    vms = populate(arm, 1)
    monkeypatch.setenv("AZURE_TENANT_ID", TENANT)
    monkeypatch.setenv("AZURE_CLIENT_ID", "client")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "right")
    assert look(arm, vms, credential=default_credential).vm is not None


def test_a_wrong_secret_is_one_clear_message(arm: Arm) -> None:
    vms = populate(arm, 1)
    authority = arm.cloud.authority
    wrong = ClientSecretCredential(TENANT, "client", "hunter2", authority=authority, disable_instance_discovery=True)
    view = look(arm, vms, credential=lambda cloud: wrong)
    problem = stopped(view, "vm")
    assert "AADSTS7000215: Invalid client secret" in problem.message
    assert "hunter2" not in problem.message
    assert "az login" in problem.remedy
    assert view.fleet.calls == []


class NotSignedIn:
    """What azure-identity says without any login; it takes its time to say so."""

    asked = 0

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        self.asked += 1
        raise CredentialUnavailableError(
            "DefaultAzureCredential failed to retrieve a token from the included credentials.\nAttempted credentials:\n"
            "\tAzureCliCredential: Azure CLI not found on path"
        )


def test_a_login_that_cannot_be_set_up_is_a_message_too(arm: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "NoSuchCredential")
    problem = stopped(look(arm, populate(arm, 1), credential=default_credential), "vm")
    assert "Invalid value for AZURE_TOKEN_CREDENTIALS: nosuchcredential" in problem.message
    assert "az login" in problem.remedy


def test_without_a_login_nothing_is_asked(arm: Arm) -> None:
    vms = populate(arm, 5)
    nobody = NotSignedIn()
    facts = fetch(vms, options(arm, credential=lambda cloud: nobody))
    view = AzureVmView(vms[0], facts)
    problem = stopped(view, "vm")
    assert problem.message == "Azure was not asked: the runner is not signed in to AzureCloud."
    assert "az login" in problem.remedy
    assert "not signed in" in stopped(view, "arc_machine").message
    assert nobody.asked == 1
    assert arm.requests == []


def test_a_token_is_asked_for_once(arm: Arm) -> None:
    credential = FakeCredential()
    fetch(populate(arm, 5), options(arm, credential=lambda cloud: credential))
    assert credential.asked == 1


def test_a_token_that_ends_soon_is_replaced() -> None:
    class Short:
        asked = 0

        def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
            self.asked += 1
            return AccessToken("t", int(time.time()) + 60)

    credential = Short()
    login = Login(lambda: credential)
    login.get_token("scope")
    login.get_token("scope")
    assert credential.asked == 2


# --- the network


def test_a_certificate_that_is_not_trusted(arm: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    problem = stopped(look(arm, populate(arm, 1)), "vm")
    assert "the TLS connection to localhost failed" in problem.message
    assert "certificate verify failed" in problem.message
    assert "REQUESTS_CA_BUNDLE" in problem.remedy


def test_nobody_listens(arm: Arm) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        arm.port = free.getsockname()[1]
        view = look(arm, populate(arm, 1))
        problem = stopped(view, "vm")
        assert stopped(view, "arc_machine").message == problem.message
        assert len(view.fleet.calls) == 3  # one question, and nobody asks a second one
        assert problem.message == "Azure was not reached: no connection to localhost: Connection refused."


def test_a_name_that_does_not_resolve(arm: Arm) -> None:
    vms = populate(arm, 1)
    cloud = Cloud("AzureCloud", "https://arm.invalid", "https://login.invalid")
    asked = options(arm)
    facts = fetch(vms, type(asked)(clouds={"AzureCloud": cloud}, credential=asked.credential))
    problem = stopped(AzureVmView(vms[0], facts), "vm")
    assert "the name arm.invalid was not resolved" in problem.message


def test_a_proxy_that_refuses(arm: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    problem = stopped(look(arm, populate(arm, 1)), "vm")
    assert "the proxy did not let the runner through to localhost" in problem.message
    assert "HTTPS_PROXY" in problem.remedy


# --- a run changes nothing, and gives nothing away


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


# --- the plan


def matches(template: Call, call: Call) -> bool:
    """Braces stand for what Azure answers; a list is asked for page by page; ids compare without case."""
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
    asked = options(arm, **more)
    plan = planned_calls(vms, asked)
    calls = fetch(vms, asked).calls
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
    asked = options(arm, **more)
    calls = fetch(private, asked).calls
    assert len(calls) == before + 2 * count
    plan = planned_calls(private, asked)
    assert [str(call) for call in calls if not any(matches(request, call) for request in plan)] == []
    of_vms = [call.url for call in calls if "/virtualMachines/" in call.url and "Microsoft.Authorization" in call.url]
    assert len(of_vms) == 2 * count
    assert [url for url in of_vms if "denyAssignments" not in url and "assignedTo" not in url] == []


# --- finding VMs by name


def test_vms_are_found_by_name_or_address(arm: Arm) -> None:
    populate(arm, 3)
    vms = [Vm("VM2"), Vm("azureuser@10.0.0.3", host="10.0.0.3"), Vm("other")]
    facts = fetch(vms, options(arm, subscription=SUBSCRIPTION))
    assert AzureVmView(vms[0], facts).resource_id == vm_id("vm2")
    assert AzureVmView(vms[1], facts).resource_id == vm_id("vm3")
    assert AzureVmView(vms[1], facts).arc_name == "vm3"
    problem = stopped(AzureVmView(vms[2], facts), "vm")
    assert "None of the 3 VMs in subscription" in problem.message
    assert "called other" in problem.message
    assert "--resource-group" in problem.remedy


def test_a_name_that_two_vms_have_is_not_guessed(arm: Arm) -> None:
    populate(arm, 1)
    twin = site.vm(1)
    twin["id"] = twin["id"].replace("vms-rg", "other-rg")
    arm.put(twin)
    view = look(arm, [Vm("vm1")], subscription=SUBSCRIPTION)
    problem = stopped(view, "vm")
    assert "2 VMs of subscription" in problem.message
    assert "resource_id" in problem.remedy


def test_an_id_that_azure_states_and_that_is_none_is_not_asked_about() -> None:
    found = _parsed("rack-1")
    assert isinstance(found, ReadError)
    assert (found.message.partition(".")[0], found.remedy) == ("'rack-1' is not a resource id", "Correct the id.")


def test_a_vm_that_is_not_stated_is_not_asked_about(arm: Arm) -> None:
    populate(arm, 1)
    view = look(arm, [Vm("vm1")])
    problem = stopped(view, "vm")
    assert "The resource id of vm1 is not stated" in problem.message
    assert "resource_id in the inventory" in problem.remedy
    assert view.fleet.calls == []


@pytest.mark.parametrize(
    ("id", "message"),
    [
        ("vm-a", "'vm-a' is not a resource id"),
        (f"{GROUP}/providers/Microsoft.Compute/virtualMachines/a", "names a Microsoft.Compute/virtualMachines"),
    ],
)
def test_a_wrong_resource_id_is_explained(arm: Arm, id: str, message: str) -> None:
    problem = stopped(look(arm, [Vm("a", resource_id=id)]), "vm")
    assert message in problem.message
    assert problem.remedy == "Correct resource_id in the inventory."
    assert arm.requests == []


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
    import subprocess
    import sys

    code = "import sys, plugins.azure.vm_view; sys.exit(any(name.startswith(('azure.mgmt', 'azure.identity')) for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_answer_of_another_shape_is_as_if_azure_had_not_stated_it(arm: Arm) -> None:
    vms = populate(arm, 1)
    provider = next(path for path in arm.documents if path.endswith("/providers/microsoft.hybridcompute"))
    arm.documents[provider]["registrationState"] = ["Registered"]
    found = look(arm, vms).provider("Microsoft.HybridCompute")
    assert "registrationState" not in found
    assert found["namespace"] == "Microsoft.HybridCompute"
