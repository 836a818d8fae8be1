"""One script over one exec channel: sends stdin while it reads stdout and stderr, until the sink is complete."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

from paramiko import Channel
from paramiko.ssh_exception import SSHException

from plugins.core.clixml import plain_errors
from plugins.ssh.deadline import Deadline
from plugins.ssh.errors import FloodError, SshError, flooded, quoted
from plugins.ssh.shell_command import INCOMPLETE
from plugins.ssh.transport import SshTransport

# 'exec' is not recognized as an internal or external command       (cmd.exe)
# exec : The term 'exec' is not recognized as the name of a cmdlet  (PowerShell)
# 'powershell.exe' is not recognized as an internal or external command
_WINDOWS_SAYS = b"is not recognized as"
_ANOTHER_SHELL = (
    "This is a Windows VM: write 'os: windows' for it in the fleet file. If it is there, check that powershell.exe is "
    "on its PATH."
)

_CHUNK = 32_768
_FIRST = 16_384  # bytes: PowerShell writes 700 bytes of progress before an error
_GONE = (OSError, EOFError, SSHException)  # what paramiko raises when the connection ends under a call
_TICK = 2.0  # seconds between two reads of stderr while stdout is silent
_FAREWELL = 1.0  # seconds for an exit status after the end of the output
_BUSY_TICK = 0.01  # the same while a part of the script is unsent, or stderr is not silent
#: A start-up file that reads all of stdin waits for its end. It gets the end after this part of the limit, if no script
#: runs by then; a script that starts later finds stdin at its end, and ignores it.
_PATIENCE = 0.3


class Program(Protocol):
    """The command and script to run on a VM."""

    @property
    def command(self) -> str:
        """The command for sshd."""

    @property
    def script(self) -> bytes:
        """Its standard input, which stays open during the run: its end signals a lost connection."""

    @property
    def advice(self) -> Mapping[int | None, str]:
        """Remedies by exit status, when it ends before the sink is complete; None: any other status."""


class Sink(Protocol):
    """The receiving end of one VM's script."""

    @property
    def started(self) -> bool:
        """Whether the script has reported that it runs."""

    def feed(self, data: bytes) -> bool:
        """Take stdout bytes as they arrive; True = complete, the session may be closed."""

    def feed_stderr(self, data: bytes) -> None:
        """Take stderr bytes as they arrive."""


def open_shell(transport: SshTransport, label: str, deadline: Deadline, limit: float, command: str) -> Channel:
    """An exec channel with a shell, started by `command`, that waits for its script. Raises `SshError`."""
    deadline.limit(limit)
    channel: Channel | None = None
    try:
        channel = transport.open_session(timeout=float("inf"))  # the deadline limits it
        channel.exec_command(command)
    except FloodError as error:
        raise flooded(label, error) from None
    except Exception:  # paramiko passes on any exception of its thread
        deadline.stop()
        if refusal := transport.refusal():
            what = f"refused to open a session ({quoted(refusal[1])})"
        elif deadline.late:
            what = f"did not answer the request to start a shell within {deadline.span}"
        elif transport.is_active():
            what = "refused to run a command"
        else:
            raise _lost(label, f"before the script started{_last_words(transport)}") from None
        raise SshError(
            "shell refused",
            f"The login worked, but {label} {what}.",
            "Use a user and a key that may run commands (MaxSessions, PermitOpen, command= and restrict on the VM).",
        ) from None
    return channel


def run_script(
    transport: SshTransport,
    channel: Channel,
    label: str,
    program: Program,
    sink: Sink,
    deadline: Deadline,
    limit: float,
    max_bytes: int,
) -> None:
    """Feed the script and the sink. Returns when the sink is complete; raises `SshError` for any other end."""
    deadline.inside()
    deadline.limit(limit)
    began = time.monotonic()
    exchange = _Exchange(channel, program.script, sink, patience=limit * _PATIENCE)
    while not (exchange.ended or deadline.cancelled or deadline.late):
        if exchange.step():
            return
        if exchange.received > max_bytes:
            raise SshError(
                "too much output",
                f"{label} printed more than {max_bytes:,} bytes, and the session was ended.",
                "Find out what floods the login shell (profile scripts, a forced command), or a probe without a limit.",
            )
    deadline.stop()
    if deadline.late:
        raise SshError(
            "took too long",
            f"The script on {label} did not finish within {limit:g} s; {exchange.received:,} bytes had arrived.",
            "Find out what hangs on the VM (load, a dead mount, a hanging DNS), or raise the limit.",
        )
    if isinstance(transport.saved_exception, FloodError):
        raise flooded(label, transport.saved_exception)
    when = f"after {time.monotonic() - began:.1f} s and {exchange.received:,} bytes{_last_words(transport)}"
    raise _ended(channel, label, program, exchange.last if sink.started else exchange.first) or _lost(label, when)


