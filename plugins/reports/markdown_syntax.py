"""Text as plain words in Markdown, whatever is in it; and the few constructs that our Markdown reports are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable

from plugins.core.sanitize import one_line, truncate

_SENTENCE = 400  # characters of a message or remedy: a table cell that is longer is not read

# Everything that means something to GitHub's Markdown in the middle of a line.
_MARKUP = re.compile(r"[\\`*_{}\[\]()#+!|~$@:-]")
# A name behind "@" would be notified, an address of mail and one that begins with "www." become links, also when a
# backslash stands before the sign. A word joiner behind it ends that; it is written so that it can be seen here.
_LINKED = re.compile(r"@|www(?=\.)", re.I)
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def text(words: str, limit: int = _SENTENCE) -> str:
    """`words` in any Markdown context: one line, no markup, no HTML, of bearable length."""
    return _LINKED.sub(r"\g<0>&#8288;", _MARKUP.sub(r"\\\g<0>", truncate(one_line(words), limit).translate(_HTML)))


def linked(label: str, url: str) -> str:
    """`label` (Markdown already) as a link; alone when `url` has a character that could end the link."""
    return f"[{label}]({url})" if re.fullmatch(r"https?://[\w./?=&%#~+,:;-]+", url, re.ASCII) else label


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def code(block: str, language: str) -> str:
    """`block` as it is, between fences that nothing in it can close."""
    longest = max(map(len, re.findall("`+", block)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{block}\n{fence}"
