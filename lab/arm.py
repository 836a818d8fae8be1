"""The stand-in of Azure Resource Manager: it answers the requests of the Azure SDKs about a `Cloud`.

It behaves as ARM does where clients have bugs: no answer without a token, small pages with `nextLink`, ids in any case,
roles that are enforced, errors in ARM's wording.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jwt

from lab import cloud_docs as docs
from lab import role_docs
from lab.azure_plan import Trouble
from lab.cloud_model import Cloud
from lab.messages import Answer, Request
from lab.tokens import Issuer

#: Items per page. Real pages are larger; these are small so that even a small lab detects a client that reads only one.
PAGE, MOST_PAGES = 3, 20

HOST = "https://management.azure.com"


def error(status: int, code: str, message: str, **headers: str) -> Answer:
    """An error in ARM's format."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"error": {"code": code, "message": message}}, headers=named)


_GROUP = r"/subscriptions/(?P<sub>[^/]+)(?:/resourcegroups/(?P<rg>[^/]+))?"
_AUTHORIZATION = re.compile(
    r"(?P<scope>.*)/providers/microsoft\.authorization/(?P<what>roleassignments|denyassignments|roledefinitions)"
    r"(?:/(?P<name>[^/]+))?",
    re.IGNORECASE,
)
_PROVIDERS = re.compile(r"/subscriptions/(?P<sub>[^/]+)/providers(?:/(?P<name>[^/]+))?", re.IGNORECASE)
_SUBSCRIPTION = re.compile(
    r"/subscriptions/(?P<sub>[^/]+)(?P<groups>/resourcegroups(?:/(?P<rg>[^/]+))?)?", re.IGNORECASE
)
_RESOURCE = re.compile(_GROUP + r"/providers/(?P<kind>[^/]+/[^/]+)(?:/(?P<name>[^/]+))?", re.IGNORECASE)


@dataclass(slots=True)
class _Planted:
    trouble: Trouble
    words: list[str]
    left: int | None  # how often it still occurs; None = always


