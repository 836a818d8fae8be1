"""The coverage of a run: the required checks of the catalogue, and those that got a verdict.

The catalogue is counted before any option omits a check, and verdicts are counted one by one. So a run is
*partial* for any reason: an option, a path, an interruption.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from plugins.checks.areas import area_of, order
from plugins.checks.check import Check
from plugins.core.wording import counted, first_few, plural
from plugins.judge.case import CheckCase
from plugins.model import Severity, Verdict, Vm
from plugins.requirements.profile import Profile


class Coverage:
    """Counts the required checks of the catalogue and the verdicts on them, by check and by VM."""

    def __init__(self, vms: Sequence[Vm], profile: Profile) -> None:
        """`vms` are those of the run: omitting other VMs of a fleet omits no check."""
        self._vms, self._profile = vms, profile
        self._of_check: Counter[str] = Counter()
        self._of_vm: dict[str, Counter[str]] = {vm.name: Counter() for vm in vms}
        self._judged: Counter[str] = Counter()
        self._complete_vms = 0
        self._azure: set[str] = set()
        self.reasons: list[str] = []  # what omitted checks: options as typed, or words
        self.stopped = False  # the run was interrupted: something is missing, even if all counts agree

    def expect(self, checks: Iterable[tuple[Check, bool]]) -> None:
        """Add checks of the catalogue; the flag: whether they need Azure. Only required ones count."""
        for check, asks_azure in checks:
            if check.id in self._of_check or check.base_severity is not Severity.REQUIRED:
                continue
            if asks_azure:
                self._azure.add(check.id)
            for vm in self._vms:
                if number := self._cases(check, vm):
                    self._of_check[check.id] += number
                    self._of_vm[vm.name][check.id] += number

    def add(self, vm: str, verdicts: Iterable[Verdict]) -> bool:
        """A completely judged VM; True when none of its checks was omitted."""
        cases = {(verdict.id, verdict.parameter) for verdict in verdicts if verdict.severity is Severity.REQUIRED}
        judged = Counter(id for id, _ in cases) & self._of_vm[vm]  # more of one check does not make up for another
        self._judged.update(judged)
        complete = judged == self._of_vm[vm]
        self._complete_vms += complete
        return complete

    def left_out(self, cases: Iterable[CheckCase]) -> list[str]:
        """The required checks that `cases`, those selected, do not have for each VM and parameter."""
        selected = {
            (case.check.id, case.vm.name, case.parameter)
            for case in cases
            if self._is_required(case.check, case.vm, case.parameters)
        }
        number = Counter(id for id, _, _ in selected)
        return [id for id, of in self._of_check.items() if number[id] < of]

    def as_results(self) -> dict[str, Any]:
        """The ``judged`` section of `results.json`."""
        missing = sorted((id for id, of in self._of_check.items() if self._judged[id] < of), key=order)
        complete = not missing and not self.stopped
        return {
            "complete": complete,
            "guest_alone": bool(missing) and not self.stopped and set(missing) == self._azure,
            "required": {"judged": len(self._of_check) - len(missing), "of": len(self._of_check)},
            "vms": {"judged": self._complete_vms, "of": len(self._vms)},
            "areas": list(dict.fromkeys(map(area_of, missing))),
            "checks": missing,
            "why": [] if complete else self.reasons or ["not all checks ran"],
        }

    def _cases(self, check: Check, vm: Vm) -> int:
        values = [list(choices(vm, self._profile)) for choices in check.parametrize.values()]
        if isinstance(check.severity, Severity):
            return prod(map(len, values))
        named = (dict(zip(check.parametrize, choices, strict=True)) for choices in product(*values))
        return sum(self._is_required(check, vm, result) for result in named)

    def _is_required(self, check: Check, vm: Vm, parameters: Mapping[str, Any]) -> bool:
        return check.grade({"vm": vm, "profile": self._profile, **parameters}) is Severity.REQUIRED


def judged_sentence(judged: Mapping[str, Any]) -> str:
    """``29 of 55 required checks were judged (--no-azure); not judged: PLATFORM, VM, CSN and 2 more.``"""
    of, why = judged["required"]["of"], ", ".join(judged["why"])
    number = judged["required"]["judged"]
    text = f"{number} of {counted(of, 'required check')} {plural(number, 'was', 'were')} judged ({why})"
    vms = judged["vms"]
    if vms["of"] > 1 and 0 < vms["judged"] < vms["of"]:
        text += f", on {vms['judged']} of {vms['of']} VMs all of them"
    areas = judged["areas"]
    return f"{text}; not judged: {first_few(areas, 6)}." if areas else f"{text}."
