"""Every fault on a VM of its own, and pairs on one VM: each is named, nothing else is, and what follows is not a cause.

All these VMs are in one lab, which one run judges: its start and the run's cost more than some VMs do.
"""

from __future__ import annotations

from typing import Any

import pytest

from lab import expectations
from lab.faults import FAULTS, Fault
from tests.lab.conftest import run_suite

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("lab_runs")]

#: What this machine has the programs for.
ALONE = [name for name, fault in FAULTS.items() if all(need.found() for need in fault.needs)]

#: A fault of the control plane beside one of the guest, two of the guest, and two where one explains or hides the other.
PAIRS = [
    pair.split()
    for pair in """
        runtime-too-old no-proxy-lacks-imds
        runtime-too-old imds-503
        cluster-disconnected proxy-unset
        provider-not-registered egress-lacks-his
        provider-not-registered little-space
        csn-provisioning-failed no-openssl
        csn-provisioning-failed egress-lacks-pas
        csn-defaults-off imds-down
        csn-wrong-port no-proxy-lacks-imds
        roles-missing imds-503
        roles-missing egress-lacks-login
        role-list-access-details-missing proxy-unset
        role-resource-manager-missing cloud-init-failed
        role-with-condition no-openssl
        role-denied no-curl
        arc-name-taken apt-locked
        vm-in-another-custom-location imds-answers-like-azure-vm
        api-too-old identity-added-later
        identity-other-than-expected little-space
        no-identity no-proxy-lacks-imds
        no-identity egress-lacks-his
        identity-deleted imds-503
        identity-added-later proxy-port-refused
        identity-added-later roles-missing
        token-of-another-tenant runtime-too-old
        token-older-than-role http-proxy-unset
        imds-down proxy-port-refused
        imds-503 http-proxy-unset
        imds-503 no-proxy-lacks-imds
        imds-answers-like-azure-vm proxy-wrong-host
        proxy-unset little-space
        proxy-port-dropped roles-missing
        no-proxy-star egress-lacks-his
        egress-lacks-arm egress-lacks-login
        egress-lacks-everything runtime-too-old
        tls-untrusted roles-missing
        tls-untrusted imds-503
        origin-down no-proxy-lacks-imds
        dns-down egress-lacks-his
        agent-service-down egress-lacks-his
        agent-proxy-wrong roles-missing
        agent-installed imds-503
        cloud-init-failed little-space
        runcmd-failed-silently roles-missing
        login-as-guest-without-sudo roles-missing
        login-as-guest-without-sudo no-proxy-lacks-imds
        no-curl roles-missing
        wrong-clock roles-missing
        ssh-refused roles-missing
        ssh-timeout no-proxy-lacks-imds
    """.strip().splitlines()
]

#: The faults of each VM. What shows only on several VMs is on as many.
PLANTED = [
    *([FAULTS[name]] for name in ALONE for _ in range(FAULTS[name].vms)),
    *([FAULTS[name] for name in pair] for pair in PAIRS),
]

#: The results of a run, and the faults of each of its VMs.
Judged = tuple[dict[str, Any], dict[str, list[Fault]]]


@pytest.fixture(scope="module")
def judged(lab_runs: None, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """Judge all of them once."""
    planted = {f"vm{number}": faults for number, faults in enumerate(PLANTED, 1)}
    return run_suite(tmp_path_factory.mktemp("reports"), planted, timeout=1200), planted


def only(judged: Judged, faults: list[Fault]) -> Judged:
    """What was judged of the VMs with these faults."""
    results, planted = judged
    chosen = {vm: of_vm for vm, of_vm in planted.items() if of_vm == faults}
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
    results, planted = judged
    assert sorted(vm["name"] for vm in results["vms"]) == sorted(planted)
