"""Finds known codes and messages in a log or a pasted text, also in lines that a console has wrapped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from plugins.requirements.agent_errors import findings, succeeded
from plugins.requirements.known_messages import Explanation
from plugins.requirements.log_grammar import Kind, Level, outcome, read_line

#: A text with more lines than this is a log: a console did not wrap its short lines.
_FEW = 200

#: A shorter line of a log was not wrapped by a console.
_SHORT = 55

#: The largest length of a wrapped line, and of the joined text.
_LONG = 1000

_BEGINS = re.compile(
    r"\s{0,8}(?:time=|msg=|level=|\d{4}[-/]\d\d[-/]\d\d|<?\[?[A-Z][a-z]{2} [ \d]\d \d\d:|\[|<GCLOG>|\{|\}|$|"
    r"(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|E|W|Err|Get|Hit|Ign|curl|Error)\b[:\s\[\]])"
)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?")


@dataclass(frozen=True, slots=True)
class LineFinding:
    """A code or message: the number of its line, from 0; the line, joined if it was wrapped; its meaning."""

    number: int
    line: str
    explanation: Explanation


def line_findings(lines: Sequence[str]) -> Iterator[LineFinding]:
    """Every code and known message in `lines`, by line."""
    few = len(lines) <= _FEW
    alone: dict[int, set[str]] = {}
    for number, line in enumerate(lines):
        meanings = alone.pop(number, None)
        explanations = [finding.explanation for finding in findings([line])]
        yield from (LineFinding(number, line, explanation) for explanation in explanations)
        names = {explanation.name for explanation in explanations} | (meanings or set())
        for count in (2, 3, 4):
            part = lines[number : number + count]
            if len(part) < count or not _goes_on(part[-2], part[-1], few):
                break
            names |= {finding.explanation.name for finding in findings([part[-1]])}
            for joined in dict.fromkeys(("".join(part), " ".join(map(str.strip, part)), "".join(map(str.strip, part)))):
                new = [finding.explanation for finding in findings([joined]) if finding.explanation.name not in names]
                yield from (LineFinding(number, joined, finding) for finding in new)
                names |= {finding.name for finding in new}
                for later in range(number + 1, number + count):
                    alone.setdefault(later, set()).update(finding.name for finding in new)


def _goes_on(line: str, after: str, few: bool) -> bool:
    if not few and len(line) < _SHORT:
        return False
    return bool(line.strip()) and len(line) <= _LONG and len(after) <= _LONG and not _BEGINS.match(after)


def last_success(lines: Sequence[str]) -> int | None:
    """The number of the last line by which azcmagent reports a successful connect; None: there is none."""
    return next((number for number in range(len(lines) - 1, -1, -1) if succeeded(lines[number])), None)


def unexplained_errors(lines: Sequence[str]) -> list[int]:
    """The numbers of the lines that report a failure of any kind, without those that later lines revoke."""
    return [number for number, line, _ in outcome(enumerate(lines)) if read_line(line).level is Level.CERTAIN]


def meaning_of(kind: Kind) -> Explanation:
    """The explanation of a failure that no entry of the catalogue explains: of its kind."""
    cause = f"{kind.meaning[:1].upper()}{kind.meaning[1:]}."
    return Explanation(f"An error without an entry ({kind.name})", cause, kind.remedy, "", checks=kind.checks)


def time_of(line: str) -> str:
    """The time at the beginning of a line, as written; "" without one."""
    match = _TIME.search(line[:80])
    return match[0] if match else ""
