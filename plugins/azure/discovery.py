"""A fleet without an inventory: the VMs of a subscription or a resource group in Azure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from azure.core.credentials import TokenCredential

from plugins.azure.client import ArmClient
from plugins.azure.clouds import Cloud, clouds
from plugins.azure.credential import default_credential
from plugins.azure.resource_ids import parse
from plugins.azure.snapshot import ReadError
from plugins.core.wording import did_you_mean, first_few
from plugins.core.worker_pool import WorkerPool
from plugins.inventory.file import bad_host, bad_name
from plugins.model import Target, Vm

_SECONDS = 120.0


class FleetError(Exception):
    """The fleet could not be read from Azure; `remedy` states the action."""

    def __init__(self, problem: ReadError) -> None:
        super().__init__(problem.message)
        self.remedy = problem.remedy


@dataclass(frozen=True, slots=True)
class Discovery:
    """The VMs in Azure, and notes for the operator: the network of each address, VMs without an address."""

    vms: list[Vm]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class Place:
    """The scope of a fleet in Azure: a subscription, or a resource group in it."""

    cloud: Cloud
    subscription: str
    resource_group: str = ""

    def __str__(self) -> str:
        return f"subscription {self.subscription}" + (f"/{self.resource_group}" if self.resource_group else "")


def parse_places(text: str) -> list[Place]:
    """The places of ``[CLOUD:]SUBSCRIPTION[/GROUP]``, several of them with commas between. Raises ValueError."""
    places = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, colon, rest = part.rpartition(":")
        cloud = next((candidate for candidate in clouds().values() if candidate.name.lower() == name.lower()), None)
        if colon and cloud is None:
            raise ValueError(f"{name!r} is not a cloud. {did_you_mean(name, clouds())} Known: {', '.join(clouds())}.")
        subscription, slash, group = rest.partition("/")
        if not re.fullmatch(r"[0-9A-Za-z-]+", subscription) or (slash and not re.fullmatch(r"[^/\s]+", group)):
            raise ValueError(f"{part!r} is not a place in Azure. Expected [CLOUD:]SUBSCRIPTION[/GROUP].")
        places.append(Place(cloud or clouds()["AzureCloud"], subscription, group))
    if not places:
        raise ValueError("names no subscription. Expected [CLOUD:]SUBSCRIPTION[/GROUP].")
    return places


def fleet_from_azure(
    places: Sequence[Place], credential: Callable[[Cloud], TokenCredential] = default_credential
) -> Discovery:
    """The VMs of subscriptions, or of resource groups in them. Raises `FleetError`."""
    resources: list[tuple[Cloud, Mapping[str, Any]]] = []
    for scope in places:
        resources += [(scope.cloud, resource) for resource in _read(scope, credential)]
    return from_resources(resources)


def _read(scope: Place, credential: Callable[[Cloud], TokenCredential]) -> list[Mapping[str, Any]]:
    team = WorkerPool(1, _SECONDS)
    with ArmClient(scope.cloud, credential, seconds=_SECONDS, record=lambda call: None) as arm:
        arm.sign_in(team)
        ask = partial(arm.listed, "virtual_machines", scope.subscription, scope.resource_group)
        (answer,) = team.ask([ask], lambda number: arm.late(f"the VMs of {scope}"))
        team.close()
    if isinstance(answer, ReadError):
        raise FleetError(answer)
    if answer.value is None:
        raise FleetError(ReadError(f"According to Azure, the resource group {scope.resource_group} does not exist."))
    return list(answer.value)


def from_resources(resources: Sequence[tuple[Cloud, Mapping[str, Any]]]) -> Discovery:
    """VM resources as a fleet, in the order of their names. Raises `FleetError` instead of omitting one."""
    unique = {str(resource.get("id")).lower(): (cloud, resource) for cloud, resource in resources}
    for _, resource in unique.values():
        try:
            parse(str(resource["id"]))
            problem = bad_name(str(resource["name"]))
        except (KeyError, ValueError) as error:
            problem = f"has no usable id and name ({error})."
        if problem:
            raise FleetError(ReadError(f"A VM in Azure's list {problem}", "Name the VMs in a fleet file: --inventory."))
    chosen = [unique[id] for id in sorted(unique)]
    names = _unique_names([(str(resource["id"]), str(resource["name"])) for _, resource in chosen])
    notes: list[str] = []
    vms = [_vm(resource, name, cloud, notes) for (cloud, resource), name in zip(chosen, names, strict=True)]
    if windows := [vm.name for vm in vms if vm.os == "windows"]:
        notes.append(
            f"os: windows, by the name of the image, because Azure does not state the system:  {first_few(windows)}."
            " If that is wrong, state os in a file: --inventory."
        )
    return Discovery(sorted(vms, key=lambda vm: vm.name.lower()), notes)


def _vm(resource: Mapping[str, Any], name: str, cloud: Cloud, notes: list[str]) -> Vm:
    """One VM of the fleet; appends notes about it to `notes`."""
    address, note = _address(resource)
    host = address or parse(str(resource["id"])).name
    # An address may reach a ProxyCommand, which a shell runs: it must be a valid one.
    if problem := bad_host(host):
        raise FleetError(
            ReadError(f"The address of {name} in Azure {problem}", "Name it in a fleet file: --inventory.")
        )
    if note:
        notes.append(f"{name}: {note}")
    properties = resource.get("properties") or {}
    user = str(properties.get("adminUsername") or "") or None
    if user and bad_name(user):
        user = None
        notes.append(f"{name}: its adminUsername in Azure cannot be used, so the SSH configuration decides.")
    return Vm(
        name,
        host=host,
        user=user,
        resource_id=str(resource["id"]),
        identity=only_identity(resource.get("identity") or {}),
        target=Target(location=str(resource.get("location") or "") or None, cloud=cloud.name),
        os="windows" if _windows_image(str(properties.get("vmImage") or "")) else "linux",
        tags={str(key): str(value) for key, value in (resource.get("tags") or {}).items()},
    )


def _unique_names(vms: Sequence[tuple[str, str]]) -> list[str]:
    """The names of (id, name): duplicates with their resource group, and if necessary with the subscription."""
    groups = [f"{parse(id).resource_group}/{name}" for id, name in vms]
    whole = [f"{parse(id).subscription}/{group}" for (id, _), group in zip(vms, groups, strict=True)]
    of_name, of_group = Counter(name.lower() for _, name in vms), Counter(group.lower() for group in groups)
    return [
        name if of_name[name.lower()] == 1 else group if of_group[group.lower()] == 1 else longest
        for (_, name), group, longest in zip(vms, groups, whole, strict=True)
    ]


#: "windows2022:latest", "win-server-2019"; not "winston", "darwin". Inferred: no field of the VM names its system.
_WINDOWS = re.compile(r"(?<![a-z])win(?:dows)?(?=$|[^a-z]|server|srv)", re.I)


def _windows_image(image: str) -> bool:
    """``myacr.azurecr.io/windows2022:latest``: the repository's name and tag, not the registry's."""
    return _WINDOWS.search(image.partition("/")[2] or image) is not None


def only_identity(identity: Mapping[str, Any]) -> str | None:
    """The VM's only identity, as an inventory states it; None when it has several or none."""
    kinds = {kind.strip().lower() for kind in str(identity.get("type") or "").split(",")}
    users = list(identity.get("userAssignedIdentities") or {}) if "userassigned" in kinds else []
    if "systemassigned" in kinds:
        return None if users else "system"
    return str(users[0]) if len(users) == 1 else None


