"""Builds the results of a fleet VM by VM: a completely judged VM is added, and released from memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from plugins.azure.components import components
from plugins.core.gc_pause import collect_while_paused
from plugins.judge.case import CheckCase
from plugins.judge.judge import Judge
from plugins.model import Evidence, Verdict, Vm
from plugins.results.builder import ResultsBuilder
from plugins.results.coverage import Coverage

#: The number of VMs after which the garbage of judging is freed.
_TIDY = 500


class FleetAccumulator:
    """The checks of a run, VM by VM: those to be judged, and the results of the others."""

    def __init__(
        self, judge: Judge, vms: Sequence[Vm], cases: Sequence[CheckCase], coverage: Coverage, *, keep: bool
    ) -> None:
        """`vms` is the fleet in its order. `keep`: keep the evidence and the verdicts of each VM for the end."""
        self._judge, self._fleet = judge, vms
        self._left = Counter(case.vm.name for case in cases)
        self._verdicts: dict[str, list[Verdict]] = {}  # of VMs that have begun and are not finished
        self.kept: dict[str, tuple[Evidence, Sequence[Verdict]]] | None = {} if keep else None
        self.builder = ResultsBuilder({case.check.id: case.check for case in cases}, coverage, len(self._left))
        self._finished = 0

    def verdict(self, case: CheckCase) -> Verdict:
        """Judge a check; the last one of a VM finishes the VM."""
        verdict = self._judge.verdict(case)
        self._verdicts.setdefault(case.vm.name, []).append(verdict)
        self._left[case.vm.name] -= 1
        if not self._left[case.vm.name]:
            self._finish(case.vm)
        return verdict

    def finish(self) -> list[str]:
        """Finish the VMs that have begun; returns the names of those with checks left, in the fleet's order."""
        for vm in self._fleet:
            if vm.name in self._verdicts:
                self._finish(vm)
        return [name for name, left in self._left.items() if left]

    @property
    def anything(self) -> bool:
        """True when anything was judged."""
        return bool(self._finished or self._verdicts)

    @property
    def vms(self) -> set[str]:
        """The names of the VMs that have selected checks."""
        return set(self._left)

    def _finish(self, vm: Vm) -> None:
        evidence, verdicts = self._judge.release(vm), self._verdicts.pop(vm.name)
        self.builder.add(evidence, verdicts, components(vm, self._judge.context.facts))
        self._finished += 1
        if self._finished % _TIDY == 0:
            collect_while_paused()
        if self.kept is not None:
            self.kept[vm.name] = evidence, verdicts
