r"""Secrets near the name of one, where no separator joins the two: the value is known by its own look.

::

    Using password Winter!23 from environment      PASSWORD elastic = x1y2z3      password(x1y2z3)      psk '"x1y2z3"'
    Password for 'https://ci@git': x1y2z3          [Password, X1y2z3]             The API key x1y2z3... is invalid

Directly behind the name a value has a letter and a digit. Behind other words it also has both cases, or a sign that
words do not have. Behind the name of a token or a key it has no order at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from plugins.core.secret_names import LIKELY, NONE

_REACH = 100  # characters behind the name

#: Names of what people choose; values of the others are generated.
_CHOSEN_NAMES = (
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "psk",
    "requirepass",
    "passwort",
    "kennwort",
)

#: A key of a service, in two words: other keys are named by their kind (an RSA key), which says what they are.
_SERVICE_KEY = re.compile(
    r"\b(?:api|access|account|storage|secret|licen[sc]e|activation|subscription|shared|service|unseal|recovery) key\Z",
    re.I,
)

#: A word in quotes, or one to the next blank or bracket.
_WORD = re.compile(
    r"(?P<q>[\"'`])(?P<quoted>[^\"'`\n]{4,128})(?P=q)"
    r"|(?<![^\s\"'`(\[{<|,;:=\u2192>])(?P<bare>[^\s\"'`()\[\]{}<>|,;\u2192]{6,128})"
)
_DIGIT = re.compile(r"\d")
_LETTERS = re.compile(r"[^\W\d_]+")
#: What joins a name and its value directly; -v and --value stand between a property and its value.
_JOINTS = frozenset("is was now set to has been changed reset updated v value".split())
#: What the next word belongs to, when it is not the secret: a user, a host, a time.
_OTHERS = frozenset(
    "for user users username from on at of in by host account login version port as via against with server domain "
    "group realm database db client machine vm node key id line step file see rule type named called".split()
)
#: The same before a colon: what is told is not the secret itself.
_ABOUT = frozenset("user username name id identity hint policy type file path version host expires".split())
_ASSIGNED = re.compile(r"[:=][ \t]*[\"'`]?\Z")
_PART = re.compile(r"(?=[^A-Za-z]*[A-Za-z])(?=\D*\d)\S{3,}\Z")
_MIXED = re.compile(r"(?=[^A-Za-z]*[A-Za-z])(?=\D*\d)\S{5,}\Z")
_CASES = re.compile(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)[^\s/\\]{7,}\Z")
_SIGNED = re.compile(r"(?=[^A-Za-z]*[A-Za-z])(?=\D*\d)(?=[^!#$%^&*?+~]*[!#$%^&*?+~])[^\s/\\]{7,}\Z")
_RANDOM = re.compile(r"(?=\D*\d)(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9+/_~.-]{20,}={0,2}\Z")
#: What has letters and digits in order: ids, hashes' names, versions, times, addresses, paths, references, assignments.
_ORDERED = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-|v?\d+(?:[.:]\d+)+|\d{4}-\d\d|\d[\d:.,-]*[a-z]{0,6}\Z|0x[0-9a-f]+\Z|[a-z][\w.-]*=(?!=?\Z)|"
    r"[$%{<]|[~.]?/|[a-z]:\\|[a-z][a-z0-9+.-]*://|(?:sha|md|aes|ssh|rsa|ed|utf|ipv|x|oauth|tls|ssl|http|base|pkcs|win|"
    r"kerberos|yescrypt|bcrypt|argon|des|crc|rfc|kb|cve|error|code|event)v?[-_/]?\d+(?![A-Za-z\d])|AAAA[BCE]3Nza|[\w.+-]+@[\w-]+\.|"
    r"[\w-]+\.(?:so|py|sh|ya?ml|json|conf|cfg|service|log|txt|key|pem|c|go|js|java|cs|ps1|exe|dll)\b|"
    r"[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|local|internal|io)\b|-",
    re.I,
)
#: A word with a number behind it: a name as likely as a password.
_COUNTED = re.compile(r"[A-Z]?[a-z]+[-_]?\d{1,2}\Z|[A-Z][a-z]+(?:19|20)\d\d\Z")


def _is_chosen(word: str, loose: bool) -> bool:
    """True for what looks like a password; `loose` where other words stand before it."""
    if _ORDERED.match(word):
        return False
    if not loose:
        return bool(_MIXED.match(word))
    return bool(_CASES.match(word) or _SIGNED.match(word))


def _is_random(word: str) -> bool:
    return bool(_RANDOM.match(word)) and not _ORDERED.match(word)


def service_key(text: str, at: int) -> int:
    """How surely the word ``key`` that ends at `at` is a secret's name: with the word before it, as in "API key"."""
    return LIKELY if _SERVICE_KEY.search(text, max(0, at - 40), at) else NONE


def near(text: str, name: str, at: int, end: int) -> Iterator[tuple[int, int]]:
    """The value that stands near a secret's name, which ends at `at`."""
    stop = min(end, at + _REACH)
    if not _DIGIT.search(text, at, stop) or text.endswith("<secret", 0, at):  # the second is a mark of ours
        return
    lowered = name.lower().strip("-._")
    if lowered == "key":
        if not service_key(text, at):
            return
        lowered = "service_key"
    chosen = lowered.endswith(_CHOSEN_NAMES)
    compound = "_" in lowered or "." in lowered or chosen
    for word in _WORD.finditer(text, at, stop):
        group = "bare" if word["q"] is None else "quoted"
        first = word.start(group)
        value = word[group].rstrip(".:!?") if group == "bare" else word[group]
        between = text[at:first]
        if value.startswith("value="):
            first, value, between = first + 6, value[6:], f"{between}value="
        words = [part.lower() for part in _LETTERS.findall(between)]
        if len(words) > 5 or ". " in between:
            return
        assigned = bool(_ASSIGNED.search(between)) and bool(words)
        if words and words[-1] in (_ABOUT if assigned else _OTHERS):
            continue
        tight = all(part in _JOINTS for part in words)
        if " " in value and not (assigned and any(map(_PART.match, value.split(" ")))):
            continue
        if not chosen:
            mixed = (compound or lowered == "secret") and _is_chosen(value, loose=True)
            if (tight or assigned) and (mixed or _is_random(value)):
                yield first, first + len(value)
                return
            continue
        listed = bool(re.search("[,<]", between))
        if not (tight or assigned or listed) and _COUNTED.match(value):
            continue
        loose = not (tight or assigned) or listed or (lowered == "passwd" and not words)
        if " " in value or _is_chosen(value, loose) or _is_random(value):
            yield first, first + len(value)
            return
