"""Reads Azure Resource Manager with the official SDKs: read only, with limited retries, each request recorded."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any, Literal

from azure.core.credentials import TokenCredential
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import (
    BearerTokenCredentialPolicy,
    ContentDecodePolicy,
    HeadersPolicy,
    ProxyPolicy,
    RequestIdPolicy,
    UserAgentPolicy,
)
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest

from plugins.azure import resource_ids as ids
from plugins.azure.answer_size import AnswerSize
from plugins.azure.api_versions import ApiVersions
from plugins.azure.clouds import Cloud
from plugins.azure.credential import Login
from plugins.azure.errors import explain, no_login, not_reached, out_of_time, says_absent, version_refused
from plugins.azure.normalize import in_shape
from plugins.azure.pipeline import ReadOnlyPolicy, RecordPolicy, RetriesInTime, WholePagesPolicy, readable
from plugins.azure.snapshot import Answer, Call, ReadError, without_secrets
from plugins.core.worker_pool import WorkerPool

#: The collections of Microsoft.NetworkCloud that are read, by their names in the SDK.
Kind = Literal["virtual_machines", "clusters", "cluster_managers", "cloud_services_networks"]

_NEXUS, _HYBRID = "Microsoft.NetworkCloud", "Microsoft.HybridCompute"
_IDENTITY, _ROLES, _PROVIDERS = "Microsoft.ManagedIdentity", "Microsoft.Authorization", "Microsoft.Resources"


class ArmClient:
    """One cloud's Resource Manager. Every question returns an `Answer` or a `ReadError`; none raises.

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
        self._answered = False  # True once Azure has answered: it can be reached
        self._transport = RequestsTransport(connection_timeout=10, read_timeout=30)
        self._transport.open()
        self._size = AnswerSize()
        self._transport.session.hooks["response"].append(self._size.read)
        self._versions = ApiVersions()
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._lock = threading.Lock()
        #: Of the question that this thread asks: .url of its first request, .sent requests, .pages: it asks for a list.
        self._here = threading.local()
        self._problem: ReadError | None = None

    def __enter__(self) -> ArmClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.close()

    def sign_in(self, team: WorkerPool) -> None:
        """Get the token before many threads need it. Without a token, this problem is the answer to every question."""
        (self._problem,) = team.ask([self._sign_in], lambda number: self._login_late())

    def _sign_in(self) -> ReadError | None:
        try:
            self._login.get_token(self.cloud.scope)
        except Exception as error:  # a credential may raise anything: its sources are other programs
            return no_login(error, self.cloud)
        return None

    def _login_late(self) -> ReadError:
        if self._cancelled():
            return self.late("anything of Azure")
        return ReadError(
            f"The login to Azure did not finish within {time.monotonic() - self._started:.0f} s.",
            "Run 'az account get-access-token' to see why, or skip Azure: --no-azure.",
        )

    def late(self, subject: str) -> ReadError:
        """The error for a request that was not answered in time."""
        if self._cancelled():
            return ReadError(f"Could not read {subject}: the run was interrupted.", "Run again.")
        return out_of_time(subject, self._seconds, self._started)

    # --- questions

    def resource(self, kind: Kind, id: str) -> Answer | ReadError:
        """One resource of Microsoft.NetworkCloud."""
        arm = ids.parse(id)
        return self._ask(
            f"the {kind.replace('_', ' ').removesuffix('s')} {arm.name}",
            _NEXUS,
            arm.subscription,
            lambda sdk, limit: _of(id, getattr(sdk, kind).get(arm.resource_group, arm.name, timeout=limit).as_dict()),
        )

    def listed(self, kind: Kind, subscription: str, group: str | None = None) -> Answer | ReadError:
        """All resources of a kind in a subscription, or in one resource group of it: a list."""

        def read(sdk: Any, limit: float) -> list[Any]:
            of_kind = getattr(sdk, kind)
            if group:
                return _dicts(of_kind.list_by_resource_group(group, timeout=limit))
            return _dicts(of_kind.list_by_subscription(timeout=limit))

        where = f"resource group {group}" if group else f"subscription {subscription}"
        return self._ask(f"the {kind.replace('_', ' ')} of {where}", _NEXUS, subscription, read, pages=True)

    def machines(self, group: str) -> Answer | ReadError:
        """The Arc machines of a resource group: a list. None when the group does not exist."""
        _, _, subscription, _, name = group.split("/")
        return self._ask(
            f"the Arc machines of {group}",
            _HYBRID,
            subscription,
            lambda sdk, limit: _dicts(sdk.machines.list_by_resource_group(name, timeout=limit)),
            pages=True,
        )

    def machine(self, group: str, name: str) -> Answer | ReadError:
        """One Arc machine of a resource group."""
        _, _, subscription, _, group_name = group.split("/")
        return self._ask(
            f"the Arc machine {name} of {group}",
            _HYBRID,
            subscription,
            lambda sdk, limit: _of(
                f"{group}/providers/{_HYBRID}/machines/{name}",
                sdk.machines.get(group_name, name, timeout=limit).as_dict(),
            ),
        )

    def provider(self, subscription: str, namespace: str) -> Answer | ReadError:
        """The registration of a resource provider."""
        path = f"{ids.subscription_scope(subscription)}/providers/{namespace}"
        return self._ask(
            f"the resource provider {namespace} of subscription {subscription}",
            _PROVIDERS,
            subscription,
            lambda sdk, limit: _registration(self._get(sdk, path, _PROVIDERS, subscription, limit)),
        )

    def identity(self, id: str) -> Answer | ReadError:
        """A user-assigned identity."""
        arm = ids.parse(id)
        return self._ask(
            f"the user-assigned identity {arm.name}",
            _IDENTITY,
            arm.subscription,
            lambda sdk, limit: _of(id, self._get(sdk, id, _IDENTITY, arm.subscription, limit)),
        )

    def assignments(self, scope: str, principal: str | None = None) -> Answer | ReadError:
        """The role assignments at a scope and above: all, or those that reach a principal, through groups too."""
        only = f"atScope() and assignedTo('{principal}')" if principal else "atScope()"
        return self._ask(
            f"the role assignments {f'of {principal} ' if principal else ''}at {scope}",
            _ROLES,
            scope.split("/")[2],
            lambda sdk, limit: _serialized(
                sdk.role_assignments.list_for_scope(scope.lstrip("/"), filter=only, timeout=limit)
            ),
            pages=True,
        )

    def denies(self, scope: str) -> Answer | ReadError:
        """The deny assignments at a scope and above: a list."""
        return self._ask(
            f"the deny assignments at {scope}",
            _ROLES,
            scope.split("/")[2],
            lambda sdk, limit: _serialized(
                sdk.deny_assignments.list_for_scope(scope.lstrip("/"), filter="atScope()", timeout=limit)
            ),
            pages=True,
        )

    def definition(self, role_id: str, scope: str) -> Answer | ReadError:
        """A role definition, by the id that an assignment at `scope` names."""
        return self._ask(
            f"the role definition {ids.last(role_id)}",
            _ROLES,
            scope.split("/")[2],
            lambda sdk, limit: sdk.role_definitions.get_by_id(role_id.lstrip("/"), timeout=limit).serialize(
                keep_readonly=True
            ),
        )

    # --- asking

    def _ask(
        self,
        subject: str,
        namespace: str,
        subscription: str,
        question: Callable[[Any, float], Any],
        *,
        pages: bool = False,
    ) -> Answer | ReadError:
        """Send a question; any failure becomes the answer. `question` takes the SDK's client and its time limit.

        `pages`: it asks for a list. A list of which a later page does not exist is not one that does not exist.
        """
        while True:
            if self._problem:
                return self._problem
            left = self._started + self._seconds - time.monotonic()
            if left <= 0 or self._cancelled():
                return self.late(subject)
            self._here.url, self._here.sent, self._here.pages = None, 0, pages
            self._size.begin()
            version = self._versions.current(namespace, subscription)
            try:
                value = question(self._client(namespace, subscription, version), left)
                return Answer(self._request(), in_shape(without_secrets(value)))
            except Exception as error:  # any failure becomes a message of a check
                if says_absent(error) and self._here.sent < 2:
                    return Answer(self._request(), None)
                supported = version_refused(error, version)
                if supported is not None and self._versions.refuse(namespace, subscription, version, supported):
                    continue
                problem = explain(error, subject, self.cloud, self._login.description)
                if not self._answered and (everything := not_reached(error, self.cloud)):
                    self._problem = problem = everything
                return replace(problem, request=self._request())

    def _record(self, call: Call) -> None:
        self._answered = self._answered or call.status is not None
        self._record_call(call)

    def _request(self) -> str:
        return f"GET {readable(self._here.url)}" if self._here.url else ""

    def _sent(self, url: str) -> None:
        self._here.url = self._here.url or url
        self._here.sent += 1

    def _get(self, sdk: Any, path: str, namespace: str, subscription: str, limit: float) -> Any:
        """A GET without a method in the SDKs, through the pipeline of one of them."""
        version = self._versions.current(namespace, subscription)
        request = HttpRequest("GET", f"{self.cloud.manager}{path}", params={"api-version": version})
        response = sdk.send_request(request, timeout=limit)
        if response.status_code != 200:
            raise HttpResponseError(response=response)
        return response.json()

    # --- clients: one of each per subscription and API version, all over one transport

    def _client(self, namespace: str, subscription: str, version: str) -> Any:
        """Import an SDK when it is needed: that takes a second."""
        if namespace in (_PROVIDERS, _IDENTITY):  # `_get` states the version itself
            namespace, version = _NEXUS, self._versions.current(_NEXUS, subscription)
        with self._lock:
            key = (namespace, subscription.lower(), version)
            if key not in self._clients:
                self._clients[key] = _sdk(namespace)(
                    self._login,
                    subscription,
                    api_version=version,
                    base_url=self.cloud.manager,
                    credential_scopes=[self.cloud.scope],
                    policies=self._policies(),
                    transport=self._transport,
                )
            return self._clients[key]

    def _policies(self) -> list[Any]:
        """A separate pipeline for each client: policies are chained to each other."""
        return [
            ReadOnlyPolicy(self.cloud, self._sent),
            WholePagesPolicy(lambda: self._here.pages),
            RequestIdPolicy(),
            HeadersPolicy({"Accept": "application/json"}),
            UserAgentPolicy("nexus-arc-readiness"),
            ProxyPolicy(),
            ContentDecodePolicy(),
            RetriesInTime(),
            BearerTokenCredentialPolicy(self._login, self.cloud.scope),
            RecordPolicy(self._record),
        ]


