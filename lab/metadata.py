"""The stand-in of the metadata service: a VM's sidecar, with its tokens."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

from lab.cloud_model import Identity, Place
from lab.messages import Answer, Request
from lab.plan import VmPlan
from lab.tokens import Issuer

#: Longer than every time limit in the documentation.
SLOW_SECONDS = 5.0

#: How long a managed identity's token is valid.
TOKEN_SECONDS = 86400

_SELECTORS = {"client_id": "client", "object_id": "principal", "msi_res_id": "resource", "mi_res_id": "resource"}


def metadata_answer(request: Request, plan: VmPlan, place: Place, issuer: Issuer) -> Answer:
    """The answer of a VM's metadata service to a request."""
    path, behaviour = request.path, plan.imds
    delay = SLOW_SECONDS if behaviour == "slow" else 0.0
    if behaviour == "503":
        return Answer(503, {"error": "service_unavailable"})
    if request.headers.get("metadata", "").lower() != "true":
        return Answer(400, {"error": "bad_request_102", "error_description": "Required metadata header not specified"})
    if path == "/healthz":
        return Answer(200, {"status": "healthy"}, delay)
    if path.startswith("/metadata/instance") and behaviour == "azure-vm":
        return Answer(200, {"name": "azure-vm", "provider": "Microsoft.Compute", "location": "eastus"}, delay)
    if path.startswith("/metadata/identity/oauth2/token"):
        answer = _token(request, plan, place, issuer)
        return Answer(answer.status, answer.body, delay, answer.headers)
    return Answer(404, {"error": "not_found"}, delay)


def _token(request: Request, plan: VmPlan, place: Place, issuer: Issuer) -> Answer:
    azure, query = plan.azure, request.query
    if azure.token_error:
        status, body = azure.token_error
        return Answer(status, body, headers={"Retry-After": "1"} if status == 429 else {})
    if "api-version" not in query:
        return _refused("The request is missing the parameter api-version.")
    if "resource" not in query:
        return _refused("The request is missing the parameter resource.")
    if not re.fullmatch(r"https://[\w.-]+/?", query["resource"]):
        return Answer(400, {"error": "invalid_resource", "error_description": "AADSTS500011: not a resource"})
    names = azure.token_identities
    if names is None:
        names = ["system"] * azure.system_identity + [user.name for user in place.users]
    identity = _chosen([one for one in (place.system, *place.users) if one.name in names], query)
    if identity is None:
        return _refused("Identity not found")
    claims = {"xms_mirid": identity.resource} | azure.token_claims
    token, body = issuer.issue(
        query["resource"], identity.principal, identity.client, TOKEN_SECONDS, azure.token_age, **claims
    )
    until = int(body["exp"])
    answer = {
        "access_token": token,
        "client_id": identity.client,
        "expires_in": str(int(until - time.time())),
        "expires_on": str(until),
        "ext_expires_in": str(TOKEN_SECONDS - 1),
        "not_before": str(body["nbf"]),
        "resource": query["resource"],
        "token_type": "Bearer",
    } | azure.token_answer
    return Answer(200, {name: value for name, value in answer.items() if value is not None})


def _chosen(identities: Sequence[Identity], query: Any) -> Identity | None:
    """The identity that a request selects, else the system-assigned one, else the only one."""
    for name, attribute in _SELECTORS.items():
        if name in query:
            wanted = query[name].lower()
            return next((one for one in identities if getattr(one, attribute).lower() == wanted), None)
    system = [one for one in identities if one.name == "system"]
    candidates = system or list(identities)
    return candidates[0] if len(candidates) == 1 else None


def _refused(why: str) -> Answer:
    return Answer(400, {"error": "invalid_request", "error_description": why})
