"""Faults of a VM that enrolls through the private relay."""

from __future__ import annotations

import textwrap
from base64 import b64encode
from hashlib import sha256

from lab.azure_plan import Grant
from lab.faults.registry import fault
from lab.plan import GuestFile, VmPlan

#: The file with the private key of the Arc machine.
KEY = "/root/arc-machine.pem"
_KIND = "RSA PRIVATE KEY"


def _prepared(vm: VmPlan) -> None:
    """Prepare the VM for the private relay, with all requirements of the article."""
    vm.azure.path = "relay"
    vm.azure.awaited = True
    # Each process of the lab plants the faults again, so the key is derived from the name. It begins like PKCS#1.
    made_up = b"".join(sha256(f"{vm.name} {number}".encode()).digest() for number in range(37))
    vm.azure.private_key = "MIIEpAIBAAKCAQEA" + b64encode(made_up).decode()
    vm.azure.private_key_file = KEY
    lines = textwrap.wrap(vm.azure.private_key, 64)
    vm.files[KEY] = GuestFile("\n".join([f"-----BEGIN {_KIND}-----", *lines, f"-----END {_KIND}-----", ""]), 0o600)
    vm.azure.grants = [*vm.azure.grants, Grant("custom-relay", "vm")]


@fault("relay-prepared", expects={})
def relay_prepared(vm: VmPlan) -> None:
    """The VM enrolls through the private relay. Everything is prepared: its Arc machine waits for the agent."""
    _prepared(vm)


@fault("relay-by-contributor", expects={})
def relay_by_contributor(vm: VmPlan) -> None:
    """The identity is Contributor in the VM's resource group, which also allows assigning the relay."""
    _prepared(vm)
    vm.azure.grants[-1] = Grant("contributor", "vm group")


@fault(
    "relay-provider-not-registered",
    roots=("PLATFORM-005",),
    expects=dict.fromkeys(
        ["PLATFORM-005[Microsoft.HybridConnectivity]", "RELAY-001[Microsoft.HybridConnectivity]"], "fail"
    ),
)
def relay_provider_not_registered(vm: VmPlan) -> None:
    """Microsoft.HybridConnectivity, which has the Arc machine's endpoint of the relay, is not registered."""
    _prepared(vm)
    vm.azure.set("Microsoft.HybridConnectivity", registrationState="NotRegistered")


@fault("relay-right-missing", expects={"RELAY-002": "fail"})
def relay_right_missing(vm: VmPlan) -> None:
    """The identity has the roles for enrolling, but none that allows assigning the relay."""
    _prepared(vm)
    del vm.azure.grants[-1]


@fault("relay-machine-missing", expects={"RELAY-003": "fail"})
def relay_machine_missing(vm: VmPlan) -> None:
    """The Arc machine that the VM should connect to does not exist."""
    _prepared(vm)
    vm.azure.awaited = False
