"""Tokens: real JWTs, signed with a key that exists only while this lab runs."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from lab.cloud_docs import TENANT, made_up

#: The spellings of Azure Resource Manager's audience.
ARM_AUDIENCES = [
    f"https://management.{domain}{slash}" for domain in ("azure.com", "core.windows.net") for slash in ("", "/")
]

#: Seconds by which Entra backdates tokens, for clocks that are a little slow.
BACKDATED = 300


class Issuer:
    """Signs tokens and verifies them."""

    def __init__(self) -> None:
        """Make a new key."""
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.key_id = made_up("signing key")[:27]

    def issue(
        self, audience: str, principal: str, client: str, seconds: int, age: float = 0.0, **claims: Any
    ) -> tuple[str, dict[str, Any]]:
        """A token for an application or managed identity, and its claims; a claim whose value is None is omitted."""
        now = int(time.time() - age)
        body = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{TENANT}/",
            "iat": now - BACKDATED,
            "nbf": now - BACKDATED,
            "exp": now + seconds,
            "aio": "k2RgYLab=",
            "appid": client,
            "appidacr": "2",
            "idp": f"https://sts.windows.net/{TENANT}/",
            "idtyp": "app",
            "oid": principal,
            "sub": principal,
            "tid": TENANT,
            "uti": made_up(now)[:22],
            "ver": "1.0",
        } | claims
        body = {name: value for name, value in body.items() if value is not None}
        headers = {"kid": self.key_id, "x5t": self.key_id}
        return jwt.encode(body, self._key, algorithm="RS256", headers=headers), body

    def read(self, token: str) -> Mapping[str, Any]:
        """The claims of a token that ARM accepts; raises `jwt.InvalidTokenError` otherwise."""
        claims: Mapping[str, Any] = jwt.decode(
            token, self._key.public_key(), algorithms=["RS256"], audience=ARM_AUDIENCES
        )
        return claims

    def public_keys(self) -> dict[str, Any]:
        """The keys, in the format in which Entra publishes them."""
        numbers = self._key.public_key().public_numbers()
        key = {"kty": "RSA", "use": "sig", "kid": self.key_id, "n": _base64(numbers.n), "e": _base64(numbers.e)}
        return {"keys": [key]}


def _base64(number: int) -> str:
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
