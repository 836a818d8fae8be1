r"""Taking secrets out of text, before it is recorded anywhere.

Probes cut secrets off on the VM already; this is the second net, for what was not expected in their output. The same
secret becomes the same mark within a run, so that a reader can still see that two places hold the same one::

    HTTPS_PROXY=http://alice:hunter22@169.254.0.11:3128   ->   HTTPS_PROXY=http://<secret:3f9a41c7>@169.254.0.11:3128

A secret is known by its shape (`plugins.core.secret_shapes`), by what stands before it (`secret_neighbours` and
`secret_nearby`, with the names of `secret_names`; `secret_addresses`, `secret_logins`, `secret_statements`,
`secret_phrases`, `secret_devices`), as an argument of a tool (`secret_arguments`), by the lines around it
(`secret_blocks`, `secret_keys`, `secret_columns`), or because the runner has it itself (`remember`); a line may hold
another text (`secret_folds`). Every finder is linear in the length of the text; `secret_needles` says which
lines are worth one.
"""

from __future__ import annotations

import hashlib
import re
import secrets as _random
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from plugins.core.secret_addresses import address_logins
from plugins.core.secret_arguments import ARGUMENTS
from plugins.core.secret_blocks import HEADS, encoded_logins
from plugins.core.secret_devices import DEVICES
from plugins.core.secret_folds import Fold, folding
from plugins.core.secret_keys import headless, is_wide
from plugins.core.secret_logins import LOGINS
from plugins.core.secret_names import (
    HINTS,
    NONE,
    STRONG,
    is_plain_value,
    is_reference,
    is_secret_name,
    secret_level,
    surely,
)
from plugins.core.secret_needles import OPTION, Needles
from plugins.core.secret_neighbours import named_values, names_a_secret
from plugins.core.secret_phrases import PHRASES
from plugins.core.secret_shapes import SHAPES
from plugins.core.secret_spellings import spellings
from plugins.core.secret_statements import STATEMENTS
from plugins.core.secret_tokens import TOKENS, token_pattern

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


