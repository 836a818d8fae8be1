"""Kinds of probe for both engines: one table for test_engine.py and test_windows_engine.py.

The kinds for only one system are in engine_kinds.py and test_windows_engine.py.
"""

from __future__ import annotations

from typing import NamedTuple

from plugins.checks.quoting import tool
from tests.support.powershell import KILLED, SH

ANY = None
SOME_ERROR = frozenset(range(1, 256))

#: State, exit status and stdout. A status may be a set; None matches anything.
Answer = tuple[str, int | frozenset[int] | None, str | None]

LATE: Answer = ("timed out", None, "")


class Kind(NamedTuple):
    """A kind of probe, and its expected answer on both systems."""

    promise: str  # in the tables of docs/engine.md and docs/windows.md
    name: str
    linux: str  # text for sh
    windows: str | None  # text for PowerShell; None: not possible there
    answer: Answer


def program(text: str) -> str:
    """PowerShell's command to start a program that does this, as an example of any Windows program."""
    return tool(SH, "-c", text)


_STATUS = "A status is the probe's own; success is never assumed."
_OWN = "A probe cannot change another probe or the engine."
_OUTPUT = "No output reaches another probe's answer."
_LATE = "A late probe is stopped with all its descendants."

#: Programs that do the same on both systems: promise, name, text for sh, answer.
_PROGRAMS: list[tuple[str, str, str, Answer]] = [
    (_STATUS, "a program's status", "sh -c 'exit 7'", ("done", 7, "")),
    (_STATUS, "a program is killed", "sh -c 'kill -9 $$'", ("done", KILLED, "")),
    (_OUTPUT, "many line feeds", "printf '\\n\\n\\n'", ("done", 0, "\n\n\n")),
    (_OUTPUT, "a frame of another run", "printf '\\nNEXUS o 1\\n\\nNEXUS end\\n'", ("done", 0, ANY)),
    (_OUTPUT, "not ASCII", "printf 'gr\\303\\266\\303\\237er\\n'", ("done", 0, "größer\n")),
    (_OUTPUT, "stdin is empty", "cat; echo a", ("done", 0, "a\n")),
    (_LATE, "late", "echo a; sleep 77", ("timed out", None, "a\n")),
    (_LATE, "late and deaf", "trap '' TERM INT HUP; sleep 77", LATE),
    (_LATE, "late with a child", "sleep 77 & sleep 77", LATE),
    (_LATE, "late pipeline", "sleep 77 | sleep 77 | sleep 77", LATE),
]

KINDS: list[Kind] = [
    *(Kind(promise, name, text, program(text), answer) for promise, name, text, answer in _PROGRAMS),
    Kind(_STATUS, "empty", "", "", ("done", 0, "")),
    Kind(_STATUS, "a comment", "# nothing", "# nothing", ("done", 0, "")),
    Kind(_STATUS, "exit 7", "exit 7; echo a", "exit 7; 'a'", ("done", 7, "")),
    Kind(_STATUS, "half a command", "if true; then echo a", "if (", ("done", SOME_ERROR, "")),
    Kind(
        _STATUS,
        "an error ends it",
        "echo a; : ${a?gone}; echo b",
        "'a'; throw 'gone'; 'b'",
        ("done", SOME_ERROR, "a\n"),
    ),
    Kind(_STATUS, "the last one fails", "echo a; false", f"'a'; {program('exit 1')}", ("done", 1, "a\n")),
    Kind(
        _STATUS, "the first one fails", "false; echo a", f"{program('exit 1')}; {program('echo a')}", ("done", 0, "a\n")
    ),
    Kind(_OWN, "changes PATH", "PATH=/nowhere; echo a", "$env:PATH = ''; 'a'", ("done", 0, "a\n")),
    Kind(
        _OWN,
        "changes the folder",
        "cd /proc; echo a",
        "[Environment]::CurrentDirectory = '/proc'; 'a'",
        ("done", 0, "a\n"),
    ),
    Kind(
        _OWN,
        "names of the engine",
        "room=/ N=x i=9 status=0 pending= ready=x sending=x first=0; echo a",
        "$err = 5; $out = 6; $cap = 'x'; $box = 1; $slot = $null; $nonce = 'x'; 'a'",
        ("done", 0, "a\n"),
    ),
    Kind(_OUTPUT, "NUL", "printf 'a\\000b\\n'", "'a' + [char]0 + 'b'", ("done", 0, "a\0b\n")),
    Kind(_LATE, "late and busy", "while :; do :; done", "while ($true) { }", LATE),
]
