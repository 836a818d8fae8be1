"""Messages of failures of connecting, installing and signing in: finds them in a line, and explains them.

The messages are data: ``plugins/requirements/data/messages``, one file for each program or library that prints them.
agent.toml there describes the format.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from plugins.requirements import windows_codes
from plugins.requirements.data_files import FOLDER, read_table


@dataclass(frozen=True, slots=True)
class Explanation:
    """The meaning of one code or message, and its remedy."""

    name: str  # "AZCM0026", "Exit status 26", "No right to the action"
    cause: str
    remedy: str
    source: str
    date: datetime.date | None = None
    checks: tuple[str, ...] = ()  # the checks that test the causes, in order
    note: str = ""  # differences between the articles, and uncertainties
    subject: str = ""  # the host, action or namespace that the line names
    general: bool = False  # a general message: a more specific one explains more
    in_logs: bool = True  # false: in the log of a VM it counts only when the agent calls it an error
    expected: bool = False  # true: it does not count then either

    @property
    def sentence(self) -> str:
        """Name and cause in one sentence, for messages."""
        return f"{self.name}: {self.cause}"

    @property
    def advice(self) -> str:
        """The remedy, and the checks to see."""
        return f"{self.remedy} ({', '.join(self.checks)})" if self.checks else self.remedy


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of a data file. Most runs meet none of these messages, so each is compiled when it is first needed."""
    return re.compile(pattern, re.I)


@dataclass(frozen=True, slots=True)
class _Case:
    group: str
    pattern: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """One known message."""

    family: str  # the name of its file
    name: str
    needles: tuple[str, ...]
    pattern: str
    unless: str
    sample: str
    general: bool  # explains only what nothing else does
    in_logs: bool  # searched for in the logs of a VM
    expected: bool  # in the logs of healthy VMs, too
    values: Mapping[str, Any] = field(repr=False)
    cases: tuple[_Case, ...] = ()

    def match(self, text: str) -> re.Match[str] | None:
        """Where `text`, one of the `spellings` of a line, holds the message."""
        if self.unless and compiled(self.unless).search(text):
            return None
        return compiled(self.pattern).search(text)

    def explain(self, match: re.Match[str]) -> Explanation:
        """The explanation, with the names that the line contains."""
        named = {key: value for key, value in match.groupdict().items() if value and _PLAIN.fullmatch(value)}
        values = dict(self.values)
        for case in self.cases:
            if case.group in named and compiled(case.pattern).fullmatch(named[case.group]):
                values |= case.values
                break
        for key in ("cause", "remedy"):
            values[key] = _filled(values[key], named)
        note = "The wording is recalled, not taken from the source." if values["certainty"] == "recalled" else ""
        meaning = explanation(values["message"], values, note, named.get(values.get("subject", ""), ""))
        return replace(meaning, general=self.general, in_logs=self.in_logs, expected=self.expected)


# Values of a line that a sentence may contain: names, addresses and paths, without characters special to a terminal or
# shell.
_PLAIN = re.compile(r"[\w./:@*%+=, ()-]{1,600}", re.ASCII)


def _filled(text: str, named: Mapping[str, str]) -> str:
    """``{host|the host}`` becomes the value from the line, else the words after the bar."""
    return re.sub(r"\{(\w+)(?:\|([^}]*))?\}", lambda match: named.get(match[1]) or match[2] or f"that {match[1]}", text)


def explanation(name: str, values: Mapping[str, Any], note: str, subject: str = "") -> Explanation:
    """An explanation from an entry of a data file, which has `cause`, `remedy`, `source`, `date`; perhaps `checks`."""
    return Explanation(
        name[:1].upper() + name[1:],
        values["cause"],
        values["remedy"],
        values["source"],
        values["date"],
        tuple(values.get("checks", ())),
        note,
        subject,
    )


