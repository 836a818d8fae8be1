"""IDENTITY: the managed identity that the VM enrolls with, as the control plane describes it."""

from __future__ import annotations

from plugins import AzureVmView, Vm, check, fail, required, unknown
from suites import ARTICLE
from suites.rules.arm_resources import named, vm_of

#: Why no command repairs it.
CREATE_AGAIN = (
    "Create the VM again with its identity (az networkcloud virtualmachine create ... --mi-system-assigned, or "
    "--mi-user-assigned ID). Adding one to the present VM does not help: Azure then shows it, and IMDS issues no token."
)


@check(
    "IDENTITY-001",
    required,
    problem="VM has no managed identity",
    action="Create {vms} again with a managed identity",
    remedy=CREATE_AGAIN,
    docs=ARTICLE,
    component="vm",
)
def test_the_vm_has_an_identity(azure: AzureVmView) -> str:
    """The VM resource has a managed identity.

    Success: it has a system-assigned identity, or at least one user-assigned one. The identity must have been assigned
    when the VM was created; Azure does not show that, and TOKEN-001 tests it.
    Failure: it has none.
    Unknown: the VM resource could not be read.
    """
    vm = vm_of(azure)
    identities = azure.identities
    if not identities:
        stated = str((vm.get("identity") or {}).get("type") or "absent")
        fail(
            f"VM {named(str(vm.get('id')))} has no managed identity (identity.type: {stated}); expected a "
            "system-assigned or a user-assigned one, given when the VM was created."
        )
    return f"VM {named(str(vm.get('id')))} has {' and '.join(map(str, identities))}."


@check(
    "IDENTITY-002",
    required,
    requires=["IDENTITY-001"],
    problem="identity is not the expected one",
    action="Correct the identity of {vms} in the inventory",
    remedy="Correct identity in the inventory, or create the VM again with that identity.",
    docs=ARTICLE,
    component="identity",
)
def test_it_is_the_expected_identity(azure: AzureVmView, vm: Vm) -> str:
    """The identity is the expected one, and its principal exists.

    Success: the VM has the identity that the inventory names, or has only one, and its principal id is known.
    Failure: the VM has others, or several user-assigned ones and the inventory names none, or Azure knows no principal
    of it.
    Unknown: the principal could not be read.
    """
    vm_of(azure)
    principal = azure.expected
    if not principal.principal_id:
        if principal.kind == "system":
            unknown(
                "The VM resource does not state the principal id of its system-assigned identity.",
                remedy="Run again later. If it persists, create the VM again: its identity was not made.",
            )
        fail(
            f"The VM names {principal}, but Azure has no principal for it: the identity was deleted.",
            remedy="Create the identity and its role assignments, and the VM again with it: a new identity of the same "
            "name is another principal.",
            action="Create {vms} again with a new identity",
        )
    if not vm.identity:
        why = "the one that IMDS takes when none is named"
    else:  # the inventory's choice, or the only one in Azure
        why = "the only one it has" if len(azure.identities) == 1 else "as the inventory says"
    return f"The VM enrolls with {principal}, {why}; its principal is {principal.principal_id}."
