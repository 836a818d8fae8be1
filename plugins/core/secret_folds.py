r"""Lines that hold another text: with ``\n`` for its ends of line, or as a list of a command's words.

::

    user-data: '#cloud-config\npassword: x\n'
    Running command ['useradd', 'anna', '--password', 'x']      ["mysql", "-u", "root", "-px"]      [curl, -u, 'a:x']
"""

from __future__ import annotations

import re

_LIST = re.compile(r"\[(?=[^\[\]{}\n]{0,400}(?:[\"'],|, *-|,[\"']))[^\[\]{}\n]{3,4000}\]")
_ITEM = re.compile(r"(?P<q>\\*[\"'])(?P<word>[\w./:=@+,%~-]+)(?P=q)(?=[\],])|(?<=[\"'\w]),(?=[ \"'])")


def unfolded(line: str) -> str:
    r"""`line` as the text that it holds, of the same length: a newline for each ``\n``, blanks between words."""
    if "\\n" in line:
        line = re.sub(r"(?:\\+r)?\\+n", lambda at: " " * (len(at[0]) - 1) + "\n", line)
    if "[" in line and "," in line:
        line = _LIST.sub(_words, line)
    return line


def _words(found: re.Match[str]) -> str:
    return _ITEM.sub(_bare, found[0])


def _bare(item: re.Match[str]) -> str:
    if item["q"] is None:
        return " "
    return f"{' ' * len(item['q'])}{item['word']}{' ' * len(item['q'])}"
