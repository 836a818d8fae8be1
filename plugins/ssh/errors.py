"""The outcomes of an SSH session, and the exception with one of them."""

from __future__ import annotations

#: outcome -> its meaning. `SshSession.outcome` is one of these, with its own message and remedy.
OUTCOMES: dict[str, str] = {
    "ok": "the script ran to its end",
    "name not resolved": "the runner's DNS does not know the host name",
    "unreachable": "there is no route to the address",
    "refused": "nothing listens on the port: the connection was refused",
    "timed out": "the TCP connection got no answer in time, or connecting and logging in took too long altogether",
    "silent": "TCP was accepted, but the SSH banner, the key exchange or the login did not finish in time",
    "turned away": "TCP was accepted and closed again before the login, repeatedly",
    "not ssh": "the server that answered does not speak SSH",
    "negotiation failed": "the two sides have no algorithm in common, or the key exchange failed",
    "host key unknown": "no known_hosts file has a key for the host",
    "host key changed": "known_hosts has another key for the host",
    "host key revoked": "known_hosts marks the key as revoked",
    "login refused": "the server accepts none of the offered keys, or requires more than a key",
    "no usable key": "the suite has no key to offer",
    "jump host failed": "the jump host or the ProxyCommand on the way could not be used",
    "shell refused": "the login worked, but no shell ran the script",
    "no room": "the shell ran, but it can write to no folder on the VM (set by plugins.gather.collector)",
    "connection lost": "the connection or the shell ended while the script ran",
    "took too long": "the script or the whole run did not finish within its limit",
    "too much output": "the script printed, or its server sent, more than the limit",
    "cancelled": "the run was stopped",
    "cannot be used": "the SSH configuration or the fleet file requires something that is not possible",
}


class SshError(Exception):
    """A session cannot continue: the outcome, the observation and the remedy."""

    def __init__(self, outcome: str, message: str, remedy: str, via: str = "") -> None:
        """`outcome` is one of `OUTCOMES`; `via` names the jump host that failed."""
        super().__init__(f"{outcome}: {message}")
        self.outcome, self.message, self.remedy, self.via = outcome, message, remedy, via


class ConnectionDropped(Exception):
    """The server closed the connection before the login, as a busy sshd does. A retry may help."""


class FloodError(Exception):
    """The server sent more than a session needs; the text describes it."""


def flooded(label: str, error: FloodError) -> SshError:
    """The error for a server that was disconnected."""
    return SshError(
        "too much output",
        f"{label} sent {error}, and was disconnected.",
        "A working SSH server does not send this much without a request: find out on the VM's console which program "
        "has its SSH port.",
    )


#: One text for all hosts, because it is one problem of this machine.
NO_DESCRIPTORS = (
    "unreachable",
    "This machine has no file descriptors left, so the VM was not visited.",
    "Raise the limit (ulimit -n 4096) and visit the VM again: --retry-unknown.",
)

CANCELLED = ("cancelled", "The run was stopped before this VM was done.", "Run it again.")


def quoted(data: bytes | str, limit: int = 80) -> str:
    """Untrusted bytes as text that is safe to show: one printable line of at most `limit` characters."""
    text = data.decode("utf-8", "backslashreplace") if isinstance(data, bytes) else data
    text = text.strip()
    shown = "".join(c if c.isprintable() and c != "\\" else c.encode("unicode_escape").decode() for c in text[:limit])
    return f"'{shown[:limit]}{'...' if len(text) > limit or len(shown) > limit else ''}'"
