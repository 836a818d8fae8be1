"""How programs may print a secret that is known: plain, and as URLs, JSON, HTML, base64 and hexadecimal write it."""

from __future__ import annotations

import base64
import html
import json
import re
from functools import partial
from urllib.parse import quote, quote_plus


def spellings(secret: str) -> set[str]:
    """`secret` as it is, and as it stands in other texts."""
    raw = secret.encode("utf-8", "surrogatepass")
    # Wherever a secret stands in a longer text, its base64 is one of three, less what its neighbours have a part in.
    coded = [
        base64.b64encode(b"\0" * at + raw).decode()[first : (len(raw) + at) // 3 * 4]
        for at, first in enumerate((0, 2, 3))
    ]
    quoted = {form(secret, errors="replace") for form in (quote, quote_plus, partial(quote, safe=""))}
    return {
        secret,
        secret.encode("unicode_escape").decode(),
        html.escape(secret),
        *(json.dumps(secret, ensure_ascii=ascii)[1:-1] for ascii in (True, False)),
        *quoted,
        *(re.sub("%..", lambda digits: digits[0].lower(), form) for form in quoted),
        *(form.replace("%", "%25") for form in quoted),
        *(form.replace("+", "-").replace("/", "_") for form in coded),
        *coded,
        raw.hex(),
        raw.hex().upper(),
    }
