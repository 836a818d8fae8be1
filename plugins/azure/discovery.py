"""A fleet without an inventory: the VMs that Azure shows in a subscription or a resource group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from azure.core.credentials import TokenCredential

from plugins.azure.client import ArmClient
from plugins.azure.clouds import Cloud, clouds
from plugins.azure.credential import default_credential
from plugins.azure.resource_ids import parse
from plugins.azure.snapshot import Answer, ReadError
from plugins.core.worker_pool import WorkerPool
from plugins.inventory.file import bad_host, bad_name
from plugins.model import Target, Vm

__all__ = ["Discovery", "FleetError", "addresses", "fleet_from_azure"]

_SECONDS = 120.0


class FleetError(Exception):
    """The fleet could not be read from Azure; `remedy` says what to do."""

    def __init__(self, problem: ReadError) -> None:
        super().__init__(problem.message)
        self.remedy = problem.remedy


@dataclass(frozen=True, slots=True)
class Discovery:
    """The VMs that were found, and what to tell about how: which network's address was taken, who has none."""

    vms: list[Vm]
    notes: list[str]


def fleet_from_azure(
    subscription: str,
    resource_group: str | None,
    cloud: Cloud | None = None,
    credential: Callable[[Cloud], TokenCredential] = default_credential,
) -> Discovery:
    """The VMs of a subscription, or of one resource group in it. Raises `FleetError`."""
    cloud = cloud or clouds()["AzureCloud"]
    team = WorkerPool(1, _SECONDS)
    with ArmClient(cloud, credential, seconds=_SECONDS, record=lambda call: None) as arm:
        arm.sign_in(team)
        ask: Callable[[], Answer | ReadError]
        if resource_group:
            ask = partial(arm.in_group, "virtual_machines", subscription, resource_group)
        else:
            ask = partial(arm.in_subscription, "virtual_machines", subscription)
        (answer,) = team.ask([ask], lambda number: arm.late(f"the VMs of subscription {subscription}"))
        team.close()
    if isinstance(answer, ReadError):
        raise FleetError(answer)
    if answer.value is None:
        raise FleetError(ReadError(f"Azure says that the resource group {resource_group} does not exist."))
    return from_resources(answer.value, cloud.name)


def from_resources(resources: list[Mapping[str, Any]], cloud: str) -> Discovery:
    """VM resources as a fleet, in the order of their names. Raises `FleetError` rather than leave one out."""
    for each in resources:
        try:
            parse(str(each["id"]))
            problem = bad_name(str(each["name"]))
        except (KeyError, ValueError) as error:
            problem = f"has no id and name that can be used ({error})."
        if problem:
            raise FleetError(ReadError(f"A VM in Azure's list {problem}", "Name the VMs in a fleet file: --inventory."))
    times = Counter(str(each["name"]).lower() for each in resources)
    vms, notes = [], []
    for each in sorted(resources, key=lambda each: str(each["id"]).lower()):
        id = parse(str(each["id"]))
        unique = times[str(each["name"]).lower()] == 1
        name = str(each["name"]) if unique else f"{id.resource_group}/{each['name']}"
        address, note = _address(each)
        # An address ends up in ssh_config's ProxyCommand, which a shell runs: it must be one.
        if problem := bad_host(address or id.name):
            raise FleetError(
                ReadError(f"The address of {name} in Azure {problem}", "Name it in a fleet file: --inventory.")
            )
        if note:
            notes.append(f"{name}: {note}")
        tags = {str(key): str(value) for key, value in (each.get("tags") or {}).items()}
        vms.append(
            Vm(name, host=address or id.name, resource_id=str(each["id"]), target=Target(cloud=cloud), tags=tags)
        )
    return Discovery(sorted(vms, key=lambda vm: vm.name.lower()), notes)


def _address(vm: Mapping[str, Any]) -> tuple[str, str]:
    """The address for SSH, and what there is to say about the choice."""
    # [{"networkAttachmentName": "oam", "defaultGateway": "True", "ipv4Address": "10.0.0.4/24"}, …]
    networks = (vm.get("properties") or {}).get("networkAttachments") or []
    usable = [each for each in networks if _of(each)]
    if not usable:
        return "", "Azure shows no address of it; its name is used as the SSH host."
    gateway = [each for each in usable if str(each.get("defaultGateway")).lower() == "true"]
    chosen = (gateway or usable)[0]
    if gateway or len(usable) == 1:
        return _of(chosen)[0], ""
    label = chosen.get("networkAttachmentName") or chosen.get("attachedNetworkId")
    return _of(chosen)[0], (
        f"none of its {len(usable)} networks is the default gateway; the address in the first, {label}, is used:"
        f" {_of(chosen)[0]}."
    )


def _of(attachment: Mapping[str, Any]) -> list[str]:
    found = [attachment.get(name) for name in ("ipv4Address", "ipv6Address")]
    return [str(address).partition("/")[0] for address in found if address]


def addresses(vm: Mapping[str, Any]) -> list[str]:
    """The addresses of a VM resource, each without its prefix length: 10.0.0.4 of 10.0.0.4/24."""
    networks = (vm.get("properties") or {}).get("networkAttachments") or []
    return [address for each in networks for address in _of(each)]