class Arm:
    """ARM over one `Cloud`. Thread-safe."""

    def __init__(self, cloud: Cloud, issuer: Issuer, troubles: Mapping[str, Sequence[Trouble]], log: Path) -> None:
        """`troubles` are by VM; `log` gets one line of JSON for every request."""
        self._cloud = cloud
        self._issuer = issuer
        self._log = log
        self._lock = threading.Lock()
        self._troubles = [
            _Planted(trouble, _words(trouble, cloud, vm), trouble.times)
            for vm, some in troubles.items()
            for trouble in some
        ]

    def answer(self, request: Request) -> Answer:
        """Answer a request, and log it."""
        path = request.path.rstrip("/")
        with self._lock:
            claims = self._claims(request)
            answer = self._joined(request, path) or self._checked(request, path, claims)
            error = answer.body.get("error")
            row = {
                "method": request.method,
                "path": path,
                "query": dict(request.query),
                "status": answer.status,
                "principal": claims.get("oid") if claims else None,
                "write": request.method not in ("GET", "HEAD", "OPTIONS"),
                "error": error.get("code") if isinstance(error, Mapping) else None,
            }
            with self._log.open("a", encoding="utf-8") as log:
                log.write(json.dumps(row) + "\n")
        return answer

    def _joined(self, request: Request, path: str) -> Answer | None:
        """The lab's own request, by which `azcmagent connect existing` proves its key; the real one is not public."""
        machine, _, verb = path.lower().rpartition("/")
        if request.method != "POST" or verb != "joined":
            return None
        key = self._cloud.keys.get(machine)
        if key is None or json.loads(request.body).get("key") != key:
            return error(403, "AuthorizationFailed", "The key is not the one that the machine was made with.")
        self._cloud.resources[machine]["properties"]["status"] = "Connected"
        return Answer(200, self._cloud.resources[machine])

    def _claims(self, request: Request) -> Mapping[str, Any] | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            return self._issuer.read(token)
        except jwt.InvalidTokenError as wrong:
            return {"wrong": str(wrong)}

    def _checked(self, request: Request, path: str, claims: Mapping[str, Any] | None) -> Answer:
        if "api-version" not in request.query:
            return error(
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.",
            )
        if claims is None or "wrong" in claims:
            wrong = claims["wrong"] if claims else "The 'Authorization' header is missing."
            code = "InvalidAuthenticationToken" if claims else "AuthenticationFailed"
            challenge = (
                f'Bearer authorization_uri="https://login.microsoftonline.com/{docs.TENANT}", error="invalid_token",'
                ' error_description="The authentication failed."'
            )
            return error(401, code, f"Authentication failed. {wrong}", WWW_Authenticate=challenge)
        action, scope = _action(request.method, path)
        forbidden = error(
            403,
            "AuthorizationFailed",
            f"The client '{claims['appid']}' with object id '{claims['oid']}' does not have authorization to"
            f" perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently"
            " granted, please refresh your credentials.",
        )
        if trouble := self._trouble(path):
            return forbidden if trouble.status == 403 and action else trouble
        if action and not self._cloud.may(str(claims["oid"]), action, scope):
            return forbidden
        if path.lower() == "/subscriptions":
            return self._page(request, [_subscription(one) for one in self._cloud.subscriptions_of(str(claims["oid"]))])
        return self._routed(request, path)

    def _trouble(self, path: str) -> Answer | None:
        for planted in self._troubles:
            trouble = planted.trouble
            if planted.left == 0 or not all(word in path.lower() for word in planted.words):
                continue
            if planted.left is not None:
                planted.left -= 1
            if trouble.status == 429:
                message = "The request was throttled. Please retry after the time in the Retry-After header."
                return error(429, "TooManyRequests", message, Retry_After=str(trouble.retry_after))
            if trouble.status == 403:
                return error(
                    403, "AuthorizationFailed", "The client does not have authorization to perform this action."
                )
            if trouble.status == 404:
                return error(404, "ResourceNotFound", "The Resource was not found.")
            return error(trouble.status, "InternalServerError", "The request failed. Please try again later.")
        return None

    def _routed(self, request: Request, path: str) -> Answer:
        """Answer by the first route that matches the path; specific routes come first."""
        cloud = self._cloud
        if path.lower() == "/tenants":
            return self._page(request, [{"id": f"/tenants/{docs.TENANT}", "tenantId": docs.TENANT}])
        routes: list[tuple[re.Pattern[str], Callable[[Request, str, Mapping[str, str | None]], Answer]]] = [
            (_AUTHORIZATION, self._authorization),
            (_RESOURCE, self._resource),
            (_PROVIDERS, self._provider),
            (_SUBSCRIPTION, self._groups),
        ]
        for pattern, route in routes:
            if match := pattern.fullmatch(path):
                subscription = match.groupdict().get("sub")
                if subscription and subscription.lower() not in cloud.subscriptions():
                    message = f"The subscription '{subscription}' could not be found."
                    return error(404, "SubscriptionNotFound", message)
                return route(request, path, match.groupdict())
        return error(404, "InvalidResourceType", f"The resource path '{path}' is not known here.")

    def _authorization(self, request: Request, path: str, parts: Mapping[str, str | None]) -> Answer:
        scope, what, name = parts["scope"] or "", str(parts["what"]).lower(), parts["name"]
        if request.method != "GET":
            return error(405, "MethodNotAllowed", "The lab's roles are planted, not assigned.")
        if what == "roledefinitions":
            subscription = scope.split("/")[2] if scope.lower().startswith("/subscriptions/") else docs.SUBSCRIPTION
            if name:
                role = self._cloud.role_definition(name, subscription)
                missing = f"The specified role definition with ID '{name}' does not exist."
                return Answer(200, role) if role else error(404, "RoleDefinitionDoesNotExist", missing)
            return self._page(request, [role_docs.role_definition(key, subscription) for key in role_docs.ROLES])
        listed = self._cloud.assignments if what == "roleassignments" else self._cloud.denies
        if name:
            first = next((one for one in listed if one["id"].lower() == path.lower()), None)
            missing = f"The assignment '{name}' is not found."
            return Answer(200, first) if first else error(404, "RoleAssignmentNotFound", missing)
        return self._page(request, self._cloud.at(listed, scope, request.query.get("$filter", "")))

    def _provider(self, request: Request, path: str, parts: Mapping[str, str | None]) -> Answer:
        subscription, name = str(parts["sub"]).lower(), parts["name"]
        if not name:
            return self._page(request, [one for (sub, _), one in self._cloud.providers.items() if sub == subscription])
        provider = self._cloud.providers.get((subscription, name.lower()))
        missing = f"The resource namespace '{name}' is invalid."
        return Answer(200, provider) if provider else error(404, "InvalidResourceNamespace", missing)

    def _groups(self, request: Request, path: str, parts: Mapping[str, str | None]) -> Answer:
        subscription, name = str(parts["sub"]), parts["rg"]
        if not parts["groups"]:
            return Answer(200, _subscription(subscription.lower()))
        groups = [
            {
                "id": docs.group_id(subscription, group),
                "name": group,
                "type": "Microsoft.Resources/resourceGroups",
                "location": "eastus",
                "properties": {"provisioningState": "Succeeded"},
            }
            for group in self._cloud.resource_groups(subscription)
        ]
        if not name:
            return self._page(request, groups)
        first = next((one for one in groups if str(one["name"]).lower() == name.lower()), None)
        return Answer(200, first) if first else _no_group(name)

    def _resource(self, request: Request, path: str, parts: Mapping[str, str | None]) -> Answer:
        group, name, kind = parts["rg"], parts["name"], str(parts["kind"])
        if refusal := self._version(request, str(parts["sub"]), kind):
            return refusal
        groups = [one.lower() for one in self._cloud.resource_groups(str(parts["sub"]))]
        if group and group.lower() not in groups:
            return _no_group(group)
        if not name:
            scope = path[: path.lower().index("/providers/")]
            return self._page(request, self._cloud.below(scope, kind))
        resource = self._cloud.resources.get(path.lower())
        match request.method:
            case "PUT":
                return self._write(path, request.body, resource)
            case "DELETE":
                self._cloud.resources.pop(path.lower(), None)
                return Answer(200 if resource else 204, {})
            case "GET" if resource:
                return Answer(200, resource)
            case "GET":
                return error(
                    404,
                    "ResourceNotFound",
                    f"The Resource '{kind}/{name}' under resource group '{group}' was not found. For more details"
                    " please go to https://aka.ms/ARMResourceNotFoundFix",
                )
            case method:
                return error(405, "MethodNotAllowed", f"The lab does not take {method} here.")

    def _version(self, request: Request, subscription: str, kind: str) -> Answer | None:
        """ARM's error for an API version that the provider of Arc machines does not offer."""
        namespace, _, type_name = kind.partition("/")
        provider = self._cloud.providers.get((subscription.lower(), namespace.lower()))
        if provider is None or namespace.lower() != "microsoft.hybridcompute":
            return None
        types = {str(one["resourceType"]).lower(): one["apiVersions"] for one in provider["resourceTypes"]}
        offered: list[str] = types.get(type_name.lower(), [])
        version = request.query["api-version"]
        if not offered or version in offered:
            return None
        return error(
            400,
            "NoRegisteredProviderFound",
            f"No registered resource provider found for location 'eastus' and API version '{version}' for type"
            f" '{type_name}'. The supported api-versions are '{', '.join(offered)}'. The supported locations are"
            " 'eastus'.",
        )

    def _write(self, path: str, body: bytes, existing: docs.Document | None) -> Answer:
        """Create or replace an Arc machine; other resources are read-only in the lab."""
        if "/microsoft.hybridcompute/machines/" not in path.lower():
            return error(405, "MethodNotAllowed", "Only Arc machines can be written in the lab.")
        try:
            wanted = json.loads(body or b"{}")
        except ValueError:
            return error(400, "InvalidRequestContent", "The request content was invalid and could not be deserialized.")
        subscription = path.split("/")[2].lower()
        registered = self._cloud.providers[subscription, "microsoft.hybridcompute"]["registrationState"]
        if registered != "Registered":
            message = "The subscription is not registered to use namespace 'Microsoft.HybridCompute'."
            return error(409, "MissingSubscriptionRegistration", f"{message} See https://aka.ms/rps for how to.")
        properties = wanted.get("properties", {})
        machine = docs.arc_machine(path, str(properties.get("vmId", "")), "", "")
        self._cloud.resources[path.lower()] = machine
        return Answer(200 if existing else 201, machine)

    def _page(self, request: Request, items: Sequence[Any]) -> Answer:
        """One page of a list, with a link to the next one."""
        size = max(PAGE, -(-len(items) // MOST_PAGES))
        start = int(request.query.get("$skiptoken", "0"))
        body: dict[str, Any] = {"value": list(items[start : start + size])}
        if start + size < len(items):
            query = dict(request.query) | {"$skiptoken": str(start + size)}
            words = "&".join(f"{quote(name, safe='$')}={quote(value, safe='')}" for name, value in query.items())
            body["nextLink"] = f"{HOST}{quote(request.path)}?{words}"
        return Answer(200, body)


def _subscription(subscription: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription}",
        "subscriptionId": subscription,
        "tenantId": docs.TENANT,
        "displayName": "Lab",
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
    }


def _no_group(name: str) -> Answer:
    return error(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")


def _words(trouble: Trouble, cloud: Cloud, vm: str) -> list[str]:
    place = cloud.places[vm]
    names = {"subscription": place.subscription, "target": place.target_subscription, "vm": place.vm}
    return [word.format(**names).lower() for word in trouble.words]


def _action(method: str, path: str) -> tuple[str, str]:
    """The action that a request needs and its scope; empty for what every caller may read."""
    verb = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}.get(method, "action")
    if match := _RESOURCE.fullmatch(path):
        kind = match["kind"]
        scope = path if match["name"] else path[: path.lower().index("/providers/")]
        return f"{kind}/{verb}", scope
    if match := _AUTHORIZATION.fullmatch(path):
        return f"Microsoft.Authorization/{match['what']}/{verb}", match["scope"] or "/"
    return "", ""
