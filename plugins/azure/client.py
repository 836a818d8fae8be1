"""Asking Azure Resource Manager, by the official SDKs: read only, with retries that end, and a note of each request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from azure.core.credentials import TokenCredential
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import (
    BearerTokenCredentialPolicy,
    ContentDecodePolicy,
    HeadersPolicy,
    HTTPPolicy,
    ProxyPolicy,
    RequestIdPolicy,
    RetryPolicy,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest

from plugins.azure import resource_ids as ids
from plugins.azure.clouds import Cloud
from plugins.azure.credential import Login
from plugins.azure.errors import NotAllowedError, explain, no_login, not_reached, out_of_time, says_absent
from plugins.azure.normalize import in_shape
from plugins.azure.snapshot import Answer, Call, ReadError, without_secrets
from plugins.core.redaction import redact
from plugins.core.worker_pool import WorkerPool

__all__ = ["ArmClient", "Kind", "readable"]

#: The collections of Microsoft.NetworkCloud that are read, as the SDK calls them.
Kind = Literal["virtual_machines", "clusters", "cluster_managers", "cloud_services_networks"]

#: The first general version with identities of VMs; the SDK's own default is newer than some regions.
NEXUS_API = "2025-09-01"
PROVIDERS_API = "2021-04-01"
IDENTITY_API = "2024-11-30"
HYBRID_API = "2026-07-15"
ROLES_API = "2022-04-01"  # the first that shows conditions

_TRIES = 4  # after the first
_LONGEST_PAUSE = 20  # seconds between tries, when Azure does not say how long


class _ReadOnlyPolicy(SansIOHTTPPolicy[Any, Any]):
    """Only GET, only to this cloud's Resource Manager: a run changes nothing, and a token goes nowhere else.

    The SDKs would register a missing resource provider by themselves, and follow a nextLink wherever it points.
    """

    def __init__(self, cloud: Cloud, on_first: Callable[[str], None]) -> None:
        self._host = urlsplit(cloud.manager).netloc
        self._on_first = on_first

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Let it pass, or raise."""
        method, url = request.http_request.method, request.http_request.url
        if method != "GET" or urlsplit(url).netloc != self._host or urlsplit(url).scheme != "https":
            raise NotAllowedError(f"this suite only sends GET to https://{self._host}, not {method} {readable(url)}.")
        self._on_first(url)


class _Retry(RetryPolicy[Any, Any]):
    """The SDK's retries, except that a Retry-After beyond the time that is left is not slept through."""

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        """As the SDK decides."""
        wait = self.get_retry_after(response)
        return not (wait and wait > settings["timeout"]) and bool(super().is_retry(settings, response))


