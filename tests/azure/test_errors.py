"""Errors of requests to Azure: every message and remedy as a whole."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import (
    HttpResponseError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
)

from plugins.azure.clouds import clouds
from plugins.azure.errors import (
    NotAllowedError,
    arm_error,
    explain,
    not_reached,
    out_of_time,
    says_absent,
    version_refused,
)

CLOUD = clouds()["AzureCloud"]


SUBSCRIPTION = "123e4567-e89b-12d3-a456-426655440000"


GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/resourceGroupName"


MACHINES = f"{CLOUD.manager}{GROUP}/providers/Microsoft.HybridCompute/machines?api-version=2026-07-15"


SIGN_IN = (
    "Sign in with `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET for a service principal;"
    " --no-azure omits these checks."
)


OTHER = " To use another login, set AZURE_TOKEN_CREDENTIALS=AzureCliCredential."


@dataclass
class Request:
    url: str = MACHINES


@dataclass
class Response:
    """The part of azure-core's response that explains an error."""

    status_code: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    request: Request = field(default_factory=Request)
    reason: str = ""

    def text(self) -> str:
        return self.body


def answer(status: int, code: str = "", message: str = "", url: str = MACHINES, **headers: str) -> HttpResponseError:
    body = json.dumps({"error": {"code": code, "message": message}}) if code else ""
    return error(Response(status, body, {name.replace("_", "-"): text for name, text in headers.items()}, Request(url)))


def error(response: Any) -> HttpResponseError:
    """An error as the SDKs raise it; its own message is not shown."""
    problem = HttpResponseError("The SDK's own words")
    problem.response = response
    return problem


NO_VERSION = (
    "No registered resource provider found for location 'eastus2' and API version '2026-07-15' for type 'machines'. The "
    "supported api-versions are '{}'. The supported locations are 'eastus, westeurope'."
)

FORBIDDEN = (
    "The client 'reader' with object id 'b0000000-0000-4000-8000-000000000001' does not have authorization to perform "
    f"action 'Microsoft.NetworkCloud/clusters/read' over scope '{GROUP}/providers/Microsoft.NetworkCloud/clusters/c' or "
    "the scope is invalid. If access was recently granted, please refresh your credentials."
)

SQUID = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01//EN">\n<html><head>\n<title>ERROR: The requested URL could not be '
    "retrieved</title></head><body>Access Denied.</body></html>"
)

