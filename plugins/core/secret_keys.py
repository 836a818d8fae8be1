r"""Private keys, whole and cut: PEM, PuTTY, DER, JSON Web Keys, and the numbers of a key as OpenSSL prints them.

Each function yields places in the whole text. `KEYS` says what a text must hold, in lower case, for it to be worth it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator

from plugins.core.secret_names import NONE, secret_level

Spans = Iterator[tuple[int, int]]
#: What a text must hold in lower case, one of them, and what then looks for secrets in it.
Head = tuple[tuple[str, ...], Callable[[str], Spans]]

# -----BEGIN OPENSSH PRIVATE KEY----- ... -----END OPENSSH PRIVATE KEY-----  (the end may be cut off). In an address the
# blanks are %20 or +; SSH2 has four dashes and a blank.
_DASHES, _BLANK = r"(?:-{5}|(?:%2[dD]){5}|-{4} )", r"(?:[ +_]|%20|\\u0020)"
_WHAT = (
    rf"(?:(?:[A-Z0-9]{{1,12}}{_BLANK}){{0,4}}PRIVATE{_BLANK}KEY(?:{_BLANK}BLOCK)?"
    rf"|OpenVPN{_BLANK}(?:Static{_BLANK}key{_BLANK}V1|tls-crypt-v2{_BLANK}(?:client|server){_BLANK}key))"
)
_BEGIN = rf"{_DASHES}BEGIN{_BLANK}{_WHAT}{_DASHES.replace('-{4} ', ' -{4}')}"
_END = rf"{_DASHES}END{_BLANK}{_WHAT}{_DASHES.replace('-{4} ', ' -{4}')}"
_KEY = re.compile(rf"{_BEGIN}(?P<secret>.*?)(?:{_END}|\Z)", re.S)
_BEGINS, _ENDS = re.compile(_BEGIN), re.compile(_END)

#: A line of a key: base64 to its end, and what a program's source, HTML or a terminal has behind it. A line number, a
#: log's stamp, a quote or a colour may stand before it.
_BEFORE, _AFTER = (
    r"(?:[^\n]{0,200}(?:[\s\]:|>\"']|\x1b\[[\d;]{0,9}m))?",
    r"(?:\\+[nr]|[\s\"',;+\\]|<br ?/?>|\x1b\[[\d;]{0,9}m)*\Z",
)
_KEY_LINE = re.compile(rf"{_BEFORE}(?P<secret>[A-Za-z0-9+/=]{{16,}}){_AFTER}")
_LAST_KEY_LINE = re.compile(rf"{_BEFORE}(?P<secret>[A-Za-z0-9+/]{{0,15}}={{0,2}}){_AFTER}")


#: Before BEGIN and END: what speaks of a private key mostly has none.
_MARKS = tuple(f"{before}{word}" for before in ("-", "- ", "2D", "2d") for word in ("BEGIN", "END"))


def _keys(text: str) -> Spans:
    if not any(begin in text for begin in _MARKS):
        return
    at = 0
    for match in _KEY.finditer(text):
        if match["secret"].strip():
            yield match.span("secret")
        yield from _without_beginning(text, at, match.start())
        at = match.end()
    yield from _without_beginning(text, at, len(text))


def _without_beginning(text: str, start: int, stop: int) -> Spans:
    """A private key whose first lines were cut off, as by `tail`: the lines of base64 that stand before its end."""
    at = start
    for end in _ENDS.finditer(text, start, stop):
        first = short = end.start()
        begin = text.rfind("\n", at, first) + 1 or at
        while begin > at:
            stop = begin - 1
            begin = max(text.rfind("\n", at, stop) + 1, at)
            line = text[max(begin, stop - 320) : stop]
            if key := _KEY_LINE.match(line):
                first = short = stop - len(line) + key.start("secret")
            elif line.strip():  # the last line of a key may be as short as this one, when others are above it
                if short != end.start() or not (last := _LAST_KEY_LINE.match(line)):
                    break
                short = stop - len(line) + last.start("secret")
        if text[first : end.start()].strip():
            yield first, end.start()
        at = end.end()


# Lines of base64 of a key's width without a head or an end, as `tail` and `grep -A` leave them: a certificate
# without its head is lost as well. Between other marks than a private key's (a certificate's) they stay.
_RUN = re.compile(
    r"(?:(?:^|(?<=\n))[^\n]{0,120}?(?<![A-Za-z0-9+/])(?P<line>[A-Za-z0-9+/]{64}|[A-Za-z0-9+/]{70}|[A-Za-z0-9+/]{76})"
    r"(?:\\+[nr]|[ \t\r\"',;+\\]|<br ?/?>|\x1b\[[\d;]{0,9}m)*(?:\n|\Z)){2,}"
)
_WIDE = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{64,76}(?![A-Za-z0-9+/])")
_MARK = re.compile(r"-----?(BEGIN|END) ")
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def is_wide(line: str) -> bool:
    """Whether a line may be one of a key: a long word, with a little behind it perhaps."""
    return len(line) > 63 and not line[-64:-10].strip(_BASE64)


def headless(text: str) -> Spans:
    """Lines of a key whose head and end were cut off."""
    for run in _RUN.finditer(text):
        lines = list(_WIDE.finditer(text, *run.span()))
        joined = "".join(line[0] for line in lines)
        mixed = all(re.search(kind, joined) for kind in (r"[+/]", "[A-Z]", "[a-z]", "[0-9]"))
        before = [mark[1] for mark in _MARK.finditer(text, max(0, run.start() - 20_000), run.start())]
        after = _MARK.search(text, run.end(), run.end() + 20_000)
        if mixed and (before[-1:] or ["END"]) == ["END"] and (after is None or after[1] == "BEGIN"):
            yield from (line.span() for line in lines)


# PuTTY-User-Key-File: ... Private-Lines: 14, then so many lines of base64; Private-MAC: hex
_PUTTY = re.compile(
    r"Private-Lines:\s*\d{1,4}\s*?\n(?P<secret>(?:[^\n]{0,120}?[A-Za-z0-9+/]{16,}={0,2}[ \t\r]*(?:\n"
    r"|\Z))+(?:[A-Za-z0-9+/]{2,15}={0,2}[ \t\r]*(?=\n|\Z))?)"
    r"|Private-(?:MAC|Hash):\s*(?P<mac>[0-9a-fA-F]{16,})"
)


def _putty(text: str) -> Spans:
    for match in _PUTTY.finditer(text):
        yield stripped(text, *match.span("secret" if match["secret"] else "mac"))


# A PEM as base64: "-----BEGIN" at its three places in a longer text.
_HEADS = ("LS0tLS1CRUdJTi", "LS0tLUJFR0lO", "tLS0tQkVHSU", "S0tLS1CRUdJTi")
_CODED = re.compile(
    r"[A-Za-z0-9+/]*+={0,2}(?:(?:\\n|\s{1,40})[A-Za-z0-9+/]{40,}+={0,2})*+"
    r"(?:(?:\\n|\s{1,40})[A-Za-z0-9+/]{4,}={1,2}(?![\w=]))?"
)


def _coded(text: str) -> Spans:
    for head in _HEADS:
        at = text.find(head)
        while at >= 0:
            match = _CODED.match(text, at)
            assert match, "it may be empty"
            begin = at
            while begin > max(0, at - 8) and (text[begin - 1].isalnum() or text[begin - 1] in "+/"):
                begin -= 1
            shown = b"".join(decoded(re.sub(r"\s|\\n", "", match[0])[first:400]) for first in range(4))
            if b"PRIVATE" in shown or not (b"CERTIFICATE" in shown or b"PUBLIC" in shown):
                yield begin, match.end()
            at = text.find(head, match.end())


def decoded(coded: str) -> bytes:
    """The bytes of base64, up to where it was cut off; none of what is not base64."""
    try:
        return base64.b64decode(coded[: len(coded) // 4 * 4])
    except ValueError:
        return b""


def stripped(text: str, first: int, last: int) -> tuple[int, int]:
    """The place between `first` and `last`, without white space at its ends."""
    piece = text[first:last]
    return first + len(piece) - len(piece.lstrip()), last - len(piece) + len(piece.rstrip())


def groups(pattern: re.Pattern[str], least: int = NONE) -> Callable[[str], Spans]:
    """What finds the group `secret` of a pattern, where its group `name` is a secret's at least so surely."""

    def find(text: str) -> Spans:
        for match in pattern.finditer(text):
            if not least or secret_level(match["name"]) >= least:
                yield stripped(text, *match.span("secret"))

    return find


