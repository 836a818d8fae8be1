"""PROXY-002: NO_PROXY or no_proxy, judged step by step. A step returns None without a finding.

Each value is read like its tools read it: curl, Go (azcmagent) and Python (az) differ, see `suites.rules.no_proxy`.
"""

from __future__ import annotations

import re

from plugins import REQUIRED_NEEDS, CheckOutcome, Status, Vm
from suites.rules.no_proxy import READERS, Version, bypasses, first_set, misread
from suites.rules.proxy_setting import SESSION, ProxySetting
from suites.wording import visible


def _readers(setting: ProxySetting, place: str) -> list[str]:
    """The tools that use this spelling of the variable; on Windows both spellings are one."""
    values = setting.places[place].values
    return [tool for tool, names in READERS.items() if setting.windows or first_set(names, values) == setting.variable]


def exempts_too_little(setting: ProxySetting, place: str, curl: Version, vm: Vm) -> CheckOutcome | None:
    """A tool would send requests for the metadata service to the proxy."""
    value = setting.values[place]
    for host in setting.profile.no_proxy_required if value else ():
        blind = [tool for tool in _readers(setting, place) if not bypasses(tool, value, host, curl)]
        if blind:
            why = misread(value, host, curl)
            names = [f"curl {'.'.join(map(str, curl))}" if name == "curl" and curl else name for name in blind]
            readers = "" if len(blind) == len(READERS) else f" for {' and '.join(names)}"
            problem = f"does not exempt {host}{readers}: {why}" if why else f"lacks {host}"
            return setting.wrong(
                Status.FAIL,
                f"{setting.variable} {problem} (found: {visible(value)}). IMDS requests from {place} would go to the "
                f"proxy.{setting.set_in_sentence}",
                _completed(setting, value, host, curl, vm),
                place=place,
            )
    return None


def _completed(setting: ProxySetting, value: str, host: str, curl: Version, vm: Vm) -> str:
    """The value with one more host; if it cannot stay unchanged, the article's entries and the operator's own."""
    # It is written to a file that shells read: only characters of a list of hosts.
    clean = re.fullmatch(r"[A-Za-z0-9_.,:/*\[\]% -]+", value)
    if clean and not misread(value, host, curl):
        return f"{value.strip(', ')},{host}"
    return _with_own_entries(setting, value, vm)


def _own_entries(setting: ProxySetting, value: str, vm: Vm) -> list[str]:
    """The operator's own entries: well-formed, not the article's, and none that exempts or names an endpoint.

    The article's own are added again, in the form that every tool accepts.
    """
    endpoints = [endpoint.host for endpoint in setting.profile.endpoints(vm, REQUIRED_NEEDS)]
    article = setting.expected.split(",")
    return [
        entry
        for entry in dict.fromkeys(re.split(r"[^A-Za-z0-9_.:/*\[\]%-]+", value))
        if re.search(r"[A-Za-z0-9]", entry)
        and "://" not in entry
        and not re.fullmatch(r"[0-9.]*\*[0-9.*]*", entry)
        and not any(entry == host or entry.startswith(f"{host}:") for host in article)
        and not any(bypasses(tool, entry, endpoint) for tool in READERS for endpoint in endpoints)
    ]


def _with_own_entries(setting: ProxySetting, value: str, vm: Vm) -> str:
    """The value to set: the operator's own entries first, because curl 7.86.0 uses only the last one for an address."""
    return ",".join((*_own_entries(setting, value, vm), setting.expected))


def exempts_too_much(setting: ProxySetting, place: str, curl: Version, vm: Vm) -> CheckOutcome | None:
    """A tool would not use the proxy for an endpoint of Azure."""
    value, readers = setting.values[place], _readers(setting, place)
    astray = [
        endpoint.host
        for endpoint in setting.profile.endpoints(vm, REQUIRED_NEEDS)
        if value and any(bypasses(tool, value, endpoint.host, curl) for tool in readers)
    ]
    if not astray:
        return None
    more = f" and {len(astray) - 1} more endpoints" if astray[1:] else ""
    return setting.wrong(
        Status.FAIL,
        f"{setting.variable} exempts too much (found: {visible(value)}). Requests from {place} to {astray[0]}{more} "
        f"would not use the proxy, and nothing else leads there.{setting.set_in_sentence}",
        _with_own_entries(setting, value, vm),
        place=place,
        keep=_own_entries(setting, value, vm),
    )


def absent_beside_a_proxy(setting: ProxySetting, place: str) -> CheckOutcome | None:
    """Not set in a place that sets a proxy; on Windows, not set at all."""
    variables, name = setting.places[place], setting.variable
    if setting.values[place] or variables.missing:
        return None
    if setting.windows:
        return setting.absent(
            Status.FAIL,
            f"{name} is not set in {place}; expected {setting.expected}. Where a proxy is set, requests to the "
            f"metadata service ({', '.join(setting.profile.no_proxy_required)}) would go to it.",
        )
    if not variables.any_proxy:
        return None
    twin = "no_proxy" if name == "NO_PROXY" else "NO_PROXY"
    instead = "IMDS requests would go to the proxy."
    if variables.values.get(twin):
        instead = f"curl, az and azcmagent take {twin} instead; other programs would send IMDS requests to the proxy."
    return setting.absent(
        Status.FAIL,
        f"{name} is not set in {place}, though a proxy is. {instead} Expected "
        f"{setting.profile.no_proxy_required[0]} in it.",
    )


def nowhere(setting: ProxySetting) -> CheckOutcome | None:
    """Set in neither place, and neither place sets a proxy."""
    if any(setting.values.values()) or setting.unread:
        return None
    one, other = setting.places
    return setting.absent(
        Status.FAIL,
        f"{setting.variable} is set neither in {one} nor in {other}; expected {setting.expected}. As soon as a proxy "
        f"is set, requests to the metadata service ({', '.join(setting.profile.no_proxy_required)}) would go to it.",
    )


def in_one_place(setting: ProxySetting) -> CheckOutcome | None:
    """Right in one place and not set in the other, where no proxy is set either."""
    for place, other in setting.pairs:
        if not setting.values[place]:
            return setting.absent(
                Status.WARN,
                f"{setting.variable} is set in {other}{setting.set_in}, but not in {place}. No proxy is set there "
                "either, so no request is affected yet.",
            )
    return None


def lacks_localhost(setting: ProxySetting, curl: Version, vm: Vm) -> CheckOutcome | None:
    """The addresses of the VM itself, on which the agent listens, are not exempt for every tool that may read it."""
    places = list(setting.places) if setting.windows else [SESSION]
    for place in places:
        value = setting.values[place]
        lacking = [
            host
            for host in setting.profile.no_proxy_recommended
            if not all(
                bypasses(tool, value, host, curl)
                for tool in READERS
                if bypasses(tool, setting.expected, host, curl)  # no value exempts ::1 for curl 7.29, for one
            )
        ]
        if lacking:
            return setting.wrong(
                Status.WARN,
                f"{setting.variable} lacks {', '.join(lacking)} in {place} (found: {visible(value)}). The agent "
                "listens on localhost, ports 40342 and 40343; such requests may go to the proxy.",
                _with_own_entries(setting, value, vm),
                place=place,
            )
    return None
