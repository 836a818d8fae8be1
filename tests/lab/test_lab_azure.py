"""The stand-ins of Azure Resource Manager, Entra ID and the metadata service: their answers to each principal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import jwt
import pytest

from lab import cloud_docs as docs
from lab import spec
from lab.arm import Arm
from lab.azure_plan import Trouble
from lab.cloud_model import CLIENT_ID, CLIENT_PRINCIPAL, CLIENT_SECRET, Cloud, is_at_or_above
from lab.entra import Entra
from lab.faults import FAULTS
from lab.messages import Answer, Request
from lab.metadata import metadata_answer
from lab.plan import VmPlan
from lab.tokens import BACKDATED, Issuer

SUB = f"/subscriptions/{docs.SUBSCRIPTION}"
NEXUS = f"{SUB}/providers/Microsoft.NetworkCloud"
TARGET = f"{SUB}/resourceGroups/{docs.TARGET_GROUP}"
VMS = f"{SUB}/resourceGroups/{docs.VM_GROUP}"
ARM = "https://management.azure.com/"


class Site:
    """The lab's Azure for some VMs, given by the fault of each or ""."""

    def __init__(self, log: Path, *faults: str, troubles: list[Trouble] | None = None) -> None:
        planted = {f"vm{i}": [fault] for i, fault in enumerate(faults, 1) if fault}
        self.plans = spec.Spec(len(faults), planted, []).plans()
        self.cloud = Cloud.of(self.plans)
        self.issuer = Issuer()
        self.log = log / "azure.jsonl"
        self.arm = Arm(self.cloud, self.issuer, {"vm1": troubles or self.plans[0].azure.troubles}, self.log)

    def token(self, principal: str = CLIENT_PRINCIPAL, audience: str = ARM, age: float = 0) -> str:
        return self.issuer.issue(audience, principal, CLIENT_ID, 3600, age)[0]

    def ask(self, path: str, method: str = "GET", token: str | None = None, body: bytes = b"", **query: str) -> Answer:
        headers = {"authorization": f"Bearer {token or self.token()}"} if token != "" else {}
        version = "2025-01-13" if "/microsoft.hybridcompute/" in path.lower() else "2022-04-01"
        return self.arm.answer(Request(method, path, {"api-version": version} | query, headers, body))

    def page(self, path: str, query: dict[str, str]) -> Answer:
        version = {"api-version": "2022-04-01"} | query
        return self.arm.answer(Request("GET", path, version, {"authorization": f"Bearer {self.token()}"}))

    def all(self, path: str, **query: str) -> list[Any]:
        """Every item of a list, page by page."""
        answer = self.page(path, query)
        items, link = list(answer.body["value"]), answer.body.get("nextLink")
        while link:
            parts = urlsplit(link)
            answer = self.page(parts.path, dict(parse_qsl(parts.query)))
            items += answer.body["value"]
            link = answer.body.get("nextLink")
        return items

    def imds(self, vm: str = "vm1", **query: str) -> Answer:
        plan = next(plan for plan in self.plans if plan.name == vm)
        path = "/metadata/identity/oauth2/token"
        version = {"api-version": "2018-02-01", "resource": ARM} | query
        request = Request("GET", path, {k: v for k, v in version.items() if v}, {"metadata": "true"})
        return metadata_answer(request, plan, self.cloud.places[vm], self.issuer)


# --- ARM


