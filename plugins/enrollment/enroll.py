"""Connecting VMs to Azure Arc, when ``--enroll`` asks for it: the one part of the suite that changes anything.

::

    judged ──> who is ready? ──> say it ──> connect ──> show, ask Azure ──> [disconnect ──> show, ask Azure] ──> judge
               (hindrance)     (announcement)                                (only with --enroll=roundtrip)

It is a second gathering, after the checks that decide whether a VM is ready: what it sees is added to the VM's evidence
under keys that begin with ``enroll_``, and the ENROLL checks judge that like any other evidence. The commands
are in suites/probes/azcmagent_connect.py; here is who runs them, in which order, and who asks Azure.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from plugins.azure import resource_ids as ids
from plugins.azure.snapshot import Answer, AzureSnapshot, ReadError
from plugins.azure.vm_view import AzureVmView
from plugins.checks.areas import AREAS, order
from plugins.checks.check import CheckOutcome
from plugins.checks.enrollment_marks import ALREADY, NOT_ASKED
from plugins.checks.probe import Probe, ProbeCommand
from plugins.evidence.archive import Archive
from plugins.gather.collector import Progress, gather
from plugins.model import Evidence, ProbeResult, Severity, Status, Verdict, Vm
from plugins.ssh import client as ssh

if TYPE_CHECKING:
    from plugins.azure.client import ArmClient
    from plugins.azure.fetch import FetchOptions
    from plugins.judge.judge import Bench
    from plugins.pytest_adapter.collection import CheckItem
    from plugins.pytest_adapter.run import Run

__all__ = [
    "AREA",
    "MODES",
    "Enrolment",
    "Look",
    "announcement",
    "asking",
    "enroll",
    "enroll_the_ready",
    "hindrance",
    "is_step",
    "plan_page",
    "prepare",
    "refuse",
    "skip",
    "wanted",
]

AREA = "ENROLL"
#: What ``--enroll`` may be: connect, or connect and disconnect again.
MODES = ("connect", "roundtrip")
ROUNDTRIP = "ENROLL-003"

#: Areas that --no-azure leaves nothing of.
_AZURE_ALONE = ("PLATFORM", "CSN", "IDENTITY", "ROLES")

CONNECT, SHOW, MACHINE, DISCONNECT, GONE = (
    "enroll_connect",
    "enroll_show",
    "enroll_machine",
    "enroll_disconnect",
    "enroll_gone",
)

#: Seconds for Azure to show what azcmagent has just done, and between two looks. [I] How long it takes is not
#: documented; the agent itself waits for the resource, so it is there at once, as a rule.
PATIENCE, PAUSE = 60.0, 5.0

#: (cloud, resource group's id) -> the Arc machines in it.
Look = Callable[[str, str], Answer | ReadError]


def wanted(check_id: str, mode: str | None) -> bool:
    """Whether a check belongs to a run with this ``--enroll`` (None: without it)."""
    if not _is_ours(check_id):
        return True
    return mode == "roundtrip" if check_id == ROUNDTRIP else mode is not None


def is_step(key: str) -> bool:
    """Whether a probe is one of the enrolment: never part of the first gathering."""
    return key.startswith("enroll_")


def refuse(left_out: Iterable[str], selected: Iterable[str], azure: bool) -> str:
    """Why ``--enroll`` cannot go with a choice of checks; "" when it can.

    `left_out` are required checks, or tests of them, that were collected and not selected. `azure`: Azure is asked.
    """
    missing = sorted({each for each in left_out if not _is_ours(each)}, key=order)
    there = {each.rpartition("-")[0] for each in selected}
    missing += [area for area in AREAS if area not in (there | {AREA}) and (azure or area not in _AZURE_ALONE)]
    if not missing:
        return ""
    shown = ", ".join(missing[:4]) + (f" and {len(missing) - 4} more" if len(missing) > 4 else "")
    return (
        f"--enroll connects only VMs that pass every required check, and this choice leaves out {shown}. "
        "Leave --check, -k, -m and paths away, or leave --enroll away."
    )


def _is_ours(check_id: str) -> bool:
    return check_id.rpartition("-")[0] == AREA


def hindrance(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The first required check that keeps a VM from being enrolled: failed, unknown or blocked. Catalogue order."""
    stops = (Status.FAIL, Status.UNKNOWN, Status.BLOCKED)
    # What failed is more to the point than what was blocked by it, wherever it stands.
    found = [
        each
        for each in verdicts
        if each.severity is Severity.REQUIRED and each.status in stops and not _is_ours(each.id)
    ]
    return min(found, key=lambda each: stops.index(each.status), default=None)


