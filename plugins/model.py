"""The data model: VM, probe result, evidence, verdict.

Data flows in one direction::

    inventory ──> gather ──> Evidence ──> checks ──> Verdict ──> diagnosis ──> reports
                             (ProbeResult, ...)      (Status)

This module uses neither the network, the disk nor pytest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec
from msgspec import Meta

from plugins.core.strict_json import checked

# The limits below apply to saved files when they are read (`plugins.core.strict_json`): each is wider than what a
# visit can produce (`plugins.gather.frames`), and small enough for a clock and a calendar.
Seconds = Annotated[float, Meta(ge=0, le=1e10)]
Time = Annotated[float, Meta(ge=0, le=253_402_300_799)]  # since the epoch, to the end of the year 9999


@dataclass(frozen=True, slots=True)
class Target:
    """The target of the Arc resource. None = not stated."""

    subscription: str | None = None
    resource_group: str | None = None
    location: str | None = None
    cloud: Annotated[str, Meta(pattern="^Azure(Cloud|USGovernment|ChinaCloud)$")] = "AzureCloud"
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)  # for the Arc resource
    # Of an Arc machine that exists before its agent connects (path: relay).
    private_key_file: str | None = None  # on the VM: the private half of the key pair that the machine was made with
    vm_id: str | None = None  # as Azure states it, like the next one; in no inventory
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class Vm:
    """One VM of the fleet, as the inventory or ``--vm`` names it. None = not stated."""

    name: str  # unique in the fleet; `file_name` makes a file name of it
    host: str = ""  # ssh alias or address; the name, unless given
    user: str | None = None
    port: Annotated[int, Meta(ge=1, le=65_535)] | None = None
    jump: str | None = None  # as for `ssh -J`; "none" = no jump host, whatever ssh_config says
    identity_file: str | None = None  # an absolute path, when it comes from a fleet file
    resource_id: str | None = None  # ARM id of the Nexus VM
    identity: str | None = None  # "system", or the ARM id of a user-assigned identity
    target: Target = Target()
    os: Annotated[str, Meta(pattern="^(linux|windows)$")] = "linux"
    path: Annotated[str, Meta(pattern="^(public|relay)$")] = "public"  # "relay": enrolls through the private relay
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)  # for grouping and gates

    def __post_init__(self) -> None:
        """Without a host, the name is the address."""
        if not self.host:
            object.__setattr__(self, "host", self.name)

    def as_dict(self) -> dict[str, Any]:
        """The VM as plain data, for the saved evidence."""
        data: dict[str, Any] = msgspec.to_builtins(self)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Vm:
        """The inverse of `as_dict`. Raises ValueError: which field, and what is wrong with it."""
        return checked(data, cls)


class Status(StrEnum):
    """The status of a check on one VM, the same in every report."""

    PASS = "pass"
    FAIL = "fail"  # required, not met
    WARN = "warn"  # recommended, not met
    UNKNOWN = "unknown"  # the evidence could not be obtained: never a pass
    BLOCKED = "blocked"  # not judged, because the check it needs failed: names it
    NOT_APPLICABLE = "not applicable"  # says why
    WAIVED = "waived"  # a dated exception covers it


class Severity(StrEnum):
    """The effect of an unmet check: ``required`` makes the VM not ready, ``recommended`` is a warning."""

    REQUIRED = "required"
    RECOMMENDED = "recommended"


#: How a probe ended. Only ``done`` is evidence; every other state is the reason for missing evidence.
ProbeState = Literal[
    "done",  # it ran to its end; `exit` is its exit status
    "timed out",  # it was stopped at its limit
    "no tool",  # a program it needs is not installed; `stderr` names it
    "no root",  # it needs root, and the login has neither root nor `sudo -n`; `stderr` is sudo's answer and `exit`
    # 124 if it was stopped
    "lost",  # the VM, the session or the run ended before its frame arrived
]


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The result of one probe on one VM: its command, how it ended and what it printed."""

    probe: str  # "healthz", or with its parameter "tunnel[management.azure.com]"
    command: str
    state: ProbeState
    exit: Annotated[int, Meta(gt=-(10**10), lt=10**10)] | None = None
    stdout: str = ""
    stderr: str = ""
    truncated: bool = False  # the output reached its cap; only its beginning is here
    seconds: Seconds = 0.0  # on the VM, at a resolution of 0.01 s
    received: Time = 0.0  # the runner's clock when the frame arrived


@dataclass(frozen=True, slots=True)
class SshSession:
    """The result of the SSH session to one VM. ``outcome`` is ``ok``, or a word of `plugins.ssh.client.OUTCOMES`."""

    outcome: str
    message: str = ""  # the observation, one sentence for the operator
    remedy: str = ""  # the remedy, one sentence
    address: str = ""  # "root@10.0.0.4:22", as connected to
    via: str = ""  # the jump host that was used or that failed, "" when direct
    seconds: dict[str, Seconds] = field(default_factory=dict)  # {"connect": .., "login": .., "probes": ..}


@dataclass(slots=True)
class Evidence:
    """All probe results of one VM. Saved as ``evidence/<vm>.json``; judged live or later in the same way."""

    vm: Vm
    session: SshSession
    results: dict[str, ProbeResult] = field(default_factory=dict)
    started: Time = 0.0  # the runner's clock


class AzureRecord(TypedDict):
    """``azure.json``. `plugins.azure.snapshot` checks each of the answers and ids."""

    version: int
    answers: dict[str, Any]
    located: dict[str, Any]
    calls: list[tuple[str, str, int | None]]
    interrupted: NotRequired[bool]
    unreadable: NotRequired[str]  # of merged runs: why the answers to one of them could not be read


class Verdict(msgspec.Struct, frozen=True):  # made in a quarter of a dataclass's time, and a fleet has many
    """The verdict of one check on one VM (and one parameter)."""

    id: str  # "IMDS-002"
    vm: str
    parameter: str  # "management.azure.com", "" when the check has none
    status: Status
    severity: Severity
    message: str
    remedy: str = ""  # empty unless something is to be done
    title: str = ""
    docs: str = ""
    nodeid: str = ""
    needs: tuple[str, ...] = ()  # the checks that blocked it
    probes: tuple[str, ...] = ()  # keys into Evidence.results
    seconds: float = 0.0  # the slowest of its probes
    fix: tuple[str, ...] = ()  # commands for the operator's shell that repair it; shown, never run
    facts: tuple[tuple[str, str], ...] = ()  # recorded facts of the VM: (fact, value)
    component: str = ""  # the component to change (`plugins.checks.check.Component`), unless the check's own
    shared_cause: str = ""  # the shared cause; verdicts with the same one have one root cause
    action: str = ""  # the headline of its fix (`plugins.diagnosis.headline`), unless the check's own
    item: str = ""  # the item in the headline, unless the parameter
    caused_by: tuple[str, ...] | None = None  # the check's causes that can explain it; None: all of them

    def as_dict(self) -> dict[str, Any]:
        """The verdict as plain data, for plugins that write pytest's reports down."""
        return {name: getattr(self, name) for name in self.__struct_fields__} | {
            "status": str(self.status),
            "severity": str(self.severity),
            "needs": list(self.needs),
            "probes": list(self.probes),
            "fix": list(self.fix),
            "facts": [list(pair) for pair in self.facts],
            "caused_by": None if self.caused_by is None else list(self.caused_by),
        }
