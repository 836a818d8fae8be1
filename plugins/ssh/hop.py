"""One SSH login on the path to a VM, from the settings of the SSH configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from plugins.core.files import expanded
from plugins.ssh.config_syntax import CA_ALGORITHMS, plain_jump
from plugins.ssh.errors import SshError
from plugins.ssh.expansion import PROXY_COMMAND, ExpansionError, Tokens, expand, expand_tilde, home, local_user

#: The default identity files of ssh, if paramiko knows the type.
DEFAULT_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")
#: Keyword in lower case -> its values: what ``ssh -G`` prints, or what `plugins.ssh.config_reader` reads.
Settings = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Hop:
    """One SSH login on the path: the VM itself, or a jump host before it."""

    alias: str
    address: str
    port: int
    user: str
    identity_files: tuple[Path, ...]
    default_files: bool  # the identity files are ssh's defaults: the configuration names none
    identities_only: bool
    certificates: tuple[Path, ...]
    agent: str  # the agent's socket; "" = none
    known_as: str  # HostKeyAlias, or ""
    user_known_hosts: tuple[Path, ...]
    global_known_hosts: tuple[Path, ...]
    jump: str
    proxy_command: str
    connect_timeout: float | None
    ca_algorithms: tuple[str, ...] = CA_ALGORITHMS
    revoked_keys: str = ""  # RevokedHostKeys: a file, or ""

    @property
    def label(self) -> str:
        """``root@10.0.0.4:22``."""
        return f"{self.user}@{f'[{self.address}]' if ':' in self.address else self.address}:{self.port}"


def unusable(place: str, what: str, remedy: str) -> SshError:
    """The error for an unusable configuration; `place` is a file and line, or names a VM."""
    return SshError("cannot be used", f"{place}: {what.rstrip('.')}.", f"{remedy.rstrip('.')}.")


def hop_from(settings: Settings, alias: str, *, key: str | None, defaults: Sequence[str]) -> Hop:
    """The login to `alias`. Raises `ExpansionError` for a token or variable that cannot be filled in.

    ``identityfile``, ``certificatefile`` and ``proxycommand`` come unexpanded, all else expanded. `key`: the fleet
    file's, instead of the identity files. `defaults`: the identity files that mean "none named".
    """

    def one(name: str) -> str:
        value = settings.get(name, ())
        return value[0] if value else ""

    def unless_none(name: str) -> str:
        return "" if one(name).lower() == "none" else one(name)

    address, user, port = one("hostname") or alias, one("user") or local_user(), one("port") or "22"
    tokens = Tokens(
        alias=alias,
        address=address,
        port=port,
        user=user,
        key_alias=one("hostkeyalias") or alias,
        connection=one("controlpath"),
    )
    if one("proxyusefdpass") == "yes":
        raise ExpansionError("ProxyUseFdpass is not supported here")
    named = list(settings.get("identityfile", ()))
    default = named == list(defaults) or not named
    chosen = [str(home() / ".ssh" / name) for name in DEFAULT_KEYS] if default else named
    jump, command = unless_none("proxyjump"), unless_none("proxycommand")
    return Hop(
        alias=alias,
        address=address,
        port=int(port),
        user=user,
        identity_files=(expanded(key),) if key else _paths(chosen) if default else _files(chosen, tokens),
        default_files=default and not key,
        identities_only=one("identitiesonly") in ("yes", "true"),
        certificates=_files(settings.get("certificatefile", ()), tokens),
        agent=_agent(settings.get("identityagent", ())),
        known_as=one("hostkeyalias").lower(),
        user_known_hosts=_paths(settings.get("userknownhostsfile", ())),
        global_known_hosts=_paths(settings.get("globalknownhostsfile", ())),
        jump=plain_jump(jump) if jump else "",
        proxy_command="" if jump or not command else expand(command, tokens, PROXY_COMMAND, variables=False),
        connect_timeout=float(unless_none("connecttimeout") or 0) or None,
        ca_algorithms=tuple(one("casignaturealgorithms").split(",")) if one("casignaturealgorithms") else CA_ALGORITHMS,
        revoked_keys=expand_tilde(unless_none("revokedhostkeys")),
    )


def _paths(names: Sequence[str]) -> tuple[Path, ...]:
    return tuple(Path(name) for name in names if _is(name))


def _files(names: Sequence[str], tokens: Tokens) -> tuple[Path, ...]:
    return tuple(Path(expand(expand_tilde(name), tokens)) for name in names if _is(name))


def _is(name: str) -> bool:
    return name.lower() != "none"


def _agent(value: Sequence[str]) -> str:
    """The socket: IdentityAgent, or that of the environment."""
    path = value[0] if value else "SSH_AUTH_SOCK"
    if path.lower() == "none":
        return ""
    if path == "SSH_AUTH_SOCK" or (path.startswith("$") and not path.startswith("${")):
        return os.environ.get(path.removeprefix("$"), "")
    return path
