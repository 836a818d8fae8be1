"""``--explain X``: explains a code, a check, an exit status, a pasted line or a log, without any VM."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from plugins.checks.areas import documented
from plugins.core.redaction import redact
from plugins.core.sanitize import one_line, truncate
from plugins.core.wording import counted, no_such_check
from plugins.pytest_adapter.log_file import Log, UnreadableLog, read_logs
from plugins.pytest_adapter.output import say
from plugins.requirements import agent_errors as knowledge
from plugins.requirements.known_messages import Explanation
from plugins.requirements.log_grammar import Level, outcome
from plugins.requirements.log_lines import LineFinding, last_success, line_findings, time_of, unexplained_errors

USAGE = """\
What can be explained:

  --explain AZCM0026                a code that azcmagent or its installation script printed
  --explain 26                      the exit status of azcmagent, or of the shell that ran it
  --explain IMDS-003                a check: what it asks, how it is judged, what to do
  --explain 'ERROR: Failed to ...'  a line, pasted: put it in quotes
  --explain=azcmagent.log           a log (with the =), also .gz, or the .zip of azcmagent logs: every code and
                                    known message in it

It may be repeated. docs/knowledge.md lists what is known."""


def answer(config: pytest.Config) -> int | None:
    """Explain instead of running anything, and return the exit status; None without ``--explain``."""
    queries: list[str] = config.option.explain
    if not queries or config.option.help or config.option.version:
        return None
    pages = config.rootpath / "docs" / "checks"
    width = min(shutil.get_terminal_size((100, 24)).columns, 100)
    answers = [explain(answer, pages, config.invocation_params.dir) for answer in queries]
    # pytest has no terminal reporter yet.
    say(sys.stdout.write, "\n\n".join(_wrapped(answer.text, width) for answer in answers) + "\n")
    if all(answer.known for answer in answers):
        return int(pytest.ExitCode.OK)
    say(sys.stdout.write, f"\n{USAGE}\n")
    return int(pytest.ExitCode.USAGE_ERROR)


@dataclass(frozen=True, slots=True)
class Answer:
    """One explanation as text, and whether it is one."""

    text: str
    known: bool = True


def explain(query: str, pages: Path, here: Path) -> Answer:
    """Explain `query`. `pages` holds the checks' pages; a relative path of a log starts at `here`."""
    query = query.strip()
    if match := re.fullmatch(r"AZCM[ -]?(\d{1,4})", query, re.I):
        return _code(int(match[1]))
    if match := re.fullmatch(r"(?:exit\s*)?(?:code|status)?\s*(\d{1,5})", query, re.I):
        return _exit_status(int(match[1]))
    if re.fullmatch(r"[A-Za-z]+-\d{1,3}", query):
        return _check(query.upper(), pages)
    try:
        is_log = (here / query).exists() and not (here / query).is_dir()
    except (OSError, ValueError):  # a long line, or one with a NUL, is not a path
        is_log = False
    return _log(here / query, query) if is_log else _line(query)


def _code(number: int) -> Answer:
    explanation = knowledge.azcm(number)
    if explanation is None:
        near = min(knowledge.azcm_codes(), key=lambda code: abs(code - number))
        return Answer(f"AZCM{number:04}: no article lists this code. The nearest known one is AZCM{near:04}.", False)
    return Answer(_as_text(explanation))


def _exit_status(number: int) -> Answer:
    # A number alone may be an error of Windows.
    explanation = knowledge.exit_code(number) or knowledge.error(f"error {number}")
    if explanation is None:
        listed = ", ".join(map(str, knowledge.exit_codes()))
        return Answer(
            f"Exit status {number}: not a known exit status of azcmagent. Known: {listed}.",
            False,
        )
    return Answer(_as_text(explanation))


def _check(id: str, pages: Path) -> Answer:
    known = documented(pages)
    if id not in known:
        return Answer(f"{id}: {no_such_check(id, known)}", False)
    page = (pages / f"{id}.md").read_text(encoding="utf-8")
    return Answer(re.sub(r"^#+ +", "", page, flags=re.M).strip())  # headings without their marks


def _line(text: str) -> Answer:
    """A pasted line, or a few."""
    lines = [line for line in text.splitlines() if line.strip()] or [text]
    explanations = list(dict.fromkeys(finding.explanation for finding in line_findings(lines)))
    if not explanations and (status := knowledge.exit_status_of(text, whole=True)) is not None:
        return _exit_status(status)
    shown = _shown(text)
    if not explanations and (meant := _meant(lines)):
        return Answer(f"{shown}\n\n{meant}")
    if not explanations:
        return Answer(f"{shown}\n\nThis line matches no known error, and no log exists at this path.", False)
    return Answer("\n\n".join([shown, *map(_as_text, explanations)]))


