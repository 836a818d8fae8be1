"""Two faults on one VM: both are named, nothing else is, and what follows from them is no cause."""

from __future__ import annotations

import pytest

from lab import expectations
from lab.faults import FAULTS
from tests.lab.conftest import Suite

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("lab_runs")]

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

BATCH = 10


def test_there_are_pairs_enough() -> None:
    assert len({tuple(pair) for pair in PAIRS}) == len(PAIRS) >= 40


@pytest.mark.parametrize("start", range(0, len(PAIRS), BATCH))
def test_the_root_causes_of_two_faults_are_the_planted_ones(suite: Suite, start: int) -> None:
    pairs = PAIRS[start : start + BATCH]
    planted = {f"vm{number}": [FAULTS[name] for name in pair] for number, pair in enumerate(pairs, 1)}
    results = suite(planted)
    assert not expectations.cause_differences(results, planted)
