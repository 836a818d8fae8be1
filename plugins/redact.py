"""Taking secrets out of text, before it is recorded anywhere.

Probes cut secrets off on the VM already; this is the second net, for what nobody expected to be printed. The same
secret becomes the same mark within a run, so that a reader can still see that two places hold the same one.
"""

from __future__ import annotations

import hashlib
import re
import secrets as _random

__all__ = ["redact"]

# A run's own salt: the marks of one run cannot be compared with guesses, nor with another run's.
_SALT = _random.token_bytes(16)

# Each pattern comes with what a text must hold, in lower case, for the pattern to be worth trying: most have nothing.
_PATTERNS: list[tuple[tuple[str, ...], re.Pattern[str]]] = [
    # -----BEGIN OPENSSH PRIVATE KEY----- ... -----END OPENSSH PRIVATE KEY-----  (the end may be cut off)
    (
        ("private key",),
        re.compile(
            r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(?P<secret>.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.S
        ),
    ),
    # eyJ0eXAiOiJKV1Qi.eyJhdWQiOiJodHRw.c2lnbmF0dXJl: a JWT; its signature may already have been cut off
    (("eyj",), re.compile(r"(?P<secret>\beyJ[\w-]{8,}(?:\.[\w-]+){0,2})")),
    # http://user:password@169.254.0.11:3128
    (("@",), re.compile(r"(?<=://)(?P<secret>[^\s/@'\"]+:[^\s/@'\"]*)(?=@)")),
    # ...?sv=2023-01-03&sig=abc%3D: a shared access signature
    (("sig=",), re.compile(r"(?<=[?&]sig=)(?P<secret>[\w%+/=-]+)", re.I)),
    # Authorization: Bearer abc / Proxy-Authorization: Basic abc
    (
        ("authorization:",),
        re.compile(r"(?<=authorization:)\s*(?:bearer|basic|digest|negotiate)\s+(?P<secret>[^\s'\"]+)", re.I),
    ),
    # "client_secret": "abc", password=abc, AccountKey=abc
    (
        ("secret", "passw", "token", "key"),
        re.compile(
            r"(?<!NO)(?:client_?secret|password|passwd|access_?token|refresh_?token|account_?key|shared_?access_?key|"
            r"api_?key)[\"']?\s*[=:]\s*[\"']?(?P<secret>[^\s\"'&,;]{3,})",
            re.I,
        ),
    ),
]


def redact(text: str) -> str:
    """`text` with every secret that is recognised replaced by a mark such as ``<secret:3f9a>``."""
    lower = text.lower()
    for needles, pattern in _PATTERNS:
        for needle in needles:
            if needle in lower:
                text = pattern.sub(_mark, text)
                break
    return text


def _mark(match: re.Match[str]) -> str:
    secret = match["secret"]
    if secret.startswith("<secret:") or set(secret) <= {"*", ":"}:
        return match[0]
    digest = hashlib.blake2b(secret.encode(), key=_SALT, digest_size=3).hexdigest()
    begin, end = match.start("secret") - match.start(), match.end("secret") - match.start()
    return f"{match[0][:begin]}<secret:{digest}>{match[0][end:]}"
