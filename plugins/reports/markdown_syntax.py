"""Escape any text for Markdown, and build the few constructs that our Markdown reports use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from plugins.core.sanitize import one_line, truncate

_SENTENCE = 400  # characters of a message or remedy: a table cell that is longer is not read

# A code span, as in messages: its content is literal in Markdown, except "|" in a table.
_CODE = re.compile(r"(?<!`)`(?! )([^`|<>&\\]+)(?<! )`(?!`)")

# The syntax of CommonMark and GitHub's Markdown. Everything else is unchanged: text is also read without a
# renderer, in a chat or a ticket.
_MARKUP = re.compile(
    r"""
    ^(?:[-+\#>\[] | \d{1,9}[.)](?=\s|$))    # a list, a heading, a quotation, a box to tick
    | \\(?=[!-/:-@\[-`{-~]|$)               # a backslash that would take away the meaning of what follows
    | [`*|$@]                               # "@" would notify a person; "$" begins a formula
    | (?<![^\W_])_+ | _+(?![^\W_])          # within a word it means nothing
    | ~(?!(?<=^~)/|(?<=\s~)/)               # but at the beginning of a path
    | \](?=[(\[:])                          # a link
    | :(?=//) | (?<!\d):(?=[\w+-]+:)        # an address that would become a link; an emoji, but not a time
    | (?<=\bmailto):|(?<=\bxmpp):
    | (?<!\w)\#(?=\d) | \#+$                # an issue; the end of a heading
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SIGN = re.compile(r"[\\`*|$@_~\]:#]|^[-+>\[\d]")  # the first characters of a match
# A name after "@" would be notified; a mail address and one that begins with "www." become links, also when a
# backslash stands before the sign. A word joiner after it prevents that; it is escaped here to be visible.
_LINKED = re.compile(r"@|www(?=\.)", re.I)
_BRACKET = re.compile(r"(\\.)|([\[\]])")  # already escaped, or able to end a label
_ADDRESS = re.compile(r"https?://[\w./?=&%#~+,:;-]+", re.ASCII)
_ENTITY = re.compile(r"&(?=#?\w+;)")


@lru_cache(8192)
def text(words: str, limit: int = _SENTENCE) -> str:
    """`words` in any Markdown context but a link's label: one line, no markup, no HTML, of limited length."""
    line = truncate(one_line(words), limit)
    parts = []
    end = 0
    for span in _CODE.finditer(line):
        parts += [_plain(line, end, span.start()), span.group()]
        end = span.end()
    return "".join([*parts, _plain(line, end, len(line))])


def _plain(line: str, start: int, end: int) -> str:
    """A part of a line outside code, with its syntax escaped; the surrounding text matters, too."""
    parts = []
    for match in _markup(line, start, end):
        parts += [line[start : match.start()], _escape(match)]
        start = match.end()
    plain = _ENTITY.sub("&amp;", "".join([*parts, line[start:end]])).replace("<", "&lt;")
    return _LINKED.sub(r"\g<0>&#8288;", plain)


def _markup(line: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """The matches of `_MARKUP`, tried only where one can begin."""
    for sign in _SIGN.finditer(line, start, end):
        if sign.start() >= start and (match := _MARKUP.match(line, sign.start(), end)):
            yield match
            start = match.end()


def _escape(match: re.Match[str]) -> str:
    markup = match.group()
    if markup[0].isdigit():  # the number of a list: its full stop counts
        return f"{markup[:-1]}\\{markup[-1]}"
    return "".join(f"\\{character}" for character in markup)


def linked(label: str, url: str) -> str:
    """`label` (plain words) as a link; alone when `url` has a character that could end the link."""
    return f"[{_label(label)}]({url})" if _ADDRESS.fullmatch(url) else text(label)


@lru_cache(1024)
def _label(label: str) -> str:
    line = truncate(one_line(label), _SENTENCE)
    return _BRACKET.sub(lambda match: match[1] or f"\\{match[2]}", _plain(line, 0, len(line)))


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def code(block: str, language: str) -> str:
    """`block` unchanged, between fences that its content cannot close."""
    longest = max(map(len, re.findall("`+", block)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{block}\n{fence}"
