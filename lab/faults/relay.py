"""The private relay: what a VM needs that enrolls through it."""

from __future__ import annotations

from lab.azure_plan import Grant
from lab.faults.registry import fault
from lab.pki import rsa_key
from lab.plan import GuestFile, VmPlan

#: Where the lab's operator put the key that the Arc machine was made with.
KEY = "/root/arc-machine.pem"


def _prepared(vm: VmPlan) -> None:
    """Make the VM one of the private relay, with all that the article asks for."""
    vm.azure.path = "relay"
    vm.azure.awaited = True
    pem = rsa_key()
    vm.azure.private_key = "".join(pem.splitlines()[1:-1])
    vm.azure.private_key_file = KEY
    vm.files[KEY] = GuestFile(pem, 0o600)
    vm.azure.grants = [*vm.azure.grants, Grant("custom-relay", "vm")]


@fault("relay-prepared", expects={})
def relay_prepared(vm: VmPlan) -> None:
    """The VM enrolls through the private relay, and all is prepared: its Arc machine waits for the agent."""
    _prepared(vm)


@fault("relay-by-contributor", expects={})
def relay_by_contributor(vm: VmPlan) -> None:
    """The identity is Contributor in the VM's resource group, which allows to assign the relay, too."""
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
    """Nobody has registered Microsoft.HybridConnectivity, which holds the relay's endpoint of the Arc machine."""
    _prepared(vm)
    vm.azure.set("Microsoft.HybridConnectivity", registrationState="NotRegistered")


@fault("relay-right-missing", expects={"RELAY-002": "fail"})
def relay_right_missing(vm: VmPlan) -> None:
    """The identity has the roles for enrolling, and none that allows to assign the relay."""
    _prepared(vm)
    del vm.azure.grants[-1]


@fault("relay-machine-missing", expects={"RELAY-003": "fail"})
def relay_machine_missing(vm: VmPlan) -> None:
    """Nobody has made the Arc machine that the VM is to connect to."""
    _prepared(vm)
    vm.azure.awaited = False
