"""The only output function for the terminal: a line may quote a VM, Azure, a server or a file."""

from __future__ import annotations

from collections.abc import Callable

from plugins.core.sanitize import printable


def say(write: Callable[..., object], text: str, **markup: bool) -> None:
    """Write lines that are harmless, and no command to a CI server.

    `write` is ``write_line`` of pytest's reporter, ``line`` of its writer, or ``write`` of a stream. Secrets are
    redacted earlier, when the text is recorded.
    """
    write(printable(text), **markup)
