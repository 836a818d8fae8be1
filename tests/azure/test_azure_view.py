"""The view of one VM, and the fleet that Azure shows; ids and addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from plugins.azure import resource_ids as ids
from plugins.azure.answer_keys import assignments, machines, provider, resource
from plugins.azure.clouds import clouds
from plugins.azure.discovery import FleetError, Place, addresses, fleet_from_azure, from_resources, parse_places
from plugins.azure.snapshot import Answer, AzureSnapshot, ReadError, shown
from plugins.azure.vm_view import AzureVmView
from plugins.checks.check import CheckOutcome
from plugins.model import Status, Target, Vm
from tests.support import azure_site as site
from tests.support.arm_server import Arm, FakeCredential, forbidden
from tests.support.azure_site import GROUP, SUBSCRIPTION, vm_id

USERS = [f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}" for name in "ab"]


def view(
    identity: dict[str, Any] | None = None,
    wanted: str | None = None,
    answers: Mapping[str, Answer | ReadError] | None = None,
) -> AzureVmView:
    document = site.vm(1) | ({"identity": identity} if identity is not None else {})
    facts = AzureSnapshot({resource(vm_id("vm1")): Answer("GET https://vm1", document), **(answers or {})})
    return AzureVmView(Vm("vm1", resource_id=vm_id("vm1"), identity=wanted), facts)


def users(*names: str, **system: str) -> dict[str, Any]:
    kind = "SystemAssigned,UserAssigned" if system else "UserAssigned"
    return {
        "type": kind,
        "userAssignedIdentities": {name: {"principalId": name[-1], "clientId": "c"} for name in names},
        **system,
    }


# --- ids


def test_an_id_is_taken_apart() -> None:
    found = ids.parse(
        "/Subscriptions/S/resourcegroups/G/providers/Microsoft.NetworkCloud/virtualMachines/v/consoles/default/"
    )
    assert (found.subscription, found.resource_group, found.provider) == ("S", "G", "Microsoft.NetworkCloud")
    assert (found.type, found.name, found.group) == (
        "virtualMachines/consoles",
        "default",
        "/subscriptions/S/resourceGroups/G",
    )


@pytest.mark.parametrize(
    "text", ["", "vm1", "/subscriptions/s", GROUP, f"{GROUP}/providers/X", f"{GROUP}/providers/X/y", f"x{vm_id('a')}", f"{vm_id('a')}/consoles"]
)  # fmt: skip
def test_what_is_no_resource_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a resource id\. Expected /subscriptions/"):
        ids.parse(text)


def test_ids_compare_without_case() -> None:
    assert ids.same("/A/b/", "/a/B")
    assert not ids.same("/a/b", "/a/bc")
    assert not ids.same(None, None)
    assert ids.last("/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/AB-1") == "ab-1"
    assert ids.above(GROUP) == f"/subscriptions/{SUBSCRIPTION}"


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("/", True), ("/Subscriptions/s", True), ("/subscriptions/s/resourcegroups/RG-A", True),
        ("/providers/Microsoft.Management/managementGroups/m", True), ("/subscriptions/s/resourceGroups/rg", False),
        ("/subscriptions/s/resourceGroups/rg-ab", False), ("/subscriptions/s/resourceGroups/rg-a/providers/x/y/z", False),
    ],
)  # fmt: skip
def test_scopes_reach_by_segments(scope: str, expected: bool) -> None:
    assert ids.reaches(scope, "/subscriptions/s/resourceGroups/rg-a") is expected


# --- identities


@pytest.mark.parametrize(
    ("identity", "wanted", "expected"),
    [
        pytest.param(None, None, ("system", site.principal_of(1)), id="the-only-one"),
        pytest.param(None, "system", ("system", site.principal_of(1)), id="system"),
        pytest.param(users(USERS[0]), None, ("user", "a"), id="the-only-user"),
        pytest.param(users(*USERS), USERS[1].upper(), ("user", "b"), id="this-user-in-another-case"),
        pytest.param(users(*USERS, principalId="S"), None, ("system", "s"), id="system-goes-first"),
        pytest.param(users(*USERS, principalId="S"), USERS[0], ("user", "a"), id="a-user-beside-system"),
    ],
)
def test_the_expected_identity(identity: Any, wanted: str | None, expected: tuple[str, str]) -> None:
    found = view(identity, wanted).expected
    assert (found.kind, found.principal_id) == expected


@pytest.mark.parametrize(
    ("identity", "wanted", "status", "message"),
    [
        ({}, None, Status.FAIL, "The VM has no managed identity."),
        (
            {"type": "None"},
            "system",
            Status.FAIL,
            "expects the system-assigned identity. The VM has no managed identity.",
        ),
        (users(USERS[0]), "system", Status.FAIL, f"The VM has the user-assigned identity {USERS[0]}."),
        (users(USERS[0]), USERS[1], Status.FAIL, f"expects the user-assigned identity {USERS[1]}."),
        (users(*USERS), None, Status.FAIL, "2 user-assigned identities and no system-assigned one"),
    ],
)
def test_an_identity_that_is_missing_or_not_clear(
    identity: Any, wanted: str | None, status: Status, message: str
) -> None:
    with pytest.raises(CheckOutcome) as caught:
        _ = view(identity, wanted).expected
    assert (caught.value.status, bool(caught.value.remedy)) == (status, True)
    assert message in caught.value.message


def test_all_identities_are_listed() -> None:
    found = view(users(*USERS, principalId="S", tenantId="T")).identities
    assert [(identity.kind, identity.id, identity.client_id, identity.tenant_id) for identity in found] == [
        ("system", vm_id("vm1"), None, "t"), ("user", USERS[0], "c", None), ("user", USERS[1], "c", None)
    ]  # fmt: skip


# --- the rest


def test_what_was_looked_at_is_remembered_in_short() -> None:
    path = machines(GROUP)
    rows = [{"name": f"vm{number}", "id": f"/{number}"} for number in range(1000)]
    seen = view(answers={path: Answer("GET https://machines", rows)})
    assert seen.arc_machine == {"name": "vm1", "id": "/1"}
    assert set(seen.used) == {"azure-vm", "azure-arc-machines"}
    shown = seen.used["azure-arc-machines"]
    assert (shown.command, shown.state, shown.exit) == ("GET https://machines", "done", 0)
    assert '"/1"' in shown.stdout and '"/2"' not in shown.stdout and not shown.truncated


def test_a_network_that_names_many_vms_is_shown_with_what_is_judged() -> None:
    vms = [f"{GROUP}/providers/Microsoft.NetworkCloud/virtualMachines/vm{number}" for number in range(40)]
    network = {
        "properties": {
            "virtualMachinesAssociatedIds": vms,
            "actions": ["a"] * 40,
            "enableDefaultEgressEndpoints": "True",
        }
    }
    text = shown(network)
    assert vms[4] in text and vms[5] not in text and '"... and 35 more"' in text
    assert text.count('"a"') == 40 and '"enableDefaultEgressEndpoints": "True"' in text


def test_what_could_not_be_read_is_remembered_too() -> None:
    path = provider(SUBSCRIPTION, "Microsoft.HybridCompute")
    seen = view(answers={path: ReadError("Could not read it: 403.", "Ask for Reader.", "GET https://provider")})
    with pytest.raises(CheckOutcome, match=r"Could not read it: 403.") as caught:
        seen.provider("Microsoft.HybridCompute")
    assert (caught.value.status, caught.value.remedy) == (Status.UNKNOWN, "Ask for Reader.")
    shown = seen.used["azure-provider[Microsoft.HybridCompute]"]
    assert (shown.command, shown.state, shown.stderr) == ("GET https://provider", "lost", "Could not read it: 403.")


def test_what_was_never_asked_is_unknown() -> None:
    with pytest.raises(CheckOutcome, match="Azure was not asked for") as caught:
        _ = view().cluster
    assert caught.value.status == Status.UNKNOWN


def test_a_vm_without_a_network_has_no_csn() -> None:
    seen = view()
    assert seen.vm is not None
    del seen.vm["properties"]["cloudServicesNetworkAttachment"]
    assert seen.csn is None


def test_without_a_cluster_there_is_no_manager_to_ask_for() -> None:
    gone = view(answers={resource(site.CLUSTER): Answer("GET", None)})
    assert gone.cluster is None
    with pytest.raises(CheckOutcome, match="the VM's cluster does not exist"):
        _ = gone.cluster_manager


def test_a_cluster_may_name_no_manager() -> None:
    cluster = {"properties": {"clusterManagerId": ""}}
    alone = view(answers={resource(site.CLUSTER): Answer("GET", cluster)})
    with pytest.raises(CheckOutcome) as caught:
        _ = alone.cluster_manager
    assert caught.value.message == (
        "It is not known: the cluster names no cluster manager (properties.clusterManagerId is empty)."
    )


def test_a_stated_target_needs_no_vm_resource() -> None:
    target = Target("s", "rg", "eastus", tags={"a": "b"})
    seen = AzureVmView(Vm("web1", target=target), AzureSnapshot())
    assert (seen.target, seen.target_scope, seen.arc_name) == (target, "/subscriptions/s/resourceGroups/rg", "web1")


# --- the whole of what stops a check: message, remedy, component, action

USER_A = f"the user-assigned identity {USERS[0]}"


def identity_unread(error: ReadError) -> object:
    """The VM resource maps the identity's id to nothing, and the identity itself was not read."""
    identity = {"type": "UserAssigned", "userAssignedIdentities": {USERS[0]: None}}
    return view(identity, answers={resource(USERS[0]): error}).expected


