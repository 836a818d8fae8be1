"""From a host name to a connected stream with an SSH banner: DNS, TCP, ProxyCommand. Callers retry.

All hosts are dialled at once on one asyncio loop, so a thousand dead hosts take one time-out, and no thread.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

from paramiko import Channel

from plugins.core.descriptors import none_left
from plugins.ssh.errors import NO_DESCRIPTORS, ConnectionDropped, SshError, quoted
from plugins.ssh.hop import Hop
from plugins.ssh.patience import within

_LONGEST = 8192  # bytes before the banner; ssh servers may send a few lines first
_PATIENCE = 3.0  # seconds for the banner of a server that began with other text
#: The text of a busy sshd in place of a banner (MaxStartups, PerSourcePenalties).
_BUSY = (b"Exceeded MaxStartups", b"Not allowed at this time")

Address = tuple[Any, ...]  # as getaddrinfo has it
Resolve = Callable[[str, int], "asyncio.Future[list[tuple[int, Address]]]"]


@dataclass(slots=True)
class Connection:
    """A connected stream whose banner has been read."""

    stream: socket.socket | Channel
    banner: str = ""
    process: subprocess.Popen[bytes] | None = None  # the ProxyCommand behind the stream
    stderr: IO[bytes] | None = None  # the stderr of the ProxyCommand

    def cut(self) -> None:
        """End it now, from any thread, without waiting: readers and writers get the end of the stream."""
        if isinstance(self.stream, Channel):  # sends a message to the jump host, which may take long
            threading.Thread(target=_hang_up, args=(self.stream,), daemon=True).start()
            return
        with suppress(OSError):
            self.stream.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Release the socket, the process and the files."""
        _hang_up(self.stream)
        if self.process:
            with suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self.stderr:
            self.stderr.close()

    def complaint(self) -> str:
        """The last line that the ProxyCommand printed, quoted; "" without one."""
        if not self.stderr:
            return ""
        self.stderr.seek(max(0, self.stderr.seek(0, os.SEEK_END) - 200))
        text = self.stderr.read(200)
        return quoted(text, 200) if text.strip() else ""


def _hang_up(stream: socket.socket | Channel) -> None:
    with suppress(Exception):  # a channel of a dead jump host may raise anything
        stream.close()


def slow(hop: Hop, getting_in: float) -> SshError:
    """The error when all phases together took too long."""
    return SshError(
        "timed out",
        f"Connecting and logging in to {hop.label} took longer than {getting_in:g} s, including retries and jump "
        "hosts.",
        "Find out which phase is slow: name resolution, connection, banner or a jump host (ssh -v shows it).",
    )


async def dial(hop: Hop, connect_limit: float, banner_limit: float, resolve: Resolve) -> Connection:
    """Connect to a hop directly or by its ProxyCommand. Raises `SshError`; `ConnectionDropped`: a retry may help."""
    if hop.proxy_command:
        return await _by_command(hop, banner_limit)
    limit = hop.connect_timeout or connect_limit
    try:
        async with within(limit):
            addresses = await resolve(hop.address, hop.port)
    except TimeoutError:
        raise _unknown_name(hop.address, f"no answer within {limit:g} s") from None
    try:
        async with within(limit):
            stream = await _connect(hop, addresses, limit)
    except TimeoutError:
        raise SshError(
            "timed out",
            f"{hop.address} port {hop.port} did not answer within {limit:g} s.",
            "Check whether the VM runs and whether a firewall between here and it drops TCP to this port.",
        ) from None
    connection = Connection(stream)
    try:
        connection.banner = await _banner(stream, hop, banner_limit)
    except BaseException:
        connection.close()
        raise
    return connection


def resolve_now(host: str, port: int) -> list[tuple[int, Address]]:
    """(family, address) of a host name, from the runner's resolver; blocks. Raises `SshError`."""
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        if none_left():
            raise SshError(*NO_DESCRIPTORS) from None
        raise _unknown_name(host, getattr(error, "strerror", None) or str(error)) from None
    return [(family, address) for family, _, _, _, address in addresses]


def _unknown_name(host: str, why: str) -> SshError:
    return SshError(
        "name not resolved",
        f"{host!r} is not known to the DNS of this machine ({why}).",
        "Correct the name, add a Host block with a HostName to ~/.ssh/config, or give the address as 'host'.",
    )


