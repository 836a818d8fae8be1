"""Classify a line of a program's output: a failure, a complaint, or neither.

A line is read by its grammar, not by a list of sentences: the text before its words (time, host, program, level) is
removed, and the shapes of ``plugins/requirements/data/log`` are tried in their order. CLOUDINIT-002, AGENT-006 and
``--explain`` read lines with this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

from plugins.requirements.data_files import read_table


class Level(StrEnum):
    """The level of a line."""

    CERTAIN = "certain"  # something failed
    COMPLAINT = "complaint"  # a program complains; the script may continue
    NOTE = "note"
    NOTHING = "nothing"
    RETRY = "retry"  # the lines just before are not the outcome
    ACCEPTED = "accepted"  # the script continues anyway
    SUCCESS = "success"  # revokes earlier failures


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of failure: its meaning, the remedy, and the checks that test its causes."""

    name: str
    pattern: re.Pattern[str] | None
    meaning: str
    remedy: str
    checks: tuple[str, ...]
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One shape of a line; lines.toml describes the fields."""

    level: Level
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
    whole: bool
    severity: str | None
    origin: str
    kind: str
    of: str
    samples: tuple[str, ...]
    never: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """The class of one line."""

    level: Level
    kind: Kind
    words: str  # without time, host and level
    subject: str = ""  # of a success: its subject
    of: str = ""  # of a success: the programs whose failures it revokes


@dataclass(frozen=True, slots=True)
class _Line:
    whole: str
    words: str
    severity: str  # "error", "warning", "info", or "" = none
    origin: str  # "cloud-init" in its own log, else ""


#: No shape sees more of a line: its beginning and its end.
_BEGINNING, _END = 500, 150

#: Text with such an indent belongs to the text above it: the help of a program, a table, a script.
_DEEP = (" " * 16, "\t\t")

#: A log names more successes than these only when it is full of them.
_SUBJECTS = 100

_COLOURS = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]")
_STRAIGHT = str.maketrans(
    dict.fromkeys("\u2018\u2019", "'")
    | dict.fromkeys("\u201c\u201d", '"')
    | dict.fromkeys("\u00a0\u202f\t", " ")
    | {"\uff1a": ": "}
)
#: French puts a blank before a colon.
_BLANK_BEFORE_COLON = re.compile(r"^(\S{1,300}(?: \S{1,12} \d{1,6})?) : ")
_SEVERITIES = {
    "error": (
        "error err fatal crit critical emerg emergency alert severe panic failed failure fail erro fata ! e f "
        "fehler schwerwiegend erreur errore erro ошибка エラー 致命的エラー 错误 致命错误".split()
    ),
    "warning": "warn warning w".split(),
    "info": "trace debug info notice i".split(),
}
_SEVERITY = {word: severity for severity, words in _SEVERITIES.items() for word in words}


def _compiled(pattern: str) -> re.Pattern[str]:
    parts = read_table("log/parts")
    errno = "(?i:" + "|".join(sorted(parts["errno"], key=len, reverse=True)) + ")"
    complaint = rf"(?<![./-]){parts['complaint']}(?![-/]|\.\w)"  # not in the name of a file or a package
    named = {"<errno>": errno, "<death>": parts["death"], "<complaint>": complaint, "<tool>": parts["tool"]}
    return re.compile(re.sub("|".join(named), lambda match: named[match[0]], pattern))


@cache
def shapes() -> tuple[Shape, ...]:
    """The shapes, in the order in which they are tried."""
    return tuple(
        Shape(
            Level(row["level"]),
            _compiled(row["pattern"]),
            _compiled(row["unless"]) if "unless" in row else None,
            row.get("whole", False),
            row.get("severity"),
            row.get("origin", ""),
            row.get("kind", ""),
            row.get("of", ""),
            tuple(row["samples"]),
            tuple(row["never"]),
        )
        for row in read_table("log/lines")["shape"]
    )


@cache
def kinds() -> Mapping[str, Kind]:
    """The kinds of failure by name, in the order in which they are tried; the last one fits everything."""
    return {
        row["name"]: Kind(
            row["name"],
            re.compile(row["pattern"], re.I) if "pattern" in row else None,
            row["meaning"],
            row["remedy"],
            tuple(row["checks"]),
            tuple(row["samples"]),
        )
        for row in read_table("log/kinds")["kind"]
    }


def stems(rank: str) -> tuple[str, ...]:
    """Texts in lower case (POSIX extended regular expressions): a relevant line contains one of them.

    `rank`: ``first`` for failures, ``then`` for complaints, ``last`` for lines that revoke failures.
    """
    return tuple(read_table("log/parts")["stems"][rank])


@cache
def _envelope() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in read_table("log/parts")["envelope"]))


# time="..." level=error msg="Get" Error="..."; {"level":"error","msg":"...","error":"..."}
_FIELD = re.compile(
    r"""(?:(?:^|[{,\s])"?)(level|lvl|severity|levelname|msg|message|err|error)"?\s?[=:]\s?"""
    r"""("(?:\\.|[^"\\])*"?|[^\s",{}]+)""",
    re.I,
)


def _structured(text: str) -> tuple[str, str] | None:
    """The level and the words of a line that consists of fields (logfmt, JSON); None when it does not."""
    if not re.match(r"\{|[\w.@]{1,30}=", text):
        return None
    fields = {name.lower(): value.strip('"') for name, value in _FIELD.findall(text)}
    level = next((fields[name] for name in ("level", "lvl", "severity", "levelname") if name in fields), None)
    words = ": ".join(fields[name] for name in ("msg", "message", "err", "error") if fields.get(name))
    if level is None or not words:
        return None
    severity = _SEVERITY.get(level.lower(), "")
    # A program that continues logs an error below its level.
    reports = severity == "info" and (fields.get("error") or fields.get("err")) not in (
        None,
        "",
        "null",
        "nil",
        "<nil>",
    )
    return "warning" if reports else severity, words.replace('\\"', '"')


def _opened(text: str) -> _Line:
    """Remove the text before a line's words, from the left."""
    severity = origin = ""
    words = text.lstrip()
    for _ in range(8):
        if structured := _structured(words):
            return _Line(text, structured[1], structured[0], origin)
        match = _envelope().match(words)
        if not match or match.end() == len(words):
            break
        named = next((value for value in match.groups() if value), "")
        if match["level4"]:
            origin, level = "cloud-init", named[named.index("[") + 1 : -1]
            file = named[: named.index("[")]
            return _Line(text, f"{file}: {words[match.end() :]}", _SEVERITY.get(level.lower(), ""), origin)
        severity = _SEVERITY.get(named.lower(), "") if named and severity != "error" else severity
        words = words[match.end() :]
    return _Line(text, words.strip(), severity, origin)


