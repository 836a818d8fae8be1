"""Runs an enrollment: connects VMs, and with ``roundtrip`` disconnects them again. The only code that changes a VM.

::

    judged ──> who is ready? ──> announcement ──> connect ──> show, ask Azure ──> [disconnect ──> ask Azure] ──> judge
               (hindrance)                                                        (only with --enroll=roundtrip)

It is a second gathering, after the checks that decide whether a VM is ready. Its results are added to the VM's evidence
under keys that begin with ``enroll_``, and the ENROLL checks judge them like any other evidence. The commands are
declared beside those checks, in suites/probes/azcmagent_connect.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from plugins.checks.enrollment_marks import ALREADY
from plugins.checks.probe import Probe, ProbeCommand
from plugins.enrollment.arc_machines import ListMachines, status, wait_for_machines
from plugins.enrollment.request import EnrollmentRequest
from plugins.enrollment.steps import CONNECT, DISCONNECT, GONE, MACHINE, SHOW, not_done
from plugins.evidence.archive import Archive
from plugins.gather.collector import Progress, gather
from plugins.model import Evidence
from plugins.requirements.profile import Profile
from plugins.ssh import client as ssh

_CONNECTED_BEFORE = "The machine was connected before this run."


class _Additions:
    """Stores the evidence of a later visit: adds it to that of the first one, whose session stays."""

    def __init__(self, archive: Archive, plans: Mapping[str, Sequence[ProbeCommand]]) -> None:
        self._archive = archive
        self._plans = plans
        self.sync = archive.sync

    def store(self, evidence: Evidence) -> None:
        """Add the evidence; steps without a result, because the session broke, report it."""
        reason = f"The session ended while this ran: {evidence.session.message}"
        name = evidence.vm.name
        lost = {step.key: not_done(step.key, reason, step.command) for step in self._plans[name]}
        answered = {key: result for key, result in evidence.results.items() if result.state != "lost"}
        self._archive.add(name, lost | answered)


def enroll(
    requests: Sequence[EnrollmentRequest],
    probes: Mapping[str, Probe],
    profile: Profile,
    mode: str,
    options: ssh.Options,
    archive: Archive,
    list_machines: ListMachines | None,
    progress: Callable[[int], AbstractContextManager[Progress]],
) -> bool:
    """Connect the VMs, and with ``roundtrip`` disconnect those that this connected; False when it was interrupted.

    `probes` are those of the ENROLL checks, by name. `list_machines` reads from Azure; None: with --no-azure.
    Everything becomes evidence in `archive`, which has the first visit's. A VM that was connected is not changed.
    """

    def visit(chosen: Sequence[EnrollmentRequest], key: str) -> bool:
        if not chosen:
            return True
        vms = [request.vm for request in chosen]
        plans = {vm.name: [probes[key].plan(key, {"vm": vm, "profile": profile})] for vm in vms}
        limited = replace(options, run_timeout=probes[key].timeout + 5.0)
        with progress(len(vms)) as shown:
            return gather(vms, plans, limited, _Additions(archive, plans), shown)

    def ask(chosen: Sequence[EnrollmentRequest], key: str, *, until: Callable[[Any], bool]) -> None:
        for name, machine in wait_for_machines(chosen, list_machines, key, until).items():
            archive.add(name, {key: machine})

    if not visit(requests, CONNECT):
        return False
    results = {request.vm.name: archive[request.vm.name].results[CONNECT] for request in requests}
    connected = [item for item in requests if (done := results[item.vm.name]).state == "done" and done.exit == 0]
    if not visit(connected, SHOW):
        return False
    ask(connected, MACHINE, until=lambda machine: status(machine) == "connected")
    if mode != "roundtrip":
        return True
    before = [item for item in connected if results[item.vm.name].stdout.startswith(ALREADY)]
    for item in before:
        archive.add(item.vm.name, {key: not_done(key, _CONNECTED_BEFORE) for key in (DISCONNECT, GONE)})
    ours = [item for item in connected if item not in before]
    if not visit(ours, DISCONNECT):
        return False
    ask(ours, GONE, until=lambda machine: machine is None)
    return True
