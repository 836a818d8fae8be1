"""Headlines: an action and its object, for one VM, for many, and for a shared component."""

from __future__ import annotations

import pytest

from plugins.diagnosis.headline import ACTION, headline, question

OFF = "Start {vms:is|are} powered off"
ADD = "Add {items} to the egress list of {name}"
REACH = "Let {vms} reach {items}{where}"


@pytest.mark.parametrize(
    ("action", "kind", "name", "vms", "expected"),
    [
        (OFF, "vm", "", ["vm5"], "Start vm5, which is powered off"),
        (OFF, "vm", "", [str(number) for number in range(1300)], "Start 1,300 VMs that are powered off"),
        (OFF, "image", "ubuntu:22.04", ["a", "b"], "Start 2 VMs of image ubuntu:22.04 that are powered off"),
        (ADD, "csn", "csn-a", ["a", "b"], "Add one, two and 1 more to the egress list of csn-a"),
        (ADD, "vm", "", ["a"], "Add one, two and 1 more to the egress list of a"),
        (REACH, "csn", "csn-a", ["a", "b"], "Let 2 VMs reach one, two and 1 more on cloud services network csn-a"),
        (REACH, "guest", "", ["a"], "Let a reach one, two and 1 more"),
        ("Let {vms} in{where}", "identity", "id-1", ["a"], "Let a in, id-1"),
        ("Let {vms} in{where}", "jump host", "edge", ["a"], "Let a in behind jump host edge"),
        ("Upgrade {thing}", "cluster", "berlin", ["a"], "Upgrade cluster berlin"),
        ("Upgrade {name}", "runner", "", ["a"], "Upgrade the runner"),
        (ACTION, "guest", "", ["a", "b"], "Fix 2 VMs"),
    ],
)
def test_a_headline_names_the_component_the_vms_and_the_items(
    action: str, kind: str, name: str, vms: list[str], expected: str
) -> None:
    assert headline(action, kind, name, vms, ["one", "two", "three"]) == expected


def test_names_from_outside_are_only_filled_in() -> None:
    assert headline(ADD, "csn", "{vms}", ["{thing}"], ["{0.__class__}"]) == (
        "Add {0.__class__} to the egress list of {vms}"
    )


def test_what_is_unknown_is_a_question_and_no_repair() -> None:
    cause = question("agent is too old")
    assert headline(cause, "guest", "", ["vm4"], []) == "Find out whether the agent is too old (vm4)"
    assert question("") == ACTION
