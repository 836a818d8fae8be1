"""`plugins.results.accumulator`: VM by VM, also in an interrupted run."""

from __future__ import annotations

from plugins.judge.judge import Judge
from plugins.model import Vm
from plugins.results.accumulator import FleetAccumulator
from plugins.results.coverage import Coverage
from tests.judge.test_judge import Case, exists, names
from tests.support.suite_rows import PROFILE


def test_a_run_that_is_cut_short_keeps_what_was_judged() -> None:
    vms = [Vm("a"), Vm("b"), Vm("c")]
    cases = [Case(vm, function) for vm in vms for function in (exists, names)]
    coverage = Coverage(vms, PROFILE)
    coverage.expect((case.check, False) for case in cases)
    accumulator = FleetAccumulator(
        Judge(cases, vms=vms, profile=PROFILE, archive=None), vms, cases, coverage, keep=True
    )
    assert not accumulator.anything
    for case in cases[:3]:
        accumulator.verdict(case)
    assert accumulator.kept is not None
    assert list(accumulator.kept) == ["a"]
    assert accumulator.finish() == ["b", "c"]
    assert {vm: len(verdicts) for vm, (_, verdicts) in accumulator.kept.items()} == {"a": 2, "b": 1}
    assert accumulator.anything