# A JSON Web Key: d, p, q and k are private
_JWK = re.compile(
    r"\\*[\"'](?:d|p|q|dp|dq|qi|k)\\*[\"']\s{0,9}:\s{0,9}\\*[\"'](?P<secret>[\w+/=-]{16,}+)"
    r"|<(?:P|Q|DP|DQ|InverseQ|D)>\s*(?P<mac>[\w+/=\s]{16,}+)"
)


def _private_parts(text: str) -> Spans:
    for match in _JWK.finditer(text):
        yield stripped(text, *match.span("secret" if match["secret"] else "mac"))


# A key in DER without its PEM, as base64: PKCS #12, #8 and #1, SEC 1. Their first fields are always the same.
_DER = re.compile(
    r"(?<![A-Za-z0-9+/])(?P<secret>(?:M[CE][A-Za-z0-9+/]{1,2}[CI]AQAwBQYDK2V|MHcCAQEEI|MIGkAgEBBD|MIHcAgEBBE|MI[A-Z0-9a-z]{2}AgEAM[BCDEFGHI]|"
    r"b3BlbnNzaC1rZXktdjE|MI[A-Za-z0-9+/]{2,6}BgkqhkiG9w0B[BD]Q|MI[A-Za-z0-9+/]{3}(?:[A-Za-z0-9+/]IBA(?:DANBgkq|AK)|[A-Za-z0-9+/]?IBAzCC|AgEAM[BCDEFGHI]))[A-Za-z0-9+/]{16,}+={0,2}"
    r"(?:(?:\\n|\s{1,40})[A-Za-z0-9+/]{40,}+={0,2})*+(?:(?:\\n|\s{1,40})[A-Za-z0-9+/]{4,}={1,2}(?![\w=]))?)"
)


