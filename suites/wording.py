"""Text from a VM, for a message."""

from __future__ import annotations


def plain(text: str) -> str:
    """VM output for a message: one line, printable, limited in length."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else "?" for char in text)
    return text if len(text) <= 300 else f"{text[:300]}..."


_ESCAPES = {"\r": r"\r", "\t": r"\t", "\n": r"\n"}


def visible(text: str) -> str:
    r"""A value of a VM for a message: unprintable characters are escaped (``\r``, ``\x1b``, ``\u200b``)."""
    return plain(text if text.isprintable() else "".join(c if c.isprintable() else _escape(c) for c in text))


def _escape(character: str) -> str:
    code = ord(character)
    return _ESCAPES.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


_NAMES = {" ": "a blank", "\r": r"a carriage return (\r)", "\t": r"a tab (\t)", "\n": r"a line break (\n)"}


def character_name(character: str) -> str:
    """The name of white space or an unprintable character."""
    return _NAMES.get(character, f"a character that cannot be printed (U+{ord(character):04X})")


def last_line(text: str) -> str:
    """The last line that is not blank, for a message; "" without one."""
    lines = text.strip().splitlines()
    return plain(lines[-1].strip()) if lines else ""


def sentence(text: str) -> str:
    """A program's output in brackets, for the end of a clause; "" without output."""
    return f" ({plain(text).rstrip('.')})" if text else ""


def listed(names: list[str]) -> str:
    """``a, b and c``; at most six, then the number of others."""
    shown = names[:6] + ([f"{len(names) - 6} more"] if len(names) > 6 else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
