r"""Taking secrets out of text, before it is recorded anywhere.

Probes cut secrets off on the VM already; this is the second net, for what nobody expected to be printed. The same
secret becomes the same mark within a run, so that a reader can still see that two places hold the same one::

    HTTPS_PROXY=http://alice:hunter22@169.254.0.11:3128   ->   HTTPS_PROXY=http://<secret:3f9a41c7>@169.254.0.11:3128

A secret is known by its shape (`plugins.core.secret_shapes`), by what stands before it (`secret_neighbours`, with the
names of `secret_names`), as an argument of a tool (`secret_arguments`), by the lines around it (`secret_blocks`), or
because the runner has it itself (`remember`). Every finder is linear in the length of the text.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import secrets as _random
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

from plugins.core.secret_arguments import ARGUMENTS, COMMANDS
from plugins.core.secret_blocks import HEADS, encoded_logins
from plugins.core.secret_devices import DEVICES
from plugins.core.secret_names import HINTS, NONE, STRONG, is_plain_value, is_reference, is_secret_name, secret_level
from plugins.core.secret_neighbours import address_logins, named_values
from plugins.core.secret_shapes import SHAPES

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

#: Finds secrets in one line of a text, between two places, and says where they are.
_Finder = Callable[[str, int, int], Iterator[tuple[int, int]]]


def _by(pattern: re.Pattern[str]) -> _Finder:
    """The finder of a pattern, one of whose groups is the secret."""
    groups = [name for name in ("secret", "bare", "end") if name in pattern.groupindex]

    def find(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        for match in pattern.finditer(text, start, end):
            yield match.span(next(name for name in groups if match[name] is not None))

    return find


#: Each finder looks at one line, and comes with what a line must hold, in lower case, to be worth it: most do not.
_FINDERS: list[tuple[tuple[str, ...], _Finder]] = [
    (("@", "%40", "%2540", "&#64;"), address_logins),
    (('auth"', "auth'", "auth\\", "_auth", "auth=", "auth:"), encoded_logins),
    *((needles, _by(pattern)) for needles, pattern in SHAPES),
    (HINTS, named_values),
    *((tool.needles, tool.find) for tool in ARGUMENTS),
    *((needles, _by(pattern)) for needles, pattern in (*COMMANDS, *DEVICES)),
]

#: Texts are folded for the first look: capitals to small letters, and hexadecimal digits to 0, since logs differ by
#: times, numbers and ids. So are the needles: one is in a text only if it is in the folded text.
_FOLDED = bytes(ord(chr(code).lower()) if code < 128 else code for code in range(256)).translate(
    bytes(48 if chr(code) in "0123456789abcdef" else code for code in range(256))
)


#: Needles, each with the number of its finder.
_Needles = list[tuple[str, int]]


def _all_needles() -> list[tuple[bytes, _Needles]]:
    numbers: dict[bytes, _Needles] = {}
    for number, (needles, _) in enumerate([*_FINDERS, *HEADS]):
        for needle in needles:
            numbers.setdefault(needle.encode().translate(_FOLDED), []).append((needle, number))
    return list(numbers.items())


#: Every needle, folded, with the numbers of its finders; those of `HEADS` come after the others.
_ALL_NEEDLES = _all_needles()

#: The rarest first, roughly, of the bytes of folded texts: a needle is looked for by three bytes that few lines have.
_RARE = b"~$qzx_%jk&wvy+=:;\"'()<>/\\gfpubhm.-@ludocsrnitea0 "


def _by_triple() -> dict[tuple[int, ...], list[tuple[bytes, _Needles]]]:
    by_triple: dict[tuple[int, ...], list[tuple[bytes, _Needles]]] = {(): []}  # (): shorter needles
    for needle in _ALL_NEEDLES:
        triples = zip(needle[0], needle[0][1:], needle[0][2:], strict=False)
        rarest = min(triples, key=lambda triple: sum(map(_RARE.find, triple)), default=())
        by_triple.setdefault(rarest, []).append(needle)
    return by_triple


_BY_TRIPLE = _by_triple()

#: Folded lines, and the needles of each: logs say much the same at different times, and a fleet's VMs do.
_known: dict[bytes, _Needles] = {}
#: Lines as they were that have none, also where their folded form has one ("feed" and "acdb" are both "0000").
_harmless: set[str] = set()
_MOST = 20_000  # so many of each, or a few more

#: The secrets that the runner itself has, in every form that a program may print them in; longest first.
_remembered: list[tuple[str, str]] = []

_SHORTEST = 6  # characters: what is shorter would be found in every second line


def redact(text: str) -> str:
    """`text` with every secret that is recognised replaced by a mark such as ``<secret:3f9a41c7>``."""
    return _of_many(text) if len(text) < 1_000 else _redacted(text)


@lru_cache(4096)
def _of_many(text: str) -> str:
    """A fleet's VMs say the same, and much of it passes here more than once."""
    return _redacted(text)


