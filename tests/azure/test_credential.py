"""The login of the runner: its name in messages, and the errors without one."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

from plugins.azure.clouds import clouds
from plugins.azure.credential import Login
from plugins.azure.errors import no_login


def token(**claims: str) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJ0.{payload}.c2ln"


class AzureCliCredential:
    """Has the name of azure-identity's class."""

    def __init__(self, text: str) -> None:
        self.text = text

    def get_token(self, *scopes: str, **more: Any) -> AccessToken:
        return AccessToken(self.text, int(time.time()) + 3600)


class Chain(AzureCliCredential):
    """A chain that keeps the credential that succeeded, like `DefaultAzureCredential`."""

    _successful_credential: object = None

    def get_token(self, *scopes: str, **more: Any) -> AccessToken:
        self._successful_credential = type("ManagedIdentityCredential", (), {})()
        return super().get_token(*scopes, **more)


OID = "b0000000-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("credential", "expected"),
    [
        (AzureCliCredential(token(oid=OID)), f"az login, object id {OID}"),
        (Chain(token(oid=OID)), f"managed identity of this machine, object id {OID}"),
        (AzureCliCredential(token(oid="<script>")), "az login"),
        (AzureCliCredential(token()), "az login"),
        (AzureCliCredential("opaque"), "az login"),
        (AzureCliCredential("a.!!!.c"), "az login"),
        (type("Other", (AzureCliCredential,), {})("opaque"), ""),
    ],
)
def test_the_login_is_named(credential: Any, expected: str) -> None:
    login = Login(lambda: credential)
    assert login.description == ""
    login.get_token("scope")
    assert login.description == expected


SIGN_IN = (
    "Sign in with `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET for a service principal;"
    " --no-azure omits these checks."
)


@pytest.mark.parametrize(
    ("problem", "message", "remedy"),
    [
        (
            ClientAuthenticationError("Authentication failed: AADSTS7000215: Invalid client secret provided.\nTrace"),
            "Azure was not queried: the login failed: AADSTS7000215: Invalid client secret provided.",
            SIGN_IN,
        ),
        (
            ClientAuthenticationError("DefaultAzureCredential failed to retrieve a token from the included ones."),
            "Azure was not queried: the runner is not signed in to AzureCloud.",
            SIGN_IN,
        ),
        (
            ValueError("Invalid value for AZURE_TOKEN_CREDENTIALS: x\nmore"),
            "Azure was not queried: the login to AzureCloud failed: Invalid value for AZURE_TOKEN_CREDENTIALS: x",
            SIGN_IN,
        ),
        (
            ServiceRequestError("[Errno 111] Connection refused"),
            "Azure was not queried: no connection to login.microsoftonline.com: Connection refused.",
            "Check the runner's connection to https://login.microsoftonline.com.",
        ),
    ],
    ids=["secret", "not-signed-in", "setting", "not-reached"],
)
def test_a_failed_login_gives_message_and_remedy(problem: Exception, message: str, remedy: str) -> None:
    error = no_login(problem, clouds()["AzureCloud"])
    assert (error.message, error.remedy) == (message, remedy)