def _address(vm: Mapping[str, Any]) -> tuple[str, str]:
    """The address for SSH, and a note about the choice."""
    # [{"networkAttachmentName": "oam", "defaultGateway": "True", "ipv4Address": "10.0.0.4/24"}, …]
    networks = (vm.get("properties") or {}).get("networkAttachments") or []
    usable = [network for network in networks if _of(network)]
    if not usable:
        return "", "Azure shows no address for it; its name is used as the SSH host."
    gateway = [network for network in usable if str(network.get("defaultGateway")).lower() == "true"]
    chosen = (gateway or usable)[0]
    if gateway or len(usable) == 1:
        return _of(chosen)[0], ""
    label = chosen.get("networkAttachmentName") or chosen.get("attachedNetworkId")
    return _of(chosen)[0], (
        f"none of its {len(usable)} networks is the default gateway; the address in the first, {label}, is used:"
        f" {_of(chosen)[0]}."
    )


def _of(attachment: Mapping[str, Any]) -> list[str]:
    addresses = [attachment.get(name) for name in ("ipv4Address", "ipv6Address")]
    return [str(address).partition("/")[0] for address in addresses if address]


def addresses(vm: Mapping[str, Any]) -> list[str]:
    """The addresses of a VM resource, each without its prefix length: 10.0.0.4 of 10.0.0.4/24."""
    networks = (vm.get("properties") or {}).get("networkAttachments") or []
    return [address for network in networks for address in _of(network)]
