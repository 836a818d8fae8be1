"""Logins in addresses, in every spelling: ``http://user:p@ss/word@proxy``, ``user:x@10.0.0.1:3128``."""

from __future__ import annotations

import re
from collections.abc import Iterator

Spans = Iterator[tuple[int, int]]

_ADDRESS = re.compile(
    r"(?::(?:\\?/|\\u002[fF]|&#(?:47|x2[fF]);){2}|%(?:25)?3[aA](?:%(?:25)?2[fF]){2}|(?<![\w:/])//(?=[^\s/]))"
    r"(?P<rest>[^\s'\"<>|]++)"
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}\Z")
_AT = re.compile(r"@|%(?:25)?40|&#64;")
#: A login has one of these before its @.
_BEFORE_AT = re.compile(r"(?s).*?(?:[:/]|%(?:25)?3[aA]).*?(?:@|%(?:25)?40|&#64;)")
_LOGIN = re.compile(
    r"[^\s/@:%]{0,256}(?:%(?!(?:25)?(?:2[fF]|3[aA]|40))[^\s/@:%]{0,256}){0,20}(?P<colon>:|%(?:25)?3[aA])?"
)
#: A user name alone is not a secret in an address of these schemes; in one of http it may be a token.
_USERS = frozenset(
    "ssh sftp scp git+ssh rsync ldap ldaps imap smtp postgresql postgres mysql smb nfs mailto sip xm"
    "pp ftp telnet vnc rdp".split()
)
_BARE_HOST = re.compile(r"@(?=\[?[\w.-]{1,80}\]?:\d{2,5}\b|\d{1,3}(?:\.\d{1,3}){3}\b)")
_BARE_LOGIN = re.compile(
    rf"(?<![\w/@:.+-])(?:[A-Za-z][\w.-]{{0,63}}/)?(?P<user>[\w.+\\-]{{1,64}}+):(?P<secret>[^\s:@/'\"<>]{{1,128}}+){_BARE_HOST.pattern}"
)
#: Before a proxy: ``HTTPS_PROXY="``, ``proxyconnect tcp: ``, ``Unsupported proxy syntax in '``.
_PROXY = r"""proxy[\w.-]{0,40}+\\*["']?\s{0,9}(?:[:=]|syntax\sin|tcp:)?\s{0,9}\\*["']?"""
_PROXY_LOGIN = re.compile(
    rf"{_PROXY}(?P<login>[^\s:@/'\"<>=]{{1,64}}+:[^\s'\"<>]{{1,256}})@(?=[\w.\[-])",
    re.I,
)
#: A proxy's password that begins as a port does: HTTPS_PROXY=http://user:12/ab@host; elsewhere that is a path.
_PROXY_PORT = re.compile(
    rf"{_PROXY}[a-z][a-z0-9+.-]{{0,30}}+://"
    rf"(?P<login>[^\s:@/'\"<>]{{0,64}}+:\d{{1,5}}(?:[/?#][^\s'\"<>]{{0,256}}|"
    rf"[ ][^\s'\"<>=:/@]{{1,64}}(?=@[\w.-]{{1,80}}:\d)))@(?=[\w.\[-])",
    re.I,
)
#: The same elsewhere, where a number of up to three digits is not a port that anything listens at.
_NO_PORT_LOGIN = re.compile(
    r"://(?P<login>[\w+-]{1,64}+:(?!80\b|443\b)\d{1,3} [^\s'\"<>=:/@]{1,64})@(?=[\w.-]{1,80}:\d{2,5}\b)"
)
#: A password with a blank or a quote in it: http://user:p ss@host, 'http://user:p"q@host'; behind the name of a proxy
#: without a scheme, and with a blank in the user's name, too. What begins as a port is none.
_NO_PORT = r"""(?!\d{1,5}(?:[/?#,;&:'"\s\\]|\Z))"""
_REST = r"[^\s@][^\n@]{0,255}(?:@[^\s@'\"]{0,128}){0,8}"
#: Two of proxies, one of any line (several words after what looks like a port), two of addresses with a scheme.
_ODD_LOGINS = (
    _PROXY_PORT,
    re.compile(
        rf"{_PROXY}(?:[a-z][a-z0-9+.-]{{0,30}}+://)?(?P<login>[^\n/@:<>=]{{1,128}}+:{_NO_PORT}(?!//)(?:{_REST}))@(?=[\w.\[-])",
        re.I,
    ),
    re.compile(
        r"(?:://|(?m:^)[ \t]*)"
        r"(?P<login>[\w+-]{1,64}+:\d{1,5}(?= (?:[^\s@]+ ){0,2}(?=[^\s@]{0,64}\d)[^\s@]{0,64}[A-Za-z])"
        r"(?: [^\s'\"<>=:/@,;]{1,64}){1,3})@(?=[\w.-]{1,80}(?::\d{2,5}\b|/))"
    ),
    _NO_PORT_LOGIN,
    re.compile(rf"://(?P<login>[^\s/@:<>]{{0,128}}+:{_NO_PORT}(?:(?!://){_REST}))@(?=[\w.\[-])"),
)
_NOT_USERS = frozenset(
    "sip sips mailto ssh to from cc user by for login principal upn host via jump target dest xmpp account acct".split()
)
#: Words that a user may be called, too: "user:anna@10.0.0.1:22" names one, "user:hunter2@10.0.0.1:3128" is a login.
_PERHAPS_USERS = frozenset("user login account acct principal by".split())


