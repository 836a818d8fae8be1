"""Requests to Azure: logins, retries, headers, and lists or single resources."""

from __future__ import annotations

import json
import threading
import time
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest

from plugins.azure import answer_size
from plugins.azure.client import ArmClient
from plugins.azure.clouds import clouds
from plugins.azure.credential import default_credential
from plugins.azure.errors import NotAllowedError
from plugins.azure.fetch import FEW, fetch
from plugins.azure.pipeline import ReadOnlyPolicy
from plugins.azure.request_plan import planned_calls
from plugins.azure.snapshot import Answer, ReadError
from plugins.azure.vm_view import AzureVmView
from plugins.checks.check import CheckOutcome
from plugins.core.files import write_json
from plugins.enrollment import arc_machines
from plugins.model import Status, Vm
from tests.support.arm_server import Arm, FakeCredential, arm_error
from tests.support.azure_site import GROUP, SUBSCRIPTION, options, populate
from tests.support.memory import most_memory

VMS = f"/subscriptions/{SUBSCRIPTION}/providers/microsoft.networkcloud/virtualmachines"


def test_no_browser_is_opened_to_log_in() -> None:
    credential: Any = default_credential(clouds()["AzureCloud"])
    chain = [type(source).__name__ for source in credential.credentials]
    assert "AzureCliCredential" in chain
    assert not any("Browser" in name or "DeviceCode" in name for name in chain)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record the pauses between retries instead of sleeping."""
    slept: list[float] = []
    monkeypatch.setattr(RequestsTransport, "sleep", lambda self, seconds: slept.append(seconds))
    return slept


def test_a_failing_request_is_sent_five_times(arm: Arm, pauses: list[float]) -> None:
    vms = populate(arm, 1)
    arm.trouble("/clusters/", (503, {}, {}))
    facts = fetch(vms, options(arm))
    with pytest.raises(CheckOutcome, match="Azure answered 503 to every attempt"):
        _ = AzureVmView(vms[0], facts).cluster
    assert [call.status for call in facts.calls if "/clusters/" in call.url] == [503] * 5
    assert pauses == [1.6, 3.2, 6.4], "the first repetition is made at once"


def test_a_pause_beyond_the_time_left_is_not_made(arm: Arm, pauses: list[float]) -> None:
    vms = populate(arm, 1)
    arm.trouble("/clusters/", (429, {"Retry-After": "301"}, {}))
    facts = fetch(vms, options(arm))
    assert [call.status for call in facts.calls if "/clusters/" in call.url] == [429]
    assert pauses == []


@pytest.mark.parametrize("value", ["soon", "1e999", "9" * 400, "Thu, 99 Foo 2026", "Thu, 01 Jan 99999"])
def test_a_pause_that_cannot_be_read_hides_no_refusal(arm: Arm, pauses: list[float], value: str) -> None:
    vms = populate(arm, 1)
    for status, name in ((403, "Retry-After"), (429, "x-ms-retry-after-ms")):
        arm.troubles.clear()
        arm.trouble("/clusters/", (status, {name: value}, {}))
        with pytest.raises(CheckOutcome, match=f"Azure answered {status}"):
            _ = AzureVmView(vms[0], fetch(vms, options(arm))).cluster


def test_every_request_asks_for_json(arm: Arm) -> None:
    fetch(populate(arm, 1), options(arm))
    assert arm.accepts == {"application/json"}


@pytest.mark.parametrize(("count", "listed"), [(FEW, False), (FEW + 1, True)])
def test_few_vms_are_requested_one_by_one(arm: Arm, count: int, listed: bool) -> None:
    vms = populate(arm, count)
    urls = [request.split()[1].split("?")[0].lower() for request in requests(arm, vms)]
    assert (VMS in urls) is listed
    planned = [
        call.url.split("?")[0].removeprefix(arm.cloud.manager).lower() for call in planned_calls(vms, options(arm))
    ]
    assert (VMS in planned) is listed
    by_list = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()&".lower()
    assert any(by_list in call.url.lower() for call in planned_calls(vms, options(arm))) is listed


def requests(arm: Arm, vms: Sequence[Any]) -> list[str]:
    fetch(vms, options(arm))
    return arm.requests


def test_an_interrupt_while_logging_in_ends_the_wait(arm: Arm) -> None:
    vms = populate(arm, 1)
    requested = threading.Event()

    class Hangs(FakeCredential):
        def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
            requested.set()
            time.sleep(3600)
            return super().get_token(*scopes, **kwargs)

    facts = fetch(vms, options(arm, credential=lambda cloud: Hangs(), cancelled=requested.is_set))
    assert facts.interrupted
    with pytest.raises(CheckOutcome) as caught:
        _ = AzureVmView(vms[0], facts).vm
    assert (caught.value.status, caught.value.message, caught.value.remedy) == (
        Status.UNKNOWN,
        "Could not read anything of Azure: the run was interrupted.",
        "Run again.",
    )
    assert arm.requests == []


def test_a_gzip_bomb_is_not_unpacked(arm: Arm) -> None:
    vms = populate(arm, 2)
    bomb = zlib.compressobj(9, wbits=31)
    unpacked = b" " * (1 << 20)
    body = b"".join(bomb.compress(unpacked) for _ in range(60)) + bomb.flush()
    arm.trouble("virtualmachines/vm1", (200, {"Content-Encoding": "gzip"}, body))
    with most_memory() as most:
        facts = fetch(vms, options(arm))
    with pytest.raises(CheckOutcome, match=r"the answer is longer than 8 MB, which Azure Resource Manager never sends"):
        _ = AzureVmView(vms[0], facts).vm
    assert AzureVmView(vms[1], facts).vm, "the other VM is read"
    assert most[0] < 64 << 20
    assert sum("virtualmachines/vm1" in call.url.lower() for call in facts.calls) == 1, "it is not asked again"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "get"])
def test_only_get_is_sent(arm: Arm, method: str) -> None:
    asked: list[str] = []
    policy = ReadOnlyPolicy(arm.cloud, asked.append)
    request: Any = SimpleNamespace(http_request=HttpRequest("GET", f"{arm.cloud.manager}/subscriptions"))
    policy.on_request(request)
    request.http_request.method = method
    with pytest.raises(NotAllowedError, match="this suite only sends GET to"):
        policy.on_request(request)
    assert len(asked) == 1


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
def test_an_answer_with_a_number_that_no_json_holds_costs_itself(arm: Arm, number: str, tmp_path: Path) -> None:
    vms = populate(arm, 2)
    arm.trouble("virtualmachines/vm1", (200, {}, f'{{"properties": {{"tags": {{"a": [{number}]}}}}}}'.encode()))
    facts = fetch(vms, options(arm))
    with pytest.raises(CheckOutcome, match="the answer was not understood"):
        _ = AzureVmView(vms[0], facts).vm
    assert AzureVmView(vms[1], facts).vm, "the other VM is read"
    write_json(tmp_path / "azure.json", facts.to_data())


@pytest.mark.parametrize(("value", "count"), [(0, 600_000), ({}, 300_000), ([], 300_000)])
def test_an_answer_of_too_many_values_is_not_parsed(arm: Arm, value: object, count: int) -> None:
    """A comma, a bracket and a brace begin a value each."""
    vms = populate(arm, 1)
    arm.trouble("virtualmachines/vm1", (200, {}, json.dumps([value] * count).encode()))
    with most_memory() as most, pytest.raises(CheckOutcome, match="the answer is longer than 500,000 values"):
        _ = AzureVmView(vms[0], fetch(vms, options(arm))).vm
    assert most[0] < 64 << 20


@pytest.mark.parametrize("status", [200, 403, 404, 500])
def test_an_answer_that_is_nested_too_deep_costs_itself(arm: Arm, status: int) -> None:
    vms = populate(arm, 2)
    arm.trouble("virtualmachines/vm1", (status, {}, b'{"error":' + b"[" * 100_000))
    facts = fetch(vms, options(arm))
    with pytest.raises(CheckOutcome):
        _ = AzureVmView(vms[0], facts).vm
    assert AzureVmView(vms[1], facts).vm, "the other VM is read"


def test_pages_without_end_are_not_all_kept(arm: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_size, "_QUESTION", 1 << 20)
    vms = populate(arm, 1)
    again = f"{arm.cloud.manager}/hybridcompute/machines?api-version=1"
    page = json.dumps({"value": [{"id": "x", "name": "x" * 200_000}], "nextLink": again})
    arm.trouble("hybridcompute/machines", (200, {}, page.encode()))
    facts = fetch(vms, options(arm))
    (listed,) = (answer for path, answer in facts.answers.items() if path.endswith("hybridcompute/machines"))
    assert isinstance(listed, ReadError)
    assert "the answer is longer than 1 MB" in listed.message
    assert sum("hybridcompute/machines?" in request.lower() for request in arm.requests) == 6


def test_the_plan_names_what_only_an_answer_tells(arm: Arm) -> None:
    calls = planned_calls([Vm("a")], options(arm, subscription=SUBSCRIPTION))
    urls = [call.url.split("?")[0].removeprefix(arm.cloud.manager) for call in calls]
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{{resourceGroup}}/providers"
    assert f"{group}/Microsoft.HybridCompute/machines" in urls
    assert f"{group}/Microsoft.Authorization/denyAssignments" in urls


def test_each_question_says_what_it_could_not_read(arm: Arm) -> None:
    arm.trouble("/", arm_error(400, "Odd", "no"))
    vm = f"{GROUP}/providers/Microsoft.NetworkCloud/virtualMachines/vm1"
    with ArmClient(arm.cloud, lambda cloud: FakeCredential(), seconds=60, record=lambda call: None) as client:
        answers = [
            client.resource("virtual_machines", vm),
            client.listed("cloud_services_networks", SUBSCRIPTION),
            client.listed("virtual_machines", SUBSCRIPTION, "vms-rg"),
            client.machines(GROUP),
            client.machine(GROUP, "vm1"),
            client.provider(SUBSCRIPTION, "Microsoft.X"),
            client.identity(f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/me"),
            client.assignments(GROUP),
            client.assignments(GROUP, "p"),
            client.denies(GROUP),
            client.definition("/providers/Microsoft.Authorization/roleDefinitions/r", GROUP),
        ]
    subjects = [answer.message.partition(": ")[0] for answer in answers if isinstance(answer, ReadError)]
    assert subjects == [
        f"Could not read {subject}"
        for subject in (
            "the virtual machine vm1",
            f"the cloud services networks of subscription {SUBSCRIPTION}",
            "the virtual machines of resource group vms-rg",
            f"the Arc machines of {GROUP}",
            f"the Arc machine vm1 of {GROUP}",
            f"the resource provider Microsoft.X of subscription {SUBSCRIPTION}",
            "the user-assigned identity me",
            f"the role assignments at {GROUP}",
            f"the role assignments of p at {GROUP}",
            f"the deny assignments at {GROUP}",
            "the role definition r",
        )
    ]


def test_the_machines_of_a_group_are_asked_for_with_one_login(arm: Arm) -> None:
    credentials: list[FakeCredential] = []

    def login(cloud: object) -> FakeCredential:
        credentials.append(FakeCredential())
        return credentials[-1]

    populate(arm, 1)
    fetching = replace(options(arm), credential=login)
    with arc_machines.machine_lister(fetching) as listed:
        answers = [listed("AzureCloud", GROUP) for _ in range(2)]
    assert [type(answer) for answer in answers] == [Answer, Answer]
    assert len(credentials) == 1
