"""What one VM will be, and what a run finds beside the VMs: healthy, until a fault changes the plan.

Planning touches nothing.
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

#: What answers on port 22. `sshd` is the real one; `nobody` refuses; the others are `lab.standins.port22`.
Port22 = Literal["sshd", "nobody", "silent", "http", "hangs-up"]

#: How the metadata service treats a VM.
Imds = Literal["healthy", "503", "slow", "azure-vm"]

#: How the Azure stand-ins present themselves to a VM: whose certificate, which TLS versions.
Tls = Literal["intercepted", "old"]


@dataclass(frozen=True, slots=True)
class GuestFile:
    """One file of a VM. `content` None = it is not there, whatever the machine below has."""

    content: str | bytes | None
    mode: int = 0o644
    owner: int = 0


#: What a script prints that installs a few packages: it speaks of errors, and none happened.
FIRST_BOOT = (
    "Get:1 https://packages.microsoft.com/debian/12/prod bookworm InRelease [3618 B]",
    "Setting up libgpg-error0:amd64 (1.46-1) ...",
    "curl --retry 5 --fail --show-error: no error",
    "the proxy is set, and the metadata service answers",
)


@dataclass(slots=True)
class CloudInitPlan:
    """How cloud-init's first boot went, and what it left behind."""

    version: str = "25.1.4"
    status: str = "done"  # "running", "error", "disabled"
    stage: str | None = None  # while it runs
    errors: list[str] = field(default_factory=list)
    recoverable: list[str] = field(default_factory=list)
    exit: int = 0
    user_data: bool = True
    output: list[str] = field(default_factory=lambda: list(FIRST_BOOT))  # what the VM's own script printed
    earlier_boot: list[str] = field(default_factory=list)  # likewise, the day before: empty = there was none


@dataclass(slots=True)
class AgentPlan:
    """The Connected Machine agent of a VM that has it."""

    version: str = "1.67.03510.1024"
    generation: Literal["old", "new"] = "new"  # how it prints
    config: dict[str, str] = field(default_factory=lambda: {"proxy.url": addresses.PROXY_URL})
    status: str = ""  # "" = never connected; "Connected", "Disconnected", "Expired", "Error"
    shown: dict[str, str] = field(default_factory=dict)  # over what `azcmagent show` says of a connected machine
    services: dict[str, str] = field(default_factory=lambda: {"himdsd": "active"})  # the others follow the status
    environment: dict[str, str] = field(default_factory=dict)  # that systemd gives himdsd
    log: list[tuple[float, str, str]] = field(default_factory=list)  # minutes ago, level, message: azcmagent.log
    journal: list[tuple[float, str]] = field(default_factory=list)  # minutes ago, message of himdsd
    baked: bool = False  # it was in the image


@dataclass(slots=True)
class VmPlan:
    """One VM, before it is started. The fields say what a fault may change."""

    number: int
    faults: tuple[str, ...] = ()

    # the guest
    environment: dict[str, str] = field(default_factory=dict)  # /etc/environment, values as they stand in the file
    files: dict[str, GuestFile] = field(default_factory=dict)  # by absolute path in the guest
    links: dict[str, str] = field(default_factory=dict)  # symbolic links: absolute path in the guest -> target
    boot: list[str] = field(default_factory=list)  # sh, as root in the guest, just before sshd starts
    hostname: str = ""
    shell: str = "/bin/bash"  # of root
    curl: str = ""  # a file of this machine that is the VM's curl; "" = this machine's
    sshd: list[str] = field(default_factory=list)  # lines for sshd_config
    disk_mb: int = 1024  # a limit, not a reservation
    trusts: list[Literal["azure", "interceptor", "nobody"]] = field(default_factory=lambda: ["azure"])
    resolver: str = addresses.RESOLVER
    cloud_init: CloudInitPlan | None = field(default_factory=CloudInitPlan)  # None = it is not installed
    agent: AgentPlan | None = None
    az: str | None = None  # the version of the Azure CLI; "broken" = it does not start, "real" = no stand-in

    # the way in
    power: bool = True
    port22: Port22 = "sshd"
    login: str = "root"
    known_host: Literal["right", "other", "absent"] = "right"
    accepts_client_key: bool = True

    # the fabric, as this VM meets it
    fabric_rules: list[str] = field(default_factory=list)  # nft statements for what this VM sends to the fabric
    egress_lacks: set[str] = field(default_factory=set)  # keys of azure.toml; "*" = everything
    proxy_wants_login: bool = False
    odd_proxy: str = ""  # in the place of squid, what lab.odd_proxy does: a key of its BEHAVIOURS
    origins_down: set[str] = field(default_factory=set)  # keys of azure.toml
    tls: dict[str, Tls] = field(default_factory=dict)  # key of azure.toml, "*" = all -> how
    imds: Imds = "healthy"

    # Azure
    azure: AzurePlan = field(default_factory=AzurePlan)

    def __post_init__(self) -> None:
        """A healthy VM has the six documented proxy variables and is called vm1, vm2, ..."""
        self.environment = dict.fromkeys(PROXY_VARIABLES, addresses.PROXY_URL)
        self.environment |= dict.fromkeys(NO_PROXY_VARIABLES, NO_PROXY)
        self.hostname = self.name

    @property
    def name(self) -> str:
        """vm1, vm2, ...: its name in the inventory and for ssh."""
        return f"vm{self.number}"

    @property
    def owner(self) -> str:
        """The VM that things are called after which this VM shares with no others than those it has its faults with."""
        return f"vm{self.azure.together or self.number}"

    @property
    def own_egress(self) -> bool:
        """True when the Azure stand-ins must tell this VM from the others."""
        return bool(self.origins_down or self.tls)

    @property
    def answers_ssh(self) -> bool:
        """True when the controller should see a banner on port 22."""
        barred = any("dport 22" in line or "/tcp/127.0.0.1/22" in line for line in self.boot)
        return self.power and self.port22 == "sshd" and not barred

    def put(self, path: str, content: str | bytes, mode: int = 0o644, owner: int = 0) -> None:
        """Give the guest this file."""
        self.files[path] = GuestFile(content, mode, owner)

    def remove(self, path: str) -> None:
        """Take a file of /usr or /etc away from the guest."""
        self.files[path] = GuestFile(None)

    def replace_program(self, name: str, script: str) -> None:
        """Put a shell script in the place of /usr/bin/`name`."""
        self.put(f"/usr/bin/{name}", f"#!/bin/sh\n{script}", 0o755)

    def from_csn(self, destination: str, statement: str) -> None:
        """Let the fabric treat packets of this VM to `destination` by an nft statement such as "tcp dport 80 drop"."""
        self.fabric_rules.append(f"ip saddr {addresses.csn(self.number)} ip daddr {destination} {statement}")


@dataclass(slots=True)
class RunPlan:
    """What COMMAND finds beside the VMs, whatever they are like. The fields say what a fault of the run may change."""

    faults: tuple[str, ...] = ()
    profile: str = ""  # the requirements, as TOML; "" = lab/profile.toml
    az: str = AZ  # the version of the runner's Azure CLI; "broken" = it does not start
    networkcloud: str = NETWORKCLOUD  # its extension; "" = there is none
