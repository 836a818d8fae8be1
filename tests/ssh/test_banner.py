"""Text before a server's banner, or instead of one: `plugins.ssh.dial` without a server."""

from __future__ import annotations

import asyncio
import errno
import socket
import tempfile
from typing import Any

import pytest

from plugins.ssh.dial import BannerReader, Connection, _banner
from plugins.ssh.errors import ConnectionDropped, SshError
from tests.support.sshd import hop_of


@pytest.mark.parametrize(
    ("pieces", "odd"),
    [
        ([], False),
        ([b"S"], False),
        ([b"SSH-"], False),
        ([b"SSH-2.0"], False),
        ([b"X"], True),
        ([b"SSX"], True),
        ([b"welcome\n"], True),
        ([b"welcome\n", b"SSH-"], True),
    ],
)
def test_what_did_not_begin_with_a_banner_is_odd(pieces: list[bytes], odd: bool) -> None:
    reader = BannerReader(hop_of())
    assert [reader.feed(piece) for piece in pieces] == [None] * len(pieces)
    assert reader.odd is odd


@pytest.mark.parametrize("before", [b"", b"welcome\r\n"])
def test_the_longest_that_may_come_before_a_banner(before: bytes) -> None:
    reader = BannerReader(hop_of())
    if before:
        reader.feed(before)
    assert reader.feed(b"x" * (8192 - len(before))) is None
    with pytest.raises(SshError):
        reader.feed(b"x")


@pytest.mark.parametrize(
    ("pieces", "why"),
    [
        ([], "closed the connection before its banner"),
        ([b"\r\n"], "closed the connection before its banner"),
        (
            [b"Exceeded MaxStartups\r\n"],
            "closed the connection before its banner, with the message 'Exceeded MaxStartups'",
        ),
        (
            [b"Not allowed at", b" this time"],
            "closed the connection before its banner, with the message 'Not allowed at this time'",
        ),
        ([b"SSH-2.0"], "not ssh: vm-a port 22 answered 'SSH-2.0', not 'SSH-2.0-...'."),
        ([b"a\n", b"b"], "not ssh: vm-a port 22 answered 'a\\nb', not 'SSH-2.0-...'."),
    ],
)
def test_an_end_before_the_banner(pieces: list[bytes], why: str) -> None:
    reader = BannerReader(hop_of())
    for piece in pieces:
        reader.feed(piece)
    with pytest.raises((SshError, ConnectionDropped)) as ended:
        reader.feed(b"")
    assert str(ended.value) == why


def test_a_connection_that_breaks_before_its_banner() -> None:
    class Broken:
        def fileno(self) -> int:
            return theirs.fileno()

        def recv(self, most: int, flags: int = 0) -> bytes:
            raise OSError(errno.ECONNRESET, "Connection reset by peer")

    async def banner() -> str:
        stream: Any = Broken()
        return await _banner(stream, hop_of(), 20)

    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"x")
        with pytest.raises(ConnectionDropped) as dropped:
            asyncio.run(banner())
    assert str(dropped.value) == "broke the connection before its banner (Connection reset by peer)"


def test_what_a_proxy_command_printed_last() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, tempfile.TemporaryFile() as file:
        assert Connection(ours).complaint() == ""
        connection = Connection(ours, stderr=file)
        assert connection.complaint() == ""
        file.write(b" \n")
        assert connection.complaint() == ""
        file.write(b"a" * 5 + b"b" * 199 + b"\n")
        assert connection.complaint() == f"'{'b' * 199}'"
        file.write(b"c" * 199 + b".")
        assert connection.complaint() == f"'{'c' * 199}.'"
        connection.close()
        assert file.closed
