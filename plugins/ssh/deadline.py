"""A time limit for each phase of a session, enforced from outside: when it is reached, the connection is cut.

paramiko blocks, and its own time-outs are per read. Cutting the connection ends every wait at once.
"""

from __future__ import annotations

import time

from plugins.ssh.dial import Connection
from plugins.ssh.errors import CANCELLED, SshError


class Deadline:
    """Cuts a connection when its phase exceeds its limit. `check` is called several times a second, from one place.

    Connecting and logging in has one limit for all its phases, retries and jump hosts: no phase may take more than is
    left of it. A limit is extended by the time that the checking loop is late: then this machine is busy, not the VM.
    """

    def __init__(self, getting_in: float = float("inf")) -> None:
        """`getting_in`: seconds from now until a shell must be open."""
        self.connection: Connection | None = None  # set later, when known
        self._phase_end = float("inf")
        self.cancelled: tuple[str, str, str] | None = None  # why: outcome, message, remedy
        self.late = False
        self.span = ""  # the current limit, for messages
        self._getting_in = getting_in
        self._latest = time.monotonic() + getting_in
        self._loop_late = self._late_before = 0.0  # seconds that the loop was late: in all, and before this phase

    @property
    def left(self) -> float:
        """The seconds left for connecting and logging in."""
        return max(0.0, self._latest + self._loop_late - time.monotonic())

    def excuse(self, seconds: float) -> None:
        """Extend the limit by time spent in a queue, which the VM did not cause."""
        self._latest += seconds

    def inside(self) -> None:
        """A shell is open: later phases have their own limits."""
        self._latest = float("inf")

    def limit(self, seconds: float) -> float:
        """Begin a phase with this limit, or the remaining time; returns the limit."""
        left = self.left
        self.span = f"{seconds:g} s" if seconds <= left else f"the {self._getting_in:g} s for connecting and logging in"
        self._late_before = self._loop_late
        self._phase_end = time.monotonic() + min(seconds, left)
        return min(seconds, left)

    def rest(self) -> None:
        """Pause the limit: the session waits in a queue."""
        self._phase_end = float("inf")

    def check(self, now: float, loop_late: float = 0.0) -> None:
        """Cut the connection if its limit is reached; `loop_late`: the delay of this call in seconds."""
        self._loop_late += loop_late
        if now > self._phase_end + self._loop_late - self._late_before and not self.late:
            self.late = True
            self._cut()

    def cancel(self, words: tuple[str, str, str] = CANCELLED) -> None:
        """End the session, because the run is over; `words` have the reason."""
        if not self.cancelled:
            self.cancelled = words
            self._cut()

    def stop(self) -> None:
        """Raise when the run was cancelled: then that is the cause of any error."""
        if self.cancelled:
            raise SshError(*self.cancelled)

    def _cut(self) -> None:
        if self.connection:
            self.connection.cut()