def _sdk(namespace: str) -> Callable[..., Any]:
    if namespace == _NEXUS:
        from azure.mgmt.networkcloud import NetworkCloudMgmtClient

        return NetworkCloudMgmtClient
    if namespace == _HYBRID:
        from azure.mgmt.hybridcompute import HybridComputeManagementClient

        return HybridComputeManagementClient
    from azure.mgmt.authorization import AuthorizationManagementClient

    return AuthorizationManagementClient


def _registration(provider: Mapping[str, Any]) -> dict[str, Any]:
    """A provider without the hundred kilobytes about capabilities, zones and profiles of its types."""
    types = provider.get("resourceTypes") or []
    kept = ("resourceType", "apiVersions", "locations")
    return {
        "namespace": provider.get("namespace"),
        "registrationState": provider.get("registrationState"),
        "resourceTypes": [
            {name: resource_type[name] for name in kept if name in resource_type} for resource_type in types
        ],
    }


def _of(id: str, resource: Any) -> Any:
    """The resource. Raises ValueError when it is not the one with this id: a cache may answer with another one."""
    found = resource.get("id") if isinstance(resource, Mapping) else None
    if not isinstance(found, str) or not ids.same(found, id):
        raise ValueError(f"expected the resource {id}, found {found!r:.200}")
    return resource


def _dicts(items: Iterable[Any]) -> list[Mapping[str, Any]]:
    return [item.as_dict() for item in items]


def _serialized(items: Iterable[Any]) -> list[Mapping[str, Any]]:
    """The models of azure-mgmt-authorization come from an older generator, and serialize differently."""
    return [item.serialize(keep_readonly=True) for item in items]
