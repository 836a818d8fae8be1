"""Each tool's reading of NO_PROXY: curl, Go (azcmagent) and Python requests (az) differ, and so do versions of curl.

Each of the three functions answers whether a tool, with this value, would connect to `host` directly. They follow the
tools' own sources: curl 7.29 to 8.21, Go 1.22 (x/net/http/httpproxy) and requests 2.32. What differs, for an address:

==================  ==============  ==============  ==============  =====================  =====================
entry               curl < 7.86     7.86 to 8.8     since 8.9       Go                     requests
==================  ==============  ==============  ==============  =====================  =====================
169.254.0.0/16      not read        read            read            read                   read
0.0.0.0/0           not read        one address     one address     every IPv4 address     not read
169.254.0.0/255...  not read        not read        not read        not read               not read
169.254 (an end)    read            not read        not read        not read               read
a b (a blank)       both            both            a only          neither                neither
fe80::/10           not read        not read        since 8.21      read                   not read
==================  ==============  ==============  ==============  =====================  =====================

Go and Python strip unprintable characters from the ends of an entry, and curl does not: an entry with one counts for
none of them, since programs of every kind read the value.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from suites.wording import character_name

#: curl's version as numbers; () = not known.
Version = tuple[int, ...]

#: The variables of each tool, in its order. For all three, an empty value counts as not set.
READERS: Mapping[str, tuple[str, str]] = {
    "curl": ("no_proxy", "NO_PROXY"),
    "azcmagent (Go)": ("NO_PROXY", "no_proxy"),
    "az (Python)": ("no_proxy", "NO_PROXY"),
}


#: The variables from which curl takes the proxy of an http:// address.
CURL_PROXIES = ("http_proxy", "all_proxy", "ALL_PROXY")

_PROXIES: Mapping[str, tuple[str, ...]] = {
    "curl": CURL_PROXIES,
    "azcmagent (Go)": ("HTTP_PROXY", "http_proxy"),
    "az (Python)": ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"),
}


def first_set(names: tuple[str, str], values: Mapping[str, str]) -> str:
    """The name of the variable that a tool uses, "" without one."""
    return next((name for name in names if values.get(name)), "")


def goes_through_a_proxy(tool: str, values: Mapping[str, str], host: str) -> bool:
    """True when `tool`, with these variables, would use a proxy for http://`host`."""
    name = first_set(READERS[tool], values)
    return any(map(values.get, _PROXIES[tool])) and not bypasses(tool, values.get(name, ""), host)


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


def _in_network(host: str, entry: str, bits: range) -> bool:
    """True when `host` is in a network such as ``169.254.0.0/16``, with this number of bits."""
    base, _, size = entry.partition("/")
    if not _is_ip(base) or not re.fullmatch(r"\d{1,3}", size) or int(size) not in bits:
        return False
    network = ipaddress.ip_network(f"{base}/{size}", strict=False) if int(size) <= _bits(base) else None
    return network is not None and ipaddress.ip_address(host) in network


def _bits(address: str) -> int:
    return 128 if ":" in address else 32


def _tail_matches(host: str, entry: str) -> bool:
    """``169.254`` matches the end of 169.254.169.254 as ``example.com`` matches www.example.com."""
    entry = entry.lower().removeprefix(".")
    return bool(entry) and (host == entry or host.endswith("." + entry))


#: One version of curl for each way to read; an unknown version may be any of them.
_CURLS: tuple[Version, ...] = ((7, 29, 0), (7, 88, 1), (8, 9, 0), (8, 21, 0))


def _curl(value: str, host: str, version: Version) -> bool:
    if not version:
        return all(_curl(value, host, curl) for curl in _CURLS)
    if value == "*":  # only when it is the only entry
        return True
    if version < (7, 86):  # no CIDR; an address is compared like a name; blanks separate like commas
        if ":" in host and version < (7, 59):  # it takes the text before the first colon as the host
            return False
        return any(_tail_matches(host, entry) for entry in re.split(r"[, ]+", value))
    if version >= (8, 9):  # the text after a blank is no longer read
        value = _until_blank(value)
    entries = re.split(r"[, \t]+", value)
    if version == (7, 86, 0) and _is_ip(host):  # it compares an address with the whole rest of the list
        entries = entries[-1:]
    is_name = not _is_ip(host) or (":" in host and version < (8, 21))  # before, it compares IPv6 addresses like names
    return any(_curl_takes(entry, host, is_name=is_name) for entry in entries if entry)


def _curl_takes(entry: str, host: str, *, is_name: bool) -> bool:
    if is_name:
        return _tail_matches(host, entry.removesuffix("."))
    base, slash, size = entry.partition("/")
    if slash and not re.fullmatch(r"0+", size):
        return _in_network(host, entry, range(1, _bits(base) + 1))
    # Without a size, or with 0, it is one address.
    return _is_ip(base) and ipaddress.ip_address(base) == ipaddress.ip_address(host)


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
            if _in_network(host, entry, range(129)):
                return True
        elif _is_ip(entry.strip("[]")):
            if _is_ip(host) and ipaddress.ip_address(entry.strip("[]")) == ipaddress.ip_address(host):
                return True
        elif not _is_ip(host) and _tail_matches(host, entry.removeprefix("*")):  # no longer an address
            return True
    return False


def _requests(value: str, host: str) -> bool:
    entries = [entry for entry in value.replace(" ", "").split(",") if entry]
    is_ipv4 = _is_ip(host) and ":" not in host
    if is_ipv4 and any(_in_network(host, entry, range(1, 33)) or host == entry for entry in entries):
        return True
    if not is_ipv4 and any(host.endswith(entry) for entry in entries):
        return True
    # Then it uses urllib, which compares names, and accepts a lone star.
    return value == "*" or any(_tail_matches(host, entry.strip(" ").lstrip(".")) for entry in value.split(","))


def misread(value: str, host: str, curl: Version = ()) -> str:
    """Why a value that seems to contain `host` does not exempt it, as a clause; "" when it does not contain it."""
    if foreign := next((character for character in value if not character.isprintable()), ""):
        return f"there is {character_name(foreign)} in it, which some tools take as part of the entry"
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
            else "only commas separate entries"
        )
    networks = [entry.strip() for entry in value.split(",") if "/" in entry]
    if any(_in_network(host, entry, range(1, 129)) for entry in networks):
        return "curl before 7.86 does not know networks (CIDR)"
    if any(re.fullmatch(r"[0-9a-fA-F.:]+/0+", entry) for entry in networks):
        return "curl takes a network of 0 bits for one address, and az does not read it"
    if any(re.fullmatch(r"[0-9.]+/[0-9]+\.[0-9.]+", entry) for entry in networks):
        return "no tool reads a netmask: a network is written with its number of bits, as 169.254.0.0/16"
    if any(_is_ip(host) and _tail_matches(host, entry.strip()) for entry in value.split(",")):
        return "the end of an address counts for old versions of some tools only"
    if "*" in value:
        return "a star counts for curl and az only when it stands alone, and is not part of an address"
    return ""
