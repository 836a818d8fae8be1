"""The Arc machine of a connected agent, compared with the inventory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from plugins import CheckOutcome, Status, Vm
from suites.probes.azcmagent import AgentStatus


class _Part(NamedTuple):
    """A part of the resource id, from the agent and from the inventory; "" = not stated."""

    name: str
    actual: str
    expected: str


def _parts(shown: AgentStatus, vm: Vm) -> list[_Part]:
    """The parts that the inventory states."""
    nexus, actual, target = _resource_id(vm.resource_id or ""), _resource_id(shown.resource_id), vm.target
    parts = [
        _Part(
            "subscription",
            actual.get("subscription") or shown.subscription,
            target.subscription or nexus.get("subscription", ""),
        ),
        _Part(
            "resource group",
            actual.get("group") or shown.resource_group,
            target.resource_group or nexus.get("group", ""),
        ),
        _Part("name", actual.get("name") or shown.name, nexus.get("name", "")),
    ]
    return [part for part in parts if part.expected]


def _resource_id(text: str) -> Mapping[str, str]:
    """``/subscriptions/S/resourceGroups/G/providers/Microsoft.HybridCompute/machines/N`` in parts; {} for others."""
    match = re.fullmatch(
        r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/.+/(?P<name>[^/]+)",
        text,
        re.I,
    )
    return match.groupdict() if match else {}


def another_resource(shown: AgentStatus, vm: Vm) -> CheckOutcome | None:
    """The outcome when a connected machine is not the one that the inventory expects."""
    wrong = [
        f"{part.name} {part.actual or 'unknown'}, expected {part.expected}"
        for part in _parts(shown, vm)
        if part.actual.lower() != part.expected.lower()
    ]
    if not wrong:
        return None
    return CheckOutcome(
        Status.FAIL,
        f"The machine is connected already, as another resource: {shown.resource} ({'; '.join(wrong)}). Connecting "
        "would end with AZCM0067.",
        "If that resource is the right one, correct the inventory (resource_id, target). Else run 'azcmagent "
        "disconnect' on the VM, then connect again.",
    )


def enrolled(shown: AgentStatus, vm: Vm) -> str:
    """The sentence about a connected machine that matches the inventory, as far as the inventory states it."""
    if _parts(shown, vm):
        return f"Already enrolled: connected as {shown.resource}, as expected."
    return (
        f"Already enrolled: connected as {shown.resource}. The inventory does not state where it should be, so this "
        "was not compared."
    )
