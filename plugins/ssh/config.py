"""OpenSSH's client configuration: which address, user, keys and way belong to a host.

paramiko's `SSHConfig` does the matching. This module adds what it lacks: ``Include``, the place (file:line) of a bad
line, jump-host chains, and speed with a thousand ``Host`` blocks (only those that can match are given to it).
"""

from __future__ import annotations

import getpass
import os
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from glob import glob
from pathlib import Path
from typing import Any

from paramiko import SSHConfig
from paramiko.ssh_exception import ConfigParseError

from plugins.core.files import expanded
from plugins.inventory.selection import parse_address
from plugins.model import Vm
from plugins.ssh.errors import SshError

_CONFIG: Any = SSHConfig  # the stubs leave out what subclasses use
_DEEPEST = 16  # nested Includes, as OpenSSH
_LONGEST = 8  # hops on the way to one VM
_MATCH_WORDS = {
    "all",
    "canonical",
    "final",
    "exec",
    "host",
    "originalhost",
    "user",
    "localuser",
}  # paramiko knows these
_DEFAULT_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")


@dataclass(frozen=True, slots=True)
class Hop:
    """One SSH login on the way: the VM itself, or a jump host before it."""

    alias: str
    address: str
    port: int
    user: str
    identity_files: tuple[Path, ...]
    default_files: bool  # the identity files are the usual ones, nobody named them
    identities_only: bool
    certificates: tuple[Path, ...]
    agent: str  # the agent's socket; "" = none
    known_as: str  # HostKeyAlias, or ""
    user_known_hosts: tuple[Path, ...]
    global_known_hosts: tuple[Path, ...]
    jump: str
    proxy_command: str
    connect_timeout: float | None

    @property
    def label(self) -> str:
        """``root@10.0.0.4:22``."""
        return f"{self.user}@{f'[{self.address}]' if ':' in self.address else self.address}:{self.port}"


@dataclass(slots=True)
class _Block:
    """The lines below one Host or Match line, and that line as paramiko gets it."""

    header: str
    names: frozenset[str] | None  # the only aliases it can match; None = ask paramiko
    lines: list[str] = field(default_factory=list)


class SshConfig:
    """The configuration files of a run, read once."""

    def __init__(self, files: Sequence[Path], required: bool = False) -> None:
        """Read the files, first one first. Raises `SshError` for a line that cannot be used."""
        self._places: dict[tuple[str, str], str] = {}  # (key, value) -> file:line, for messages
        self._blocks: list[_Block] = []
        for path in files:
            if required and not path.is_file():
                raise _bad(str(path), "there is no such file", "Give the path of an SSH configuration file")
            self._blocks += self._read(path, (), 0)
        self._hops: dict[tuple[str, ...], Hop] = {}

    def route(self, vm: Vm) -> tuple[Hop, ...]:
        """The logins to make for a VM, jump hosts first. Raises `SshError`."""
        return self._way_to(self._hop(vm.host, vm.user, vm.port, vm.jump, vm.identity_file), 1)

    def _way_to(self, hop: Hop, depth: int) -> tuple[Hop, ...]:
        if not hop.jump:
            return (hop,)
        if depth > _LONGEST:
            raise _bad(f"ProxyJump {hop.jump}", f"leads to more than {_LONGEST} jump hosts", "Remove the loop")
        before: tuple[Hop, ...] = ()
        for text in hop.jump.split(","):
            try:
                user, host, port = parse_address(text.strip().removeprefix("ssh://").removesuffix("/"))
            except ValueError as error:
                place = self._places.get(("proxyjump", hop.jump), f"jump of {hop.alias}")
                raise _bad(place, f"ProxyJump {text!r}: {error}", "Write [user@]host[:port]") from None
            step = self._hop(host, user, port, None, None)
            before = (*before, step) if before else self._way_to(step, depth + 1)  # only the first has its own way
        return (*before, hop)

    def _hop(self, alias: str, user: str | None, port: int | None, jump: str | None, key: str | None) -> Hop:
        asked = tuple(str(part) for part in (alias, user, port, jump, key))
        if asked not in self._hops:
            self._hops[asked] = self._look_up(alias, user, port, jump, key)
        return self._hops[asked]

    def _look_up(self, alias: str, user: str | None, port: int | None, jump: str | None, key: str | None) -> Hop:
        stated = {"User": user, "Port": port, "ProxyJump": jump}  # first, so they win and fill the tokens
        lines = [f'{name} "{value}"' for name, value in stated.items() if value is not None]
        for block in self._blocks:
            if block.names is None or alias in block.names:
                lines += [block.header, *block.lines]
        try:
            found: dict[str, str | list[str]] = dict(_Lookup.from_text("\n".join(lines)).lookup(alias))
            local = _local_user()
        except Exception as error:  # whatever a Match exec or a canonical name may raise
            raise _bad(f"{alias} in the SSH configuration", str(error) or type(error).__name__, "Correct it") from None

        def one(name: str, default: str = "") -> str:
            value = found.get(name, default)
            return value if isinstance(value, str) else default

        address = one("hostname", alias)
        login = one("user", local)
        tokens = {"%h": address, "%n": alias, "%r": login, "%u": local, "%d": str(Path.home()), "%p": one("port", "22")}
        tokens["%%"] = "%"

        def paths(value: str) -> tuple[Path, ...]:
            names = (re.sub("%.", lambda t: tokens.get(t[0], t[0]), name) for name in _split(value))
            return tuple(expanded(name) for name in names if name.lower() != "none")

        named = found.get("identityfile", [])
        files = tuple(expanded(name) for name in named if name.lower() != "none")
        if key:
            files = (expanded(key),)
        way = one("proxyjump")
        hop_jump = "" if way.lower() == "none" else way
        return Hop(
            alias=alias,
            address=address,
            port=self._number("port", one("port", "22"), 65535),
            user=login,
            identity_files=files or (() if named else tuple(Path.home() / ".ssh" / name for name in _DEFAULT_KEYS)),
            default_files=not files and not named,
            identities_only=one("identitiesonly").lower() == "yes",
            certificates=paths(one("certificatefile")),
            agent=_agent(one("identityagent", "SSH_AUTH_SOCK")),
            known_as=one("hostkeyalias").lower(),
            user_known_hosts=paths(one("userknownhostsfile", "~/.ssh/known_hosts ~/.ssh/known_hosts2")),
            global_known_hosts=paths(one("globalknownhostsfile", "/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2")),
            jump=hop_jump,
            proxy_command="" if hop_jump or jump else one("proxycommand").replace("%%", "%"),
            connect_timeout=self._timeout(one("connecttimeout")),
        )

    def _timeout(self, text: str) -> float | None:
        return float(self._number("connecttimeout", text, 3600)) if text and text.lower() not in ("none", "0") else None

    def _number(self, key: str, text: str, highest: int) -> int:
        if text.isdecimal() and 1 <= int(text) <= highest:
            return int(text)
        place = self._places.get((key, text), "the SSH configuration")
        raise _bad(place, f"{key} is {text!r}, expected a number from 1 to {highest}", "Correct the line")

    # --- reading: Include is expanded here, and every line remembers its place --------------------------------------

    def _read(self, path: Path, outer: tuple[str, ...], depth: int) -> Iterator[_Block]:
        """The blocks of a file. `outer` is the condition of the block that includes it, as words of a Match line."""
        try:
            lines = path.read_text("utf-8", "surrogateescape").splitlines()
        except OSError:
            return  # as ssh does for its default files; a file the operator named was checked before
        inner: tuple[str, ...] = ()
        block = _block(outer, inner)
        for number, raw in enumerate(lines, 1):
            place, line = f"{path}:{number}", raw.strip()
            if not line or line.startswith("#"):
                continue
            found = re.match(r"(\w+)(?:\s*=\s*|\s+)(.+)", line)
            if not found:
                raise _bad(place, f"{line[:60]!r} is no setting", "Write 'Keyword value'")
            key, value = found[1].lower(), found[2]
            if key in ("host", "match"):
                yield block
                inner = _condition(place, key, value)
                block = _block(outer, inner)
            elif key == "include":
                yield block
                yield from self._include(place, path, value, outer + inner, depth)
                block = _block(outer, inner)
            else:
                self._places.setdefault((key, value.strip('"')), place)
                block.lines.append(line)
        yield block

    def _include(self, place: str, path: Path, value: str, outer: tuple[str, ...], depth: int) -> Iterator[_Block]:
        if depth >= _DEEPEST:
            raise _bad(place, f"Include is nested more than {_DEEPEST} deep", "Remove the loop")
        system = str(path).startswith("/etc/ssh/")
        for name in _split(value):
            full = Path("/etc/ssh" if system else Path.home() / ".ssh") / expanded(name)
            for match in sorted(glob(str(full))):
                yield from self._read(Path(match), outer, depth + 1)


