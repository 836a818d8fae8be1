"""Every line for the terminal passes here, because it may quote a VM, Azure, a server or a file."""

from __future__ import annotations

from collections.abc import Callable

from plugins.core.sanitize import printable


def say(write: Callable[..., object], text: str, **markup: bool) -> None:
    """Write lines that are harmless, and no command to a CI server.

    `write` is ``write_line`` of pytest's reporter, ``line`` of its writer, or ``write`` of a stream. Secrets are taken
    out before, where the text is recorded.
    """
    write(printable(text), **markup)
