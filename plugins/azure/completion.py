"""Complete an inventory from the VM resources: the target of the Arc resource, and the only identity.

Both are needed before a VM is visited: the names of the regional endpoints contain the location, and the
request for a token names a user-assigned identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from plugins.azure.discovery import only_identity
from plugins.azure.fetch import FetchOptions, fetch_vms
from plugins.azure.vm_view import AzureVmView
from plugins.checks.check import CheckOutcome
from plugins.core.wording import counted
from plugins.model import Vm


def open_fields(vm: Vm, options: FetchOptions) -> bool:
    """True when Azure may state something about this VM that the inventory omits."""
    located = bool(vm.resource_id or options.subscription)
    return located and (vm.target.location is None or vm.identity is None)


def complete(vms: Sequence[Vm], options: FetchOptions) -> tuple[list[Vm], list[str]]:
    """The VMs, with location and identity from Azure where the inventory omits them; and notes about it.

    Never raises for a failure of Azure: a VM that could not be read stays unchanged, and a note states the reason.
    """
    wanted = [vm for vm in vms if open_fields(vm, options)]
    if not wanted:
        return list(vms), []
    facts = fetch_vms(wanted, options)
    completed: dict[str, Vm] = {}
    problems: list[str] = []
    for vm in wanted:
        try:
            resource = AzureVmView(vm, facts).vm or {}
        except CheckOutcome as outcome:
            if vm.target.location is None:
                problems.append(outcome.message)
            continue
        location = vm.target.location or str(resource.get("location") or "") or None
        identity = vm.identity or only_identity(resource.get("identity") or {})
        completed[vm.name] = replace(vm, identity=identity, target=replace(vm.target, location=location))
    notes = []
    if problems:
        notes.append(
            f"no location is stated for {counted(len(problems), 'VM')}, so the regional endpoints are skipped: "
            f"{problems[0]}"
        )
    return [completed.get(vm.name, vm) for vm in vms], notes
