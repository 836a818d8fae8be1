"""Which login of the runner a message names."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from azure.core.credentials import AccessToken

from plugins.azure.credential import Login


def token(**claims: str) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJ0.{payload}.c2ln"


class AzureCliCredential:
    """Of the name that azure-identity gives it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def get_token(self, *scopes: str, **more: Any) -> AccessToken:
        return AccessToken(self.text, int(time.time()) + 3600)


class Chain(AzureCliCredential):
    """A chain that keeps what answered, as `DefaultAzureCredential` does."""

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