# privateExponent: and lines of hexadecimal below, as `openssl rsa -text` shows a key
_NUMBERS = re.compile(
    r"^[ \t]*(?:privateExponent|priv|prime[12]|exponent[12]|coefficient):[ \t\r]*\n"
    r"(?P<secret>(?:[ \t]+(?:[0-9a-fA-F]{2}:?){2,32}[ \t\r]*(?:\n|\Z))+)",
    re.M,
)


KEYS: tuple[Head, ...] = (
    (
        (
            "private key",
            "private%20key",
            "private+key",
            "private_key-",
            "private\\u0020key",
            "static key v1",
        ),
        _keys,
    ),
    (("private-lines", "private-mac", "private-hash"), _putty),
    (("ls0tls1crudjti", "ls0tlujfr0lo", "tls0tqkvhsu", "s0tls1crudjti"), _coded),
    (('"kty', '\\"kty', "'kty", "<rsakeyvalue>"), _private_parts),
    (
        (
            ">ibadan",
            ">ibaak",
            ">ibazcc",
            ">ageam",
            ">aqawbqydk2v",
            ">mhccaqeei",
            ">migkagebbd",
            ">mihcagebbe",
            ">b3blbnnzac1rzxktdje",
            ">bgkqhkig9w0bbq",
            ">bgkqhkig9w0bdq",
        ),
        groups(_DER),
    ),
    (("privateexponent:", "priv:"), groups(_NUMBERS)),
)
