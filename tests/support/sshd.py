"""Real sshd processes on loopback, run by the user of the tests, and a client that visits them."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from plugins.model import SshSession, Vm
from plugins.ssh import client as ssh
from plugins.ssh.hop import Hop
from plugins.ssh.host_keys import HostKeys
from plugins.ssh.shell_command import ADVICE, COMMAND, pack
from tests.support.ssh_sentences import is_known
from tests.support.until import until

ME = getpass.getuser()
SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin:" + os.environ.get("PATH", ""))


def _missing() -> str:
    """Why sshd cannot be started here; "" if it can."""
    if not SSHD:
        return "openssh-server is not installed"
    if os.geteuid() == 0:
        try:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd refuses to start as root without it
        except OSError as error:
            return f"sshd needs /run/sshd, which cannot be made: {error}"
    return ""


#: The mark of all tests that start an sshd.
needs_sshd = pytest.mark.skipif(bool(_missing()), reason=_missing())


def run(*command: str | Path) -> str:
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, timeout=60).stdout


@contextmanager
def closed_port() -> Iterator[int]:
    """A port without a listener, which is reserved until the block ends."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


@dataclass
class Keys:
    """Key files, made once per module."""

    folder: Path

    def make(self, name: str, kind: str = "ed25519", passphrase: str = "", *more: str) -> Path:
        path = self.folder / name
        if not path.exists():
            if kind == "rsa" and "-b" not in more:
                more = ("-b", "1024", *more)  # quick to generate and to verify
            run("ssh-keygen", "-q", "-t", kind, *more, "-N", passphrase, "-C", name, "-f", path)
        return path

    def public(self, name: str) -> str:
        return self.make(name).with_name(f"{name}.pub").read_text()


@dataclass
class Sshd:
    """A running sshd of the user of the tests."""

    port: int
    process: subprocess.Popen[bytes]
    host_key: str  # "ssh-ed25519 AAAA..."
    log: Path


@contextmanager
def sshd(keys: Keys, folder: Path, *settings: str, host: str = "host") -> Iterator[Sshd]:
    """An sshd on loopback that accepts the key 'user'; extra settings come first and take precedence."""
    folder.mkdir(parents=True, exist_ok=True)
    authorized = folder / "authorized_keys"
    if not authorized.exists():
        authorized.write_text(keys.public("user"))
    running = _start(keys, folder, settings, host)
    for _ in range(20):  # another program may take the free port before sshd does
        if running.process.poll() is None:
            break
        running = _start(keys, folder, settings, host)
    try:
        assert running.process.poll() is None, running.log.read_text()
        yield running
    finally:
        running.process.terminate()
        running.process.wait(60)


def _start(keys: Keys, folder: Path, settings: Sequence[str], host: str) -> Sshd:
    """Start an sshd, and wait until it listens or has ended."""
    with closed_port() as port:
        log = folder / f"sshd.{port}.log"
    config = folder / f"sshd_config.{port}"
    config.write_text(
        "\n".join(
            (
                *settings,
                "ListenAddress 127.0.0.1",
                f"HostKey {keys.make(host)}",
                f"AuthorizedKeysFile {folder}/authorized_keys",
                f"PidFile {folder}/sshd.{port}.pid",
                "StrictModes no",
                "UsePAM no",
                "PermitRootLogin yes",
                "LogLevel VERBOSE",
                *(
                    () if "MaxStartups 1" in settings else ("MaxStartups 100",)
                ),  # the only setting whose last line counts
            )
        )
    )
    process = subprocess.Popen([str(SSHD), "-D", "-f", str(config), "-p", str(port), "-E", str(log)])
    until(lambda: process.poll() is not None or _listens(log), "sshd does not start")
    return Sshd(port, process, " ".join(keys.public(host).split()[:2]), log)


def _listens(log: Path) -> bool:
    return log.exists() and "Server listening on" in log.read_text()


@dataclass
class Echo:
    """A sink that is complete when it has seen `until`."""

    until: bytes = b"DONE\n"
    stdout: bytes = b""
    stderr: bytes = b""
    on_data: Callable[[bytes], None] = lambda data: None

    @property
    def started(self) -> bool:
        return b"hello" in self.stdout

    def feed(self, data: bytes) -> bool:
        self.stdout += data
        self.on_data(data)
        return self.until in self.stdout

    def feed_stderr(self, data: bytes) -> None:
        self.stderr += data


class Program:
    """The program that a test runs on its VM (`ssh.Program`)."""

    command = COMMAND
    advice = ADVICE

    def __init__(self, text: str) -> None:
        self.script = pack(text).encode()


