"""Servers that are silent, busy, unreachable or not SSH: `plugins.ssh.dial` and the key exchange."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from plugins.model import Vm
from plugins.ssh import client as ssh
from plugins.ssh.dial import (
    BannerReader,
    Connection,
    _banner,
    _connect,
    _unreachable,
    dial,
    is_address,
    resolve_now,
)
from plugins.ssh.errors import NO_DESCRIPTORS, SshError
from plugins.ssh.hop import Hop
from tests.support.sshd import (
    Client,
    Keys,
    Sshd,
    black_hole,
    closed_port,
    hop_of,
    listener,
    needs_sshd,
    sshd,
    vm,
)

pytestmark = needs_sshd


def test_a_silent_port(client: Client) -> None:
    with listener(lambda connection: None) as port:
        (session,) = client.visit(Vm("vm-a", "127.0.0.1", port=port), login_timeout=0.5)
    assert session.outcome == "silent"
    assert "0.5 s" in session.message


def test_a_server_that_drips_its_banner(client: Client) -> None:
    def drip(connection: socket.socket) -> None:
        with suppress(OSError):
            for byte in b"SSH-2.0-" + b"x" * 100:
                connection.send(bytes([byte]))
                time.sleep(0.05)

    with listener(drip) as port:
        (session,) = client.visit(Vm("vm-a", "127.0.0.1", port=port), login_timeout=0.7)
    assert session.outcome == "silent"
    assert "0.7 s" in session.message


@pytest.mark.parametrize("piece", [b"x" * 1_000, b"x" * 999 + b"\n"], ids=["a line", "lines"])
def test_what_comes_before_the_banner_is_limited(piece: bytes) -> None:
    reader = BannerReader(hop_of())
    for _ in range(8):
        reader.feed(piece)
    with pytest.raises(SshError):
        reader.feed(piece)
    assert len(reader.line) + len(reader.before) < 10_000


def test_a_server_that_stops_after_its_banner(client: Client) -> None:
    with listener(lambda connection: connection.sendall(b"SSH-2.0-stuck\r\n")) as port:
        (session,) = client.visit(Vm("vm-a", "127.0.0.1", port=port), login_timeout=3)
    assert session.outcome == "silent"
    assert "the key exchange" in session.message
    assert "3 s" in session.message


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
    with closed_port() as port:
        (session,) = client.visit(Vm("vm-a", "127.0.0.1", port=port))
    assert session.outcome == "refused"
    assert "nothing listens" in session.message


def test_an_address_of_a_family_that_this_machine_does_not_have_leaves_the_others() -> None:
    hop: Any = None
    with socket.create_server(("127.0.0.1", 0)) as server:
        addresses: list[Any] = [(9999, ("", 0)), (socket.AF_INET, server.getsockname())]
        asyncio.run(_connect(hop, addresses, 20)).close()


def test_a_connection_notices_a_peer_that_vanishes() -> None:
    hop: Any = None
    tcp = [socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT]
    with socket.create_server(("127.0.0.1", 0)) as server:
        addresses: list[Any] = [(socket.AF_INET, server.getsockname())]
        with asyncio.run(_connect(hop, addresses, 20)) as stream:
            assert [stream.getsockopt(socket.IPPROTO_TCP, name) for name in tcp] == [15, 5, 3, 30_000]
            assert stream.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert stream.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_of_several_addresses_each_is_tried_and_the_last_says_why() -> None:
    hop: Any = SimpleNamespace(address="vm-a", port=22)
    with black_hole() as port, closed_port() as closed, socket.create_server(("127.0.0.1", 0)) as server:
        hole: Any = (socket.AF_INET, ("127.0.0.1", port))
        shut: Any = (socket.AF_INET, ("127.0.0.1", closed))
        asyncio.run(_connect(hop, [shut, shut, (socket.AF_INET, server.getsockname())], 60)).close()
        with pytest.raises(SshError, match="connection refused"):
            asyncio.run(_connect(hop, [(9999, ("", 0)), shut], 60))
        with pytest.raises(TimeoutError):
            asyncio.run(_connect(hop, [shut, hole], 0.2))
    with pytest.raises(SshError, match="vm-a port 22: no address"):
        asyncio.run(_connect(hop, [], 20))


@pytest.mark.parametrize(("own", "general"), [(0.1, 99), (None, 0.1)])
def test_the_limit_of_the_configuration_comes_first(own: float | None, general: float) -> None:
    with black_hole() as port:
        hop = hop_of(address="127.0.0.1", port=port, connect_timeout=own)

        async def resolve(host: str, port: int) -> Any:
            return [(socket.AF_INET, (host, port))]

        with pytest.raises(SshError) as late:
            asyncio.run(dial(hop, general, 99, cast(Any, resolve)))
    assert (late.value.outcome, late.value.message) == (
        "timed out",
        f"127.0.0.1 port {port} did not answer within 0.1 s.",
    )


def test_a_name_that_is_not_answered_for_in_time() -> None:
    async def resolve(host: str, port: int) -> Any:
        await asyncio.Event().wait()

    with pytest.raises(SshError, match=r"'vm-a' is not known to the DNS of this machine \(no answer within 0.1 s\)"):
        asyncio.run(dial(hop_of(), 0.1, 99, cast(Any, resolve)))


@pytest.mark.parametrize(
    ("error", "full", "outcome", "why"),
    [
        (socket.gaierror(-2, "Name or service not known"), False, "name not resolved", " (Name or service not known)"),
        (UnicodeError("label too long"), False, "name not resolved", " (label too long)"),
        (socket.gaierror(-3, "Temporary failure"), True, NO_DESCRIPTORS[0], ""),
    ],
)
def test_why_a_name_is_not_resolved(
    monkeypatch: pytest.MonkeyPatch, error: Exception, full: bool, outcome: str, why: str
) -> None:
    def ask(*arguments: object, **more: object) -> object:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    monkeypatch.setattr("plugins.ssh.dial.none_left", lambda: full)
    with pytest.raises(SshError) as refused:
        resolve_now("vm-a", 22)
    assert (refused.value.outcome, refused.value.message) == (
        outcome,
        f"'vm-a' is not known to the DNS of this machine{why}." if why else NO_DESCRIPTORS[1],
    )


def test_each_address_of_a_name_comes_once() -> None:
    assert resolve_now("127.0.0.1", 22) == [(socket.AF_INET, ("127.0.0.1", 22))]


def test_a_line_before_the_banner_is_passed_over_and_what_follows_it_stays() -> None:
    hop: Any = None

    async def banner(stream: socket.socket) -> str:
        return await _banner(stream, hop, 20)

    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.sendall(b"welcome\r\nSSH-2.0-odd\r\nfor paramiko")
        assert asyncio.run(banner(ours)) == "SSH-2.0-odd"
        assert ours.recv(100) == b"for paramiko"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (
            errno.ECONNREFUSED,
            (
                "refused",
                "10.0.0.4 port 22: connection refused. The host is there, but nothing listens on this port.",
                "Start sshd on the VM (systemctl status ssh sshd), or correct the port.",
            ),
        ),
        (errno.EMFILE, NO_DESCRIPTORS),
        (errno.ENFILE, NO_DESCRIPTORS),
        (
            errno.ENETUNREACH,
            (
                "unreachable",
                "10.0.0.4 port 22: network is unreachable.",
                "Check whether this machine has a route to the VM's network (ip route get ADDRESS), and whether a VPN is"
                " up.",
            ),
        ),
    ],
)
def test_why_a_connection_was_not_made(number: int, expected: tuple[str, str, str]) -> None:
    hop: Any = SimpleNamespace(address="10.0.0.4", port=22)
    found = _unreachable(hop, OSError(number, os.strerror(number)))
    assert (found.outcome, found.message, found.remedy) == expected


def test_no_such_name(client: Client) -> None:
    (session,) = client.visit(Vm("vm-a.invalid"))
    assert session.outcome == "name not resolved"
    assert "'vm-a.invalid'" in session.message


@pytest.mark.parametrize(
    ("host", "expected"), [("10.0.0.4", True), ("fe80::1", True), ("fe80::1%eth0", False), ("vm-a", False)]
)
def test_only_an_address_needs_no_resolver(host: str, expected: bool) -> None:
    assert is_address(host) is expected


def test_a_closed_connection_lets_go_of_its_socket() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(60)
        Connection(ours).close()
        assert theirs.recv(1) == b""


def test_dead_hosts_time_out_all_at_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """In parallel, independent of the number of workers: each connection waits until all have arrived."""
    dialled, everyone = [], asyncio.Event()

    async def together(hop: Hop, *more: Any) -> Connection:
        dialled.append(hop)
        if len(dialled) == 30:
            everyone.set()
        await asyncio.wait_for(everyone.wait(), 60)
        return await dial(hop, *more)

    monkeypatch.setattr(ssh, "dial", together)
    with black_hole() as port:
        sessions = client.visit(
            *(Vm(f"vm-{n}", "127.0.0.1", port=port) for n in range(30)), connect_timeout=1, workers=2
        )
    assert {session.outcome for session in sessions} == {"timed out"}
    assert everyone.is_set()


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
    """Hold the only connection that MaxStartups 1 allows."""
    connection = socket.create_connection(("127.0.0.1", server.port), 60)
    assert connection.recv(4) == b"SSH-"
    return connection


def test_sshd_that_is_busy_is_tried_again(
    client: Client, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh, "_RETRIES", 9)  # until a connection is free
    with sshd(keys, tmp_path, "MaxStartups 1") as running:
        client.knows(running)
        with occupy(running) as other:
            before = running.log.read_text().count("MaxStartups")

            def make_room() -> None:
                while running.log.read_text().count("MaxStartups") == before:
                    time.sleep(0.05)
                other.shutdown(socket.SHUT_RDWR)

            threading.Thread(target=make_room, daemon=True).start()
            (session,) = client.visit(vm(running, keys))
            assert running.log.read_text().count("MaxStartups") > before
    assert session.outcome == "ok"


def test_sshd_that_stays_busy(client: Client, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh, "_RETRIES", 1)
    with sshd(keys, tmp_path, "MaxStartups 1") as running, occupy(running):
        (session,) = client.visit(vm(running, keys))
    assert session.outcome == "turned away"
    assert "(2 times)" in session.message
    assert "MaxStartups" in session.remedy
