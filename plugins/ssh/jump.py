"""A connection through a logged-in jump host: one direct-tcpip channel per VM, with its banner read."""

from __future__ import annotations

from plugins.ssh.deadline import Deadline
from plugins.ssh.dial import BannerReader, Connection, silent
from plugins.ssh.errors import SshError, quoted
from plugins.ssh.hop import Hop
from plugins.ssh.transport import SshTransport


def lost(via: str) -> SshError:
    """The error for a lost jump host: the same text for every VM behind it, because they share the fix."""
    return SshError(
        "jump host failed",
        f"The connection to the jump host {via} was lost while the VMs behind it were visited.",
        "Check whether the jump host runs and can be reached, then visit these VMs again: --retry-unknown.",
        via,
    )


class _UntilLate(float):
    """A time-out for paramiko that ends with the deadline: the clock that paramiko reads may be set."""

    def __new__(cls, deadline: Deadline) -> _UntilLate:
        until = super().__new__(cls, "inf")
        until.deadline = deadline
        return until

    deadline: Deadline

    def __radd__(self, start: float) -> _UntilLate:
        return self

    def __lt__(self, now: float) -> bool:
        return bool(self.deadline.late or self.deadline.cancelled)


def open_way(jump: SshTransport, via: str, hop: Hop, limit: float, deadline: Deadline) -> Connection:
    """A connection to `hop` through a jump host, its banner read. Raises `SshError` or `ConnectionDropped`."""
    deadline.limit(limit)
    try:
        channel = jump.open_channel(
            "direct-tcpip", (hop.address, hop.port), ("127.0.0.1", 0), timeout=_UntilLate(deadline)
        )
    except Exception:  # any exception of its thread
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
    reader = BannerReader(hop)
    try:
        if deadline.late:  # the phase before this one ended just as the channel opened
            raise silent(hop, limit)
        while True:  # until the deadline cuts the channel
            banner = reader.feed(channel.recv(1))  # no byte after it: those are paramiko's
            if banner is not None:
                connection.banner = banner
                return connection
    except BaseException:
        connection.close()
        deadline.stop()
        if deadline.late:
            raise (reader.not_ssh() if reader.odd else silent(hop, limit)) from None
        raise


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
