"""Text in Markdown: rendered unchanged, and almost unchanged in the source."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from plugins.core.sanitize import one_line
from plugins.reports.markdown_syntax import _MARKUP, _markup, linked, table, text

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
URL = "https://x.example/a"


@pytest.mark.parametrize(
    ("words", "raw"),
    [
        ("Step 1: Fix csn-a (CSN-002): 1 VM becomes ready.", "Step 1: Fix csn-a (CSN-002): 1 VM becomes ready."),
        ("SSH-002 (it said: sudo: a password is required)", "SSH-002 (it said: sudo: a password is required)"),
        ("Add `169.254.169.254` to no_proxy!", "Add `169.254.169.254` to no_proxy!"),
        ("CSN-002 [a.b, c] + d = e > f & g ~/.ssh C:\\Temp", "CSN-002 [a.b, c] + d = e > f & g ~/.ssh C:\\Temp"),
        ("allow a.b:443.", "allow a.b:443."),
        ("*.x a|b `open \\* @me $HOME", r"\*.x a\|b \`open \\\* \@&#8288;me \$HOME"),
        ("_x_ a_b __init__", r"\_x\_ a_b \_\_init\_\_"),
        ("[a](b) [a][b] [a]: b", r"[a\](b) [a\][b] [a\]: b".replace("[a", r"\[a", 1)),
        ("see http://x.example www.x.example mailto:a :smile:", r"see http\://x.example www&#8288;.x.example mailto\:a \:smile:"),
        ("2026-11-21T22:15:00Z a:b c::d: ::error::x", r"2026-11-21T22:15:00Z a:b c:\:d: :\:error::x"),
        ("<b> &lt; #12 x#1 #", r"&lt;b> &amp;lt; \#12 x#1 \#"),
        ("- x", r"\- x"), ("+ x", r"\+ x"), ("# x", r"\# x"), ("> x", r"\> x"), ("12. x", r"12\. x"), ("[ ] x", r"\[ ] x"),
        ("~~x~~ a ~x~", r"\~\~x\~\~ a \~x\~"),
        ("`a` `b``c` `|` ` x `", r"`a` \`b\`\`c\` \`\|\` \` x \`"),
        ("\\`a`", "\\\\`a`"),
        ("ends in \\", "ends in \\\\"),
    ],
)  # fmt: skip
def test_only_what_means_something_is_escaped(words: str, raw: str) -> None:
    assert text(words) == raw
    assert shown(raw) == words


def shown(markdown: str) -> str:
    """The text of the rendered paragraph, with marks for code; fails for any other element."""
    tokens = READER.parse(markdown)
    assert [token.type for token in tokens] in ([], ["paragraph_open", "inline", "paragraph_close"]), markdown
    return content(tokens[1].children or []) if tokens else ""


def content(tokens: Sequence[Token]) -> str:
    parts = []
    for token in tokens:
        assert token.type in ("text", "text_special", "code_inline", "strong_open", "strong_close"), token
        parts.append(f"`{token.content}`" if token.type == "code_inline" else token.content)
    return "".join(parts).replace("\u2060", "")  # after "@" and "www": text from outside does not contain it


ALPHABET = st.text(st.one_of(st.sampled_from("\\`*_{}[]()#+-.!|~$@:<>&;=/ ax1"), st.characters()), max_size=40)


def inline(markdown: str) -> list[Token]:
    """The lines of text in a page, as a Markdown parser separates them."""
    return [token for token in READER.parse(markdown) if token.type == "inline"]


@settings(max_examples=300)
@given(ALPHABET)
def test_a_markdown_reader_shows_any_text_literally(words: str) -> None:
    line, raw = one_line(words), text(words)
    assert shown(raw) == line
    assert shown(f"**Seen: {raw}.**") == f"Seen: {line}."
    for before, seen in (("- **Seen**: ", "Seen: "), ("1. x ", "x "), ("## x ", "x ")):
        (actual,) = inline(before + raw)
        assert content(actual.children or []) == f"{seen}{line}".rstrip()
    cells = inline(table(("a", "b"), [(raw, raw)]))
    assert [content(token.children or []) for token in cells] == ["a", "b", line, line]
    (link,) = inline(linked(f"CSN-002 {words}", URL))
    kinds = [token.type for token in link.children or []]
    assert (kinds[0], kinds[-1], kinds.count("link_open")) == ("link_open", "link_close", 1)
    assert "".join(token.content for token in link.children or []).replace("\u2060", "") == f"CSN-002 {line}".rstrip()


@given(st.text("ab1 _*~#:/.[](`\\\\@-+"), st.integers(0, 9))
def test_markup_is_tried_wherever_it_can_begin(line: str, start: int) -> None:
    assert [match.span() for match in _markup(line, start, len(line))] == [
        match.span() for match in _MARKUP.finditer(line, start)
    ]
