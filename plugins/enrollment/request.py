"""The VMs to connect, the Arc machine of each, and the announcement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from plugins.azure import resource_ids as ids
from plugins.azure.snapshot import AzureSnapshot
from plugins.azure.vm_view import AzureVmView
from plugins.checks.check import CheckOutcome
from plugins.model import Target, Vm


@dataclass(frozen=True, slots=True)
class EnrollmentRequest:
    """One VM to connect, and its Arc machine."""

    vm: Vm  # with resource_id, identity and target from the inventory and from Azure
    name: str  # of the Arc machine

    @property
    def group(self) -> str:
        """The id of the Arc machine's resource group."""
        target = self.vm.target
        return ids.group_scope(target.subscription or "", target.resource_group or "")

    @property
    def machine(self) -> str:
        """The future id of the Arc machine."""
        return f"{self.group}/providers/Microsoft.HybridCompute/machines/{self.name}"


def refusal(vm: Vm, mode: str) -> str:
    """The reason why this suite does not connect such a VM in this mode, as a sentence; "" when it does."""
    if vm.os == "windows":
        return "Not connected, because this suite connects Linux guests only."
    if vm.path == "relay" and mode == "roundtrip":
        return (
            "Not connected, because its path is relay: disconnecting would delete the Arc machine that was made for "
            "it. "
            "Use --enroll."
        )
    if vm.path == "relay" and not vm.target.private_key_file:
        return (
            "Not connected, because its path is relay: azcmagent connect existing needs the private key that was "
            "made with "
            "the Arc machine. State its file on the VM: target.private_key_file in the inventory."
        )
    return ""


def prepare(vm: Vm, facts: AzureSnapshot, mode: str = "connect") -> EnrollmentRequest | str:
    """The Arc resource that connecting `vm` creates, or with path: relay uses; or why it is not known."""
    if why := refusal(vm, mode):
        return why
    view = AzureVmView(vm, facts)
    try:
        target = view.target
    except CheckOutcome as word:
        return f"Not connected, because the target is not known: {word.message}"
    if not target.location:
        return (
            "Not connected, because the target is not known: no location is stated (target.location in the inventory)."
        )
    for pair in target.tags.items():
        for text in pair:
            # azcmagent takes one text: Site=NY3,Owner='Shared Services'. It has no syntax for these:
            if any(mark in text for mark in "',\"=\n") or not text:
                return (
                    f"Not connected, because azcmagent does not accept the tag {pair[0]!r}: names and values must "
                    "not be "
                    "empty, or contain a comma, an equals sign or a quotation mark."
                )
    try:
        resource_id: str | None = view.resource_id
    except CheckOutcome:
        resource_id = vm.resource_id
    try:
        name = view.arc_name
    except CheckOutcome as word:
        return f"Not connected, because the name of its Arc machine is not known: {word.message}"
    if vm.path == "relay":
        try:
            target = _of_machine(target, view.arc_machine)
        except CheckOutcome as word:
            return f"Not connected, because its Arc machine is not known: {word.message}"
        if not (target.vm_id and target.tenant):
            return (
                f"Not connected, because Azure does not state vmId and tenant of an Arc machine {name}, which "
                "azcmagent "
                "connect existing needs. See RELAY-003."
            )
    identity = vm.identity or _user_assigned(view)
    return EnrollmentRequest(replace(vm, resource_id=resource_id, target=target, identity=identity), name)


def _of_machine(target: Target, machine: Mapping[str, Any] | None) -> Target:
    """The target, with Azure's data of the Arc machine that waits for the agent."""
    of_machine = machine or {}
    vm_id = (of_machine.get("properties") or {}).get("vmId")
    tenant = (of_machine.get("identity") or {}).get("tenantId")
    return replace(target, vm_id=str(vm_id or "") or None, tenant=str(tenant or "") or None)


def _user_assigned(view: AzureVmView) -> str | None:
    """The VM's user-assigned identity when it is its only one: the request for its token names it (msi_res_id)."""
    try:
        expected = view.expected
    except CheckOutcome:
        return None
    return expected.id if expected.kind == "user" else None


def announcement(requests: Sequence[EnrollmentRequest], skipped: Mapping[str, str], mode: str) -> list[str]:
    """The announcement of an enrollment, printed before it starts."""
    total = len(requests) + len(skipped)
    are = "is" if len(requests) == 1 else "are"
    lines = [f"--enroll={mode}: {len(requests)} of {total} VMs {are} being connected to Azure Arc now."]
    if requests:
        lines.append("Each with azcmagent connect and a token of its own managed identity, as this resource:")
    for request in requests:
        tags = ", ".join(f"{name}={value}" for name, value in request.vm.target.tags.items())
        lines.append(
            f"  {request.vm.name}: {request.machine} in {request.vm.target.location}{f', tags {tags}' if tags else ''}"
        )
    if requests and mode == "roundtrip":
        lines.append("Then each is disconnected again, which deletes that resource.")
    lines += [f"  {name}: {why}" for name, why in skipped.items()]
    return lines


def same_address(requests: Sequence[EnrollmentRequest]) -> dict[str, str]:
    """VMs that are reached at the same address, so that one of them would be connected as the other.

    Each with the sentence about it. Addresses behind different jump hosts may be different VMs.
    """
    by_address: dict[tuple[str, int, str], list[str]] = {}
    for vm in (request.vm for request in requests):
        address = (vm.host.lower().rstrip("."), vm.port or 22, vm.jump or "")
        by_address.setdefault(address, []).append(vm.name)
    return {
        name: f"Not connected, because {' and '.join(names)} have the same address, {host}: one VM cannot be both."
        for (host, *_), names in by_address.items()
        if len(names) > 1
        for name in names
    }


def same_machine(requests: Sequence[EnrollmentRequest]) -> dict[str, str]:
    """VMs that would become the same Arc machine, each with the sentence about it."""
    by_machine: dict[str, list[str]] = {}
    for request in requests:
        by_machine.setdefault(ids.key(request.machine), []).append(request.vm.name)
    return {
        name: f"Not connected, because {' and '.join(names)} would become the same resource in Azure, {machine}."
        for machine, names in by_machine.items()
        if len(names) > 1
        for name in names
    }