def _meant(lines: Sequence[str]) -> str:
    """The kind of the first failure in some lines of any program, and its remedy; "" without a known kind."""
    readings = sorted((reading for _, _, reading in outcome(enumerate(lines))), key=lambda reading: reading.level)
    kinds = (reading.kind for reading in readings if reading.level in (Level.CERTAIN, Level.COMPLAINT))
    kind = next((kind for kind in kinds if kind.name not in ("other", "exception")), None)
    if kind is None:
        return ""
    checks = f"\nChecks: {', '.join(kind.checks)} (pytest --vm=VM --check=ID; most likely first)" if kind.checks else ""
    return f"Cause:  {kind.meaning[:1].upper()}{kind.meaning[1:]}.\nRemedy: {kind.remedy}{checks}"


def _log(path: Path, name: str) -> Answer:
    try:
        logs = read_logs(path, name)
    except UnreadableLog as error:
        return Answer(f"{_shown(name)}: cannot be read: {error}.", False)
    except OSError as error:
        return Answer(f"{_shown(name)}: cannot be read ({error.strerror}).", False)
    answers = [_one_log(log) for log in logs]
    return Answer("\n\n".join(answer.text for answer in answers), all(answer.known for answer in answers))


def _one_log(log: Log) -> Answer:
    lines = log.lines
    groups: dict[str, list[LineFinding]] = {}
    for finding in line_findings(lines):
        groups.setdefault(finding.explanation.name, []).append(finding)
    explained = {line.number for group in groups.values() for line in group}
    success = last_success(lines)
    title = f"{_shown(log.name)}: {counted(len(lines), 'line')}"
    cut = " Only its end was read." if log.cut else ""
    unknown = [n for n in unexplained_errors(lines) if n not in explained]
    other = ""
    if unknown:
        report = "reports an error that is" if len(unknown) == 1 else "report errors that are"
        other = f"{counted(len(unknown), 'line')} {report} not known here; the last: {_shown(lines[unknown[-1]])}"
        if meant := _meant([lines[unknown[-1]]]):
            other += f"\n{meant}"
    if not groups:
        parts = [f"{title}, no AZCM code and no known message in them.{cut}", *filter(None, [other])]
        # A log that ends in a fatal error must not look like a clean one.
        fatal = any(re.search("fatal", lines[n][:1000], re.I) and (success is None or n > success) for n in unknown)
        return Answer("\n".join(parts), not fatal)
    parts = [f"{title}, {counted(len(groups), 'known error')} in them; the latest comes first.{cut}"]
    for group in sorted(groups.values(), key=lambda group: -group[-1].number):
        last = group[-1]
        times = "once" if len(group) == 1 else f"{len(group)} times"
        part = f"{_as_text(last.explanation)}\nSeen {times}, last in: {_shown(last.line)}"
        if success is not None and success > last.number:
            when = time_of(lines[success])
            part += f"\nConnected later{f' at {when}' if when else ''}, in line {success + 1}: {_shown(lines[success])}"
        parts.append(part)
    return Answer("\n\n".join([*parts, *filter(None, [other])]))


def _shown(text: str) -> str:
    """A pasted line, redacted and printable on one line."""
    return truncate(one_line(redact(text)), 400)


def _as_text(explanation: Explanation) -> str:
    date = f", {explanation.date:%Y-%m-%d}" if explanation.date else ""
    lines = [explanation.name, f"Cause:  {explanation.cause}", f"Remedy: {explanation.remedy}"]
    if explanation.checks:
        lines.append(f"Checks: {', '.join(explanation.checks)} (pytest --vm=VM --check=ID; most likely first)")
    if explanation.note:
        lines.append(f"Note:   {explanation.note}")
    lines.append(f"Source: {explanation.source}{date}")
    return "\n".join(lines)


def _wrapped(text: str, width: int) -> str:
    """The text with its long lines broken, except those that are indented or in a table."""
    return "\n".join(_wrapped_line(line, width) for line in text.splitlines())


def _wrapped_line(line: str, width: int) -> str:
    if len(line) <= width or line.startswith((" ", "|")):
        return line
    indent = " " * 8 if re.match(r"(?:Cause|Remedy|Checks|Note|Source): ", line) else ""
    return textwrap.fill(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