class _Recorder(HTTPPolicy[Any, Any]):
    """Notes each request that leaves, retries included."""

    def __init__(self, record: Callable[[Call], None]) -> None:
        super().__init__()
        self._record = record

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send on, and note how it ended."""
        status = None
        try:
            response = self.next.send(request)
            status = response.http_response.status_code
            return response
        finally:
            self._record(Call(request.http_request.method, readable(request.http_request.url), status))


def readable(url: str) -> str:
    """A URL for people: ``$filter=atScope() and …`` without percent signs, and nothing secret in it."""
    return redact(unquote(url))


class ArmClient:
    """One cloud's Resource Manager. Every question returns an `Answer` or an `ReadError`; none raises.

    Safe to use from several threads.
    """

    def __init__(
        self,
        cloud: Cloud,
        credential: Callable[[Cloud], TokenCredential],
        *,
        seconds: float,
        record: Callable[[Call], None],
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self.cloud = cloud
        self._login = Login(partial(credential, cloud))
        self._seconds = seconds
        self._started = time.monotonic()
        self._record_call = record
        self._cancelled = cancelled
        self._answered = False  # Azure answered something, ever: then it can be reached
        self._transport = RequestsTransport(connection_timeout=10, read_timeout=30)
        self._transport.open()
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()
        self._here = threading.local()  # .url: the first request of the question that this thread asks
        self._problem: ReadError | None = None

    def __enter__(self) -> ArmClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.close()

    def sign_in(self, team: WorkerPool) -> None:
        """Get the token before many threads want one. Without one, every question has that problem as its answer."""
        (self._problem,) = team.ask([self._sign_in], lambda number: self._login_late())

    def _sign_in(self) -> ReadError | None:
        try:
            self._login.get_token(self.cloud.scope)
        except Exception as error:  # a credential may fail in any way: its sources are other programs
            return no_login(error, self.cloud)
        return None

    def _login_late(self) -> ReadError:
        if self._cancelled():
            return self.late("anything of Azure")
        return ReadError(
            f"The login to Azure did not come to an end within {time.monotonic() - self._started:.0f} s.",
            "See what hangs with 'az account get-access-token', or leave Azure out: --no-azure.",
        )

    def late(self, what: str) -> ReadError:
        """What to say of a question that was not answered in time."""
        if self._cancelled():
            return ReadError(f"Could not read {what}: the run was interrupted.", "Run again.")
        return out_of_time(what, self._seconds, self._started)

    # --- questions

    def resource(self, kind: Kind, id: str) -> Answer | ReadError:
        """One resource of Microsoft.NetworkCloud."""
        arm = ids.parse(id)
        what = f"the {kind.replace('_', ' ').removesuffix('s')} {arm.name}"
        return self._ask(
            what,
            lambda limit: (
                self._nexus(arm.subscription, kind).get(arm.resource_group, arm.name, timeout=limit).as_dict()
            ),
        )

    def in_subscription(self, kind: Kind, subscription: str) -> Answer | ReadError:
        """All resources of a kind in a subscription: a list."""
        what = f"the {kind.replace('_', ' ')} of subscription {subscription}"
        return self._ask(
            what, lambda limit: _dicts(self._nexus(subscription, kind).list_by_subscription(timeout=limit))
        )

    def in_group(self, kind: Kind, subscription: str, group: str) -> Answer | ReadError:
        """All resources of a kind in a resource group: a list."""
        what = f"the {kind.replace('_', ' ')} of resource group {group}"
        return self._ask(
            what, lambda limit: _dicts(self._nexus(subscription, kind).list_by_resource_group(group, timeout=limit))
        )

    def machines(self, group: str) -> Answer | ReadError:
        """The Arc machines of a resource group: a list. None when the group does not exist."""
        _, _, subscription, _, name = group.split("/")
        return self._ask(
            f"the Arc machines of {group}",
            lambda limit: _dicts(self._hybrid(subscription).machines.list_by_resource_group(name, timeout=limit)),
        )

    def provider(self, subscription: str, namespace: str) -> Answer | ReadError:
        """The registration of a resource provider."""
        path = f"{ids.subscription_scope(subscription)}/providers/{namespace}"
        return self._ask(
            f"the resource provider {namespace} of subscription {subscription}",
            lambda limit: _registration(self._raw(subscription, path, PROVIDERS_API, limit)),
        )

    def identity(self, id: str) -> Answer | ReadError:
        """A user-assigned identity."""
        what = f"the user-assigned identity {ids.parse(id).name}"
        return self._ask(what, lambda limit: self._raw(ids.parse(id).subscription, id, IDENTITY_API, limit))

    def assignments(self, scope: str, principal: str | None = None) -> Answer | ReadError:
        """The role assignments at a scope and above: all, or those that reach a principal, through groups too."""
        only = f"atScope() and assignedTo('{principal}')" if principal else "atScope()"
        return self._ask(
            f"the role assignments {f'of {principal} ' if principal else ''}at {scope}",
            lambda limit: _serialized(
                self._roles(scope).role_assignments.list_for_scope(scope.lstrip("/"), filter=only, timeout=limit)
            ),
        )

    def denies(self, scope: str) -> Answer | ReadError:
        """The deny assignments at a scope and above: a list."""
        return self._ask(
            f"the deny assignments at {scope}",
            lambda limit: _serialized(
                self._roles(scope).deny_assignments.list_for_scope(scope.lstrip("/"), filter="atScope()", timeout=limit)
            ),
        )

    def definition(self, role_id: str, scope: str) -> Answer | ReadError:
        """A role definition, by the id that an assignment at `scope` names."""
        return self._ask(
            f"the role definition {ids.last(role_id)}",
            lambda limit: (
                self._roles(scope)
                .role_definitions.get_by_id(role_id.lstrip("/"), timeout=limit)
                .serialize(keep_readonly=True)
            ),
        )

    # --- asking

    def _ask(self, what: str, question: Callable[[float], Any]) -> Answer | ReadError:
        """Ask; whatever goes wrong becomes the answer."""
        if self._problem:
            return self._problem
        left = self._started + self._seconds - time.monotonic()
        if left <= 0 or self._cancelled():
            return self.late(what)
        self._here.url = None
        try:
            value = question(left)
            return Answer(self._request(), in_shape(without_secrets(value)))
        except Exception as error:  # a check has to say what happened, whatever it was
            if says_absent(error):
                return Answer(self._request(), None)
            problem = explain(error, what, self.cloud)
            if not self._answered and (everything := not_reached(error, self.cloud)):
                self._problem = problem = everything
            return replace(problem, request=self._request())

    def _record(self, call: Call) -> None:
        self._answered = self._answered or call.status is not None
        self._record_call(call)

    def _request(self) -> str:
        return f"GET {readable(self._here.url)}" if self._here.url else ""

    def _first(self, url: str) -> None:
        if self._here.url is None:
            self._here.url = url

    def _raw(self, subscription: str, path: str, version: str, limit: float) -> Any:
        """A GET that no SDK in use has a method for, through the pipeline of one."""
        request = HttpRequest("GET", f"{self.cloud.manager}{path}", params={"api-version": version})
        response = self._client("nexus", subscription).send_request(request, timeout=limit)
        if response.status_code != 200:
            raise HttpResponseError(response=response)
        return response.json()

    # --- clients: one of each per subscription, all over one transport

    def _nexus(self, subscription: str, kind: Kind) -> Any:
        return getattr(self._client("nexus", subscription), kind)

    def _hybrid(self, subscription: str) -> Any:
        return self._client("hybrid", subscription)

    def _roles(self, scope: str) -> Any:
        return self._client("roles", scope.split("/")[2])

    def _client(self, sdk: Literal["nexus", "hybrid", "roles"], subscription: str) -> Any:
        """Importing an SDK takes a second, so it waits until it is needed."""
        with self._lock:
            key = (sdk, subscription.lower())
            if key not in self._clients:
                common: dict[str, Any] = {
                    "base_url": self.cloud.manager,
                    "credential_scopes": [self.cloud.scope],
                    "policies": self._policies(),
                    "transport": self._transport,
                }
                made: Any
                if sdk == "nexus":
                    from azure.mgmt.networkcloud import NetworkCloudMgmtClient

                    made = NetworkCloudMgmtClient(self._login, subscription, api_version=NEXUS_API, **common)
                elif sdk == "hybrid":
                    from azure.mgmt.hybridcompute import HybridComputeManagementClient

                    made = HybridComputeManagementClient(self._login, subscription, api_version=HYBRID_API, **common)
                else:
                    from azure.mgmt.authorization import AuthorizationManagementClient

                    made = AuthorizationManagementClient(self._login, subscription, api_version=ROLES_API, **common)
                self._clients[key] = made
            return self._clients[key]

    def _policies(self) -> list[Any]:
        """A pipeline of its own for each client: policies are chained to each other."""
        return [
            _ReadOnlyPolicy(self.cloud, self._first),
            RequestIdPolicy(),
            HeadersPolicy({"Accept": "application/json"}),
            UserAgentPolicy("nexus-arc-readiness"),
            ProxyPolicy(),
            ContentDecodePolicy(),
            _Retry(
                retry_total=_TRIES,
                retry_status=_TRIES,
                retry_connect=2,
                retry_read=2,
                retry_backoff_max=_LONGEST_PAUSE,
            ),
            BearerTokenCredentialPolicy(self._login, self.cloud.scope),
            _Recorder(self._record),
        ]


def _registration(provider: Mapping[str, Any]) -> dict[str, Any]:
    """A provider without the hundred kilobytes about capabilities, zones and profiles of its types."""
    types = provider.get("resourceTypes") or []
    kept = ("resourceType", "apiVersions", "locations")
    return {
        "namespace": provider.get("namespace"),
        "registrationState": provider.get("registrationState"),
        "resourceTypes": [{name: each[name] for name in kept if name in each} for each in types],
    }


def _dicts(items: Iterable[Any]) -> list[Mapping[str, Any]]:
    return [item.as_dict() for item in items]


def _serialized(items: Iterable[Any]) -> list[Mapping[str, Any]]:
    """The models of azure-mgmt-authorization are of an older make."""
    return [item.serialize(keep_readonly=True) for item in items]
