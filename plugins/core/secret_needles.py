"""Which lines of a text are worth a look for secrets: those that hold a needle, a text that a kind of secret needs.

Most lines hold none, and there are hundreds of needles. So the words of a text are looked up in a table of those that
were seen before: each says which needles may be where it is, and most say none. Only these are looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

#: What begins an option of a command.
OPTION = re.compile(r"-(?<![\w=:,.-]-)")

#: Numbers of finders by needle.
_Finders = dict[str, set[int]]
#: Numbers of finders by the number of a line.
_Held = dict[int, set[int]]

#: A needle with one of these signs is looked for where the sign is.
_SIGNS = (
    *("@", "%", "&", "$", "~", "<", "*", "+", "==", "//0", "/d ", "-us", ":aa", "acdb", "a3t", "cio", "akc", "eaa"),
    *("!a", ":::", ":5432:", "a3-", "bbdc", "0.a", "1.a"),
    *("парол", "パスワード", "暗証番号", "密", "口令", "비밀번호", "암호"),
)
#: A needle with one of these is looked for where a word holds it: DB_PASSWORD, ldapsearch, x-ms-client-secret.
_PARTS = (
    *("auth", "eyj", "xox", "sig", "sha", "md5", "pass", "pw", "secret", "tok", "key", "cred", "psk", "otp", "string"),
    *(
        "jwt",
        "cookie",
        "connstr",
        "sas",
        "s0tl",
        "s0tq",
        "wort",
        "woord",
        "protectedsettings",
        "pfx",
        "community",
        "crypt",
    ),
    *("d08c9ddf0115d111",),
    *("mysql", "mongo", "ldap", "snmp", "smb", "ipmi", "freerdp", "ftp"),
)
#: Short ones, which are in many a word, are looked for where a word is long enough to be of that key.
_SHAPED = {
    ">sk": re.compile("sk0{32}"),
    ">ac": re.compile("0{34}"),
    ">k10": re.compile("k0{66}$"),
    ">ap": re.compile("0p0[0a-z]{20}"),
    ">:": re.compile("0{32}$"),
    ">pat": re.compile("0{64}"),
    "s.": re.compile("[0a-z]{24}$"),
    ">acca": re.compile("0{4}[0a-z]{16}$"),
    ">4b1d": re.compile("0{4}[0a-z]{38}$"),
    "bbff-": re.compile("[0a-z]{30}$"),
    "sat.": re.compile("[0a-z]{24}$"),
    "1000.": re.compile("0{32}$"),
    ">.": re.compile("[mno][0a-z]{21,27}"),
}
_ANY_SHAPE = re.compile("|".join(shape.pattern for shape in _SHAPED.values()))
#: Other needles are looked for where their longest part of letters and digits is a word: "ghp" of "ghp_", "net" of "net
#: use". Hexadecimal digits are all alike in words, since times, numbers and ids differ.
_TO_WORDS = bytes(
    48 if char in "0123456789abcdef" else ord(char) if char in "ghijklmnopqrstuvwxyz\n" else 32
    for char in map(chr, range(256))
)
_MOST = 50_000  # words that are kept


def _folded(raw: bytes) -> str:
    return raw.translate(_TO_WORDS).decode()


def _numbers(sign: str, text: str) -> Iterator[int]:
    """The numbers of the lines of `text` that hold a sign."""
    at, begin, number = text.find(sign), 0, 0
    while at >= 0:
        number += text.count("\n", begin, at)
        yield number
        begin = text.find("\n", at)
        at = text.find(sign, begin) if begin >= 0 else -1


def _hold(group: _Finders, text: str, number: int, held: _Held) -> None:
    """Note the finders of those needles of a group that line `number` holds, whose text is given."""
    for needle, finders in group.items():
        if needle in text:
            held.setdefault(number, set()).update(finders)


class Needles:
    """The needles of finders, which are known by their numbers. A needle is in lower case.

    One that begins with ``>`` (no part of it) may stand in a word, as the beginning of a key without a mark of its own.
    """

    def __init__(self, of_finders: Iterable[Iterable[str]]):
        self._signs: dict[str, _Finders] = {}
        self._parts: dict[str, _Finders] = {}
        self._words: dict[str, _Finders] = {}
        self._shaped: dict[str, _Finders] = {}
        for number, needles in enumerate(of_finders):
            for needle in needles:
                self._group(needle).setdefault(needle.removeprefix(">"), set()).add(number)
        #: Words that say nothing, and the groups of the others.
        self._plain: set[str] = set()
        self._telling: dict[str, list[_Finders]] = {}

    def _group(self, needle: str) -> _Finders:
        if sign := next((sign for sign in _SIGNS if sign in needle), ""):
            return self._signs.setdefault(sign, {})
        if needle in _SHAPED:
            return self._shaped.setdefault(needle, {})
        folded = " ".join(_folded(needle.encode()).split())
        for part in _PARTS:
            if (plain := _folded(part.encode())) in folded:
                return self._parts.setdefault(plain, {})
        longest = max(folded.split(), key=lambda part: (bool(part.strip("0")), len(part)))
        return (self._parts if needle[0] == ">" else self._words).setdefault(longest, {})

    def held(self, lines: list[str]) -> dict[str, set[int]]:
        """The lines that hold needles, with the numbers of these needles' finders."""
        low = "\n".join(lines).lower().replace("\t", " ")
        if "@" in low:  # one that begins a line has no login before it
            low = f"\n{low}".replace("\n@", "\n")[1:]
        held: _Held = {}
        texts = low.split("\n")
        of_lines = [line.split() for line in _folded(low.encode("utf-8", "surrogatepass")).split("\n")]
        words = set().union(*of_lines) - self._plain
        fresh = self._learn(new) if (new := words.difference(self._telling)) else {}
        telling = {word: groups for word in words if (groups := fresh.get(word) or self._telling.get(word))}
        for number, own in enumerate(of_lines):
            for word in set(filter(telling.__contains__, own)):
                for group in telling[word]:
                    _hold(group, texts[number], number, held)
        for sign, group in self._signs.items():
            for number in _numbers(sign, low):
                _hold(group, texts[number], number, held)
        return {lines[number]: finders for number, finders in held.items()}

    def _learn(self, words: set[str]) -> dict[str, list[_Finders]]:
        """The groups of needles that may be where words are which were not seen before."""
        telling = {word: [self._words[word]] for word in words & self._words.keys()}
        # Of words of four characters and fewer, as base64 in groups has them, there may be hundreds.
        every, long = (f" {' '.join(some)} " for some in (words, [word for word in words if len(word) > 4]))
        for part, group in self._parts.items():
            together = every if len(part) < 5 else long
            at = together.find(part)
            while at >= 0:
                end = together.index(" ", at)
                telling.setdefault(together[together.rindex(" ", 0, at) + 1 : end], []).append(group)
                at = together.find(part, end)
        for word in words:
            if len(word) > 19 and _ANY_SHAPE.match(word):
                its = [self._shaped[needle] for needle, shape in _SHAPED.items() if shape.match(word)]
                if its:
                    telling.setdefault(word, []).extend(its)
        if len(self._plain) + len(self._telling) < _MOST:
            self._plain |= words.difference(telling)
            self._telling |= telling
        return telling
