"""Why Azure did not answer, in one sentence, and the remedy. Nothing here raises; no message contains a token."""

from __future__ import annotations

import json
import re
import time
from typing import Any
from urllib.parse import unquote, urlsplit

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

_SIGN_IN = (
    "Sign in with `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET for a service principal;"
    " --no-azure omits these checks."
)
_CONNECT = "Connect the runner to Azure"
_OTHER_LOGIN = " To use another login, set AZURE_TOKEN_CREDENTIALS=AzureCliCredential."


class NotAllowedError(Exception):
    """A request that this suite must not send, or an answer that is longer than its limit."""


def explain(error: BaseException, subject: str, cloud: Cloud, login: str = "") -> ReadError:
    """The problem with reading `subject` ("the VMs of subscription 5000…"); `login` is that of the request."""
    message, remedy, shared_cause = _explain(error, cloud, login)
    status = getattr(getattr(error, "response", None), "status_code", None)
    return ReadError(
        redact(f"Could not read {subject}: {message}"),
        redact(remedy),
        status=status,
        shared_cause=redact(shared_cause),
        action="Give the runner the right to read Azure" if status in (401, 403) else "",
    )


def no_login(error: Exception, cloud: Cloud) -> ReadError:
    """The problem with getting a token, as the answer to every question."""
    if isinstance(error, ServiceRequestError | ServiceResponseError):
        action = _CONNECT
        message, remedy = _no_connection(error, cloud.authority)
    else:
        action = "Sign in to Azure on the runner, or skip Azure with --no-azure"
        message, remedy = _not_signed_in(str(error), cloud)
    return ReadError(redact(f"Azure was not queried: {message}"), redact(remedy), action=action)


def not_reached(error: BaseException, cloud: Cloud) -> ReadError | None:
    """The problem with reaching Azure, as the answer to every question. None: it is another problem."""
    if not isinstance(error, ServiceRequestError):
        return None
    message, remedy = _no_connection(error, cloud.manager)
    return ReadError(redact(f"Azure was not reached: {message}"), redact(remedy), action=_CONNECT)


def _explain(error: BaseException, cloud: Cloud, login: str) -> tuple[str, str, str]:
    """Message, remedy, and the cause that other missing answers share, if it is known."""
    response = getattr(error, "response", None)
    if isinstance(error, HttpResponseError) and response is not None and _is_manager(response, cloud):
        if page := _page(response):
            return *_intercepted(response, page, cloud), f"an HTML page in place of {cloud.manager}"
        if response.status_code >= 400:
            return _answered(response, cloud, login)
    if isinstance(error, ClientAuthenticationError):
        return *_not_signed_in(str(error.message), cloud), ""
    if isinstance(error, ServiceRequestTimeoutError | ServiceResponseTimeoutError):
        remedy = f"Check the runner's connection to {cloud.manager}; run again."
        return f"{cloud.manager} did not answer in time.", remedy, ""
    if isinstance(error, ServiceRequestError | ServiceResponseError):
        return *_no_connection(error, cloud.manager), ""
    if isinstance(error, NotAllowedError):
        return str(error), "", ""
    return (
        f"the answer was not understood ({type(error).__name__}: {_first_line(str(error))}).",
        f"Check whether something between the runner and {cloud.manager} answers in its place.",
        "",
    )


def _is_manager(response: Any, cloud: Cloud) -> bool:
    """Whether Azure Resource Manager sent this response: a failed login has the response of the login authority."""
    url = str(getattr(getattr(response, "request", None), "url", ""))
    return cloud.serves(url) and "/oauth2/" not in url


def _text(response: Any) -> str:
    """The body of a response; "" when it was not read, or is not text."""
    try:
        return str(response.text())
    except Exception:
        return ""


# <html><head><title>ERROR: The requested URL could not be retrieved</title>
_TITLE = re.compile(r"<title[^>]*>(?P<title>[^<]*)", re.I)


def _page(response: Any) -> str:
    """The title of an HTML page, "a page" without a title; "" for any other answer. Resource Manager sends JSON."""
    text = _text(response)[:20_000].lstrip("\ufeff \t\r\n")
    if not text.startswith("<") and "text/html" not in str(response.headers.get("Content-Type") or "").lower():
        return ""
    match = _TITLE.search(text)
    return " ".join(match["title"].split())[:100] if match and match["title"].strip() else "a page"


def _intercepted(response: Any, page: str, cloud: Cloud) -> tuple[str, str]:
    answer = f"{response.status_code} with an HTML page" + (f" ({page})" if page != "a page" else "")
    by = next((str(response.headers[name]) for name in ("Server", "Via") if response.headers.get(name)), "")
    return (
        f"the answer is {answer}, which Azure Resource Manager never sends: a proxy or firewall answered in its place"
        f"{f' (it calls itself {by[:60]})' if by else ''}.",
        f"Let the runner reach {cloud.manager} (HTTPS_PROXY, NO_PROXY, the proxy's allow list).",
    )