def without_colours(text: str) -> str:
    """The text without a terminal's colour sequences."""
    return _COLOURS.sub("", text) if "\x1b" in text else text


def read_line(text: str) -> Reading:
    """Read one line of any content and length: only its beginning and its end are read."""
    text = without_colours(text.rstrip("\r\n"))
    if not text.isascii() or "\t" in text:
        text = text.translate(_STRAIGHT)
    text = text[text.rfind("\r") + 1 :].rstrip()
    if " : " in text:
        text = _BLANK_BEFORE_COLON.sub(r"\1: ", text)
    if len(text) > _BEGINNING + _END:
        text = f"{text[:_BEGINNING]} ... {text[-_END:]}"
    return _reading(text)


@lru_cache(2048)
def _reading(text: str) -> Reading:
    """Two checks read the same lines, and the VMs of a fleet have many in common."""
    line = _opened(text)
    for shape in shapes():
        if match := _match(shape, line):
            if shape.level is Level.NOTHING or (shape.level is Level.COMPLAINT and text.startswith(_DEEP)):
                break
            named = match.groupdict()
            subject = next((named[key] for key in named if key.startswith("subject") and named[key]), "")
            # Indented text belongs to another line, or to a printed text.
            indented = shape.level is Level.CERTAIN and text.startswith(("  ", "\t"))
            level = Level.COMPLAINT if indented else shape.level
            return Reading(level, _kind(shape, line), line.words, subject, shape.of)
    return Reading(Level.NOTHING, kinds()["other"], line.words)


