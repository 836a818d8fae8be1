"""The components that VMs share, by the kinds of `plugins.checks.check.Component`: cluster, network, ..."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from plugins.azure import resource_ids as ids
from plugins.azure.snapshot import AzureSnapshot
from plugins.azure.vm_view import AzureVmView
from plugins.checks.check import CheckOutcome
from plugins.model import Vm


def components(vm: Vm, facts: AzureSnapshot) -> dict[str, str]:
    """Kind -> ARM id, or the image's name; without unknown kinds. Sends no request to Azure.

    Two VMs share a component when the values are equal, ignoring case: Azure itself mixes cases.
    """
    azure = AzureVmView(vm, facts)
    components: dict[str, str] = {}

    def know(kind: str, read: Callable[[], Any]) -> None:
        try:
            value = read()
        except CheckOutcome:  # not known; the checks report the reason
            return
        if value:
            components[kind] = str(value).strip().rstrip("/")

    # The VM resource's own fields, whether or not the resource that they name could be read.
    resource: dict[str, Any] = {}

    def read_vm() -> str:
        resource.update(azure.vm or {})
        return str(resource.get("id") or "")

    know("vm", read_vm)
    properties = resource.get("properties", resource)
    attachment = properties.get("cloudServicesNetworkAttachment") or {}
    know("cluster", lambda: properties.get("clusterId"))
    know("csn", lambda: attachment.get("attachedNetworkId"))
    know("image", lambda: properties.get("vmImage"))
    # A system-assigned identity belongs to one VM.
    know("identity", lambda: azure.expected.id if azure.expected.kind == "user" else None)
    know("resource group", lambda: azure.target_scope)
    know("subscription", lambda: ids.subscription_scope(str(azure.target.subscription)))
    return components
