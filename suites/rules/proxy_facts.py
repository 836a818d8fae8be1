"""Facts about the proxy variables of a VM, to compare VMs that should be equal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from plugins import record_fact
from suites.probes.proxy_environment import NO_PROXIES, PROXIES, Variables


def record_proxies(places: Mapping[str, Variables]) -> None:
    """Record the values of a VM's proxy variables; spellings with the same meaning are equal."""
    _record_fact(
        "proxy variables", places, lambda values: {name: _address(values[name]) for name in PROXIES if values.get(name)}
    )


def record_no_proxy(places: Mapping[str, Variables]) -> None:
    """Record the hosts that a VM exempts from the proxy, in any order."""
    _record_fact(
        "NO_PROXY", places, lambda values: {name: _entries(values[name]) for name in NO_PROXIES if values.get(name)}
    )


def _record_fact(
    fact: str, places: Mapping[str, Variables], read: Callable[[Mapping[str, str]], Mapping[str, str]]
) -> None:
    texts = {place: _by_value(read(variables.values)) for place, variables in places.items() if not variables.missing}
    if len(set(texts.values())) == 1:
        record_fact(fact, next(iter(texts.values())))
    elif texts:
        record_fact(fact, "; ".join(f"{place}: {text}" for place, text in texts.items()))


def _by_value(values: Mapping[str, str]) -> str:
    """``HTTPS_PROXY https_proxy=http://169.254.0.11:3128``: the variables by their values."""
    names: dict[str, list[str]] = {}
    for name, value in values.items():
        names.setdefault(value, []).append(name)
    return ", ".join(f"{' '.join(same)}={value}" for value, same in names.items()) or "not set"


def _address(value: str) -> str:
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"
    except ValueError:  # not an address
        return value


def _entries(value: str) -> str:
    return ",".join(sorted({entry.strip().lower() for entry in value.split(",")} - {""}))
