"""Sanitizes text from outside (a VM, Azure, a server, a file): it moves no cursor and reverses no line.

It enters the results of a run only here: reports render only `Harmless`, each in its own
format. Other outputs have one place each: the terminal (`plugins.pytest_adapter.output`), errors
(`plugins.pytest_adapter.plugin`), log records and tracebacks (`log_redaction`), node ids (`items`).

Invisible characters become the escape that a programmer would type, so that they stay evidence::

    "\\x1b[31mred\\x07"  ->  r"\\x1b[31mred\\x07"
    "abc\\u202egnp.exe"  ->  r"abc\\u202egnp.exe"
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from math import isfinite
from typing import Any, NewType

import msgspec

from plugins.core.redaction import redact

#: Default_Ignorable_Code_Point, and other code points drawn as blanks: DerivedCoreProperties.txt of Unicode 16.0.0
#: (the same 4,174 code points as the `regex` package's \p{Default_Ignorable_Code_Point}); U+2800 and U+1D159 have no
#: ink.
DEFAULT_IGNORABLE = (
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_BLANK = "\u2800\U0001d159"
# Besides: control characters (but tab and newline), line and paragraph separators, interlinear annotations, lone
# surrogates, noncharacters, and the controls of hieroglyphs. Everything that XML 1.0 forbids is included.
_PLANE_ENDS = "".join(chr(plane + 0xFFFE) + chr(plane + 0xFFFF) for plane in range(0x10000, 0x110000, 0x10000))
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\ufdd0-\ufdef\U00013430-\U0001343f"
    + DEFAULT_IGNORABLE
    + _BLANK
    + _PLANE_ENDS
    + "]"
)
_PLAIN = bytes([*b"\t\n", *range(0x20, 0x7F)])


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def escape_invisible(text: object) -> str:
    """``text`` with every invisible character escaped; newlines and tabs stay, CRLF becomes a newline."""
    words = str(text)
    if words.isascii():  # most text is printable: this test is 20 times faster than the pattern
        if words.isprintable():
            return words
        words = words.replace("\r\n", "\n")
        if not words.encode().translate(None, _PLAIN):
            return words
    return _INVISIBLE.sub(_escape, words.replace("\r\n", "\n"))


@lru_cache(8192)
def one_line(text: object) -> str:
    """``escape_invisible(text)`` on one line: runs of white space, newlines included, become one space."""
    return " ".join(escape_invisible(text).split())


#: The results of a run with all texts escaped, including names of fields: the input of reports.
Harmless = NewType("Harmless", dict[str, Any])


_CONTAINERS = (dict, list)  # Python 3.11 makes `dict | list` anew each time


def harmless(data: dict[str, Any]) -> Harmless:
    """`data`, as JSON has it, with `escape_invisible` done to every text in it, in place.

    Raises ValueError for a NaN.
    """
    waiting: list[Any] = [data]
    done: set[int] = set()  # one list may occur in many places
    known: set[str] = set()  # harmless texts: most names and commands of a fleet occur many times
    while waiting:
        inside = waiting.pop()
        if isinstance(inside, dict):
            if not known.issuperset(inside):
                renamed = {escape_invisible(name): value for name, value in inside.items()}
                known.update(renamed)
                inside.clear()
                inside.update(renamed)
            members: Iterable[tuple[Any, Any]] = inside.items()
        else:
            members = enumerate(inside)
        for place, value in members:  # no element is added or removed
            if type(value) is str:
                if value not in known:
                    inside[place] = escape_invisible(value)
                    known.add(inside[place])
            elif isinstance(value, _CONTAINERS):
                if id(value) not in done:
                    done.add(id(value))
                    if isinstance(value, dict) or inside is data or not _is_plain(value):
                        waiting.append(value)
            elif isinstance(value, tuple):
                inside[place] = list(value)
                waiting.append(inside[place])
            elif isinstance(value, float) and not isfinite(value):
                raise ValueError(f"{place!r} is {value}, which is not JSON compliant")
    return Harmless(data)


#: The escapes of JSON for what `escape_invisible` changes; a backslash before such a letter looks the same.
_ESCAPED = re.compile(rb"\\[bfru]")
_VISIBLE = bytes(range(0x7F))


def _is_plain(value: list[Any]) -> bool:
    """Whether no text in a list needs `escape_invisible`: its JSON shows it faster than a walk. If in doubt, no.

    A NaN is a null there.
    """
    try:
        raw = msgspec.json.encode(value)
    except (UnicodeError, RecursionError, TypeError, OverflowError):
        return False
    return (
        b"null" not in raw
        and not _ESCAPED.search(raw)
        and not _INVISIBLE.search(raw.translate(None, _VISIBLE).decode())
    )


def truncate(text: str, limit: int) -> str:
    """``text``, or its beginning and an ellipsis when it is longer than ``limit`` characters."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)].rstrip() + "…"


#: Characters of a message or remedy. A check's own texts have a few hundred; longer ones contain VM output.
_SENTENCES = 4_000


def message_text(text: str) -> str:
    """A message that any output may show, including a terminal: without secrets, on one line, of limited length.

    It contains no command to the CI server that reads the terminal: GitHub Actions executes a line that begins with
    ``::error``, Azure Pipelines one that holds ``##vso[`` or ``##[``. GitLab's need a carriage return and an escape.
    """
    return defuse_ci_command(truncate(one_line(redact(text)), _SENTENCES)) if text else ""


def terminal_text(text: str) -> str:
    """Lines for a terminal, such as those of an error: without secrets, harmless, and no command to a CI server."""
    return printable(redact(text))


def printable(text: str) -> str:
    """Lines for a terminal or a log file that are harmless and no command to a CI server."""
    return "\n".join(map(defuse_ci_command, escape_invisible(text).split("\n")))


@lru_cache(8192)
def case_text(name: str) -> str:
    """The name of a VM, a run or a tag for a node id or any other place: on one line, harmless."""
    return defuse_ci_command(one_line(name))


#: GitHub's commands at the beginning of a line; also within a word, because pytest wraps a long word anywhere.
_GITHUB = re.compile(
    r"^(\s*):(?=:)|(?<!\w):(?=:[\w-]+(?: [^\n]*?)?::)"
    r"|:(?=:(?i:add-|debug|echo|endgroup|error|group|internal-|notice|remove-|save-|set-|stop-|warning)[^\n]*?::)"
)


def defuse_ci_command(line: str) -> str:
    """A line that no CI server takes for a command, also when it is wrapped."""
    if "##" in line:
        line = re.sub(r"##(?=\w*\[)", "# #", line)
    return _GITHUB.sub(r"\1: ", line) if "::" in line else line


def middle_cut(text: str, limit: int) -> tuple[str, int]:
    """``text`` without its middle when it is longer than ``limit``, and the number of characters left out.

    The beginning of a log shows its context, its end the outcome: the middle matters least.
    """
    left_out = len(text) - limit
    if left_out <= 0:
        return text, 0
    head = limit * 2 // 3
    tail = limit - head
    return f"{text[:head]}\n[… {left_out:,} characters left out here …]\n{text[-tail:]}", left_out


def names(all_names: Iterable[str], show: int = 5) -> str:
    """``vm-a, vm-b and 37 more``: the first ``show`` names, each on one line and of limited length."""
    names = list(all_names)
    listed = ", ".join(truncate(one_line(name), 60) for name in names[:show])
    return f"{listed} and {len(names) - show} more" if len(names) > show else listed
