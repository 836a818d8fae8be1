"""Which lines of a text are worth a look for secrets: those that hold a needle, a text that a kind of secret needs.

Most lines hold none, and there are hundreds of needles. So the words of a text are looked up in a table of those that
were seen before: each says which needles may be where it is, and most say none. Only these are looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

#: What begins an option of a command.
OPTION = re.compile(r"-(?<![\w=:,.-]-)")

#: Numbers of finders by needle.
_Finders = dict[str, set[int]]

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
#: Other needles are looked for where their longest part of letters and digits is a word: "ghp" of "ghp_", "net" of "net
#: use". Hexadecimal digits are all alike in words, since times, numbers and ids differ.
_TO_WORDS = bytes(
    48 if char in "0123456789abcdef" else ord(char) if char in "ghijklmnopqrstuvwxyz" else 32
    for char in map(chr, range(256))
)
_MOST = 50_000  # words that are kept


def _words(raw: bytes) -> list[str]:
    return raw.translate(_TO_WORDS).decode().split()


class Needles:
    """The needles of finders, which are known by their numbers. A needle is in lower case.

    One that begins with ``>`` (no part of it) may stand in a word, as the beginning of a key without a mark of its own.
    """

    def __init__(self, of_finders: Iterable[Iterable[str]], optional: Iterable[int]):
        """`optional` are the finders that look for options: for them a text must have one."""
        self._optional = frozenset(optional)
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
        folded = " ".join(_words(needle.encode()))
        for part in _PARTS:
            if (plain := part.encode().translate(_TO_WORDS).decode()) in folded:
                return self._parts.setdefault(plain, {})
        longest = max(folded.split(), key=lambda part: (bool(part.strip("0")), len(part)))
        return (self._parts if needle[0] == ">" else self._words).setdefault(longest, {})

    def held(self, lines: list[str]) -> dict[str, set[int]]:
        """The lines that hold needles, with the numbers of these needles' finders."""
        low = "\n".join(lines).lower().replace("\t", " ")
        if "@" in low:  # one that begins a line has no login before it
            low = f"\n{low}".replace("\n@", "\n")[1:]
        raw = low.encode("utf-8", "surrogatepass")
        possible = {needle: its for sign, group in self._signs.items() if sign in low for needle, its in group.items()}
        words = {*_words(raw)} - self._plain
        if fresh := words - self._telling.keys():
            possible |= self._learn(fresh)
        for word in words - fresh:
            for group in self._telling[word]:
                possible |= group
        found: dict[str, set[int]] = {}
        options = None
        for needle, numbers in possible.items():
            at = low.find(needle)
            if at >= 0 and numbers <= self._optional:
                if options is None:
                    options = bool(OPTION.search(low))
                if not options:
                    continue
            while at >= 0:
                end = low.find("\n", at)
                end = end if end >= 0 else len(low)
                found.setdefault(low[low.rfind("\n", 0, at) + 1 : end], set()).update(numbers)
                at = low.find(needle, end)
        if not found:
            return {}
        return {line: found[plain] for line, plain in zip(lines, low.split("\n"), strict=True) if plain in found}

    def _learn(self, words: set[str]) -> _Finders:
        """The needles that may be beside words which were not seen before."""
        together = " ".join(words)
        parts = [part for part in self._parts if part in together]
        telling = {word: [self._words[word]] for word in words & self._words.keys()}
        for part in parts:
            for word in words:
                if part in word:
                    telling.setdefault(word, []).append(self._parts[part])
        for word in words:
            if len(word) > 19:
                its = [self._shaped[needle] for needle, shape in _SHAPED.items() if shape.match(word)]
                if its:
                    telling.setdefault(word, []).extend(its)
        if len(self._plain) + len(self._telling) < _MOST:
            self._plain |= words - telling.keys()
            self._telling |= telling
        return {needle: its for groups in telling.values() for group in groups for needle, its in group.items()}
