"""What is required: the requirement profile, read from TOML.

A profile is what one dated article asks for: proxy, metadata service, NO_PROXY, version floors, and per cloud the
endpoints. The project brings some (``--profile=2510``, ``2602``); a file of one's own names one of them as its `base`
and says what differs. Tables are merged key by key, everything else is replaced. docs/profiles.md describes the keys.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from plugins.core.wording import did_you_mean
from plugins.model import Vm
from plugins.requirements.data_files import FOLDER

__all__ = ["DEFAULT", "Cloud", "Endpoint", "Floors", "Profile", "ProfileError", "Timeouts", "load_profile"]

DEFAULT = "2510"

#: What an endpoint is needed for; data/endpoints.toml says what each word means.
NEEDS = ("always", "connect", "install", "sql", "obsolete")

#: The needs without which no VM can enroll.
REQUIRED_NEEDS = ("always", "connect")


class ProfileError(ValueError):
    """A profile that cannot be used; the message names the file and the key."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One concrete host that a VM has to reach. Its text is its host name: the parameter of checks."""

    host: str
    need: str
    purpose: str
    port: int = 443
    wildcard: str = ""  # the entry of Microsoft's list that this host stands for, when it is a wildcard
    source: str = ""
    date: datetime.date | None = None
    certainty: str = "verified"

    def __str__(self) -> str:
        """The host name, as node ids and reports show it."""
        return self.host

    @property
    def url(self) -> str:
        """The address that is asked for."""
        return f"https://{self.host}/" if self.port == 443 else f"https://{self.host}:{self.port}/"

    @property
    def required(self) -> bool:
        """True when no VM can enroll without it."""
        return self.need in REQUIRED_NEEDS


@dataclass(frozen=True, slots=True)
class Cloud:
    """The endpoints of one Azure cloud; a host may hold ``{region}``."""

    name: str
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds that curl on the VM may take."""

    imds: int
    connect: int
    total: int


@dataclass(frozen=True, slots=True)
class Floors:
    """The oldest versions that will do, as text; whoever compares knows the grammar of each."""

    runtime: str
    management_bundle: str
    api_version: str
    api_version_recommended: str
    azure_cli: str
    networkcloud_extension: str
    networkcloud_extension_recommended: str


@dataclass(frozen=True, slots=True)
class Profile:
    """One requirement profile. ``str(profile)`` is its name."""

    name: str
    source: str
    date: datetime.date
    asked: tuple[str, ...]  # the needs beside REQUIRED_NEEDS that are worth a warning
    proxy_url: str
    imds: str
    no_proxy_required: tuple[str, ...]
    no_proxy_recommended: tuple[str, ...]
    clock_limit: int
    timeouts: Timeouts
    floors: Floors
    declared_bundle: str | None  # the management bundle, as the operator declares it; None = not declared
    tls_minimum: str
    trusted_issuers: tuple[str, ...]
    clouds: Mapping[str, Cloud]

    def __str__(self) -> str:
        """The name, as reports show it."""
        return self.name

    @property
    def proxy_host(self) -> str:
        """The CSN proxy's address."""
        return urlsplit(self.proxy_url).hostname or ""

    @property
    def proxy_port(self) -> int:
        """The CSN proxy's port."""
        return urlsplit(self.proxy_url).port or 80

    def cloud(self, vm: Vm) -> Cloud:
        """The cloud that the VM enrolls to. Raises `ProfileError` for one that the profile does not describe."""
        if vm.target.cloud not in self.clouds:
            raise ProfileError(
                f"VM {vm.name}: target.cloud {vm.target.cloud!r} is not in profile {self.name} "
                f"(it has {', '.join(sorted(self.clouds))}).{_did_you_mean(vm.target.cloud, self.clouds)}"
            )
        return self.clouds[vm.target.cloud]

    def endpoints(self, vm: Vm, need: str | Collection[str] = NEEDS) -> list[Endpoint]:
        """The VM's endpoints of the given need(s), with its region filled in, in the profile's order.

        Endpoints with a ``{region}`` are left out when the VM's target location is not stated.
        """
        needs = (need,) if isinstance(need, str) else need
        region = re.sub(r"\s", "", vm.target.location or "").lower()
        return [
            _in_region(endpoint, region)
            for endpoint in self.cloud(vm).endpoints
            if endpoint.need in needs and (region or "{region}" not in endpoint.host)
        ]

    def resource_manager(self, vm: Vm) -> Endpoint:
        """Azure Resource Manager of the VM's cloud."""
        return self.endpoints(vm, "connect")[0]


