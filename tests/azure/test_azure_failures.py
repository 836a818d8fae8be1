"""Azure fails, sends slowly or hangs: missing answers are unknown, and the rest is read in time."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

import pytest
from azure.core.credentials import AccessToken

from plugins.azure import fetch as fetching
from plugins.azure.fetch import fetch
from plugins.azure.snapshot import ReadError
from plugins.azure.vm_view import AzureVmView
from plugins.model import Status, Vm
from tests.azure.reading import look, stopped
from tests.support.arm_server import Arm, FakeCredential, arm_error, forbidden
from tests.support.azure_site import GROUP, SUBSCRIPTION, options, populate, vm_id


@pytest.mark.parametrize(
    ("trouble", "message", "remedy"),
    [
        pytest.param(
            forbidden("Microsoft.NetworkCloud/virtualMachines/read", vm_id("vm1")),
            "403 AuthorizationFailed: the runner's login lacks Microsoft.NetworkCloud/virtualMachines/read at /sub",
            "the role Reader at /sub",
            id="403",
        ),
        pytest.param(
            (403, {"Content-Type": "text/html"}, b"<html><title>Blocked</title></html>"),
            "the answer is 403 with an HTML page (Blocked), which Azure Resource Manager never sends", "HTTPS_PROXY",
            id="403-html",
        ),
        pytest.param(
            arm_error(401, "ExpiredAuthenticationToken"), "401 ExpiredAuthenticationToken: the login has expired",
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


def test_a_request_that_failed_once_is_repeated(arm: Arm) -> None:
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
    for count, subject in ((1, "the virtual machine VM1"), (6, f"the virtual machines of subscription {SUBSCRIPTION}")):
        vms = populate(arm, count)
        view = AzureVmView(vms[-1], fetch(vms, options(arm, seconds=0.0)))
        problem = f"Could not read {subject}: the time limit for all requests to Azure, 0 s, was reached"
        assert stopped(view, "vm").message.startswith(problem)
        assert view.fleet.calls == []


@pytest.mark.parametrize("where", ["headers", "body"])
def test_azure_that_drips_is_left_behind_in_time(arm: Arm, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Single bytes reset the time limit of each read, but not the total limit."""
    monkeypatch.setattr(fetching, "_SLACK", 0.5)
    vms = populate(arm, 5)
    arm.drips["/clusters/"] = where
    facts = fetch(vms, options(arm, seconds=6.0))  # without the limit it would not return
    view = AzureVmView(vms[0], facts)
    assert view.vm is not None, "what was answered is kept"
    message = stopped(view, "cluster").message
    assert re.match(
        r"Could not read \S+/clusters/\S+: the time limit for all requests to Azure, 6 s, was reached", message
    ), message
    assert not facts.complete


def test_a_login_that_hangs_is_left_behind_in_time(arm: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_SLACK", 0.5)

    class Hangs(FakeCredential):
        def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
            time.sleep(600)
            return super().get_token(*scopes, **kwargs)

    facts = fetch(populate(arm, 1), replace(options(arm, seconds=0.5), credential=lambda cloud: Hangs()))
    problem = stopped(AzureVmView(populate(arm, 1)[0], facts), "vm")
    assert problem.message == "The login to Azure did not finish within 1 s."
    assert problem.remedy == "Run 'az account get-access-token' to see why, or skip Azure: --no-azure."


def test_whoever_hangs_does_not_keep_the_process_from_ending() -> None:
    code = "import time; from plugins.core.worker_pool import WorkerPool\nWorkerPool(2, 0.2).ask([lambda: time.sleep(600)] * 3, print)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout.split() == ["0", "1", "2"]


def test_an_interrupted_run_asks_nothing_more(arm: Arm) -> None:
    vms = populate(arm, 6)
    view = look(arm, vms, cancelled=lambda: len(arm.requests) >= 2)
    assert view.vm is not None
    assert len(arm.requests) < 11  # the most requests in parallel
    problem = stopped(view, "cluster_manager")
    assert problem.message.endswith(": the run was interrupted.")
    assert problem.remedy == "Run again."


#: What is no page of a list, though the status says that all is well.
NO_PAGES: dict[str, Any] = {
    "empty": {},
    "null": {"value": None},
    "an object": {"value": {}},
    "an error": {"error": {"code": "Busy", "message": "later"}},
    "another key": {"Value": []},
    "rows that are none": {"value": [None]},
    "rows without an id": {"value": [{}]},
    "a link that is none": {"value": [], "nextLink": {"a": 1}},
    "a page that does not exist": {"value": [], "nextLink": " "},
    "a page elsewhere": {"value": [], "nextLink": "https://elsewhere.example/x"},
}


@pytest.mark.parametrize("page", NO_PAGES.values(), ids=NO_PAGES)
@pytest.mark.parametrize("words", ["/machines", "denyassignments", "roleassignments"])
def test_what_is_no_page_is_no_empty_list(arm: Arm, words: str, page: Any) -> None:
    """A name that no machine has is free, and a right that nothing denies is there: an empty list is an answer."""
    populate(arm, 1)
    arm.trouble(words, (200, {}, page))
    facts = fetch([Vm("vm1", resource_id=vm_id("vm1"))], options(arm))
    answers = {path: answer for path, answer in facts.answers.items() if words in path}
    assert answers
    assert {path: answer for path, answer in answers.items() if not isinstance(answer, ReadError)} == {}


@pytest.mark.parametrize("other", [{}, {"id": vm_id("vm2"), "name": "vm1"}, {"id": 7}, {"value": []}])
def test_another_resource_is_no_answer(arm: Arm, other: Any) -> None:
    populate(arm, 2)
    arm.trouble("/virtualmachines/vm1", (200, {}, other))
    outcome = stopped(look(arm, [Vm("vm1", resource_id=vm_id("vm1"))]), "vm")
    assert outcome.status is Status.UNKNOWN
    assert f"expected the resource {vm_id('vm1')}" in outcome.message


def test_the_last_page_that_does_not_exist_makes_no_list_absent(arm: Arm) -> None:
    populate(arm, 1)
    arm.page = 1
    for number in range(3):
        arm.put({"id": f"{GROUP}/providers/Microsoft.HybridCompute/machines/m{number}", "name": f"m{number}"})
    arm.trouble("hybridcompute/machines", None, arm_error(404, "ResourceNotFound", "gone"))
    facts = fetch([Vm("vm1", resource_id=vm_id("vm1"))], options(arm))
    [answer] = [answer for path, answer in facts.answers.items() if path.endswith("/machines")]
    assert isinstance(answer, ReadError)
