"""The plan of one VM, and of COMMAND's machine: healthy until a fault changes it.

Planning has no side effects.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from lab import addresses
from lab.azure_plan import AzurePlan

PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
NO_PROXY_VARIABLES = ("NO_PROXY", "no_proxy")
NO_PROXY = "localhost,127.0.0.1,::1,169.254.169.254"

#: The Azure CLI of a healthy machine, and its networkcloud extension.
AZ, NETWORKCLOUD = "2.76.0", "4.0.0"

#: The server on port 22: `sshd` is the real one, `nobody` refuses connections, the others are
#: `lab.standins.run_port22`.
Port22 = Literal["sshd", "nobody", "silent", "http", "hangs-up"]

#: The behaviour of the metadata service for a VM.
Imds = Literal["healthy", "503", "slow", "azure-vm"]

#: How the Azure stand-ins differ for a VM: in the issuer of their certificate, or in their TLS version.
Tls = Literal["intercepted", "old"]


@dataclass(frozen=True, slots=True)
class GuestFile:
    """One file of a VM. `content` None = the VM does not have it, even if this machine has."""

    content: str | bytes | None
    mode: int = 0o644
    owner: int = 0


#: The output of a script that installs packages: it contains the word "error", but reports none.
FIRST_BOOT = (
    "Get:1 https://packages.microsoft.com/debian/12/prod bookworm InRelease [3618 B]",
    "Setting up libgpg-error0:amd64 (1.46-1) ...",
    "curl --retry 5 --fail --show-error: no error",
    "the proxy is set, and the metadata service answers",
)


@dataclass(slots=True)
class CloudInitPlan:
    """The result of cloud-init's first boot."""

    version: str = "25.1.4"
    status: str = "done"  # "running", "error", "disabled"
    stage: str | None = None  # while it runs
    errors: list[str] = field(default_factory=list)
    recoverable: list[str] = field(default_factory=list)
    exit: int = 0
    user_data: bool = True
    output: list[str] = field(default_factory=lambda: list(FIRST_BOOT))  # of its user data
    earlier_boot: list[str] = field(default_factory=list)  # of the day before; empty = no earlier boot


@dataclass(slots=True)
class AgentPlan:
    """The Connected Machine agent of a VM that has it."""

    version: str = "1.67.03510.1024"
    generation: Literal["old", "new"] = "new"  # of its output format
    config: dict[str, str] = field(default_factory=lambda: {"proxy.url": addresses.PROXY_URL})
    status: str = ""  # "" = never connected; "Connected", "Disconnected", "Expired", "Error"
    shown: dict[str, str] = field(default_factory=dict)  # these replace values of `azcmagent show`
    services: dict[str, str] = field(default_factory=lambda: {"himdsd": "active"})  # the others depend on `status`
    environment: dict[str, str] = field(default_factory=dict)  # of himdsd, from systemd
    log: list[tuple[float, str, str]] = field(default_factory=list)  # minutes ago, level, message: azcmagent.log
    journal: list[tuple[float, str]] = field(default_factory=list)  # minutes ago, message of himdsd
    baked: bool = False  # it is part of the image


@dataclass(slots=True)
class VmPlan:
    """The plan of one VM; a fault may change every field."""

    number: int
    faults: tuple[str, ...] = ()

    # the guest
    environment: dict[str, str] = field(default_factory=dict)  # /etc/environment, with the values as in the file
    files: dict[str, GuestFile] = field(default_factory=dict)  # by absolute path in the guest
    links: dict[str, str] = field(default_factory=dict)  # symbolic links: absolute path in the guest -> target
    boot: list[str] = field(default_factory=list)  # sh, as root in the guest, just before sshd starts
    hostname: str = ""
    shell: str = "/bin/bash"  # of root
    curl: str = ""  # this machine's file that the VM uses as curl; "" = this machine's curl
    sshd: list[str] = field(default_factory=list)  # lines for sshd_config
    disk_mb: int = 1024  # a limit, not a reservation
    trusts: list[Literal["azure", "interceptor", "nobody"]] = field(default_factory=lambda: ["azure"])
    resolver: str = addresses.RESOLVER
    cloud_init: CloudInitPlan | None = field(default_factory=CloudInitPlan)  # None = not installed
    agent: AgentPlan | None = None
    az: str | None = None  # the version of the Azure CLI; "broken" = it does not start; "real" = the real az

    # access
    power: bool = True
    port22: Port22 = "sshd"
    login: str = "root"
    known_host: Literal["right", "other", "absent"] = "right"
    accepts_client_key: bool = True

    # the fabric, for this VM
    fabric_rules: list[str] = field(default_factory=list)  # nft rules for this VM's packets to the fabric
    egress_lacks: set[str] = field(default_factory=set)  # keys of azure.toml; "*" = everything
    proxy_wants_login: bool = False
    odd_proxy: str = ""  # instead of squid: a key of lab.odd_proxy.BEHAVIOURS
    origins_down: set[str] = field(default_factory=set)  # keys of azure.toml
    tls: dict[str, Tls] = field(default_factory=dict)  # key of azure.toml, or "*" for all
    imds: Imds = "healthy"

    # Azure
    azure: AzurePlan = field(default_factory=AzurePlan)

    def __post_init__(self) -> None:
        """Set the six documented proxy variables and the host name of a healthy VM."""
        self.environment = dict.fromkeys(PROXY_VARIABLES, addresses.PROXY_URL)
        self.environment |= dict.fromkeys(NO_PROXY_VARIABLES, NO_PROXY)
        self.hostname = self.name

    @property
    def name(self) -> str:
        """vm1, vm2, ...: its name in the inventory and for ssh."""
        return f"vm{self.number}"

    @property
    def owner(self) -> str:
        """The VM after which copies of shared resources are named: the first one with this VM's faults."""
        return f"vm{self.azure.together or self.number}"

    @property
    def own_egress(self) -> bool:
        """Whether the Azure stand-ins must distinguish this VM from others."""
        return bool(self.origins_down or self.tls)

    @property
    def answers_ssh(self) -> bool:
        """Whether the controller can read a banner on port 22."""
        barred = any("dport 22" in line or "/tcp/127.0.0.1/22" in line for line in self.boot)
        return self.power and self.port22 == "sshd" and not barred

    def put(self, path: str, content: str | bytes, mode: int = 0o644, owner: int = 0) -> None:
        """Give the guest this file."""
        self.files[path] = GuestFile(content, mode, owner)

    def remove(self, path: str) -> None:
        """Remove a file of /usr or /etc from the guest."""
        self.files[path] = GuestFile(None)

    def replace_program(self, name: str, script: str) -> None:
        """Replace /usr/bin/`name` by a shell script."""
        self.put(f"/usr/bin/{name}", f"#!/bin/sh\n{script}", 0o755)

    def from_csn(self, destination: str, statement: str) -> None:
        """Apply an nft statement such as "tcp dport 80 drop" to packets from this VM to `destination`."""
        self.fabric_rules.append(f"ip saddr {addresses.csn(self.number)} ip daddr {destination} {statement}")


@dataclass(slots=True)
class RunPlan:
    """The plan of COMMAND's machine; a fault of the run may change every field."""

    faults: tuple[str, ...] = ()
    profile: str = ""  # the requirements, as TOML; "" = lab/profile.toml
    az: str = AZ  # the version of the runner's Azure CLI; "broken" = it does not start
    networkcloud: str = NETWORKCLOUD  # its extension; "" = not installed