MISSING: tuple[tuple[str, Callable[[], object], tuple[str, ...]], ...] = (
    (
        "no resource id",
        lambda: AzureVmView(Vm("vm1"), AzureSnapshot()).vm,
        (
            "unknown",
            "The resource id of vm1 is not stated, so Azure was not asked about it.",
            "Give the VM its resource_id in the inventory, or state where to search for its name:"
            " --subscription=<id> --resource-group=<name>.",
            "",
            "State the resource_id of {vms} in the inventory",
        ),
    ),
    (
        "another's resource id",
        lambda: AzureVmView(Vm("vm1", resource_id="vm1"), AzureSnapshot()).vm,
        (
            "unknown",
            "'vm1' is not a resource id. Expected /subscriptions/<guid>/resourceGroups/<group>/providers/<namespace>/"
            "<type>/<name>, as `az ... show --query id` prints it.",
            "Correct resource_id in the inventory.",
            "",
            "",
        ),
    ),
    (
        "a wrong resource id",
        lambda: AzureVmView(Vm("vm1"), AzureSnapshot(located={"vm1": ReadError("Not there.", "Look.", "GET x")})).vm,
        ("unknown", "Not there.", "Look.", "", "Correct the resource_id of {vms} in the inventory"),
    ),
    (
        "a login that failed",
        lambda: (
            AzureVmView(
                Vm("vm1"), AzureSnapshot(located={"vm1": ReadError("Not there.", "Look.", "GET x", action="Log in")})
            ).vm
        ),
        ("unknown", "Not there.", "Look.", "runner", "Log in"),
    ),
    (
        "a cluster that is gone",
        lambda: view(answers={resource(site.CLUSTER): Answer("GET", None)}).cluster_manager,
        ("unknown", "The cluster manager is not known: the VM's cluster does not exist.", "", "", ""),
    ),
    (
        "no cluster named",
        lambda: (
            AzureVmView(
                Vm("vm1", resource_id=vm_id("vm1")),
                AzureSnapshot({resource(vm_id("vm1")): Answer("GET", {"properties": {}})}),
            ).cluster
        ),
        ("unknown", "It is not known: the VM resource names no cluster (properties.clusterId is empty).", "", "", ""),
    ),
    (
        "a provider that is not known",
        lambda: view(answers={provider(SUBSCRIPTION, "A.B"): Answer("GET", None)}).provider("A.B"),
        (
            "unknown",
            f"Azure does not know the resource provider A.B in subscription {SUBSCRIPTION}.",
            "Check that the subscription id is right and that it is in the cloud that was asked.",
            "",
            "",
        ),
    ),
    (
        "a question that was not put",
        lambda: view().cluster,
        (
            "unknown",
            f"Azure was not asked for {resource(site.CLUSTER)}.",
            "Gather again, without --evidence.",
            "runner",
            "Let the runner read the Azure resources of {vms}",
        ),
    ),
    (
        "an answer of another kind",
        lambda: view(answers={resource(site.CLUSTER): Answer("GET", "?")}).cluster,
        (
            "unknown",
            f"Azure's answer about {resource(site.CLUSTER)} is not understood.",
            "Gather again.",
            "runner",
            "Let the runner read the Azure resources of {vms}",
        ),
    ),
    (
        "a target group that is not there",
        lambda: view(answers={assignments(GROUP, "p"): Answer("GET", None)}).access("p"),
        (
            "fail",
            f"According to Azure, the resource group the Arc resource is to go to does not exist: {GROUP}.",
            "Create it, or correct the target in the inventory.",
            "resource group",
            "Create {thing}, or correct the target in the inventory",
        ),
    ),
    (
        "roles at a VM that is not known",
        lambda: view(answers={assignments(vm_id("vm1"), "p"): Answer("GET", None)}).access_to_vm("p"),
        ("unknown", f"Azure has no role assignments of {vm_id('vm1')}: it does not know the VM.", "", "", ""),
    ),
    (
        "an identity that may not be read",
        lambda: identity_unread(ReadError("Forbidden.", "Ask for it.", "GET x", action="Log in")),
        ("unknown", f"The principal of {USER_A} is not known: Forbidden.", "Ask for it.", "runner", "Log in"),
    ),
    (
        "an identity that was not read",
        lambda: identity_unread(ReadError("Not there.", "", "GET x")),
        (
            "unknown",
            f"The principal of {USER_A} is not known: Not there.",
            "Grant the runner Microsoft.ManagedIdentity/userAssignedIdentities/read.",
            "runner",
            "Let the runner read the Azure resources of {vms}",
        ),
    ),
    (
        "two identities",
        lambda: view(users(*USERS)).expected,
        (
            "fail",
            "The VM has 2 user-assigned identities and no system-assigned one, and the inventory does not state which to"
            f" enroll with: {', '.join(USERS)}.",
            "State it in the inventory: identity: <the ARM id of the user-assigned identity>.",
            "",
            "State the identity of {vms} in the inventory",
        ),
    ),
)


