"""AGENT-006: what the known lines of the agent's logs say, one sentence for each meaning."""

from __future__ import annotations

from collections.abc import Sequence

from plugins.requirements.agent_errors import Explanation
from suites.probes.azcmagent_logs import LogLine
from suites.wording import listed

__all__ = ["described"]

#: No more hosts, actions or namespaces of one meaning are listed.
_SUBJECTS = 8

_Entry = tuple[LogLine, Explanation]


def described(entries: Sequence[_Entry]) -> tuple[str, str]:
    """The message and the remedy for some lines and their meanings; a meaning that was seen last comes first."""
    sentences, remedies = [], []
    for same in _by_meaning(entries):
        last, what = same[-1]
        times = "" if len(same) == 1 else f", {len(same)} times"
        subjects = list(dict.fromkeys(meaning.subject for _, meaning in same if meaning.subject))
        about = f" In all it is about {listed(subjects[:_SUBJECTS])}." if len(subjects) > 1 else ""
        sentences.append(f"{last.log}{last.when}{times}: {_quoted(last)}. {what.sentence}{about}")
        remedies.append(f"{what.name}: {what.advice}")
    return " ".join(sentences), " ".join(remedies)


def _by_meaning(entries: Sequence[_Entry]) -> list[list[_Entry]]:
    """The entries of one meaning together, in time; a meaning that was seen last stands first."""
    groups: dict[str, list[_Entry]] = {}
    for entry in entries:
        groups.setdefault(entry[1].name, []).append(entry)
    for same in groups.values():
        same.sort(key=lambda entry: entry[0].time)
    return sorted(groups.values(), key=lambda same: -same[-1][0].time)


def _quoted(line: LogLine) -> str:
    text = line.summary
    return f'"{text if len(text) <= 200 else text[:200] + "..."}"'
