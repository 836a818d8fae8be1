"""Outcomes of a jump host's answers, and of answers to the request for a shell; without a server."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from paramiko import SSHException

from plugins.ssh.deadline import Deadline
from plugins.ssh.errors import ConnectionDropped, FloodError, SshError
from plugins.ssh.exec import _receive, open_shell
from plugins.ssh.jump import open_way
from tests.support.ssh_sentences import is_known
from tests.support.sshd import hop_of


class Channel:
    """A channel that receives these pieces; an exception among them is raised."""

    def __init__(self, *pieces: Any) -> None:
        self.pieces = list(pieces)
        self.closed = False

    def recv(self, most: int) -> bytes:
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, Exception):
            raise piece
        return bytes(piece)

    def close(self) -> None:
        self.closed = True


def _way(opened: Any, *, refused: Any = None, active: bool = True, late: bool = False) -> Any:
    """The outcome of a jump host with this answer to the request for a channel."""
    deadline = Deadline()

    def open_channel(kind: str, to: tuple[str, int], source: tuple[str, int], timeout: float) -> Any:
        assert (kind, to, source) == ("direct-tcpip", ("vm-a", 22), ("127.0.0.1", 0))
        if isinstance(opened, Exception):
            raise opened
        deadline.late = late
        return opened

    jump: Any = SimpleNamespace(open_channel=open_channel, refusal=lambda: refused, is_active=lambda: active)
    return open_way(jump, "gw@gw:22", hop_of(), 7, deadline)


@pytest.mark.parametrize(
    ("refused", "active", "expected"),
    [
        (
            (1, "administratively prohibited"),
            True,
            (
                "jump host failed",
                "The jump host gw@gw:22 does not forward to vm-a:22: 'administratively prohibited'.",
                "Allow it in the jump host's sshd_config (AllowTcpForwarding, PermitOpen).",
            ),
        ),
        (
            None,
            True,
            (
                "timed out",
                "vm-a port 22 did not answer the jump host gw@gw:22 within 7 s.",
                "Check whether the VM runs and whether the jump host may reach it.",
            ),
        ),
        (
            None,
            False,
            (
                "jump host failed",
                "The connection to the jump host gw@gw:22 was lost while the VMs behind it were visited.",
                "Check whether the jump host runs and can be reached, then visit these VMs again: --retry-unknown.",
            ),
        ),
    ],
)
def test_a_jump_host_that_opens_no_channel(refused: Any, active: bool, expected: tuple[str, str, str]) -> None:
    with pytest.raises(SshError) as failed:
        _way(SSHException(), refused=refused, active=active)
    error = failed.value
    assert ((error.outcome, error.message, error.remedy), error.via) == (expected, "gw@gw:22")


def test_of_a_vm_behind_a_jump_host_the_banner_alone_is_read() -> None:
    channel = Channel(*(bytes([byte]) for byte in b"welcome\r\nSSH-2.0-x\r\n"), b"for paramiko")
    assert _way(channel).banner == "SSH-2.0-x"
    assert (channel.pieces, channel.closed) == ([b"for paramiko"], False)


@pytest.mark.parametrize(
    ("pieces", "late", "says"),
    [
        ([], True, "silent: vm-a port 22 accepted the connection, but sent no SSH banner within 7 s."),
        ([], False, "closed the connection before its banner"),
        ([b"x", OSError("gone")], False, "gone"),
    ],
)
def test_a_vm_behind_a_jump_host_that_shows_no_banner(pieces: list[Any], late: bool, says: str) -> None:
    channel = Channel(*pieces)
    with pytest.raises((SshError, ConnectionDropped, OSError)) as failed:
        _way(channel, late=late)
    assert (str(failed.value), channel.closed) == (says, True)


def test_what_began_with_something_else_until_its_time_was_over_is_not_ssh() -> None:
    deadline = Deadline()

    class Late(Channel):
        def recv(self, most: int) -> bytes:
            deadline.late = len(self.pieces) == 1
            return super().recv(most)

    jump: Any = SimpleNamespace(open_channel=lambda *_, **__: Late(b"x", b"y", b""))
    with pytest.raises(SshError, match=r"not ssh: vm-a port 22 answered 'xy', not 'SSH-2.0-\.\.\.'\."):
        open_way(jump, "gw@gw:22", hop_of(), 7, deadline)


@pytest.mark.parametrize(
    ("error", "refused", "late", "active", "expected"),
    [
        (
            FloodError("5 extensions"),
            None,
            False,
            True,
            ("too much output", "u@vm-a:22 sent 5 extensions, and was disconnected."),
        ),
        (
            SSHException(),
            (4, "no more"),
            False,
            True,
            ("shell refused", "The login worked, but u@vm-a:22 refused to open a session ('no more')."),
        ),
        (
            SSHException(),
            None,
            True,
            True,
            (
                "shell refused",
                "The login worked, but u@vm-a:22 did not answer the request to start a shell within 7 s.",
            ),
        ),
        (
            SSHException(),
            None,
            False,
            True,
            ("shell refused", "The login worked, but u@vm-a:22 refused to run a command."),
        ),
        (
            SSHException(),
            None,
            False,
            False,
            ("connection lost", "The session on u@vm-a:22 ended before the script started, with the message 'bye'."),
        ),
    ],
)
def test_a_shell_that_does_not_open(
    error: Exception, refused: Any, late: bool, active: bool, expected: tuple[str, str]
) -> None:
    deadline = Deadline()

    def run(command: str) -> None:
        assert command == "sh"
        deadline.late = late
        raise error

    channel = SimpleNamespace(exec_command=run)
    transport: Any = SimpleNamespace(
        open_session=lambda timeout: channel, refusal=lambda: refused, is_active=lambda: active, farewell="bye"
    )
    with pytest.raises(SshError) as failed:
        open_shell(transport, "u@vm-a:22", deadline, 7, "sh")
    assert (failed.value.outcome, failed.value.message) == expected
    assert is_known(*expected, failed.value.remedy)


def test_a_shell_that_opens() -> None:
    commands: list[str] = []
    channel = SimpleNamespace(exec_command=commands.append)
    transport: Any = SimpleNamespace(open_session=lambda timeout: channel)
    shell: Any = open_shell(transport, "u@vm-a:22", Deadline(), 7, "sh")
    assert (shell, commands) == (channel, ["sh"])


@pytest.mark.parametrize(
    ("errors", "data", "expected"),
    [
        (None, b"x", (b"x", b"")),
        (b"e", b"x", (b"x", b"e")),
        (b"e", TimeoutError(), (None, b"e")),
        (b"e", OSError(), (b"", b"e")),
        (None, EOFError(), (b"", b"")),
        (None, SSHException(), (b"", b"")),
    ],
)
def test_what_has_come_of_a_script(errors: bytes | None, data: Any, expected: tuple[bytes | None, bytes]) -> None:
    channel: Any = Channel(data)
    channel.recv_stderr_ready = lambda: errors is not None
    channel.recv_stderr = lambda most: errors
    assert _receive(channel) == expected
