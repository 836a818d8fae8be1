"""Which VMs may be enrolled, and as which resources."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from plugins.azure.snapshot import Answer, AzureSnapshot
from plugins.checks.areas import AREAS
from plugins.enrollment import steps
from plugins.enrollment.request import EnrollmentRequest, announcement, prepare, same_address, same_machine
from plugins.enrollment.steps import refuse, wanted
from plugins.model import Vm
from suites.probes import azcmagent_connect
from tests.enrollment.sites import GROUP, NEXUS, PROBES, RELAY, SUB, TARGET, VM_A
from tests.support.suite_rows import PROFILE


def test_without_the_option_no_check_of_it_is_selected() -> None:
    assert wanted("IMDS-002", None)
    assert not any(wanted(f"ENROLL-00{number}", None) for number in (1, 2, 3))
    assert [wanted(f"ENROLL-00{number}", "connect") for number in (1, 2, 3)] == [True, True, False]
    assert all(wanted(f"ENROLL-00{number}", "roundtrip") for number in (1, 2, 3))


def test_every_probe_of_the_suite_is_a_step() -> None:
    assert set(PROBES) == {steps.CONNECT, steps.SHOW, steps.MACHINE, steps.DISCONNECT, steps.GONE}
    assert all(map(steps.is_step, PROBES))
    assert not steps.is_step("healthz")


def test_a_choice_of_checks_is_refused() -> None:
    everything = [f"{area}-001" for area in AREAS]
    assert not refuse([], everything)
    assert not refuse(["ENROLL-003"], everything)
    assert "omits IMDS-002, NET-001." in refuse(["NET-001", "IMDS-002"], everything)
    assert "omits SSH, PLATFORM, CLI, VM and 11 more." in refuse([], ["ENROLL-001"])
    guests = [id for id in everything if id[:-4] not in ("PLATFORM", "CSN", "IDENTITY", "ROLES", "RELAY")]
    assert refuse([], guests) == (
        "--enroll connects only VMs that pass every required check, and this choice omits PLATFORM, CSN, IDENTITY, "
        "ROLES and 1 more. Drop --no-azure, --check, -k, -m and path arguments, or drop --enroll."
    )


def test_the_resource_is_named_like_the_vm() -> None:
    request = prepare(VM_A, AzureSnapshot())
    assert isinstance(request, EnrollmentRequest)
    assert request.machine == f"{GROUP}/providers/Microsoft.HybridCompute/machines/web-a"


def test_what_the_inventory_leaves_open_comes_from_azure() -> None:
    located = f"{NEXUS}/Web-C"
    facts = AzureSnapshot(located={"c": located})
    facts.answers[located.lower()] = Answer("GET", {"id": located, "location": "westeurope"})
    request = prepare(Vm("c"), facts)
    assert isinstance(request, EnrollmentRequest)
    assert (
        request.machine == f"/subscriptions/{SUB}/resourceGroups/vms/providers/Microsoft.HybridCompute/machines/Web-C"
    )
    assert azcmagent_connect.settings(request.vm)["location"] == "westeurope"
    assert azcmagent_connect.settings(request.vm)["resource-name"] == request.name


@pytest.mark.parametrize(("cloud", "given"), [("AzureCloud", None), ("AzureUSGovernment", "AzureUSGovernment")])
def test_a_cloud_of_its_own_is_named_to_the_agent(cloud: str, given: str | None) -> None:
    request = prepare(replace(VM_A, target=replace(TARGET, cloud=cloud)), AzureSnapshot())
    assert isinstance(request, EnrollmentRequest)
    assert azcmagent_connect.settings(request.vm).get("cloud") == given


ID_A = f"{GROUP}/providers/Microsoft.HybridCompute/machines/web-a"


def awaiting(**machine: Any) -> AzureSnapshot:
    listed = [{"id": ID_A, "name": "web-a", **machine}]
    return AzureSnapshot(answers={f"{GROUP.lower()}/providers/microsoft.hybridcompute/machines": Answer("GET", listed)})


def test_a_vm_of_the_private_relay_takes_over_its_machine() -> None:
    known = awaiting(properties={"vmId": "v-1"}, identity={"tenantId": "t-1"})
    request = prepare(RELAY, known)
    assert isinstance(request, EnrollmentRequest)
    assert request.machine == ID_A
    assert azcmagent_connect.settings(request.vm) == {
        "subscription-id": SUB,
        "resource-group": "arc-rg",
        "location": "eastus",
        "resource-name": "web-a",
        "vmid": "v-1",
        "tenant-id": "t-1",
    }


@pytest.mark.parametrize(
    ("vm", "facts", "mode", "why"),
    [
        (
            replace(VM_A, path="relay"),
            AzureSnapshot(),
            "connect",
            "Not connected, because its path is relay: azcmagent connect existing needs the private key that was made with "
            "the Arc machine. State its file on the VM: target.private_key_file in the inventory.",
        ),
        (
            RELAY,
            AzureSnapshot(),
            "roundtrip",
            "Not connected, because its path is relay: disconnecting would delete the Arc machine that was made for it. Use "
            "--enroll.",
        ),
        (
            RELAY,
            awaiting(properties={"vmId": "v-1"}),
            "connect",
            "Not connected, because Azure does not state vmId and tenant of an Arc machine web-a, which azcmagent connect "
            "existing needs. See RELAY-003.",
        ),
        (
            RELAY,
            AzureSnapshot(),
            "connect",
            "Not connected, because its Arc machine is not known: Azure was not queried for "
            f"{GROUP.lower()}/providers/microsoft.hybridcompute/machines.",
        ),
    ],
    ids=["no key", "roundtrip", "no tenant", "no answer"],
)
def test_a_vm_of_the_private_relay_is_refused_with_the_reason(
    vm: Vm, facts: AzureSnapshot, mode: str, why: str
) -> None:
    assert prepare(vm, facts, mode) == why


def of_azure(*users: str, system: bool = False) -> AzureSnapshot:
    """The VM `a` with these identities."""
    kinds = ["SystemAssigned"] * system + ["UserAssigned"] * bool(users)
    identity = {"type": ",".join(kinds), "userAssignedIdentities": {user: {"principalId": "p"} for user in users}}
    value = {"id": VM_A.resource_id, "location": "eastus", "identity": identity}
    return AzureSnapshot(answers={str(VM_A.resource_id).lower(): Answer("GET", value)})


MINE, OTHER = (
    f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}" for name in ("mine", "other")
)


@pytest.mark.parametrize(
    ("facts", "stated", "expected"),
    [
        (of_azure(MINE), None, MINE),
        (of_azure(MINE), OTHER, OTHER),
        (of_azure(MINE, OTHER), None, None),
        (of_azure(MINE, system=True), None, None),
        (of_azure(system=True), None, None),
        (of_azure(), None, None),
        (AzureSnapshot(), None, None),
    ],
)
def test_the_request_names_the_only_user_assigned_identity(
    facts: AzureSnapshot, stated: str | None, expected: str | None
) -> None:
    """msi_res_id: the article requires it for user-assigned identities, and Azure has the id."""
    request = prepare(replace(VM_A, identity=stated), facts)
    assert isinstance(request, EnrollmentRequest)
    assert request.vm.identity == expected
    command = azcmagent_connect._connect(request.vm, PROFILE)
    assert ("msi_res_id=" in command) == (expected is not None)


def test_an_address_is_no_name_to_connect_under() -> None:
    request = prepare(Vm("10.0.0.4", target=TARGET), AzureSnapshot())
    assert str(request).startswith(
        "Not connected, because the name of its Arc machine is not known: The name of the Arc machine is"
    )


def test_no_target_no_connecting() -> None:
    assert str(prepare(Vm("c"), AzureSnapshot())).startswith(
        "Not connected, because the target is not known: The resource id"
    )
    nowhere = replace(VM_A, target=replace(TARGET, location=None))
    assert prepare(nowhere, AzureSnapshot()) == (
        "Not connected, because the target is not known: no location is stated (target.location in the inventory)."
    )


@pytest.mark.parametrize(
    "tags", [{"a,b": "c"}, {"a": "it's"}, {"a": ""}, {"": "a"}, {"a=b": "c"}, {"a": 'say "x"'}, {"a": "b\nc"}]
)
def test_a_tag_that_azcmagent_cannot_take_is_refused(tags: dict[str, str]) -> None:
    request = prepare(replace(VM_A, target=replace(TARGET, tags=tags)), AzureSnapshot())
    assert request == (
        f"Not connected, because azcmagent does not accept the tag {next(iter(tags))!r}: names and values must not be empty, "
        "or contain a comma, an equals sign or a quotation mark."
    )


def test_an_enrollment_is_announced() -> None:
    requests = [request for request in (prepare(VM_A, AzureSnapshot()),) if isinstance(request, EnrollmentRequest)]
    lines = announcement(requests, {"b": "Not connected, because the VM is not ready: IMDS-002 failed."}, "roundtrip")
    assert lines == [
        "--enroll=roundtrip: 1 of 2 VMs is being connected to Azure Arc now.",
        "Each with azcmagent connect and a token of its own managed identity, as this resource:",
        f"  a: {GROUP}/providers/Microsoft.HybridCompute/machines/web-a in eastus, tags Site=NY 3, app=web",
        "Then each is disconnected again, which deletes that resource.",
        "  b: Not connected, because the VM is not ready: IMDS-002 failed.",
    ]


def test_an_enrollment_of_several_or_of_none_is_announced() -> None:
    request = prepare(replace(VM_A, target=replace(TARGET, tags={})), AzureSnapshot())
    assert isinstance(request, EnrollmentRequest)
    assert announcement([request, request], {}, "connect") == [
        "--enroll=connect: 2 of 2 VMs are being connected to Azure Arc now.",
        "Each with azcmagent connect and a token of its own managed identity, as this resource:",
        *[f"  a: {GROUP}/providers/Microsoft.HybridCompute/machines/web-a in eastus"] * 2,
    ]
    assert announcement([], {"b": "No."}, "roundtrip") == [
        "--enroll=roundtrip: 0 of 1 VMs are being connected to Azure Arc now.",
        "  b: No.",
    ]


def test_vms_that_would_become_one_machine_are_named() -> None:
    one = prepare(VM_A, AzureSnapshot())
    assert isinstance(one, EnrollmentRequest)
    twin = replace(one, vm=replace(VM_A, name="b"), name="WEB-A")
    other = replace(one, vm=replace(VM_A, name="c"), name="web-c")
    why = f"Not connected, because a and b would become the same resource in Azure, {one.machine.lower()}."
    assert same_machine([one, twin, other]) == {"a": why, "b": why}


def test_vms_at_one_address_are_not_both_connected() -> None:
    """One guest would be connected twice, the second time as another VM."""
    one = prepare(VM_A, AzureSnapshot())
    assert isinstance(one, EnrollmentRequest)
    places = {"a": ("vm.example", None), "b": ("VM.example.", 22), "c": ("vm.example", 2222)}
    requests = [
        replace(one, vm=replace(VM_A, name=name, host=host, port=port), name=name)
        for name, (host, port) in places.items()
    ]
    requests.append(replace(one, vm=replace(VM_A, name="d", host="vm.example", jump="j"), name="d"))
    why = "Not connected, because a and b have the same address, vm.example: one VM cannot be both."
    assert same_address(requests) == {"a": why, "b": why}
