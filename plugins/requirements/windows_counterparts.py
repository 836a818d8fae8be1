"""A remedy for a Windows VM: each command of Linux in it has its counterpart in data/windows-counterparts.toml."""

from __future__ import annotations

import re
from functools import cache

from plugins.requirements.data_files import read_table


@cache
def _counterparts() -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(row["linux"]), row["windows"]) for row in read_table("windows-counterparts")["counterparts"]]


def for_windows(remedy: str) -> str:
    """The remedy with the commands and files of Windows."""
    for linux, windows in _counterparts():
        remedy = linux.sub(windows, remedy)
    return remedy
