"""The way through a jump host that is already logged in: one direct-tcpip channel per VM, its banner read."""

from __future__ import annotations

import time

from paramiko import Channel

from plugins.ssh.deadline import Deadline
from plugins.ssh.dial import BannerReader, Connection, silent
from plugins.ssh.errors import SshError, quoted
from plugins.ssh.hop import Hop
from plugins.ssh.transport import SshTransport


def lost(via: str) -> SshError:
    """The error for a lost jump host: the same text for every VM behind it, because one fix helps them all."""
    return SshError(
        "jump host failed",
        f"The connection to the jump host {via} was lost while the VMs behind it were visited.",
        "Check whether the jump host runs and can be reached, then visit these VMs again: --retry-unknown.",
        via,
    )


def open_way(jump: SshTransport, via: str, hop: Hop, limit: float, deadline: Deadline) -> Connection:
    """A connection to `hop` through a jump host, its banner read. Raises `SshError` or `ConnectionDropped`."""
    limit = deadline.limit(limit)
    try:
        channel = jump.open_channel("direct-tcpip", (hop.address, hop.port), ("127.0.0.1", 0), timeout=limit)
    except Exception:  # its thread's exception, whatever it is
        deadline.stop()
        if refusal := jump.refusal():
            raise _no_way(via, hop, *refusal) from None
        if jump.is_active():
            raise SshError(
                "timed out",
                f"{hop.address} port {hop.port} did not answer the jump host {via} within {deadline.span}.",
                "Check whether the VM runs and whether the jump host may reach it.",
                via=via,
            ) from None
        raise lost(via) from None
    connection = Connection(channel)
    deadline.connection = connection
    limit = deadline.limit(limit)
    try:
        connection.banner = _read_banner(channel, hop, limit)
    except BaseException:
        connection.close()
        deadline.stop()
        if deadline.late:
            raise silent(hop, limit) from None
        raise
    return connection


def _read_banner(channel: Channel, hop: Hop, limit: float) -> str:
    reader = BannerReader(hop)
    end = time.monotonic() + limit
    while True:
        channel.settimeout(max(0.01, end - time.monotonic()))
        try:
            data = channel.recv(1)  # not one byte of what follows the banner: that is paramiko's
        except TimeoutError:
            raise (reader.not_ssh() if reader.odd else silent(hop, limit)) from None
        banner = reader.feed(data)
        if banner is not None:
            return banner


def _no_way(via: str, hop: Hop, code: int, reason: str) -> SshError:
    if code == 1:  # administratively prohibited
        return SshError(
            "jump host failed",
            f"The jump host {via} does not forward to {hop.address}:{hop.port}: {quoted(reason)}.",
            "Allow it in the jump host's sshd_config (AllowTcpForwarding, PermitOpen).",
            via,
        )
    low = reason.lower()
    kinds = (("refused", "refused"), ("timed out", "timed out"), ("resolve", "name not resolved"))
    names = ("not known", "resolution", "unknown host")
    outcome = next((word for text, word in kinds if text in low), "unreachable")
    if any(name in low for name in names):
        outcome = "name not resolved"
    return SshError(
        outcome,
        f"The jump host {via} cannot connect to {hop.address} port {hop.port}: {quoted(reason)}.",
        "Check whether the VM and its sshd run, and whether the jump host may reach this address.",
        via,
    )
