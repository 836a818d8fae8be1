"""The requests of a run in advance: the control plane's part of `--plan`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from plugins.azure import answer_keys as paths
from plugins.azure import resource_ids as ids
from plugins.azure.api_versions import preferred
from plugins.azure.fetch import FEW, FetchOptions
from plugins.azure.snapshot import Call
from plugins.model import Vm

NEXUS_API, HYBRID_API, ROLES_API = map(preferred, (paths.NEXUS, "Microsoft.HybridCompute", "Microsoft.Authorization"))
IDENTITY_API, PROVIDERS_API = map(preferred, ("Microsoft.ManagedIdentity", "Microsoft.Resources"))

_Plan = Callable[[str, str, str], None]  # cloud, path with its query, API version


def planned_calls(vms: Sequence[Vm], options: FetchOptions) -> list[Call]:
    """The requests that `fetch` would send, as templates: values in braces are known only after earlier answers.

    Not shown: the pages of a list, retries, requests with another API version after a refusal, and the single requests
    in place of a failed list.
    """
    calls: dict[str, Call] = {}

    def plan(cloud: str, path: str, version: str) -> None:
        url = f"{options.clouds[cloud].manager}{path}{'&' if '?' in path else '?'}api-version={version}"
        calls.setdefault(url, Call("GET", url))

    _plan_vms(vms, options, plan)
    for vm in vms:
        if vm.resource_id or options.subscription or (vm.target.subscription and vm.target.resource_group):
            _plan_around(vm, options, plan, many=len(vms) > FEW)
    return list(calls.values())


def _plan_vms(vms: Sequence[Vm], options: FetchOptions, plan: _Plan) -> None:
    subscriptions: dict[tuple[str, str], list[str]] = defaultdict(list)
    for vm in vms:
        if vm.resource_id and (id := _parsed(vm.resource_id)):
            subscriptions[(vm.target.cloud, id.subscription)].append(vm.resource_id)
        elif options.subscription:
            scope = ids.subscription_scope(options.subscription)
            if options.resource_group:
                scope = ids.group_scope(options.subscription, options.resource_group)
            plan(vm.target.cloud, f"{scope}/providers/{paths.NEXUS}/virtualMachines", NEXUS_API)
    for (cloud, subscription), members in subscriptions.items():
        if len(members) > FEW:
            scope = ids.subscription_scope(subscription)
            plan(cloud, f"{scope}/providers/{paths.NEXUS}/virtualMachines", NEXUS_API)
        else:
            for member in members:
                plan(cloud, member, NEXUS_API)


def _plan_around(vm: Vm, options: FetchOptions, plan: _Plan, many: bool) -> None:
    cloud, target = vm.target.cloud, vm.target
    own = _parsed(vm.resource_id or "")
    if own or options.subscription:
        subscription = own.subscription if own else options.subscription or ""
        group = own.resource_group if own else options.resource_group or "{resourceGroup}"
        _plan_vm(cloud, subscription, plan, many)
        scope = ids.group_scope(target.subscription or subscription, target.resource_group or group)
    else:
        scope = ids.group_scope(target.subscription or "", target.resource_group or "")
    for namespace in paths.TARGET_PROVIDERS:
        plan(cloud, f"{ids.above(scope)}/providers/{namespace}", PROVIDERS_API)
    plan(cloud, f"{scope}/providers/Microsoft.HybridCompute/machines", HYBRID_API)
    authorization = f"{scope}/providers/Microsoft.Authorization"
    plan(cloud, f"{authorization}/denyAssignments?$filter=atScope()", ROLES_API)
    if own or options.subscription:
        if many:
            plan(cloud, f"{authorization}/roleAssignments?$filter=atScope()", ROLES_API)
        only = "atScope() and assignedTo('{principalId}')"
        plan(cloud, f"{authorization}/roleAssignments?$filter={only}", ROLES_API)
        if vm.path == "relay":
            of_vm = f"{vm.resource_id if own else '{virtualMachineId}'}/providers/Microsoft.Authorization"
            plan(cloud, f"{of_vm}/denyAssignments?$filter=atScope()", ROLES_API)
            plan(cloud, f"{of_vm}/roleAssignments?$filter={only}", ROLES_API)
        plan(cloud, "{roleDefinitionId}", ROLES_API)


def _plan_vm(cloud: str, subscription: str, plan: _Plan, many: bool) -> None:
    """Plan the requests for the resources that a VM resource refers to."""
    plan(cloud, f"{ids.subscription_scope(subscription)}/providers/{paths.NEXUS}", PROVIDERS_API)
    links = {
        "clusters": "clusterId",
        "cloudServicesNetworks": "attachedNetworkId",
        "clusterManagers": "clusterManagerId",
    }
    for collection, link in links.items():
        plan(cloud, f"{{{link}}}", NEXUS_API)
        if many:
            plan(cloud, f"/subscriptions/{{subscription}}/providers/{paths.NEXUS}/{collection}", NEXUS_API)
    plan(cloud, "{userAssignedIdentityId}", IDENTITY_API)


def _parsed(id: str) -> ids.ArmId | None:
    try:
        return ids.parse(id)
    except ValueError:
        return None
