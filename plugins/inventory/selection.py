"""The VMs of a run: the fleet file (`load`) and ``--vm`` (`select`).

The fleet file is described in docs/inventory.md; `plugins.inventory.file` reads and checks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from os import PathLike
from pathlib import Path
from typing import Any

from plugins.core.wording import counted, did_you_mean
from plugins.inventory import file as fleet_file
from plugins.inventory.file import InventoryError
from plugins.model import Vm


@dataclass(frozen=True, slots=True)
class Fleet:
    """A fleet: its VMs in order, and the settings of a run over them."""

    vms: tuple[Vm, ...]
    ssh_config: Path | None = None  # None: the user's own
    profile: Path | None = None  # the requirements to judge by, unless --profile says otherwise
    notes: tuple[str, ...] = ()  # notes for the header about the source of the fleet


def load(path: str | PathLike[str]) -> Fleet:
    """The fleet of a file. Raises `InventoryError` with every mistake of the file, not just one."""
    vms, files = fleet_file.read(path)
    return Fleet(tuple(Vm.from_dict(entry) for entry in vms), files["ssh_config"], files["profile"])


def load_over(path: str | PathLike[str], fleet: Sequence[Vm]) -> Fleet:
    """A fleet from Azure, with the settings of a file in place of Azure's. Raises `InventoryError`."""
    vms, files = fleet_file.read_over(path, [_stated(vm) for vm in fleet])
    return Fleet(tuple(Vm.from_dict(entry) for entry in vms), files["ssh_config"], files["profile"])


def _stated(vm: Vm) -> dict[str, Any]:
    """A VM in the format of a fleet file."""
    data = vm.as_dict()
    target = {key: value for key, value in data["target"].items() if value}
    return {key: value for key, value in data.items() if value} | {"target": target}


def select(patterns: Iterable[str], fleet: Sequence[Vm] | None, source: str = "the inventory") -> list[Vm]:
    """The VMs that match the ``--vm`` patterns; `source` names the fleet in messages.

    With a fleet, patterns are names or globs over names, and no pattern means every VM. Without one, each pattern
    is itself an SSH alias or address, and no pattern means no VM.
    """
    wanted = list(dict.fromkeys(patterns))
    if fleet is None:
        return _adhoc(wanted)
    errors = [_unmatched(pattern, fleet, source) for pattern in wanted if not any(hits(pattern, vm) for vm in fleet)]
    if errors:
        raise InventoryError(errors)
    return [vm for vm in fleet if not wanted or any(hits(pattern, vm) for pattern in wanted)]


def hits(pattern: str, vm: Vm) -> bool:
    """Whether a VM has a name, or one that a glob matches."""
    return pattern == vm.name or fnmatchcase(vm.name, pattern)  # the first: a name may hold a "["


def _unmatched(pattern: str, fleet: Sequence[Vm], source: str) -> str:
    names = [vm.name for vm in fleet]
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    count = f"the {counted(len(names), 'VM')}"
    hint = did_you_mean(pattern, names) or "Use a name or a glob (--vm='web*'). They are case-sensitive."
    return f"--vm={pattern}: matches none of {count} in {source} ({shown}). {hint}"


def _adhoc(patterns: list[str]) -> list[Vm]:
    """VMs of ``--vm`` options alone: ``vm-a``, ``azureuser@10.0.0.4:2222``, ``[fd00::4]:22``."""
    vms, errors = [], []
    for pattern in patterns:
        try:
            user, host, port = parse_address(pattern)
        except ValueError as error:
            shown = pattern if pattern.isprintable() else repr(pattern)
            errors.append(f"--vm={shown}: {error}")
        else:
            vms.append(Vm(name=pattern, host=host, user=user, port=port))
    if errors:
        raise InventoryError(errors)
    return vms


_USER = r"(?:(?P<user>.+)@)?"
_PORT = r"(?::(?P<port>\d{1,9}))?"
_V6 = re.compile(_USER + r"\[(?P<host>[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:%\w+)?)\]" + _PORT)  # root@[fd00::4]:2222
_BARE_V6 = re.compile(_USER + r"(?P<host>[0-9A-Fa-f]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(?:%\w+)?)")  # fd00::4, no port
_PLAIN = re.compile(_USER + r"(?P<host>[^@:]+)" + _PORT)  # azureuser@10.0.0.4:2222, vm-a


def parse_address(text: str) -> tuple[str | None, str, int | None]:
    """The parts of ``user@host:port``; user and port are None when absent. Raises ValueError with the problem."""
    v6 = _V6.fullmatch(text) or _BARE_V6.fullmatch(text)
    if not v6 and any(mark in text for mark in "*?["):
        raise ValueError("a glob needs a fleet to choose from. Add --inventory=FILE, or name the VM in full.")
    if problem := fleet_file.bad_name(text):
        raise ValueError(problem)
    match = v6 or _PLAIN.fullmatch(text)
    if not match:
        raise ValueError("is not an address. Expected an SSH alias, user@host:port, or user@[IPv6]:port.")
    parts = match.groupdict()
    user, host, port = parts["user"], parts["host"], parts.get("port")
    if problem := fleet_file.bad_host(host) or (user and fleet_file.bad_name(user)):
        raise ValueError(problem)
    if port and not 1 <= int(port) <= 65535:
        raise ValueError(f"port {port} is out of range. A port is 1 to 65535.")
    return user, host, int(port) if port else None
