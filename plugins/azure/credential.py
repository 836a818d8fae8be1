"""The runner's own login to Azure, by azure-identity: environment, workload identity, managed identity, az login."""

from __future__ import annotations

import base64
import json
import logging
import re
import threading
import time
from collections.abc import Callable
from typing import Any

from azure.core.credentials import AccessToken, TokenCredential

from plugins.azure.clouds import Cloud

#: The logins of `DefaultAzureCredential`, by the names that operators know.
_KINDS = {
    "EnvironmentCredential": "AZURE_CLIENT_ID of the environment",
    "WorkloadIdentityCredential": "workload identity",
    "ManagedIdentityCredential": "managed identity of this machine",
    "AzureCliCredential": "az login",
    "AzurePowerShellCredential": "Connect-AzAccount",
    "AzureDeveloperCliCredential": "azd auth login",
    "VisualStudioCodeCredential": "Visual Studio Code",
}

# The SDKs warn about each login that fails; our own message reports it. The log level DEBUG still shows it.
logging.getLogger("azure").addHandler(logging.NullHandler())

_MARGIN = 300  # seconds: a token that expires sooner is replaced


def default_credential(cloud: Cloud) -> TokenCredential:
    """The first credential that this runner has, in the order of docs/azure.md."""
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential(
        authority=cloud.authority,
        exclude_interactive_browser_credential=True,
        disable_instance_discovery=True,  # the authority is from our own table: no discovery needed
    )


class Login:
    """A credential that gets one token for all clients: `az` takes a second for each."""

    def __init__(self, make: Callable[[], TokenCredential]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._credential: TokenCredential | None = None
        self._token: AccessToken | None = None

    @property
    def description(self) -> str:
        """The login of the token: "az login, object id b000…"; "" when not known."""
        credential, token = self._credential, self._token  # without the lock, which a hanging login holds
        # The chain's choice is a private attribute, which a future version may lack.
        chosen = getattr(credential, "_successful_credential", None) or credential
        kind = _KINDS.get(type(chosen).__name__, "")
        principal = _object_id(token.token) if token else ""
        return ", ".join(filter(None, (kind, f"object id {principal}" if principal else "")))

    def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **kwargs: Any,
    ) -> AccessToken:
        """A token that is valid for some more minutes."""
        with self._lock:
            if self._credential is None:
                self._credential = self._make()
            if claims or self._token is None or self._token.expires_on - time.time() < _MARGIN:
                self._token = self._credential.get_token(*scopes, claims=claims, tenant_id=tenant_id, **kwargs)
            return self._token


def _object_id(token: str) -> str:
    """The ``oid`` claim of an access token; "" without one. Nothing is verified here."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        object_id = str(claims.get("oid") or "")
    except (IndexError, ValueError, AttributeError):
        return ""
    return object_id if re.fullmatch(r"[0-9A-Fa-f-]{36}", object_id) else ""