def code(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.body["error"]["code"]


def test_arm_wants_an_api_version_and_a_token_of_its_own(tmp_path: Path) -> None:
    site = Site(tmp_path, "")
    assert code(site.arm.answer(Request("GET", "/"))) == (400, "MissingApiVersionParameter")
    without = site.ask(NEXUS, token="")
    assert code(without) == (401, "AuthenticationFailed")
    assert "authorization_uri=" in without.headers["WWW-Authenticate"]
    stranger = Issuer().issue(ARM, CLIENT_PRINCIPAL, CLIENT_ID, 3600)[0]
    for token in (stranger, site.token(audience="https://vault.azure.net"), site.token(age=7200), "no.jwt.atall"):
        assert code(site.ask(NEXUS, token=token)) == (401, "InvalidAuthenticationToken")


def test_lists_come_in_small_pages(tmp_path: Path) -> None:
    site = Site(tmp_path, *[""] * 8)
    first = site.ask(f"{NEXUS}/virtualMachines")
    assert len(first.body["value"]) == 3
    assert [vm["name"] for vm in site.all(f"{NEXUS}/virtualMachines")] == [f"vm{i}" for i in range(1, 9)]
    assert len(site.all(f"{VMS}/providers/Microsoft.NetworkCloud/virtualmachines")) == 8
    assert site.all(f"{TARGET}/providers/Microsoft.NetworkCloud/virtualMachines") == []


def test_ids_have_no_case(tmp_path: Path) -> None:
    site = Site(tmp_path, "")
    vm = site.ask(f"{VMS}/providers/Microsoft.NetworkCloud/virtualMachines/vm1".upper()).body
    cluster = site.ask(vm["properties"]["clusterId"].lower()).body
    csn = site.ask(vm["properties"]["cloudServicesNetworkAttachment"]["attachedNetworkId"]).body
    assert vm["extendedLocation"] == cluster["properties"]["clusterExtendedLocation"]
    assert csn["properties"]["enableDefaultEgressEndpoints"] == "True"
    assert site.ask(cluster["properties"]["clusterManagerId"]).body["properties"]["detailedStatus"] == "Available"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (f"{VMS}/providers/Microsoft.NetworkCloud/virtualMachines/vm9", "ResourceNotFound"),
        (f"{SUB}/resourceGroups/nowhere/providers/Microsoft.NetworkCloud/clusters/x", "ResourceGroupNotFound"),
        (f"{SUB}/resourceGroups/nowhere", "ResourceGroupNotFound"),
        (f"{SUB[:-1]}9/providers", "SubscriptionNotFound"),
        (f"{SUB}/providers/Microsoft.Nothing", "InvalidResourceNamespace"),
        (f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/none", "RoleDefinitionDoesNotExist"),
        (f"{SUB}/providers/Microsoft.Authorization/roleAssignments/none", "RoleAssignmentNotFound"),
        ("/nothing", "InvalidResourceType"),
    ],
)
def test_what_is_not_there_is_404_in_arms_words(tmp_path: Path, path: str, said: str) -> None:
    site = Site(tmp_path, "")
    assert code(site.ask(path)) == (404, said)


def test_arm_refuses_an_api_version_that_arc_machines_do_not_have(tmp_path: Path) -> None:
    site = Site(tmp_path, "")
    refused = site.page(f"{TARGET}/providers/Microsoft.HybridCompute/machines", {"api-version": "2099-01-01"})
    assert code(refused) == (400, "NoRegisteredProviderFound")
    assert refused.body["error"]["message"] == (
        "No registered resource provider found for location 'eastus' and API version '2099-01-01' for type 'machines'. "
        "The supported api-versions are '2026-07-15, 2025-02-19-preview, 2025-01-13, 2024-07-10'. The supported "
        "locations are 'eastus'."
    )


