r"""Secrets that go over several lines, or stand in lines below their heading: keys, wrapped tokens, lists of passwords.

Each function yields places in the whole text. `HEADS` says what a text must hold, in lower case, for it to be worth it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator

from plugins.core.secret_columns import aligned, separated
from plugins.core.secret_names import NONE, STRONG, WEAK, secret_level

Spans = Iterator[tuple[int, int]]

# -----BEGIN OPENSSH PRIVATE KEY----- ... -----END OPENSSH PRIVATE KEY-----  (the end may be cut off). In an address the
# blanks are %20 or +; SSH2 has four dashes and a blank.
_DASHES, _BLANK = r"(?:-{5}|(?:%2[dD]){5}|-{4} )", r"(?:[ +_]|%20|\\u0020)"
_WHAT = rf"(?:[A-Z0-9]{{1,12}}{_BLANK}){{0,4}}PRIVATE{_BLANK}KEY(?:{_BLANK}BLOCK)?"
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


def _keys(text: str) -> Spans:
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


def _stripped(text: str, first: int, last: int) -> tuple[int, int]:
    piece = text[first:last]
    return first + len(piece) - len(piece.lstrip()), last - len(piece) + len(piece.rstrip())


def _all(pattern: re.Pattern[str], least: int = NONE) -> Callable[[str], Spans]:
    """What finds the group `secret` of a pattern, where its group `name` is a secret's at least so surely."""

    def find(text: str) -> Spans:
        for match in pattern.finditer(text):
            if not least or secret_level(match["name"]) >= least:
                yield _stripped(text, *match.span("secret"))

    return find


# Lines of base64 of a key's width without a head or an end, as `tail` and `grep -A` leave them: whatever it was, nobody
# can read it. Between other marks than a private key's (a certificate's) they stay.
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
        yield _stripped(text, *match.span("secret" if match["secret"] else "mac"))


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
            shown = b"".join(_decoded(re.sub(r"\s|\\n", "", match[0])[first:400]) for first in range(4))
            if b"PRIVATE" in shown or not (b"CERTIFICATE" in shown or b"PUBLIC" in shown):
                yield begin, match.end()
            at = text.find(head, match.end())