@pytest.mark.parametrize(("seen", "expected"), [pytest.param(*row, id=name) for name, *row in MISSING])
def test_what_stops_a_check_is_whole(seen: Callable[[], object], expected: tuple[str, ...]) -> None:
    with pytest.raises(CheckOutcome) as caught:
        seen()
    stop = caught.value
    assert (str(stop.status), stop.message, stop.remedy, stop.component or "", stop.action) == expected


# --- a fleet from Azure


def test_a_fleet_comes_from_azure(arm: Arm) -> None:
    site.populate(arm, 3)
    place = Place(arm.cloud, SUBSCRIPTION)
    found = fleet_from_azure([place], lambda cloud: FakeCredential())
    assert [(vm.name, vm.host, vm.resource_id) for vm in found.vms] == [
        (f"vm{number}", f"10.0.0.{number}", vm_id(f"vm{number}")) for number in (1, 2, 3)
    ]
    assert found.vms[0].tags == {"site": "lab"}
    assert found.notes == []
    vm = found.vms[0]
    assert (vm.user, vm.identity, vm.os, vm.target) == ("azureuser", "system", "linux", Target(location="eastus"))
    group = Place(arm.cloud, SUBSCRIPTION, "vms-rg")
    assert fleet_from_azure([group], lambda cloud: FakeCredential()) == found
    assert fleet_from_azure([group, place], lambda cloud: FakeCredential()) == found, "each VM once"


