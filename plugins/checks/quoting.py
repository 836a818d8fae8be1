"""Quotes the values in commands, for a POSIX shell or PowerShell. No value gets into a command unquoted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from shlex import quote
from subprocess import list2cmdline

__all__ = ["ps", "quote", "tool"]

#: PowerShell also treats typographic quotes as quotes.
_QUOTES = re.compile("['\u2018\u2019\u201a\u201b]")


def ps(text: str) -> str:
    """A text as a single-quoted string of PowerShell, in which only quotes are special."""
    if "\0" in text:
        raise ValueError(f"{text!r} has a NUL in it, which no command on Windows can carry")
    return "'" + _QUOTES.sub(r"\g<0>\g<0>", text) + "'"


def tool(name: str, *arguments: str, without: Sequence[str] = ()) -> str:
    """The PowerShell text that runs a program (`Invoke-Tool` of gather/probe.ps1), without some environment variables.

    The arguments become one command line here, by the rules of Microsoft's C runtime: Windows PowerShell 5.1 drops
    quotes when it makes one itself.
    """
    text = f"Invoke-Tool {ps(name)} {ps(list2cmdline(arguments))}"
    return f"{text} @({', '.join(map(ps, without))})" if without else text