#: error, message after "Could not read it: ", remedy
CASES: list[Any] = [
    pytest.param(
        answer(401, "ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than now."),
        "Azure answered 401 ExpiredAuthenticationToken: the login has expired or is not accepted.",
        SIGN_IN,
        id="expired",
    ),
    *(
        pytest.param(
            answer(401, code, text),
            f"Azure answered 401 {code}: the login belongs to another tenant than the subscription.",
            "Sign in to the subscription's tenant: `az login --tenant <tenant>`.",
            id=f"tenant by {by}",
        )
        for by, code, text in (
            ("both", "InvalidAuthenticationTokenTenant", "The access token is from the wrong issuer 'https://sts…'."),
            ("code", "InvalidAuthenticationTokenTenant", "x"),
            ("text", "InvalidAuthenticationToken", "The access token is from the wrong issuer 'https://sts…'."),
        )
    ),
    pytest.param(
        answer(403, "AuthorizationFailed", FORBIDDEN),
        "Azure answered 403 AuthorizationFailed: the runner's login (az login, object id b0) lacks "
        f"Microsoft.NetworkCloud/clusters/read at {GROUP}/providers/Microsoft.NetworkCloud/clusters/c.",
        f"Give the runner's login the role Reader at {GROUP}, and sign in again.{OTHER}",
        id="forbidden",
    ),
    pytest.param(
        answer(403, "LinkedAuthorizationFailed", "The client has permission, however not on the linked scope."),
        "Azure answered 403 LinkedAuthorizationFailed: the runner's login (az login, object id b0) may not read it. "
        "Azure says: The client has permission, however not on the linked scope.",
        f"Give it the role Reader there.{OTHER}",
        id="linked",
    ),
    pytest.param(
        answer(403),
        "Azure answered 403: the runner's login (az login, object id b0) may not read it. The answer has no error of "
        "Azure in it, so a proxy may have sent it.",
        f"Give it the role Reader there.{OTHER}",
        id="403-empty",
    ),
    pytest.param(
        answer(403, "RequestDisallowedByPolicy", "Resource 'x' was disallowed by policy."),
        "Azure answered 403 RequestDisallowedByPolicy: Resource 'x' was disallowed by policy.",
        "Ask the owner of the policy to allow it.",
        id="policy",
    ),
    pytest.param(
        error(Response(403, SQUID, {"Content-Type": "text/html;charset=utf-8", "Server": "squid/5.7"})),
        "the answer is 403 with an HTML page (ERROR: The requested URL could not be retrieved), which Azure Resource "
        "Manager never sends: a proxy or firewall answered in its place (it calls itself squid/5.7).",
        "Let the runner reach https://management.azure.com (HTTPS_PROXY, NO_PROXY, the proxy's allow list).",
        id="squid",
    ),
    pytest.param(
        error(Response(200, "\ufeff\n <HTML>Please accept our terms</HTML>", {"Via": "1.1 wsa.example"})),
        "the answer is 200 with an HTML page, which Azure Resource Manager never sends: a proxy or firewall answered in "
        "its place (it calls itself 1.1 wsa.example).",
        "Let the runner reach https://management.azure.com (HTTPS_PROXY, NO_PROXY, the proxy's allow list).",
        id="captive-portal",
    ),
    pytest.param(
        error(Response(502, "", {"Content-Type": "text/html"})),
        "the answer is 502 with an HTML page, which Azure Resource Manager never sends: a proxy or firewall answered in "
        "its place.",
        "Let the runner reach https://management.azure.com (HTTPS_PROXY, NO_PROXY, the proxy's allow list).",
        id="502-html",
    ),
    pytest.param(
        answer(404, "SubscriptionNotFound", "The subscription '1' could not be found."),
        "Azure answered 404 SubscriptionNotFound: this login finds no such subscription in AzureCloud.",
        "Check the subscription id, the tenant of the login, and the cloud.",
        id="subscription",
    ),
    pytest.param(
        answer(404),
        "Azure answered 404: the answer does not state that the resource does not exist.",
        "Check the id.",
        id="404-empty",
    ),
    pytest.param(
        answer(404, "InvalidResourceType", "The resource type could not be found in the namespace 'Microsoft.X'."),
        "Azure answered 404 InvalidResourceType: The resource type could not be found in the namespace 'Microsoft.X'.",
        "Check that Microsoft.HybridCompute is offered in AzureCloud and in the region, and that it is registered: az "
        f"provider register --namespace Microsoft.HybridCompute --subscription {SUBSCRIPTION}",
        id="type",
    ),
    pytest.param(
        answer(400, "NoRegisteredProviderFound", NO_VERSION.format("2021-05-20, 2020-08-02")),
        "Azure answered 400 NoRegisteredProviderFound: " + NO_VERSION.format("2021-05-20, 2020-08-02"),
        "This suite knows none of the versions of Microsoft.HybridCompute that are offered there (2021-05-20, "
        "2020-08-02): use a newer version of it.",
        id="no-version",
    ),
    pytest.param(
        answer(400, "NoRegisteredProviderFound", "No registered resource provider found for type 'machines'."),
        "Azure answered 400 NoRegisteredProviderFound: No registered resource provider found for type 'machines'.",
        "Check that Microsoft.HybridCompute is offered in AzureCloud and in the region, and that it is registered: az "
        f"provider register --namespace Microsoft.HybridCompute --subscription {SUBSCRIPTION}",
        id="not-registered",
    ),
    pytest.param(
        answer(
            409, "MissingSubscriptionRegistration", "The subscription is not registered to use namespace 'Microsoft.Z'."
        ),
        "Azure answered 409 MissingSubscriptionRegistration: The subscription is not registered to use namespace "
        "'Microsoft.Z'.",
        f"Register the resource provider: az provider register --namespace Microsoft.Z --subscription {SUBSCRIPTION}",
        id="missing-registration",
    ),
    pytest.param(
        answer(404, "InvalidResourceNamespace", "The resource namespace 'Microsoft.HybridCompute' is invalid."),
        "Azure answered 404 InvalidResourceNamespace: The resource namespace 'Microsoft.HybridCompute' is invalid.",
        "Check that AzureCloud offers Microsoft.HybridCompute, and that the id is right.",
        id="namespace",
    ),
    pytest.param(
        answer(407),
        "407: the proxy between the runner and https://management.azure.com requires a login.",
        "Put user name and password into HTTPS_PROXY on the runner.",
        id="407",
    ),
    pytest.param(
        answer(409, "ReadOnlyDisabledSubscription", "The subscription is disabled."),
        "Azure answered 409 ReadOnlyDisabledSubscription: The subscription is disabled.",
        "",
        id="disabled",
    ),
    pytest.param(
        answer(429, "TooManyRequests", "The request was throttled.", Retry_After="7200"),
        "Azure answered 429 TooManyRequests: it throttles the runner's requests, and asks to wait 7200 s.",
        "Run again in 7200 s, or with fewer VMs.",
        id="throttled",
    ),
    pytest.param(
        answer(429, "SubscriptionRequestsThrottled", "Too many.", Retry_After="Wed, 21 Oct 2026 07:28:00 GMT"),
        "Azure answered 429 SubscriptionRequestsThrottled: it throttles the runner's requests.",
        "Run again in a few minutes, or with fewer VMs.",
        id="throttled-for-unknown-time",
    ),
    pytest.param(
        answer(503, "ServerTimeout", "The request timed out."),
        "Azure answered 503 ServerTimeout to every attempt.",
        "Run again later; https://azure.status.microsoft shows whether Azure has a problem.",
        id="503",
    ),
    pytest.param(NotAllowedError("this suite only sends GET."), "this suite only sends GET.", "", id="not-allowed"),
    pytest.param(
        ServiceRequestTimeoutError("slow"),
        "https://management.azure.com did not answer in time.",
        "Check the runner's connection to https://management.azure.com; run again.",
        id="too-slow",
    ),
    pytest.param(
        ServiceResponseError("Connection aborted.\nmore"),
        "no connection to management.azure.com: Connection aborted.",
        "Check the runner's connection to https://management.azure.com.",
        id="aborted",
    ),
    pytest.param(
        ServiceRequestError("Cannot connect to proxy: Tunnel connection failed: 403 Forbidden')"),
        "the proxy refused the runner's connection to management.azure.com: Tunnel connection failed: 403 Forbidden.",
        "Check HTTPS_PROXY on the runner.",
        id="proxy",
    ),
    pytest.param(
        ServiceRequestError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed (_ssl.c:1006)"),
        "the TLS connection to management.azure.com failed: certificate verify failed: self-signed.",
        "If a proxy inspects TLS, point REQUESTS_CA_BUNDLE to its certificate authority; check the runner's clock.",
        id="tls",
    ),
    pytest.param(
        ServiceRequestError("Failed to resolve 'management.azure.com' ([Errno -2] Name or service not known)"),
        "the name management.azure.com was not resolved.",
        "Check the runner's DNS, or set HTTPS_PROXY if it needs a proxy.",
        id="dns",
    ),
    pytest.param(
        ServiceRequestError("Connection to management.azure.com timed out."),
        "management.azure.com did not answer in time.",
        "Check the runner's connection to https://management.azure.com; run again.",
        id="connect-timeout",
    ),
    pytest.param(
        KeyError("value"),
        "the answer was not understood (KeyError: 'value').",
        "Check whether something between the runner and https://management.azure.com answers in its place.",
        id="not-understood",
    ),
]


