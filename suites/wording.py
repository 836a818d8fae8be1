"""Text from a VM, fit for a message."""

from __future__ import annotations

__all__ = ["listed", "plain", "sentence"]


def plain(text: str) -> str:
    """What a VM said, fit for a message: on one line, printable, and not endless."""
    text = "".join(each if each.isprintable() else "?" for each in text)
    return text if len(text) <= 300 else f"{text[:300]}..."


def sentence(text: str) -> str:
    """A program's words in brackets, to stand at the end of a clause; nothing when there are none."""
    return f" ({plain(text).rstrip('.')})" if text else ""


def listed(names: list[str]) -> str:
    """``a, b and c``; at most six, then how many more."""
    shown = names[:6] + ([f"{len(names) - 6} more"] if len(names) > 6 else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
