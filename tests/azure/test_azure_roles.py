"""Effective actions, without requests to Azure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from plugins.azure.answer_keys import assignments, definition, denies, resource
from plugins.azure.roles import Access, Assignment, Denied, Deny, Granted, Undecided, effective, matches, role
from plugins.azure.snapshot import Answer, AzureSnapshot, ReadError
from plugins.azure.vm_view import AzureVmView
from plugins.model import Vm
from tests.support import azure_site as site
from tests.support.azure_site import GROUP, SUBSCRIPTION

WRITE = "Microsoft.HybridCompute/machines/write"
OWNER = Assignment("owner", "Owner", "/", actions=("*",))
ME, OTHERS, STRANGERS = "11111111-0000-4000-8000-000000000000", "22222222-0000-4000-8000-000000000000", "33333333"
EVERYONE = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    ("wildcard", "action", "expected"),
    [
        ("*", WRITE, True),
        ("Microsoft.HybridCompute/machines/write", WRITE.upper(), True),
        ("microsoft.hybridcompute/*", WRITE, True),
        ("Microsoft.HybridCompute/*/read", "Microsoft.HybridCompute/machines/extensions/read", True),
        ("Microsoft.HybridCompute/*/read", "Microsoft.HybridCompute/read", False),
        ("*/read", WRITE, False),
        ("*/write", WRITE, True),
        ("Microsoft.HybridCompute/machines", WRITE, False),
        ("Microsoft.HybridCompute/machines/write/x", WRITE, False),
        ("Microsoft.HybridCompute.machines.write", WRITE, False),
        ("Microsoft?HybridCompute/machines/write", WRITE, False),
        ("Microsoft.Hybrid*/mach*/wr*", WRITE, True),
        ("", WRITE, False),
    ],
)
def test_wildcards_match_across_segments_and_without_case(wildcard: str, action: str, expected: bool) -> None:
    assert matches(wildcard, action) is expected


@pytest.mark.parametrize(
    ("access", "expected"),
    [
        pytest.param([], Denied, id="nothing"),
        pytest.param([OWNER], Granted, id="owner"),
        pytest.param([replace(OWNER, actions=("*/read",))], Denied, id="reader"),
        pytest.param([replace(OWNER, not_actions=("Microsoft.HybridCompute/*",))], Denied, id="not-actions"),
        pytest.param(
            [replace(OWNER, not_actions=("*/write",)), replace(OWNER, actions=(WRITE,))], Granted, id="not-actions-of-another-role"
        ),
        pytest.param([replace(OWNER, condition="@Resource[x] StringEquals 'y'")], Undecided, id="condition"),
        pytest.param([replace(OWNER, condition="c"), OWNER], Granted, id="condition-on-one-of-two"),
        pytest.param([replace(OWNER, actions=(), unread=ReadError("403"))], Undecided, id="definition-unread"),
        pytest.param([replace(OWNER, actions=(), unread=ReadError("403")), OWNER], Granted, id="one-definition-unread"),
    ],
)  # fmt: skip
def test_assignments_add_up(access: list[Assignment], expected: type) -> None:
    assert isinstance(effective(Access(GROUP, access), WRITE), expected)


@pytest.mark.parametrize(
    ("deny", "expected"),
    [
        (Deny("d", ("*",), (), GROUP), Denied),
        (Deny("d", ("microsoft.hybridcompute/machines/*",), (), GROUP), Denied),
        (Deny("d", ("*",), ("*/write",), GROUP), Granted),
        (Deny("d", ("*/delete",), (), GROUP), Granted),
        (Deny("d", ("*",), (), GROUP, certain=False), Undecided),
    ],
)
def test_a_deny_wins_over_every_assignment(deny: Deny, expected: type) -> None:
    assert isinstance(effective(Access(GROUP, [OWNER], [deny]), WRITE), expected)


def test_what_decides_is_named() -> None:
    owner = replace(OWNER, via_group="g1")
    granted = effective(Access(GROUP, [owner]), WRITE)
    assert isinstance(granted, Granted)
    assert [str(grant) for grant in granted.by] == ["Owner at / through group g1"]
    conditional = effective(Access(GROUP, [replace(OWNER, condition="@x = 1")]), WRITE)
    assert isinstance(conditional, Undecided)
    assert conditional.condition == "@x = 1" and "@x = 1" in conditional.reason
    denied = effective(Access(GROUP, [OWNER], [Deny("lock", ("*",), (), GROUP)]), WRITE)
    assert isinstance(denied, Denied)
    assert denied.reason == f"The deny assignment 'lock' at {GROUP} denies {WRITE}."
    nothing = effective(Access(GROUP), WRITE)
    assert isinstance(nothing, Denied)
    assert nothing.reason == f"No role assignment at {GROUP} or above it allows {WRITE}."
    unsure = effective(Access(GROUP, [OWNER], denies_unread=ReadError("403 it is")), WRITE)
    assert isinstance(unsure, Undecided)
    assert "403 it is" in unsure.reason


def test_roles_are_known_by_guid() -> None:
    assert role("resource-manager").id == site.RESOURCE_MANAGER
    assert role("list-access-details").id == site.LIST_ACCESS
    assert role("list-access-details").name.endswith("In-Built Role")
    held = Access(GROUP, [replace(OWNER, role_id=site.LIST_ACCESS.upper())])
    assert held.holding(role("list-access-details").id) == list(held.assignments)
    assert held.holding(site.RESOURCE_MANAGER) == []


# --- from Azure's JSON


def access(
    *given: dict[str, Any], denied: list[dict[str, Any]] | None = None, roles: dict[str, Any] | None = None
) -> Access:
    """The access that the view computes from these rows."""
    answers: dict[str, Answer | ReadError] = {
        resource(site.vm_id("vm1")): Answer("GET", site.vm(1)),
        assignments(GROUP, ME): Answer("GET", list(given)),
        denies(GROUP): Answer("GET", denied or []),
    }
    for guid, blocks in (roles or {}).items():
        value = {"properties": {"roleName": f"role {guid}", "permissions": blocks}}
        answers[definition(guid)] = Answer("GET", value)
    return AzureVmView(Vm("vm1", resource_id=site.vm_id("vm1")), AzureSnapshot(answers)).access(ME.upper())


def deny(*principals: str, kind: str = "ServicePrincipal", **more: Any) -> dict[str, Any]:
    return {
        "properties": {
            "denyAssignmentName": "lock",
            "permissions": [{"actions": ["*"], "notActions": []}],
            "scope": GROUP,
            "doNotApplyToChildScopes": False,
            "principals": [{"id": principal, "type": kind} for principal in principals],
            **more,
        }
    }


def test_an_assignment_through_a_group_names_it() -> None:
    rights = access(site.assignment("r1", GROUP, OTHERS), site.assignment("r1", GROUP, ME.upper()), roles={"r1": [{}]})
    assert [assignment.via_group for assignment in rights.assignments] == [OTHERS, None]


def test_only_scopes_above_the_target_count() -> None:
    scopes = [
        "/", "/providers/Microsoft.Management/managementGroups/root", f"/subscriptions/{SUBSCRIPTION}", GROUP.upper(),
        f"{GROUP}b", GROUP.replace("vms-rg", "other-rg"), f"{GROUP}/providers/Microsoft.HybridCompute/machines/vm1",
        "/subscriptions/60000000-0000-4000-8000-000000000001",
    ]  # fmt: skip
    rights = access(*(site.assignment("r1", scope, ME) for scope in scopes), roles={"r1": [{}]})
    assert [assignment.scope for assignment in rights.assignments] == scopes[:4]


def test_each_permission_block_stands_for_itself() -> None:
    # The notActions of one block do not apply to the other.
    blocks = [
        {"actions": ["*"], "notActions": ["*/write"]},
        {"actions": [WRITE], "notActions": [], "condition": "only on Sundays"},
    ]
    rights = access(site.assignment("r1", GROUP, ME), roles={"r1": blocks})
    assert [assignment.not_actions for assignment in rights.assignments] == [("*/write",), ()]
    assert isinstance(effective(rights, WRITE), Undecided)


def test_a_definition_that_is_gone_or_unread_keeps_its_guid() -> None:
    rights = access(site.assignment("r9", GROUP, ME))
    assert rights.assignments[0].role_id == "r9" and rights.assignments[0].unread
    assert isinstance(effective(rights, WRITE), Undecided)


@pytest.mark.parametrize(
    ("row", "certain"),
    [
        pytest.param(deny(ME), [True], id="named"),
        pytest.param(deny(ME.upper()), [True], id="another-case"),
        pytest.param(deny(STRANGERS), [], id="somebody-else"),
        pytest.param(deny(OTHERS, kind="Group"), [True], id="a-group-it-is-known-to-be-in"),
        pytest.param(deny(STRANGERS, kind="Group"), [False], id="a-group"),
        pytest.param(deny(EVERYONE, kind="SystemDefined"), [True], id="everyone"),
        pytest.param(
            deny(EVERYONE, excludePrincipals=[{"id": ME, "type": "ServicePrincipal"}]), [], id="everyone-but-this"
        ),
        pytest.param(
            deny(EVERYONE, excludePrincipals=[{"id": STRANGERS, "type": "User"}]), [True], id="everyone-but-another"
        ),
        pytest.param(deny(EVERYONE, excludePrincipals=[{"id": STRANGERS, "type": "Group"}]), [False], id="but-a-group"),
        pytest.param(deny(ME, condition="c"), [False], id="condition"),
        pytest.param(deny(ME, scope=f"/subscriptions/{SUBSCRIPTION}"), [True], id="inherited"),
        pytest.param(
            deny(ME, scope=f"/subscriptions/{SUBSCRIPTION}", doNotApplyToChildScopes=True), [], id="not-for-children"
        ),
        pytest.param(deny(ME, doNotApplyToChildScopes=True), [True], id="not-for-children-but-here"),
        pytest.param(deny(ME, scope=f"{GROUP}b"), [], id="another-group"),
    ],
)
def test_who_a_deny_assignment_concerns(row: dict[str, Any], certain: list[bool]) -> None:
    rights = access(site.assignment("r1", GROUP, OTHERS), denied=[row], roles={"r1": [{"actions": ["*"]}]})
    assert [denial.certain for denial in rights.denies] == certain