@pytest.mark.parametrize(("problem", "message", "remedy"), CASES)
def test_an_error_answer_gives_message_and_remedy(problem: Exception, message: str, remedy: str) -> None:
    error = explain(problem, "it", CLOUD, "az login, object id b0")
    assert (error.message, error.remedy) == (f"Could not read it: {message}", remedy)


def test_a_secret_in_an_answer_is_not_repeated() -> None:
    problem = explain(answer(400, "Odd", "http://user:hunter22222@proxy:1 refused"), "it", CLOUD)
    assert "hunter22222" not in problem.message
    assert problem.message.startswith("Could not read it: Azure answered 400 Odd: http://<secret:")


def test_a_connection_that_was_never_made_is_everyones_problem() -> None:
    problem = not_reached(ServiceRequestError("[Errno 111] Connection refused"), CLOUD)
    assert problem is not None
    assert problem.message == "Azure was not reached: no connection to management.azure.com: Connection refused."
    assert not_reached(answer(403), CLOUD) is None


def test_all_requests_together_took_too_long() -> None:
    problem = out_of_time("the clusters", 300.0, time.monotonic() - 301)
    assert (
        problem.message
        == "Could not read the clusters: the time limit for all requests to Azure, 300 s, was reached after 301 s."
    )
    assert problem.remedy == "Run again with fewer VMs, or find out why Azure answers so slowly."