# {"error": {"code": "AuthorizationFailed", "message": "The client '…' with object id '…' does not have authorization
# to perform action 'Microsoft.NetworkCloud/virtualMachines/read' over scope '/subscriptions/…' or the scope is …"}}
_ACTION = re.compile(r"perform action '(?P<action>[^']+)' over scope '(?P<scope>[^']+)'")


def arm_error(response: Any) -> tuple[str, str]:
    """The code and the message of an ARM error body; empty where there is none."""
    try:
        error = json.loads(_text(response))["error"]
        return str(error.get("code") or ""), str(error.get("message") or "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "", ""


def says_absent(error: BaseException) -> bool:
    """True when Azure states that the resource does not exist; an unknown subscription or cloud does not count."""
    response = getattr(error, "response", None)
    if response is None or response.status_code != 404:
        return False
    return arm_error(response)[0] in (
        "ResourceNotFound",
        "ResourceGroupNotFound",
        "NotFound",
        "RoleDefinitionDoesNotExist",
    )


# No registered resource provider found for location 'eastus' and API version '2018-07-02' for type 'machines'. The
# supported api-versions are '2018-07-01, 2018-03-01-preview'. The supported locations are 'eastus, westus'.
_SUPPORTED = re.compile(r"supported (?:api-)?versions? (?:are|is) ?:? ?'?(?P<versions>[^'.]*)", re.I)
_VERSION = re.compile(r"\d{4}-\d\d-\d\d(?:-\w+)?")
_VERSION_CODES = (
    "NoRegisteredProviderFound",
    "InvalidApiVersionParameter",
    "InvalidResourceType",
    "UnsupportedApiVersion",
)


def version_refused(error: BaseException, version: str) -> list[str] | None:
    """The API versions that Azure names in place of the refused `version`; None: another error, or none."""
    response = getattr(error, "response", None)
    if response is None or response.status_code not in (400, 404):
        return None
    code, text = arm_error(response)
    supported = _supported(text)
    # With `version` among them, the problem is the location or the registration.
    return supported if code in _VERSION_CODES and version not in supported else None


def _supported(text: str) -> list[str]:
    match = _SUPPORTED.search(text)
    return _VERSION.findall(match["versions"]) if match else []


def _answered(response: Any, cloud: Cloud, login: str) -> tuple[str, str, str]:
    """Message, remedy and shared cause for an answer of Azure Resource Manager of 400 and above."""
    status, (code, text) = response.status_code, arm_error(response)
    answer = f"Azure answered {status}" + (f" {code}" if code else "")
    reason = _first_line(text)
    if status == 401:
        return *_unauthorized(answer, code, text), f"{status} {code}"
    if status == 403:
        return _forbidden(answer, code, text, login)
    if status == 407:
        return (
            f"{status}: the proxy between the runner and {cloud.manager} requires a login.",
            "Put user name and password into HTTPS_PROXY on the runner.",
            "the proxy requires a login",
        )
    if status == 429:
        return _throttled(answer, str(response.headers.get("Retry-After")))
    namespace, subscription = _place(response)
    if code == "SubscriptionNotFound":
        return (
            f"{answer}: this login finds no such subscription in {cloud.name}.",
            "Check the subscription id, the tenant of the login, and the cloud.",
            f"no subscription {subscription}",
        )
    if code == "MissingSubscriptionRegistration":
        match = re.search(r"namespace '([\w.]+)'", text)
        register = _register(match[1] if match else namespace, subscription)
        return f"{answer}: {reason}", f"Register the resource provider: {register}", ""
    if code in _VERSION_CODES:
        return *_not_offered(answer, code, reason, namespace, subscription, cloud), ""
    if code == "InvalidResourceNamespace":
        return f"{answer}: {reason}", f"Check that {cloud.name} offers {namespace}, and that the id is right.", ""
    if status == 404:
        return (
            f"{answer}: {reason or 'the answer does not state that the resource does not exist'}.",
            "Check the id.",
            "",
        )
    if status >= 500:
        return (
            f"{answer} to every attempt.",
            "Run again later; https://azure.status.microsoft shows whether Azure has a problem.",
            "",
        )
    return f"{answer}: {reason or 'without a reason'}", "", ""


def _throttled(answer: str, retry_after: str) -> tuple[str, str, str]:
    wait = retry_after if retry_after.isdigit() else ""
    return (
        f"{answer}: it throttles the runner's requests" + (f", and asks to wait {wait} s." if wait else "."),
        f"Run again {f'in {wait} s' if wait else 'in a few minutes'}, or with fewer VMs.",
        "Azure throttles the runner's requests",
    )


def _unauthorized(answer: str, code: str, text: str) -> tuple[str, str]:
    if "tenant" in code.lower() or "wrong issuer" in text:
        return (
            f"{answer}: the login belongs to another tenant than the subscription.",
            "Sign in to the subscription's tenant: `az login --tenant <tenant>`.",
        )
    return f"{answer}: the login has expired or is not accepted.", _SIGN_IN


def _forbidden(answer: str, code: str, text: str, login: str) -> tuple[str, str, str]:
    """A 403. A right that is missing below one scope is one cause, for all resources."""
    account = f" ({login})" if login else ""
    if code.startswith("RequestDisallowed"):
        return f"{answer}: {_first_line(text)}", "Ask the owner of the policy to allow it.", ""
    match = _ACTION.search(text)
    if not match:
        reason = f" Azure says: {_first_line(text)}" if text else ""
        without = "" if code else " The answer has no error of Azure in it, so a proxy may have sent it."
        return (
            f"{answer}: the runner's login{account} may not read it.{reason}{without}",
            f"Give it the role Reader there.{_OTHER_LOGIN}",
            "",
        )
    action, scope = match["action"], match["scope"]
    group = re.match(r"(/subscriptions/[^/]+(?:/resourceGroups/[^/]+)?)", scope, re.I)
    where = group[1] if group else scope
    return (
        f"{answer}: the runner's login{account} lacks {action} at {scope}.",
        f"Give the runner's login the role Reader at {where}, and sign in again.{_OTHER_LOGIN}",
        f"the runner's login may not read {where.lower()}",
    )


def _not_offered(
    answer: str, code: str, reason: str, namespace: str, subscription: str, cloud: Cloud
) -> tuple[str, str]:
    """Azure offers no API version that is known here, or not the location or the type."""
    supported = _supported(reason)
    if supported:
        return (
            f"{answer}: {reason}",
            f"This suite knows none of the versions of {namespace} that are offered there ({', '.join(supported[:5])}):"
            " use a newer version of it.",
        )
    return (
        f"{answer}: {reason}",
        f"Check that {namespace} is offered in {cloud.name} and in the region, and that it is registered: "
        f"{_register(namespace, subscription)}",
    )


def _register(namespace: str, subscription: str) -> str:
    return f"az provider register --namespace {namespace} --subscription {subscription}"


def _place(response: Any) -> tuple[str, str]:
    """The resource provider and the subscription that a request was about, as its URL names them."""
    url = unquote(str(getattr(getattr(response, "request", None), "url", "")))
    namespaces = re.findall(r"/providers/([A-Za-z][\w.]+)", url)
    match = re.search(r"/subscriptions/([0-9A-Za-z-]+)", url)
    return (namespaces[-1] if namespaces else "the resource provider"), (match[1] if match else "ID")


def _not_signed_in(text: str, cloud: Cloud) -> tuple[str, str]:
    # AADSTS7000215: Invalid client secret provided. … / DefaultAzureCredential failed to retrieve a token from …
    match = re.search(r"AADSTS\d+[^\n]*", text)
    if match:
        return f"the login failed: {match[0][:300]}", _SIGN_IN
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
            f"the proxy refused the runner's connection to {host}: {_reason(text)}.",
            "Check HTTPS_PROXY on the runner.",
        )
    if re.search(r"timed? ?out", text, re.I):
        return f"{host} did not answer in time.", f"Check the runner's connection to https://{host}; run again."
    return f"no connection to {host}: {_reason(text)}.", f"Check the runner's connection to https://{host}."


# HTTPSConnectionPool(host='x', port=443): Max retries exceeded with url: … (Caused by SSLError(
# SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: … (_ssl.c:1006)')))
_INNER = re.compile(
    r"(?:\[SSL[^\]]*\]|\[Errno -?\d+\])\s*(?P<reason>[^'\"()]+)|(?P<tunnel>Tunnel connection failed: [^'\"()]+)"
)


def _reason(text: str) -> str:
    match = _INNER.search(text)
    reason = (match["reason"] or match["tunnel"]) if match else _first_line(text)
    return reason.strip().rstrip(".")[:200]


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0].strip()[:300]


def out_of_time(subject: str, seconds: float, started: float) -> ReadError:
    """The error for a request that was not sent, because the time limit of all requests was reached."""
    return ReadError(
        f"Could not read {subject}: the time limit for all requests to Azure, {seconds:.0f} s, was reached after"
        f" {time.monotonic() - started:.0f} s.",
        "Run again with fewer VMs, or find out why Azure answers so slowly.",
    )
