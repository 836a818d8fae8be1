"""`azcmagent check`: the endpoints that the agent itself reaches."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from plugins import ANY_ERROR, ProbeResult, Vm, probe, quote
from plugins.requirements.log_grammar import Level, read_line
from suites.probes import azcmagent_windows
from suites.probes.azcmagent_output import AZCMAGENT, UNLESS_ABSENT, clean, json_values, last_line, not_answered
from suites.probes.no_answer import NoAnswer, Reason
from suites.wording import plain


@dataclass(frozen=True, slots=True)
class CheckedEndpoint:
    """One line of `azcmagent check`."""

    url: str
    reachable: bool | None  # None = the agent does not state
    proxy: str = ""
    tls: str = ""
    required: bool = True

    @property
    def host(self) -> str:
        """The host name."""
        return urlsplit(self.url).hostname or self.url


@dataclass(frozen=True, slots=True)
class ReachedEndpoints:
    """`azcmagent check`: the endpoints that the agent itself reaches. `missing`: why there is no answer."""

    endpoints: tuple[CheckedEndpoint, ...] = ()
    location: str = ""
    errors: tuple[str, ...] = ()  # the log lines that name an error
    missing: NoAnswer | None = None

    @classmethod
    def read(cls, result: ProbeResult) -> ReachedEndpoints:
        """Read the table, its columns by name, or the JSON in either of its shapes.

        Agent 1.34::

            time="2023-09-21T07:15:57Z" level=error msg="Regional Service Discovery" Error="Get ...: proxyconnect ..."
            ENDPOINT                                              |REACHABLE  |PRIVATE  |TLS      |PROXY
            https://gbl.his.arc.azure.com                         |false      |unknown  |unknown  |set

        Newer agents print ``INFO    ...`` lines before it, and more columns. JSON is a list of objects with the columns
        as keys, or an object of such objects by endpoint.
        """
        if missing := not_answered(result):
            return cls(missing=missing)
        text = clean(result.stdout)
        if "@nowhere" in text.splitlines():
            return cls(missing=NoAnswer(Reason.NO_LOCATION, "no location is known to check for"))
        location = re.search(r"^@check (.*)$", text, re.M)
        body = text[location.end() :] if location else text
        rows = _table(body) or _json_rows(body)
        endpoints = tuple(endpoint for endpoint in map(_endpoint, rows) if endpoint is not None)
        if not endpoints:
            raise ValueError(f"expected a table with the columns ENDPOINT and REACHABLE, found {last_line(body)!r}")
        errors = [line for line in body.splitlines() if "|" not in line and read_line(line).level is Level.CERTAIN]
        return cls(endpoints, location[1] if location else "", tuple(map(plain, errors)))


def _table(text: str) -> list[dict[str, str]]:
    """The rows below the header line, by its column names in lower case."""
    header: list[str] = []
    rows = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        names = [cell.lower() for cell in cells]
        if any(name.startswith("endpoint") for name in names) and "reachable" in names:
            header = ["endpoint" if name.startswith("endpoint") else name for name in names]
        elif header and len(cells) == len(header):
            rows.append(dict(zip(header, cells, strict=True)))
    return rows


def _json_rows(text: str) -> list[dict[str, str]]:
    """The rows of ``[{"endpoint": ..., "reachable": true}]`` or ``{"https://...": {"reachable": "true", ...}}``."""
    document = next(json_values(text), None)
    if isinstance(document, dict):
        document = [{"endpoint": key, **value} for key, value in document.items() if isinstance(value, dict)]
    if not isinstance(document, list):
        return []
    return [{str(key).lower(): str(value) for key, value in row.items()} for row in document if isinstance(row, dict)]


def _endpoint(row: Mapping[str, str]) -> CheckedEndpoint | None:
    url = plain(row.get("endpoint") or row.get("url", ""))
    if not re.match(r"(?:https?://)?[\w.*-]+\.[\w-]+", url):
        return None  # a line of dashes under the header, or a footnote
    return CheckedEndpoint(
        url=url if "://" in url else f"https://{url}",
        reachable={"true": True, "yes": True, "false": False, "no": False}.get(row.get("reachable", "").lower()),
        proxy=plain(row.get("proxy") or row.get("proxystatus") or row.get("proxy status", "")),
        tls=plain(row.get("tls", "")),
        required=row.get("required", "true").lower() not in ("false", "no"),
    )


def _location(vm: Vm) -> str:
    """Without a location the agent omits the endpoints of the region; a connected agent knows its own."""
    return re.sub(r"\s", "", vm.target.location or "").lower()


def _check(vm: Vm) -> str:
    location = _location(vm)
    cloud = f" --cloud {quote(vm.target.cloud)}" if vm.target.cloud != "AzureCloud" else ""
    return (
        f"{UNLESS_ABSENT}l={quote(location)}\n"
        f"[ \"$l\" ] || l=$({AZCMAGENT} show | sed -n 's/^Location *: *//p')\n"
        '[ "$l" ] || { echo @nowhere; echo @end; exit 0; }\n'
        'echo "@check $l"\n'
        f'{AZCMAGENT} check --location "$l"{cloud} && echo @end'
    )


def _check_windows(vm: Vm) -> str:
    return azcmagent_windows.check(_location(vm), vm.target.cloud if vm.target.cloud != "AzureCloud" else "")


#: The agent tries every endpoint in turn, and waits for those that do not answer.
agent_check = probe(
    _check,
    windows=_check_windows,
    timeout=120,
    root=True,
    accept_states=("no root",),
    accept_exits=ANY_ERROR,  # no document lists the status for unreachable endpoints: the table decides
    read=ReachedEndpoints.read,
)