def address_logins(text: str, start: int, end: int) -> Spans:
    """Logins in addresses: ``http://user:p@ss/word@proxy``, ``https://token@host``, and as JSON and forms write them.

    Each address is read once, whatever it holds: a VM's line of nothing but ``://`` takes no longer than another.
    """
    if not _BEFORE_AT.match(text, start, end):
        return
    for found in _ADDRESS.finditer(text, start, end):
        rest, at = found["rest"], found.start("rest")
        before = _SCHEME.search(text[max(start, found.start() - 31) : found.start()])
        scheme = before[0].lower() if before else ""
        for part in _parts(rest):
            first, last = at + part[0], at + part[1]
            yield from _login(text, first, last, scheme if part[0] == 0 else part[2])
    for bare in _BARE_LOGIN.finditer(text, start, end) if _BARE_HOST.search(text, start, end) else ():
        user, secret = bare["user"].lower(), bare["secret"]
        if user not in _NOT_USERS or (user in _PERHAPS_USERS and re.search(r"[^a-z]", secret) and not secret.isdigit()):
            yield bare.start("user"), bare.end("secret")
    line = text[start:end].lower()
    if "proxy" in line:
        for bare in _PROXY_LOGIN.finditer(text, start, end):
            if "://" not in bare["login"] and not re.match(r"[^:]*:\d{1,5}(?:[/,]|\Z)", bare["login"]):
                yield bare.span("login")
    for pattern in _ODD_LOGINS[0 if "proxy" in line else 2 : 5 if "://" in line else 3]:
        for odd in pattern.finditer(text, start, end):
            yield odd.span("login")


def _parts(rest: str) -> Iterator[tuple[int, int, str]]:
    """An address may hold another: ``x?next=http://u:p@h``, ``http://a:b@c,http://d:e@f``."""
    begin, scheme = 0, ""
    for inner in re.finditer(r"([A-Za-z][A-Za-z0-9+.-]{1,12})(?::(?:\\?/){2}|%(?:25)?3[aA](?:%(?:25)?2[fF]){2})", rest):
        yield begin, inner.start(), scheme
        begin, scheme = inner.end(), inner[1].lower()
    yield begin, len(rest), scheme


def _login(text: str, first: int, last: int, scheme: str) -> Spans:
    head = _LOGIN.match(text, first, last)
    if head is None:
        return
    if text[first] in "[]":  # http://[[user][:password]@]host, of a manual
        return
    if head["colon"]:
        if re.match(r"\d{1,5}(?:[/?#,;&]|%2[fF]|\Z)", text[head.end() : last]):
            return
        ends = [at.start() for at in _AT.finditer(text, head.end(), min(last, head.end() + 1024))]
        if ends:
            yield first, ends[-1]
    elif scheme not in _USERS and _AT.match(text, head.end(), last):
        host = re.compile(r"[^/?#]{0,1024}").match(text, head.end(), last)  # user@domain:p@ss@host
        yield first, [at.start() for at in _AT.finditer(text, head.end(), host.end() if host else last)][-1]
