"""The output of azcmagent's commands: what all of their readers share.

Before the agent is installed there is nothing to ask: every probe then prints ``@absent``. The commands need root,
except `version` and `show`; they print everything, errors too, to stdout.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from suites.wording import plain

AZCMAGENT = "/opt/azcmagent/bin/azcmagent"
HIMDS = "/opt/azcmagent/bin/himds"  # whose presence turns `az login --identity` away from the metadata service

#: The beginning of a command: ends it where the agent is not installed.
UNLESS_ABSENT = f"[ -x {AZCMAGENT} ] || {{ echo @absent; echo @end; exit 0; }}\n"


def clean(text: str) -> str:
    r"""Text without colours and without what a progress bar has overwritten: ``" 20% [==>  ]\r 40% [===>]\rdone"``."""
    text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


def last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("@")]
    return plain(lines[-1].strip()) if lines else "nothing"


def first_object(text: str) -> Mapping[str, Any]:
    """The first JSON object in a text (log lines may stand before it), keys in lower case; {} when there is none."""
    value = first_json(text)
    return {str(key).lower(): item for key, item in value.items()} if isinstance(value, dict) else {}


def first_json(text: str) -> Any:
    for start in re.finditer(r"^[ \t]*[\[{]", text, re.M):
        try:
            return json.JSONDecoder().raw_decode(text[start.end() - 1 :])[0]
        except (ValueError, RecursionError):
            continue
    return None
