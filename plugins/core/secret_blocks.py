r"""Secrets that go over several lines, or stand in lines below their heading: keys, wrapped tokens, lists of passwords.

Each function yields places in the whole text. `HEADS` says what a text must hold, in lower case, for it to be worth it.
"""

from __future__ import annotations

import re

from plugins.core.secret_columns import aligned, inserted, separated
from plugins.core.secret_keys import KEYS, Head, Spans, decoded, groups, stripped
from plugins.core.secret_names import STRONG, WEAK

# "auth": "dXNlcjpwYXNz" of docker's config.json, _auth=... of .npmrc: base64 of user:password
_AUTH = re.compile(
    r"(?:(?<![A-Za-z])|_)auth\\*[\"']?\s{0,9}[:=]\s{0,9}\\*[\"']?(?P<secret>[A-Za-z0-9+/]{6,}+={0,2})", re.I
)


def encoded_logins(text: str, start: int, end: int) -> Spans:
    """Logins in base64, as docker and npm keep them."""
    for match in _AUTH.finditer(text, start, end):
        if b":" in decoded(match["secret"] + "=" * (-len(match["secret"]) % 4)):
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
_LIST_INLINE = re.compile(
    r"chpasswd[^\n]{0,80}?(?:list[\"']?\s*:|input=|data=)\s*\[?\s*b?[\"'](?P<secret>[^\"'\n]+)", re.I
)


# + echo root:x, and + chpasswd in the next line, as `set -x` shows a pipe
_TRACED = re.compile(
    r"\becho[ \t]+[\"']?[\w.-]{1,32}:(?P<secret>[^\n\"']+)[\"']?\r?\n[^\n]{0,80}?\+ (?:sudo )?(?:/[\w/]*/)?chpasswd"
)


def _lists(text: str) -> Spans:
    low = text.lower()
    if "chpasswd" not in low and "random" not in low:
        return
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


_NETRC = re.compile(r"\bmachine\s+\S+\s+(?:login|account)\s+\S+\s+password\s+(?P<secret>\S+)")


# "Password for anna:" as a prompt, and a word of its own below it
_PROMPT = re.compile(
    r"(?:ass(?:word|phrase|code)(?:[ \t]+(?:for|of|to)[ \t][^\n:]{1,60}|[ \t]*\([^\n()]{1,40}\)|[ \t]is)?|"
    r"oken(?:[ \t]is)?|(?:ecret|ey)[ \t]is|\)\.Password)[ \t]?(?::|(?<=\)\.Password))[ \t]*\n[ \t\r]*\n?[ \t]*"
    r"(?P<secret>(?=\S*[\d!@#$%^&*+=?])(?=\S*[A-Za-z])[^\s<>:{}\[\]()\"']{6,128})[ \t\r]*$",
    re.M,
)


# "id": "https://kv.vault.azure.net/secrets/db/1", "value": "x" of `az keyvault secret show`
_VAULT = re.compile(
    r"\.vault\.\w[\w.]{0,40}/secrets/[\w/-]{1,200}\",[^{}\[\]]{0,400}?\"value\":\s{0,9}\"(?P<secret>[^\"\n]+)\""
)

# A recovery password of BitLocker
_RECOVERY = re.compile(r"(?<![\d-])(?P<secret>\d{6}(?:-\d{6}){7})(?![\d-])")

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
_OBJECTS = ("passwords", "passwds", "passphrases", "stringdata", "protectedsettings", "-oauth")
_OBJECT = re.compile(r"\\*[\"']?\s{0,9}(?::|=>?)\s{0,9}\{(?P<members>[^{}]{1,4000}+)")
_VALUES = re.compile(r"(?::|=>?)\s{0,9}\\*([\"'])(?P<secret>(?:(?!\\*\1)[^\n])+)")


def _objects(text: str) -> Spans:
    low = text.lower()
    for name in _OBJECTS if "{" in text else ():
        at = low.find(name)
        while at >= 0:
            at += len(name)
            if members := _OBJECT.match(text, at):
                yield from (value.span("secret") for value in _VALUES.finditer(text, *members.span("members")))
            at = low.find(name, at)


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
        yield stripped(text, *match.span("secret" if match["secret"] else "mac"))


HEADS: tuple[Head, ...] = (
    *KEYS,
    (("eyj",), _wrapped),
    (("chpasswd", "passwords"), _lists),
    (("machine ",), groups(_NETRC)),
    (("/secrets/",), groups(_VAULT)),
    (("password", "passphrase", "passcode", "token:", "token is:", "secret is:", "key is:"), groups(_PROMPT)),
    (("password", "passwd", "passphrase", "secret", "token", "apikey", "api_key"), groups(_QUOTED, STRONG)),
    (("recovery", "bitlocker"), groups(_RECOVERY)),
    (("value:",), groups(_NAMED_BLOCK, WEAK)),
    (("stringdata:", "kind: secret", 'kind: "secret', "kind: 'secret"), _secret_objects),
    (("string(",), groups(_DUMPED, WEAK)),
    (_OBJECTS, _objects),
    (("password", "passwd", "passphrase", "secret", "token"), aligned),
    (("password", "passwd", "passphrase", "secret", "apikey", "api_key"), separated),
    (("insert into", "replace into"), inserted),
    (("form-data",), groups(_FORM, WEAK)),
    (("<auth-user-pass>", "334 ugfzc3dvcmq6", "334-ugfzc3dvcmq6"), _below),
)