def _beginning(prefix: str, body: str) -> tuple[tuple[str, ...], _Finder]:
    """The finder of a token with a prefix, which is compiled when the first line has that prefix."""

    def find(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        return (match.span() for match in token_pattern(prefix, body).finditer(text, start, end))

    return ((">" if prefix[-1].isalnum() else "") + prefix.lower(),), find


#: Each finder looks at one line, and comes with what a line must hold, in lower case, to be worth it: most do not.
_FINDERS: list[tuple[tuple[str, ...], _Finder]] = [
    (("@", "%40", "%2540", "&#64;"), address_logins),
    (('auth"', "auth'", "auth\\", "_auth", "auth=", "auth:"), encoded_logins),
    *(_beginning(prefix, body) for prefixes, body in TOKENS for prefix in prefixes.split()),
    *((needles, _by(pattern)) for needles, pattern in SHAPES),
    (HINTS, named_values),
    *((tool.needles, tool.find) for tool in ARGUMENTS),
    *((needles, _by(pattern)) for needles, pattern in (*STATEMENTS, *DEVICES, *PHRASES, *LOGINS)),
]
#: The number of the only one that looks at other lines, too: it does when its own has a secret's name.
_NAMED = next(number for number, (_, find) in enumerate(_FINDERS) if find is named_values)

#: With the heads' after the others', by their numbers.
_NEEDLES = Needles(needles for needles, _ in (*_FINDERS, *HEADS))

#: The finders that look for options of a command: where there is no option, they are not worth a look.
_OF_OPTIONS = frozenset(
    number for number, (_, find) in enumerate(_FINDERS) if any(tool.dashed and find == tool.find for tool in ARGUMENTS)
)

#: Lines that hold no secret whatever stands around them: a fleet's VMs say much the same. Not those of a command over
#: several lines.
_harmless: set[str] = set()
_MOST = 20_000  # or a few more

#: The secrets that the runner itself has, in every form that a program may print them in; longest first.
_remembered: list[tuple[str, str]] = []

_SHORTEST = 6  # characters: what is shorter would be found in every second line

#: Short texts as they are shown: a fleet's VMs say the same, and much of it passes here more than once.
_shown: dict[str, str] = {}
_SHOWN = 4_096
_SHORT = 1_000  # characters


def redact(text: str) -> str:
    """`text` with every secret that is recognised replaced by a mark such as ``<secret:3f9a41c7>``."""
    if len(text) >= _SHORT:
        return _redacted(text)
    if (shown := _shown.get(text)) is None:
        shown = _redacted(text)
        _keep(text, shown)
    return shown


def redact_all(texts: Iterable[str]) -> list[str]:
    """Each text as `redact` returns it. One look at the new lines of all is cheaper than one for each text."""
    shown = list(texts)
    waiting: list[tuple[int, list[str]]] = []
    for at, text in enumerate(shown):
        if len(text) < _SHORT and (known := _shown.get(text)) is not None:
            shown[at] = known
        elif not _is_harmless(text, lines := text.split("\n")):
            waiting.append((at, lines))
    if waiting:
        look = _Look(set().union(*(lines for _, lines in waiting)) - _harmless)
        for at, lines in waiting:
            text, shown[at] = shown[at], _redacted(shown[at], lines, look)
            _keep(text, shown[at])
    return shown


def _is_harmless(text: str, lines: list[str]) -> bool:
    """Whether `text`, of these lines, holds no secret for certain."""
    return (
        _harmless.issuperset(lines)
        and not _goes_on(text)
        and "\0" not in text
        and not (_remembered and any(known in text for known, _ in _remembered))
    )


def _keep(text: str, shown: str) -> None:
    if len(text) < _SHORT:
        if len(_shown) >= _SHOWN:
            _shown.clear()
        _shown[text] = shown


def _redacted(text: str, lines: list[str] | None = None, look: _Look | None = None) -> str:
    """`look` is one at the `lines` of this and perhaps of other texts."""
    original = text
    for known, shown in _remembered:
        if known in text:
            text = text.replace(known, shown)
    if "\0" in text:
        between = not re.search(r"\0(?![A-Za-z_][\w.]*=|[\0\n]|\Z)", text)  # variables, as in /proc/1/environ
        if between and (spans := _found(text.replace("\0", "\n"))):
            return _marked(text, spans)
        plain = text.replace("\0", "")  # UTF-16 or UTF-32, read as if it were not
        return shown if (shown := _redacted(plain)) != plain else text
    spans = _found(text) if text is not original else _found(text, lines, look)
    return _marked(text, spans) if spans else text


class _Look:
    """What lines that are not known to be harmless hold."""

    __slots__ = ("folded", "held", "wide")

    def __init__(self, lines: Collection[str]) -> None:
        new = list(lines)
        self.held = _NEEDLES.held(new)  # the numbers of finders
        self.folded = folding(new)
        self.wide = {line for line in new if len(line) > 63 and is_wide(line)}
        if len(_harmless) < _MOST:
            some = self.held.keys() | self.folded.keys() | self.wide
            _harmless.update([line for line in new if len(line) < 200 and line not in some])


def _found(text: str, lines: list[str] | None = None, look: _Look | None = None) -> list[tuple[int, int]]:
    """Where the secrets of `text` are."""
    lines = lines or text.split("\n")
    goes_on = _goes_on(text)
    if goes_on:
        look = _Look(set(lines))
    elif look is None:
        if _harmless.issuperset(lines):
            return []
        look = _Look(set(lines) - _harmless)
    spans = [] if look.held.keys().isdisjoint(lines) else _spans(text, lines, look.held, goes_on, look.folded)
    if look.folded:
        spans += _folded(lines, look.folded)
    if look.wide and len(look.wide.intersection(lines)) > 1:
        spans += headless(text)
    return spans


def _folded(lines: list[str], folded: dict[str, list[Fold]]) -> Iterator[tuple[int, int]]:
    """Where the secrets of the texts are that lines hold (`plugins.core.secret_folds`)."""
    at = 0
    for line in lines:
        for fold in folded.get(line, ()):
            yield from (fold.place(at, start, end) for start, end in _within(fold.plain))
        at += len(line) + 1


@lru_cache(4096)
def _within(plain: str) -> list[tuple[int, int]]:
    parts = plain.split("\n")
    held = _NEEDLES.held(list(set(parts)))
    spans = _spans(plain, parts, held, False, parts) if held else []
    return [(start, start + len(plain[start:end].rstrip())) for start, end in spans]


def _spans(
    text: str, lines: list[str], held: dict[str, set[int]], goes_on: bool, folded: Container[str]
) -> list[tuple[int, int]]:
    """Where the secrets are; `held` are the numbers of the finders to look for in some of the text's lines.

    `folded` are lines that hold another text: none of them is harmless by its own words.
    """
    looked: dict[int, tuple[int, set[int]]] = {}
    at = begin = 0
    numbers: set[int] = set()
    joined = False  # to the line before
    for line in lines:
        if joined and at - begin <= _LONGEST:
            numbers = numbers | held.get(line, set())
        else:
            begin, numbers = at, held.get(line, set())
        if numbers:
            looked[begin] = (at + len(line), numbers)
        joined = goes_on and line.endswith(_CONTINUED)
        at += len(line) + 1
    spans: list[tuple[int, int]] = []
    heads: set[int] = set()
    for start, (end, finders) in looked.items():
        count, alone = len(spans), not goes_on and end - start < 200 and len(_harmless) < _MOST
        if not _OF_OPTIONS.isdisjoint(finders) and not OPTION.search(text, start, end):
            finders = finders - _OF_OPTIONS
        for number in finders:
            if number >= len(_FINDERS):
                heads.add(number)
                alone = False
            elif number != _NAMED or names_a_secret(text, start, end):
                spans += _FINDERS[number][1](text, start, end)
                alone = alone and number != _NAMED
        if alone and len(spans) == count and (line := text[start:end]) not in folded:
            _harmless.add(line)
    return spans + [span for number in sorted(heads) for span in HEADS[number - len(_FINDERS)][1](text)]


#: The end of a line whose command goes on in the next one.
_CONTINUED = ("\\", "`", "^", "\\\r", "`\r", "^\r")
_GOES_ON = tuple(f"{end}\n" for end in _CONTINUED)


def _goes_on(text: str) -> bool:
    """Whether a command of `text` may go over several lines."""
    return ("\\" in text or "`" in text or "^" in text) and any(end in text for end in _GOES_ON)


#: Fields that hold what another field, or the name of their object, is about.
VALUES = ("value", "val", "securevalue", "defaultvalue", "default")
_MARK = len("<secret:00000000>")
#: Of a value that an earlier redaction has a mark in: the words around it.
_UNMARKED = re.compile(r"(?<![^\s>])(?=[^\s<]*\w)[^\s<](?:(?:(?!\s*<secret:).)*[^\s<])?", re.S)
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
        if "<secret:" in secret:
            for piece in _UNMARKED.finditer(secret):
                pieces += [text[at : start + piece.start()], mark(piece[0])]
                at = start + piece.end()
        elif secret.strip() and not set(secret) <= {"*", ":"}:
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
        several = name.endswith("s")  # {"passwords": {"root": "x"}}, "protectedSettings"
        valued = {
            key for key, member in value.items() if str(key).lower() in VALUES or (several and isinstance(member, str))
        }
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
    forms = {form: shown for form in spellings(secret) if len(form) >= _SHORTEST}
    _remembered[:] = sorted((dict(_remembered) | forms).items(), key=lambda pair: -len(pair[0]))
    _shown.clear()


def remember_environment(environment: Mapping[str, str]) -> None:
    """Remember the secrets of an environment: by the names of the variables, and the logins in proxy addresses."""
    for name, value in environment.items():
        if (level := surely(secret_level(name))) and not is_plain_value(name, value, level, quoted=True):
            remember(value)
        elif name.lower().endswith("_proxy") and "@" in value:
            with suppress(ValueError):  # no address: then it is taken out by its shape
                remember(urlsplit(value if "://" in value else f"http://{value}").password or "")
