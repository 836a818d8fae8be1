"""`pytest -p tests.support.patient`: longer time limits for programs on the lab's VMs, for a busy machine.

The lab's VMs share one machine's processors, so an answer may come after curl's limit of 3 s or the probe's of 7 s.
This plugin extends both limits. A fault that hangs is still stopped; if curl's limit must end a fault, LAB_LIMITS names
that limit by VM, and it is unchanged.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace

from plugins.checks.probe import ProbeCommand
from plugins.gather import script
from plugins.model import Vm
from plugins.pytest_adapter import gather_stage
from plugins.pytest_adapter.items import CheckItem
from plugins.requirements.profile import Profile, Timeouts

SECONDS = 20
CURL = Timeouts(imds=20, connect=20, total=30)

_seconds, _plans = script._seconds, gather_stage.plans
_kept: dict[str, list[str]] = json.loads(os.environ.get("LAB_LIMITS", "{}"))


def _patient(planned: ProbeCommand) -> int:
    return max(_seconds(planned), SECONDS)


def _patient_plans(items: Sequence[CheckItem], vms: Sequence[Vm], profile: Profile) -> dict[str, list[ProbeCommand]]:
    of_vm: dict[str, list[CheckItem]] = {vm.name: [] for vm in vms}
    for item in items:
        of_vm[item.vm.name].append(item)
    plans = {}
    for vm in vms:
        kept = {name: getattr(profile.timeouts, name) for name in _kept.get(vm.name, ())}
        patient = replace(profile, timeouts=replace(CURL, **kept))
        own, longer = (_plans(of_vm[vm.name], [vm], profile)[vm.name] for profile in (profile, patient))
        plans[vm.name] = [replace(one, timeout=one.timeout + 2 * CURL.total * (one not in own)) for one in longer]
    return plans


script._seconds, gather_stage.plans = _patient, _patient_plans
