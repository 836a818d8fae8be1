"""The published examples, read by the real SDKs and judged by the checks, and the differences of our stand-ins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from lab import cloud_docs, role_docs
from lab.cloud_model import Cloud as LabCloud
from lab.plan import VmPlan
from plugins.azure.answer_keys import NEXUS, TARGET_PROVIDERS
from plugins.azure.fetch import fetch
from plugins.azure.vm_view import AzureVmView
from plugins.model import Status, Target, Vm
from tests.support import azure_site as site
from tests.support import published_azure as published
from tests.support.arm_server import Arm, forbidden
from tests.support.azure_site import options
from tests.support.catalogue import CHECKS, FUNCTIONS
from tests.support.published_azure import GROUP, SUBSCRIPTION, Document, fresh
from tests.support.suite_rows import PROFILE, Row, seen

PRINCIPAL = str(published.IDENTITY["properties"]["principalId"])
NO_AGENT = {"agent": seen(), "agent_show": seen("@absent\n")}


def serve(arm: Arm, vms: list[Document], cluster: Document, csn: Document) -> None:
    """The examples as one subscription. A registered provider, of which there is no example, is as ARM documents it."""
    for document in (*vms, cluster, fresh(published.MANAGER), csn):
        arm.put(document)
    identity = fresh(published.IDENTITY) | {"id": published.IDENTITY_ID}
    arm.documents[published.IDENTITY_ID.lower()] = identity
    for namespace in (NEXUS, *TARGET_PROVIDERS):
        path = f"/subscriptions/{SUBSCRIPTION}/providers/{namespace}"
        types = [{"resourceType": "virtualMachines", "apiVersions": ["2026-07-01", "2025-09-01"]}]
        registered = {"namespace": namespace, "registrationState": "Registered", "resourceTypes": types}
        arm.documents[path.lower()] = {"id": path, **registered}
    arm.lists[f"{GROUP}/providers/Microsoft.HybridCompute/machines".lower()] = [fresh(published.MACHINE)]
    deny = fresh(published.DENY)
    deny["properties"]["scope"] = f"/subscriptions/{SUBSCRIPTION}"
    site.deny(arm, GROUP, deny)
    role = str(published.ASSIGNMENT["properties"]["roleDefinitionId"])
    arm.documents[role.lower()] = fresh(published.DEFINITION) | {"id": role}
    site.give(arm, GROUP, PRINCIPAL, fresh(published.ASSIGNMENT))


def judged(arm: Arm, vm: Vm) -> dict[str, Status]:
    """The verdict of every check of the control plane, by id and parameter."""
    profile = PROFILE
    facts = fetch([vm], options(arm))
    rows: dict[str, Status] = {}
    for id, function in FUNCTIONS.items():
        check = CHECKS[id]
        if id.partition("-")[0] not in ("VM", "PLATFORM", "CSN", "IDENTITY", "ROLES", "RELAY") or id in GUEST:
            continue
        names = [name for name in ("namespace", "endpoint") if name in (check.parametrize or {})]
        values: list[dict[str, Any]] = (
            [{names[0]: value} for value in check.parametrize[names[0]](vm, profile)] if names else [{}]
        )
        for value in values:
            evidence = NO_AGENT if id == "VM-006" else {}
            row = Row(id, evidence, Status.PASS, "", parameters={"azure": AzureVmView(vm, facts), **value}, vm=vm)
            rows[id + "".join(f"[{one}]" for one in value.values())] = row.outcome(function).status
    return rows


#: Checks of these areas that need the guest.
GUEST = ("VM-004", "VM-005")


def vm_of(document: Document) -> Vm:
    return Vm(str(document["name"]), resource_id=str(document["id"]), target=Target(location="eastus"))


def alarms(verdicts: Mapping[str, Status]) -> dict[str, Status]:
    return {id: status for id, status in verdicts.items() if status not in (Status.PASS, Status.NOT_APPLICABLE)}


def test_the_examples_as_they_are(arm: Arm) -> None:
    """Each finding is due to a value of the example: versions and dates of 2023, a closed network, no roles."""
    serve(arm, [fresh(published.VM)], fresh(published.CLUSTER), fresh(published.CSN))
    raised = alarms(judged(arm, vm_of(published.VM)))
    endpoints = {id for id in raised if id.startswith("CSN-002[")}
    assert len(endpoints) == 8
    assert {id: status for id, status in raised.items() if id not in endpoints} == {
        "PLATFORM-001": Status.FAIL,  # clusterVersion 1.0.0
        "PLATFORM-002": Status.UNKNOWN,  # no newer version is offered
        "PLATFORM-006": Status.WARN,  # supportExpiryDate 2023-04-29
        "CSN-001": Status.FAIL,  # enableDefaultEgressEndpoints "False", one endpoint of a storage account
        "ROLES-001": Status.FAIL,  # the example's assignment is for another principal
        "ROLES-002": Status.FAIL,
        "ROLES-003": Status.FAIL,
    }


def healthy(cluster: Document, csn: Document) -> None:
    """The changes to the examples for a VM that can enroll: versions, dates, the network's list."""
    cluster["properties"] |= {"clusterVersion": "4.9.0", "supportExpiryDate": "2099-01-01"}
    csn["properties"] |= {"enableDefaultEgressEndpoints": "True", "enabledEgressEndpoints": None}