@cache
def messages() -> tuple[Message, ...]:
    """Every known message, by file."""
    return tuple(message for path in sorted((FOLDER / "messages").glob("*.toml")) for message in _family(path.stem))


def _family(name: str) -> Iterator[Message]:
    table = read_table(f"messages/{name}")
    defaults = {key: table[key] for key in ("source", "date", "certainty")}
    for entry in table["errors"]:
        cases = tuple(
            _Case(case["group"], case["pattern"], {key: case[key] for key in case if key in _EXPLAINED})
            for case in entry.get("cases", ())
        )
        codes = _status_codes(entry.get("schannel", "")) | entry.get("codes", {})
        own = [entry["pattern"]] if "pattern" in entry else []
        yield Message(
            name,
            entry["message"],
            (*entry.get("needles", ()), *windows_codes.needles(codes)),
            "|".join([*own, windows_codes.pattern(codes)] if codes else own),
            entry.get("unless", ""),
            entry["sample"],
            entry.get("general", False),
            entry.get("in_logs", True),
            entry.get("expected", False),
            defaults | entry,
            cases,
        )


def _status_codes(kind: str) -> dict[str, int]:
    """The codes of a kind of schannel.toml; 0 stands for none."""
    return {name: int(number or "0", 16) for name, number in read_table("schannel").get(kind, {}).items()}


_EXPLAINED = ("message", "cause", "remedy", "checks")


# --- a line

#: Articles, mails and word processors make an apostrophe curly.
_STRAIGHT = str.maketrans("\u2018\u2019\u201c\u201d\u00a0\u3000\t", "''\"\"   ")
_COLOURS = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")
_BLANKS = re.compile(r" {2,}")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([nrt\"'/\\]))|&(#39|#34|apos|quot|amp|lt|gt);")
_ENTITIES = {"#39": "'", "apos": "'", "#34": '"', "quot": '"', "amp": "&", "lt": "<", "gt": ">"}

#: A line is matched in pieces of this many characters, which overlap, so that no pattern sees a longer text.
_PIECE, _OVERLAP = 8192, 2048


def spellings(line: str) -> list[str]:
    """The line with single blanks and straight quotes; and, where they differ, with its escapes decoded, up to twice.

    JSON in a log is escaped once, JSON in JSON twice; PowerShell 5.1 writes an apostrophe as ``\\u0027``.
    """
    text = _BLANKS.sub(" ", _COLOURS.sub("", line).translate(_STRAIGHT))
    texts = [text]
    for _ in range(2):
        decoded = (
            _BLANKS.sub(" ", _ESCAPE.sub(_decoded, text).translate(_STRAIGHT)) if "\\" in text or "&" in text else text
        )
        if decoded == text:
            break
        texts.append(text := decoded)
    return texts


def _decoded(match: re.Match[str]) -> str:
    if match[1]:
        character = chr(int(match[1], 16))
        return character if character.isprintable() else " "
    if match[2]:
        return " " if match[2] in "nrt" else match[2]
    return _ENTITIES[match[3]]


def _pieces(text: str) -> Iterator[str]:
    yield text[:_PIECE]
    for start in range(_PIECE - _OVERLAP, len(text) - _OVERLAP, _PIECE - _OVERLAP):
        yield text[start : start + _PIECE]


@cache
def _lowered() -> tuple[tuple[Message, tuple[str, ...]], ...]:
    return tuple((message, tuple(needle.lower() for needle in message.needles)) for message in messages())


def explanations(line: str) -> list[Explanation]:
    """Explain the known messages in a line; general ones only when no other matches."""
    explained: dict[Message, Explanation] = {}
    for text in spellings(line):
        for piece in _pieces(text):
            low = piece.lower()
            for message, needles in _lowered():
                if message in explained:
                    continue
                if any(needle in low for needle in needles) and (match := message.match(piece)):
                    explained[message] = message.explain(match)
    special = [explanation for message, explanation in explained.items() if not message.general]
    return list(dict.fromkeys(special or explained.values()))