def skip(verdict: Verdict) -> str:
    """The sentence for a VM that is not enrolled because of `verdict`."""
    word = {Status.FAIL: "failed", Status.UNKNOWN: "is unknown", Status.BLOCKED: "is blocked"}[verdict.status]
    named = f"{verdict.id} ({verdict.parameter})" if verdict.parameter else verdict.id
    return f"Not connected, as the VM is not ready: {named} {word}."


# ------------------------------------------------------------------------------------------------------ what is meant


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One VM that is to be connected, and as what."""

    vm: Vm  # with resource_id and target as far as Azure and the inventory together know them
    name: str  # of the Arc machine

    @property
    def group(self) -> str:
        """The id of the resource group that the Arc machine goes to."""
        target = self.vm.target
        return ids.group_scope(target.subscription or "", target.resource_group or "")

    @property
    def machine(self) -> str:
        """The id that the Arc machine will have."""
        return f"{self.group}/providers/Microsoft.HybridCompute/machines/{self.name}"


def prepare(vm: Vm, facts: AzureSnapshot) -> Enrolment | str:
    """What connecting `vm` means, or the sentence that says why it cannot be said."""
    if vm.os == "windows":
        return "Not connected, as this suite connects Linux guests only."
    view = AzureVmView(vm, facts)
    try:
        target = view.target
    except CheckOutcome as word:
        return f"Not connected, as it is not known where to: {word.message}"
    if not target.location:
        return "Not connected, as it is not known where to: no location is stated (target.location in the inventory)."
    for pair in target.tags.items():
        for text in pair:
            # azcmagent takes one text: Site=NY3,Owner='Shared Services'. It has no way to write these:
            if any(mark in text for mark in "',\"=\n") or not text:
                return (
                    f"Not connected, as azcmagent cannot be given the tag {pair[0]!r}: names and values must not be "
                    "empty, nor hold a comma, an equals sign or a quotation mark."
                )
    try:
        resource_id: str | None = view.resource_id
    except CheckOutcome:
        resource_id = vm.resource_id
    return Enrolment(replace(vm, resource_id=resource_id, target=target), view.arc_name)


def announcement(enrolments: Sequence[Enrolment], skipped: Mapping[str, str], mode: str) -> list[str]:
    """What is about to be done, before it is done."""
    total = len(enrolments) + len(skipped)
    lines = [f"--enroll={mode}: {len(enrolments)} of {total} VMs {_are(len(enrolments))} connected to Azure Arc now."]
    if enrolments:
        lines.append("Each with azcmagent connect and a token of its own managed identity, as this resource:")
    for each in enrolments:
        tags = ", ".join(f"{name}={value}" for name, value in each.vm.target.tags.items())
        lines.append(f"  {each.vm.name}: {each.machine} in {each.vm.target.location}{f', tags {tags}' if tags else ''}")
    if enrolments and mode == "roundtrip":
        lines.append("Then each is disconnected again, which deletes that resource.")
    lines += [f"  {name}: {why}" for name, why in skipped.items()]
    return lines


def _are(number: int) -> str:
    return "is being" if number == 1 else "are being"


def plan_page(items: Sequence[CheckItem], run: Run, mode: str) -> list[str]:
    """What ``--plan`` says of the enrolment: every command, and for whom, in their order."""
    keys = [CONNECT, SHOW, *((DISCONNECT,) if mode == "roundtrip" else ())]
    groups: dict[tuple[int, ProbeCommand], list[str]] = {}
    for item in items:
        for each in item.planned(run):
            if item.check.area == AREA and each.key in keys:
                names = groups.setdefault((keys.index(each.key), each), [])
                if item.vm.name not in names:
                    names.append(item.vm.name)
    lines = [
        "",
        f"--enroll={mode}: then, only on VMs that turn out to be ready, one after the other (THESE CHANGE THEM):",
    ]
    for (_, each), names in sorted(groups.items(), key=lambda group: group[0][0]):
        how = f"{'as root; ' if each.root else ''}at most {each.timeout:g} s"
        lines += ["", f"# {each.key} on {', '.join(names)} ({how})", *each.command.strip().splitlines()]
    return lines


# ------------------------------------------------------------------------------------------------------------ doing it


class _More(Archive):
    """The archive of the run, to which a later visit adds what it saw; the first visit's session stays."""

    def __init__(self, archive: Archive, plans: Mapping[str, Sequence[ProbeCommand]]) -> None:
        super().__init__(archive.directory)
        self._whole = archive
        self._plans = plans

    def store(self, evidence: Evidence) -> None:
        """Add; what a broken session left unanswered says so."""
        reason = f"The session ended while this ran: {evidence.session.message}"
        lost = {each.key: _lost(each.key, reason, each.command) for each in self._plans[evidence.vm.name]}
        answered = {key: seen for key, seen in evidence.seen.items() if seen.state != "lost"}
        _add(self._whole, evidence.vm.name, lost | answered)


