"""ROLES: the rights of the VM's identity in the target resource group of the Arc resource."""

from __future__ import annotations

from dataclasses import replace

from plugins import AzureVmView, CheckOutcome, Status, check, fail, required, unknown
from plugins.azure.roles import Access, Assignment, Denied, Granted, Role, Undecided, effective, role
from suites import ARTICLE
from suites.rules.arm_resources import assignment, vm_of
from suites.wording import listed

PREREQUISITES = "https://learn.microsoft.com/azure/azure-arc/servers/prerequisites"

#: The actions of each role that enrolling uses. Inferred: from the onboarding role and the agent's error table for the
#: first, from its name for the second, whose definition is published nowhere.
CONNECT = ("Microsoft.HybridCompute/machines/read", "Microsoft.HybridCompute/machines/write")
LIST_ACCESS = ("Microsoft.HybridCompute/machines/listAccessDetails/action",)

RESOURCE_MANAGER, LIST_ACCESS_DETAILS = role("resource-manager"), role("list-access-details")

_AGAIN = "then wait some minutes and get a new token: the current one does not contain the role (TOKEN-003)."


def _access(azure: AzureVmView) -> tuple[str, Access]:
    """The principal to enroll with, and its access."""
    vm_of(azure)
    principal = azure.expected.principal_id
    if not principal:
        unknown("The identity's principal is not known, so its roles are not.", remedy="See IDENTITY-002.")
    return principal, azure.access(principal)


def _holds(access: Access) -> str:
    """The roles of the principal, for the message."""
    names = list(dict.fromkeys(map(str, access.assignments)))
    if not names:
        return "It holds no role there."
    return f"It holds: {'; '.join(names[:5])}" + (f" and {len(names) - 5} more." if len(names) > 5 else ".")


def _judge_role(azure: AzureVmView, wanted: Role, actions: tuple[str, ...]) -> str:
    """The role is held, by GUID, or other roles allow its actions."""
    principal, access = _access(azure)
    held = access.holding(wanted.id)
    if free := [assignment for assignment in held if not assignment.condition]:
        return f"Principal {principal} holds {_shown(wanted, free[0])}."
    # ROLES-003 judges denied actions.
    given = replace(access, denies=(), denies_unread=None)
    answers = {action: effective(given, action) for action in actions}
    if all(isinstance(answer, Granted) for answer in answers.values()):
        by = list(dict.fromkeys(str(answer.by[0]) for answer in answers.values() if isinstance(answer, Granted)))
        return (
            f"Principal {principal} does not hold {wanted.name} at {access.scope}, but all that enrolling uses of it "
            f"({_short(actions)}), by {' and '.join(by)}."
        )
    if held:
        unknown(
            f"Principal {principal} holds {_shown(wanted, held[0])}, under a condition that only Azure can evaluate: "
            f"{held[0].condition}",
            remedy=f"Read the condition, or assign the role without one: {assignment(principal, wanted, access.scope)}",
            shared_cause=str(held[0].condition),
        )
    denied = [action for action, decision in answers.items() if isinstance(decision, Denied)]
    if not denied and (problem := _undecided(answers, principal, wanted, access.scope)):
        raise problem
    fail(
        f"Principal {principal} ({azure.expected}) does not hold {wanted.name} ({wanted.id}) at {access.scope} or "
        f"above, nor another role that allows {_short(tuple(denied))}. {_holds(access)}",
        remedy=f"{assignment(principal, wanted, access.scope)} ; {_AGAIN}",
        fix=assignment(principal, wanted, access.scope),
    )


def _shown(wanted: Role, given: Assignment) -> str:
    """The role as assigned, with Azure's own name if it is known."""
    through = f" through group {given.via_group}" if given.via_group else ""
    return f"{given.role_name or wanted.name} ({wanted.id}) at {given.scope}{through}"


def _short(actions: tuple[str, ...]) -> str:
    """``machines/read and machines/write``."""
    return listed([action.removeprefix("Microsoft.HybridCompute/") for action in actions])


def _undecided(
    answers: dict[str, Granted | Denied | Undecided], principal: str, wanted: Role, scope: str
) -> CheckOutcome | None:
    """The outcome *unknown* when one of the answers is undecided; `wanted` is the role that would allow the action."""
    for action, answer in answers.items():
        if isinstance(answer, Undecided):
            return CheckOutcome(
                Status.UNKNOWN,
                f"Whether the identity may do {_short((action,))} is not known. {answer.reason}",
                f"Read the condition, or assign the role without one: {assignment(principal, wanted, scope)}"
                if answer.condition
                else f"Check role and deny assignments of {scope} in the portal (Access control), or let the runner "
                "read them: Reader there.",
                shared_cause=answer.condition or answer.reason,
            )
    return None


