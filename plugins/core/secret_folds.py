r"""Lines that hold another text: with ``\n`` for its ends of line, as a list of a command's words, or in another code.

::

    user-data: '#cloud-config\npassword: x\n'      \u003cpassword\u003ex\u003c/password\u003e
    Running command ['useradd', 'anna', '--password', 'x']      ["mysql", "-u", "root", "-px"]      [curl, -u, 'a:x']
    proctitle=6D7973716C002D7078 of auditd      powershell -enc cABhAHMAcwA9AHgA      echo cGFzcz14 | base64 -d
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import NamedTuple


class Fold(NamedTuple):
    """A text that a line holds from its place `first` on."""

    first: int
    plain: str
    width: int = 1  # of the line's characters for one of the text's; 0: any part stands for the whole
    length: int = 0  # of the whole

    def place(self, at: int, start: int, end: int) -> tuple[int, int]:
        """Where a part of the text is, in a line that begins at `at`."""
        begin = at + self.first
        return (begin + start * self.width, begin + end * self.width) if self.width else (begin, begin + self.length)


#: a0="curl" a1="-u" a2="anna:x" of auditd
_EXECVE = re.compile(r"\ba\d{1,2}=(?=\"[^\"\n]*\")")
_LIST = re.compile(
    r"(?:-ArgumentList[ \t]+(?:[\"'][^\"'\n]*[\"'],[ \t]*)+[\"'][^\"'\n]*[\"'])|\[(?=[^\[\]{}\n]{0,400}(?:"
    r"[\"'],|, *-|,[\"']))[^\[\]{}\n]{3,4000}\]"
)
_ITEM = re.compile(r"(?P<q>\\*[\"'])(?P<word>[\w./:=@+,%~-]+)(?P=q)(?=[\], \t\n]|\Z)|(?<=[\"'\w]),(?=[ \"'])")
#: < > & ' " = as JSON writes them
_ESCAPED = re.compile(r"\\{1,4}u00(3[cCdDeE]|2[267])")
_HEX = re.compile(r"\b(?:proctitle|cmd|a\d{1,2})=(?P<code>(?:[0-9A-F]{2}){6,})(?![0-9A-Za-z])")
_BASE64 = re.compile(
    r"(?i:-e(?:nc(?:odedcommand)?)?[ \t]+[\"']?)(?P<wide>[A-Za-z0-9+/]{16,}={0,2})"
    r"|\b(?:echo|printf)[ \t]+(?:-n[ \t]+)?[\"']?(?P<code>[A-Za-z0-9+/]{12,}={0,2})[\"']?[ \t]*\|[ \t]*base64[ \t]+-"
)

#: What stands between the items of a list.
_BETWEEN = ("',", '",', ", -")
_CODES = ("proctitle=", " cmd=", "EXECVE", "-enc", "-Enc", "-ENC", "base64")
_CODED = re.compile("|".join(_CODES))


def folding(lines: list[str]) -> dict[str, list[Fold]]:
    """The lines that hold another text, with `folds`."""
    together = "\n".join(lines)
    coded = any(code in together for code in _CODES)
    some = [
        line
        for line in lines
        if "[" in line or "\\n" in line or "\\u00" in line or "-ArgumentList" in line or (coded and _CODED.search(line))
    ]
    return {line: texts for line in some if (texts := folds(line, coded))}


def folds(line: str, coded: bool) -> list[Fold]:
    r"""The texts that `line` holds, each with its place: newlines for ``\n``, blanks between words.

    `coded` is false when the line is known to hold no code.
    """
    texts = list(_decoded(line)) if coded and _CODED.search(line) else []
    if "\\n" in line or "\\u00" in line:
        whole = re.sub(r"(?:\\+r)?\\+n", lambda at: " " * (len(at[0]) - 1) + "\n", line)
        whole = _ESCAPED.sub(lambda at: " " * (len(at[0]) - 1) + chr(int(at[1], 16)), whole)
        return [*texts, Fold(0, _LIST.sub(lambda found: _ITEM.sub(_bare, found[0]), whole))]
    if "EXECVE" in line:
        return [*texts, Fold(0, _ITEM.sub(_bare, _EXECVE.sub(lambda at: " " * len(at[0]), line)))]
    if ("[" in line or "-ArgumentList" in line) and any(between in line for between in _BETWEEN):
        texts += [Fold(found.start(), _ITEM.sub(_bare, found[0])) for found in _LIST.finditer(line)]
    return texts


def _decoded(line: str) -> Iterator[Fold]:
    """Texts in hexadecimal, and in base64."""
    for found in _HEX.finditer(line):
        yield Fold(found.start("code"), bytes.fromhex(found["code"]).decode("latin-1").replace("\0", " "), 2)
    for found in _BASE64.finditer(line):
        group = "wide" if found["wide"] else "code"
        code = found[group].rstrip("=")
        raw = base64.b64decode(code[: len(code) // 4 * 4])
        plain = raw.decode("utf-16-le" if group == "wide" else "utf-8", "replace")
        yield Fold(found.start(group), plain, 0, len(found[group]))


def _bare(item: re.Match[str]) -> str:
    if item["q"] is None:
        return " "
    return f"{' ' * len(item['q'])}{item['word']}{' ' * len(item['q'])}"
