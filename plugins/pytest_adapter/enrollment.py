"""The part of an enrollment that knows the run's checks: the ready VMs, and the commands of a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING

from plugins.checks.areas import ENROLL
from plugins.checks.probe import Probe, ProbeCommand
from plugins.core.redaction import redact
from plugins.enrollment.arc_machines import machine_lister
from plugins.enrollment.request import EnrollmentRequest, announcement, prepare, refusal, same_address, same_machine
from plugins.enrollment.runner import enroll
from plugins.enrollment.steps import CONNECT, changing_steps, is_step, not_done
from plugins.evidence.archive import Archive
from plugins.gather.collector import Progress
from plugins.gather.dry_run import enrollment_lines
from plugins.judge.judge import Judge
from plugins.judge.readiness import hindrance, skip
from plugins.model import Verdict, Vm
from plugins.pytest_adapter.items import CheckItem
from plugins.pytest_adapter.output import say
from plugins.requirements.profile import Profile
from plugins.ssh import client as ssh

if TYPE_CHECKING:  # the Azure SDK takes a second to load
    from plugins.azure.fetch import FetchOptions


def plan_page(items: Sequence[CheckItem], profile: Profile, mode: str) -> list[str]:
    """The lines of ``--plan`` about the enrollment: every command, and its VMs, in order."""
    keys = changing_steps(mode)
    groups: dict[tuple[int, ProbeCommand], list[str]] = {}
    refused: dict[str, str] = {}
    for item in items:
        if why := refusal(item.vm, mode):
            refused[item.vm.name] = why
            continue
        for command in item.planned(profile):
            if item.check.area == ENROLL and command.key in keys:
                names = groups.setdefault((keys.index(command.key), command), [])
                if item.vm.name not in names:
                    names.append(item.vm.name)
    ordered = sorted(groups.items(), key=lambda group: group[0][0])
    lines = enrollment_lines(mode, ((command, names) for (_, command), names in ordered))
    return [*lines, *(f"# {name}: {why}" for name, why in refused.items())]


def enroll_ready_vms(
    items: Sequence[CheckItem],
    vms: Sequence[Vm],
    judge: Judge,
    archive: Archive,
    *,
    profile: Profile,
    mode: str,
    options: ssh.Options,
    azure: FetchOptions | None,
    progress: Callable[[int], AbstractContextManager[Progress]],
    write_line: Callable[[str], None],
) -> bool:
    """Judge which VMs are ready, announce the enrollment, and run it; False when interrupted.

    `items` are the selected checks, `vms` the fleet. `azure` has the options for requests to Azure; None: --no-azure.
    """
    probes: dict[str, Probe] = {}
    verdicts: dict[str, list[Verdict]] = {vm.name: [] for vm in vms}
    for item in items:
        if item.check.area == ENROLL:
            probes |= {name: probe for name, probe in item.probes.items() if is_step(name)}
        else:
            verdicts[item.vm.name].append(judge.verdict(item))
    requests, skipped, refused = _requests(vms, verdicts, judge, mode)
    for name, reason in refused.items():
        archive.add(name, {CONNECT: not_done(CONNECT, reason)})
    reasons = skipped | refused
    in_order = {vm.name: reasons[vm.name] for vm in vms if vm.name in reasons}
    for line in announcement(requests, in_order, mode):
        say(write_line, redact(line))
    if not requests:
        return True
    with ExitStack() as stack:
        list_machines = stack.enter_context(machine_lister(azure)) if azure else None
        try:
            return enroll(requests, probes, profile, mode, options, archive, list_machines, progress)
        except KeyboardInterrupt:  # during requests to Azure; `gather` handles it during visits
            return False


def _requests(
    vms: Sequence[Vm], verdicts: Mapping[str, Sequence[Verdict]], judge: Judge, mode: str
) -> tuple[list[EnrollmentRequest], dict[str, str], dict[str, str]]:
    """The enrollments, the VMs that are not ready, and those that cannot be connected: name -> message."""
    requests: list[EnrollmentRequest] = []
    skipped: dict[str, str] = {}
    refused: dict[str, str] = {}
    for vm in vms:
        if (cause := hindrance(verdicts[vm.name])) is not None:
            skipped[vm.name] = skip(cause)
        elif isinstance(request := prepare(vm, judge.context.facts, mode), EnrollmentRequest):
            requests.append(request)
        else:
            refused[vm.name] = request
    refused |= same_address(requests) | same_machine(requests)
    return [request for request in requests if request.vm.name not in refused], skipped, refused
