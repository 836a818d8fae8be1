"""Helpers for the rows of checks that judge Azure's answers, and the outcomes that all of them share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plugins.model import ProbeResult, Status, Vm
from plugins.requirements.profile import Profile
from tests.support.fake_azure import FORBIDDEN, GONE, INVENTORY, azure
from tests.support.suite_rows import PROFILE, Row

#: The remedy if Azure's answer lacks a property.
NOT_STATED = "Check the resource in the portal (JSON view, newest API version), or run again later."


def props(**properties: Any) -> dict[str, Any]:
    """Changed properties of a resource."""
    return {"properties": properties}


def azure_row(
    name: str,
    status: Status,
    message: str,
    remedy: str = "",
    *,
    evidence: Mapping[str, ProbeResult] | None = None,
    also: Mapping[str, Any] | None = None,
    profile: Profile = PROFILE,
    inventory: Vm = INVENTORY,
    **resources: Any,
) -> Row:
    """A row with Azure's answers: `resources` are those of `fake_azure.azure`, `also` the check's other parameters."""
    parameters = {"azure": azure(inventory=inventory, **resources), **(also or {})}
    return Row(name, evidence or {}, status, message, remedy, parameters, vm=inventory, profile=profile)


#: A check's message if a required resource does not exist.
_GONE = {
    "vm": (
        "the VM does not exist",
        Status.BLOCKED,
        "Not judged: VM-001, Azure has no VM resource of this id.",
        "See VM-001: correct resource_id in the inventory.",
    ),
    "cluster": (
        "the cluster does not exist",
        Status.UNKNOWN,
        "Azure has no cluster resource of the id that the VM names, so this was not checked.",
        "See PLATFORM-004.",
    ),
    "csn": (
        "the network does not exist",
        Status.UNKNOWN,
        "Azure has no cloud services network of the id that the VM is attached to, so this was not checked.",
        "See VM-003 and CSN-003.",
    ),
}


def common_azure_rows(
    refused: str,
    *gone: str,
    evidence: Mapping[str, ProbeResult] | None = None,
    also: Mapping[str, Any] | None = None,
    inventory: Vm = INVENTORY,
) -> list[Row]:
    """The closing rows of a table: Azure refuses to show `refused`; each resource of `gone` does not exist."""
    rows = [azure_row(*_GONE[name], evidence=evidence, also=also, inventory=inventory, **{name: GONE}) for name in gone]
    message = "Azure refused to show it (HTTP 403, AuthorizationFailed)"
    remedy = "Grant the runner Reader."
    answers: dict[str, Any] = {refused: FORBIDDEN}
    refusal = azure_row(
        "Azure refused", Status.UNKNOWN, message, remedy, evidence=evidence, also=also, inventory=inventory, **answers
    )
    return [*rows, refusal]