class Client:
    """Visits VMs with a separate configuration, independent of the user's home."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "config"
        self.known = folder / "known_hosts"
        self.known.touch()
        self.head = f"UserKnownHostsFile {self.known}\nGlobalKnownHostsFile none\nIdentityAgent none\n"
        self.config.write_text(self.head)
        self.sinks: dict[str, Echo] = {}
        self.cancelled = threading.Event()

    def knows(self, *servers: Sshd) -> None:
        with self.known.open("a") as file:
            file.writelines(f"[127.0.0.1]:{server.port} {server.host_key}\n" for server in servers)

    def configure(self, text: str) -> None:
        self.config.write_text(self.head + text)

    def visit(
        self,
        *vms: Vm,
        script: str = "echo hello; echo DONE",
        host_keys: HostKeys = "strict",
        run_timeout: float = 300,
        connect_timeout: float = 100,
        login_timeout: float = 100,
        reach_timeout: float = 300,
        max_bytes: int = 1 << 22,
        workers: int = 8,
        on_end: Callable[[Vm], object] = lambda vm: None,
    ) -> list[SshSession]:
        """Visit these VMs; limits that a test does not set are long enough for a busy machine."""
        ended: dict[str, list[SshSession]] = {vm.name: [] for vm in vms}

        def end(vm: Vm, session: SshSession) -> None:
            ended[vm.name].append(session)
            on_end(vm)

        def sink(vm: Vm) -> Echo:
            return self.sinks.setdefault(vm.name, Echo())

        options = ssh.Options(
            run_timeout=run_timeout,
            config_file=self.config,
            host_keys=host_keys,
            connect_timeout=connect_timeout,
            login_timeout=login_timeout,
            reach_timeout=reach_timeout,
            max_bytes=max_bytes,
            workers=workers,
        )
        ssh.visit_all(vms, lambda vm: Program(script), sink, options, end, self.cancelled)
        assert [len(sessions) for sessions in ended.values()] == [1] * len(vms), "one end per VM"
        sessions = [sessions[0] for sessions in ended.values()]
        for session in sessions:
            assert session.outcome in ssh.OUTCOMES
            if session.outcome != "ok":
                assert session.message.endswith("."), session.message
                assert session.remedy, session
                assert is_known(session.outcome, session.message, session.remedy), session
        return sessions


def vm(server: Sshd, keys: Keys, name: str = "vm-a", key: str | None = "user", **more: str) -> Vm:
    identity = str(keys.make(key)) if key else None
    return Vm(name=name, host="127.0.0.1", user=ME, port=server.port, identity_file=identity, **more)  # type: ignore[arg-type]


@contextmanager
def agent(tmp_path: Path, *added: Path, passphrase: str = "") -> Iterator[Path]:
    path = tmp_path / "agent.sock"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    try:
        asker = tmp_path / "askpass"
        asker.write_text(f"#!/bin/sh\necho '{passphrase}'\n")
        asker.chmod(0o700)
        more = {"SSH_AUTH_SOCK": str(path), "SSH_ASKPASS": str(asker), "SSH_ASKPASS_REQUIRE": "force"}
        for _ in range(3000):  # until it answers (without a key), because its socket exists before it listens
            if subprocess.run(["ssh-add", "-l"], env=os.environ | more, timeout=60, capture_output=True).returncode < 2:
                break
            time.sleep(0.02)
        for key in added:
            subprocess.run(
                ["ssh-add", "-q", str(key)], check=True, env=os.environ | more, timeout=60, stdin=subprocess.DEVNULL
            )
        yield path
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def listener(handle: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a TCP server that calls `handle` for each connection, in one thread."""
    kept = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                    kept.append(connection)
                    handle(connection)
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)
        thread.join(60)
        for connection in kept:
            connection.close()


@contextmanager
def black_hole() -> Iterator[int]:
    """A port that does not answer a SYN, because its queue of connections is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(server.getsockname())
        time.sleep(0.05)
        yield int(server.getsockname()[1])
        for filler in fillers:
            filler.close()


def jump_config(first: Sshd, second: Sshd, keys: Keys, more: str = "") -> str:
    return (
        f"Host gw1\n HostName 127.0.0.1\n Port {first.port}\nHost gw2\n HostName 127.0.0.1\n Port {second.port}\n{more}"
        f"Host *\n User {ME}\n IdentityFile {keys.make('user')}\n"
    )


def hop_of(**more: object) -> Hop:
    """A login to vm-a without settings."""
    values: dict[str, object] = {
        "alias": "vm-a",
        "address": "vm-a",
        "port": 22,
        "user": "u",
        "identity_files": (),
        "default_files": False,
        "identities_only": True,
        "certificates": (),
        "agent": "",
        "known_as": "",
        "user_known_hosts": (),
        "global_known_hosts": (),
        "jump": "",
        "proxy_command": "",
        "connect_timeout": None,
    }
    return Hop(**{**values, **more})  # type: ignore[arg-type]  # by name
