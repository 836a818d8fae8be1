"""Jump hosts, ProxyCommand, and a jump host that fails: `plugins.ssh.jump`."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plugins.model import SshSession, Vm
from plugins.ssh import client as ssh
from plugins.ssh.errors import SshError
from plugins.ssh.jump import _no_way
from tests.support.sshd import (
    ME,
    Client,
    Echo,
    Keys,
    Sshd,
    closed_port,
    jump_config,
    listener,
    needs_sshd,
    sshd,
    vm,
)
from tests.support.until import until

pytestmark = needs_sshd


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


def test_a_new_key_of_a_jump_host_is_reported(
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
    with closed_port() as port:
        client.configure(f"Host gw\n HostName 127.0.0.1\n Port {port}\n")
        sessions = client.visit(*(vm(server, keys, f"vm-{n}", jump="gw") for n in range(3)))
    for session in sessions:
        assert session.outcome == "jump host failed"
        assert session.message.startswith("Jump host gw (")
        assert "refused" in session.message
        assert "Start sshd" in session.remedy


def test_a_dead_vm_behind_a_jump_host(client: Client, gateways: tuple[Sshd, Sshd], keys: Keys) -> None:
    client.knows(*gateways)
    client.configure(jump_config(*gateways, keys))
    with closed_port() as port:
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
        (silent,) = client.visit(Vm("silent", "127.0.0.1", user=ME, port=port, jump="gw1"), connect_timeout=3)
    (slow,) = client.visit(vm(server, keys, "slow", jump="gw1"), script="sleep 60", run_timeout=0.6)
    assert silent.outcome == "silent"
    assert slow.outcome == "took too long"


def test_a_loop_of_jump_hosts(client: Client) -> None:
    client.configure("Host a\n ProxyJump b\nHost b\n ProxyJump a\n")
    (session,) = client.visit(Vm("a"))
    assert session.outcome == "cannot be used"
    assert "loop" in session.remedy


def test_a_proxy_command(client: Client, server: Sshd, keys: Keys, tmp_path: Path) -> None:
    relay = tmp_path / "relay.py"
    relay.write_text(
        "import os, pathlib, socket, sys, threading\n"
        "pathlib.Path(__file__ + '.pid').write_text(str(os.getpid()))\n"
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
    relayed = Path(f"/proc/{(tmp_path / 'relay.py.pid').read_text()}")
    until(lambda: not relayed.exists(), "the relay still runs")


# --- a jump host that goes away -----------------------------------------------------------------------------------


def session_of(gateway: Sshd, user: str) -> list[int]:
    """The processes of the gateway's sshd that serve its connections."""
    children = Path(f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children").read_text().split()
    return [int(child) for child in children]


def everyone_lost(sessions: list[SshSession], gateway: Sshd) -> None:
    """One cause, the jump host, with the same message for every VM."""
    via = f"{ME}@127.0.0.1:{gateway.port}"
    assert {(session.outcome, session.via, session.message) for session in sessions} == {
        (
            "jump host failed",
            via,
            f"The connection to the jump host {via} was lost while the VMs behind it were visited.",
        )
    }
    assert {session.remedy for session in sessions} == {
        "Check whether the jump host runs and can be reached, then visit these VMs again: --retry-unknown."
    }


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["dies", "says nothing more"])
def test_a_jump_host_that_goes_away_is_the_one_cause_of_all_behind_it(
    client: Client, server: Sshd, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: signal.Signals
) -> None:
    """Twelve VMs are being visited, and the others wait."""
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
        client.sinks = {vm.name: Echo(on_data=end) for vm in vms}
        try:
            sessions = client.visit(*vms, script="echo hello; sleep 30", run_timeout=5, connect_timeout=10, workers=12)
        finally:
            for pid in stopped:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    assert running.is_set()
    everyone_lost(sessions, gateway)
    assert any("login" in session.seconds for session in sessions), "what they had said until then is kept"
    assert client.sinks[next(name for name, sink in client.sinks.items() if sink.stdout)].stdout == b"hello\n"


