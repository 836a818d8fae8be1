r"""Taking secrets out of text, before it is recorded anywhere.

Probes cut secrets off on the VM already; this is the second net, for what nobody expected to be printed. The same
secret becomes the same mark within a run, so that a reader can still see that two places hold the same one::

    HTTPS_PROXY=http://alice:hunter22@169.254.0.11:3128   ->   HTTPS_PROXY=http://<secret:3f9a41c7>@169.254.0.11:3128

A secret is known by its shape (a token, a key), by what stands before it (``password=``), or because the runner has it
itself (`remember`). Every pattern is linear: a hostile VM's text of any size is through in no time.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import secrets as _random
from collections.abc import Mapping
from functools import cache, lru_cache, partial
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

__all__ = [
    "clean",
    "is_secret_name",
    "mark",
    "redact",
    "remember",
    "remember_environment",
]

# A run's own salt: the marks of one run cannot be compared with guesses, nor with another run's. It is written nowhere:
# whoever had it could try passwords against the marks.
_salt = _random.token_bytes(16)

#: Words that stand before a secret, as a name or the end of one: AZURE_CLIENT_SECRET, clientSecret, plain_text_passwd.
_NAMES = (
    r"(?:client|app|api|shared|user)?[_-]?secret(?:[_-]?(?:key|value|text))?|pass(?:word|wd|phrase|code)|\bpwd|"
    r"(?:access|refresh|id|auth|sas|session|api)[_-]?token|(?:account|shared[_-]?access|access|api|storage|primary|"
    r"secondary|private|subscription|encryption)[_-]?key|connection[_-]?string|shared[_-]?access[_-]?signature"
)

#: What an assignment looks like: name=value, "name": "value", \"name\":\"value\", name: 'it''s'. A value in quotes goes
#: to its own closing quote, or to the end of the line; another one ends where a list, a query or a sentence would.
_VALUE = r"(?P<q>\\*[\"'])?(?P<secret>(?(q)(?:(?!(?P=q))(?:\\.|[^\n]))+|[^\s\"'&,;]{2,}[^\s\"'&,;.:)\]}>]))"

# -----BEGIN OPENSSH PRIVATE KEY----- ... -----END OPENSSH PRIVATE KEY-----  (the end may be cut off)
_BEGIN = r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
_END = r"-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
_KEY = re.compile(rf"{_BEGIN}(?P<secret>.*?)(?:{_END}|\Z)", re.S)

# Each pattern looks at one line, and comes with what a line must hold, in lower case, to be worth it: most do not.
_PATTERNS: list[tuple[tuple[str, ...], re.Pattern[str]]] = [
    # eyJ0eXAiOiJKV1Qi.eyJhdWQiOiJodHRw.c2lnbmF0dXJl: a JWT; its signature may already have been cut off
    (("eyj",), re.compile(r"(?P<secret>(?<![A-Za-z0-9])eyJ[\w-]{8,}(?:\.[\w-]+){0,4})")),
    # http://user:password@169.254.0.11:3128, http://user:p@ss/word@proxy, https://token@host; not http://host:80/a@b
    (
        ("://", "%3a%2f%2f"),
        re.compile(
            r"(?:://|%3A%2F%2F)(?P<secret>[^\s/@'\"<>:]{0,256}:(?!\d{1,5}/)[^\s'\"<>]{0,512}|[^\s/@'\"<>:]{1,256})(?=@|%40)",
            re.I,
        ),
    ),
    # ...?sv=2023-01-03&sig=abc%3D: a shared access signature; also as JSON and forms write it, \u0026sig= and %26sig%3D
    (("sig=", "sig%3d"), re.compile(r"(?<![A-Za-z])sig(?:=|%3D)(?P<secret>[\w%+/=-]{6,})", re.I)),
    # Authorization: Bearer abc / "Proxy-Authorization": "Basic abc" / Bearer abc
    (
        ("authorization", "bearer"),
        re.compile(
            r"(?:authorization[\"']?\s{0,9}[:=]\s{0,9}[\"']?(?:bearer|basic|digest|negotiate|ntlm|sharedkey)|\bbearer(?=\s\S{16}))"
            r"\s{1,9}(?P<secret>[^\s'\"]+)",
            re.I,
        ),
    ),
    # --client-secret abc, --password=abc, az login --service-principal -u id -p abc
    (
        ("--",),
        re.compile(rf"(?<![\w-])--(?:[\w-]{{0,40}}-)?(?:{_NAMES}|token|key)(?:\s{{1,9}}|=)(?!-){_VALUE}", re.I),
    ),
    (("az login",), re.compile(rf"\baz login [^\n]{{0,400}}?\s-p[ =]{_VALUE}", re.I)),
    # "client_secret": "abc", password=abc, AccountKey=abc, <password>abc</password>
    (
        ("secret", "pass", "pwd", "token", "key", "string", "signature"),
        re.compile(
            rf"(?<!NO)(?<!<)(?:{_NAMES})(?:\\*[\"'])?[ \t]{{0,9}}(?:[=:]|>(?=[^\s<]))[ \t]{{0,9}}{_VALUE}", re.I
        ),
    ),
    (("token",), re.compile(r"\btoken\\*[\"']?\s{0,9}[=:]\s{0,9}\\*[\"']?(?P<secret>[\w.~+/=-]{16,})", re.I)),
    # abc8Q~defghijklmnopqrstuvwxyz0123456789AB: a client secret of Entra ID, as secret scanners know it [recalled]
    (("q~",), re.compile(r"(?<![\w~.-])(?P<secret>[\w~.-]{3}\dQ~[\w~.-]{31,34})(?![\w~.-])")),
    # A storage account's key: 64 bytes as base64
    (("==",), re.compile(r"(?<![A-Za-z0-9+/])(?P<secret>[A-Za-z0-9+/]{86}==)")),
    # $6$salt$hash: a password's hash, as in /etc/shadow and in cloud-init's user data
    (("$",), re.compile(r"(?P<secret>\$(?:1|2[abxy]|5|6|7|y|gy)\$[./A-Za-z0-9$=,]{16,})")),
]

#: Every needle, with the number of its pattern; a key's, which goes over several lines, comes first. Flat, because most
#: texts have none of them.
_NEEDLES = [("private key", -1), *((needle, at) for at, (needles, _) in enumerate(_PATTERNS) for needle in needles)]

_SECRET_NAME = re.compile(rf"(?:.*[^a-z]|.*[a-z](?=[A-Z])|)(?:{_NAMES})\Z", re.I)

#: Lines that have no needle: a fleet's VMs say much the same, and twenty needles cost more than one look in here.
_plain: set[str] = set()
_PLAIN = 20_000  # so many, or a few more

#: The secrets that the runner itself has, in every form that a program may print them in; longest first.
_remembered: list[tuple[str, str]] = []

#: Environment variables whose values are secrets: AZURE_CLIENT_SECRET, GITHUB_TOKEN, SYSTEM_ACCESSTOKEN, SSHPASS.
_SECRET_VARIABLE = re.compile(r"(?:SECRET|PASSWORD|PASSWD|PASSPHRASE|TOKEN|_KEY|_PAT|SSHPASS|CREDENTIALS?)\Z", re.I)
_SHORTEST = 6  # characters: what is shorter would be found in every second line


def redact(text: str) -> str:
    """`text` with every secret that is recognised replaced by a mark such as ``<secret:3f9a41c7>``."""
    return _of_many(text) if len(text) < 500 else _redacted(text)


@lru_cache(8192)
def _of_many(text: str) -> str:
    """A fleet's VMs say the same, and much of it passes here more than once."""
    return _redacted(text)


