"""Packets that are read before paramiko."""

from __future__ import annotations

import socket
import struct
import threading
from typing import Any

import paramiko
import pytest
from paramiko.common import MSG_IGNORE, MSG_KEXINIT

from plugins.ssh.dial import Connection
from plugins.ssh.errors import FloodError
from plugins.ssh.transport import _BASE, _KEY_EXCHANGE, _LONGEST_PACKET, _MESSAGES, SshTransport, _Ahead, _Packets


class Stream:
    """A stand-in for a socket that receives these pieces."""

    send = close = None

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)

    def recv(self, most: int) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""


def test_packets_that_came_together_and_in_pieces_are_read_whole() -> None:
    stream: Any = Stream(b"abcdefgh", b"ijk", b"lmn")
    packets = _Packets(stream)
    assert [packets.read_all(length) for length in (3, 5, 4, 0)] == [b"abc", b"defgh", b"ijkl", b""]
    assert stream.pieces == []
    assert packets.read_all(2) == b"mn"
    with pytest.raises(EOFError):
        packets.read_all(1)


def test_what_was_read_ahead_needs_no_other_call() -> None:
    stream: Any = Stream(b"abcd")
    ahead = _Ahead(stream)
    assert [ahead.recv(1), ahead.take(2), ahead.take(2), ahead.take(-1), ahead.take(1)] == [
        b"a",
        b"bc",
        None,
        None,
        b"d",
    ]


def test_nothing_is_read_twice_for_a_packet_with_an_impossible_length() -> None:
    stream: Any = Stream(b"abcdef")
    packets = _Packets(stream)
    assert [packets.read_all(length) for length in (4, -3, 2)] == [b"abcd", b"", b"ef"]


def test_an_exception_of_paramikos_clean_up_ends_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = RuntimeError("a bug of its clean-up")

    def run(transport: Any) -> None:
        raise problem

    monkeypatch.setattr(_BASE, "run", run)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(60)
        transport = SshTransport(Connection(ours, "SSH-2.0-test"), ())
        transport.active, transport.completion_event = True, threading.Event()
        channel: Any = paramiko.Channel(1)
        channel._set_transport(transport)
        transport._channels.put(1, channel)
        transport.run()
        assert (transport.is_active(), transport.saved_exception) == (False, problem)
        assert (transport.completion_event.is_set(), channel.closed) == (True, True)
        assert theirs.recv(1) == b""


def packet(*payload: int) -> bytes:
    """A packet before the key exchange, without encryption (RFC 4253, 6)."""
    padding = 16 - (len(payload) + 5) % 8
    return struct.pack(">IB", len(payload) + 1 + padding, padding) + bytes(payload) + bytes(padding)


@pytest.mark.parametrize(("kind", "counts"), [(MSG_IGNORE, 1), (MSG_KEXINIT, _KEY_EXCHANGE)])
def test_the_message_beyond_the_limit_cuts_the_line(kind: int, counts: int) -> None:
    stream: Any = Stream(packet(kind) * (_MESSAGES // counts + 1))
    packets = _Packets(stream)
    for _ in range(_MESSAGES // counts):
        packets.read_message()
    with pytest.raises(FloodError, match=f"{_MESSAGES // counts + 1:,} messages"):
        packets.read_message()


def test_a_packet_beyond_the_limit_is_not_waited_for() -> None:
    """It is refused by its length, without reading the packet."""
    stream: Any = Stream(struct.pack(">I", _LONGEST_PACKET + 12) + bytes(16))
    with pytest.raises(FloodError, match="a packet of"):
        _Packets(stream).read_message()