class _Exchange:
    """The script on its way to the VM, and the output on its way to the sink."""

    def __init__(self, channel: Channel, script: bytes, sink: Sink, patience: float) -> None:
        self.received = 0  # bytes
        self.first = b""  # the first output, for the message when no shell starts
        self.last = b""  # the shell's last errors
        self.ended = False
        self._channel, self._sink = channel, sink
        self._unsent, self._stdin_open = memoryview(script), True
        self._patience_ends = time.monotonic() + patience
        self._busy = False

    def step(self) -> bool:
        """Send what the VM accepts, and wait a moment for output; True: the sink is complete."""
        self._unsent = _send(self._channel, self._unsent)
        if self._stdin_open and not self._unsent and not self._sink.started and time.monotonic() >= self._patience_ends:
            self._stdin_open = False
            with suppress(*_GONE):
                self._channel.shutdown_write()
        self._channel.settimeout(_BUSY_TICK if self._unsent or self._busy else _TICK)
        data, errors = _receive(self._channel)
        self.ended = data == b""
        output = (data or b"") + errors
        self.received += len(output)
        if len(self.first) < _FIRST:
            self.first += output
        self._busy = bool(errors)
        if errors:
            self._sink.feed_stderr(errors)
            self.last = (self.last + errors)[-400:]
        complete = bool(data) and self._sink.feed(data or b"")
        if complete and self._channel.recv_stderr_ready():
            self._sink.feed_stderr(self._channel.recv_stderr(_CHUNK))
        return complete


def _receive(channel: Channel) -> tuple[bytes | None, bytes]:
    """The next bytes of stdout (None: nothing yet, b"": it has ended) and of stderr."""
    data: bytes | None = None
    errors = b""
    try:
        if channel.recv_stderr_ready():
            errors = channel.recv_stderr(_CHUNK)
        data = channel.recv(_CHUNK)
    except TimeoutError:
        pass
    except _GONE:
        data = b""
    return data, errors


def _send(channel: Channel, unsent: memoryview) -> memoryview:
    """Send as much as the VM accepts now: it may wait for us to read before it reads."""
    while unsent and channel.send_ready():
        try:
            unsent = unsent[channel.send(unsent[:_CHUNK].tobytes()) :]
        except _GONE:  # reading shows the reason
            return unsent[:0]
    return unsent


def _ended(channel: Channel, label: str, program: Program, first: bytes) -> SshError | None:
    """The error when the shell ended before the sink was complete; None: the connection ended."""
    channel.status_event.wait(_FAREWELL)  # the exit status may arrive shortly after the end of the output
    channel.settimeout(0)
    while channel.recv_stderr_ready() and len(first) < _FIRST:
        first += _receive(channel)[1]
    if not channel.exit_status_ready() or channel.exit_status < 0:
        return None
    words = plain_errors(first.decode("utf-8", "backslashreplace"))
    output = f" It printed {quoted(words, 200)}." if words.strip() else " It printed nothing."
    status = channel.exit_status
    what = f"its shell ended with status {status} before the script did"
    if status == INCOMPLETE:
        what = "the script did not reach its shell completely, so none of it ran"
    advice = _ANOTHER_SHELL if _WINDOWS_SAYS in first else program.advice.get(status, program.advice[None])
    return SshError("shell refused", f"The login to {label} worked, but {what}.{output}", advice)


def _last_words(transport: SshTransport) -> str:
    return f", with the message {quoted(transport.farewell)}" if transport.farewell else ""


def _lost(label: str, when: str) -> SshError:
    return SshError(
        "connection lost",
        f"The session on {label} ended {when}.",
        "Check whether the VM restarted, or sshd or the script's shell was stopped there; then run again.",
    )