def _lost(key: str, reason: str, command: str = "") -> ProbeResult:
    return ProbeResult(key, command, "lost", stderr=reason)


def _add(archive: Archive, name: str, seen: Mapping[str, ProbeResult]) -> None:
    """Keep more of what was seen of a VM: on disk, redacted, and in memory, where the judge looks."""
    disk = Archive(archive.directory)
    evidence = disk[name]
    evidence.seen.update(seen)
    disk.store(evidence)
    archive.problem = archive.problem or disk.problem
    archive[name].seen.update({key: disk[name].seen[key] for key in seen})


def enroll(
    enrolments: Sequence[Enrolment],
    probes: Mapping[str, Probe],
    profile: Any,
    mode: str,
    options: ssh.Options,
    archive: Archive,
    look: Look | None,
    progress: Callable[[int], AbstractContextManager[Progress]],
) -> bool:
    """Connect the VMs, and with ``roundtrip`` disconnect those that this connected; False when it was interrupted.

    `probes` are the ENROLL checks' by name. `look` asks Azure; None: it is not to be asked. Everything that happens
    becomes evidence in `archive`, whose first part is there already. A VM that was connected before is left as it is.
    """

    def visit(chosen: Sequence[Enrolment], key: str) -> bool:
        if not chosen:
            return True
        vms = [each.vm for each in chosen]
        plans = {vm.name: [probes[key].plan(key, {"vm": vm, "profile": profile})] for vm in vms}
        limited = replace(options, run_timeout=probes[key].timeout + 5.0)
        with progress(len(vms)) as shown:
            return gather(vms, plans, limited, _More(archive, plans), shown)

    def ask(chosen: Sequence[Enrolment], key: str, *, until: Callable[[Any], bool]) -> None:
        found = _machines(chosen, look, key, until)
        for each in chosen:
            _add(archive, each.vm.name, {key: found[each.vm.name]})

    def seen(each: Enrolment) -> ProbeResult:
        return archive[each.vm.name].seen[CONNECT]

    if not visit(enrolments, CONNECT):
        return False
    connected = [each for each in enrolments if seen(each).state == "done" and seen(each).exit == 0]
    if not visit(connected, SHOW):
        return False
    ask(connected, MACHINE, until=lambda machine: _status(machine) == "connected")
    if mode != "roundtrip":
        return True
    ours = [each for each in connected if not seen(each).stdout.startswith(ALREADY)]
    for each in connected:
        if each not in ours:
            reason = "The machine was connected before this run."
            _add(archive, each.vm.name, {key: _lost(key, reason) for key in (DISCONNECT, GONE)})
    if not visit(ours, DISCONNECT):
        return False
    ask(ours, GONE, until=lambda machine: machine is None)
    return True


def enroll_the_ready(
    items: Sequence[CheckItem],
    run: Run,
    bench: Bench,
    mode: str,
    options: ssh.Options,
    azure: FetchOptions | None,
    progress: Callable[[int], AbstractContextManager[Progress]],
    say: Callable[[str], None],
) -> bool:
    """Judge who is ready, say what is about to be done, and do it; False when it was interrupted.

    `items` are the selected checks. `azure` says how to ask Azure; None: it is not to be asked.
    """
    assert run.archive is not None
    probes: dict[str, Probe] = {}
    verdicts: dict[str, list[Verdict]] = {vm.name: [] for vm in run.vms}
    for item in items:
        if item.check.area == AREA:
            probes |= {name: probe for name, probe in item.probes.items() if is_step(name)}
        else:
            verdicts[item.vm.name].append(bench.verdict(item))
    enrolments: list[Enrolment] = []
    skipped: dict[str, str] = {}
    for vm in run.vms:
        if (stop := hindrance(verdicts[vm.name])) is not None:
            skipped[vm.name] = skip(stop)
        elif isinstance(found := prepare(vm, bench.surroundings.facts), Enrolment):
            enrolments.append(found)
        else:
            skipped[vm.name] = found
            _add(run.archive, vm.name, {CONNECT: _lost(CONNECT, found)})
    for name, reason in _twice(enrolments).items():
        skipped[name] = reason
        _add(run.archive, name, {CONNECT: _lost(CONNECT, reason)})
    enrolments = [each for each in enrolments if each.vm.name not in skipped]
    for line in announcement(enrolments, skipped, mode):
        say(line)
    if not enrolments:
        return True
    with ExitStack() as stack:
        look = stack.enter_context(asking(azure)) if azure else None
        try:
            return enroll(enrolments, probes, run.profile, mode, options, run.archive, look, progress)
        except KeyboardInterrupt:  # while Azure was asked; during a visit, `gather` sees to it
            return False


