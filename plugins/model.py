"""The data model: VM, probe result, evidence, verdict.

Data flows in one direction::

    inventory ──> gather ──> Evidence ──> checks ──> Verdict ──> diagnosis ──> reports
                             (ProbeResult, ...)      (Status)

Nothing in this module touches the network, the disk or pytest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Target:
    """Where the Arc resource goes. None = not stated."""

    subscription: str | None = None
    resource_group: str | None = None
    location: str | None = None
    cloud: str = "AzureCloud"
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)  # for the Arc resource

    def as_dict(self) -> dict[str, Any]:
        """The target as plain data."""
        return {name: getattr(self, name) for name in self.__slots__} | {"tags": dict(self.tags)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Target:
        """The inverse of `as_dict`."""
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Vm:
    """One VM of the fleet, as the inventory or ``--vm`` names it. None = not stated."""

    name: str  # unique in the fleet; see `file_name` before making a path of it
    host: str = ""  # ssh alias or address; the name, unless given
    user: str | None = None
    port: int | None = None
    jump: str | None = None  # as for `ssh -J`; "none" = no jump host, whatever ssh_config says
    identity_file: str | None = None  # an absolute path, when it comes from a fleet file
    resource_id: str | None = None  # ARM id of the Nexus VM
    identity: str | None = None  # "system", or the ARM id of a user-assigned identity
    target: Target = Target()
    os: str = "linux"  # or "windows"
    path: str = "public"  # or "relay": enrolls through the private relay
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)  # for grouping and gates

    def __post_init__(self) -> None:
        """Without a host, the name is the address."""
        if not self.host:
            object.__setattr__(self, "host", self.name)

    def as_dict(self) -> dict[str, Any]:
        """The VM as plain data, for the saved evidence."""
        found = {name: getattr(self, name) for name in self.__slots__}  # `asdict` would copy each value
        return found | {"target": self.target.as_dict(), "tags": dict(self.tags)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Vm:
        """The inverse of `as_dict`. Raises ValueError for a port that is not one: it becomes part of a command."""
        port = data.get("port")
        if port is not None and (type(port) is not int or not 1 <= port <= 65_535):
            raise ValueError(f"the port of VM {data.get('name')!r} is {port!r}; expected a number from 1 to 65535")
        return cls(**{**data, "target": Target.from_dict(data.get("target", {}))})


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


#: How a probe ended. Only ``done`` is evidence; every other state is the reason why there is none.
ProbeState = Literal[
    "done",  # it ran to its end; `exit` is its exit status
    "timed out",  # it was stopped at its limit
    "no tool",  # a program it needs is not installed; `stderr` names it
    "no root",  # it needs root, and neither root login nor `sudo -n` is to be had; `stderr` is sudo's answer
    "lost",  # the VM, the session or the run went away before its frame arrived
]


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The result of one probe on one VM: its command, how it ended and what it printed."""

    probe: str  # "healthz", or with its parameter "tunnel[management.azure.com]"
    command: str
    state: ProbeState
    exit: int | None = None
    stdout: str = ""
    stderr: str = ""
    truncated: bool = False  # the output reached its cap; what is here is its beginning
    seconds: float = 0.0  # on the VM, at a resolution of 0.01 s
    received: float = 0.0  # the runner's clock when the frame arrived, seconds since the epoch


@dataclass(frozen=True, slots=True)
class SshSession:
    """How the SSH session to one VM went. ``outcome`` is ``ok``, or a word of `plugins.ssh.client.OUTCOMES`."""

    outcome: str
    message: str = ""  # one sentence for the operator: what was seen
    remedy: str = ""  # one sentence: what to do
    address: str = ""  # "root@10.0.0.4:22", as connected to
    via: str = ""  # the jump host that was used or that failed, "" when direct
    seconds: dict[str, float] = field(default_factory=dict)  # {"connect": .., "login": .., "probes": ..}


@dataclass(slots=True)
class Evidence:
    """All probe results of one VM. Saved as ``evidence/<vm>.json``; judged live or later in the same way."""

    vm: Vm
    session: SshSession
    seen: dict[str, ProbeResult] = field(default_factory=dict)
    started: float = 0.0  # the runner's clock, seconds since the epoch


@dataclass(frozen=True, slots=True)
class Verdict:
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
    probes: tuple[str, ...] = ()  # keys into Evidence.seen
    seconds: float = 0.0  # the slowest of its probes
    fix: tuple[str, ...] = ()  # commands for the operator's shell that repair it; shown, never run
    facts: tuple[tuple[str, str], ...] = ()  # what the check noted of the VM: (fact, value)
    component: str = ""  # what to change (`plugins.checks.check.Component`), unless the check's own
    shared_cause: str = ""  # what stood in the way; the same one is the same cause
    action: str = ""  # the headline of its fix (`plugins.diagnosis.headline`), unless the check's own
    item: str = ""  # what the headline names, unless the parameter

    def as_dict(self) -> dict[str, Any]:
        """The verdict as plain data, for plugins that write pytest's reports down."""
        return {name: getattr(self, name) for name in self.__slots__} | {
            "status": str(self.status),
            "severity": str(self.severity),
            "needs": list(self.needs),
            "probes": list(self.probes),
            "fix": list(self.fix),
            "facts": [list(pair) for pair in self.facts],
        }
