"""`plugins.ssh.client` against real sshd processes on loopback, started by whoever runs the tests."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from plugins.model import Session, Vm
from plugins.ssh import client as ssh
from plugins.ssh.host_keys import HostKeys
from plugins.ssh.shell_command import COMMAND, pack

ME = getpass.getuser()
SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin:" + os.environ.get("PATH", ""))


def _missing() -> str:
    """Why no sshd can be started here, "" when one can."""
    if not SSHD:
        return "openssh-server is not installed"
    if os.geteuid() == 0:
        try:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd refuses to start as root without it
        except OSError as error:
            return f"sshd needs /run/sshd, which cannot be made: {error}"
    return ""


pytestmark = pytest.mark.skipif(bool(_missing()), reason=_missing())


def run(*command: str | Path) -> str:
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, timeout=20).stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Keys:
    """Key files made once for the whole file."""

    folder: Path

    def make(self, name: str, kind: str = "ed25519", passphrase: str = "", *more: str) -> Path:
        path = self.folder / name
        if not path.exists():
            run("ssh-keygen", "-q", "-t", kind, *more, "-N", passphrase, "-C", name, "-f", path)
        return path

    def public(self, name: str) -> str:
        return self.make(name).with_name(f"{name}.pub").read_text()


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(tmp_path_factory.mktemp("keys"))


@dataclass
class Sshd:
    """A running sshd of the person who runs the tests."""

    port: int
    process: subprocess.Popen[bytes]
    host_key: str  # "ssh-ed25519 AAAA..."
    log: Path


@contextmanager
def sshd(keys: Keys, folder: Path, *settings: str, host: str = "host") -> Iterator[Sshd]:
    """An sshd on loopback that lets in the key 'user'; extra settings come first and win."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    authorized = folder / "authorized_keys"
    if not authorized.exists():
        authorized.write_text(keys.public("user"))
    config = folder / f"sshd_config.{port}"
    log = folder / f"sshd.{port}.log"
    config.write_text(
        "\n".join(
            (
                *settings,
                "ListenAddress 127.0.0.1",
                f"HostKey {keys.make(host)}",
                f"AuthorizedKeysFile {authorized}",
                f"PidFile {folder}/sshd.{port}.pid",
                "StrictModes no",
                "UsePAM no",
                "PermitRootLogin yes",
                "LogLevel VERBOSE",
                *(() if "MaxStartups 1" in settings else ("MaxStartups 100",)),  # the one setting whose last line wins
            )
        )
    )
    process = subprocess.Popen([str(SSHD), "-D", "-f", str(config), "-p", str(port), "-E", str(log)])
    try:
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert process.poll() is None, log.read_text()
            time.sleep(0.02)
        yield Sshd(port, process, " ".join(keys.public(host).split()[:2]), log)
    finally:
        process.terminate()
        process.wait(5)


