"""Decodes the stream of a VM (`plugins.gather.script` describes the grammar)."""

from __future__ import annotations

import codecs
import re
import time
from collections import deque
from collections.abc import Callable

from plugins.gather.script import PLACES, VmScript
from plugins.model import ProbeResult, ProbeState

_STATES: dict[bytes, ProbeState] = {b"e": "done", b"t": "timed out", b"x": "no tool", b"r": "no root"}

#: Why an engine runs nothing: the message and the remedy for each of its codes.
REFUSALS = {
    "noproc": (
        "/proc is not mounted on the VM, so no probe was started: none could be stopped safely.",
        "Mount it (mount -t proc proc /proc), or use a login that is not confined to a chroot without it.",
    ),
    "processes": (
        "The login may start too few processes on the VM, so no probe was started.",
        "Raise its limit: ulimit -u; nproc in /etc/security/limits.conf; TasksMax= of its systemd slice.",
    ),
    "files": (
        "The login may open too few files on the VM, so no probe was started.",
        "Raise its limit: ulimit -n; nofile in /etc/security/limits.conf.",
    ),
}

#: A marker line is shorter than this; a longer line is not a frame.
_LONGEST = 512

#: The capacity of a pipe, in bytes. A probe that printed more waited until it was stopped: it did not time out, and its
#: status is that of a program whose output is not read.
_PIPE, _FLOOD = 65_536, b"141"

#: The numbers of a frame, as the engines print them. `int` and `float` also accept `nan`, `1_0` and
#: thousands of digits: a VM that knows its own nonce must not get such a number into a report.
_WHOLE = re.compile(rb"\d{1,9}")
_STATUS = re.compile(rb"-?\d{1,10}")  # Windows has statuses of 32 bits, with a sign
_SECONDS = re.compile(rb"\d{1,10}(?:\.\d{1,9})?")


class FrameDecoder:
    """Decodes the bytes of one VM to `ProbeResult` records, in pieces of any size, as they arrive.

    Everything but frames with this script's nonce is noise (login banners, profiles that print) and is skipped. A
    frame that breaks the grammar is dropped, so its probe counts as lost; no input raises.
    """

    def __init__(self, batch: VmScript, clock: Callable[[], float] = time.time) -> None:
        self.results: dict[str, ProbeResult] = {}
        self.greeted = False  # a shell ran our script
        self.full = ""  # the places that are not writable, when no folder could be made
        self.refused = ""  # why nothing was run: a key of `REFUSALS`
        self.complete = False
        self._batch = batch
        self._mark = b"\n" + batch.nonce.encode() + b" "
        self._clock = clock
        self._buffer = bytearray()
        self._begin = 0  # bytes before it have been consumed
        self._from = 0  # where to continue the search for the next mark
        self._open: tuple[bytes, bytes] | None = None  # index and stdout of a frame whose stderr is pending
        self._printed: deque[bytes] = deque()  # outputs whose frames are pending

    def feed(self, data: bytes) -> bool:
        """Take the next bytes; True when the answer is complete and the session may be closed."""
        self._buffer += data
        while not self.complete and (mark := self._next_mark()):
            body, line = mark
            self._take(body, line.split())
        if self._begin:  # once for each piece, not for each mark in it
            del self._buffer[: self._begin]
            self._from -= self._begin
            self._begin = 0
        return self.complete

    def _next_mark(self) -> tuple[bytes, bytes] | None:
        """The bytes before the next marker line, and the line's text; None until a whole line has arrived."""
        at = self._buffer.find(self._mark, self._from)
        if at < 0:
            self._from = max(self._begin, len(self._buffer) - len(self._mark) + 1)
            if not self.greeted and len(self._buffer) > 65_536:
                # Noise between frames: keep only a possible beginning of a mark.
                self._begin = self._from
            return None
        end = self._buffer.find(b"\n", at + len(self._mark), at + len(self._mark) + _LONGEST)
        if end < 0:
            if len(self._buffer) < at + len(self._mark) + _LONGEST:
                self._from = at
                return None
            end = at + len(self._mark)  # a line without an end is not a marker; search it again
        with memoryview(self._buffer) as view:
            body, line = bytes(view[self._begin : at]), bytes(view[at + len(self._mark) : end])
        # The line's own newline may be the first byte of the next mark.
        self._begin = self._from = end
        return body, line

    def _take(self, body: bytes, words: list[bytes]) -> None:
        # The newline that ends the previous marker line is not part of the body.
        body = body.removeprefix(b"\n")
        if self._batch.crlf:
            # The CR at its end belongs to the newline with which the mark begins.
            body = body.replace(b"\r\n", b"\n").removesuffix(b"\r")
        match words:
            case [b"hello"]:
                self.greeted = True
            case [b"full", *_]:
                self.full = " ".join(place.strip('"') for place in PLACES)
            case [word] if (reason := word.decode("ascii", "replace")) in REFUSALS:
                self.refused = reason
            case [b"b"]:
                self._printed.clear()
            case [b"s"] if len(self._printed) < 2 * len(self._batch.probes):
                self._printed.append(body[: _PIPE + 1])
            case [b"f", index, state, status, begin, end] if len(self._printed) > 1:
                self._close(index, state, status, begin, end, self._printed.popleft(), self._printed.popleft())
            case [b"end"]:
                self.complete = True
            case [b"o", index]:
                self._open = index, body
            case [b"e", index, state, status, begin, end] if self._open is not None and self._open[0] == index:
                self._close(index, state, status, begin, end, self._open[1], body)
                self._open = None
            case _:
                self._open = None

    def _close(
        self, index: bytes, state: bytes, status: bytes, begin: bytes, end: bytes, stdout: bytes, stderr: bytes
    ) -> None:
        if state not in _STATES or not all(map(_SECONDS.fullmatch, (begin, end))) or not _WHOLE.fullmatch(index):
            return
        if not 1 <= int(index) <= len(self._batch.probes) or (state == b"e" and not _STATUS.fullmatch(status)):
            return
        if state == b"t" and max(len(stdout), len(stderr)) >= _PIPE:
            state, status = b"e", _FLOOD
        planned = self._batch.probes[int(index) - 1]
        cap = planned.cap
        self.results[planned.key] = ProbeResult(
            probe=planned.key,
            command=planned.command,
            state=_STATES[state],
            exit=int(status) if state in b"er" and _STATUS.fullmatch(status) else None,
            stdout=_text(stdout, cap),
            stderr=_text(stderr, cap),
            truncated=len(stdout) > cap or len(stderr) > cap,
            seconds=round(max(0.0, float(end) - float(begin)), 2),
            received=self._clock(),
        )


def _text(data: bytes, cap: int) -> str:
    """VM output as text, cut between characters: invalid UTF-8 is shown as \\xNN."""
    return _UTF8("backslashreplace").decode(data[:cap], final=len(data) <= cap)


_UTF8 = codecs.getincrementaldecoder("utf-8")