def _twice(enrolments: Sequence[Enrolment]) -> dict[str, str]:
    """VMs that would become the same Arc machine, and the sentence that says so."""
    by_machine: dict[str, list[str]] = {}
    for each in enrolments:
        by_machine.setdefault(ids.key(each.machine), []).append(each.vm.name)
    return {
        name: f"Not connected, as {' and '.join(names)} would become the same resource in Azure, {machine}."
        for machine, names in by_machine.items()
        if len(names) > 1
        for name in names
    }


# -------------------------------------------------------------------------------------------------------- asking Azure


def _status(machine: Any) -> str:
    return str(((machine or {}).get("properties") or {}).get("status") or "").lower()


def _machines(
    chosen: Sequence[Enrolment], look: Look | None, key: str, until: Callable[[Any], bool]
) -> dict[str, ProbeResult]:
    """The Arc machine of each VM as evidence, once it is as `until` wants it or the patience is over."""
    if look is None:
        return {each.vm.name: ProbeResult(key, "", "done", exit=0, stdout=NOT_ASKED) for each in chosen}
    found: dict[str, ProbeResult] = {}
    waiting = list(chosen)
    deadline = time.monotonic() + PATIENCE
    while waiting:
        groups = {(each.vm.target.cloud, each.group) for each in waiting}
        answers = {group: look(*group) for group in groups}
        later = []
        for each in waiting:
            answer = answers[each.vm.target.cloud, each.group]
            machine = _named(answer, each.name)
            found[each.vm.name] = _as_seen(key, answer, machine)
            if isinstance(answer, Answer) and not until(machine):
                later.append(each)
        waiting = later if time.monotonic() + PAUSE < deadline else []
        if waiting:
            time.sleep(PAUSE)
    return found


def _named(answer: Answer | ReadError, name: str) -> Any:
    listed = answer.value or () if isinstance(answer, Answer) else ()
    return next((each for each in listed if str(each.get("name")).lower() == name.lower()), None)


def _as_seen(key: str, answer: Answer | ReadError, machine: Any) -> ProbeResult:
    if isinstance(answer, ReadError):
        return _lost(key, answer.message, answer.request)
    # Only what the check looks at, and what a reader wants to know: the whole resource is long.
    properties = (machine or {}).get("properties") or {}
    names = ("status", "lastStatusChange", "errorDetails", "agentVersion", "vmId")
    shown = machine and {
        "id": machine.get("id"),
        "location": machine.get("location"),
        "tags": machine.get("tags") or {},
        "properties": {name: properties[name] for name in names if name in properties},
    }
    return ProbeResult(key, answer.request, "done", exit=0, stdout=json.dumps(shown, indent=1) + "\n")


@contextmanager
def asking(options: FetchOptions) -> Iterator[Look]:
    """Something that asks Azure for the Arc machines of a resource group, while the block lasts."""
    from plugins.azure.client import ArmClient  # the SDK takes a second to load
    from plugins.core.worker_pool import WorkerPool

    with ExitStack() as stack:
        arms: dict[str, ArmClient] = {}

        def look(cloud: str, group: str) -> Answer | ReadError:
            team = stack.enter_context(closing(WorkerPool(1, PATIENCE)))
            if cloud not in arms:
                made = ArmClient(options.clouds[cloud], options.credential, seconds=3600.0, record=lambda call: None)
                arms[cloud] = stack.enter_context(made)
                made.sign_in(team)
            arm = arms[cloud]
            (answer,) = team.ask(
                [partial(arm.machines, group)], lambda number: arm.late(f"the Arc machines of {group}")
            )
            return answer

        yield look