def grant(arm: Arm) -> None:
    """The two roles, in the form of the example's assignment."""
    rows = []
    for role, name, action in (
        (site.RESOURCE_MANAGER, "Azure Connected Machine Resource Manager", "Microsoft.HybridCompute/machines/*"),
        (site.LIST_ACCESS, "ListAccessDetails", "Microsoft.HybridCompute/machines/listAccessDetails/action"),
    ):
        row, definition = fresh(published.ASSIGNMENT), fresh(published.DEFINITION)
        id = f"/providers/Microsoft.Authorization/roleDefinitions/{role}"
        row["properties"] |= {"roleDefinitionId": id, "principalId": PRINCIPAL, "scope": GROUP}
        definition["properties"] |= {"roleName": name, "permissions": [{"actions": [action], "notActions": []}]}
        arm.documents[id.lower()] = definition | {"id": id}
        rows.append(row)
    site.give(arm, GROUP, PRINCIPAL, *rows)


#: No API returns the management bundle, so there is a warning until it is declared.
NOT_DECLARED = {"PLATFORM-002": Status.WARN}


@pytest.mark.parametrize("status", ["Available", "Running"])
def test_a_published_vm_that_is_up_and_healthy_raises_no_alarm(arm: Arm, status: str) -> None:
    vm, cluster, csn = fresh(published.VM), fresh(published.CLUSTER), fresh(published.CSN)
    vm["properties"]["detailedStatus"] = status
    healthy(cluster, csn)
    serve(arm, [vm], cluster, csn)
    grant(arm)
    assert alarms(judged(arm, vm_of(vm))) == NOT_DECLARED


def test_published_lists_end_in_a_foreign_link_and_every_vm_is_read(arm: Arm) -> None:
    vms = [fresh(published.VM) for _ in range(5)]
    for number, vm in enumerate(vms):
        vm["name"] = f"virtualMachineName{number}"
        vm["id"] = f"{published.VM_ID}{number}"
    cluster, csn = fresh(published.CLUSTER), fresh(published.CSN)
    healthy(cluster, csn)
    serve(arm, vms, cluster, csn)
    grant(arm)
    listed = {"value": vms, "nextLink": published.NEXT_LINK}
    arm.trouble(f"/subscriptions/{SUBSCRIPTION}/providers/microsoft.networkcloud/virtualmachines", (200, {}, listed))
    facts = fetch([vm_of(vm) for vm in vms], options(arm))
    assert all(AzureVmView(vm_of(vm), facts).vm for vm in vms)
    assert not any("fully.qualified" in call.url for call in facts.calls)


def test_nothing_secret_of_a_published_vm_is_kept(arm: Arm) -> None:
    serve(arm, [fresh(published.VM)], fresh(published.CLUSTER), fresh(published.CSN))
    facts = fetch([vm_of(published.VM)], options(arm))
    assert "myuser" in str(published.VM)
    assert "myuser" not in str(facts.to_data())


# --- differences between the examples and the stand-ins of the lab and of the tests


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Names such as ``properties.osDisk.diskSizeGB`` with their values; the members of a list share one name."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from leaves(item, f"{path}.{'*' if str(key).startswith('/') else key}".lstrip("."))
    elif isinstance(value, list) and value:
        for entry in value:
            yield from leaves(entry, f"{path}[]")
    else:
        yield path, value


def fields(document: Document) -> dict[str, set[str]]:
    """Each field with its values, or without them if they are the lab's ids, names, addresses or times."""
    rows: dict[str, set[str]] = {}
    for path, value in leaves(document):
        rows.setdefault(path, set()).add(str(value))
    return rows


#: Fields that checks read and whose values are states.
STATES = (
    "properties.detailedStatus",
    "properties.detailedStatusMessage",
    "properties.powerState",
    "properties.provisioningState",
    "properties.clusterConnectionStatus",
    "properties.clusterManagerConnectionStatus",
    "properties.interfaceName",
    "properties.vmDeviceModel",
    "properties.bootMethod",
)

