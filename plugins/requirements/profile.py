"""The requirement profile: the requirements of a dated article on a VM, its network and its Azure resources.

`plugins.requirements.profile_file` reads it from TOML.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from plugins.core.wording import did_you_mean
from plugins.model import Vm

DEFAULT = "2510"

#: The need for an endpoint; data/endpoints.toml defines each value.
NEEDS = ("always", "connect", "install", "sql", "obsolete")

#: The needs that every VM has for enrolling.
REQUIRED_NEEDS = ("always", "connect")


#: Always needed, under names that only Azure knows: part of an egress list, never requested by name.
EGRESS_ONLY = "egress"


class ProfileError(ValueError):
    """A profile that cannot be used; the message names the file and the key."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One concrete host that a VM has to reach. ``str()`` gives its host name, the parameter of checks."""

    host: str
    need: str
    purpose: str
    port: int = 443
    wildcard: str = ""  # the wildcard in Microsoft's list that this host represents
    source: str = ""
    date: datetime.date | None = None
    os: str = ""  # "linux" or "windows", when it is for one of them only

    def __str__(self) -> str:
        """The host name, as node ids and reports show it."""
        return self.host

    @property
    def url(self) -> str:
        """The URL that a probe requests."""
        return f"https://{self.host}/" if self.port == 443 else f"https://{self.host}:{self.port}/"

    @property
    def required(self) -> bool:
        """True when every VM needs it to enroll."""
        return self.need in REQUIRED_NEEDS


@dataclass(frozen=True, slots=True)
class Cloud:
    """The endpoints of one Azure cloud; a host may hold ``{region}``."""

    name: str
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits for curl on the VM, in seconds."""

    imds: int
    connect: int
    total: int


@dataclass(frozen=True, slots=True)
class Floors:
    """The oldest accepted versions, as text; the check that compares one also parses it."""

    runtime: str
    runtime_recommended: str
    management_bundle: str
    management_bundle_recommended: str
    recommended_because: str  # the reason for recommending newer versions than the floors, as part of a sentence
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
    asked: tuple[str, ...]  # the needs besides REQUIRED_NEEDS that cause a warning
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
        """The VM's cloud. Raises `ProfileError` when the profile does not describe it."""
        if vm.target.cloud not in self.clouds:
            hint = did_you_mean(vm.target.cloud, self.clouds)
            raise ProfileError(
                f"VM {vm.name}: target.cloud {vm.target.cloud!r} is not in profile {self.name} "
                f"(it has {', '.join(sorted(self.clouds))}). {hint}".rstrip()
            )
        return self.clouds[vm.target.cloud]

    def endpoints(self, vm: Vm, need: str | Collection[str] = NEEDS) -> list[Endpoint]:
        """The VM's endpoints of the given need(s), with its region filled in, in the profile's order.

        Endpoints with a ``{region}`` are omitted when the VM's target location is not stated.
        """
        needs = (need,) if isinstance(need, str) else need
        region = re.sub(r"\s", "", vm.target.location or "").lower()
        return [
            _in_region(endpoint, region)
            for endpoint in self.cloud(vm).endpoints
            if endpoint.need in needs and endpoint.os in ("", vm.os) and (region or "{region}" not in endpoint.host)
        ]

    def resource_manager(self, vm: Vm) -> Endpoint:
        """Azure Resource Manager of the VM's cloud."""
        return self.endpoints(vm, "connect")[0]


def _in_region(endpoint: Endpoint, region: str) -> Endpoint:
    if "{region}" not in endpoint.host:
        return endpoint
    return replace(
        endpoint,
        host=endpoint.host.replace("{region}", region),
        wildcard=endpoint.wildcard.replace("{region}", region),
    )