@pytest.fixture(scope="module")
def server(keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd(keys, tmp_path_factory.mktemp("sshd")) as running:
        yield running


@dataclass
class Echo:
    """A sink that is complete when it has seen `until`."""

    until: bytes = b"DONE\n"
    stdout: bytes = b""
    stderr: bytes = b""
    chunks: list[float] = field(default_factory=list)
    seen: Callable[[bytes], None] = lambda data: None

    def feed(self, data: bytes) -> bool:
        self.stdout += data
        self.chunks.append(time.monotonic())
        self.seen(data)
        return self.until in self.stdout

    def feed_stderr(self, data: bytes) -> None:
        self.stderr += data


class Program:
    """What a test runs on its VM (`ssh.Program`)."""

    command = COMMAND

    def __init__(self, text: str) -> None:
        self.script = pack(text).encode()


class Client:
    """Visits VMs with a configuration of its own, so that nothing of the person's home matters."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "config"
        self.known = folder / "known_hosts"
        self.known.touch()
        self.head = f"UserKnownHostsFile {self.known}\nGlobalKnownHostsFile none\nIdentityAgent none\n"
        self.config.write_text(self.head)
        self.sinks: dict[str, Echo] = {}
        self.cancelled = threading.Event()
        self.seconds = 0.0

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
        run_timeout: float = 10,
        connect_timeout: float = 5,
        login_timeout: float = 5,
        reach_timeout: float = 45,
        max_bytes: int = 1 << 22,
        workers: int = 8,
    ) -> list[Session]:
        ended: dict[str, list[Session]] = {vm.name: [] for vm in vms}

        def sink(vm: Vm) -> Echo:
            return self.sinks.setdefault(vm.name, Echo())

        began = time.monotonic()
        options = self.options = ssh.Options(
            run_timeout=run_timeout,
            config_file=self.config,
            host_keys=host_keys,
            connect_timeout=connect_timeout,
            login_timeout=login_timeout,
            reach_timeout=reach_timeout,
            max_bytes=max_bytes,
            workers=workers,
        )
        ssh.visit_all(
            vms, lambda vm: Program(script), sink, options, lambda vm, end: ended[vm.name].append(end), self.cancelled
        )
        self.seconds = time.monotonic() - began
        assert [len(sessions) for sessions in ended.values()] == [1] * len(vms), "one end per VM"
        sessions = [sessions[0] for sessions in ended.values()]
        for session in sessions:
            assert session.outcome in ssh.OUTCOMES
            if session.outcome != "ok":
                assert session.message.endswith("."), session.message
                assert session.remedy, session
        return sessions


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(tmp_path)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    end = time.monotonic() + 2
    while any(map(_of_ssh, threading.enumerate())):
        assert time.monotonic() < end, f"threads are left: {threading.enumerate()}"
        time.sleep(0.05)


def _of_ssh(thread: threading.Thread) -> bool:
    return thread.name.startswith("ssh") or hasattr(thread, "packetizer")


def vm(server: Sshd, keys: Keys, name: str = "vm-a", key: str | None = "user", **more: str) -> Vm:
    identity = str(keys.make(key)) if key else None
    return Vm(name=name, host="127.0.0.1", user=ME, port=server.port, identity_file=identity, **more)  # type: ignore[arg-type]


# --- it works -----------------------------------------------------------------------------------------------------


def test_a_script_runs_and_its_output_arrives(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    (session,) = client.visit(vm(server, keys), script="echo hello; echo oops >&2; sleep 0.5; echo DONE")
    assert (session.outcome, session.message) == ("ok", "")
    assert client.sinks["vm-a"].stdout == b"hello\nDONE\n"
    assert client.sinks["vm-a"].stderr == b"oops\n"
    assert session.address == f"{ME}@127.0.0.1:{server.port}"
    assert set(session.seconds) == {"connect", "login", "probes"}
    assert "login" in session.seconds


@pytest.mark.parametrize(("kind", "more"), [("ed25519", ()), ("ecdsa", ("-b", "384")), ("rsa", ("-b", "2048"))])
def test_each_key_type_logs_in(client: Client, keys: Keys, tmp_path: Path, kind: str, more: tuple[str, ...]) -> None:
    name = f"user-{kind}"
    key = keys.make(name, kind, "", *more)
    (tmp_path / "authorized_keys").write_text(keys.public(name))
    host = f"host-{kind}"
    keys.make(host, kind, "", *more)
    with sshd(keys, tmp_path, host=host) as running:
        client.knows(running)
        (session,) = client.visit(vm(running, keys, key=name))
    assert session.outcome == "ok", (session, key)


@pytest.mark.parametrize("shell", ["sh", "bash", "dash", "csh", "tcsh", "fish", "zsh", "ksh", "busybox sh"])
def test_the_command_is_valid_in_every_login_shell(shell: str) -> None:
    if not shutil.which(shell.split()[0]):
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run(
        [*shell.split(), "-c", COMMAND], input=pack("echo DONE $0"), capture_output=True, text=True, timeout=10
    )
    assert done.stdout.startswith("DONE"), done


def test_a_shell_whose_start_up_file_reads_stdin_runs_nothing(client: Client, keys: Keys, tmp_path: Path) -> None:
    reads = tmp_path / "reads"
    reads.write_text('#!/bin/sh\nread -r line\nexec sh -c "$SSH_ORIGINAL_COMMAND"\n')
    reads.chmod(0o755)
    with sshd(keys, tmp_path, f"ForceCommand {reads}") as running:
        client.knows(running)
        (session,) = client.visit(vm(running, keys), script="touch ran; echo DONE")
    assert session.outcome == "shell refused"
    assert "the script did not reach its shell as a whole, so none of it was run. It printed" in session.message
    assert session.remedy.startswith("See what the login shell's start-up files (.bashrc, .cshrc, /etc/profile.d) read")
    assert client.sinks["vm-a"].stdout == b"the script did not arrive as a whole\n"


def test_output_streams_while_the_script_runs(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    client.visit(vm(server, keys), script="echo 1; sleep 0.6; echo DONE; sleep 60")
    first, last = client.sinks["vm-a"].chunks[0], client.sinks["vm-a"].chunks[-1]
    assert last - first > 0.4
    assert client.seconds < 4, "a complete sink ends the session, whatever still runs"


def test_a_big_script_against_a_vm_that_floods_first(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    flood = "head -c 3000000 /dev/zero | tr '\\0' x\n"
    script = flood + "".join(f": {'y' * 1000}\n" for _ in range(4000)) + "echo DONE\n"  # 4 MB: more than sshd's window
    (session,) = client.visit(vm(server, keys), script=script)
    assert session.outcome == "ok"
    assert len(client.sinks["vm-a"].stdout) == 3_000_005


def test_many_vms_at_once_with_few_workers(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    sessions = client.visit(*(vm(server, keys, f"vm-{n}") for n in range(12)), workers=3)
    assert {session.outcome for session in sessions} == {"ok"}


def test_the_fleet_file_overrides_the_configuration(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    client.configure("Host web\n  HostName 127.0.0.1\n  User nobody-here\n  Port 1\n")
    (session,) = client.visit(Vm("web", user=ME, port=server.port, identity_file=str(keys.make("user"))))
    assert session.outcome == "ok"


def test_the_configuration_alone_is_enough(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    key = keys.make("user")
    client.configure(
        f"Host web\n HostName 127.0.0.1\n Port {server.port}\n User {ME}\n IdentityFile {key.parent}/%r-%n\n IdentityFile {key}\n"
    )
    (session,) = client.visit(Vm("web"))
    assert session.outcome == "ok"


# --- host keys ----------------------------------------------------------------------------------------------------


def test_an_unknown_host_key(client: Client, server: Sshd, keys: Keys) -> None:
    (session,) = client.visit(vm(server, keys))
    assert session.outcome == "host key unknown"
    print_ = run("ssh-keygen", "-lf", keys.make("host").with_suffix(".pub")).split()[1]
    assert print_ in session.message
    assert str(client.known) in session.message
    assert f"ssh-keyscan -p {server.port} 127.0.0.1" in session.remedy
    assert "--host-keys=accept-new" in session.remedy
    assert "login" not in session.seconds


def test_an_unknown_host_key_is_accepted_and_added_once(client: Client, server: Sshd, keys: Keys) -> None:
    client.known.write_text("# no newline at the end")
    sessions = client.visit(vm(server, keys), vm(server, keys, "vm-b"), host_keys="accept-new")
    assert [session.outcome for session in sessions] == ["ok", "ok"]
    assert sorted(f"was added to {client.known}" in session.message for session in sessions) == [False, True]
    assert client.known.read_text() == f"# no newline at the end\n[127.0.0.1]:{server.port} {server.host_key}\n"
    (session,) = client.visit(vm(server, keys))
    assert session.message == ""


@pytest.mark.parametrize("host_keys", ["strict", "accept-new"])
@pytest.mark.parametrize("other", ["other-ed25519", "other-ecdsa"])
def test_a_changed_host_key(client: Client, server: Sshd, keys: Keys, host_keys: HostKeys, other: str) -> None:
    keys.make(other, other.partition("-")[2])
    client.known.write_text(f"# comment\n[127.0.0.1]:{server.port} {keys.public(other)}")
    (session,) = client.visit(vm(server, keys), host_keys=host_keys)
    assert session.outcome == "host key changed"
    assert f"{client.known}:2" in session.message
    for name in ("host", other):
        assert run("ssh-keygen", "-lf", keys.make(name).with_suffix(".pub")).split()[1] in session.message
    assert f"ssh-keygen -R '[127.0.0.1]:{server.port}' -f {client.known}" in session.remedy
    assert client.known.read_text().count("\n") == 2


def test_a_revoked_host_key(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    client.known.write_text(client.known.read_text() + f"@revoked * {server.host_key}\n")
    (session,) = client.visit(vm(server, keys))
    assert session.outcome == "host key revoked"
    assert f"{client.known}:2" in session.message


def test_no_check_at_all(client: Client, server: Sshd, keys: Keys) -> None:
    client.known.write_text(f"[127.0.0.1]:{server.port} {keys.public('another')}")
    (session,) = client.visit(vm(server, keys), host_keys="off")
    assert session.outcome == "ok"


def test_the_known_key_type_is_asked_for(client: Client, keys: Keys, tmp_path: Path) -> None:
    rsa = keys.make("host-rsa", "rsa", "", "-b", "2048")
    with sshd(keys, tmp_path, f"HostKey {rsa}") as running:  # and the ed25519 one, which would be preferred
        client.known.write_text(f"[127.0.0.1]:{running.port} {keys.public('host-rsa')}")
        (session,) = client.visit(vm(running, keys))
    assert session.outcome == "ok"


def test_the_configuration_cannot_loosen_the_host_key_check(client: Client, server: Sshd, keys: Keys) -> None:
    client.configure("StrictHostKeyChecking no\n")
    (session,) = client.visit(vm(server, keys))
    assert session.outcome == "host key unknown"


# --- keys ---------------------------------------------------------------------------------------------------------


def test_a_key_that_the_vm_does_not_know(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    (session,) = client.visit(vm(server, keys, key="stranger"))
    assert session.outcome == "login refused"
    assert str(keys.make("stranger")) in session.message
    assert "It accepts publickey" in session.message
    assert repr(ME) in session.remedy


def test_too_many_keys(client: Client, keys: Keys, tmp_path: Path) -> None:
    with sshd(keys, tmp_path, "MaxAuthTries 2") as running:
        client.knows(running)
        client.configure("".join(f"IdentityFile {keys.make(f'stranger-{n}')}\n" for n in range(4)))
        (session,) = client.visit(vm(running, keys, key=None))
    assert session.outcome == "login refused"
    assert "Too many authentication failures" in session.message
    assert "IdentitiesOnly" in session.remedy


def test_no_key_to_offer(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    client.configure("IdentityFile none\n")
    (session,) = client.visit(vm(server, keys, key=None))
    assert session.outcome == "no usable key"


def test_a_key_file_that_is_not_there_or_no_key(client: Client, server: Sshd, keys: Keys, tmp_path: Path) -> None:
    client.knows(server)
    (tmp_path / "junk").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")
    client.configure(f"IdentityFile {tmp_path}/missing\nIdentityFile {tmp_path}/junk\n")
    (session,) = client.visit(vm(server, keys, key=None))
    assert session.outcome == "no usable key"
    assert f"there is no file {tmp_path}/missing" in session.message
    assert f"{tmp_path}/junk is no private key" in session.message


@contextmanager
def agent(tmp_path: Path, *added: Path, passphrase: str = "") -> Iterator[Path]:
    path = tmp_path / "agent.sock"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    try:
        asker = tmp_path / "askpass"
        asker.write_text(f"#!/bin/sh\necho '{passphrase}'\n")
        asker.chmod(0o700)
        more = {"SSH_AUTH_SOCK": str(path), "SSH_ASKPASS": str(asker), "SSH_ASKPASS_REQUIRE": "force"}
        for _ in range(200):  # until it answers, that it has no key: its socket is there before it listens
            if subprocess.run(["ssh-add", "-l"], env=os.environ | more, timeout=10, capture_output=True).returncode < 2:
                break
            time.sleep(0.02)
        for key in added:
            subprocess.run(
                ["ssh-add", "-q", str(key)], check=True, env=os.environ | more, timeout=10, stdin=subprocess.DEVNULL
            )
        yield path
    finally:
        process.terminate()
        process.wait(5)


@pytest.mark.parametrize("form", ["OPENSSH", "PEM"])
def test_an_encrypted_key_needs_the_agent(client: Client, keys: Keys, tmp_path: Path, form: str) -> None:
    name = f"locked-{form}"
    locked = keys.make(name, "ecdsa", "open sesame", *(("-m", "PEM") if form == "PEM" else ()))
    (tmp_path / "authorized_keys").write_text(keys.public(name))
    with sshd(keys, tmp_path) as running:
        client.knows(running)
        (session,) = client.visit(vm(running, keys, key=name))
        assert session.outcome == "no usable key"
        assert f"{locked} is encrypted and not in the agent" in session.message
        with agent(tmp_path, locked, passphrase="open sesame") as path:
            client.head = client.head.replace("IdentityAgent none", f"IdentityAgent {path}")
            client.configure("IdentitiesOnly yes\n")
            sessions = client.visit(*(vm(running, keys, f"vm-{n}", key=name) for n in range(6)))
            assert [session.outcome for session in sessions] == ["ok"] * 6


def test_the_agents_keys_are_tried_unless_identities_only(
    client: Client, server: Sshd, keys: Keys, tmp_path: Path
) -> None:
    client.knows(server)
    with agent(tmp_path, keys.make("user")) as path:
        client.head = client.head.replace("IdentityAgent none", f"IdentityAgent {path}")
        client.configure("IdentityFile none\n")
        assert client.visit(vm(server, keys, key=None))[0].outcome == "ok"
        client.configure("IdentityFile none\nIdentitiesOnly yes\n")
        assert client.visit(vm(server, keys, key=None))[0].outcome == "no usable key"
        client.configure("")
        assert client.visit(vm(server, keys, key="stranger"))[0].outcome == "ok", "after the named key"


def test_an_agent_that_is_gone(client: Client, server: Sshd, keys: Keys, tmp_path: Path) -> None:
    client.knows(server)
    client.head = client.head.replace("IdentityAgent none", f"IdentityAgent {tmp_path}/gone")
    client.configure("IdentityFile none\n")
    (session,) = client.visit(vm(server, keys, key=None))
    assert session.outcome == "no usable key"
    assert f"the agent at {tmp_path}/gone does not answer" in session.message


@pytest.mark.parametrize("where", ["beside the key", "CertificateFile", "agent"])
def test_a_certificate_logs_in(client: Client, keys: Keys, tmp_path: Path, where: str) -> None:
    ca = keys.make("ca")
    name = f"signed-{where.replace(' ', '-')}"
    key = keys.make(name)
    run("ssh-keygen", "-q", "-s", ca, "-I", "test", "-n", ME, "-V", "-1h:+1h", key.with_name(f"{name}.pub"))
    certificate = key.with_name(f"{name}-cert.pub")
    (tmp_path / "authorized_keys").write_text("")
    with sshd(keys, tmp_path, f"TrustedUserCAKeys {ca}.pub") as running, agent(tmp_path, key) as path:
        client.knows(running)
        if where == "CertificateFile":
            certificate = certificate.rename(tmp_path / "elsewhere-cert.pub")
            client.configure(f"CertificateFile {certificate}\n")
        if where == "agent":
            client.head = client.head.replace("IdentityAgent none", f"IdentityAgent {path}")
            client.configure("IdentityFile none\n")
        (session,) = client.visit(vm(running, keys, key=None if where == "agent" else name))
    assert session.outcome == "ok", session


def test_a_second_factor_is_named(client: Client, keys: Keys, tmp_path: Path) -> None:
    with sshd(
        keys, tmp_path, "AuthenticationMethods publickey,keyboard-interactive", "KbdInteractiveAuthentication yes"
    ) as running:
        client.knows(running)
        (session,) = client.visit(vm(running, keys))
    assert session.outcome == "login refused"
    assert "keyboard-interactive" in session.message


# --- the network --------------------------------------------------------------------------------------------------


@contextmanager
def listener(handle: Callable[[socket.socket], None]) -> Iterator[int]:
    """A TCP server that does `handle` with each connection, in one thread."""
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
        thread.join(2)
        for connection in kept:
            connection.close()


def test_a_silent_port(client: Client) -> None:
    with listener(lambda connection: None) as port:
        (session,) = client.visit(Vm("vm-a", "127.0.0.1", port=port), login_timeout=0.5)
    assert session.outcome == "silent"
    assert "0.5 s" in session.message
    assert client.seconds < 2


def test_a_server_that_drips_its_banner(client: Client) -> None:
    def drip(connection: socket.socket) -> None:
        with suppress(OSError):
            for byte in b"SSH-2.0-" + b"x" * 100:
                connection.send(bytes([byte]))
                time.sleep(0.05)

    with listener(drip) as port:
        (session,) = client.visit(Vm("vm-a", "127.0.0.1", port=port), login_timeout=0.7)
    assert session.outcome == "silent"
    assert client.seconds < 2


def test_a_server_that_stops_after_its_banner(client: Client) -> None:
    with listener(lambda connection: connection.sendall(b"SSH-2.0-stuck\r\n")) as port:
        (session,) = client.visit(Vm("vm-a", "127.0.0.1", port=port), login_timeout=0.7)
    assert session.outcome == "silent"
    assert "the key exchange" in session.message
    assert client.seconds < 2


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 400 Bad \x1b[31mRequest\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x46" * 3, b"x" * 100_000]
)
def test_something_else_than_ssh(client: Client, said: bytes) -> None:
    def answer(connection: socket.socket) -> None:
        with suppress(OSError):
            connection.sendall(said)
            connection.shutdown(socket.SHUT_WR)

    with listener(answer) as port:
        (session,) = client.visit(Vm("vm-a", "127.0.0.1", port=port))
    assert session.outcome == "not ssh"
    assert session.message.isprintable()
    assert len(session.message) < 250


@pytest.mark.parametrize("after", [b"\x00" * 200, b"\xff" * 200, b"SSH-2.0-again\r\n" * 20])
def test_garbage_after_the_banner(client: Client, after: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with listener(lambda connection: connection.sendall(b"SSH-2.0-odd\r\n" + after)) as port:
        (session,) = client.visit(Vm("vm-a", "127.0.0.1", port=port), login_timeout=1)
    assert session.outcome in ("negotiation failed", "silent", "turned away"), session
    assert capfd.readouterr() == ("", ""), "paramiko prints nothing"


def test_nothing_listens(client: Client) -> None:
    (session,) = client.visit(Vm("vm-a", "127.0.0.1", port=free_port()))
    assert session.outcome == "refused"
    assert "nothing listens" in session.message
    assert client.seconds < 1


def test_no_such_name(client: Client) -> None:
    (session,) = client.visit(Vm("vm-a.invalid"), connect_timeout=4)
    assert session.outcome == "name not resolved"
    assert "'vm-a.invalid'" in session.message


@contextmanager
def black_hole() -> Iterator[int]:
    """A port that answers no SYN: its queue of connections is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(server.getsockname())
        time.sleep(0.05)
        yield int(server.getsockname()[1])
        for filler in fillers:
            filler.close()


def test_dead_hosts_time_out_all_at_once(client: Client) -> None:
    with black_hole() as port:
        sessions = client.visit(
            *(Vm(f"vm-{n}", "127.0.0.1", port=port) for n in range(30)), connect_timeout=0.5, workers=2
        )
    assert {session.outcome for session in sessions} == {"timed out"}
    assert client.seconds < 1.5


def test_no_algorithm_in_common(client: Client, keys: Keys, tmp_path: Path) -> None:
    with sshd(keys, tmp_path, "KexAlgorithms sntrup761x25519-sha512@openssh.com") as running:
        (session,) = client.visit(vm(running, keys))
    assert session.outcome == "negotiation failed"
    assert "key exchange algorithm" in session.message
    assert "sntrup761x25519-sha512@openssh.com" in session.message
    assert "curve25519-sha256" in session.message


@pytest.mark.parametrize(
    ("setting", "outcome"), [("Ciphers chacha20-poly1305@openssh.com", "cipher"), ("MACs umac-64@openssh.com", "MAC")]
)
def test_no_cipher_or_mac_in_common(client: Client, keys: Keys, tmp_path: Path, setting: str, outcome: str) -> None:
    with sshd(keys, tmp_path, setting) as running:
        (session,) = client.visit(vm(running, keys))
    assert session.outcome == "negotiation failed"
    assert f"no {outcome} in common" in session.message
    assert setting.split()[1] in session.message


def occupy(server: Sshd) -> socket.socket:
    """Take the only place that MaxStartups 1 leaves; the probe of `sshd` may still have it."""
    for _ in range(100):
        connection = socket.create_connection(("127.0.0.1", server.port), 2)
        with suppress(OSError):
            if connection.recv(4) == b"SSH-":
                return connection
        connection.close()
        time.sleep(0.02)
    raise AssertionError("sshd lets nobody in")


def test_sshd_that_is_busy_is_tried_again(client: Client, keys: Keys, tmp_path: Path) -> None:
    with sshd(keys, tmp_path, "MaxStartups 1") as running:
        client.knows(running)
        with occupy(running) as other:
            threading.Timer(0.4, lambda: other.shutdown(socket.SHUT_RDWR)).start()
            (session,) = client.visit(vm(running, keys))
        assert "MaxStartups" in running.log.read_text()
    assert session.outcome == "ok"


def test_sshd_that_stays_busy(client: Client, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh, "_RETRIES", 1)
    with sshd(keys, tmp_path, "MaxStartups 1") as running, occupy(running):
        (session,) = client.visit(vm(running, keys))
    assert session.outcome == "turned away"
    assert "(2 times)" in session.message
    assert "MaxStartups" in session.remedy


# --- the script ---------------------------------------------------------------------------------------------------


def test_a_script_that_takes_too_long(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    (session,) = client.visit(vm(server, keys), script="echo hello; sleep 30", run_timeout=1.5)
    assert session.outcome == "took too long"
    assert "login" in session.seconds
    assert client.sinks["vm-a"].stdout == b"hello\n", "what came is kept"
    assert client.seconds < 4


def test_a_script_that_drips_takes_too_long_too(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    (session,) = client.visit(vm(server, keys), script="while :; do echo x; sleep 0.05; done", run_timeout=0.6)
    assert session.outcome == "took too long"
    assert client.seconds < 3


@pytest.mark.parametrize("stream", ["1", "2"])
def test_too_much_output(client: Client, server: Sshd, keys: Keys, stream: str) -> None:
    client.knows(server)
    (session,) = client.visit(vm(server, keys), script=f"yes >&{stream}", max_bytes=500_000)
    assert session.outcome == "too much output"
    assert "500,000 bytes" in session.message
    assert client.seconds < 5


def test_the_connection_is_lost(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    client.sinks["vm-a"] = Echo(seen=lambda data: os.kill(int(data), signal.SIGKILL))
    # The parent of the shell is the sshd of this session alone.
    (session,) = client.visit(vm(server, keys), script="echo $PPID; sleep 30")
    assert session.outcome == "connection lost"
    assert "bytes" in session.message
    assert client.seconds < 3


def test_the_shell_is_killed(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    (session,) = client.visit(vm(server, keys), script="echo hello; kill -9 $$")
    assert session.outcome == "connection lost"


def test_a_forced_command_is_quoted(client: Client, keys: Keys, tmp_path: Path) -> None:
    with sshd(keys, tmp_path, "ForceCommand echo This account is \x1b[31mnot available; exit 1") as running:
        client.knows(running)
        (session,) = client.visit(vm(running, keys))
    assert session.outcome == "shell refused"
    assert "'This account is \\x1b[31mnot available'" in session.message
    assert "status 1" in session.message


def test_no_session_is_allowed(client: Client, keys: Keys, tmp_path: Path) -> None:
    with sshd(keys, tmp_path, "MaxSessions 0") as running:
        client.knows(running)
        (session,) = client.visit(vm(running, keys))
    assert session.outcome == "shell refused"
    assert "login" in session.seconds


def test_cancelling_ends_everything_within_a_second(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    running = [vm(server, keys, f"vm-{n}") for n in range(6)]
    began: list[float] = []

    def cancel() -> None:
        began.append(time.monotonic())
        client.cancelled.set()

    threading.Timer(1.0, cancel).start()
    with listener(lambda connection: None) as port:
        waiting = [Vm(f"silent-{n}", "127.0.0.1", port=port) for n in range(3)]
        sessions = client.visit(
            *running, *waiting, script="echo hello; sleep 30", run_timeout=30, login_timeout=30, workers=4
        )
    assert time.monotonic() - began[0] < 1.5
    assert {session.outcome for session in sessions} == {"cancelled"}
    assert sum("login" in session.seconds for session in sessions) == 4, "two VMs were still waiting for a worker"


def test_cancelling_reaches_the_vms_that_were_not_begun(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh, "_AT_ONCE", 1)
    accepted: list[socket.socket] = []
    threading.Timer(0.3, client.cancelled.set).start()
    with listener(accepted.append) as port:
        sessions = client.visit(*(Vm(f"vm-{n}", "127.0.0.1", port=port) for n in range(5)))
    assert {session.outcome for session in sessions} == {"cancelled"}
    assert len(accepted) == 1
    assert client.seconds < 1


def test_an_exception_of_the_caller_is_not_swallowed(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)

    def fail(data: bytes) -> None:
        raise RuntimeError("a bug of ours")

    client.sinks["vm-a"] = Echo(seen=fail)
    with pytest.raises(RuntimeError, match="a bug of ours"):
        client.visit(vm(server, keys))


# --- the way there ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gateways(keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sshd, Sshd]]:
    folder = tmp_path_factory.mktemp("gateways")
    with sshd(keys, folder / "1", host="host-1") as first, sshd(keys, folder / "2", host="host-2") as second:
        yield first, second


def jump_config(first: Sshd, second: Sshd, keys: Keys, more: str = "") -> str:
    return (
        f"Host gw1\n HostName 127.0.0.1\n Port {first.port}\nHost gw2\n HostName 127.0.0.1\n Port {second.port}\n{more}"
        f"Host *\n User {ME}\n IdentityFile {keys.make('user')}\n"
    )


def test_a_chain_of_jump_hosts_is_logged_in_to_once(
    client: Client, server: Sshd, gateways: tuple[Sshd, Sshd], keys: Keys
) -> None:
    client.knows(server, *gateways)
    client.configure(jump_config(*gateways, keys))
    before = [gateway.log.read_text().count("Accepted publickey") for gateway in gateways]
    sessions = client.visit(*(vm(server, keys, f"vm-{n}", jump="gw1,gw2") for n in range(5)))
    assert [session.outcome for session in sessions] == ["ok"] * 5
    assert sessions[0].via == f"{ME}@127.0.0.1:{gateways[0].port} > {ME}@127.0.0.1:{gateways[1].port}"
    after = [gateway.log.read_text().count("Accepted publickey") for gateway in gateways]
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1]


def test_a_new_key_of_a_jump_host_is_told_too(
    client: Client, server: Sshd, gateways: tuple[Sshd, Sshd], keys: Keys
) -> None:
    client.knows(server)
    client.configure(jump_config(*gateways, keys))
    (session,) = client.visit(vm(server, keys, jump="gw1"), host_keys="accept-new")
    assert session.outcome == "ok"
    assert session.message.startswith("Jump host gw1: Its host key (ssh-ed25519 SHA256:")


def test_a_jump_host_of_the_configuration_and_its_own_jump_host(
    client: Client, server: Sshd, gateways: tuple[Sshd, Sshd], keys: Keys
) -> None:
    client.knows(server, *gateways)
    client.configure(
        f"Host gw2\n ProxyJump gw1\nHost web\n HostName 127.0.0.1\n Port {server.port}\n ProxyJump gw2\n"
        + jump_config(*gateways, keys)
    )
    (session,) = client.visit(Vm("web"))
    assert session.outcome == "ok"
    assert session.via.count(" > ") == 1


def test_a_dead_jump_host_fails_every_vm_behind_it_at_once(client: Client, keys: Keys, server: Sshd) -> None:
    client.configure(f"Host gw\n HostName 127.0.0.1\n Port {free_port()}\n")
    sessions = client.visit(*(vm(server, keys, f"vm-{n}", jump="gw") for n in range(3)))
    for session in sessions:
        assert session.outcome == "jump host failed"
        assert session.message.startswith("Jump host gw (")
        assert "refused" in session.message
        assert "Start sshd" in session.remedy
    assert client.seconds < 1


def test_a_dead_vm_behind_a_jump_host(client: Client, gateways: tuple[Sshd, Sshd], keys: Keys) -> None:
    client.knows(*gateways)
    client.configure(jump_config(*gateways, keys))
    port = free_port()
    unknown, *dead = client.visit(
        Vm("unknown", "vm-a.invalid", user=ME, jump="gw1"),
        *(Vm(f"dead-{n}", "127.0.0.1", user=ME, port=port, jump="gw1") for n in range(8)),
    )
    assert unknown.outcome == "name not resolved", unknown
    via = f"{ME}@127.0.0.1:{gateways[0].port}"
    assert {(session.outcome, session.via) for session in dead} == {("refused", via)}, "each has its own reason"


def test_a_jump_host_that_does_not_forward(client: Client, server: Sshd, keys: Keys, tmp_path: Path) -> None:
    with sshd(keys, tmp_path, "AllowTcpForwarding no") as gateway:
        client.knows(gateway)
        client.configure(jump_config(gateway, gateway, keys))
        (session,) = client.visit(vm(server, keys, jump="gw1"))
    assert session.outcome == "jump host failed"
    assert "AllowTcpForwarding" in session.remedy


def test_silence_and_slowness_behind_a_jump_host(
    client: Client, server: Sshd, gateways: tuple[Sshd, Sshd], keys: Keys
) -> None:
    client.knows(server, *gateways)
    client.configure(jump_config(*gateways, keys))
    with listener(lambda connection: None) as port:
        silent, slow = client.visit(
            Vm("silent", "127.0.0.1", user=ME, port=port, jump="gw1"),
            vm(server, keys, "slow", jump="gw1"),
            script="sleep 30",
            connect_timeout=1,
            run_timeout=0.6,
        )
    assert silent.outcome == "silent"
    assert slow.outcome == "took too long"
    assert client.seconds < 4


def test_a_loop_of_jump_hosts(client: Client) -> None:
    client.configure("Host a\n ProxyJump b\nHost b\n ProxyJump a\n")
    (session,) = client.visit(Vm("a"))
    assert session.outcome == "cannot be used"
    assert "loop" in session.remedy


def test_a_proxy_command(client: Client, server: Sshd, keys: Keys, tmp_path: Path) -> None:
    relay = tmp_path / "relay.py"
    relay.write_text(
        "import os, socket, sys, threading\n"
        "s = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
        "def up():\n"
        "    while data := os.read(0, 65536): s.sendall(data)\n"
        "threading.Thread(target=up, daemon=True).start()\n"
        "while data := s.recv(65536): os.write(1, data)\n"
    )
    client.knows(server)
    python = shutil.which("python3")
    client.configure(
        f"Host 127.0.0.1\n ProxyCommand {python} {relay} %h %p\nHost bad\n ProxyCommand sh -c 'echo no way >&2; exit 3'\n"
    )
    good, bad = client.visit(vm(server, keys), Vm("bad"))
    assert good.outcome == "ok"
    assert bad.outcome == "jump host failed"
    assert "'no way'" in bad.message


def test_a_bad_line_of_the_configuration(client: Client, server: Sshd, keys: Keys) -> None:
    client.configure("Port twentytwo\n")
    (session,) = client.visit(Vm("vm-a", "127.0.0.1"))
    assert session.outcome == "cannot be used"
    assert f"{client.config}:4" in session.message


def test_a_configuration_that_is_not_there(client: Client) -> None:
    client.config.unlink()
    (session,) = client.visit(Vm("vm-a", "127.0.0.1"))
    assert (session.outcome, session.message) == ("cannot be used", f"{client.config}: there is no such file.")


# --- a jump host that goes away -----------------------------------------------------------------------------------


def session_of(gateway: Sshd, user: str) -> list[int]:
    """The processes of the gateway's sshd that serve its connections."""
    children = Path(f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children").read_text().split()
    return [int(child) for child in children]


def everyone_lost(sessions: list[Session], gateway: Sshd) -> None:
    """One thing to fix, in the same words for every VM, and it is the jump host."""
    via = f"{ME}@127.0.0.1:{gateway.port}"
    assert {(session.outcome, session.via, session.message) for session in sessions} == {
        (
            "jump host failed",
            via,
            f"The connection to the jump host {via} was lost while the VMs behind it were visited.",
        )
    }
    assert {session.remedy for session in sessions} == {
        "See whether the jump host runs and can be reached, then visit these VMs again: --retry-unknown."
    }


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["dies", "says nothing more"])
def test_a_jump_host_that_goes_away_is_the_one_cause_of_all_behind_it(
    client: Client, server: Sshd, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: signal.Signals
) -> None:
    """Twelve VMs are being looked at, the others wait for their turn."""
    monkeypatch.setattr(ssh, "_QUESTION", 1.0)
    with sshd(keys, tmp_path) as gateway:
        client.knows(server, gateway)
        client.configure(jump_config(gateway, gateway, keys))
        running = threading.Event()
        stopped: list[int] = []

        def end(data: bytes) -> None:
            if not running.is_set():
                running.set()
                stopped.extend(session_of(gateway, ME))
                for pid in stopped:
                    os.kill(pid, how)

        vms = [vm(server, keys, f"vm-{number}", jump="gw1") for number in range(50)]
        client.sinks = {each.name: Echo(seen=end) for each in vms}
        try:
            sessions = client.visit(*vms, script="echo hello; sleep 30", run_timeout=3, connect_timeout=2, workers=12)
        finally:
            for pid in stopped:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    assert running.is_set()
    everyone_lost(sessions, gateway)
    assert any("login" in session.seconds for session in sessions), "what they had said until then is kept"
    assert client.sinks[next(name for name, sink in client.sinks.items() if sink.stdout)].stdout == b"hello\n"


def test_an_outer_jump_host_that_goes_away_is_the_one_to_blame(
    client: Client, server: Sshd, keys: Keys, tmp_path: Path
) -> None:
    with sshd(keys, tmp_path / "1", host="host-1") as outer, sshd(keys, tmp_path / "2", host="host-2") as inner:
        client.knows(server, outer, inner)
        client.configure(jump_config(outer, inner, keys))

        def end(data: bytes) -> None:
            for pid in session_of(outer, ME):
                os.kill(pid, signal.SIGKILL)

        client.sinks = {"vm-0": Echo(seen=end)}
        sessions = client.visit(
            *(vm(server, keys, f"vm-{number}", jump="gw1,gw2") for number in range(3)), script="echo hello; sleep 30"
        )
    everyone_lost(sessions, outer)


def test_a_vm_that_goes_away_behind_a_jump_host_is_its_own_cause(
    client: Client, server: Sshd, gateways: tuple[Sshd, Sshd], keys: Keys
) -> None:
    client.knows(server, *gateways)
    client.configure(jump_config(*gateways, keys))
    client.sinks["vm-a"] = Echo(seen=lambda data: os.kill(int(data), signal.SIGKILL))
    dead, alive = client.visit(
        vm(server, keys, jump="gw1"), vm(server, keys, "vm-b", jump="gw1"), script="echo $PPID; sleep 1; echo DONE"
    )
    assert (dead.outcome, alive.outcome) == ("connection lost", "ok")


def test_a_long_queue_behind_a_jump_host_is_not_the_vms_fault(
    client: Client, server: Sshd, gateways: tuple[Sshd, Sshd], keys: Keys
) -> None:
    """Each waits for its turn for longer than any phase may take, and than getting in may."""
    client.knows(server, *gateways)
    client.configure(jump_config(*gateways, keys))
    vms = [vm(server, keys, f"vm-{number}", jump="gw1") for number in range(6)]
    sessions = client.visit(
        *vms, script="sleep 0.6; echo DONE", workers=1, connect_timeout=1, login_timeout=1, reach_timeout=2
    )
    assert {session.outcome for session in sessions} == {"ok"}


# --- the limit of the whole ---------------------------------------------------------------------------------------


def test_the_limit_is_computed() -> None:
    options = ssh.Options(run_timeout=25, workers=24)
    assert ssh.visit_limit(options) == 45 + 25 + 5
    assert [ssh.time_limit(number, options) for number in (1, 24, 25, 97)] == [75, 75, 150, 375]


def hang(stage: str) -> Callable[[socket.socket], None]:
    """A server that never comes to an end, each in its own way, and says a byte now and then."""

    def talk(connection: socket.socket) -> None:
        def drip() -> None:
            with suppress(OSError):
                if stage == "banner":
                    while True:
                        connection.send(b"SSH-2.0-slow"[:1])
                        time.sleep(0.1)
                connection.sendall(b"SSH-2.0-slow\r\n")
                if stage == "kex":
                    connection.send(b"\x00\x00\x10")  # the beginning of a packet of 4 kB
                    while True:
                        connection.send(b"\x14")
                        time.sleep(0.1)
                if stage == "closes":
                    connection.recv(4096)
                    time.sleep(0.2)
                    connection.shutdown(socket.SHUT_RDWR)

        threading.Thread(target=drip, daemon=True).start()

    return talk


def test_a_fleet_that_drips_and_hangs_ends_within_its_limit(client: Client, server: Sshd, keys: Keys) -> None:
    """In every phase, with fewer workers than VMs, each VM as slow as it may be."""
    client.knows(server)
    stages = ("banner", "kex", "silence", "closes")
    vms = []
    with (
        black_hole() as hole,
        listener(hang("banner")) as a,
        listener(hang("kex")) as b,
        listener(hang("silence")) as c,
        listener(hang("closes")) as d,
    ):
        for number in range(2):
            vms += [
                Vm(f"{stage}-{number}", "127.0.0.1", port=port)
                for stage, port in zip(stages, (a, b, c, d), strict=True)
            ]
            vms.append(Vm(f"hole-{number}", "127.0.0.1", port=hole))
            vms.append(vm(server, keys, f"drips-{number}"))
        sessions = client.visit(
            *vms,
            script="while :; do echo x; sleep 0.05; done",
            connect_timeout=0.7,
            login_timeout=0.7,
            run_timeout=0.8,
            reach_timeout=1.5,
            workers=2,
        )
    ended = {each.name.rpartition("-")[0]: session.outcome for each, session in zip(vms, sessions, strict=True)}
    assert ended.pop("closes") in ("turned away", "timed out", "silent")
    assert ended == {
        "banner": "not ssh",
        "kex": "silent",
        "silence": "silent",
        "hole": "timed out",
        "drips": "took too long",
    }
    assert client.seconds < ssh.time_limit(len(vms), client.options)


def test_getting_in_has_a_limit_over_all_its_phases(client: Client) -> None:
    """No phase is too slow by itself, and there is a retry."""

    def answer(connection: socket.socket) -> None:
        def slowly() -> None:
            with suppress(OSError):
                time.sleep(0.7)
                connection.sendall(b"SSH-2.0-slow\r\n")
                time.sleep(0.5)
                connection.shutdown(socket.SHUT_RDWR)

        threading.Thread(target=slowly, daemon=True).start()

    with listener(answer) as port:
        (session,) = client.visit(Vm("vm-a", "127.0.0.1", user=ME, port=port), login_timeout=1, reach_timeout=2)
    assert session.outcome == "timed out"
    assert session.message == (
        f"Getting in to {ME}@127.0.0.1:{port} took longer than 2 s, retries and jump hosts included."
    )


def test_the_limit_of_the_fleet_is_kept_whatever_happens(
    client: Client, server: Sshd, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were there ever a phase without a limit: what has been said is kept, and the others say what they waited for."""
    monkeypatch.setattr(ssh, "time_limit", lambda number, options: 4.0)
    client.knows(server)
    sessions = client.visit(
        *(vm(server, keys, f"vm-{number}") for number in range(3)),
        script="echo hello; sleep 30",
        run_timeout=30,
        workers=2,
    )
    assert [session.outcome for session in sessions] == ["took too long"] * 3
    assert {session.message for session in sessions} == {
        "The 4 s that the whole fleet may take were over before this VM was done."
    }
    assert b"hello\n" in {sink.stdout for sink in client.sinks.values()}


def test_a_clock_that_jumps_changes_no_limit(
    client: Client, server: Sshd, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour forward and an hour back, each time somebody looks."""
    now, jumps = time.time, iter(range(10**9))
    monkeypatch.setattr(time, "time", lambda: now() + (3600 if next(jumps) % 2 else -3600))
    client.knows(server)
    good, slow = client.visit(
        vm(server, keys), vm(server, keys, "slow"), script='[ "$N" ] || sleep 0.3; echo DONE', run_timeout=10
    )
    assert (good.outcome, slow.outcome) == ("ok", "ok")
    assert all(0 <= seconds < 60 for session in (good, slow) for seconds in session.seconds.values())
    (late,) = client.visit(vm(server, keys, "late"), script="sleep 30", run_timeout=0.6)
    assert late.outcome == "took too long"


def test_a_resolver_that_hangs_is_left_behind(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the runner's DNS server is gone: more names than there are threads to ask."""
    hangs = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: hangs.wait(30))
    sessions = client.visit(*(Vm(f"vm-{number}.example") for number in range(40)), connect_timeout=0.5)
    hangs.set()
    assert {session.outcome for session in sessions} == {"name not resolved"}
    assert "no answer within 0.5 s" in sessions[0].message
    assert client.seconds < ssh.time_limit(40, client.options)
