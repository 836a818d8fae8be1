"""The words with which an SSH session may end, and the exception that carries one of them."""

from __future__ import annotations

#: word -> what it means. `SshSession.outcome` is one of these; each comes with its own message and remedy.
OUTCOMES: dict[str, str] = {
    "ok": "the script ran to its end",
    "name not resolved": "the runner's DNS does not know the host name",
    "unreachable": "there is no route to the address",
    "refused": "nothing listens on the port: the connection was refused",
    "timed out": "the TCP connection got no answer in time, or getting in took too long altogether",
    "silent": "TCP was accepted, but the SSH banner, the key exchange or the login did not come to an end in time",
    "turned away": "TCP was accepted and closed again before the login, several times over",
    "not ssh": "something answered that does not speak SSH",
    "negotiation failed": "the two sides have no algorithm in common, or the key exchange went wrong",
    "host key unknown": "no known_hosts file has a key for the host",
    "host key changed": "known_hosts has another key for the host",
    "host key revoked": "known_hosts marks the key as revoked",
    "login refused": "the server accepts none of the offered keys, or wants more than a key",
    "no usable key": "there is no key to offer",
    "jump host failed": "the jump host or the ProxyCommand on the way could not be used",
    "shell refused": "the login worked, but no shell ran the script",
    "no room": "a shell ran, but no folder on the VM can be written (set by plugins.gather.collector)",
    "connection lost": "the connection or the shell ended while the script ran",
    "took too long": "the script did not end within its limit, or the whole run did not",
    "too much output": "the script printed, or its server sent, more than the limit",
    "cancelled": "the run was stopped",
    "cannot be used": "the SSH configuration or the fleet file asks for something that cannot be done",
}


class SshError(Exception):
    """A session cannot go on: the outcome, what was seen, and what to do."""

    def __init__(self, outcome: str, message: str, remedy: str, via: str = "") -> None:
        """`outcome` is a word of `OUTCOMES`; `via` names the jump host that failed."""
        super().__init__(f"{outcome}: {message}")
        self.outcome, self.message, self.remedy, self.via = outcome, message, remedy, via


class ConnectionDropped(Exception):
    """The server closed the connection before the login; sshd does that when it is busy. Worth another try."""


class FloodError(Exception):
    """The server sent more than a session has use for; the text says what."""


def flooded(label: str, error: FloodError) -> SshError:
    """The error for a server whose line was cut."""
    return SshError(
        "too much output",
        f"{label} sent {error}, and was stopped.",
        "No SSH server that works sends this much unasked: see on the VM's console which program has its SSH port.",
    )


#: One text for all hosts: it is this machine's, and one finding.
NO_DESCRIPTORS = (
    "unreachable",
    "This machine has no file descriptors left, so the VM was not asked.",
    "Raise the limit (ulimit -n 4096) and visit the VM again: --retry-unknown.",
)

CANCELLED = ("cancelled", "The run was stopped before this VM was done.", "Run it again.")


def quoted(data: bytes | str, limit: int = 80) -> str:
    """Untrusted bytes as text that is safe to show: one printable line of at most `limit` characters."""
    text = data.decode("utf-8", "backslashreplace") if isinstance(data, bytes) else data
    text = text.strip()
    shown = "".join(c if c.isprintable() and c != "\\" else c.encode("unicode_escape").decode() for c in text[:limit])
    return f"'{shown[:limit]}{'...' if len(text) > limit or len(shown) > limit else ''}'"