def test_the_reader_may_not_write_and_a_vm_may_not_read_everything(tmp_path: Path) -> None:
    site = Site(tmp_path, "")
    machine = f"{TARGET}/providers/Microsoft.HybridCompute/machines/vm1"
    refused = site.ask(machine, "PUT", body=b"{}")
    assert code(refused) == (403, "AuthorizationFailed")
    assert "perform action 'Microsoft.HybridCompute/machines/write' over scope" in refused.body["error"]["message"]
    mine = site.token(site.cloud.places["vm1"].system.principal)
    assert code(site.ask(f"{NEXUS}/clusters", token=mine)) == (403, "AuthorizationFailed")
    assert site.ask(machine, "PUT", mine, b'{"properties": {"vmId": "7"}}').status == 201
    assert site.ask(machine).body["properties"]["vmId"] == "7"
    assert [site.ask(machine, "DELETE", mine).status for _ in range(2)] == [200, 204]
    rows = [json.loads(line) for line in site.log.read_text().splitlines()]
    assert [(row["method"], row["status"]) for row in rows if row["write"]] == [
        ("PUT", 403), ("PUT", 201), ("DELETE", 200), ("DELETE", 204),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "fault", ["role-denied", "roles-missing", "role-custom-without-write", "roles-on-a-similar-group"]
)
def test_who_lacks_the_role_cannot_enroll(tmp_path: Path, fault: str) -> None:
    site = Site(tmp_path, fault)
    place = site.cloud.places["vm1"]
    answer = site.ask(place.arc_id, "PUT", site.token(place.system.principal), b"{}")
    assert code(answer) == (403, "AuthorizationFailed")


@pytest.mark.parametrize("fault", ["roles-through-a-group", "roles-at-management-group", "role-contributor-instead"])
def test_who_has_the_role_otherwise_can_enroll(tmp_path: Path, fault: str) -> None:
    site = Site(tmp_path, fault)
    place = site.cloud.places["vm1"]
    assert site.ask(place.arc_id, "PUT", site.token(place.system.principal), b"{}").status == 201


def test_nobody_enrolls_where_the_provider_is_not_registered(tmp_path: Path) -> None:
    site = Site(tmp_path, "provider-not-registered")
    place = site.cloud.places["vm1"]
    answer = site.ask(place.arc_id, "PUT", site.token(place.system.principal), b"{}")
    assert code(answer) == (409, "MissingSubscriptionRegistration")


def names(assignments: list[Any]) -> list[tuple[str, str]]:
    return [(one["properties"]["scope"], one["properties"]["principalType"]) for one in assignments]


def test_role_assignments_are_filtered_as_arm_does(tmp_path: Path) -> None:
    site = Site(tmp_path, "roles-through-a-group", "roles-at-management-group", "roles-on-a-similar-group")
    roles = "/providers/Microsoft.Authorization/roleAssignments"
    oid = {vm: place.system.principal for vm, place in site.cloud.places.items()}
    at_scope = "atScope() and assignedTo('{}')"
    assert names(site.all(TARGET + roles, **{"$filter": at_scope.format(oid["vm1"])})) == [(TARGET, "Group")] * 2
    above = site.all(TARGET + roles, **{"$filter": at_scope.format(oid["vm2"])})
    assert names(above) == [(docs.MANAGEMENT_GROUP, "ServicePrincipal")] * 2
    assert site.all(TARGET + roles, **{"$filter": at_scope.format(oid["vm3"])}) == []
    assert site.all(TARGET + roles, **{"$filter": f"principalId eq '{oid['vm1']}'"}) == []
    below = site.all(SUB + roles, **{"$filter": f"principalId eq '{oid['vm3']}'"})
    assert names(below) == [(f"{TARGET}-test", "ServicePrincipal")] * 2
    role = site.ask(above[1]["properties"]["roleDefinitionId"]).body
    assert role["name"] == "e9701b4d-e6e7-4657-91cd-360a0881d224"
    assert role["properties"]["roleName"].endswith("In-Built Role")


def test_deny_assignments_are_listed_for_whom_they_name(tmp_path: Path) -> None:
    site = Site(tmp_path, "role-denied", "")
    denies = f"{TARGET}/providers/Microsoft.Authorization/denyAssignments"
    oid = {vm: place.system.principal for vm, place in site.cloud.places.items()}
    actual = site.all(denies, **{"$filter": f"assignedTo('{oid['vm1']}')"})
    assert actual[0]["properties"]["permissions"][0]["actions"] == ["Microsoft.HybridCompute/machines/write"]
    assert site.all(denies, **{"$filter": f"assignedTo('{oid['vm2']}')"}) == []