def _match(shape: Shape, line: _Line) -> re.Match[str] | None:
    if shape.severity is not None and shape.severity != line.severity:
        return None
    if shape.origin and shape.origin != line.origin:
        return None
    text = line.whole if shape.whole else line.words
    match = shape.pattern.search(text)
    return None if match and shape.unless and shape.unless.search(text) else match


def _kind(shape: Shape, line: _Line) -> Kind:
    known = kinds()
    if shape.level not in (Level.CERTAIN, Level.COMPLAINT):
        return known["other"]
    if shape.kind and shape.kind not in ("module", "exception"):
        return known[shape.kind]
    fitting = (kind for kind in known.values() if kind.pattern and kind.pattern.search(line.words))
    return next(fitting, known[shape.kind or "other"])


# --- several lines


def outcome(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str, Reading]]:
    """The failures, complaints and notes in some numbered lines, without those that a later line revokes.

    A failure after which the script reports a retry, or that it continues anyway, is a complaint; it is dropped
    when a success follows. One that is repeated until a success follows at once is a complaint, too. A success that
    names a package or an address revokes the failures that name the same.
    """
    readings = [(number, text, read_line(text)) for number, text in sorted(lines)]
    last_failure = max((number for number, _, reading in readings if reading.level is Level.CERTAIN), default=0)
    settled = _settled(readings)
    successes: dict[str, Reading] = {}  # those behind the line, by their subject
    last_success = max((number for number, _, reading in readings if reading.level is Level.SUCCESS), default=-1)
    kept: list[tuple[int, str, Reading]] = []
    for at in range(len(readings) - 1, -1, -1):
        number, text, reading = readings[at]
        if reading.level is Level.SUCCESS and (len(successes) < _SUBJECTS or reading.subject in successes):
            successes[reading.subject] = reading
        if reading.level not in (Level.CERTAIN, Level.COMPLAINT, Level.NOTE):
            continue
        if any(_is_about(success, reading) for success in successes.values()):
            continue
        later = (other.level for when, _, other in readings[at + 1 : at + 20] if when - number <= 3)
        behind = next((level for level in later if level in (Level.RETRY, Level.ACCEPTED)), None)
        if behind is Level.RETRY and last_success > max(last_failure, number):
            continue
        if behind is Level.ACCEPTED and reading.level is Level.COMPLAINT:
            continue
        if (behind or at in settled) and reading.level is Level.CERTAIN:
            reading = Reading(Level.COMPLAINT, reading.kind, reading.words)
        kept.append((number, text, reading))
    yield from reversed(kept)


def _settled(readings: Sequence[tuple[int, str, Reading]]) -> set[int]:
    """The failures that a program repeated until a success followed immediately.

    ``curl --retry -sS`` prints its error once for each attempt, without a message about the retry.
    """
    settled: set[int] = set()
    run: list[int] = []
    for at, (number, text, reading) in enumerate(readings):
        if run and reading.level is Level.SUCCESS and len(run) > 1 and number - readings[run[-1]][0] <= 2:
            settled.update(run)
        same = run and _without_numbers(readings[run[-1]][1]) == _without_numbers(text)
        run = [*run, at] if same else [at] if reading.level is Level.CERTAIN else []
    return settled


def _without_numbers(text: str) -> str:
    return re.sub(r"\d+", "0", text)


def _is_about(success: Reading, failure: Reading) -> bool:
    """True when a success names what a failure names: the package, or the address; or ends the wait for a lock."""
    if failure.kind.name == "lock":
        return success.of.startswith("apt") and bool(success.subject)
    name = re.sub(r"-\d[\w.]*$", "", success.subject)
    if len(name) < 3 or name not in failure.words:
        return False
    return bool(re.search(rf"(?<![\w.+-]){re.escape(name)}(?![\w+-])", failure.words))
