"""`pytest -p tests.support.patient`: give the programs of the lab's VMs time, however busy the machine is.

A VM of the lab has a share of one machine's processors: an answer that takes curl a moment may come after the 3 s that
curl has, or after the 7 s of the probe. Both limits are generous here, which costs nothing where an answer comes. What a
fault makes hang is stopped all the same; where a limit of curl's is what ends a fault, LAB_LIMITS names it by VM, and it
stays.
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
