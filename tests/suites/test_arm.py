"""The control-plane checks' readers of ARM resources, and their commands."""

from __future__ import annotations

import shlex

from suites.rules.arm_resources import command, detail, prop, upper
from tests.support.fake_azure import VM_ID


def test_properties_nested_and_flat() -> None:
    assert prop({"properties": {"a": {"b": 1}}}, "a", "b") == 1
    assert prop({"a": {"b": 1}}, "a", "b") == 1
    assert prop({"properties": {"a": None}}, "a", "b") is None
    assert prop({"properties": None}, "a") is None


def test_a_message_follows_a_state() -> None:
    assert detail({"properties": {"detailedStatusMessage": "No room left."}}) == ": No room left"
    assert detail({"properties": {"detailedStatusMessage": None}}) == ""
    assert upper("the network") == "The network"


def test_names_reach_a_command_quoted() -> None:
    hostile = VM_ID.replace("rg-nexus", "rg $(reboot)").replace("vm-a", "a;b")
    words = shlex.split(str(command("az networkcloud virtualmachine start", hostile)))
    assert words[words.index("--resource-group") + 1] == "rg $(reboot)"
    assert words[words.index("--name") + 1] == "a;b"


def test_an_id_of_another_shape_is_given_as_it_is() -> None:
    assert str(command("az thing show", "/a b", "--query", "c")) == "az thing show --ids '/a b' --query c"