@check(
    "ROLES-001",
    required,
    requires=["IDENTITY-002"],
    problem="identity lacks the role to onboard machines",
    action="Assign Azure Connected Machine Resource Manager to the identity of {vms}{where}",
    remedy="Assign Azure Connected Machine Resource Manager to the identity, at the target resource group.",
    docs=ARTICLE,
    component="role",
)
def test_it_may_manage_connected_machines(azure: AzureVmView) -> str:
    """The identity holds Azure Connected Machine Resource Manager.

    Success: the role, by GUID, is assigned at the target resource group or above, directly or through a group; or other
    roles allow the actions of it that enrolling uses.
    Failure: neither.
    Unknown: the assignments could not be read, or the only one has a condition.
    """
    return _judge_role(azure, RESOURCE_MANAGER, CONNECT)


@check(
    "ROLES-002",
    required,
    requires=["IDENTITY-002"],
    problem="identity lacks the role to list access details",
    action="Assign HybridCompute Machine ListAccessDetails Action to the identity of {vms}{where}",
    remedy="Assign HybridCompute Machine ListAccessDetails Action In-Built Role to the identity, at the target "
    "resource group.",
    docs=ARTICLE,
    component="role",
)
def test_it_may_list_access_details(azure: AzureVmView) -> str:
    """The identity holds HybridCompute Machine ListAccessDetails Action.

    Success: the role, by GUID, is assigned at the target resource group or above, directly or through a group; or other
    roles allow machines/listAccessDetails/action.
    Failure: neither.
    Unknown: the assignments could not be read, or the only one has a condition.
    """
    return _judge_role(azure, LIST_ACCESS_DETAILS, LIST_ACCESS)


@check(
    "ROLES-003",
    required,
    requires=["IDENTITY-002"],
    caused_by=["ROLES-001", "ROLES-002"],
    problem="identity lacks actions that enrolling needs",
    action="Give the identity of {vms} the missing actions{where}",
    remedy="Assign the roles of ROLES-001 and ROLES-002, and check for deny assignments on the resource group.",
    docs=PREREQUISITES,
    component="role",
)
def test_its_effective_actions_suffice(azure: AzureVmView) -> str:
    """The effective actions are enough to enroll.

    Success: the union of all assignments, less notActions and deny assignments, allows machines/read, machines/write
    and machines/listAccessDetails/action.
    Failure: no role allows one of them, or it is denied.
    Unknown: it depends on a condition, or on data that could not be read.
    """
    principal, access = _access(azure)
    answers = {action: effective(access, action) for action in (*CONNECT, *LIST_ACCESS)}
    roles = dict.fromkeys(CONNECT, RESOURCE_MANAGER) | dict.fromkeys(LIST_ACCESS, LIST_ACCESS_DETAILS)
    denied = {action: decision for action, decision in answers.items() if isinstance(decision, Denied)}
    if taken := [decision.deny for decision in denied.values() if decision.deny]:
        lost = tuple(action for action, decision in denied.items() if decision.deny)
        fail(
            f"Principal {principal} may not do {_short(lost)} at {access.scope}: the deny assignment {taken[0].name} "
            f"at {taken[0].scope} denies it, regardless of assignments.",
            remedy="Have the deny assignment changed by its owner (a blueprint, a deployment stack, a managed "
            "application: it cannot be removed separately), or enroll into another resource group.",
            action="Have the deny assignment changed that stops {vms}{where}",
        )
    if denied:
        fix = list(dict.fromkeys(assignment(principal, roles[action], access.scope) for action in denied))
        fail(
            f"Principal {principal} may not do {_short(tuple(denied))} at {access.scope}: no assignment allows it, or "
            f"its notActions take it out. {_holds(access)}",
            remedy=f"{' ; '.join(map(str, fix))} ; {_AGAIN}",
            fix=fix,
        )
    if problem := _undecided(answers, principal, RESOURCE_MANAGER, access.scope):
        raise problem
    by = list(dict.fromkeys(str(answer.by[0]) for answer in answers.values() if isinstance(answer, Granted)))
    return f"Principal {principal} may do {_short(tuple(answers))} at {access.scope}, by {' and '.join(by)}."
