"""Which lines of a text are worth a look for secrets: those that hold a needle, a text that a kind of secret needs.

Most lines hold none, and there are hundreds of needles. So the words of a text are looked up in a table of those that
were seen before: each says which needles may be where it is, and most say none. Only these are looked for.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Needles"]

#: Numbers of finders by needle.
_Finders = dict[str, set[int]]

#: A needle with one of these signs is looked for where the sign is.
_SIGNS = "@%&$~<*"
#: A needle with one of these is looked for where a word holds it: DB_PASSWORD, ldapsearch, x-ms-client-secret.
_PARTS = (
    *("auth", "eyj", "xox", "sig", "sha", "md5", "pass", "pw", "secret", "tok", "key", "cred", "psk", "otp", "string"),
    *("jwt", "cookie", "connstr", "sas", "s0t", "wort", "woord", "protectedsettings", "pfx", "community", "crypt"),
    *("mysql", "mongo", "ldap", "snmp", "smb", "ipmi", "freerdp", "ftp"),
)
#: Other needles are looked for where their longest part of letters and digits is a word: "ghp" of "ghp_", "net" of "net
#: use". Digits are all alike in words, since times and numbers differ.
_TO_WORDS = bytes(
    48 if chr(code).isdigit() and code < 128 else code if chr(code) in "abcdefghijklmnopqrstuvwxyz" else 32
    for code in range(256)
)
#: Needles that begin with ``>`` (no part of them) are looked for beside so many letters, digits and signs of base64.
_LONG = 20
_TO_RUNS = bytes(97 if code != 32 or chr(at) in "_+/=-" else 32 for at, code in enumerate(_TO_WORDS))
_MOST = 50_000  # words that are kept


class Needles:
    """The needles of finders, which are known by their numbers. A needle is in lower case."""

    def __init__(self, of_finders: Iterable[Iterable[str]]):
        self._signs: dict[str, _Finders] = {}
        self._parts: dict[bytes, _Finders] = {}
        self._words: dict[bytes, _Finders] = {}
        self._long: _Finders = {}
        for number, needles in enumerate(of_finders):
            for needle in needles:
                self._group(needle).setdefault(needle.removeprefix(">"), set()).add(number)
        #: Words that say nothing, and the groups of the others.
        self._plain: set[bytes] = set()
        self._telling: dict[bytes, list[_Finders]] = {}

    def _group(self, needle: str) -> _Finders:
        if needle[0] == ">":
            return self._long
        if sign := next((sign for sign in _SIGNS if sign in needle), ""):
            return self._signs.setdefault(sign, {})
        if part := next((part for part in _PARTS if part in needle), ""):
            return self._parts.setdefault(part.encode().translate(_TO_WORDS), {})
        return self._words.setdefault(max(needle.encode().translate(_TO_WORDS).split(), key=len), {})

    def held(self, lines: list[str]) -> dict[str, set[int]]:
        """The lines that hold needles, with the numbers of these needles' finders."""
        low = "\n".join(lines).lower()
        raw = low.encode("utf-8", "surrogatepass")
        possible = {needle: its for sign, group in self._signs.items() if sign in low for needle, its in group.items()}
        words = {*raw.translate(_TO_WORDS).split()} - self._plain
        if fresh := words - self._telling.keys():
            possible |= self._learn(fresh)
        for word in words - fresh:
            for group in self._telling[word]:
                possible |= group
        if b"a" * _LONG in raw.translate(_TO_RUNS):
            possible |= self._long
        found: dict[str, set[int]] = {}
        for needle, numbers in possible.items():
            at = low.find(needle)
            while at >= 0:
                end = low.find("\n", at)
                end = end if end >= 0 else len(low)
                found.setdefault(low[low.rfind("\n", 0, at) + 1 : end], set()).update(numbers)
                at = low.find(needle, end)
        if not found:
            return {}
        return {line: found[plain] for line, plain in zip(lines, low.split("\n"), strict=True) if plain in found}

    def _learn(self, words: set[bytes]) -> _Finders:
        """The needles that may be beside words which were not seen before."""
        together = b" ".join(words)
        parts = [part for part in self._parts if part in together]
        telling = {word: [self._words[word]] for word in words & self._words.keys()}
        for part in parts:
            for word in words:
                if part in word:
                    telling.setdefault(word, []).append(self._parts[part])
        if len(self._plain) + len(self._telling) < _MOST:
            self._plain |= words - telling.keys()
            self._telling |= telling
        return {needle: its for groups in telling.values() for group in groups for needle, its in group.items()}