def test_troubles_come_as_often_as_planted_and_name_their_end(tmp_path: Path) -> None:
    site = Site(tmp_path, "", troubles=[Trouble(("/virtualmachines",), 429, times=2, retry_after=3)])
    answers = [site.ask(f"{NEXUS}/virtualMachines") for _ in range(3)]
    assert [answer.status for answer in answers] == [429, 429, 200]
    assert answers[0].headers == {"Retry-After": "3"}
    assert site.ask(f"{NEXUS}/clusters").status == 200


def test_a_scope_holds_whole_segments_only() -> None:
    assert is_at_or_above(TARGET, f"{TARGET}/providers/x/y/z".upper())
    assert is_at_or_above(SUB, TARGET)
    assert not is_at_or_above(TARGET, f"{TARGET}-test")
    assert not is_at_or_above(TARGET, SUB)


def test_a_fault_reaches_no_other_vm_in_azure() -> None:
    def seen(plans: list[VmPlan]) -> list[Any]:
        cloud = Cloud.of(plans)
        place = cloud.places["vm2"]
        for_me = f"assignedTo('{place.system.principal}')"
        documents = [
            cloud.resources[i.lower()] for i in (place.vm_id, place.csn_id, place.cluster_id, place.manager_id)
        ]
        documents[1]["properties"].pop("associatedResourceIds")
        roles = [one["id"] for one in cloud.at(cloud.assignments, place.target, for_me)]
        providers = [cloud.providers[place.target_subscription, name.lower()] for name in ("Microsoft.HybridCompute",)]
        return [documents, roles, cloud.at(cloud.denies, place.target, for_me), providers, place]

    healthy = seen([VmPlan(1), VmPlan(2)])
    for fault in FAULTS.values():
        faulty = VmPlan(1)
        fault.plant(faulty)
        assert seen([faulty, VmPlan(2)]) == healthy, fault.name


# --- Entra ID


def form(**fields: str) -> bytes:
    wanted = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    return "&".join(
        f"{k}={quote(v, safe='')}" for k, v in (wanted | {"scope": f"{ARM}.default"} | fields).items()
    ).encode()


def test_the_application_signs_in_and_arm_knows_it(tmp_path: Path) -> None:
    site = Site(tmp_path, "")
    entra = Entra(site.issuer)
    configuration = entra.answer(Request("GET", f"/{docs.TENANT}/v2.0/.well-known/openid-configuration"))
    assert configuration is not None
    answer = entra.answer(Request("POST", urlsplit(configuration.body["token_endpoint"]).path, body=form()))
    assert answer is not None
    assert site.ask(NEXUS, token=answer.body["access_token"]).status == 200


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"client_secret": "wrong"}, "AADSTS7000215"),
        ({"client_id": "who"}, "AADSTS700016"),
        ({"grant_type": "password"}, "AADSTS70003"),
    ],
)
def test_wrong_login_data_is_refused(fields: dict[str, str], said: str) -> None:
    answer = Entra(Issuer()).answer(Request("POST", f"/{docs.TENANT}/oauth2/v2.0/token", body=form(**fields)))
    assert answer is not None
    assert answer.status == 401
    assert said in answer.body["error_description"]


def test_another_tenant_is_not_known() -> None:
    answer = Entra(Issuer()).answer(Request("GET", "/contoso/v2.0/.well-known/openid-configuration"))
    assert answer is not None
    assert "AADSTS90002" in answer.body["error_description"]
    assert Entra(Issuer()).answer(Request("GET", "/")) is None


# --- the metadata service's tokens