def _decoded(coded: str) -> bytes:
    try:
        return base64.b64decode(coded[: len(coded) // 4 * 4])
    except ValueError:
        return b""


# "auth": "dXNlcjpwYXNz" of docker's config.json, _auth=... of .npmrc: base64 of user:password
_AUTH = re.compile(
    r"(?:(?<![A-Za-z])|_)auth\\*[\"']?\s{0,9}[:=]\s{0,9}\\*[\"']?(?P<secret>[A-Za-z0-9+/]{6,}+={0,2})", re.I
)


def encoded_logins(text: str, start: int, end: int) -> Spans:
    """Logins in base64, as docker and npm keep them."""
    for match in _AUTH.finditer(text, start, end):
        if b":" in _decoded(match["secret"] + "=" * (-len(match["secret"]) % 4)):
            yield match.span("secret")


# A token in lines of one width, 76 as base64(1) and mail have it, its parts cut wherever the line was full.
_WRAPPED = re.compile(r"eyJ(?<![A-Za-z0-9]eyJ)[\w-]{8,}+(?:\.[\w-]++){0,4}\.?=?\r?\n")
_NEXT = re.compile(r"[ \t]{0,16}(?:>[ \t])?(?P<secret>[\w.-]+)=?[ \t\r]*(?:\n|\Z)")


def _wrapped(text: str) -> Spans:
    for match in _WRAPPED.finditer(text):
        begin = text.rfind("\n", 0, match.start()) + 1
        width, at, last = match.end() - begin - 1, match.end(), match.end() - 1
        while width >= 56 and (line := _NEXT.match(text, at)):
            token = line["secret"]
            if len(token) < 20 and not re.search(r"[\d._A-Z-]", token):
                break
            last, at, width = line.end("secret"), line.end(), len(token)
        if last > match.end():
            yield match.start(), last


# What cloud-init prints itself ("Set the following 'random' passwords"), and lists for chpasswd.
_LIST_HEAD = re.compile(r"(?:random['\"]* passwords?|chpasswd(?!\.)[^\n]*(?:<<-?|[:|>][ \t\r]*(?=\n)))[^\n]*\n", re.I)
_LIST_LINE = re.compile(
    r"[^\n]*?(?<![\w/.:-])(?:[a-z_][a-z0-9_.-]{0,31}+\$?):(?P<secret>(?!\s|/)[^\n:]*[^\s:])[ \t\"'\r]*(?:\n|\Z)", re.I
)
_LIST_BETWEEN = re.compile(
    r"[ \t]*(?:-[ \t]*)?(?:list|expire|users|type|name)?[ \t]*:?[ \t]*(?:[|>][+-]?|true|false|\w{1,32})?[ \t\r]*\n",
    re.I,
)
_LIST_INLINE = re.compile(r"chpasswd[^\n]{0,80}?(?:list[\"']?\s*:|input=|data=)\s*b?[\"'](?P<secret>[^\"'\n]+)", re.I)


# + echo root:x, and + chpasswd in the next line, as `set -x` shows a pipe
_TRACED = re.compile(
    r"\becho[ \t]+[\"']?[\w.-]{1,32}:(?P<secret>[^\n\"']+)[\"']?\r?\n[^\n]{0,80}?\+ (?:sudo )?(?:/[\w/]*/)?chpasswd"
)


def _lists(text: str) -> Spans:
    for traced in _TRACED.finditer(text):
        yield traced.span("secret")
    for inline in _LIST_INLINE.finditer(text):
        for match in re.finditer(r"(?:\A|\\n|\n)[\w.-]{1,32}:((?:(?!\\n)[^\n])+)", inline["secret"]):
            yield inline.start("secret") + match.start(1), inline.start("secret") + match.end(1)
    at = 0
    while (head := _LIST_HEAD.search(text, at)) is not None:
        at = head.end()
        while at < len(text):
            if line := _LIST_LINE.match(text, at):
                if not re.fullmatch(r"(?:true|false|\|-?|hash|text|RANDOM|R)", line["secret"]):
                    yield line.span("secret")
            elif not (line := _LIST_BETWEEN.match(text, at)):
                break
            at = line.end()


# A JSON Web Key: d, p, q and k are private
_JWK = re.compile(
    r"\\*[\"'](?:d|p|q|dp|dq|qi|k)\\*[\"']\s{0,9}:\s{0,9}\\*[\"'](?P<secret>[\w+/=-]{16,}+)"
    r"|<(?:P|Q|DP|DQ|InverseQ|D)>\s*(?P<mac>[\w+/=\s]{16,}+)"
)


def _private_parts(text: str) -> Spans:
    for match in _JWK.finditer(text):
        yield _stripped(text, *match.span("secret" if match["secret"] else "mac"))


_NETRC = re.compile(r"\bmachine\s+\S+\s+(?:login|account)\s+\S+\s+password\s+(?P<secret>\S+)")


# A key in DER without its PEM, as base64: PKCS #12, #8 and #1, SEC 1. Their first fields are always the same.
_DER = re.compile(
    r"(?<![A-Za-z0-9+/])(?P<secret>(?:M[CE][A-Za-z0-9+/]{1,2}[CI]AQAwBQYDK2V|MHcCAQEEI|MIGkAgEBBD|MIHcAgEBBE|MI[A-Z0-9a-z]{2}AgEAM[BCDEFGHI]|"
    r"b3BlbnNzaC1rZXktdjE|MI[A-Za-z0-9+/]{2,6}BgkqhkiG9w0B[BD]Q|MI[A-Za-z0-9+/]{3}(?:[A-Za-z0-9+/]IBA(?:DANBgkq|AK)|[A-Za-z0-9+/]?IBAzCC|AgEAM[BCDEFGHI]))[A-Za-z0-9+/]{16,}+={0,2}"
    r"(?:(?:\\n|\s{1,40})[A-Za-z0-9+/]{40,}+={0,2})*+(?:(?:\\n|\s{1,40})[A-Za-z0-9+/]{4,}={1,2}(?![\w=]))?)"
)


# "Password for anna:" as a prompt, and a word of its own below it
_PROMPT = re.compile(
    r"(?:ass(?:word|phrase|code)(?:[ \t]+(?:for|of)[ \t][^\n:]{1,60}|[ \t]*\([^\n()]{1,40}\)|[ \t]is)?|"
    r"oken(?:[ \t]is)?|(?:ecret|ey)[ \t]is)[ \t]?:[ \t]*\n[ \t\r]*\n?[ \t]*"
    r"(?P<secret>(?=\S*[\d!@#$%^&*+=?])(?=\S*[A-Za-z])[^\s<>:{}\[\]()\"']{6,128})[ \t\r]*$",
    re.M,
)


# password: "a text in quotes that
#   goes on in the lines below"
_QUOTED = re.compile(
    r"^[ \t]*+(?:-[ \t]++)?[\"']?(?P<name>[\w.-]{1,80}+)[\"']?[ \t]*+[:=][ \t]*(?P<q>[\"'])"
    r"(?P<secret>[^\"'\n]++(?:\n[ \t]+[^\"'\n]*+){1,20})(?P=q)[ \t\r]*,?$",
    re.M,
)


# name: TOKEN, and value: >- below it
_NAMED_BLOCK = re.compile(
    r"^(?P<indent>[ \t]*)(?P<item>-[ \t]+)?(?:name|key):[ \t]*[\"']?(?P<name>[\w.-]{1,80})[\"']?[ \t\r]*\n"
    r"[ \t]*value:[ \t]*[|>][+-]?\d?[ \t\r]*\n(?P<secret>(?:(?P=indent)[ \t]{3,}[^\n]*+(?:\n|\Z)|[ \t\r]*+\n)++)",
    re.M,
)


# kind: Secret of Kubernetes: all under data and stringData, whatever it is called
_KIND = re.compile(r"^[ \t]*kind:[ \t]*[\"']?Secret[\"']?[ \t\r]*$", re.M | re.I)
_DATA = re.compile(
    r"^(?P<indent>[ \t]*)(?:stringData|data):[ \t\r]*\n"
    r"(?P<members>(?:(?P=indent)[ \t]++[^\n]*+(?:\n|\Z)|[ \t\r]*+\n)++)",
    re.M,
)
_MEMBER = re.compile(
    r"^[ \t]*+(?:[\w.-]{1,253}:[ \t]++(?![|>][+-]?\d?[ \t\r]*$))?[\"']?(?P<secret>[^\s\"'][^\n]*?)[\"']?[ \t\r]*$", re.M
)


def _secret_objects(text: str) -> Spans:
    for data in _DATA.finditer(text) if "stringData:" in text else ():
        if "stringData" in data[0]:
            yield from (member.span("secret") for member in _MEMBER.finditer(text, *data.span("members")))
    at = 0
    for kind in _KIND.finditer(text):
        if kind.start() < at:
            continue  # in the same document
        begin = text.rfind("\n---", at, kind.start()) + 1 or at
        end = text.find("\n---", kind.end())
        at = end if end >= 0 else len(text)
        for data in _DATA.finditer(text, begin, at):
            for member in _MEMBER.finditer(text, *data.span("members")):
                yield member.span("secret")


# ["password"]=>
#   string(6) "secret", as var_dump of PHP shows it
_DUMPED = re.compile(
    r"\[\"(?P<name>[\w.-]{1,80})\"(?::\w+)*\]=>[ \t\r]*\n[ \t]*string\(\d+\)[ \t]\""
    r"(?P<secret>[^\n]+)\"[ \t\r]*$",
    re.M,
)


# "passwords": {"root": "x", "anna": "y"}
_OBJECT = re.compile(
    r"(?:passwords|passwds|passphrases|stringData|protectedSettings)\\*[\"']?\s{0,9}(?::|=>?)\s{0,9}\{(?P<members>[^{}]{1,4000}+)",
    re.I,
)
_VALUES = re.compile(r"(?::|=>?)\s{0,9}\\*([\"'])(?P<secret>(?:(?!\\*\1)[^\n])+)")


def _objects(text: str) -> Spans:
    for found in _OBJECT.finditer(text) if "{" in text else ():
        yield from (value.span("secret") for value in _VALUES.finditer(text, *found.span("members")))


# Content-Disposition: form-data; name="password", an empty line, and the value
_FORM = re.compile(r"form-data;\s?name=\"?(?P<name>[\w.-]+)\"?[^\n]*\n(?:[\w-]+:[^\n]*\n)*\r?\n(?P<secret>[^\n]+)")


# a login of OpenVPN in its file, and one of SMTP in a transcript: the name, then the password
_BELOW = re.compile(
    r"<auth-user-pass>\s*\n[^\n]+\n(?P<secret>[^\n<]+)|"
    r"334[ -]UGFzc3dvcmQ6[^\n]*\n(?:[^\n]{0,80}[\s>:])?(?P<mac>[\w+/]{4,}={0,2})[ \t\r]*$",
    re.M,
)


def _below(text: str) -> Spans:
    for match in _BELOW.finditer(text):
        yield _stripped(text, *match.span("secret" if match["secret"] else "mac"))


#: What a text must hold in lower case, one of them, and what then looks for secrets in it.
HEADS: tuple[tuple[tuple[str, ...], Callable[[str], Spans]], ...] = (
    (("private key", "private%20key", "private+key", "private_key-", "private\\u0020key"), _keys),
    (("private-lines", "private-mac", "private-hash"), _putty),
    (("ls0tls1crudjti", "ls0tlujfr0lo", "tls0tqkvhsu", "s0tls1crudjti"), _coded),
    (("eyj",), _wrapped),
    (("chpasswd", "passwords"), _lists),
    (('"kty', '\\"kty', "'kty", "<rsakeyvalue>"), _private_parts),
    (("machine ",), _all(_NETRC)),
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
        _all(_DER),
    ),
    (("password", "passphrase", "passcode", "token:", "token is:", "secret is:", "key is:"), _all(_PROMPT)),
    (("password", "passwd", "passphrase", "secret", "token", "apikey", "api_key"), _all(_QUOTED, STRONG)),
    (("value:",), _all(_NAMED_BLOCK, WEAK)),
    (("stringdata:", "kind: secret", 'kind: "secret', "kind: 'secret"), _secret_objects),
    (("string(",), _all(_DUMPED, WEAK)),
    (("passwords", "passwds", "passphrases", "stringdata", "protectedsettings"), _objects),
    (("password", "passwd", "passphrase", "secret", "token"), aligned),
    (("password", "passwd", "passphrase", "secret", "apikey", "api_key"), separated),
    (("form-data",), _all(_FORM, WEAK)),
    (("<auth-user-pass>", "334 ugfzc3dvcmq6", "334-ugfzc3dvcmq6"), _below),
)