def _redacted(text: str) -> str:
    for known, shown in _remembered:
        if known in text:
            text = text.replace(known, shown)
    if "\0" in text and re.search(r"(?:[^\0]\0){4}|(?:\0[^\0]){4}", text):  # UTF-16, read as if it were not
        plain = text.replace("\0", "")
        if (shown := _redacted(plain)) != plain:
            return shown
    lines = text.split("\n")
    new = list(set(lines) - _harmless)
    if not new:
        return text
    folded = "\n".join(new).encode("utf-8", "surrogatepass").translate(_FOLDED).split(b"\n")
    needles = _needles_of(set(folded))
    pairs = zip(new, folded, strict=True)
    held = {line: found for line, plain in pairs if needles[plain] and (found := _needles_in(line, needles[plain]))}
    if len(_harmless) < _MOST:
        _harmless.update(line for line in new if len(line) < 200 and line not in held)
    return _marked(text, _spans(text, lines, held)) if held else text


def _needles_in(line: str, needles: _Needles) -> set[int]:
    """The numbers of the finders that have a needle in a line, of those that its folded form has."""
    low = line.lower()
    return {number for needle, number in needles if needle in low}


def _needles_of(lines: set[bytes]) -> dict[bytes, _Needles]:
    """The needles that folded lines have, as they were before folding."""
    needles = {line: _known[line] for line in lines if line in _known}
    if fresh := lines - needles.keys():
        suspect = _suspect(b"\n".join(fresh))
        for line in fresh:
            needles[line] = suspect.get(line, [])
            if len(line) < 200 and len(_known) < _MOST:
                _known[line] = needles[line]
    return needles


def _suspect(lines: bytes) -> dict[bytes, _Needles]:
    """The folded lines that have a needle, with those needles as they were before folding.

    The three-byte sequences of the lines say which needles are possible: the cost does not grow with the needles.
    """
    found: dict[bytes, _Needles] = {}
    for triple in (*(_BY_TRIPLE.keys() & {*zip(lines, lines[1:], lines[2:], strict=False)}), ()):
        for needle, before in _BY_TRIPLE[triple]:
            at = lines.find(needle)
            while at >= 0:
                end = lines.find(b"\n", at)
                end = end if end >= 0 else len(lines)
                found.setdefault(lines[lines.rfind(b"\n", 0, at) + 1 : end], []).extend(before)
                at = lines.find(needle, end)
    return found


def _spans(text: str, lines: list[str], held: dict[str, set[int]]) -> list[tuple[int, int]]:
    """Where the secrets are; `held` are the numbers of the finders to look for in some of the text's lines."""
    looked: dict[int, tuple[int, set[int]]] = {}
    at = begin = 0
    numbers: set[int] = set()
    ends = _GOES_ON if any(end + "\n" in text for end in _GOES_ON) else ()
    goes_on = False  # a command does, in the next line
    for line in lines:
        if not goes_on or at - begin > _LONGEST:
            begin, numbers = at, set()
        if line in held:
            numbers |= held[line]
        at += len(line)
        if numbers:
            looked[begin] = (at, numbers)
        goes_on = line.endswith(ends)
        at += 1
    heads = {number for _, numbers in looked.values() for number in numbers if number >= len(_FINDERS)}
    spans = [span for number in sorted(heads) for span in HEADS[number - len(_FINDERS)][1](text)]
    for start, (end, finders) in looked.items():
        for number in finders:
            if number < len(_FINDERS):
                spans += _FINDERS[number][1](text, start, end)
    return spans


#: The end of a line whose command goes on in the next one.
_GOES_ON = ("\\", "`", "^", "\\\r", "`\r", "^\r")
#: Fields that hold what another field, or the name of their object, is about.
VALUES = ("value", "val", "securevalue", "defaultvalue", "default")
_MARK = len("<secret:00000000>")
_LONGEST = 4_000  # characters of a command over several lines


