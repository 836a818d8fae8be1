"""The view of one VM: identities, targets, and errors that stop a check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from plugins.azure.answer_keys import assignments, machines, provider, resource
from plugins.azure.snapshot import Answer, AzureSnapshot, ReadError, shown
from plugins.azure.vm_view import AzureVmView
from plugins.checks.check import CheckOutcome
from plugins.model import Status, Target, Vm
from tests.support import azure_site as site
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
    principal = view(identity, wanted).expected
    assert (principal.kind, principal.principal_id) == expected


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
    principal = view(users(*USERS, principalId="S", tenantId="T")).identities
    assert [(identity.kind, identity.id, identity.client_id, identity.tenant_id) for identity in principal] == [
        ("system", vm_id("vm1"), None, "t"), ("user", USERS[0], "c", None), ("user", USERS[1], "c", None)
    ]  # fmt: skip


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


def test_a_resource_that_was_not_requested_is_unknown() -> None:
    with pytest.raises(CheckOutcome, match="Azure was not queried for") as caught:
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
        "Not known: the cluster names no cluster manager (properties.clusterManagerId is empty)."
    )


def test_a_stated_target_needs_no_vm_resource() -> None:
    target = Target("s", "rg", "eastus", tags={"a": "b"})
    seen = AzureVmView(Vm("web1", target=target), AzureSnapshot())
    assert (seen.target, seen.target_scope, seen.arc_name) == (target, "/subscriptions/s/resourceGroups/rg", "web1")


USER_A = f"the user-assigned identity {USERS[0]}"


def identity_unread(error: ReadError) -> object:
    """The VM resource has an empty object for the identity, and the identity itself was not read."""
    identity = {"type": "UserAssigned", "userAssignedIdentities": {USERS[0]: None}}
    return view(identity, answers={resource(USERS[0]): error}).expected


MISSING: tuple[tuple[str, Callable[[], object], tuple[str, ...]], ...] = (
    (
        "no resource id",
        lambda: AzureVmView(Vm("vm1"), AzureSnapshot()).vm,
        (
            "unknown",
            "The resource id of vm1 is not stated, so Azure was not queried about it.",
            "State the VM's resource_id in the inventory, or state where to search for its name:"
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
        ("unknown", "Not known: the VM resource names no cluster (properties.clusterId is empty).", "", "", ""),
    ),
    (
        "a provider that is not known",
        lambda: view(answers={provider(SUBSCRIPTION, "A.B"): Answer("GET", None)}).provider("A.B"),
        (
            "unknown",
            f"Azure does not know the resource provider A.B in subscription {SUBSCRIPTION}.",
            "Check that the subscription id is right and that the subscription is in this cloud.",
            "",
            "",
        ),
    ),
    (
        "a question that was not put",
        lambda: view().cluster,
        (
            "unknown",
            f"Azure was not queried for {resource(site.CLUSTER)}.",
            "Run again without --evidence.",
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
            "Gather the evidence again.",
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
        "the manager of a cluster that is not there",
        lambda: view(answers={resource(site.CLUSTER): Answer("GET", None)}).cluster_manager,
        ("unknown", "The cluster manager is not known: the VM's cluster does not exist.", "", "", ""),
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


def test_an_identity_whose_principal_was_not_asked_for_is_unread() -> None:
    unread = view()._user(USER_A, {}).unread
    assert unread is not None
    assert unread.message == "The VM resource does not state its principal, and ManagedIdentity was not queried."