def test_a_jump_host_that_answered_is_asked_again_at_the_next_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    unused: Any = None
    visits = ssh._Visits((), unused, unused, ssh.Options(run_timeout=20), unused, threading.Event())
    hop: Any = type("Gateway", (), {"label": "anna@gw:22"})()
    answers = [True, True, False]

    async def next_answer(jump: Any) -> bool:
        return answers.pop(0)

    async def made() -> Any:
        return None

    async def see() -> None:
        visits.jumps[hop,] = asyncio.create_task(made())
        await visits.jumps[hop,]
        await visits._see_jump_hosts((hop,))
        await visits._see_jump_hosts((hop,))
        with pytest.raises(SshError, match="connection to the jump host anna@gw:22 was lost"):
            await visits._see_jump_hosts((hop,))

    monkeypatch.setattr(visits, "_is_there", next_answer)
    asyncio.run(see())


def test_a_lost_outer_jump_host_is_named_as_the_cause(client: Client, server: Sshd, keys: Keys, tmp_path: Path) -> None:
    with sshd(keys, tmp_path / "1", host="host-1") as outer, sshd(keys, tmp_path / "2", host="host-2") as inner:
        client.knows(server, outer, inner)
        client.configure(jump_config(outer, inner, keys))

        def end(data: bytes) -> None:
            for pid in session_of(outer, ME):
                os.kill(pid, signal.SIGKILL)

        client.sinks = {"vm-0": Echo(on_data=end)}
        sessions = client.visit(
            *(vm(server, keys, f"vm-{number}", jump="gw1,gw2") for number in range(3)), script="echo hello; sleep 30"
        )
    everyone_lost(sessions, outer)


def test_a_vm_that_goes_away_behind_a_jump_host_is_its_own_cause(
    client: Client, server: Sshd, gateways: tuple[Sshd, Sshd], keys: Keys
) -> None:
    client.knows(server, *gateways)
    client.configure(jump_config(*gateways, keys))
    client.sinks["vm-a"] = Echo(on_data=lambda data: os.kill(int(data), signal.SIGKILL))
    dead, alive = client.visit(
        vm(server, keys, jump="gw1"), vm(server, keys, "vm-b", jump="gw1"), script="echo $PPID; sleep 1; echo DONE"
    )
    assert (dead.outcome, alive.outcome) == ("connection lost", "ok")


def test_a_long_queue_behind_a_jump_host_is_not_the_vms_fault(
    client: Client, server: Sshd, gateways: tuple[Sshd, Sshd], keys: Keys, tmp_path: Path
) -> None:
    """Each waits for the first one for longer than the limits of a phase and of the login."""
    client.knows(server, *gateways)
    client.configure(jump_config(*gateways, keys))
    first = tmp_path / "first"
    vms = [vm(server, keys, f"vm-{number}", jump="gw1") for number in range(6)]
    sessions = client.visit(
        *vms,
        script=f"mkdir {first} && sleep 21; echo DONE",
        workers=1,
        connect_timeout=20,
        login_timeout=20,
        reach_timeout=20,
    )
    assert {session.outcome for session in sessions} == {"ok"}


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ("Connection refused", "refused"),
        ("Connection timed out", "timed out"),
        ("Name or service not known", "name not resolved"),
        ("Could not resolve hostname", "name not resolved"),
        ("No route to host", "unreachable"),
    ],
)
def test_why_a_jump_host_does_not_reach_the_vm(words: str, outcome: str) -> None:
    hop: Any = SimpleNamespace(address="10.0.0.4", port=22)
    error = _no_way("gw", hop, 2, words)
    assert (error.outcome, error.via) == (outcome, "gw")
    assert error.message == f"The jump host gw cannot connect to 10.0.0.4 port 22: '{words}'."
