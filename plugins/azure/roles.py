"""The rights of a principal at a scope: role assignments, their wildcards and exceptions, and deny assignments."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

from plugins.azure import resource_ids as ids
from plugins.azure.normalize import lower, properties
from plugins.azure.snapshot import Answer, ReadError
from plugins.requirements.data_files import read_table


@dataclass(frozen=True, slots=True)
class Assignment:
    """One role assignment that applies to the principal. A role with two permission blocks gives two of these."""

    role_id: str  # the GUID of the role definition, lower case
    role_name: str  # as Azure calls it now; "" when the definition could not be read
    scope: str  # the scope of the assignment: the target, or above it
    via_group: str | None = None  # the object id of the group that has it; None: the principal itself
    condition: str | None = None  # ABAC: only Azure can evaluate it
    updated_on: str | None = None  # "2026-08-21T10:00:00.000000Z"
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    unread: ReadError | None = None  # why the definition, and so the actions, could not be read

    def __str__(self) -> str:
        name = self.role_name or self.role_id
        return f"{name} at {self.scope}" + (f" through group {self.via_group}" if self.via_group else "")


@dataclass(frozen=True, slots=True)
class Deny:
    """One deny assignment at the target scope or above."""

    name: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    scope: str
    certain: bool = True  # False: it names a group or has a condition, so it may not apply


@dataclass(frozen=True, slots=True)
class Access:
    """The role and deny assignments of a principal at a scope."""

    scope: str
    assignments: Sequence[Assignment] = ()
    denies: Sequence[Deny] = ()
    denies_unread: ReadError | None = None

    def holding(self, role_id: str) -> list[Assignment]:
        """The assignments of this role, by GUID: display names differ between documents."""
        return [assignment for assignment in self.assignments if ids.last(assignment.role_id) == ids.last(role_id)]


#: The principal of a deny assignment that stands for everyone.
_EVERYONE = "00000000-0000-0000-0000-000000000000"


def assignments_of(
    row: Mapping[str, Any], principal_id: str, definition: Callable[[str], Answer | ReadError]
) -> list[Assignment]:
    """One role assignment as Azure lists it, once per permission block of its role.

    `definition` returns the role definition of a GUID. Where it could not be read, the assignment keeps the GUID and
    says so in `unread`.
    """
    given = properties(row)
    role_id = ids.last(given.get("roleDefinitionId") or "")
    holder = lower(given.get("principalId"))
    plain = Assignment(
        role_id=role_id,
        role_name="",
        scope=given.get("scope") or "/",
        via_group=None if holder in (None, principal_id.lower()) else holder,
        condition=given.get("condition") or None,
        updated_on=given.get("updatedOn") or given.get("createdOn"),
    )
    answer = definition(role_id)
    if isinstance(answer, ReadError):
        return [replace(plain, unread=answer)]
    if answer.value is None:
        return [replace(plain, unread=ReadError(f"The role definition {role_id} no longer exists."))]
    role_properties = properties(answer.value)
    return [
        replace(
            plain,
            role_name=str(role_properties.get("roleName") or ""),
            condition=plain.condition or block.get("condition") or None,
            actions=tuple(block.get("actions") or ()),
            not_actions=tuple(block.get("notActions") or ()),
        )
        for block in role_properties.get("permissions") or [{}]
    ]


def access_at(scope: str, principal_id: str, given: Sequence[Assignment], denies: Answer | ReadError) -> Access:
    """The assignments of a principal at `scope`: those of `given` that reach it, and the deny assignments."""
    assignments = [denial for denial in given if ids.reaches(denial.scope, scope)]
    if isinstance(denies, ReadError):
        return Access(scope, assignments, denies_unread=denies)
    groups = {assignment.via_group for assignment in assignments if assignment.via_group}
    denied = [denial for row in denies.value or [] for denial in _denies(row, scope, principal_id.lower(), groups)]
    return Access(scope, assignments, denied)


def _denies(row: Mapping[str, Any], target: str, principal_id: str, groups: set[str]) -> list[Deny]:
    """The blocks of a deny assignment that concern the principal, or may do so."""
    given = properties(row)
    scope = given.get("scope") or "/"
    if not ids.reaches(scope, target):
        return []
    if given.get("doNotApplyToChildScopes") and not ids.same(scope, target):
        return []
    holders = {
        lower(principal.get("id")): str(principal.get("type") or "") for principal in given.get("principals") or []
    }
    spared = {
        lower(principal.get("id")): str(principal.get("type") or "")
        for principal in given.get("excludePrincipals") or []
    }
    own_ids = {principal_id, *groups}
    if own_ids & set(spared):
        return []
    hit = bool(own_ids & set(holders)) or _EVERYONE in holders
    named_groups = any(kind.lower() == "group" for kind in holders.values())
    if not hit and not named_groups:
        return []
    spared_groups = any(kind.lower() == "group" for kind in spared.values())
    return [
        Deny(
            name=str(given.get("denyAssignmentName") or row.get("name") or "without a name"),
            actions=tuple(block.get("actions") or ()),
            not_actions=tuple(block.get("notActions") or ()),
            scope=scope,
            certain=hit and not spared_groups and not given.get("condition"),
        )
        for block in given.get("permissions") or []
    ]


@dataclass(frozen=True, slots=True)
class Granted:
    """Allowed, by these assignments."""

    by: list[Assignment]


@dataclass(frozen=True, slots=True)
class Denied:
    """Not allowed: no role allows it, or a deny assignment forbids it."""

    reason: str
    deny: Deny | None = None


@dataclass(frozen=True, slots=True)
class Undecided:
    """It depends on data that the suite cannot read. `condition` is the ABAC text, when that is the reason."""

    reason: str
    condition: str = ""


def effective(access: Access, action: str) -> Granted | Denied | Undecided:
    """Whether the principal may do `action` at the scope: union of the assignments, then the denies."""
    given = [
        assignment for assignment in access.assignments if _covers(assignment.actions, assignment.not_actions, action)
    ]
    free = [grant for grant in given if not grant.condition]
    unread = [assignment for assignment in access.assignments if assignment.unread]
    hit = [grant for grant in access.denies if _covers(grant.actions, grant.not_actions, action)]
    for deny in hit:
        if deny.certain:
            return Denied(f"The deny assignment {deny.name!r} at {deny.scope} denies {action}.", deny)
    if free:
        if access.denies_unread:
            return Undecided(
                f"{free[0]} grants it, but the deny assignments are not known: {access.denies_unread.message}"
            )
        if hit:
            return Undecided(
                f"{free[0]} grants it, but the deny assignment {hit[0].name!r} at {hit[0].scope} may deny it: it"
                " names a group or has a condition, and it is not known whether it applies to the identity."
            )
        return Granted(free)
    if given:
        condition = given[0].condition or ""
        return Undecided(f"{given[0]} grants it under a condition that only Azure can evaluate: {condition}", condition)
    if unread:
        problem = unread[0].unread
        assert problem is not None
        return Undecided(
            f"The permissions of the role {unread[0].role_id} at {unread[0].scope} are not known: {problem.message}"
        )
    return Denied(f"No role assignment at {access.scope} or above it allows {action}.")


def _covers(actions: Sequence[str], not_actions: Sequence[str], action: str) -> bool:
    return any(matches(pattern, action) for pattern in actions) and not any(
        matches(pattern, action) for pattern in not_actions
    )


@cache
def _pattern(wildcard: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, wildcard.split("*"))), re.I | re.S)


def matches(wildcard: str, action: str) -> bool:
    """``Microsoft.HybridCompute/*/read`` matches ``microsoft.hybridcompute/machines/extensions/read``."""
    return _pattern(wildcard).fullmatch(action) is not None


@dataclass(frozen=True, slots=True)
class Role:
    """A built-in role that the checks name."""

    key: str
    id: str
    name: str
    source: str
    date: date


@cache
def _roles() -> dict[str, Role]:
    return {row["key"]: Role(**row) for row in read_table("roles")["role"]}


def role(key: str) -> Role:
    """A built-in role by its key in data/roles.toml: ``role("resource-manager").id``."""
    return _roles()[key]
