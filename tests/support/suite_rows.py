"""The rows of the checks' tables: evidence, and the exact status and message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from plugins.checks.check import Check, check_of
from plugins.checks.probe import END
from plugins.judge.evaluate import Outcome, evaluate_check
from plugins.model import Evidence, ProbeResult, ProbeState, SshSession, Status, Target, Vm
from plugins.requirements.profile import Profile
from plugins.requirements.profile_file import load_profile
from tests.support.suite_probes import probes_of

PROFILE = load_profile("2510")
VM = Vm("vm-a", target=Target(location="eastus"))
WINDOWS_VM = Vm("vm-w", os="windows", target=Target(location="eastus"))
SESSION = SshSession("ok", address="root@10.0.0.4:22", seconds={"connect": 0.02, "login": 0.11})
NOW = 1_795_301_158.0  # Sat, 21 Nov 2026 22:45:58 GMT


def seen(
    stdout: str = "", stderr: str = "", exit: int | None = 0, state: ProbeState = "done", received: float = NOW
) -> ProbeResult:
    """The result of a probe; the row adds its name and command."""
    return ProbeResult("", "", state, exit if state == "done" or exit else None, stdout, stderr, received=received)


def ended(result: ProbeResult) -> ProbeResult:
    """The result with the end mark of its command, which the tables omit and recorded answers have."""
    if result.state != "done" or result.exit or not result.command.endswith((f"echo {END}", f"\n'{END}'")):
        return result
    if result.stdout.endswith(f"{END}\n"):
        return result
    newline = "" if result.stdout.endswith(("\n", "\r")) or not result.stdout else "\n"
    return replace(result, stdout=f"{result.stdout}{newline}{END}\n")


def captured(name: str) -> ProbeResult:
    """A captured answer, from a file whose first lines state the command and its end."""
    text = (Path(__file__).parent / "captured" / f"{name}.txt").read_text()
    head, _, rest = text.partition("\n----- stdout\n")
    stdout, _, stderr = rest.partition("\n----- stderr\n")
    return seen(stdout, stderr, int(head.rpartition("# exit ")[2]))


def curl(
    code: int = 0,
    connect: int = 0,
    ip: str = "",
    exit: int = 0,
    error: str = "",
    headers: str = "",
    tls: str = "0.000000",
) -> ProbeResult:
    """An answer of curl, written by hand; `ip`: the address of an established connection."""
    if code and not headers.startswith("HTTP/"):
        headers = f"HTTP/1.1 {code} \n{headers.rstrip()}\n\n" if headers else f"HTTP/1.1 {code} \n\n"
    line = f"\n@curl code={code:03} connect={connect:03} request={79 if ip else 0} verify=0 total=3.001000\n"
    verbose = "> HEAD / HTTP/1.1\n" if float(tls) else ""
    return seen(headers + line, verbose + (f"curl: ({exit}) {error}\n" if error else ""), exit)


@dataclass(frozen=True)
class Row:
    """One row of a check's table. `message` and `remedy` are exact; a remedy of "" is the check's own, if not met."""

    name: str
    evidence: Mapping[str, ProbeResult]
    status: Status
    message: str
    remedy: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    session: SshSession = SESSION
    vm: Vm = VM
    profile: Profile = PROFILE
    as_printed: bool = False  # do not add end marks to the evidence

    def judged(self, function: Callable[..., str]) -> tuple[Status, str, str]:
        """The check's status, message and remedy."""
        outcome = self.outcome(function)
        return outcome.status, outcome.message, outcome.remedy

    def outcome(self, function: Callable[..., str]) -> Outcome:
        """The complete outcome of the check."""
        check = check_of(function)
        assert check is not None
        probes = probes_of(function)
        assert set(self.evidence) <= set(probes), f"{self.name}: no such probe: {set(self.evidence) - set(probes)}"
        known = {"vm": self.vm, "profile": self.profile, **self.parameters}
        evidence = Evidence(self.vm, self.session, started=NOW)
        for name, result in self.evidence.items():
            plan = probes[name].plan(name, known)
            result = replace(result, probe=plan.key, command=plan.command)
            evidence.results[plan.key] = result if self.as_printed else ended(result)
        return evaluate_check(check, function, probes, evidence, self.profile, self.parameters)

    def with_ends(self, function: Callable[..., str]) -> Row:
        """The same row with the end marks in its evidence."""
        probes, known = probes_of(function), {"vm": self.vm, "profile": self.profile, **self.parameters}
        evidence = {
            name: ended(replace(result, command=probes[name].plan(name, known).command))
            for name, result in self.evidence.items()
        }
        return replace(self, evidence=evidence, as_printed=True)

    def expected_remedy(self, check: Check) -> str:
        """The row's remedy, or the check's; "" if the check is met."""
        return self.remedy or ("" if self.status in (Status.PASS, Status.NOT_APPLICABLE) else check.remedy)
