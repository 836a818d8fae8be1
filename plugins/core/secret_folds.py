r"""Lines that hold another text: with ``\n`` for its ends of line, or as a list of a command's words.

::

    user-data: '#cloud-config\npassword: x\n'
    Running command ['useradd', 'anna', '--password', 'x']      ["mysql", "-u", "root", "-px"]      [curl, -u, 'a:x']
"""

from __future__ import annotations

import re
from collections.abc import Iterable

#: a0="curl" a1="-u" a2="anna:x" of auditd
_EXECVE = re.compile(r"\ba\d{1,2}=(?=\"[^\"\n]*\")")
_LIST = re.compile(
    r"(?:-ArgumentList[ \t]+(?:[\"'][^\"'\n]*[\"'],[ \t]*)+[\"'][^\"'\n]*[\"'])|\[(?=[^\[\]{}\n]{0,400}(?:"
    r"[\"'],|, *-|,[\"']))[^\[\]{}\n]{3,4000}\]"
)
_ITEM = re.compile(r"(?P<q>\\*[\"'])(?P<word>[\w./:=@+,%~-]+)(?P=q)(?=[\], \t\n]|\Z)|(?<=[\"'\w]),(?=[ \"'])")


#: What stands between the items of a list.
_BETWEEN = ("',", '",', ", -")


def folding(lines: Iterable[str]) -> dict[str, list[tuple[int, str]]]:
    """The lines that hold another text, with `folds`."""
    some = [line for line in lines if "[" in line or "\\n" in line or "EXECVE" in line or "-ArgumentList" in line]
    return {line: texts for line in some if (texts := folds(line))}


def folds(line: str) -> list[tuple[int, str]]:
    r"""The texts that `line` holds, each with its place: newlines for ``\n``, blanks between words."""
    if "\\n" in line:
        whole = re.sub(r"(?:\\+r)?\\+n", lambda at: " " * (len(at[0]) - 1) + "\n", line)
        return [(0, _LIST.sub(lambda found: _ITEM.sub(_bare, found[0]), whole))]
    if "EXECVE" in line:
        return [(0, _ITEM.sub(_bare, _EXECVE.sub(lambda at: " " * len(at[0]), line)))]
    if ("[" in line or "-ArgumentList" in line) and any(between in line for between in _BETWEEN):
        return [(found.start(), _ITEM.sub(_bare, found[0])) for found in _LIST.finditer(line)]
    return []


def _bare(item: re.Match[str]) -> str:
    if item["q"] is None:
        return " "
    return f"{' ' * len(item['q'])}{item['word']}{' ' * len(item['q'])}"