def _marked(text: str, spans: list[tuple[int, int]]) -> str:
    """`text` with a mark in each of these places; places that overlap are one."""
    pieces, at = [], 0
    for start, end in _merged(spans):
        secret = text[start:end]
        before = text.rfind("<secret:", max(0, start - _MARK), start)
        if before >= 0 and ">" not in text[before:start]:
            continue  # in a mark of an earlier redaction
        if is_reference(secret) and text[start - 1 : start] != "'":  # the shell puts the value there
            continue
        if secret.strip() and "<secret:" not in secret and not set(secret) <= {"*", ":"}:
            pieces += [text[at:start], mark(secret.strip())]
            at = end
    return "".join([*pieces, text[at:]])


def _merged(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    last_start, last_end = -1, -1
    for start, end in sorted(spans):
        if start < last_end:
            last_end = max(end, last_end)
            continue
        if last_end > last_start:
            yield last_start, last_end
        last_start, last_end = start, end
    if last_end > last_start:
        yield last_start, last_end


def clean(value: Any) -> Any:
    """Plain data, such as JSON, with every text redacted, and every field that is named like a secret."""
    if isinstance(value, Mapping):
        pair = _pair(value)
        return {
            name: _secret_of(str(name), member, secret_level(str(name)))
            if name != pair
            else _secret_of(pair, member, STRONG)
            for name, member in value.items()
        }
    if isinstance(value, list | tuple):
        return [clean(member) for member in value]
    return redact(value) if isinstance(value, str) else value


def _pair(value: Mapping[Any, Any]) -> str:
    """The field that holds a secret because another one names it: ``{"name": "DB_PASSWORD", "value": "x"}``."""
    fields = {str(name).lower(): name for name in value}
    for naming in ("name", "key", "property", "variable"):
        named = value.get(fields.get(naming))
        if isinstance(named, str) and is_secret_name(named):
            return next((str(fields[key]) for key in VALUES if key in fields), "")
    return ""


def _secret_of(name: str, value: Any, level: int) -> Any:
    """`value` of a field called `name`."""
    if level == STRONG and isinstance(value, Mapping):  # {"adminPassword": {"value": "x"}}, a parameter of ARM
        valued = {key for key in value if str(key).lower() in VALUES}
        return {
            key: _secret_of(name, member, level) if key in valued else clean(member) for key, member in value.items()
        }
    if level == NONE or isinstance(value, Mapping | bool) or value is None:
        return clean(value)
    if isinstance(value, list | tuple):
        return [_secret_of(name, item, level) for item in value]
    if isinstance(value, int | float) and level != STRONG:
        return value
    return value if is_plain_value(name, str(value), level, quoted=True) else mark(str(value))


def mark(secret: str) -> str:
    """What stands in a secret's place."""
    digest = hashlib.blake2b(secret.encode("utf-8", "surrogatepass"), key=_salt, digest_size=4).hexdigest()
    return f"<secret:{digest}>"


# ----------------------------------------------------------------------------------- what the runner has itself


def remember(secret: str) -> None:
    """From now on, take this secret out of every text: plain, and as URLs, JSON, base64 and hexadecimal write it."""
    if len(secret) < _SHORTEST:
        return
    shown = mark(secret)
    forms = dict.fromkeys(_forms(secret), shown)
    _remembered[:] = sorted((dict(_remembered) | forms).items(), key=lambda pair: -len(pair[0]))
    _of_many.cache_clear()


def remember_environment(environment: Mapping[str, str]) -> None:
    """Remember the secrets of an environment: by the names of the variables, and the logins in proxy addresses."""
    for name, value in environment.items():
        if is_secret_name(name) and not is_plain_value(name, value, STRONG, quoted=True):
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
    quoted = {form(secret, errors="replace") for form in (quote, quote_plus, partial(quote, safe=""))}
    written = {
        secret,
        secret.encode("unicode_escape").decode(),
        html.escape(secret),
        *(json.dumps(secret, ensure_ascii=ascii)[1:-1] for ascii in (True, False)),
        *quoted,
        *(re.sub("%..", lambda digits: digits[0].lower(), form) for form in quoted),
        *(form.replace("%", "%25") for form in quoted),
        *(form.replace("+", "-").replace("/", "_") for form in coded),
        *coded,
        raw.hex(),
        raw.hex().upper(),
    }
    return {form for form in written if len(form) >= _SHORTEST}