def test_answers_that_miss_the_same_right_share_an_obstacle() -> None:
    """A missing right on a resource group is one root cause for all requests there."""
    manager = FORBIDDEN.replace("clusters", "clusterManagers").replace("resourceGroupName", "RESOURCEGROUPNAME")
    one, other = (explain(answer(403, "AuthorizationFailed", text), "it", CLOUD) for text in (FORBIDDEN, manager))
    assert one.message != other.message
    assert one.shared_cause == other.shared_cause == f"the runner's login may not read {GROUP.lower()}"
    elsewhere = explain(answer(403, "AuthorizationFailed", FORBIDDEN.replace("resourceGroupName", "vms")), "it", CLOUD)
    assert elsewhere.shared_cause != one.shared_cause


READ = "Give the runner the right to read Azure"


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (answer(401, "ExpiredAuthenticationToken", "x"), (401, "401 ExpiredAuthenticationToken", READ)),
        (answer(403), (403, "", READ)),
        (answer(404), (404, "", "")),
        (error(Response(200, SQUID)), (200, "an HTML page in place of https://management.azure.com", "")),
        (ServiceRequestError("x"), (None, "", "")),
    ],
)
def test_an_error_answer_gives_status_shared_cause_and_action(
    problem: Exception, expected: tuple[int | None, str, str]
) -> None:
    answer_read = explain(problem, "it", CLOUD)
    assert (answer_read.status, answer_read.shared_cause, answer_read.action) == expected


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (answer(404, "ResourceNotFound"), True),
        (answer(404, "ResourceGroupNotFound"), True),
        (answer(404, "RoleDefinitionDoesNotExist"), True),
        (answer(404, "ParentResourceNotFound"), False),
        (answer(404, "SubscriptionNotFound"), False),
        (answer(404), False),
        (answer(403, "ResourceNotFound"), False),
        (ValueError(), False),
    ],
)
def test_only_azures_own_word_makes_a_resource_absent(problem: Exception, expected: bool) -> None:
    assert says_absent(problem) is expected


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (answer(400, "NoRegisteredProviderFound", NO_VERSION.format("2024-07-10, 2025-01-13")), ["2024-07-10", "2025-01-13"]),
        (
            answer(400, "InvalidApiVersionParameter", "The api-version '1' is invalid. The supported versions are '2024-07-10,2021-01-01-preview'."),
            ["2024-07-10", "2021-01-01-preview"],
        ),
        (answer(404, "InvalidResourceType", "The resource type could not be found for api version '2026-07-15'."), []),
        # The version is offered, so the location is the problem.
        (answer(400, "NoRegisteredProviderFound", NO_VERSION.format("2026-07-15, 2025-01-13")), None),
        (answer(404, "ResourceNotFound"), None),
        (answer(403, "NoRegisteredProviderFound"), None),
        (ValueError(), None),
    ],
)  # fmt: skip
def test_a_refused_api_version_and_what_is_offered_instead(problem: Exception, expected: list[str] | None) -> None:
    assert version_refused(problem, "2026-07-15") == expected


@pytest.mark.parametrize("problem", [UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"), RuntimeError("not read")])
def test_an_answer_whose_text_cannot_be_had_is_explained_by_its_status(problem: Exception) -> None:
    def text() -> str:
        raise problem

    response = SimpleNamespace(status_code=500, headers={}, text=text, request=Request(), reason="Internal")
    assert (
        explain(error(response), "the VMs", CLOUD).message
        == "Could not read the VMs: Azure answered 500 to every attempt."
    )


def test_an_error_that_is_nested_too_deep_has_no_words() -> None:
    assert arm_error(SimpleNamespace(text=lambda: "[" * 100_000)) == ("", "")