def _in_region(endpoint: Endpoint, region: str) -> Endpoint:
    if "{region}" not in endpoint.host:
        return endpoint
    return Endpoint(
        endpoint.host.replace("{region}", region),
        endpoint.need,
        endpoint.purpose,
        endpoint.port,
        endpoint.wildcard.replace("{region}", region),
        endpoint.source,
        endpoint.date,
        endpoint.certainty,
    )


def load_profile(name_or_path: str | Path = DEFAULT) -> Profile:
    """The profile of that name, or of that TOML file. Raises `ProfileError`, which names the file and the key."""
    name = str(name_or_path)
    bundled = sorted(each.name[8:-5] for each in _data().iterdir() if re.fullmatch(r"profile-.*\.toml", each.name))
    if name in bundled:
        return _profile(_merged(_data() / f"profile-{name}.toml", ()))
    path = Path(name)
    if not path.is_file():
        raise ProfileError(
            f"--profile={name}: neither a profile of this project ({', '.join(bundled)}) nor a file."
            + _did_you_mean(name, bundled)
        )
    return _profile(_merged(path, ()))


def own_profile(name: str) -> str:
    """The text of the file that `load_profile` takes for this name; "" for a profile of this project."""
    if (_data() / f"profile-{name}.toml").is_file() or not Path(name).is_file():
        return ""
    return Path(name).read_text(encoding="utf-8")


def saved_profile(text: bytes, label: str) -> Profile:
    """The profile with this text, which is called `label` in messages. Raises `ProfileError`."""
    return _profile(_merged(_Saved(text, label), ()))


@dataclass(frozen=True, slots=True)
class _Saved:
    """A profile that was kept with a run: as much of a path as reading it takes."""

    text: bytes
    label: str

    def read_text(self, encoding: str) -> str:
        return self.text.decode(encoding)

    def __str__(self) -> str:
        return self.label


def _data() -> Any:
    return FOLDER


def _did_you_mean(word: str, words: Collection[str]) -> str:
    near = did_you_mean(word, words)
    return f" {near}" if near else ""