class _Lookup(_CONFIG):  # type: ignore[misc]  # see _CONFIG
    """paramiko's, which asks the resolver for this machine's own name once per host, be there a ``%l`` or not."""

    _value = ""

    def _tokenize(self, config: Any, target_hostname: str, key: str, value: str) -> Any:
        self._value = value
        return super()._tokenize(config, target_hostname, key, value)

    def _allowed_tokens(self, key: str) -> list[str]:
        return [each for each in super()._allowed_tokens(key) if each in self._value]


def _condition(place: str, key: str, value: str) -> tuple[str, ...]:
    """A Host or Match line in the words of a Match line; a Host line becomes ``originalhost a,b``."""
    try:
        words = shlex.split(value)
        SSHConfig.from_text(f"{key} {value}")
    except (ValueError, ConfigParseError) as error:
        raise _bad(place, f"{key.title()} {value[:60]!r}: {error}", "Correct the line") from None
    if key == "host":
        return ("originalhost", ",".join(words))
    kinds = iter(words)
    for word in kinds:
        name = word.removeprefix("!").lower()
        if name not in _MATCH_WORDS:
            raise _bad(place, f"Match {word!r} is not supported here", f"Known are {', '.join(sorted(_MATCH_WORDS))}")
        if name not in ("all", "canonical", "final"):
            next(kinds, None)
    return () if words == ["all"] else tuple(words)


def _block(outer: tuple[str, ...], inner: tuple[str, ...]) -> _Block:
    words = outer + inner
    if not words:
        return _Block("Host *", None)
    if len(words) == 2 and words[0] == "originalhost":
        names = words[1].split(",")
        literal = not any(mark in words[1] for mark in "*?![")
        return _Block("Host " + " ".join(map(shlex.quote, names)), frozenset(names) if literal else None)
    return _Block("Match " + " ".join(map(shlex.quote, words)), None)


@cache
def _local_user() -> str:
    return getpass.getuser()


@cache  # a fleet asks for the same few values again and again
def _split(value: str) -> list[str]:
    try:
        return shlex.split(value)
    except ValueError:
        return [value]


def _agent(value: str) -> str:
    if value.lower() == "none":
        return ""
    if value == "SSH_AUTH_SOCK" or value.startswith("$"):
        return os.environ.get(value.strip("${}"), "")
    return str(expanded(value.replace("%d", str(Path.home()))))


def _bad(place: str, what: str, remedy: str) -> SshError:
    return SshError("cannot be used", f"{place}: {what.rstrip('.')}.", f"{remedy.rstrip('.')}.")
