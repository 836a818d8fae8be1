"""What the lab is asked for, as it travels from the command line into the namespaces."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from lab import addresses
from lab.errors import LabError
from lab.faults import FAULTS
from lab.plan import VmPlan
from lab.words import did_you_mean


@dataclass(frozen=True, slots=True)
class Spec:
    """N VMs, the faults of some of them, and the command to run beside them."""

    vms: int
    faults: dict[str, list[str]]  # "vm3" -> names of faults, in the order in which they were given
    command: list[str]

    def plans(self) -> list[VmPlan]:
        """The VMs, with their faults planted."""
        plans = []
        for number in range(1, self.vms + 1):
            plan = VmPlan(number)
            plan.faults = tuple(self.faults.get(plan.name, ()))
            for fault in plan.faults:
                FAULTS[fault].plant(plan)
            plans.append(plan)
        return plans

    def to_json(self) -> str:
        """The inverse of `from_json`."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Spec:
        """A spec from its JSON text."""
        data: dict[str, Any] = json.loads(text)
        return cls(**data)


def parse(vms: int, faults: list[str], command: list[str]) -> Spec:
    """A spec from the command line: `faults` are words such as "vm3=imds-down,no-ping"; raises `LabError`."""
    if not 1 <= vms <= addresses.MAX_VMS:
        raise LabError(f"--vms {vms}: between 1 and {addresses.MAX_VMS} VMs can run")
    names = [f"vm{number}" for number in range(1, vms + 1)]
    planted: dict[str, list[str]] = {}
    for word in faults:
        vm, equals, list_of_faults = word.partition("=")
        if not equals or not vm or not list_of_faults:
            raise LabError(f"--fault {word}: expected VM=NAME, such as vm3=imds-down")
        if vm not in names:
            have = "the only VM is vm1" if vms == 1 else f"the VMs are vm1 to vm{vms}"
            raise LabError(f"--fault {word}: there is no {vm}; {have}")
        for fault in list_of_faults.split(","):
            if fault not in FAULTS:
                raise LabError(
                    f"--fault {word}: there is no fault {fault!r};{did_you_mean(fault, FAULTS)} "
                    "`python -m lab faults` lists them"
                )
            if fault not in planted.setdefault(vm, []):
                planted[vm].append(fault)
    return Spec(vms, planted, command)
