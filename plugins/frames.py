"""Reading what a VM streams back (the grammar is drawn in `plugins.batch`)."""

from __future__ import annotations

import time
from collections.abc import Callable

from plugins.batch import Batch
from plugins.model import Seen, State

__all__ = ["Decoder"]

_STATES: dict[bytes, State] = {b"e": "done", b"t": "timed out", b"x": "no tool", b"r": "no root"}


class Decoder:
    """Turns the bytes of one VM into `Seen` records, as they arrive and in whatever pieces.

    Whatever is not a frame with this batch's nonce is noise (login banners, profiles that print) and is skipped. A
    frame that breaks the grammar is dropped, so its probe counts as lost; nothing the VM sends can raise here.
    """

    def __init__(self, batch: Batch, clock: Callable[[], float] = time.time) -> None:
        self.seen: dict[str, Seen] = {}
        self.greeted = False  # a shell ran our script
        self.full = ""  # the places that could not be written, when no folder could be made
        self.complete = False
        self._batch = batch
        self._mark = b"\n" + batch.nonce.encode() + b" "
        self._clock = clock
        self._buffer = bytearray()
        self._from = 0  # where to go on looking for the next mark
        self._open: tuple[bytes, bytes] | None = None  # index and stdout of a frame whose stderr is still to come

    def feed(self, data: bytes) -> bool:
        """Take the next bytes; True when the batch is complete and the session may be closed."""
        self._buffer += data
        while not self.complete and (found := self._next_mark()):
            body, line = found
            self._take(body, line.split())
        return self.complete

    def _next_mark(self) -> tuple[bytes, bytes] | None:
        """The bytes before the next marker line, and the line's text; None until a whole line is there."""
        at = self._buffer.find(self._mark, self._from)
        if at < 0:
            self._from = max(0, len(self._buffer) - len(self._mark) + 1)
            if not self.greeted and len(self._buffer) > 65_536:
                # Noise between frames: keep only what may be the beginning of a mark.
                del self._buffer[: self._from]
                self._from = 0
            return None
        end = self._buffer.find(b"\n", at + len(self._mark))
        if end < 0:
            self._from = at
            return None
        body, line = bytes(self._buffer[:at]), bytes(self._buffer[at + len(self._mark) : end])
        # The line's own newline may be the first byte of the next mark.
        del self._buffer[:end]
        self._from = 0
        return body, line

    def _take(self, body: bytes, words: list[bytes]) -> None:
        # The newline that ended the marker line before is not part of the body.
        body = body.removeprefix(b"\n")
        if self._batch.crlf:
            # The CR at its end belongs to the newline with which the mark begins.
            body = body.replace(b"\r\n", b"\n").removesuffix(b"\r")
        match words:
            case [b"hello"]:
                self.greeted = True
            case [b"full", *places]:
                self.full = b" ".join(places).decode(errors="backslashreplace")
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
        try:
            planned = self._batch.probes[int(index) - 1] if int(index) > 0 else None
            took = max(0.0, float(end) - float(begin))
            exit_status = int(status) if state == b"e" else None
        except (ValueError, IndexError):
            return
        if planned is None or state not in _STATES:
            return
        cap = planned.cap
        self.seen[planned.key] = Seen(
            probe=planned.key,
            command=planned.command,
            state=_STATES[state],
            exit=exit_status,
            stdout=_text(stdout[:cap]),
            stderr=_text(stderr[:cap]),
            truncated=len(stdout) > cap or len(stderr) > cap,
            seconds=round(took, 2),
            received=self._clock(),
        )


def _text(data: bytes) -> str:
    """Whatever the VM printed, as text: what is not UTF-8 stays readable as \\xNN."""
    return data.decode("utf-8", errors="backslashreplace")
