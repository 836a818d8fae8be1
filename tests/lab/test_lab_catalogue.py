"""Every fault on a separate VM, and pairs on one VM: exactly the faults are reported, no consequence as a root cause.

All these VMs are in one lab, which one run judges, because starting a lab and a run costs more than some VMs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from lab import expectations
from lab.faults import FAULTS, Fault
from tests.lab.conftest import Judged
from tests.lab.planted import ALONE, PAIRS

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("lab_runs")]


def only(judged: Judged, faults: list[Fault]) -> tuple[dict[str, Any], Mapping[str, Sequence[Fault]]]:
    """The results of the VMs with these faults, and the faults of each VM."""
    results = judged.results
    chosen = {vm: of_vm for vm, of_vm in judged.planted.items() if of_vm == faults}
    return {**results, "vms": [vm for vm in results["vms"] if vm["name"] in chosen]}, chosen


def test_there_are_pairs_enough() -> None:
    assert len({tuple(pair) for pair in PAIRS}) == len(PAIRS) >= 40


@pytest.mark.parametrize("name", ALONE)
def test_every_fault_causes_exactly_its_verdicts_and_is_named_first(judged: Judged, name: str) -> None:
    results, planted = only(judged, [FAULTS[name]])
    assert len(planted) == FAULTS[name].vms
    wrong = expectations.differences(results, dict.fromkeys(planted, FAULTS[name].expects))
    wrong += expectations.cause_differences(results, planted)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_the_root_causes_of_two_faults_are_the_planted_ones(judged: Judged, pair: list[str]) -> None:
    results, planted = only(judged, [FAULTS[name] for name in pair])
    assert list(planted) == [vm["name"] for vm in results["vms"]] != []
    assert not expectations.cause_differences(results, planted)


def test_the_run_has_judged_these_vms_and_no_other(judged: Judged) -> None:
    assert sorted(vm["name"] for vm in judged.results["vms"]) == sorted(judged.planted)
