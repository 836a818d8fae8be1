"""The agent's known error codes, exit statuses and messages: cause and remedy, as data.

The data is in ``plugins/requirements/data``: azcm.toml, exit-codes.toml and connect-errors.toml, each with its source
and date. The AGENT checks and ``--explain`` use the same entries.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from plugins.requirements.data_files import read_table

__all__ = [
    "NO_ERROR",
    "Explanation",
    "Finding",
    "azcm",
    "azcm_codes",
    "error",
    "errors",
    "exit_code",
    "exit_codes",
    "findings",
    "needles",
]

#: The code of success.
NO_ERROR = 0

#: Articles, mails and word processors make an apostrophe curly; it means the same.
_STRAIGHT = str.maketrans("\u2018\u2019\u201c\u201d", "''\"\"")

_CODE = re.compile(r"AZCM[ -]?(\d{4})(?!\d)", re.I)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The meaning of one code or message, and its remedy."""

    name: str  # "AZCM0026", "exit status 26", "no right to the action"
    cause: str
    remedy: str
    source: str
    date: datetime.date | None = None
    checks: tuple[str, ...] = ()  # the checks that look at the causes, in the order to look
    note: str = ""  # where the articles differ, or what is not sure

    @property
    def sentence(self) -> str:
        """Name and cause in one sentence, for messages."""
        return f"{self.name}: {self.cause}"

    @property
    def advice(self) -> str:
        """The remedy, and the checks to see."""
        return f"{self.remedy} ({', '.join(self.checks)})" if self.checks else self.remedy


@dataclass(frozen=True, slots=True)
class Finding:
    """A line with a known code or message."""

    line: str
    explanation: Explanation


@cache
def _data(name: str) -> Mapping[str, Any]:
    return read_table(name)


def azcm_codes() -> list[int]:
    """The codes that have an entry of their own."""
    return sorted(int(code) for code in _data("azcm")["codes"])


def azcm(number: int) -> Explanation | None:
    """What AZCM code `number` means; None when no article knows it."""
    data = _data("azcm")
    name = f"AZCM{number:04}"
    entry = data["codes"].get(f"{number:04}")
    if entry is not None:
        return _explanation(name, entry, data, _change(entry, data["date"]))
    for span in data["ranges"]:
        if span["first"] <= number <= span["last"]:
            return _explanation(name, span, data, "")
    return None


def _change(entry: Mapping[str, Any], date: datetime.date) -> str:
    since = f"{date:%B %Y}"
    if entry.get("certainty") == "code":
        return "Neither article lists it: it is from the installation script itself."
    match entry["change"]:
        case "changed":
            return f"The article changed this entry in {since}. For agents of before, it said: {entry['earlier']}"
        case "new":
            return f"The article lists it since {since}; older agents do not print it, or for something else."
        case _:
            return ""


def exit_codes() -> list[int]:
    """The exit statuses that are known, of azcmagent and of its installation script."""
    own = {int(code) for code in _data("exit-codes")["codes"]}
    return sorted(own | {code for code in azcm_codes() if code >= 127})


def exit_code(number: int) -> Explanation | None:
    """What it means that azcmagent, or its installation script, ended with `number`."""
    data = _data("exit-codes")
    entry = data["codes"].get(str(number), {})
    code = azcm(number)
    if code is None and "cause" not in entry:
        return None
    meaning = f" ({entry['meaning']})" if entry else ""
    program = "azcmagent" if number < 127 else "the installation script"
    name = f"exit status {number} of {program}{meaning}"
    if code is None:
        return _explanation(name, entry, data, "It has no AZCM code.")
    same = f"It is the same as {code.name}."
    note = f"{same} {code.note}".strip()
    return Explanation(name[:1].upper() + name[1:], code.cause, code.remedy, code.source, code.date, code.checks, note)


@dataclass(frozen=True, slots=True)
class _Known:
    needle: str
    pattern: re.Pattern[str]
    sample: str
    explanation: Explanation


@cache
def _known() -> tuple[_Known, ...]:
    data = _data("connect-errors")
    known = []
    for entry in data["errors"]:
        dated = data if "source" not in entry else {"source": "", "date": None}
        note = "The wording is recalled, not taken from the source." if entry.get("certainty") == "recalled" else ""
        explanation = _explanation(entry["message"], entry, dated, note)
        known.append(_Known(entry["needle"], re.compile(entry["pattern"], re.I), entry["sample"], explanation))
    return tuple(known)


def _explanation(name: str, entry: Mapping[str, Any], data: Mapping[str, Any], note: str) -> Explanation:
    return Explanation(
        name[:1].upper() + name[1:],
        entry["cause"],
        entry["remedy"],
        entry.get("source", data["source"]),
        entry.get("date", data["date"]),
        tuple(entry.get("checks", ())),
        note,
    )


def errors() -> list[tuple[str, Explanation]]:
    """Every known message: a sample of it, and what it means."""
    return [(each.sample, each.explanation) for each in _known()]


def error(line: str) -> Explanation | None:
    """What a line says, when it holds a known message."""
    line = line.translate(_STRAIGHT)
    return next((each.explanation for each in _known() if each.pattern.search(line)), None)


def needles() -> list[str]:
    """Fixed texts: a line in which `findings` finds something holds one of them, if a program printed it."""
    return ["AZCM", *dict.fromkeys(each.needle for each in _known())]


def findings(lines: Iterable[str]) -> Iterator[Finding]:
    """The codes and known messages in some lines, in their order; the code of success is not one."""
    for line in lines:
        for number in dict.fromkeys(int(found) for found in _CODE.findall(line)):
            if number != NO_ERROR:
                yield Finding(line, azcm(number) or _unlisted(number))
        if (known := error(line)) is not None:
            yield Finding(line, known)


def _unlisted(number: int) -> Explanation:
    data = _data("azcm")
    return Explanation(
        f"AZCM{number:04}",
        "No article lists this code.",
        "Read the message that stands beside it; keep the agent's log, and open a support request if it stays so.",
        data["source"],
        data["date"],
    )
