"""An SSH server that accepts every login and then breaks the protocol, in one of several ways."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import paramiko
from paramiko.common import (
    AUTH_SUCCESSFUL,
    OPEN_SUCCEEDED,
    cMSG_CHANNEL_DATA,
    cMSG_CHANNEL_EXTENDED_DATA,
    cMSG_CHANNEL_OPEN,
    cMSG_CHANNEL_REQUEST,
    cMSG_EXT_INFO,
    cMSG_GLOBAL_REQUEST,
    cMSG_USERAUTH_BANNER,
)

from tests.support.sshd import listener

LOG = "tests.hostile_sshd"
Transport = Any  # paramiko's, whose stubs are incomplete
Misdeed = Callable[[Transport, int], None]  # with the number of the client's channel


def message(kind: bytes, *parts: int | str | bytes | bool) -> paramiko.Message:
    actual = paramiko.Message()
    actual.add_byte(kind)
    for part in parts:
        if isinstance(part, bool):
            actual.add_boolean(part)
        elif isinstance(part, int):
            actual.add_int(part)
        else:
            actual.add_string(part)
    return actual


#: Messages of a flood: several times a client's limit. Then the server disconnects.
FLOOD = 500_000


def flood(make: Callable[[int], paramiko.Message]) -> Misdeed:
    def send(transport: Transport, channel: int) -> None:
        one = make(channel)
        for _ in range(FLOOD):
            transport._send_message(one)
        transport.close()

    return send


def drip(transport: Transport, channel: int) -> None:
    while transport.is_active():
        transport._send_message(message(cMSG_CHANNEL_DATA, channel, b"."))
        time.sleep(0.1)


def huge_packet(transport: Transport, channel: int) -> None:
    transport.sock.sendall(struct.pack(">I", 0x7FFF_FFF0))
    for _ in range(100):
        transport.sock.sendall(b"x" * 32_768)
    transport.sock.shutdown(socket.SHUT_RDWR)


def addresses(transport: Transport, channel: int) -> None:
    """Text that the protocol allows, and that is expensive to redact."""
    for _ in range(FLOOD):
        for one in transport._channels.values():
            one.sendall(b"://" * 10_000)


def extensions(transport: Transport, channel: int) -> None:
    transport._send_message(message(cMSG_EXT_INFO, 0xFFFF_FFFF))


BLOCK = b"x" * 32_000
#: Its behaviour when a client requests a command.
MISDEEDS: dict[str, Misdeed] = {
    "stderr beyond the window": flood(lambda to: message(cMSG_CHANNEL_EXTENDED_DATA, to, 1, BLOCK)),
    "stdout beyond the window": flood(lambda to: message(cMSG_CHANNEL_DATA, to, BLOCK)),
    "empty data": flood(lambda to: message(cMSG_CHANNEL_DATA, to, b"")),
    "channels": flood(lambda to: message(cMSG_CHANNEL_OPEN, "forwarded-tcpip", 7, 1 << 20, 1 << 15)),
    "keepalives": flood(lambda to: message(cMSG_GLOBAL_REQUEST, "keepalive@openssh.com", True)),
    "requests": flood(lambda to: message(cMSG_CHANNEL_REQUEST, to, "exit-status", False, 0)),
    "a huge packet": huge_packet,
    "a drip": drip,
    "extensions": extensions,
    "addresses": addresses,
}
#: Its behaviour when a client offers a key.
BANNERS = "banners"


class Server(paramiko.ServerInterface):
    """Allows a client to open any channel."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED


class _Misbehaving(Server):
    def __init__(self, transport: Transport, misdeed: str) -> None:
        super().__init__(transport)
        self.misdeed = misdeed

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        if self.misdeed == BANNERS:
            flood(lambda to: message(cMSG_USERAUTH_BANNER, "Welcome.", ""))(self.transport, 0)
        return AUTH_SUCCESSFUL

    def check_channel_exec_request(self, channel: Any, command: bytes) -> bool:
        def misbehave() -> None:
            with suppress(Exception):  # the client has disconnected
                MISDEEDS[self.misdeed](self.transport, channel.remote_chanid)

        threading.Thread(target=misbehave, daemon=True).start()
        return True


@contextmanager
def sshd(key: paramiko.PKey, server: Callable[[Transport], Server]) -> Iterator[int]:
    """The port of an SSH server; the client reports its errors."""
    with ExitStack() as transports:

        def handle(connection: socket.socket) -> None:
            transport: Transport = paramiko.Transport(connection)
            transports.callback(transport.close)
            transport.daemon = True
            transport.set_log_channel(LOG)
            transport.add_server_key(key)
            with suppress(Exception):
                transport.start_server(threading.Event(), server(transport))

        with listener(handle) as port:
            yield port


@contextmanager
def hostile_sshd(misdeed: str, key: paramiko.PKey) -> Iterator[int]:
    """The port of a server that misbehaves in this way."""
    with sshd(key, lambda transport: _Misbehaving(transport, misdeed)) as port:
        yield port