def _redacted(text: str) -> str:
    for known, shown in _remembered:
        if known in text:
            text = text.replace(known, shown)
    fresh = [line for line in text.split("\n") if line not in _plain]
    if not fresh:
        return text
    lower = "\n".join(fresh).lower()
    found = sorted({number for needle, number in _NEEDLES if needle in lower})
    if not found:
        if len(_plain) < _PLAIN:
            _plain.update(line for line in fresh if len(line) < 200)
        return text
    lower = text.lower()
    if found[0] < 0:
        text = _without_beginning(_KEY.sub(_marked, text))
        lower = text.lower()
        del found[0]
    if not found:
        return text
    # Line by line: most lines have no such word either, and a pattern costs more than a look for one.
    lines, lowered = text.split("\n"), lower.split("\n")
    for number in found:
        needles, pattern = _PATTERNS[number]
        for at, low in enumerate(lowered):
            for needle in needles:
                if needle in low:
                    lines[at] = pattern.sub(_marked, lines[at])
                    lowered[at] = lines[at].lower()
                    break
    return "\n".join(lines)


def clean(value: Any) -> Any:
    """Plain data, such as JSON, with every text redacted, and every field that is named like a secret."""
    if isinstance(value, Mapping):
        return {
            name: mark(each) if isinstance(each, str) and each and is_secret_name(str(name)) else clean(each)
            for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [clean(each) for each in value]
    return redact(value) if isinstance(value, str) else value


def mark(secret: str) -> str:
    """What stands in a secret's place."""
    digest = hashlib.blake2b(secret.encode("utf-8", "surrogatepass"), key=_salt, digest_size=4).hexdigest()
    return f"<secret:{digest}>"


@cache
def is_secret_name(name: str) -> bool:
    """True when a field of that name holds a secret: ``adminPassword``, ``client_secret``."""
    return bool(_SECRET_NAME.match(name[-200:]))


def _marked(match: re.Match[str]) -> str:
    secret = match["secret"]
    if not secret.strip() or "<secret:" in secret or set(secret) <= {"*", ":"}:
        return match[0]
    begin, end = match.start("secret") - match.start(), match.end("secret") - match.start()
    return f"{match[0][:begin]}{mark(secret)}{match[0][end:]}"


_KEY_LINE = re.compile(
    r"[\w:,. -]{0,64}[A-Za-z0-9+/=\\]{16,}\s*\Z"
)  # a line number or a log's stamp may stand before it


def _without_beginning(text: str) -> str:
    """A private key whose first lines were cut off, as by `tail`: the lines of base64 that stand before its end."""
    kept, at = [], 0
    for end in re.finditer(_END, text):
        piece = text[at : end.start()]
        if not re.search(_BEGIN, piece):
            lines = piece.split("\n")
            first = len(lines)
            while first and (not lines[first - 1].strip() or _KEY_LINE.match(lines[first - 1][-256:])):
                first -= 1
            secret = "\n".join(lines[first:])
            if secret.strip():
                piece = "\n".join([*lines[:first], mark(secret.strip())])
        kept += [piece, end[0]]
        at = end.end()
    return "".join([*kept, text[at:]])


# ----------------------------------------------------------------------------------- what the runner has itself


def remember(secret: str) -> None:
    """From now on, take this secret out of every text: plain, and as URLs, JSON, base64 and hexadecimal write it."""
    if len(secret) < _SHORTEST:
        return
    shown = mark(secret)
    known = dict.fromkeys(_forms(secret), shown)
    _remembered[:] = sorted((dict(_remembered) | known).items(), key=lambda pair: -len(pair[0]))
    _of_many.cache_clear()


def remember_environment(environment: Mapping[str, str]) -> None:
    """Remember the secrets of an environment: by the names of the variables, and the logins in proxy addresses."""
    for name, value in environment.items():
        if _SECRET_VARIABLE.search(name):
            remember(value)
        elif name.lower().endswith("_proxy") and "@" in value:
            try:
                remember(urlsplit(value if "://" in value else f"http://{value}").password or "")
            except ValueError:  # no address: then it is taken out by its shape
                continue


def _forms(secret: str) -> set[str]:
    raw = secret.encode("utf-8", "surrogatepass")
    # Wherever a secret stands in a longer text, its base64 is one of three, less what its neighbours have a part in.
    coded = [
        base64.b64encode(b"\0" * at + raw).decode()[first : (len(raw) + at) // 3 * 4]
        for at, first in enumerate((0, 2, 3))
    ]
    quoted = {each(secret, errors="replace") for each in (quote, quote_plus, partial(quote, safe=""))}
    written = {
        secret,
        secret.encode("unicode_escape").decode(),
        html.escape(secret),
        *(json.dumps(secret, ensure_ascii=ascii)[1:-1] for ascii in (True, False)),
        *quoted,
        *(re.sub("%..", lambda digits: digits[0].lower(), each) for each in quoted),
        *(each.replace("%", "%25") for each in quoted),
        *(each.replace("+", "-").replace("/", "_") for each in coded),
        *coded,
        raw.hex(),
        raw.hex().upper(),
    }
    return {each for each in written if len(each) >= _SHORTEST}
