"""Formats a one-line command for reading: as a here-document for the guest's shell, or with a line per option.

::

    ssh -- web-02 'sudo sh -s' <<'FIX'          sudo sh -c '...' of the one-line command
    {                                           read as a whole before any of it runs: no command in it
      set -f                                    gets the rest of the script on its stdin
      for v in HTTPS_PROXY https_proxy; do
        ...
      done
    }
    FIX

Only blanks outside of quotes become line breaks, where the grammar of sh allows one. The text on the
left of ``<<`` is plain words, which every login shell reads: csh and fish have no ``if ... fi``.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

_WIDTH = 100  # characters: a shorter command stays on its line

#: A quoted text, an expansion, an escaped character: opaque. Then what ends a line, and anything else.
_QUOTED = r"""'[^']*'|"(?:\\.|[^"\\])*\""""
_TOKENS = re.compile(rf"""{_QUOTED}|\\.|\$\((?:{_QUOTED}|[^()'"])*\)|;; |; |&& |[\w./:=@,-]+|.""", re.S)
_OPEN, _CLOSE = ("do", "then", "else", "{"), ("done", "fi", "esac", "}", "else", "elif")


def laid_out(command: str) -> str:
    """`command` for a script: the same words, in readable lines."""
    if len(command) <= _WIDTH:
        return command
    words = _words(command)
    if words is None:  # operators, at the operator's own shell
        return "\n".join(_lines(command))
    if words[0] == "ssh" and words[-3:-2] == ["--"]:
        return _here_document(words[:-1], words[-1])
    return _options(words)


#: A word as `shlex.quote` writes it.
_WORD = re.compile(r"""'(?:[^']|'"'"')*'|[^ ']+""")


def _words(command: str) -> list[str] | None:
    """The words of a command that `shlex.join` made; None for any other command."""
    words = [word[1:-1].replace("'\"'\"'", "'") if word[0] == "'" else word for word in _WORD.findall(command)]
    return words if shlex.join(words) == command else None


def _here_document(login: Sequence[str], guest: str) -> str:
    """``ssh -- HOST 'sudo sh -s'`` with the script on its stdin."""
    shell, script = ["sh", "-s"], guest
    words = _words(guest)
    if words is not None:
        if words[:3] != ["sudo", "sh", "-c"] or len(words) != 4:
            return _options([*login, guest])
        shell, script = ["sudo", "sh", "-s"], words[3]
    body = ["{", *(f"  {line}" for line in _lines(script)), "}"]
    mark = next(mark for mark in ("FIX", *(f"FIX{number}" for number in range(len(body) + 1))) if mark not in script)
    return "\n".join([f"{shlex.join([*login, shlex.join(shell)])} <<'{mark}'", *body, mark])


def _options(words: Sequence[str]) -> str:
    """A line for each option of a long command; a long word in pieces, each quoted, which the shell joins again."""
    lines = [""]
    for word in words:
        if word.startswith("--") and word != "--" and lines[-1]:
            lines.append("")
        lines[-1] += f"{' ' if lines[-1] else ''}{_pieces(word)}"
    return " \\\n  ".join(lines)


def _pieces(word: str) -> str:
    if len(word) <= _WIDTH:
        return shlex.quote(word)
    pieces = [""]
    for part in re.findall(r"[^,]*,|[^,]+", word):
        if pieces[-1] and len(pieces[-1]) + len(part) > _WIDTH:
            pieces.append("")
        pieces[-1] += part
    return "\\\n".join(map(shlex.quote, pieces))


def _lines(script: str) -> list[str]:
    """A script of one line as several, indented: a break after a command and after each word that opens a block."""
    lines, line, depth = [], "", 0
    tokens = [token[0] for token in _TOKENS.finditer(script)]
    if not {"'", '"', "`", "#"}.isdisjoint(tokens):  # the end of a quoted text is not certain
        return [script]
    for number, token in enumerate(tokens):
        if token == "; " and not re.match(r"(do|then)\b", "".join(tokens[number + 1 : number + 6])):
            ends = True  # the newline takes the place of the semicolon
        elif token in (";; ", "&& "):
            ends, line = True, line + token.rstrip()
        elif token == " " and (line.rpartition(" ")[2] in _OPEN or re.match(r"case .* in\Z", line)):
            ends = True
        else:
            ends, line = False, line + token
        if ends or number == len(tokens) - 1:
            first, last = line.split(" ")[0], line.split(" ")[-1]
            depth -= first in _CLOSE
            lines.append("  " * depth + line)
            depth += last in _OPEN or (line.startswith("case ") and last == "in")
            line = ""
    return lines
