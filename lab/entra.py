"""The stand-in of Microsoft Entra ID: MSAL's requests when an application signs in with a secret."""

from __future__ import annotations

from urllib.parse import parse_qs

from lab import cloud_docs as docs
from lab.cloud_model import CLIENT_ID, CLIENT_PRINCIPAL, CLIENT_SECRET
from lab.messages import Answer, Request
from lab.tokens import Issuer

HOST = "login.microsoftonline.com"

#: How long an application's token is valid.
SECONDS = 3599


class Entra:
    """Signs in only COMMAND's application."""

    def __init__(self, issuer: Issuer) -> None:
        """`issuer`: the one that ARM trusts."""
        self._issuer = issuer

    def answer(self, request: Request) -> Answer | None:
        """The answer to a request; None for an unknown request."""
        path = request.path.rstrip("/").lower()
        tenant = path.split("/")[1] if path else ""
        if path.endswith("/discovery/instance"):
            return Answer(200, _instances())
        if tenant not in (docs.TENANT, "common", "organizations"):
            known = path.endswith(("/.well-known/openid-configuration", "/token"))
            message = f"AADSTS90002: Tenant '{tenant}' not found."
            return Answer(400, {"error": "invalid_tenant", "error_description": message}) if known else None
        if path.endswith("/.well-known/openid-configuration"):
            return Answer(200, _configuration())
        if path.endswith("/discovery/v2.0/keys"):
            return Answer(200, self._issuer.public_keys())
        if path.endswith(("/oauth2/v2.0/token", "/oauth2/token")) and request.method == "POST":
            return self._token({name: values[0] for name, values in parse_qs(request.body.decode()).items()})
        return None

    def _token(self, form: dict[str, str]) -> Answer:
        if form.get("grant_type") != "client_credentials":
            return _refused("unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.")
        if form.get("client_id") != CLIENT_ID:
            name = form.get("client_id", "")
            return _refused("unauthorized_client", f"AADSTS700016: Application with identifier '{name}' was not found.")
        if form.get("client_secret") != CLIENT_SECRET:
            return _refused("invalid_client", "AADSTS7000215: Invalid client secret provided.")
        audience = form.get("resource") or form.get("scope", "").removesuffix(".default").removesuffix("/")
        token, _ = self._issuer.issue(audience, CLIENT_PRINCIPAL, CLIENT_ID, SECONDS, appidacr="1")
        life = {"expires_in": SECONDS, "ext_expires_in": SECONDS}
        return Answer(200, {"token_type": "Bearer", **life, "access_token": token})


def _refused(code: str, message: str) -> Answer:
    return Answer(401, {"error": code, "error_description": message})


def _instances() -> dict[str, object]:
    aliases = [HOST, "login.windows.net", "login.microsoft.com", "sts.windows.net"]
    return {
        "tenant_discovery_endpoint": f"https://{HOST}/{docs.TENANT}/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [{"preferred_network": HOST, "preferred_cache": "login.windows.net", "aliases": aliases}],
    }


def _configuration() -> dict[str, object]:
    base = f"https://{HOST}/{docs.TENANT}"
    return {
        "issuer": f"{base}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "response_types_supported": ["code", "id_token"],
        "subject_types_supported": ["pairwise"],
        "tenant_region_scope": "NA",
        "cloud_instance_name": "microsoftonline.com",
    }
