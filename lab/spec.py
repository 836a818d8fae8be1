"""The specification of a lab, which `lab.holder` passes from the command line into the namespaces."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from typing import Any

from lab import addresses
from lab.errors import LabError
from lab.faults import FAULTS, RUN_FAULTS
from lab.plan import AZ, RunPlan, VmPlan
from lab.words import did_you_mean

#: In --fault VM=NAME, the word for COMMAND's machine.
RUN = "run"


@dataclass(frozen=True, slots=True)
class Spec:
    """N VMs, the faults of VMs and of the run, the command to run beside them, and the network delay."""

    vms: int
    faults: dict[str, list[str]]  # "vm3" or "run" -> names of faults, in the given order
    command: list[str]
    real_az: bool = False  # VMs with the Azure CLI have the real one
    together: dict[str, int] = field(default_factory=dict)  # "vm3" -> the first VM with the same faults
    delay: float = 0.0  # milliseconds between COMMAND and the VMs, each way
    curl: str = ""  # this machine's file that VMs use as curl; "" = this machine's curl

    def plans(self) -> list[VmPlan]:
        """The VMs, with their faults planted."""
        plans = []
        for number in range(1, self.vms + 1):
            plan = VmPlan(number)
            plan.faults = tuple(self.faults.get(plan.name, ()))
            plan.azure.together = self.together.get(plan.name)
            for fault in plan.faults:
                FAULTS[fault].plant(plan)
            if self.real_az and plan.az == AZ:
                plan.az = "real"
            plan.curl = self.curl
            plans.append(plan)
        return plans

    def run(self) -> RunPlan:
        """COMMAND's machine, with its faults planted."""
        plan = RunPlan(tuple(self.faults.get(RUN, ())))
        for fault in plan.faults:
            RUN_FAULTS[fault].plant(plan)
        return plan

    def to_json(self) -> str:
        """The inverse of `from_json`."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Spec:
        """A spec from its JSON text."""
        data: dict[str, Any] = json.loads(text)
        return cls(**data)


def parse(
    vms: int,
    faults: list[str],
    command: list[str],
    *,
    real_az: bool = False,
    delay: float = 0.0,
    curl: str = "",
) -> Spec:
    """A spec from the command line; raises `LabError`.

    `faults` are words such as "vm3=imds-down,no-ping", or "vm1+vm2=csn-defaults-off" for VMs that share a resource.
    """
    if not 1 <= vms <= addresses.MAX_VMS:
        raise LabError(f"--vms {vms}: between 1 and {addresses.MAX_VMS} VMs can run")
    if not 0 <= delay <= 1000:  # also catches NaN
        raise LabError(f"--delay {delay:g}: between 0 and 1000 milliseconds, each way")
    if curl and not os.access(curl, os.X_OK):
        raise LabError(f"--curl {curl}: expected a program, a curl of another version")
    names = [f"vm{number}" for number in range(1, vms + 1)]
    planted: dict[str, list[str]] = {}
    together: dict[str, int] = {}
    for word in faults:
        several, equals, list_of_faults = word.partition("=")
        if not equals or not several or not list_of_faults:
            raise LabError(f"--fault {word}: expected VM=NAME, such as vm3=imds-down")
        members = several.split("+")
        for vm in members:
            if vm not in names and several != RUN:
                have = "the only VM is vm1" if vms == 1 else f"the VMs are vm1 to vm{vms}"
                raise LabError(f"--fault {word}: there is no {vm}; {have}")
        if len(members) > 1:
            first = names.index(members[0]) + 1
            for vm in members:
                if together.setdefault(vm, first) != first:
                    raise LabError(f"--fault {word}: {vm} has its faults together with vm{together[vm]} already")
        catalogue, other = (RUN_FAULTS, FAULTS) if several == RUN else (FAULTS, RUN_FAULTS)
        for fault in list_of_faults.split(","):
            if fault in other:
                whose = "a VM, not of the run: vm1=" if several == RUN else "the run, not of a VM: run="
                raise LabError(f"--fault {word}: {fault} is a fault of {whose}{fault}")
            if fault not in catalogue:
                raise LabError(
                    f"--fault {word}: there is no fault {fault!r};{did_you_mean(fault, catalogue)} "
                    "`python -m lab faults` lists them"
                )
            for vm in members:
                if fault not in planted.setdefault(vm, []):
                    planted[vm].append(fault)
    return Spec(vms, planted, command, real_az, together, delay, os.path.realpath(curl) if curl else "")
