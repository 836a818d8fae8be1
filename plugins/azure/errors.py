"""Why Azure did not answer, in one sentence, and what to do about it. Nothing here raises; no message holds a token."""

from __future__ import annotations

import json
import re
import time
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)

from plugins.azure.clouds import Cloud
from plugins.azure.snapshot import ReadError
from plugins.core.redaction import redact

__all__ = ["NotAllowedError", "arm_error", "explain", "no_login", "not_reached", "out_of_time", "says_absent"]

_SIGN_IN = (
    "Sign in with `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET for a service principal;"
    " --no-azure leaves these checks out."
)


class NotAllowedError(Exception):
    """A request that this suite never makes was about to be made."""


def explain(error: BaseException, what: str, cloud: Cloud) -> ReadError:
    """The problem with reading `what` ("the VMs of subscription 5000…")."""
    message, remedy = _explain(error, cloud)
    response = getattr(error, "response", None)
    return ReadError(
        redact(f"Could not read {what}: {message}"), redact(remedy), status=getattr(response, "status_code", None)
    )


def no_login(error: Exception, cloud: Cloud) -> ReadError:
    """The problem with getting a token, as the answer to every question."""
    if isinstance(error, ServiceRequestError | ServiceResponseError):
        message, remedy = _no_connection(error, cloud.authority)
    else:
        message, remedy = _not_signed_in(str(error), cloud)
    return ReadError(redact(f"Azure was not asked: {message}"), redact(remedy))


def not_reached(error: BaseException, cloud: Cloud) -> ReadError | None:
    """The problem with reaching Azure at all, as the answer to every question. None: it is another problem."""
    if not isinstance(error, ServiceRequestError):
        return None
    message, remedy = _no_connection(error, cloud.manager)
    return ReadError(redact(f"Azure was not reached: {message}"), redact(remedy))


def _explain(error: BaseException, cloud: Cloud) -> tuple[str, str]:
    response = getattr(error, "response", None)
    failed = response is not None and response.status_code >= 400
    if isinstance(error, HttpResponseError) and failed and _is_manager(response, cloud):
        return _answered(response, cloud)
    if isinstance(error, ClientAuthenticationError):
        return _not_signed_in(str(error.message), cloud)
    if isinstance(error, ServiceRequestTimeoutError | ServiceResponseTimeoutError):
        return f"{cloud.manager} did not answer in time.", f"See whether the runner reaches {cloud.manager}; run again."
    if isinstance(error, ServiceRequestError | ServiceResponseError):
        return _no_connection(error, cloud.manager)
    if isinstance(error, NotAllowedError):
        return str(error), ""
    return (
        f"the answer was not understood ({type(error).__name__}: {_first_line(str(error))}).",
        f"See whether something between the runner and {cloud.manager} answers in its place.",
    )


def _is_manager(response: Any, cloud: Cloud) -> bool:
    """A login that fails carries the authority's response, which is another story."""
    url = str(getattr(getattr(response, "request", None), "url", ""))
    return urlsplit(url).netloc == urlsplit(cloud.manager).netloc and "/oauth2/" not in url


# {"error": {"code": "AuthorizationFailed", "message": "The client '…' with object id '…' does not have authorization
# to perform action 'Microsoft.NetworkCloud/virtualMachines/read' over scope '/subscriptions/…' or the scope is …"}}
_ACTION = re.compile(r"perform action '(?P<action>[^']+)' over scope '(?P<scope>[^']+)'")


