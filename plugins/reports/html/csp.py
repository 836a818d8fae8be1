"""Seals pytest-html's page: only our scripts and pytest-html's run in it, and it makes no request.

A content security policy enforces it. It names our script and style, and pytest-html's, by their hashes.
VM output is escaped everywhere; if that ever failed, the browser would refuse to run it, to load what it references,
and to send anything. Event handlers and style attributes are refused as well, so the page has none.
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

#: The only event handler of pytest-html's template: it reloads a report while tests run. Ours is written once.
_HANDLER = ' onclick="location.reload()"'


def seal(page: str, own: Collection[str]) -> str:
    """`page` with a policy that allows only the scripts and styles in `own` and those of pytest-html.

    Raises ValueError when `page` does not have the layout of pytest-html 4: then nothing would be protected.
    """
    if page.count(_HANDLER) != 1 or "<html>" not in page[:200] or _CHARSET not in page[:400]:
        raise ValueError("this is not a page of pytest-html 4")
    page = page.replace(_HANDLER, "")
    # Trusted by their content, never by their place: any other block in the body has no hash.
    known = {_words(text) for text in (*own, (files("pytest_html") / "resources" / "app.js").read_text("utf-8"))}
    scripts = [text for text in _SCRIPT.findall(page) if _words(text) in known]
    styles = [text for text in _STYLE.findall(page) if _words(text) in known]
    # pytest-html's own style, with that of --css: it is in the head, which never contains VM output.
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
