"""Which VMs: the fleet file (`load`), ``--vm`` (`select`), and what is known of a VM before anyone looks at it.

The fleet file is described in docs/inventory.md; `plugins.fleet_file` reads and checks it.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from os import PathLike
from pathlib import Path
from typing import Any

from plugins import fleet_file
from plugins.fleet_file import InventoryError

__all__ = ["Fleet", "InventoryError", "Target", "Vm", "file_name", "load", "parse_address", "select"]


@dataclass(frozen=True, slots=True)
class Target:
    """Where the Arc resource goes. None = not stated."""

    subscription: str | None = None
    resource_group: str | None = None
    location: str | None = None
    cloud: str = "AzureCloud"
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)  # for the Arc resource

    def as_dict(self) -> dict[str, Any]:
        """The target as plain data."""
        return {name: getattr(self, name) for name in self.__slots__} | {"tags": dict(self.tags)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Target:
        """The inverse of `as_dict`."""
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Vm:
    """One VM of the fleet, as the inventory or ``--vm`` names it. None = not stated."""

    name: str  # unique in the fleet; see `file_name` before making a path of it
    host: str = ""  # ssh alias or address; the name, unless given
    user: str | None = None
    port: int | None = None
    jump: str | None = None  # as for `ssh -J`; "none" = no jump host, whatever ssh_config says
    identity_file: str | None = None  # an absolute path, when it comes from a fleet file
    resource_id: str | None = None  # ARM id of the Nexus VM
    identity: str | None = None  # "system", or the ARM id of a user-assigned identity
    target: Target = Target()
    os: str = "linux"  # or "windows"
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)  # for grouping and gates

    def __post_init__(self) -> None:
        """Without a host, the name is the address."""
        if not self.host:
            object.__setattr__(self, "host", self.name)

    def as_dict(self) -> dict[str, Any]:
        """The VM as plain data, for the saved evidence."""
        found = {name: getattr(self, name) for name in self.__slots__}  # `asdict` would copy each value
        return found | {"target": self.target.as_dict(), "tags": dict(self.tags)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Vm:
        """The inverse of `as_dict`."""
        return cls(**{**data, "target": Target.from_dict(data.get("target", {}))})


@dataclass(frozen=True, slots=True)
class Fleet:
    """A fleet: its VMs in order, and what a run over them starts from."""

    vms: tuple[Vm, ...]
    ssh_config: Path | None = None  # None: the user's own
    profile: Path | None = None  # the requirements to judge by, unless --profile says otherwise
    notes: tuple[str, ...] = ()  # what to tell about how the fleet was found


def load(path: str | PathLike[str]) -> Fleet:
    """The fleet of a file. Raises `InventoryError` with every mistake of the file, not just one."""
    vms, files = fleet_file.read(path)
    return Fleet(tuple(Vm.from_dict(entry) for entry in vms), files["ssh_config"], files["profile"])


def select(patterns: Iterable[str], fleet: Sequence[Vm] | None, source: str = "the inventory") -> list[Vm]:
    """The VMs that the ``--vm`` patterns choose; `source` is what messages call the fleet.

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
    return pattern == vm.name or fnmatchcase(vm.name, pattern)  # the first: a name may hold a "["


def _unmatched(pattern: str, fleet: Sequence[Vm], source: str) -> str:
    names = [vm.name for vm in fleet]
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    count = "the 1 VM" if len(names) == 1 else f"the {len(names)} VMs"
    close = difflib.get_close_matches(pattern, names, n=1)
    hint = (
        f" Did you mean {close[0]!r}?" if close else " Use a name or a glob (--vm='web*'); upper and lower case differ."
    )
    return f"--vm={pattern}: matches none of {count} in {source} ({shown}).{hint}"


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
    """``user@host:port`` in its parts; user and port are None when absent. ValueError says what is wrong."""
    v6 = _V6.fullmatch(text) or _BARE_V6.fullmatch(text)
    if not v6 and any(mark in text for mark in "*?["):
        raise ValueError("a glob needs a fleet to choose from. Add --inventory=FILE, or name the VM in full.")
    if problem := fleet_file.bad_name(text):
        raise ValueError(problem)
    found = v6 or _PLAIN.fullmatch(text)
    if not found:
        raise ValueError("is no address. Expected an SSH alias, user@host:port, or user@[IPv6]:port.")
    parts = found.groupdict()
    user, host, port = parts["user"], parts["host"], parts.get("port")
    if problem := fleet_file.bad_host(host) or (user and fleet_file.bad_name(user)):
        raise ValueError(problem)
    if port and not 1 <= int(port) <= 65535:
        raise ValueError(f"port {port} is out of range. A port is 1 to 65535.")
    return user, host, int(port) if port else None


_LONGEST = 120  # leaves room for a suffix in the 255 bytes that file systems allow


def file_name(name: str) -> str:
    """A file name for a VM's name: readable, safe, and different for different names.

    All but letters, digits, ``.``, ``_`` and ``-`` is percent-encoded, and so is a leading dot. Too long a result
    is cut and gets a hash behind a ``~``, which occurs in no other result.
    """
    raw = name.encode("utf-8", "surrogatepass")
    safe = "".join(c if re.fullmatch(r"[A-Za-z0-9._-]", c := chr(byte)) else f"%{byte:02X}" for byte in raw)
    if safe.startswith("."):
        safe = "%2E" + safe[1:]
    if len(safe) > _LONGEST:
        return f"{safe[: _LONGEST - 33]}~{hashlib.sha256(raw).hexdigest()[:32]}"
    return safe or "%"
