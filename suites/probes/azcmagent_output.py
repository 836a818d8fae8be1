"""The output of azcmagent's commands: what all of their readers share.

Before the agent is installed, every probe prints ``@absent``. The commands need root,
except `version` and `show`; they print everything, errors too, to stdout.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from plugins import ProbeResult
from suites.probes.no_answer import NO_AGENT, NoAnswer, no_answer
from suites.wording import plain

AZCMAGENT = "/opt/azcmagent/bin/azcmagent"
HIMDS = "/opt/azcmagent/bin/himds"  # with this program, `az login --identity` does not use the metadata service

#: The beginning of a command: ends it when the agent is not installed.
UNLESS_ABSENT = f"[ -x {AZCMAGENT} ] || {{ echo @absent; echo @end; exit 0; }}\n"


_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\ufeff")


def clean(text: str) -> str:
    r"""Text without colours and overwritten text of a progress bar: ``" 20% [==>  ]\r 40% [===>]\rdone"``."""
    text = _COLOURS.sub("", text)
    if "\r" not in text:
        return text
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


def not_answered(result: ProbeResult) -> NoAnswer | None:
    """The reason why azcmagent printed nothing to read; None when it did."""
    if missing := no_answer(result):
        return missing
    absent = "@absent" in result.stdout and "@absent" in clean(result.stdout).splitlines()
    return NO_AGENT if absent else None


def last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("@")]
    return plain(lines[-1].strip()) if lines else "nothing"


def first_object(text: str, wanted: Sequence[str]) -> Mapping[str, Any]:
    """The first JSON object in a text that has one of the `wanted` keys, alone or in a list; {} when there is none.

    Log lines, which may be JSON, too, may stand before it. Keys come in lower case, without blanks, dashes and
    underscores: those of the agent differ between versions.
    """
    for value in json_values(text):
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                named = {re.sub(r"[\W_]", "", str(key)).lower(): member for key, member in item.items()}
                if not named.keys().isdisjoint(wanted):
                    return named
    return {}


def json_values(text: str) -> Iterator[Any]:
    """The JSON objects and lists in a text that begin a line, in their order."""
    end = 0
    for start in re.finditer(r"^[ \t]*[\[{]", text, re.M):
        if start.end() <= end:
            continue
        try:
            value, end = json.JSONDecoder().raw_decode(text, start.end() - 1)
        except (ValueError, RecursionError):
            continue
        yield value
