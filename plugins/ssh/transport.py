"""paramiko's Transport, adapted: it never prints, keeps the server's messages, and can always be ended.

All of paramiko's calls block. A `Deadline` limits them: it cuts the stream when the phase
exceeds its limit or the run is cancelled; every wait then ends at once, because the stream has ended.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

import paramiko
from paramiko.common import MSG_CHANNEL_DATA, MSG_CHANNEL_EXTENDED_DATA, MSG_KEXINIT, cMSG_GLOBAL_REQUEST
from paramiko.kex_curve25519 import KexCurve25519
from paramiko.packet import Packetizer

from plugins.ssh.dial import Connection
from plugins.ssh.errors import FloodError
from plugins.ssh.host_certificate import SUFFIX

_SILENCE = logging.getLogger(
    "plugins.ssh.transport.paramiko"
)  # paramiko's log: everything in it becomes an outcome instead
_SILENCE.disabled = True
_QUICKACK = getattr(socket, "TCP_QUICKACK", None)  # Linux has it
_READ_AHEAD = 16_384  # bytes; a VM's answers arrive in packets of a few hundred
_BASE: Any = paramiko.Transport  # the stubs leave out what subclasses use

# Limits on the data of a server. paramiko has none: it would buffer unread data, and
# answer every request, without an end.
_LONGEST_PACKET = 264_192  # bytes; RFC 4253 asks for 35,000, OpenSSH takes 256 KiB
_MESSAGES = 50_000  # for the login, and again for each channel; one takes 50 us, and a script's output is a few hundred
_KEY_EXCHANGE = 1_000  # messages that a key exchange counts as
_EXTENSIONS = 100  # of one message (RFC 8308); OpenSSH has four


class _Ahead:
    """A stream that is read ahead: paramiko asks it for the length of a packet, then for the rest, packet by packet."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._ahead, self._taken = stream, b"", 0
        self.send, self.close = stream.send, stream.close

    def _acknowledge(self) -> None:
        """Acknowledge at once: sshd waits for that before a short answer, and the kernel may delay it by 40 ms."""
        if _QUICKACK is not None and isinstance(self._stream, socket.socket):
            with suppress(OSError):
                self._stream.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)  # for one time; the kernel resets it

    def take(self, length: int) -> bytes | None:
        """The number of bytes, if all of them have arrived."""
        end = self._taken + length
        if not self._taken <= end <= len(self._ahead):  # a packet with a false length requests a negative number
            return None
        begin, self._taken = self._taken, end
        return self._ahead[begin:end]

    def recv(self, most: int) -> bytes:
        """Like a socket's: the bytes that have arrived, or else the next ones."""
        if self._taken == len(self._ahead):
            self._ahead, self._taken = self._stream.recv(_READ_AHEAD), 0
            self._acknowledge()
        part = self._ahead[self._taken : self._taken + most]
        self._taken += len(part)
        return part


class _Packets(Packetizer):
    """paramiko's packets, with the banner already read, and no timer thread per connection (see `Deadline`)."""

    banner = ""
    heard = 0  # messages
    allowed = _MESSAGES  # messages that may still come

    def read_message(self) -> Any:
        message = super().read_message()
        self.heard += 1
        self.allowed -= _KEY_EXCHANGE if message[0] == MSG_KEXINIT else 1
        if self.allowed < 0:
            raise FloodError(f"{self.heard:,} messages")
        return message

    def __init__(self, stream: Any) -> None:
        self._ahead = _Ahead(stream)
        super().__init__(self._ahead)  # type: ignore[arg-type]  # of a socket it uses these three methods

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        """Read a packet without paramiko's waiting loop, if `_Ahead` has already read it, as is usual."""
        if n > _LONGEST_PACKET:
            raise FloodError(f"a packet of {n:,} bytes")
        data = self._ahead.take(n)
        return super().read_all(n, check_rekey) if data is None else data

    def readline(self, timeout: float) -> str:
        return self.banner

    def start_handshake(self, timeout: float) -> None:
        return


def _within_window(feed: Callable[[paramiko.Channel, paramiko.Message], None]) -> Any:
    """paramiko's reader of a channel's data, with the announced window enforced."""

    def checked(channel: Any, message: paramiko.Message) -> None:
        feed(channel, message)
        unread = len(channel.in_buffer) + len(channel.in_stderr_buffer)
        if unread > channel.in_window_size:
            raise FloodError(f"{unread:,} bytes at once")

    return checked


def _kex_cost(name: str) -> int:
    return next((rank for rank, kind in enumerate(("curve25519", "ecdh-", "mlkem")) if name.startswith(kind)), 9)


