"""The context of checks besides their VM's probes: Azure, the runner's tools, the rest of the fleet.

========================  ==============================================================================================
``azure``                 `plugins.azure.vm_view.AzureVmView`: the control plane's data about this VM
``expected_principal``    the identity the VM is to enroll with, or None when Azure was not queried or does not state
``az_cli``                `plugins.azure.az_cli.AzCli`: the Azure CLI of the machine the suite runs on
``arc_vm_id``             VM name -> the vmId of its Arc machine in Azure, "" without one; None: Azure did not say
``fleet_NAME``            {VM name: what the probe NAME saw there}, over the whole run; the check also takes NAME itself
========================  ==============================================================================================

All of it is saved with the run (``azure.json``, ``runner.json``), so that a rejudged run gives the same verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from typing import Any, TypeVar

from plugins.azure import resource_ids as ids
from plugins.azure.az_cli import AzCli
from plugins.azure.normalize import properties
from plugins.azure.snapshot import AzureSnapshot
from plugins.azure.vm_view import AzureVmView, Principal
from plugins.checks.check import CheckOutcome
from plugins.checks.probe import Probe
from plugins.checks.signature import parameters
from plugins.core.errors import InputError
from plugins.core.redaction import clean
from plugins.core.strict_json import whole
from plugins.evidence.archive import Archive, unreadable
from plugins.evidence.layout import AZURE, RUNNER
from plugins.judge.evaluate import value
from plugins.model import Evidence, ProbeResult, Vm

#: The argument of the checks of the control plane.
CONTROL_PLANE = "azure"
_FLEET = "fleet_"

T = TypeVar("T")


@cache
def wants(function: Callable[..., str]) -> frozenset[str]:
    """The names above that a check takes."""
    names = parameters(function)
    own = frozenset((CONTROL_PLANE, "expected_principal", "az_cli", "arc_vm_id")).intersection(names)
    return own | {name for name in names if name.startswith(_FLEET) and name.removeprefix(_FLEET) in names}


class CheckContext:
    """The context of the checks of one run; each part is created or read on first use."""

    def __init__(self, archive: Archive | None, fleet: Callable[[], Iterable[Evidence]]) -> None:
        self._archive = archive
        self._fleet = fleet
        self._facts: AzureSnapshot | None = None
        self._az_cli: AzCli | None = None
        self._over_fleet: dict[str, Mapping[str, Any]] = {}
        self._vms: dict[str, Vm] = {}
        self._arc_vm_ids: dict[str, str | None] = {}

    def arguments(self, function: Callable[..., str], probes: Mapping[str, Probe], vm: Vm) -> dict[str, Any]:
        """The arguments besides `probes` that `function` takes, for `vm`."""
        return {name: self._argument(name, probes, vm) for name in wants(function)}

    def _argument(self, name: str, probes: Mapping[str, Probe], vm: Vm) -> Any:
        match name:
            case "azure":
                return AzureVmView(vm, self.facts)
            case "expected_principal":
                return self._expected(vm)
            case "az_cli":
                return self.az_cli
            case "arc_vm_id":
                return self._arc_vm_id
            case _:
                return self._everywhere(name.removeprefix(_FLEET), probes)

    @staticmethod
    def used(arguments: Mapping[str, Any]) -> dict[str, ProbeResult]:
        """The answers of Azure that a check read, as evidence; by key."""
        view = arguments.get(CONTROL_PLANE)
        return view.used if isinstance(view, AzureVmView) else {}

    @property
    def facts(self) -> AzureSnapshot:
        """Azure's answers; empty when Azure was never queried."""
        if self._facts is None:
            self._facts = self._saved_facts() or AzureSnapshot()
        return self._facts

    @facts.setter
    def facts(self, facts: AzureSnapshot) -> None:
        self._facts = facts
        if self._archive is not None:
            self._archive.write(AZURE, facts.to_data())

    @property
    def az_cli(self) -> AzCli:
        """The runner's tools at the time of gathering."""
        if self._az_cli is None:
            self._az_cli = self._saved_az_cli()
            if self._az_cli is None:
                return AzCli(error="this evidence does not state what the runner had")
        return self._az_cli

    @az_cli.setter
    def az_cli(self, versions: AzCli) -> None:
        self._az_cli = versions
        if self._archive is not None:
            self._archive.write(RUNNER, clean(asdict(versions)))

    def has_facts(self, *, complete: bool) -> bool:
        """Whether an earlier part of this run finished its requests to Azure; `complete`: and got all answers."""
        saved = self._saved_facts()
        return saved is not None and (saved.complete if complete else not (saved.interrupted or saved.unreadable))

    def has_az_cli(self, *, complete: bool) -> bool:
        """The same of the runner's tools."""
        saved = self._saved_az_cli()
        return saved is not None and not (complete and saved.error)

    def _expected(self, vm: Vm) -> Principal | None:
        try:
            return AzureVmView(vm, self.facts).expected
        except CheckOutcome:
            return None

    def _arc_vm_id(self, name: str) -> str | None:
        """The VM of a VM ID according to Azure: a VM itself may report another's."""
        if not self._vms:
            self._vms = {evidence.vm.name: evidence.vm for evidence in self._fleet()}
        if name not in self._arc_vm_ids:
            try:
                machine = AzureVmView(self._vms[name], self.facts).arc_machine
                self._arc_vm_ids[name] = ids.guid(str(properties(machine or {}).get("vmId") or ""))
            except CheckOutcome:
                self._arc_vm_ids[name] = None
        return self._arc_vm_ids[name]

    def _everywhere(self, name: str, probes: Mapping[str, Probe]) -> Mapping[str, Any]:
        """The parsed answer of one probe on each VM that has one."""
        if name not in self._over_fleet:
            answers = {}
            for evidence in self._fleet():
                with suppress(CheckOutcome):
                    answers[evidence.vm.name] = value(probes[name], name, evidence)
            self._over_fleet[name] = answers
        return self._over_fleet[name]

    def _saved_facts(self) -> AzureSnapshot | None:
        return self._read(AZURE, AzureSnapshot.from_data, lambda problem: AzureSnapshot(unreadable=problem))

    def _saved_az_cli(self) -> AzCli | None:
        return self._read(RUNNER, lambda data: whole(data, AzCli), lambda problem: AzCli(error=problem))

    def _read(self, name: str, make: Callable[[Mapping[str, Any]], T], damaged: Callable[[str], T]) -> T | None:
        """A file of the run, None when there is none. A damaged one makes only its own checks unknown."""
        if self._archive is None:
            return None
        try:
            return None if (data := self._archive.read(name)) is None else make(data)
        except (InputError, ValueError) as error:
            return damaged(f"{unreadable(self._archive.source.label(name), error)}. Remove the file and gather again.")
