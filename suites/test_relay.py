"""RELAY: the requirements of enrolling through the private relay; only for VMs with ``path: relay`` in the inventory.

The order of the Nexus article of February 2026: the Arc machine is made, its traffic is assigned to the relay by an
action on the VM resource, and only then the agent connects to the machine that exists.
"""

from __future__ import annotations

from plugins import AzureVmView, Vm, check, fail, not_applicable, required, sh, unknown
from plugins.azure.roles import Denied, Granted, Undecided, effective, role
from suites.rules.arm_resources import assignment, awaits_connection, named, registered, silent, state, vm_of

ARTICLE = (
    "https://learn.microsoft.com/azure/operator-nexus/"
    "howto-virtual-machines-arc-enroll-using-private-relay-with-managed-identities"
)

#: Microsoft.HybridCompute holds the machine, Microsoft.HybridConnectivity its endpoint, which names the relay.
NAMESPACES = ("Microsoft.HybridCompute", "Microsoft.HybridConnectivity")

ASSIGN_RELAY = "Microsoft.NetworkCloud/virtualMachines/assignRelay/action"

#: The article names it as the built-in role that allows the action; the action alone needs a custom role.
CONTRIBUTOR = role("contributor")


def _only_for_relay(vm: Vm) -> None:
    if vm.path != "relay":
        not_applicable(f"The VM enrolls through the public relay (path: {vm.path} in the inventory).")


@check(
    "RELAY-001",
    required,
    caused_by=["PLATFORM-005"],
    parametrize={"namespace": lambda vm, profile: NAMESPACES},
    problem="resource provider of the relay is not registered",
    action="Register {items} in {thing}",
    remedy="Register the resource provider before the Arc machine is made (az provider register).",
    docs=ARTICLE,
    component="subscription",
)
def test_the_relays_provider_is_registered(namespace: str, azure: AzureVmView, vm: Vm) -> str:
    """The resource providers of the private relay are registered.

    Success: registrationState Registered in the subscription of the Arc machine.
    Failure: another state. Warning: Registering.
    Unknown: it could not be read.
    Not applicable: the VM's path is public.
    """
    _only_for_relay(vm)
    return registered(azure, namespace, why=", which private relay needs,")


@check(
    "RELAY-002",
    required,
    caused_by=["IDENTITY-002"],
    problem="identity may not assign the private relay",
    action="Let the identity of {vms} assign the private relay{where}",
    remedy=f"Give the identity a role that allows {ASSIGN_RELAY} on the VM.",
    docs=ARTICLE,
    component="role",
)
def test_the_identity_may_assign_the_relay(azure: AzureVmView, vm: Vm) -> str:
    """The identity may assign the VM's traffic to the private relay.

    Success: the union of all assignments at the VM resource and above it, less notActions and deny assignments, allows
    Microsoft.NetworkCloud/virtualMachines/assignRelay/action.
    Failure: nothing allows it, or it is denied.
    Unknown: it depends on a condition, or on data that could not be read.
    Not applicable: the VM's path is public.
    """
    _only_for_relay(vm)
    vm_of(azure)
    principal = azure.expected.principal_id
    if not principal:
        unknown("The identity's principal is not known, so its roles are not.", remedy="See IDENTITY-002.")
    access = azure.access_to_vm(principal)
    assign = assignment(principal, CONTRIBUTOR, access.scope)
    where = f"VM {named(access.scope)}"
    match effective(access, ASSIGN_RELAY):
        case Granted(by):
            return f"Principal {principal} may do {ASSIGN_RELAY} on {where}, by {by[0]}."
        case Undecided(reason, condition):
            unknown(
                f"Whether the identity may assign the relay of {where} is not known. {reason}",
                remedy="Read the condition, or assign a role without one."
                if condition
                else f"Check role and deny assignments of {where} in the portal (Access control), or let the runner "
                "read them: Reader there.",
                shared_cause=condition or reason,
            )
        case Denied(_, deny) if deny:
            fail(
                f"Principal {principal} may not do {ASSIGN_RELAY} on {where}: the deny assignment {deny.name} at "
                f"{deny.scope} denies it, regardless of assignments.",
                remedy="Have the deny assignment changed by its owner: it cannot be removed separately.",
            )
    fail(
        f"Principal {principal} ({azure.expected}) may not do {ASSIGN_RELAY} on {where}: no role assignment at the VM "
        "or above it allows that.",
        remedy=f"Assign a custom role with this action alone, or {CONTRIBUTOR.name} on the VM: {assign}",
        fix=assign,
    )


@check(
    "RELAY-003",
    required,
    caused_by=["VM-006", "RELAY-001"],
    problem="Arc machine is missing or does not wait",
    action="Create the Arc machine of {vms} for the private relay",
    remedy="Make the Arc machine with the public key of a new key pair, and assign the relay to it (az networkcloud "
    "virtualmachine assign-relay), before the agent connects.",
    docs=ARTICLE,
    component="vm",
)
def test_the_machine_awaits_the_connection(azure: AzureVmView, vm: Vm) -> str:
    """The Arc machine exists and waits for the agent.

    Success: the machine of the VM's name in the target resource group has the status AwaitingConnection, or Connected;
    VM-006 judges whether a connected one is this VM.
    Failure: there is none, or it has another status.
    Unknown: the machines could not be read, or Azure states no status.
    Not applicable: the VM's path is public.
    """
    _only_for_relay(vm)
    machine = azure.arc_machine
    name = f"{azure.arc_name} in resource group {azure.target.resource_group}"
    if machine is None:
        fail(
            f"There is no Arc machine {name}; expected one with the status AwaitingConnection. azcmagent connect "
            "existing would have nothing to connect to."
        )
    status = state(machine, "status")
    if not status:
        silent(f"the Arc machine {name}", "status")
    if awaits_connection(machine):
        return f"The Arc machine {name} waits for the agent ({status})."
    if status.lower() == "connected":
        return f"The Arc machine {name} is {status} already; VM-006 checks whether it is this VM."
    fail(
        f"The Arc machine {name} is {status}; expected AwaitingConnection.",
        remedy="If that machine is no longer needed, delete and create it again: "
        f"{sh('az resource delete --ids {}', str(machine.get('id')))}",
    )
