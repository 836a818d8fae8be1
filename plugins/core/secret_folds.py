r"""Lines that hold another text: with ``\n`` for its ends of line, or as a list of a command's words.

::

    user-data: '#cloud-config\npassword: x\n'
    Running command ['useradd', 'anna', '--password', 'x']      ["mysql", "-u", "root", "-px"]      [curl, -u, 'a:x']
"""

from __future__ import annotations

import re

_LIST = re.compile(r"\[(?=[^\[\]{}\n]{0,400}(?:[\"'],|, *-|,[\"']))[^\[\]{}\n]{3,4000}\]")
_ITEM = re.compile(r"(?P<q>\\*[\"'])(?P<word>[\w./:=@+,%~-]+)(?P=q)(?=[\],])|(?<=[\"'\w]),(?=[ \"'])")


def folds(line: str) -> list[tuple[int, str]]:
    r"""The texts that `line` holds, each with its place: newlines for ``\n``, blanks between words."""
    if "\\n" in line:
        whole = re.sub(r"(?:\\+r)?\\+n", lambda at: " " * (len(at[0]) - 1) + "\n", line)
        return [(0, _LIST.sub(lambda found: _ITEM.sub(_bare, found[0]), whole))]
    if "[" in line and "," in line:
        return [(found.start(), _ITEM.sub(_bare, found[0])) for found in _LIST.finditer(line)]
    return []


def _bare(item: re.Match[str]) -> str:
    if item["q"] is None:
        return " "
    return f"{' ' * len(item['q'])}{item['word']}{' ' * len(item['q'])}"