def arm_error(response: Any) -> tuple[str, str]:
    """The code and the message of an ARM error body; empty where there is none."""
    try:
        error = json.loads(response.text())["error"]
        return str(error.get("code") or ""), str(error.get("message") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", ""


def says_absent(error: BaseException) -> bool:
    """True when Azure says for sure that the resource does not exist. A wrong subscription or cloud is no such word."""
    response = getattr(error, "response", None)
    if response is None or response.status_code != 404:
        return False
    return arm_error(response)[0] in (
        "ResourceNotFound",
        "ResourceGroupNotFound",
        "NotFound",
        "RoleDefinitionDoesNotExist",
    )


def _answered(response: Any, cloud: Cloud) -> tuple[str, str]:
    status, (code, text) = response.status_code, arm_error(response)
    seen = f"Azure answered {status}" + (f" {code}" if code else "")
    if status == 401:
        if "tenant" in code.lower() or "wrong issuer" in text:
            return (
                f"{seen}: the login is of another tenant than the subscription.",
                "Sign in to the subscription's tenant: `az login --tenant <tenant>`.",
            )
        return f"{seen}: the login is expired or not accepted.", _SIGN_IN
    if status == 403:
        found = _ACTION.search(text)
        if not found:
            return f"{seen}: the runner's login may not read it.", "Give the runner's login the role Reader there."
        action, scope = found["action"], found["scope"]
        return (
            f"{seen}: the runner's login may not do {action} at {scope}.",
            f"Give the runner's login the role Reader at {scope}, and sign in again.",
        )
    if status == 404:
        if code == "SubscriptionNotFound":
            return (
                f"{seen}: this login sees no such subscription in {cloud.name}.",
                "Check the subscription id, the tenant that is signed in to and the cloud.",
            )
        return f"{seen}: {_first_line(text) or 'without a word that the resource does not exist'}.", "Check the id."
    if status == 429:
        wait = _retry_after(response)
        return (
            f"{seen}: it throttles the runner's requests" + (f", and asks to wait {wait} s." if wait else "."),
            f"Run again {f'in {wait} s' if wait else 'in a few minutes'}, or with fewer VMs.",
        )
    if code in ("NoRegisteredProviderFound", "InvalidApiVersionParameter", "MissingSubscriptionRegistration"):
        return (
            f"{seen}: {_first_line(text)}",
            "Register the resource provider: `az provider register --namespace <it>`.",
        )
    if status >= 500:
        return (
            f"{seen}, again and again.",
            "Run again later; https://azure.status.microsoft says whether Azure has a problem.",
        )
    return f"{seen}: {_first_line(text) or 'without a reason'}", ""


def _retry_after(response: Any) -> str:
    value = str(response.headers.get("Retry-After") or "")
    return value if value.isdigit() else ""


def _not_signed_in(text: str, cloud: Cloud) -> tuple[str, str]:
    # AADSTS7000215: Invalid client secret provided. … / DefaultAzureCredential failed to retrieve a token from …
    found = re.search(r"AADSTS\d+[^\n]*", text)
    if found:
        return f"the login failed: {found[0][:300]}", _SIGN_IN
    if "failed to retrieve a token" in text or "is not configured" in text or "No credential" in text:
        return f"the runner is not signed in to {cloud.name}.", _SIGN_IN
    return f"the login to {cloud.name} failed: {_first_line(text)}", _SIGN_IN


def _no_connection(error: BaseException, url: str) -> tuple[str, str]:
    text = str(error)
    host = urlsplit(url).hostname
    if re.search(r"certificate|SSL|TLS", text):
        return (
            f"the TLS connection to {host} failed: {_reason(text)}.",
            "If a proxy inspects TLS, point REQUESTS_CA_BUNDLE to its certificate authority; check the runner's clock.",
        )
    if re.search(r"resolve|Name or service|getaddrinfo|nodename", text):
        return f"the name {host} was not resolved.", "Check the runner's DNS, or set HTTPS_PROXY if it needs a proxy."
    if re.search(r"proxy", text, re.I):
        return (
            f"the proxy did not let the runner through to {host}: {_reason(text)}.",
            "Check HTTPS_PROXY on the runner.",
        )
    if re.search(r"timed? ?out", text, re.I):
        return f"{host} did not answer in time.", f"See whether the runner reaches https://{host}; run again."
    return f"no connection to {host}: {_reason(text)}.", f"See whether the runner reaches https://{host}."


# HTTPSConnectionPool(host='x', port=443): Max retries exceeded with url: … (Caused by SSLError(
# SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: … (_ssl.c:1006)')))
_INNER = re.compile(
    r"(?:\[SSL[^\]]*\]|\[Errno -?\d+\])\s*(?P<reason>[^'\"()]+)|(?P<tunnel>Tunnel connection failed: [^'\"()]+)"
)


def _reason(text: str) -> str:
    found = _INNER.search(text)
    reason = (found["reason"] or found["tunnel"]) if found else _first_line(text)
    return reason.strip().rstrip(".")[:200]


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0].strip()[:300]


def out_of_time(what: str, seconds: float, started: float) -> ReadError:
    """Not asked, because the limit for all requests together was reached."""
    return ReadError(
        f"Could not read {what}: the {seconds:.0f} s for all requests to Azure were over after"
        f" {time.monotonic() - started:.0f} s.",
        "Run again with fewer VMs, or see why Azure answers so slowly.",
    )