def test_a_fleet_that_cannot_be_read_says_why(arm: Arm) -> None:
    arm.trouble(
        "/virtualmachines", forbidden("Microsoft.NetworkCloud/virtualMachines/read", f"/subscriptions/{SUBSCRIPTION}")
    )
    with pytest.raises(FleetError, match="403 AuthorizationFailed") as caught:
        fleet_from_azure([Place(arm.cloud, SUBSCRIPTION)], lambda cloud: FakeCredential())
    assert "Reader" in caught.value.remedy


def test_the_address_that_is_taken_is_told_when_it_is_a_guess() -> None:
    plain, nothing, twin, six = (site.vm(number) for number in (1, 2, 3, 4))
    for attachment in plain["properties"]["networkAttachments"]:
        attachment["defaultGateway"] = "False"
    nothing["properties"]["networkAttachments"] = []
    twin["id"] = vm_id("vm1").replace("vms-rg", "other-rg")
    twin["name"] = "vm1"
    six["properties"]["networkAttachments"] = [{"defaultGateway": "True", "ipv6Address": "fd00::4/64"}]
    found = from_resources([(clouds()["AzureCloud"], resource) for resource in (plain, nothing, twin, six)])
    assert [(vm.name, vm.host) for vm in found.vms] == [
        ("other-rg/vm1", "10.0.0.3"), ("vm2", "vm2"), ("vm4", "fd00::4"), ("vms-rg/vm1", "192.0.2.1")
    ]  # fmt: skip
    assert len(found.notes) == 2
    assert "the address in the first, data, is used: 192.0.2.1" in next(
        note for note in found.notes if "vms-rg" in note
    )
    assert addresses(nothing) == []


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ({"type": "SystemAssigned", "principalId": "p"}, "system"),
        ({"type": "UserAssigned", "userAssignedIdentities": {"/mine": {}}}, "/mine"),
        ({"type": "userassigned", "userAssignedIdentities": {"/mine": None}}, "/mine"),
        ({"type": "UserAssigned", "userAssignedIdentities": {"/mine": {}, "/other": {}}}, None),
        ({"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {"/mine": {}}}, None),
        ({"type": "None"}, None),
        (None, None),
    ],
)
def test_the_only_identity_of_a_vm_is_the_one_to_enroll_with(identity: Any, expected: str | None) -> None:
    """So TOKEN-001 and --enroll name it to the metadata service (msi_res_id), as the article wants it."""
    resource = site.vm(1) | {"identity": identity}
    (vm,) = from_resources([(clouds()["AzureCloud"], resource)]).vms
    assert vm.identity == expected


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("myacr.azurecr.io/windows2022:latest", "windows"),
        ("myacr.azurecr.io/images/win2019:1", "windows"),
        ("myacr.azurecr.io/WindowsServer-2022", "windows"),
        ("myacr.azurecr.io/winserver", "windows"),
        ("myacr.azurecr.io/base:win", "windows"),
        ("windows.example/ubuntu:22.04", "linux"),
        ("myacr.azurecr.io/darwin:1", "linux"),
        ("myacr.azurecr.io/winston:1", "linux"),
        ("myacr.azurecr.io/window-manager:1", "linux"),
        ("myacr.azurecr.io/foobar:latest", "linux"),
        ("", "linux"),
    ],
)
def test_windows_is_known_by_its_image(image: str, expected: str) -> None:
    resource = site.vm(1)
    resource["properties"]["vmImage"] = image
    found = from_resources([(clouds()["AzureCloud"], resource)])
    assert found.vms[0].os == expected
    assert bool(found.notes) == (expected == "windows")
    if found.notes:
        assert found.notes == [
            "taken for Windows by the name of the image, since Azure does not state the system: vm1. If that is wrong, "
            "state os in a file: --inventory."
        ]


