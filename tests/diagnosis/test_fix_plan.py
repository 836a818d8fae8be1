"""The order of the fixes, and the number of ready VMs after each."""

from __future__ import annotations

import pytest

from plugins.diagnosis.fix_plan import forecast, steps
from plugins.diagnosis.fleet_causes import Cause


def cause(id: str, blocks: list[str], kind: str = "csn", component: str = "/x/csn-a") -> Cause:
    names = dict.fromkeys(blocks)
    return Cause(id, "fail", "required", kind, component, "", vms=names, blocks_readiness=dict(names))


def vms(first: int, last: int) -> list[str]:
    return [f"vm{number}" for number in range(first, last + 1)]


def test_the_fix_that_makes_most_vms_ready_comes_first_and_says_who_still_waits() -> None:
    roles = cause("ROLES-001", vms(1, 5), "resource group", "/x/arc-rg")
    csn = cause("CSN-002", vms(4, 12))
    plan = steps([csn, roles], ready=3, open_after=frozenset())
    assert [step["sentence"] for step in plan] == [
        "Fix cloud services network csn-a (CSN-002): 7 VMs become ready; 2 more still wait for ROLES-001.",
        "Fix resource group arc-rg (ROLES-001): 5 VMs become ready.",
    ]
    assert [(step["ready"], step["still"]) for step in plan] == [(10, [{"cause": 2, "vms": 2}]), (15, [])]


def test_where_no_single_fix_is_enough_the_nearest_vms_come_first() -> None:
    both = [cause("CSN-002", ["a", "b"]), cause("ROLES-001", ["a", "b"], "identity", "/x/id")]
    assert [step["sentence"] for step in steps(both, 0, frozenset())] == [
        "Fix cloud services network csn-a (CSN-002): 2 VMs still wait for ROLES-001.",
        "Fix identity id (ROLES-001): 2 VMs become ready.",
    ]


@pytest.mark.parametrize(
    ("blocked", "order"),
    [
        ([["a"], ["b", "c"], ["c"]], [2, 1, 3]),  # 1 and 2 each make one VM ready
        (
            [["a"], ["a"], ["b"], ["b", "c"], ["c"], ["c"]],
            [4, 3, 1, 2, 5, 6],
        ),  # 1 to 4 each remove one of a VM's causes
    ],
)
def test_of_equal_fixes_the_one_that_helps_most_vms_comes_first(blocked: list[list[str]], order: list[int]) -> None:
    causes = [cause(f"CSN-{number:03}", vms) for number, vms in enumerate(blocked, 1)]
    assert [step["cause"] for step in steps(causes, 0, frozenset())] == order


@pytest.mark.parametrize(
    ("blocks", "open_after", "sentence"),
    [
        (["a"], {"a"}, "Fix a (SSH-001): 1 VM becomes ready, as far as judged."),
        (
            ["a", "b", "c"],
            {"b"},
            "Fix 3 VMs (SSH-001): 3 VMs become ready, 1 of them as far as judged.",
        ),
    ],
)
def test_checks_that_were_blocked_are_not_promised(blocks: list[str], open_after: set[str], sentence: str) -> None:
    (step,) = steps([cause("SSH-001", blocks, "vm", "")], 0, frozenset(open_after))
    assert (step["sentence"], step["unjudged"]) == (sentence, len(open_after))


def unmeasured(id: str, blocks: list[str], kind: str = "vm") -> Cause:
    names = dict.fromkeys(blocks)
    return Cause(id, "unknown", "required", kind, "", "", vms=names, blocks_readiness=dict(names))


def test_a_vm_that_was_not_reached_can_then_be_judged_and_comes_after_what_was_measured() -> None:
    gone = unmeasured("SSH-001", ["a", "b", "c"])
    plan = steps([gone, cause("CSN-002", ["c", "d"])], ready=1, open_after=frozenset())
    assert [step["sentence"] for step in plan] == [
        "Fix cloud services network csn-a (CSN-002): 1 VM becomes ready; 1 more still waits for SSH-001.",
        "Fix 3 VMs (SSH-001): 3 VMs can then be judged.",
    ]
    assert [(step["unlocks"], step["judgeable"], step["ready"]) for step in plan] == [
        (["d"], [], 2),
        ([], ["a", "b", "c"], 2),
    ]
    assert forecast(plan, 1, 5) == (
        "The first fix makes 2 of 5 VMs ready; all 2 fixes (4 changes) make it 2. 3 more can then be judged."
    )
    assert forecast(steps([gone], 0, frozenset()), 0, 3) == "After 1 fix (3 changes), 3 VMs can be judged."


def test_one_change_that_frees_many_comes_before_many_changes() -> None:
    off = cause("VM-001", vms(1, 13), "vm", "")
    csn = cause("CSN-002", vms(14, 20))
    off.actions["Start {vms:is|are} powered off"] += 13
    csn.actions["Add {items} to the egress list of {name}"] += 7
    csn.items = dict.fromkeys((".his.arc.azure.com", "pas.windows.net", "login.microsoftonline.com"))
    plan = steps([off, csn], ready=80, open_after=frozenset())
    assert [(step["what"], step["changes"], step["ready"]) for step in plan] == [
        ("Add .his.arc.azure.com, pas.windows.net and 1 more to the egress list of csn-a", 1, 87),
        ("Start 13 VMs that are powered off", 13, 100),
    ]
    assert forecast(plan, 80, 100) == "2 fixes (14 changes) make all 100 VMs ready."


def test_a_vm_of_which_checks_were_left_out_is_never_promised() -> None:
    plan = steps([cause("PROXY-002", ["a", "b"], "guest", "")], 0, frozenset(), frozenset(["a"]))
    assert [(step["unlocks"], step["judgeable"], step["ready"]) for step in plan] == [(["b"], ["a"], 1)]
    assert plan[0]["then"] == "1 VM becomes ready; 1 VM can then be judged."


def test_what_the_runner_lacks_comes_first() -> None:
    login = unmeasured("PLATFORM-001", ["a", "b"], "runner")
    plan = steps([cause("PROXY-002", ["a"], "guest"), login], ready=0, open_after=frozenset())
    assert [step["cause"] for step in plan] == [2, 1]
    assert [step["judgeable"] for step in plan] == [["b"], ["a"]], "of which Azure was not queried: never promised"


def test_every_vm_is_ready_at_the_end_whatever_the_causes_are() -> None:
    causes = [
        cause(f"NET-{number:03}", [f"vm{index}" for index in range(60) if index % number == 0])
        for number in range(1, 8)
    ]
    plan = steps(causes, ready=4, open_after=frozenset())
    assert plan[-1]["ready"] == 64
    assert sorted(step["cause"] for step in plan) == [1, 2, 3, 4, 5, 6, 7]
    assert [step["ready"] for step in plan] == sorted(step["ready"] for step in plan)
    assert sum(len(step["unlocks"]) for step in plan) == 60


def test_a_ready_fleet_has_no_plan() -> None:
    assert steps([cause("IMDS-001", [], "guest", "")], 6, frozenset()) == []
