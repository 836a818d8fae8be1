"""`plugins.ssh.client` against real sshd processes on loopback: many VMs, limits, cancelling."""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from plugins.model import Vm
from plugins.ssh import client as ssh
from plugins.ssh.resolver import Resolver
from tests.support.sshd import (
    ME,
    Client,
    Echo,
    Keys,
    Sshd,
    black_hole,
    listener,
    needs_sshd,
    vm,
)
from tests.support.until import until

pytestmark = needs_sshd


def test_a_script_runs_and_its_output_arrives(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    (session,) = client.visit(vm(server, keys), script="echo hello; echo oops >&2; sleep 0.5; echo DONE")
    assert (session.outcome, session.message) == ("ok", "")
    assert client.sinks["vm-a"].stdout == b"hello\nDONE\n"
    assert client.sinks["vm-a"].stderr == b"oops\n"
    assert session.address == f"{ME}@127.0.0.1:{server.port}"
    assert set(session.seconds) == {"connect", "login", "probes"}
    assert "login" in session.seconds


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


def test_a_bad_line_of_the_configuration(client: Client, server: Sshd, keys: Keys) -> None:
    client.configure("Port twentytwo\n")
    (session,) = client.visit(Vm("vm-a", "127.0.0.1"))
    assert session.outcome == "cannot be used"
    assert f"{client.config}:4" in session.message


def test_a_configuration_that_is_not_there(client: Client) -> None:
    client.config.unlink()
    (session,) = client.visit(Vm("vm-a", "127.0.0.1"))
    assert (session.outcome, session.message, session.remedy) == (
        "cannot be used",
        f"{client.config}: there is no such file.",
        "Give the path of an SSH configuration file.",
    )


def test_cancelling_ends_everything_at_once(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    running = [vm(server, keys, f"vm-{n}") for n in range(6)]
    begun: list[bytes] = []

    def note(data: bytes) -> None:
        begun.append(data)
        if len(begun) == 4:
            client.cancelled.set()

    client.sinks = {vm.name: Echo(on_data=note) for vm in running}
    with listener(lambda connection: None) as port:
        waiting = [Vm(f"silent-{n}", "127.0.0.1", port=port) for n in range(3)]
        sessions = client.visit(
            *running, *waiting, script="echo hello; sleep 300", run_timeout=300, login_timeout=300, workers=4
        )
    assert {session.outcome for session in sessions} == {"cancelled"}
    assert sum("login" in session.seconds for session in sessions) == 4, "two VMs were still waiting for a worker"


@pytest.mark.skipif(not shutil.which("ssh"), reason="ssh is not installed")
def test_cancelling_ends_the_reading_of_the_configuration(client: Client, tmp_path: Path) -> None:
    client.configure(f'Match exec "echo $$ >> {tmp_path}/pids; exec sleep 300"\n User anna\n')
    pids = tmp_path / "pids"

    def cancel() -> None:
        while not pids.exists():
            time.sleep(0.05)
        client.cancelled.set()

    threading.Thread(target=cancel, daemon=True).start()
    sessions = client.visit(*(Vm(f"vm-{number}", "127.0.0.1") for number in range(9)))
    assert {session.outcome for session in sessions} == {"cancelled"}
    left = pids.read_text().split()
    until(lambda: not any(map(_runs, left)), "a command is left behind")


def _runs(pid: str) -> bool:
    """Whether a process runs and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_cancelling_reaches_the_vms_that_were_not_begun(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh, "_AT_ONCE", 1)
    accepted: list[socket.socket] = []

    def accept(connection: socket.socket) -> None:
        accepted.append(connection)
        client.cancelled.set()

    with listener(accept) as port:
        sessions = client.visit(*(Vm(f"vm-{n}", "127.0.0.1", port=port) for n in range(5)))
    assert {session.outcome for session in sessions} == {"cancelled"}
    assert len(accepted) == 1


def test_an_exception_of_the_caller_is_not_swallowed(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)

    def fail(data: bytes) -> None:
        raise RuntimeError("a bug of ours")

    client.sinks["vm-a"] = Echo(on_data=fail)
    with pytest.raises(RuntimeError, match="a bug of ours"):
        client.visit(vm(server, keys))


def test_the_limit_is_computed() -> None:
    options = ssh.Options(run_timeout=25, workers=24)
    assert ssh.visit_limit(options) == 45 + 25 + 5
    assert [ssh.time_limit(number, options) for number in (1, 24, 25, 97)] == [75, 75, 150, 375]


def hang(stage: str) -> Callable[[socket.socket], None]:
    """Servers that never finish, each in another phase, and send single bytes."""

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
    """In every phase, with fewer workers than VMs, and with the slowest possible VMs."""
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
            connect_timeout=5,
            login_timeout=8,
            run_timeout=1,
            reach_timeout=30,
            workers=2,
        )
    ended = {vm.name.rpartition("-")[0]: session.outcome for vm, session in zip(vms, sessions, strict=True)}
    assert ended.pop("closes") in ("turned away", "timed out", "silent")
    assert ended == {
        "banner": "not ssh",
        "kex": "silent",
        "silence": "silent",
        "hole": "timed out",
        "drips": "took too long",
    }
    assert not any("the whole fleet" in session.message for session in sessions)


def test_getting_in_has_a_limit_over_all_its_phases(client: Client) -> None:
    """Each phase is within its own limit, and there is a retry."""

    def answer(connection: socket.socket) -> None:
        def slowly() -> None:
            with suppress(OSError):
                time.sleep(0.7)
                connection.sendall(b"SSH-2.0-slow\r\n")
                time.sleep(0.5)
                connection.shutdown(socket.SHUT_RDWR)

        threading.Thread(target=slowly, daemon=True).start()

    with listener(answer) as port:
        (session,) = client.visit(Vm("vm-a", "127.0.0.1", user=ME, port=port), reach_timeout=2)
    assert session.outcome == "timed out"
    assert session.message == (
        f"Connecting and logging in to {ME}@127.0.0.1:{port} took longer than 2 s, including retries and jump hosts."
    )


def test_the_limit_of_the_fleet_is_kept_whatever_happens(
    client: Client, server: Sshd, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if a phase had no limit: output is kept, and the other VMs report the phase in which they were."""
    begun, now = threading.Event(), time.monotonic
    # The fleet's limit expires as soon as one VM has sent output; no other limit does.
    monkeypatch.setattr(ssh, "time", SimpleNamespace(monotonic=lambda: now() + 2000 * begun.is_set()))
    monkeypatch.setattr(ssh, "time_limit", lambda number, options: 999.0)
    client.knows(server)
    vms = [vm(server, keys, f"vm-{number}") for number in range(3)]
    client.sinks = {vm.name: Echo(on_data=lambda data: begun.set()) for vm in vms}
    sessions = client.visit(
        *vms,
        script="echo hello; sleep 60",
        connect_timeout=9999,
        login_timeout=9999,
        run_timeout=9999,
        reach_timeout=9999,
        workers=2,
    )
    assert [session.outcome for session in sessions] == ["took too long"] * 3
    assert {session.message for session in sessions} == {
        "The time limit of the whole run, 999 s, was reached before this VM was done."
    }
    assert b"hello\n" in {sink.stdout for sink in client.sinks.values()}


def test_a_clock_that_jumps_changes_no_limit(
    client: Client, server: Sshd, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour forward and an hour back, each time that it is read."""
    now, jumps = time.time, iter(range(10**9))
    monkeypatch.setattr(time, "time", lambda: now() + (3600 if next(jumps) % 2 else -3600))
    client.knows(server)
    good, slow = client.visit(vm(server, keys), vm(server, keys, "slow"), script='[ "$N" ] || sleep 0.3; echo DONE')
    assert (good.outcome, slow.outcome) == ("ok", "ok")
    assert all(0 <= seconds < 3000 for session in (good, slow) for seconds in session.seconds.values())
    (late,) = client.visit(vm(server, keys, "late"), script="sleep 30", run_timeout=0.6)
    assert late.outcome == "took too long"


def test_the_time_of_a_question_to_the_resolver_counts_from_when_it_was_asked(
    client: Client, server: Sshd, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A VM waits behind many whose DNS zone does not answer, without losing its time."""
    known, over = socket.getaddrinfo, threading.Event()

    def ask(host: str, *arguments: object, **more: object) -> object:
        if host.startswith("dead"):
            over.wait()
        return known("127.0.0.1", *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    client.known.write_text(f"[vm.example]:{server.port} {server.host_key}\n")
    honest = replace(vm(server, keys), host="vm.example")
    monkeypatch.setattr("plugins.ssh.resolver._AT_ONCE", 2)
    monkeypatch.setattr("plugins.ssh.config.shutil.which", lambda name: None)  # all queries start at once
    dead = [Vm(f"dead-{number}.example") for number in range(8)]
    try:
        *others, last = client.visit(*dead, honest, connect_timeout=3, reach_timeout=10)
    finally:
        over.set()
    assert {session.outcome for session in others} == {"name not resolved"}
    assert last.outcome == "ok", "a thread that hangs is replaced"


def test_the_limit_of_a_question_waits_for_a_thread_that_asks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait() and [])
    monkeypatch.setattr("plugins.ssh.resolver._AT_ONCE", 1)

    async def ask() -> None:
        with closing(Resolver()) as resolver:
            await resolver.query_sent("dead.example", 22, 3_000)  # uses the only thread
            second = asyncio.create_task(resolver.query_sent("vm.example", 22, 3_000))
            for _ in range(20):
                await asyncio.sleep(0)
            assert not second.done()
            over.set()
            await second

    try:
        asyncio.run(ask())
    finally:
        over.set()


def test_a_resolver_that_hangs_is_left_behind(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with an unreachable DNS server: more names than threads for queries."""
    hangs = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: hangs.wait())
    try:
        sessions = client.visit(*(Vm(f"vm-{number}.example") for number in range(40)), connect_timeout=0.5)
    finally:
        hangs.set()
    assert {session.outcome for session in sessions} == {"name not resolved"}
    assert all("no answer within 0.5 s" in session.message for session in sessions)
