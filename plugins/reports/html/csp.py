"""Seals the page that pytest-html wrote: only our scripts and pytest-html's run in it, and nothing is fetched.

A content security policy says so to the browser. It names our script and style, and pytest-html's, by their hashes.
What a VM printed is escaped everywhere; if that ever failed, the browser would refuse to run it, to load what it points
to, and to send anything anywhere. Event handlers and style attributes are refused as well, so the page has none.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Collection
from importlib.resources import files

_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)
_CHARSET = '<meta charset="utf-8"/>'

#: The one event handler of pytest-html's template: it reloads a report whose tests still run. Ours is written once.
_HANDLER = ' onclick="location.reload()"'


def seal(page: str, own: Collection[str]) -> str:
    """`page` with a policy that allows the scripts and styles in `own` and those of pytest-html, and no other.

    Raises ValueError when `page` is not laid out as pytest-html 4 does it: then nothing would be protected.
    """
    if page.count(_HANDLER) != 1 or "<html>" not in page[:200] or _CHARSET not in page[:400]:
        raise ValueError("this is not a page of pytest-html 4")
    page = page.replace(_HANDLER, "")
    # Trusted by their words, never by their place: a block that got into the body in some other way has no hash.
    known = {_words(text) for text in (*own, (files("pytest_html") / "resources" / "app.js").read_text("utf-8"))}
    scripts = [text for text in _SCRIPT.findall(page) if _words(text) in known]
    styles = [text for text in _STYLE.findall(page) if _words(text) in known]
    # pytest-html's own style, with what --css added: it stands in the head, where nothing of a VM is ever written.
    styles += _STYLE.findall(page.partition("</head>")[0])
    policy = "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(map(_hash, scripts))}",
            f"style-src {' '.join(map(_hash, styles))}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    head = (
        f'{_CHARSET}\n    <meta http-equiv="Content-Security-Policy" content="{policy}"/>'
        '\n    <meta name="referrer" content="no-referrer"/>'
        '\n    <meta name="viewport" content="width=device-width, initial-scale=1"/>'
        '\n    <meta name="color-scheme" content="light dark"/>'
    )
    return page.replace("<html>", '<html lang="en">', 1).replace(_CHARSET, head, 1)


def _words(text: str) -> str:
    return text.strip()


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"