def is_address(host: str) -> bool:
    """True for an IP address, which needs no resolver (one with a zone like %eth0 does)."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host


async def _connect(hop: Hop, addresses: list[tuple[int, Address]], limit: float) -> socket.socket:
    loop = asyncio.get_running_loop()
    problem: OSError = OSError(errno.EHOSTUNREACH, "no address")
    for index, (family, address) in enumerate(addresses):
        try:
            stream = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:  # no descriptors left, no IPv6
            problem = error
            continue
        try:
            stream.setblocking(False)
            share = limit if index == len(addresses) - 1 else limit / len(addresses)  # the last has the outer limit
            async with within(share):
                await loop.sock_connect(stream, address)
            _tune(stream)
        except OSError as error:  # a TimeoutError is one
            stream.close()
            if isinstance(error, TimeoutError) and index == len(addresses) - 1:
                raise TimeoutError from None
            problem = error
        except BaseException:
            stream.close()
            raise
        else:
            return stream
    raise _unreachable(hop, problem)


def _tune(stream: socket.socket) -> None:
    """No Nagle (one 40 ms stall per login), and a peer that vanishes is noticed within about 30 s."""
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 30_000)):
        if hasattr(socket, name):  # Linux has all of them
            stream.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _unreachable(hop: Hop, error: OSError) -> SshError:
    where = f"{hop.address} port {hop.port}"
    if error.errno == errno.ECONNREFUSED:
        return SshError(
            "refused",
            f"{where}: connection refused. The host is there, but nothing listens on this port.",
            "Start sshd on the VM (systemctl status ssh sshd), or correct the port.",
        )
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return SshError(*NO_DESCRIPTORS)
    return SshError(
        "unreachable",
        f"{where}: {(error.strerror or str(error)).lower()}.",
        "Check whether this machine has a route to the VM's network (ip route get ADDRESS), and whether a VPN is up.",
    )


# --- the banner ---------------------------------------------------------------------------------------------------


class BannerReader:
    """Parses a server's first bytes until they are a banner or cannot become one. Takes at most one line at a time."""

    def __init__(self, hop: Hop) -> None:
        """`hop` is for messages only."""
        self.hop, self.line, self.before = hop, b"", b""

    def feed(self, data: bytes) -> str | None:
        """The banner when it is complete. Raises `SshError` or `ConnectionDropped`."""
        if not data:
            raise self._end()
        self.line += data
        if len(self.before) + len(self.line) > _LONGEST:
            raise self.not_ssh()
        if not self.line.endswith(b"\n"):
            return None
        if self.line.startswith(b"SSH-"):
            return self.line.strip().decode("utf-8", "replace")
        self.before, self.line = self.before + self.line, b""
        return None

    @property
    def odd(self) -> bool:
        """True when it began with other text than a banner."""
        return bool(self.before or (self.line and not b"SSH-".startswith(self.line[:4])))

    def not_ssh(self) -> SshError:
        """The error for an answer that is not an SSH banner."""
        return SshError(
            "not ssh",
            f"{self.hop.address} port {self.hop.port} answered {quoted(self.before + self.line)}, not 'SSH-2.0-...'.",
            "Another service listens there: correct the port or the address.",
        )

    def _end(self) -> Exception:
        banner = self.before + self.line
        if not banner.strip() or banner.strip().startswith(_BUSY):
            return ConnectionDropped(
                "closed the connection before its "
                f"banner{f', with the message {quoted(banner)}' if banner.strip() else ''}"
            )
        return self.not_ssh()


def silent(hop: Hop, limit: float) -> SshError:
    """The error for a server that accepts TCP connections and sends nothing."""
    return SshError(
        "silent",
        f"{hop.address} port {hop.port} accepted the connection, but sent no SSH banner within {limit:g} s.",
        "Check whether sshd on the VM hangs or is overloaded (journalctl -u ssh), or another program has the port.",
    )


async def _banner(stream: socket.socket, hop: Hop, limit: float) -> str:
    loop = asyncio.get_running_loop()
    reader = BannerReader(hop)
    try:
        async with within(limit) as timer:
            while True:
                await _readable(loop, stream)
                try:
                    peeked = stream.recv(4096, socket.MSG_PEEK)  # bytes after the banner belong to paramiko
                    banner = reader.feed(stream.recv(peeked.find(b"\n") + 1 or len(peeked) or 1))
                except BlockingIOError:
                    continue
                except OSError as error:
                    raise ConnectionDropped(f"broke the connection before its banner ({error.strerror})") from None
                if banner is not None:
                    return banner
                if reader.odd:
                    timer.reschedule(min(timer.when() or 0.0, loop.time() + _PATIENCE))
    except TimeoutError:
        raise (reader.not_ssh() if reader.odd else silent(hop, limit)) from None


async def _readable(loop: asyncio.AbstractEventLoop, stream: socket.socket) -> None:
    ready = loop.create_future()
    loop.add_reader(stream, lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(stream)


# --- ProxyCommand -------------------------------------------------------------------------------------------------


async def _by_command(hop: Hop, limit: float) -> Connection:
    ours, theirs = socket.socketpair()
    errors = tempfile.TemporaryFile()  # noqa: SIM115  # the connection owns and closes it
    with theirs:
        process = subprocess.Popen(  # as in ssh: the command is the operator's own, from their ssh_config
            ["/bin/sh", "-c", f"exec {hop.proxy_command}"],
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=errors,
            start_new_session=True,
        )
    connection = Connection(ours, process=process, stderr=errors)
    ours.setblocking(False)
    try:
        connection.banner = await _banner(ours, hop, limit)
    except ConnectionDropped:
        complaint = connection.complaint()
        connection.close()
        raise SshError(
            "jump host failed",
            f"ProxyCommand {hop.proxy_command[:200]!r} ended before SSH answered"
            + (f"; it printed {complaint}." if complaint else "."),
            "Run the ProxyCommand by hand on this machine, and find out why it ends.",
            via="ProxyCommand",
        ) from None
    except BaseException:
        connection.close()
        raise
    return connection