@dataclass(slots=True)
class _Table:
    """A merged TOML table: which file each value came from, and which keys somebody has asked for."""

    values: dict[str, Any]  # a value is (value, file) or a _Table
    path: str  # "clouds.AzureCloud"
    file: str

    def overlay(self, data: Mapping[str, Any], file: str) -> None:
        """Put `data` on top: tables are merged, everything else is replaced."""
        for key, value in data.items():
            if isinstance(value, Mapping):
                table = self.values.get(key)
                if not isinstance(table, _Table):
                    table = self.values[key] = _Table({}, self.name(key), file)
                table.overlay(value, file)
            else:
                self.values[key] = (value, file)

    def name(self, key: str) -> str:
        """The full name of a key, as it is written in TOML."""
        text = key if re.fullmatch(r"[\w-]+", key) else f'"{key}"'
        return f"{self.path}.{text}" if self.path else text

    def table(self, key: str) -> _Table:
        """The table of that name."""
        value = self.values.get(key)
        if not isinstance(value, _Table):
            raise ProfileError(
                f"{self.file}: {self.name(key)}: expected a table" + ("" if value is None else ", found a value")
            )
        return value

    def only(self, *known: str) -> None:
        """Refuse every other key."""
        for key, value in self.values.items():
            if key not in known:
                file = value.file if isinstance(value, _Table) else value[1]
                raise ProfileError(
                    f"{file}: {self.name(key)}: unknown key (known: {', '.join(known)}).{_did_you_mean(key, known)}"
                )

    def wrong(self, key: str, expected: str) -> ProfileError:
        """The error for a value that is not what it should be."""
        value = self.values.get(key)
        if value is None:
            return ProfileError(f"{self.file}: {self.name(key)} is missing: expected {expected}")
        if isinstance(value, _Table):
            return ProfileError(f"{value.file}: {self.name(key)}: expected {expected}, found a table")
        return ProfileError(f"{value[1]}: {self.name(key)}: expected {expected}, found {value[0]!r}")

    def get(self, key: str, default: Any = None) -> Any:
        """The plain value, unchecked."""
        value = self.values.get(key)
        return value[0] if isinstance(value, tuple) else default if value is None else value

    def text(self, key: str, pattern: str = r"\S.*", expected: str = "text", default: str | None = None) -> str:
        """A text that matches `pattern`."""
        value = self.get(key, default)
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise self.wrong(key, expected)
        return value

    def seconds(self, key: str, most: int) -> int:
        """A whole number from 1 to `most`."""
        value = self.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            raise self.wrong(key, f"a whole number from 1 to {most}")
        return value

    def day(self, key: str, default: datetime.date | None = None) -> datetime.date:
        """A date."""
        value = self.get(key, default)
        if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
            raise self.wrong(key, "a date, for example 2025-09-30")
        return value

    def texts(self, key: str, among: Collection[str] = ()) -> tuple[str, ...]:
        """A list of texts, each one of `among` when that is given."""
        value = self.get(key)
        expected = "a list of " + (f"words out of {', '.join(among)}" if among else "texts")
        if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
            raise self.wrong(key, expected)
        if among and not set(value) <= set(among):
            raise self.wrong(key, expected)
        return tuple(value)


def _read(path: Any) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileError(f"{path}: cannot be read: {error}") from None


def _merged(path: Any, seen: tuple[str, ...]) -> _Table:
    """The file at `path` on top of its base."""
    if str(path) in seen:
        raise ProfileError(f"{path}: base: the profile is its own base ({' <- '.join(seen)})")
    data = _read(path)
    base = data.pop("base", None)
    if base is None:
        table = _Table({}, "", str(path))
    elif isinstance(base, str) and re.fullmatch(r"[\w-]+", base):
        below = _data() / (f"{base}.toml" if base == "endpoints" else f"profile-{base}.toml")
        if not below.is_file():
            raise ProfileError(f"{path}: base: there is no profile {base!r} in this project")
        table = _merged(below, (*seen, str(path)))
        table.file = str(path)
    else:
        raise ProfileError(f"{path}: base: expected the name of a profile of this project, found {base!r}")
    table.overlay(data, str(path))
    return table


def _profile(top: _Table) -> Profile:
    top.only(
        *("name", "source", "date", "asked", "proxy", "imds", "no_proxy", "clock", "timeouts", "floors", "declared"),
        *("tls", "clouds"),
    )
    proxy, imds, no_proxy, clock, tls = (top.table(key) for key in ("proxy", "imds", "no_proxy", "clock", "tls"))
    proxy.only("url")
    imds.only("address")
    no_proxy.only("required", "recommended")
    clock.only("limit")
    tls.only("minimum", "trusted_issuers")
    issuers = tls.table("trusted_issuers")
    clouds = top.table("clouds")
    return Profile(
        name=top.text("name", r"[\w.-]+", "a word"),
        source=top.text("source"),
        date=top.day("date"),
        asked=top.texts("asked", [need for need in NEEDS if need not in REQUIRED_NEEDS]),
        # Of use in commands and comparisons as it is: so nothing but scheme, address and port.
        proxy_url=proxy.text("url", r"http://[A-Za-z0-9.-]+:[0-9]{1,5}", "http://ADDRESS:PORT"),
        imds=_address(imds, "address"),
        no_proxy_required=no_proxy.texts("required"),
        no_proxy_recommended=no_proxy.texts("recommended"),
        clock_limit=clock.seconds("limit", 86_400),
        timeouts=_timeouts(top.table("timeouts")),
        floors=_floors(top.table("floors")),
        declared_bundle=_declared_bundle(top),
        tls_minimum=tls.text("minimum", r"1\.[23]", "1.2 or 1.3"),
        trusted_issuers=tuple(
            issuer for issuer in issuers.values if issuers.text(issuer, expected="why it is trusted")
        ),
        clouds={name: _cloud(name, clouds.table(name)) for name in clouds.values},
    )


