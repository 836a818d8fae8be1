"""The VMs of the catalogue's lab: every fault on a separate VM, and pairs on one VM."""

from __future__ import annotations

from lab.faults import FAULTS

#: The faults for which this machine has the programs.
ALONE = [name for name, fault in FAULTS.items() if all(need.files() for need in fault.needs)]

#: A fault of the control plane beside one of the guest, two of the guest, and two where one explains or hides the
#: other.
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

#: The faults of each VM. A fault that shows only on several VMs is on as many.
PLANTED = [
    *([FAULTS[name]] for name in ALONE for _ in range(FAULTS[name].vms)),
    *([FAULTS[name] for name in pair] for pair in PAIRS),
]
