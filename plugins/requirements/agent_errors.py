"""The agent's known error codes, exit statuses and messages: cause and remedy, as data.

The data is in ``plugins/requirements/data``: azcm.toml, exit-codes.toml and the files of messages/, each with its
source and date. The AGENT checks and ``--explain`` use the same entries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plugins.requirements.data_files import read_table
from plugins.requirements.known_messages import Explanation as Explanation
from plugins.requirements.known_messages import explanation, explanations, messages

#: The code of success.
NO_ERROR = 0

#: azcmagent's messages after a successful connect; the second one until 2022.
SUCCESSES = ("Connected machine to Azure", "Successfully Onboarded Resource to Azure")

_CODE = re.compile(r"AZCM[ -]?(\d{4})(?!\d)", re.I)


@dataclass(frozen=True, slots=True)
class Finding:
    """A line with a known code or message."""

    line: str
    explanation: Explanation


# --- codes


def azcm_codes() -> list[int]:
    """The codes that currently have an entry."""
    return sorted(int(code) for code in read_table("azcm")["codes"])


def azcm(number: int) -> Explanation | None:
    """Explain AZCM code `number`; None when no article lists it."""
    data = read_table("azcm")
    key = f"{number:04}"
    dated = {"source": data["source"], "date": data["date"]}
    if (entry := data["codes"].get(key)) is not None:
        return explanation(f"AZCM{key}", dated | entry, _change(entry, data))
    if (entry := data["earlier"].get(key)) is not None:
        note = f"Agents of {data['earlier_agents']} print this code; the current article does not list it."
        return explanation(f"AZCM{key}", dated | {"source": data["earlier_source"]} | entry, note)
    for span in data["ranges"]:
        if span["first"] <= number <= span["last"]:
            return explanation(f"AZCM{key}", dated | span, "")
    return None


def _change(entry: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    since = f"{data['date']:%B %Y}"
    if entry.get("certainty") == "code":
        return (
            "No article lists it by itself (the older one: AZCM0127 to AZCM0146); the meaning is from the installation "
            "script's source."
        )
    match entry["change"]:
        case "changed":
            return f"The article changed this entry in {since}. For earlier agents, it reads: {entry['earlier']}"
        case "new":
            return f"The article lists it since {since}; older agents do not print it, or for something else."
        case _:
            return ""


# --- exit statuses


def exit_codes() -> list[int]:
    """The exit statuses that are known: of azcmagent, of the shell that ran a program, and of Windows' installer."""
    data = read_table("exit-codes")
    return sorted(int(code) for code in {**data["codes"], **data["any"]})


def exit_code(number: int) -> Explanation | None:
    """Explain exit status `number` of azcmagent or of a program that runs it.

    From 126 on, the status is the shell's. The installation script exits with 1 after any failure: its codes
    AZCM0127 and above are in its output and the file of ``--output``, never in its exit status.
    """
    data = read_table("exit-codes")
    dated = {"source": data["source"], "date": data["date"]}
    if (entry := data["any"].get(str(number))) is not None:
        return explanation(f"exit status {number} ({entry['meaning']})", dated | entry, entry.get("note", ""))
    entry = data["codes"].get(str(number))
    if entry is None:
        return None
    code = azcm(number) if "cause" not in entry else None
    name = f"exit status {number} of azcmagent ({entry['meaning']})"
    if code is None:
        return explanation(name, dated | entry, "It has no AZCM code.")
    note = " ".join(filter(None, (f"It is the same as {code.name}.", code.note, entry.get("note", ""))))
    return Explanation(name[:1].upper() + name[1:], code.cause, code.remedy, code.source, code.date, code.checks, note)


# Words before the number: "exited with code 42", "rc=42".
_WORD = (
    r"(?:exit(?:ed|s)?|exitcode|exitstatus|rc|return(?:ed|s)?|returncode|non-?zero|with|an?|the|code|status|error|ended|"
    r"finished|failed|completed|terminated|errorlevel|lastexitcode|value|of|process|command|script|task)"
)
_STRONG = (
    r"(?:exit(?:ed|s)?|exitcode|exitstatus|rc|return(?:ed|s)?|returncode|errorlevel|lastexitcode|ended|code|status)"
)
_WHOLE = re.compile(rf"\W{{0,8}}(?:{_WORD}\W{{1,4}}){{0,7}}(\d{{1,4}})\W{{0,8}}", re.I)
_INSIDE = re.compile(
    rf"\b{_STRONG}(?:\W{{1,4}}(?:with|code|status|value|of|a|an|error|non-?zero)){{0,4}}\W{{1,5}}(\d{{1,4}})(?![\w%]|[.-]\w)",
    re.I,
)
#: azcmagent as the program that ended; not in the name of the installation script or of a log.
_PROGRAM = re.compile(
    r"(?<![\w-])azcmagent(?:\.exe)?(?=[\"',:;)\]]|\s)(?!\s+package)|azcmerror|\bmsiexec(?:\.exe)?\b", re.I
)


def exit_status_of(text: str, *, whole: bool = False) -> int | None:
    """The exit status of azcmagent in a sentence; `whole`: the sentence is the whole text."""
    if whole:
        match = _WHOLE.fullmatch(text.strip())
        return int(match[1]) if match else None
    text = text[:8192]
    if not _PROGRAM.search(text) or "installing azcmagent" in text.lower():
        return None
    numbers = [int(match[1]) for match in _INSIDE.finditer(text)]
    return next((number for number in numbers if number and exit_code(number)), None)


# --- messages


def errors() -> list[tuple[str, Explanation]]:
    """Every known message: a sample of it, and what it means."""
    return [(message.sample, explained) for message in messages() if (explained := error(message.sample))]


def error(line: str) -> Explanation | None:
    """Explain the first known message in a line."""
    return next(iter(explanations(line)), None)


def succeeded(line: str) -> bool:
    """True for the line by which azcmagent reports a successful connect."""
    return any(success.lower() in line.lower() for success in SUCCESSES)


def findings(lines: Iterable[str]) -> Iterator[Finding]:
    """The codes, known messages and exit statuses in some lines, in their order; that of success is not one."""
    for line in lines:
        codes = dict.fromkeys(int(code) for code in _CODE.findall(line))
        for number in codes:
            if number != NO_ERROR:
                yield Finding(line, azcm(number) or _unlisted(number))
        meanings = explanations(line)
        yield from (Finding(line, meaning) for meaning in meanings)
        if not codes and not meanings and (status := exit_status_of(line)) is not None:
            meaning = exit_code(status)
            if meaning is not None:
                yield Finding(line, meaning)


def _unlisted(number: int) -> Explanation:
    data = read_table("azcm")
    return Explanation(
        f"AZCM{number:04}",
        "No article lists this code.",
        "Read the message beside it; keep the agent's log, and open a support request if it persists.",
        data["source"],
        data["date"],
    )