LAB = LabCloud.of([VmPlan(1)])
PLACE = LAB.places["vm1"]


def lab(id: str) -> Document:
    return LAB.resources[id.lower()]


@pytest.mark.parametrize(
    ("ours", "example", "lacks", "adds"),
    [
        pytest.param(
            lab(PLACE.vm_id),
            published.VM,
            # user-assigned identities are of single VMs in the lab; the address is IPv4 only
            {"identity.userAssignedIdentities.*", "properties.networkAttachments[].ipv6Address"},
            # a recording of azure-cli-extensions shows the attachment's address and name, and a system-assigned identity
            {
                "identity.principalId",
                "identity.tenantId",
                "properties.cloudServicesNetworkAttachment.defaultGateway",
                "properties.cloudServicesNetworkAttachment.ipv4Address",
                "properties.cloudServicesNetworkAttachment.networkAttachmentName",
            },
            id="lab-vm",
        ),
        pytest.param(
            lab(PLACE.cluster_id),
            published.CLUSTER,
            {"identity.type", "identity.userAssignedIdentities.*"},
            set(),
            id="lab-cluster",
        ),
        pytest.param(lab(PLACE.manager_id), published.MANAGER, set(), set(), id="lab-manager"),
        pytest.param(lab(PLACE.csn_id), published.CSN, set(), set(), id="lab-csn"),
    ],
)
def test_the_labs_answers_are_the_examples_but_for(
    ours: Document, example: Document, lacks: set[str], adds: set[str]
) -> None:
    mine, theirs = fields(ours), fields(example)
    tags = {path for path in {*mine, *theirs} if path.startswith("tags.")}
    upgrades = {path for path in theirs if path.startswith("properties.availableUpgradeVersions[].")}
    assert (
        set(theirs) - set(mine) - tags - (upgrades if "properties.availableUpgradeVersions" in mine else set()) == lacks
    )
    assert set(mine) - set(theirs) - tags - {"properties.availableUpgradeVersions"} == adds
    for state in STATES:
        assert mine.get(state) == theirs.get(state), state


@pytest.mark.parametrize(
    ("ours", "example"),
    [
        (site.vm(1), published.VM),
        (cloud_docs.user_identity(published.IDENTITY_ID, "p", "c"), published.IDENTITY),
        (role_docs.role_assignment("reader", GROUP, "p", "User", None, 0), published.ASSIGNMENT),
        (role_docs.role_definition("reader", SUBSCRIPTION), published.DEFINITION),
        (role_docs.deny_assignment(GROUP, ["p"], ["a"]), published.DENY),
        (cloud_docs.arc_machine(PLACE.arc_id, "v", "10.0.0.4", "m"), published.MACHINE),
    ],
    ids=["test-vm", "identity", "assignment", "definition", "deny", "machine"],
)
def test_a_field_that_both_have_is_of_one_kind(ours: Document, example: Document) -> None:
    """The types are the same: `enableDefaultEgressEndpoints` is the text "True", not a boolean."""
    mine, theirs = dict(leaves(ours)), dict(leaves(example))
    shared = [path for path in mine if theirs.get(path) is not None and mine[path] is not None]
    assert shared
    assert {path: type(mine[path]) for path in shared} == {path: type(theirs[path]) for path in shared}


def test_no_right_on_the_platforms_group_is_one_cause(arm: Arm) -> None:
    """Checks that need the cluster or its manager share one cause; those of the network and the VM are judged."""
    platform = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/platform"
    vm, cluster, csn = fresh(published.VM), fresh(published.CLUSTER), fresh(published.CSN)
    healthy(cluster, csn)
    cluster["id"] = published.CLUSTER_ID.replace(GROUP, platform)
    vm["properties"]["clusterId"] = csn["properties"]["clusterId"] = cluster["id"]
    serve(arm, [vm], cluster, csn)
    grant(arm)
    arm.trouble(cluster["id"], forbidden("Microsoft.NetworkCloud/clusters/read", cluster["id"]))
    assert alarms(judged(arm, vm_of(vm))) == dict.fromkeys(
        ["PLATFORM-001", "PLATFORM-002", "PLATFORM-004", "PLATFORM-006"], Status.UNKNOWN
    )
    facts = fetch([vm_of(vm)], options(arm))
    causes = {
        Row(id, {}, Status.PASS, "", parameters={"azure": AzureVmView(vm_of(vm), facts)}, vm=vm_of(vm))
        .outcome(FUNCTIONS[id])
        .shared_cause
        for id in ("PLATFORM-001", "PLATFORM-002", "PLATFORM-004", "PLATFORM-006")
    }
    assert causes == {f"the runner's login may not read {platform.lower()}"}
