"""Visit every VM once, run all its probes there, and store the evidence; judging comes later."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

from plugins.checks.probe import ProbeCommand
from plugins.core.descriptors import allow
from plugins.core.errors import InputError
from plugins.gather import windows_script as windows
from plugins.gather.frames import REFUSALS, FrameDecoder
from plugins.gather.script import VmScript, compile_script
from plugins.model import Evidence, ProbeResult, SshSession, Vm
from plugins.requirements.windows_counterparts import for_windows
from plugins.ssh import client as ssh

#: File descriptors for pytest, the reports and Azure; and for one visit (its connection, pipes of ssh and a resolver).
_DESCRIPTORS, _OF_A_VISIT = 40, 6


class EvidenceStore(Protocol):
    """Stores the evidence of each VM (`plugins.evidence.archive.Archive`)."""

    def store(self, evidence: Evidence) -> None:
        """Keep one VM's evidence; called from several threads."""

    def sync(self) -> None:
        """Called once, after the last VM."""


class Progress(Protocol):
    """Notified during the gathering; called from several threads."""

    def visited(self, evidence: Evidence) -> None:
        """One more VM is done, reached or not."""


class _Visit:
    """The receiving end of one VM's session (`plugins.ssh.client.Sink`)."""

    def __init__(self, batch: VmScript) -> None:
        self.batch = batch
        self.decoder = FrameDecoder(batch)

    @property
    def started(self) -> bool:
        return self.decoder.greeted

    def feed(self, data: bytes) -> bool:
        return self.decoder.feed(data)

    def feed_stderr(self, data: bytes) -> None:
        """Ignore the shell's own messages ("Killed"): no probe printed them."""


def gather(
    vms: Sequence[Vm],
    plans: Mapping[str, Sequence[ProbeCommand]],
    options: ssh.Options,
    archive: EvidenceStore,
    progress: Progress,
) -> bool:
    """Visit `vms` and store the evidence of each in `archive` as soon as it is complete; False when interrupted.

    `plans` has each VM's probes, by VM name. Ctrl-C ends the gathering within a few seconds: output received until then
    is kept, and VMs that were not visited have that outcome. Raises nothing for a failure of a VM, a key or a network.
    """
    visits: dict[str, _Visit] = {}
    began = time.time()

    def visit(vm: Vm) -> _Visit:
        if vm.name not in visits:
            compiled = windows.compile_script if vm.os == "windows" else compile_script
            visits[vm.name] = _Visit(compiled(plans[vm.name]))
        return visits[vm.name]

    def ended(vm: Vm, session: SshSession) -> None:
        visited = visits.pop(vm.name, None)
        # A jump host is a separate machine.
        if vm.os == "windows" and session.outcome != "jump host failed":
            session = replace(session, remedy=for_windows(session.remedy))
        evidence = _evidence(vm, session, visited, plans[vm.name], began)
        # In a thread: redaction and the disk take time, and the calling loop serves other VMs.
        stored.append(storing.submit(store, evidence))

    def store(evidence: Evidence) -> None:
        archive.store(evidence)
        progress.visited(evidence)

    storing, stored = ThreadPoolExecutor(1, "store"), list[Future[None]]()
    try:
        ssh.visit_all(vms, lambda vm: visit(vm).batch, visit, limits(options, vms), ended, threading.Event())
    except KeyboardInterrupt:
        return False
    finally:
        storing.shutdown()
        archive.sync()
        for item in stored:
            item.result()
    return True


def limits(options: ssh.Options, vms: Sequence[Vm]) -> ssh.Options:
    """The options for these VMs: PowerShell needs more time to start, and each visit needs file descriptors.

    Raises InputError when this process may open too few files for one visit.
    """
    most = (allow(_DESCRIPTORS + _OF_A_VISIT * options.workers) - _DESCRIPTORS) // _OF_A_VISIT
    if most < 1:
        raise InputError(
            f"This shell allows too few open files for a visit; expected {_DESCRIPTORS + _OF_A_VISIT} or more. Raise "
            "the limit and run again: ulimit -n 4096"
        )
    options = replace(options, workers=min(options.workers, most))
    if any(vm.os == "windows" for vm in vms):
        return replace(options, run_timeout=options.run_timeout + windows.STARTUP)
    return options


def _evidence(
    vm: Vm, session: SshSession, visit: _Visit | None, plan: Sequence[ProbeCommand], began: float
) -> Evidence:
    if visit is None:  # no shell was started
        return Evidence(vm, session, {}, began)
    decoder = visit.decoder
    session = _explained(session, decoder)
    results = dict(decoder.results)
    if decoder.greeted and not decoder.full and not decoder.refused:
        for planned in plan:
            results.setdefault(planned.key, ProbeResult(planned.key, planned.command, "lost"))
    return Evidence(
        vm, session, {planned.key: results[planned.key] for planned in plan if planned.key in results}, began
    )


def _explained(session: SshSession, decoder: FrameDecoder) -> SshSession:
    """The session's outcome, completed from the answer."""
    if decoder.refused:
        message, remedy = REFUSALS[decoder.refused]
        return replace(session, outcome="shell refused", message=message, remedy=remedy)
    if not decoder.full:
        return session
    return replace(
        session,
        outcome="no room",
        message=f"No folder on the VM can be written, so no probe could run (tried {decoder.full}).",
        remedy="Free some space, or find out why these are read-only: df -h; mount | grep -w ro",
    )
