"""Who reads NO_PROXY, and how: curl, Go (azcmagent) and Python requests (az) disagree.

Each of the three functions answers: would this tool, with this value, talk to `host` directly? They follow the tools'
own sources, as of curl 8.x, Go 1.22 (x/net/http/httpproxy) and requests 2.32. Go and Python take unprintable characters
off the ends of an entry, and curl does not: an entry that has one counts for none of them, since programs of every kind
read the value.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

__all__ = ["READERS", "bypasses", "first_set", "misread"]

#: curl's version as numbers; () = not known.
Version = tuple[int, ...]

#: Which variable a tool reads first. An empty value counts as not set, for all three.
READERS: Mapping[str, tuple[str, str]] = {
    "curl": ("no_proxy", "NO_PROXY"),
    "azcmagent (Go)": ("NO_PROXY", "no_proxy"),
    "az (Python)": ("no_proxy", "NO_PROXY"),
}


def first_set(names: tuple[str, str], values: Mapping[str, str]) -> str:
    """The name of the variable that a tool takes, "" when it finds none."""
    return next((name for name in names if values.get(name)), "")


@lru_cache(4096)  # a fleet's VMs have few different values
def bypasses(tool: str, value: str, host: str, curl: Version = ()) -> bool:
    """True when `tool` of `READERS`, with NO_PROXY set to `value`, would not use a proxy for `host`."""
    if tool == "curl":
        return _curl(value, host, curl)
    rules: Mapping[str, Callable[[str, str], bool]] = {"azcmagent (Go)": _go, "az (Python)": _requests}
    return rules[tool](value, host)


@lru_cache(1024)
def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _in_network(host: str, entry: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


def _tail_matches(host: str, entry: str) -> bool:
    """``169.254`` matches the end of 169.254.169.254 as ``example.com`` matches www.example.com."""
    entry = entry.lower().removeprefix(".")
    return bool(entry) and (host == entry or host.endswith("." + entry))


def _curl(value: str, host: str, version: Version) -> bool:
    if value == "*":  # only when it is all there is
        return True
    if version and version < (7, 86):  # no CIDR; an address is compared like a name; blanks separate as commas do
        return any(_tail_matches(host, entry) for entry in re.split(r"[, ]+", value))
    if version >= (8, 9):  # what follows a blank is not read any more
        value = _until_blank(value)
    entries = re.split(r"[, \t]+", value)
    if version == (7, 86, 0) and _is_ip(host):  # it compares an address with all that follows in the list
        entries = entries[-1:]
    for entry in entries:
        if not _is_ip(host):
            matched = _tail_matches(host, entry.removesuffix("."))
        else:
            # A version that is not known may be old: then only what every curl understands will do.
            matched = entry == host or ("/" in entry and bool(version) and _in_network(host, entry))
        if matched:
            return True
    return False


def _until_blank(value: str) -> str:
    """The part of a list that curl 8.9 and later reads: up to an entry that is not followed by a comma."""
    taken = []
    for entry in value.split(","):
        words = re.findall(r"[^ \t]+", entry)
        taken.append(words[0] if words else "")
        if len(words) > 1:
            break
    return ",".join(taken)


def _go(value: str, host: str) -> bool:
    if host == "localhost" or (_is_ip(host) and ipaddress.ip_address(host).is_loopback):
        return True
    for entry in (item.strip(" ").lower() for item in value.split(",")):
        if entry == "*":
            return True
        if "/" in entry and _is_ip(host):
            if _in_network(host, entry):
                return True
        elif _is_ip(entry.strip("[]")):
            if entry.strip("[]") == host:
                return True
        elif not _is_ip(host) and _tail_matches(host, entry.removeprefix("*")):  # an address has no tail any more
            return True
    return False


def _requests(value: str, host: str) -> bool:
    entries = [entry for entry in value.replace(" ", "").split(",") if entry]
    is_ipv4 = _is_ip(host) and ":" not in host
    if is_ipv4 and any(_in_network(host, entry) if "/" in entry else host == entry for entry in entries):
        return True
    if not is_ipv4 and any(host.endswith(entry) for entry in entries):
        return True
    # Then it asks urllib, which compares names, and takes a lone star.
    return value == "*" or any(_tail_matches(host, entry.strip(" ").lstrip(".")) for entry in value.split(","))


#: Characters that separate nothing and belong to an entry for some tool.
_UNPRINTABLE = {"\r": r"a carriage return (\r)", "\t": r"a tab (\t)", "\n": r"a line break (\n)"}


def misread(value: str, host: str, curl: Version = ()) -> str:
    """A clause that says why a value that seems to hold `host` does not exempt it; "" when it does not hold it."""
    if foreign := next((each for each in value if not each.isprintable()), ""):
        name = _UNPRINTABLE.get(foreign, f"a character that cannot be printed (U+{ord(foreign):04X})")
        return f"there is {name} in it, which is a part of the entry for some tools"
    if curl == (7, 86, 0) and host in re.split(r"[, ]+", value):
        return "curl 7.86.0 takes only the last entry for an address"
    if re.search(r"[\"']", value):
        return "its quotation marks are part of the value"
    if re.search(rf"(?<![\d.]){re.escape(host)}:\d+", value):
        return "an entry with a port does not count for every tool"
    if re.search(rf"https?://{re.escape(host)}", value):
        return "an entry is an address, without http://"
    if re.search(rf"(?<![\d.]){re.escape(host)}(?![\d.])", value):
        return (
            "entries are separated by commas, without blanks"
            if re.search(r"\s", value)
            else "entries are separated by commas, by nothing else"
        )
    if any("/" in entry and _in_network(host, entry.strip()) for entry in value.split(",")):
        return "curl before 7.86 does not know networks (CIDR)"
    if any(_is_ip(host) and _tail_matches(host, entry.strip()) for entry in value.split(",")):
        return "the end of an address counts for old versions of some tools only"
    if "*" in value:
        return "a star counts for curl and az only when it stands alone, and is not part of an address"
    return ""