def test_an_admin_name_that_could_be_an_option_is_not_used() -> None:
    resource = site.vm(1)
    resource["properties"]["adminUsername"] = "-oProxyCommand=x"
    found = from_resources([(clouds()["AzureCloud"], resource)])
    assert found.vms[0].user is None
    assert found.notes == ["vm1: its adminUsername in Azure cannot be used, so the SSH configuration decides."]


def test_vms_of_several_clouds_are_one_fleet() -> None:
    public, china = clouds()["AzureCloud"], clouds()["AzureChinaCloud"]
    other = site.vm(1)
    other["id"] = other["id"].replace(SUBSCRIPTION, "60000000-0000-4000-8000-000000000001")
    found = from_resources([(public, site.vm(1)), (china, other)])
    assert {(vm.name, vm.target.cloud) for vm in found.vms} == {
        (f"{SUBSCRIPTION}/vms-rg/vm1", "AzureCloud"),
        ("60000000-0000-4000-8000-000000000001/vms-rg/vm1", "AzureChinaCloud"),
    }


def test_places_of_a_fleet() -> None:
    public, gov = clouds()["AzureCloud"], clouds()["AzureUSGovernment"]
    assert parse_places("s-1") == [Place(public, "s-1")]
    assert parse_places("s-1/rg, azureusgovernment:s-2/rg-b") == [Place(public, "s-1", "rg"), Place(gov, "s-2", "rg-b")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("AzureClud:s", "'AzureClud' is not a cloud. Did you mean 'AzureCloud'? Known: AzureCloud, AzureUSGovernment, AzureChinaCloud."),
        ("s/a/b", "'s/a/b' is not a place in Azure. Expected [CLOUD:]SUBSCRIPTION[/GROUP]."),
        ("s/", "'s/' is not a place in Azure. Expected [CLOUD:]SUBSCRIPTION[/GROUP]."),
        (" , ", "names no subscription. Expected [CLOUD:]SUBSCRIPTION[/GROUP]."),
    ],
)  # fmt: skip
def test_a_place_that_is_none_is_explained(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_places(text)