class SshTransport(_BASE):  # type: ignore[misc]  # see _BASE
    """A paramiko Transport that keeps the server's messages and never prints."""

    _channel_handler_table = {  # noqa: RUF012  # as paramiko has it
        kind: _within_window(feed) if kind in (MSG_CHANNEL_DATA, MSG_CHANNEL_EXTENDED_DATA) else feed
        for kind, feed in _BASE._channel_handler_table.items()
    }
    # curve25519 by its standard name too; the DH groups last, they cost 10 to 30 times the CPU
    _kex_info = {**_BASE._kex_info, "curve25519-sha256": KexCurve25519}  # noqa: RUF012  # as paramiko has it
    # paramiko wakes up this often to check whether it was closed: a hundred silent VMs kept a core busy with its
    # default of 0.1 s. `end` and `Deadline` cut the socket, which wakes it at once.
    _active_check_timeout = 5.0
    _preferred_kex = tuple(sorted(("curve25519-sha256", *_BASE._preferred_kex), key=_kex_cost))

    # An authenticated cipher first: with the others paramiko compares each packet's MAC byte by byte, in Python.
    _preferred_ciphers = tuple(sorted(_BASE._preferred_ciphers, key=lambda name: "gcm" not in name))

    def __init__(self, connection: Connection, known_kinds: Collection[str], certificate_first: bool = False) -> None:
        """`known_kinds`: the host key types that known_hosts has for the host; they are asked for first.

        `certificate_first`: known_hosts has a certificate authority for the host, so its certificate is requested.
        """
        super().__init__(connection.stream, packetizer_class=_Packets)
        self.connection = connection
        self.daemon = True
        self.set_log_channel(_SILENCE.name)
        self.packetizer.banner = connection.banner
        self.farewell = ""  # the text of the server's disconnect message
        self._refusals: dict[int, tuple[int, str]] = {}  # channel number -> reason code and text
        self._requested = threading.local()  # the number of the channel that this thread requested last
        self.offer: dict[str, Any] = {}  # its algorithms
        self._certificate_first = certificate_first
        self._preferred_keys = tuple(sorted(_BASE._preferred_keys, key=lambda kind: _key_kind(kind) not in known_kinds))

    def _parse_ext_info(self, message: paramiko.Message) -> None:
        """Like paramiko's, which would read as many as the message claims: four thousand million take hours."""
        begin = message.packet.tell()
        if (number := message.get_int()) > _EXTENSIONS:
            raise FloodError(f"{number:,} extensions")
        message.packet.seek(begin)
        super()._parse_ext_info(message)

    @property
    def preferred_keys(self) -> tuple[str, ...]:
        """The host key algorithms, best first. A server with a certificate can also show its plain key."""
        plain = tuple(self._filter_algorithm("keys"))
        certificates = tuple(f"{name}{SUFFIX}" for name in plain)
        return certificates + plain if self._certificate_first else plain + certificates

    def run(self) -> None:
        """Like paramiko's, but an exception of its clean-up ends the session instead of printing a traceback."""
        try:
            super().run()
        except Exception as error:
            self.saved_exception = error
            self.active = False
            self.connection.cut()
            if self.completion_event is not None:
                self.completion_event.set()
            for channel in list(self._channels.values()):
                channel._unlink()

    def end(self) -> None:
        """Close the connection and let its thread end."""
        self.connection.cut()
        with suppress(Exception):
            self.close()
        if self.is_alive() and threading.current_thread() is not self:
            self.join(1.0)
        self.connection.close()

    def answers(self, seconds: float) -> bool:
        """Whether the server still answers: any reply within `seconds` counts. Blocks."""
        before, end = self.packetizer.heard, time.monotonic() + seconds
        question = paramiko.Message()
        question.add_byte(cMSG_GLOBAL_REQUEST)
        question.add_string("keepalive@openssh.com")
        question.add_boolean(True)  # sshd answers that it does not know this request, which is an answer
        with suppress(Exception):  # the connection has ended
            self._send_user_message(question)
            while self.is_active() and time.monotonic() < end:
                if self.packetizer.heard != before:
                    return True
                time.sleep(0.02)
        return False

    def refusal(self) -> tuple[int, str] | None:
        """Why the last channel that this thread requested was refused: SSH's reason code, and the server's text.

        paramiko keeps one exception per connection, which threads that open channels at the same time would mix up.
        """
        return self._refusals.pop(self._requested.number, None) if hasattr(self._requested, "number") else None

    def _next_channel(self) -> int:
        self.packetizer.allowed += _MESSAGES
        self._requested.number = number = super()._next_channel()
        return int(number)

    def _parse_debug(self, m: paramiko.Message) -> None:
        """Ignore sshd's debug messages about authorized_keys; paramiko would format them for its log, byte by byte."""

    def _parse_disconnect(self, m: paramiko.Message) -> None:
        m.get_int()
        self.farewell = m.get_text()

    def _parse_channel_open_failure(self, m: paramiko.Message) -> None:
        number = m.get_int()
        self._refusals[number] = m.get_int(), m.get_text()
        m.rewind()
        super()._parse_channel_open_failure(m)

    def _really_parse_kex_init(self, m: paramiko.Message, ignore_first_byte: bool = False) -> Any:
        self.offer = super()._really_parse_kex_init(m, ignore_first_byte)
        return self.offer


def _key_kind(algorithm: str) -> str:
    """The key type of a host key algorithm: rsa-sha2-512 uses an ssh-rsa key."""
    return "ssh-rsa" if algorithm.startswith("rsa-") else algorithm
