"""What has been judged so far: a VM whose checks are all judged goes into the findings, and out of memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from plugins.azure.components import things
from plugins.core.gc_pause import tidy
from plugins.judge.judge import Bench
from plugins.model import Evidence, Verdict, Vm
from plugins.pytest_adapter.collection import CheckItem
from plugins.pytest_adapter.run import Run
from plugins.results.builder import Findings

__all__ = ["DOCKET", "Docket"]


#: After so many VMs, the little garbage that the judging of each leaves is freed.
_TIDY = 500


class Docket:
    """The checks of a run, VM by VM: what is left to judge, and the findings of what was."""

    def __init__(self, run: Run, bench: Bench, items: Sequence[CheckItem], *, keep: bool) -> None:
        """`keep`: the evidence and the verdicts of each VM are needed when all is judged."""
        self._run, self._bench = run, bench
        self._left = Counter(item.vm.name for item in items)
        self._told: dict[str, list[Verdict]] = {}
        self.kept: dict[str, tuple[Evidence, Sequence[Verdict]]] | None = {} if keep else None
        self.findings = Findings({item.check.id: item.check for item in items}, len(self._left))
        self._settled = 0

    def verdict(self, item: CheckItem) -> Verdict:
        """Judge a check; the last one of a VM settles it."""
        verdict = self._bench.verdict(item)
        self._told.setdefault(item.vm.name, []).append(verdict)
        self._left[item.vm.name] -= 1
        if not self._left[item.vm.name]:
            self._settle(item.vm)
        return verdict

    def close(self) -> list[str]:
        """Settle the VMs that were begun; the names of all of which something is left, in the fleet's order."""
        for vm in self._run.vms:
            if vm.name in self._told:
                self._settle(vm)
        return [name for name, left in self._left.items() if left]

    @property
    def anything(self) -> bool:
        """True when anything was judged."""
        return bool(self._settled or self._told)

    @property
    def vms(self) -> set[str]:
        """The names of the VMs of which anything was to be judged."""
        return set(self._left)

    def _settle(self, vm: Vm) -> None:
        evidence, verdicts = self._bench.close(vm), self._told.pop(vm.name)
        self.findings.add(evidence, verdicts, things(vm, self._bench.surroundings.facts))
        self._settled += 1
        if self._settled % _TIDY == 0:
            tidy()
        if self.kept is not None:
            self.kept[vm.name] = evidence, verdicts


#: The docket of a session, from the end of its collection on.
DOCKET = pytest.StashKey[Docket]()
