"""The words every room of the house shares: what was seen on a VM, and what was judged about it.

Data walks one way::

    inventory ──> gather ──> Evidence ──> checks ──> Verdict ──> diagnosis ──> reports
                             (Seen, ...)             (Status)

Nothing in this module touches the network, the disk or pytest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from plugins.inventory import Vm


class Status(StrEnum):
    """What a check says about one VM: seven words, one meaning each, the same in every report."""

    PASS = "pass"
    FAIL = "fail"  # required, not met
    WARN = "warn"  # recommended, not met
    UNKNOWN = "unknown"  # the evidence could not be obtained: never a pass
    BLOCKED = "blocked"  # not judged, because the check it needs failed: names it
    NOT_APPLICABLE = "not applicable"  # says why
    WAIVED = "waived"  # a dated exception covers it


class Severity(StrEnum):
    """What an unmet check means: ``required`` makes the VM not ready, ``recommended`` is a warning."""

    REQUIRED = "required"
    RECOMMENDED = "recommended"


#: How a probe ended. Only ``done`` is evidence of something; every other word says why there is none.
State = Literal[
    "done",  # it ran to its end; `exit` is its exit status
    "timed out",  # it was stopped at its limit
    "no tool",  # a program it needs is not installed; `stderr` names it
    "no root",  # it needs root, and neither root login nor `sudo -n` is to be had; `stderr` is sudo's answer
    "lost",  # the VM, the session or the run went away before its frame arrived
]


@dataclass(frozen=True, slots=True)
class Seen:
    """What one probe saw on one VM: its command, how it ended and what it printed."""

    probe: str  # "healthz", or with its parameter "tunnel[management.azure.com]"
    command: str
    state: State
    exit: int | None = None
    stdout: str = ""
    stderr: str = ""
    truncated: bool = False  # the output reached its cap; what is here is its beginning
    seconds: float = 0.0  # on the VM, at a resolution of 0.01 s
    received: float = 0.0  # the runner's clock when the frame arrived, seconds since the epoch


@dataclass(frozen=True, slots=True)
class Session:
    """How the SSH session to one VM went. ``outcome`` is ``ok``, or a word of `plugins.ssh.OUTCOMES`."""

    outcome: str
    message: str = ""  # one sentence for the operator: what was seen
    remedy: str = ""  # one sentence: what to do
    address: str = ""  # "root@10.0.0.4:22", as connected to
    via: str = ""  # the jump host that was used or that failed, "" when direct
    seconds: dict[str, float] = field(default_factory=dict)  # {"connect": .., "login": .., "probes": ..}


@dataclass(slots=True)
class Evidence:
    """Everything that was seen of one VM. Saved as ``evidence/<vm>.json``; judged live or replayed alike."""

    vm: Vm
    session: Session
    seen: dict[str, Seen] = field(default_factory=dict)
    started: float = 0.0  # the runner's clock, seconds since the epoch


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check says about one VM (and one parameter of it)."""

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
    thing: str = ""  # what has to be changed (`plugins.checks.Thing`), where that is not what the check declares
    obstacle: str = ""  # what stood in the way; the same one is the same cause

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
