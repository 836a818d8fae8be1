"""Faults of the metadata service."""

from __future__ import annotations

from lab.addresses import IMDS
from lab.faults.registry import fault
from lab.plan import VmPlan


@fault("imds-no-ping", expects={"IMDS-001": "warn"})
def imds_no_ping(vm: VmPlan) -> None:
    """The metadata service answers HTTP, but not ping: ICMP is not documented."""
    vm.from_csn(IMDS, "icmp type echo-request drop")


#: Without the metadata service there are no tokens.
NO_TOKEN = {"TOKEN-001": "fail", "TOKEN-002": "blocked", "TOKEN-003": "blocked"}
_NO_SERVICE = {"IMDS-002": "fail", "IMDS-003": "fail", "IMDS-004": "blocked"}


@fault("imds-down", roots=("IMDS-002",), expects={**_NO_SERVICE, **NO_TOKEN})
def imds_down(vm: VmPlan) -> None:
    """The metadata service answers ping, but refuses connections: the sidecar is not running."""
    vm.from_csn(IMDS, "tcp dport 80 reject with tcp reset")


@fault("imds-dropped", roots=("IMDS-002",), expects={"IMDS-001": "warn", **_NO_SERVICE, **NO_TOKEN})
def imds_dropped(vm: VmPlan) -> None:
    """The address of the metadata service does not answer: packets to it are lost."""
    vm.from_csn(IMDS, "drop")


@fault("imds-503", roots=("IMDS-002",), expects={**_NO_SERVICE, **NO_TOKEN})
def imds_503(vm: VmPlan) -> None:
    """The metadata service answers 503 to everything: the sidecar runs, but is not healthy."""
    vm.imds = "503"


@fault("imds-slow", roots=("IMDS-002",), expects=_NO_SERVICE)
def imds_slow(vm: VmPlan) -> None:
    """The metadata service answers after 5 seconds; the documentation waits for 3."""
    vm.imds = "slow"


@fault("imds-answers-like-azure-vm", expects={"IMDS-004": "fail"})
def imds_answers_like_azure_vm(vm: VmPlan) -> None:
    """The metadata service answers the path of Azure VMs with 200: the agent's installer would refuse with AZCM0141."""
    vm.imds = "azure-vm"
