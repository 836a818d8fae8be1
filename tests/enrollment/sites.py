"""The VMs and Azure's answers of the tests of enrolling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plugins.azure.snapshot import Answer, AzureSnapshot, ReadError
from plugins.checks.probe import Probe, ProbeCommand
from plugins.enrollment import arc_machines, runner
from plugins.enrollment.request import EnrollmentRequest, prepare
from plugins.evidence.archive import Archive
from plugins.gather.collector import Progress
from plugins.model import Evidence, ProbeResult, SshSession, Target, Vm
from plugins.ssh import client as ssh
from suites import test_enroll as suite
from tests.support.suite_probes import probes_of
from tests.support.suite_rows import PROFILE

SUB = "11111111-2222-3333-4444-555555555555"


NEXUS = f"/subscriptions/{SUB}/resourceGroups/vms/providers/Microsoft.NetworkCloud/virtualMachines"


TARGET = Target(SUB, "arc-rg", "eastus", tags={"Site": "NY 3", "app": "web"})


VM_A = Vm("a", resource_id=f"{NEXUS}/web-a", target=TARGET)


VM_B = Vm("b", resource_id=f"{NEXUS}/web-b", target=TARGET)


GROUP = f"/subscriptions/{SUB}/resourceGroups/arc-rg"


PROBES: dict[str, Probe] = {}


for _check in (
    suite.test_the_machine_connects,
    suite.test_both_sides_say_connected,
    suite.test_disconnecting_leaves_nothing,
):
    PROBES |= probes_of(_check)


KEY_FILE = "/root/arc machine.pem"


RELAY = replace(VM_A, path="relay", target=replace(TARGET, private_key_file=KEY_FILE))


OK = SshSession("ok", address="root@10.0.0.4:22", seconds={"login": 0.1})


ID = f"{GROUP}/providers/Microsoft.HybridCompute/machines/web-a"


class Site:
    """VMs with given answers, instead of SSH, and Azure with the resources that they create."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, folder: Path, answers: Mapping[tuple[str, str], ProbeResult]
    ) -> None:
        self.answers = dict(answers)
        self.visits: list[tuple[str, str]] = []
        self.lost: set[tuple[str, str]] = set()
        self.machines: list[dict[str, Any]] | ReadError = []
        self.archive = Archive.create(folder, {"id": "x"}, [VM_A, VM_B])
        for vm in (VM_A, VM_B):
            self.archive.store(Evidence(vm, OK, {"healthz": ProbeResult("healthz", "curl", "done", 0)}, 1.0))
        monkeypatch.setattr(runner, "gather", self.gather)
        monkeypatch.setattr(arc_machines, "PAUSE", 0.0)
        monkeypatch.setattr(arc_machines, "PATIENCE", 0.2)

    def gather(
        self,
        vms: Sequence[Vm],
        plans: Mapping[str, Sequence[ProbeCommand]],
        options: ssh.Options,
        archive: Archive,
        progress: Progress,
    ) -> bool:
        for vm in vms:
            (planned,) = plans[vm.name]
            self.visits.append((vm.name, planned.key))
            if (vm.name, planned.key) in self.lost:
                archive.store(Evidence(vm, SshSession("connection lost", "It broke."), {}, 2.0))
                continue
            answer = self.answers[vm.name, planned.key]
            archive.store(Evidence(vm, OK, {planned.key: replace(answer, command=planned.command)}, 2.0))
        return ("stop", "") not in self.answers

    def look(self, cloud: str, group: str) -> Answer | ReadError:
        assert (cloud, group) == ("AzureCloud", GROUP)
        return self.machines if isinstance(self.machines, ReadError) else Answer("GET", self.machines)

    def enroll(self, mode: str, vms: Sequence[Vm] = (VM_A,), look: bool = True) -> bool:
        requests = [
            request
            for request in (prepare(vm, AzureSnapshot()) for vm in vms)
            if isinstance(request, EnrollmentRequest)
        ]
        options, asking = ssh.Options(run_timeout=5), self.look if look else None
        return runner.enroll(requests, PROBES, PROFILE, mode, options, self.archive, asking, _quiet)

    def results(self, name: str) -> dict[str, ProbeResult]:
        """The results on disk, which must be the same as those in memory."""
        disk = Archive(self.archive.directory)[name].results
        assert disk == self.archive[name].results
        return disk


class _Nobody:
    def visited(self, evidence: Evidence) -> None:
        """Ignore the progress."""


def _quiet(total: int) -> AbstractContextManager[Progress]:
    return nullcontext(_Nobody())


def done(key: str, stdout: str, exit: int = 0) -> ProbeResult:
    return ProbeResult(key, "", "done", exit, stdout)


def machine(name: str, status: str = "Connected") -> dict[str, Any]:
    return {"id": ID, "name": name, "location": "eastus", "properties": {"status": status, "secretish": "x" * 9000}}
