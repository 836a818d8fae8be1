"""The known releases of the Connected Machine agent, and the end of support of each."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cache

from plugins.requirements.data_files import read_table


@dataclass(frozen=True, slots=True)
class Release:
    """One release of the agent."""

    version: tuple[int, int]  # (1, 61)
    month: str  # "February 2026"
    supported_until: datetime.date

    @property
    def name(self) -> str:
        """As release notes write it: 1.61."""
        return ".".join(map(str, self.version))


@cache
def releases() -> tuple[Release, ...]:
    """The known releases of the agent, oldest first."""
    data = read_table("agent-releases")
    releases = []
    for version, month in data["releases"].items():
        major, _, minor = version.partition(".")
        begin = datetime.date.fromisoformat(f"{month}-01")
        months = begin.year * 12 + begin.month + data["support_months"]  # the month after the last supported one
        last = datetime.date(months // 12, months % 12 + 1, 1) - datetime.timedelta(days=1)
        releases.append(Release((int(major), int(minor)), f"{begin:%B %Y}", last))
    return tuple(sorted(releases, key=lambda release: release.version))
