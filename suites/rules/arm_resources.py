"""Helpers for ARM resources, shared by the control-plane checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from plugins import AzureVmView, CheckOutcome, Command, Fix, Vm, blocked, fail, sh, unknown, warn
from plugins.azure import resource_ids as ids
from plugins.azure.roles import Role

Resource = Mapping[str, Any]


def prop(resource: Resource, *path: str) -> Any:
    """A value of ``properties``, None when it, or a level above it, is absent.

    ARM nests: ``{"properties": {"powerState": "On"}}``. ``az ... show`` prints it flat: ``{"powerState": "On"}``.
    """
    value: Any = resource.get("properties", resource)
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def state(resource: Resource, name: str) -> str:
    """One of the states in Azure's description of a resource; "" where Azure does not state it."""
    return str(prop(resource, name) or "").strip()


def awaits_connection(machine: Resource) -> bool:
    """Whether an Arc machine was made before its VM connects: AwaitingConnection, as the SDK's StatusTypes spell it."""
    return state(machine, "status").lower() == "awaitingconnection"


def detail(resource: Resource) -> str:
    """Azure's text about a state, formatted to follow it: ``: all resource creation succeeded``."""
    text = state(resource, "detailedStatusMessage").rstrip(".")
    return f": {text}" if text else ""


def named(id: str) -> str:
    """The name at the end of an id, in its original case."""
    return id.rstrip("/").rpartition("/")[2]


def command(words: str, id: str, *more: str) -> Command:
    """An az command for a resource: ``az networkcloud virtualmachine start --name vm-a --resource-group ...``."""
    try:
        arm = ids.parse(id)
    except ValueError:  # a resource id of no known shape
        where = sh("--ids {}", id)
    else:
        where = sh("--name {} --resource-group {} --subscription {}", arm.name, arm.resource_group, arm.subscription)
    return sh("{} {} {}", words.split(), where, more)


def assignment(principal: str, role: Role, scope: str) -> Command:
    """The command that assigns a role. By object id and GUID, so it needs no directory read and no display name."""
    assignee = sh("--assignee-object-id {} --assignee-principal-type ServicePrincipal", principal)
    return sh("az role assignment create {} --role {} --scope {}", assignee, role.id, scope)


def restart(vm: Vm) -> Fix:
    """The command that restarts a VM and its sidecar through Azure; none without the VM's resource id."""
    return command("az networkcloud virtualmachine restart", vm.resource_id) if vm.resource_id else ()


def vm_of(azure: AzureVmView) -> Resource:
    """The VM resource; without one the check is blocked by VM-001."""
    vm = azure.vm
    if vm is None:
        blocked(
            "Not judged: VM-001, Azure has no VM resource of this id.",
            by="VM-001",
            remedy="See VM-001: correct resource_id in the inventory.",
        )
    return vm


def cluster_of(azure: AzureVmView) -> Resource:
    """The cluster of the VM."""
    vm_of(azure)
    return _existing(azure.cluster, "cluster resource of the id that the VM names", "See PLATFORM-004.")


def csn_of(azure: AzureVmView) -> Resource:
    """The cloud services network of the VM."""
    vm_of(azure)
    what = "cloud services network of the id that the VM is attached to"
    return _existing(azure.csn, what, "See VM-003 and CSN-003.")


def _existing(resource: Resource | None, what: str, remedy: str) -> Resource:
    if resource is None:
        unknown(f"Azure has no {what}, so this was not checked.", remedy=remedy)
    return resource


def readable(read: Callable[[], Resource | None]) -> Resource | None:
    """A resource that only supports a conclusion; None when it does not exist or could not be read."""
    try:
        return read()
    except CheckOutcome:
        return None


def missing_because(read: Callable[[], Resource | None]) -> str:
    """Why a resource could not be read, as a cause that other checks share; "" when it was read."""
    try:
        read()
    except CheckOutcome as outcome:
        return outcome.shared_cause
    return ""


def settled(resource: Resource, what: str, remedy: str) -> None:
    """Stop unless the last operation on the resource succeeded."""
    provisioning = state(resource, "provisioningState")
    if not provisioning:
        silent(what, "provisioningState")
    if provisioning.lower() in ("accepted", "provisioning", "updating", "validating"):
        fail(
            f"{upper(what)} is being changed: provisioningState {provisioning}; expected Succeeded{detail(resource)}.",
            remedy="Wait until the operation has ended, and run again.",
            action="Wait for the operation on {thing}",
        )
    if provisioning.lower() != "succeeded":
        fail(
            f"The last operation on {what} did not succeed: provisioningState {provisioning}; expected "
            f"Succeeded{detail(resource)}.",
            remedy=remedy,
            action="Repeat the failed operation on {thing}",
        )


def upper(text: str) -> str:
    """The text with a capital first letter, for the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def silent(what: str, *fields: str) -> NoReturn:
    """End the check with *unknown*: Azure's answer lacks the deciding value."""
    unknown(
        f"Azure does not state {' and '.join(fields)} of {what}.",
        remedy="Check the resource in the portal (JSON view, newest API version), or run again later.",
    )


def registered(azure: AzureVmView, namespace: str, *, why: str = "", otherwise: str = "") -> str:
    """The message of a pass when a resource provider is registered where the Arc resource goes.

    Ends the check with *fail* or *warn* otherwise. `why`: a clause about the provider, such as ", which ... needs,";
    `otherwise`: a sentence about what fails without it.
    """
    registration = str(azure.provider(namespace).get("registrationState") or "").strip()
    subscription = azure.target.subscription or ""
    where = f"subscription {subscription}"
    register = sh("az provider register --namespace {} --subscription {} --wait", namespace, subscription)
    if not registration:
        silent(f"the resource provider {namespace} in {where}", "registrationState")
    if registration.lower() == "registered":
        return f"{namespace}{why} is registered in {where}."
    problem = f"{namespace}{why} is {registration} in {where}; expected Registered."
    if registration.lower() == "registering":
        remedy = f"Wait and run again; if it persists: {register}"
        warn(f"{problem} That takes some minutes.", remedy=remedy, fix=register)  # which waits
    fail(f"{problem} {otherwise}".rstrip(), remedy=str(register), fix=register)