def _address(table: _Table, key: str) -> str:
    value = table.text(key)
    try:
        return str(ipaddress.IPv4Address(value))
    except ValueError:
        raise table.wrong(key, "an IPv4 address") from None


#: Upper bounds, so that curl gives up before the probe's own limit stops it and its reason is lost.
LONGEST = Timeouts(imds=5, connect=5, total=10)


def _timeouts(table: _Table) -> Timeouts:
    table.only("imds", "connect", "total")
    return Timeouts(*(table.seconds(key, getattr(LONGEST, key)) for key in ("imds", "connect", "total")))


#: What each floor looks like, and an example of it. Floors are compared, so what is no version is refused here.
_FLOORS = {
    "runtime": (r"\d+\.\d+\.\d+", "4.7.0"),
    "management_bundle": (r"\d{4}\.\d+", "2510.1"),
    "api_version": (r"\d{4}-\d\d-\d\d(-preview)?", "2025-07-01-preview"),
    "api_version_recommended": (r"\d{4}-\d\d-\d\d", "2025-09-01"),
    "azure_cli": (r"\d+(\.\d+)+", "2.75.0"),
    "networkcloud_extension": (r"\d+(\.\d+)+((a|b|rc)\d+)?", "4.0.0b1"),
    "networkcloud_extension_recommended": (r"\d+(\.\d+)+((a|b|rc)\d+)?", "4.0.0"),
}


def _floors(table: _Table) -> Floors:
    table.only(*_FLOORS)
    return Floors(
        **{
            name: table.text(name, pattern, f'a version in quotes, for example "{example}"')
            for name, (pattern, example) in _FLOORS.items()
        }
    )


def _declared_bundle(top: _Table) -> str | None:
    if "declared" not in top.values:
        return None
    table = top.table("declared")
    table.only("management_bundle")
    pattern, example = _FLOORS["management_bundle"]
    return table.text("management_bundle", pattern, f'a version in quotes, for example "{example}"')


def _cloud(name: str, table: _Table) -> Cloud:
    table.only("source", "date", "endpoints")
    source, day = table.text("source"), table.day("date")
    rows = table.table("endpoints")
    endpoints = tuple(_endpoint(host, rows.table(host), rows, source, day) for host in rows.values)
    if not any(endpoint.need == "connect" and "{region}" not in endpoint.host for endpoint in endpoints):
        raise ProfileError(f'{table.file}: {rows.path}: no endpoint has need = "connect" (Azure Resource Manager)')
    return Cloud(name, endpoints)


def _endpoint(host: str, row: _Table, rows: _Table, source: str, day: datetime.date) -> Endpoint:
    row.only("need", "purpose", "port", "wildcard", "source", "date", "certainty")
    # The name goes into a command: letters, digits, hyphens and dots only.
    if not re.fullmatch(r"(?:[A-Za-z0-9-]|\{region\})+(?:\.(?:[A-Za-z0-9-]|\{region\})+)+", host) or host.startswith(
        "-"
    ):
        raise ProfileError(f"{row.file}: {rows.name(host)}: expected a host name, which may hold {{region}}")
    port = row.seconds("port", 65535) if "port" in row.values else 443
    return Endpoint(
        host=host.lower(),
        need=row.text("need", "|".join(NEEDS), " or ".join(NEEDS)),
        purpose=row.text("purpose"),
        port=port,
        wildcard=row.text("wildcard", r"\S*", "a wildcard such as *.his.arc.azure.com", default=""),
        source=row.text("source", default=source),
        date=row.day("date", default=day),
        certainty=row.text(
            "certainty", "verified|inferred|recalled", "verified, inferred or recalled", default="verified"
        ),
    )
