"""The address of a proxy, as curl, Go and Python read it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from plugins import Profile
from suites.wording import character_name

#: White space and other unprintable characters: `urlsplit` silently drops some of them, curl does not.
#: Tested: curl 7.29 accepts all of it and quotes, up to 7.61 text after the port; 7.68 and later, and requests, none.
_FOREIGN = re.compile(
    r"[^!-~\xa1-\xac\xae-\U0010ffff]|[\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]"
)
_CANNOT = "az and newer versions of curl cannot read it as an address."


def proxy_problem(value: str, profile: Profile) -> str:
    """The defect of a proxy value, as a sentence; "" when curl, Go and Python all use the CSN proxy."""
    if re.search(r"[\"']", value):
        return (
            "The quotation marks are part of the value, so az and newer versions of curl cannot read it as an address."
        )
    if foreign := _FOREIGN.search(value):
        return f"There is {character_name(foreign[0])} in it, so {_CANNOT}"
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
    except ValueError:  # http://[
        return _CANNOT
    scheme = parts.scheme.lower()
    if scheme == "https":
        return "With https:// programs speak TLS to the proxy itself, which it does not understand."
    if scheme != "http":
        return f"The CSN proxy is an HTTP proxy; {scheme}:// is another protocol."
    try:
        at = (parts.hostname or "", parts.port)
    except ValueError:
        return "The port is not a number."
    if at == (profile.proxy_host, None):
        return "Without a port every program assumes another one (curl 1080, Go and Python 80)."
    if not at[0]:
        return "No host is named."
    if at[0] != profile.proxy_host:
        return f"{at[0]} is not the CSN proxy; traffic to Azure would take another path, or fail."
    if at[1] != profile.proxy_port:
        return f"The CSN proxy listens on port {profile.proxy_port}."
    if parts.path not in ("", "/") or parts.query:
        return "There is more than an address in it."
    return ""


def same_proxy(value: str, expected: str) -> bool:
    """True when two addresses of a proxy mean the same: a trailing slash and upper case make no difference."""
    if _FOREIGN.search(value):
        return False
    try:
        one, other = (urlsplit(url if "://" in url else f"http://{url}") for url in (value, expected))
        return (one.scheme, one.hostname, one.port) == (other.scheme, other.hostname, other.port) and not one.username
    except ValueError:  # the port is not a number
        return False