def test_a_token_is_of_the_vm_and_signed(tmp_path: Path) -> None:
    site = Site(tmp_path, "", "")
    answer, place = site.imds("vm2"), site.cloud.places["vm2"]
    claims = site.issuer.read(answer.body["access_token"])
    assert (claims["oid"], claims["appid"], claims["tid"]) == (place.system.principal, place.system.client, docs.TENANT)
    assert claims["xms_mirid"] == place.vm_id
    assert claims["aud"] == ARM
    assert {type(value) for value in answer.body.values()} == {str}
    assert answer.body["expires_on"] == str(claims["exp"])
    assert claims["exp"] - claims["iat"] == 86400 + BACKDATED
    with pytest.raises(jwt.InvalidSignatureError):
        Issuer().read(answer.body["access_token"])


def test_several_identities_want_a_selector(tmp_path: Path) -> None:
    site = Site(tmp_path, "identity-several-user-assigned", "identity-system-and-user-assigned")
    users = site.cloud.places["vm1"].users
    assert site.imds().status == 400
    for selector in ({"msi_res_id": users[1].resource.upper()}, {"client_id": users[1].client}):
        claims = site.issuer.read(site.imds(**selector).body["access_token"])
        assert claims["oid"] == users[1].principal
    assert site.imds(client_id="somebody").status == 400
    own = site.issuer.read(site.imds("vm2").body["access_token"])
    assert own["oid"] == site.cloud.places["vm2"].system.principal


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"resource": ""}, "invalid_request"),
        ({"api-version": ""}, "invalid_request"),
        ({"resource": "x y"}, "invalid_resource"),
    ],
)
def test_a_wrong_request_gets_no_token(tmp_path: Path, query: dict[str, str], error: str) -> None:
    answer = Site(tmp_path, "").imds(**query)
    assert (answer.status, answer.body["error"]) == (400, error)


@pytest.mark.parametrize(
    ("fault", "status"),
    [("no-identity", 400), ("identity-added-later", 400), ("token-service-down", 500), ("token-throttled", 429)],
)
def test_tokens_that_are_refused(tmp_path: Path, fault: str, status: int) -> None:
    assert Site(tmp_path, fault).imds().status == status


def test_tokens_that_are_wrong(tmp_path: Path) -> None:
    for fault, claim in (("token-of-another-tenant", "tid"), ("token-of-another-identity", "oid")):
        site = Site(tmp_path, fault)
        right = Site(tmp_path, "").imds().body["access_token"]
        wrong = site.imds().body["access_token"]
        claims = [jwt.decode(token, options={"verify_signature": False}) for token in (wrong, right)]
        assert claims[0][claim] != claims[1][claim]
    site = Site(tmp_path, "token-expired")
    expired = site.imds().body["access_token"]
    with pytest.raises(jwt.ExpiredSignatureError):
        site.issuer.read(expired)
    assert Site(tmp_path, "token-numbers-not-strings").imds().body["expires_in"] == 86399


def test_vms_that_have_a_fault_together_share_what_it_breaks() -> None:
    faults = ["csn-defaults-off", "cluster-updating", "provider-registering", "identity-user-assigned", "roles-missing"]
    plan = spec.parse(4, [f"vm2+vm3={','.join(faults)}", "vm4=csn-defaults-off,identity-user-assigned"], [])
    cloud = Cloud.of(plan.plans())
    first, second, third, fourth = cloud.places.values()
    for read in ("csn_id", "cluster_id", "target_subscription", "users"):
        assert getattr(second, read) == getattr(third, read)
        assert len({getattr(place, read) for place in (first, second, fourth)}) >= 2
    images = {cloud.resources[place.vm_id.lower()]["properties"]["vmImage"] for place in (second, third)}
    assert images == {"contoso.azurecr.io/vm2-image:1"}
    assert cloud.resources[second.csn_id.lower()]["properties"]["associatedResourceIds"] == [second.vm_id, third.vm_id]
    assert not cloud.may(second.users[0].principal, "Microsoft.HybridCompute/machines/write", second.target)
    assert cloud.may(fourth.users[0].principal, "Microsoft.HybridCompute/machines/write", fourth.target)
