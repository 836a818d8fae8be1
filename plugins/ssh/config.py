"""The logins for a VM: jump hosts first, each with its own settings of the SSH configuration.

Where an OpenSSH client is installed, it reads its own configuration (`plugins.ssh.openssh`); elsewhere
`plugins.ssh.config_reader` does. Every host is queried separately, because settings may depend on its name in many
ways; only logins to the same host, as the same user, over the same path share an answer.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

from plugins.model import Vm
from plugins.ssh.config_reader import ConfigReader
from plugins.ssh.config_syntax import SyntaxProblem, split_jump
from plugins.ssh.errors import SshError
from plugins.ssh.expansion import ExpansionError, home, usable_host, usable_user
from plugins.ssh.hop import Hop, hop_from, unusable
from plugins.ssh.openssh import OpenSsh, split_known_hosts

_LONGEST = 8  # hops on the way to one VM

_Request = tuple[str, str | None, int | None, str | None, str | None]  # alias; the fleet file's user, port, jump, key


def default_files() -> list[Path]:
    """The user's configuration, then the system's."""
    return [home() / ".ssh" / "config", Path("/etc/ssh/ssh_config")]


def openssh_client() -> str | None:
    """The ssh of this machine, or None."""
    return shutil.which("ssh")


class SshConfig:
    """The SSH configuration of a run. Safe to use from many threads."""

    def __init__(
        self, files: Sequence[Path], required: bool = False, find_client: Callable[[], str | None] = openssh_client
    ) -> None:
        """One file instead of all others, or `default_files`. Raises `SshError` for an unusable line."""
        self._files = tuple(files)
        for path in files if required else ():
            if not path.is_file():
                raise unusable(str(path), "there is no such file", "Give the path of an SSH configuration file")
        client = find_client()
        openssh = OpenSsh(client, self._files[0] if len(self._files) == 1 else None) if client else None
        self._openssh = openssh if openssh and openssh.usable else None
        self._reader: ConfigReader | SshError | None = None
        self._lock = threading.Lock()
        self._hops: dict[_Request, Future[Hop]] = {}
        if not self._openssh and isinstance(reader := self._own_reader(), SshError):
            raise reader

    def stop(self) -> None:
        """End the running `ssh -G` processes; callable from any thread."""
        if self._openssh:
            self._openssh.stop()

    def route(self, vm: Vm) -> tuple[Hop, ...]:
        """The logins for a VM, jump hosts first. Blocks while `ssh -G` runs. Raises `SshError`."""
        return self._way_to(self._hop((vm.host, vm.user, vm.port, vm.jump, vm.identity_file)), 1)

    def _way_to(self, hop: Hop, depth: int) -> tuple[Hop, ...]:
        """As ssh does it: the last jump host is reached through those before it, the first by its own configuration."""
        if not hop.jump:
            return (hop,)
        if depth > _LONGEST:
            raise unusable(f"ProxyJump {hop.jump}", f"leads to more than {_LONGEST} jump hosts", "Remove the loop")
        before, _, last = hop.jump.rpartition(",")
        user, host, port = split_jump(last)  # the chain is normalized, so it can be split
        if not usable_host(host):
            raise unusable(
                f"jump of {hop.alias}", f"{host!r} has a character that a host name cannot have", "Correct it"
            )
        return (*self._way_to(self._hop((host, user, port, before or None, None)), depth + 1), hop)

    def _hop(self, request: _Request) -> Hop:
        with self._lock:
            answer = self._hops.get(request)
            mine = answer is None
            if answer is None:
                answer = self._hops[request] = Future()
        if mine:
            try:
                answer.set_result(self._look_up(*request))
            except BaseException as error:
                answer.set_exception(error)
        return answer.result()

    def _look_up(self, alias: str, user: str | None, port: int | None, jump: str | None, key: str | None) -> Hop:
        if user is not None and not usable_user(user):
            raise unusable(
                alias,
                f"the user {user!r} has a character that OpenSSH does not accept in a user name",
                "Correct the user: it reaches a shell where a ProxyCommand has %r",
            )
        try:
            if self._openssh:
                settings = self._openssh.settings(alias, user, port, jump)
                self._separate(settings, alias, user, port, jump)
                return hop_from(settings, alias, key=key, defaults=self._openssh.default_keys)
            reader = self._own_reader()
            if isinstance(reader, SshError):
                raise reader
            return hop_from(reader.settings(alias, user, port, jump), alias, key=key, defaults=())
        except (ExpansionError, SyntaxProblem) as error:
            raise unusable(f"{alias} in the SSH configuration", str(error), "Correct it") from None

    def _separate(
        self, settings: dict[str, list[str]], alias: str, user: str | None, port: int | None, jump: str | None
    ) -> None:
        """The names of known_hosts files, which ssh prints in one line, without quotes."""
        for name in ("userknownhostsfile", "globalknownhostsfile"):
            printed = settings.get(name, [""])[0]
            apart = split_known_hosts(printed, None)
            if apart is None:
                ours: list[str] | None = None
                try:
                    reader = self._own_reader()
                    ours = None if isinstance(reader, SshError) else reader.settings(alias, user, port, jump)[name]
                except SshError:
                    pass
                apart = split_known_hosts(printed, ours)
            if apart is None:
                raise unusable(
                    f"{alias} in the SSH configuration",
                    f"{name} is {printed!r}: ssh prints names that have blanks without quotes",
                    "Name known_hosts files that have no blank in their path",
                )
            settings[name] = apart

    def _own_reader(self) -> ConfigReader | SshError:
        with self._lock:
            if self._reader is None:
                try:
                    self._reader = ConfigReader(self._files)
                except SshError as error:
                    self._reader = error
            return self._reader
