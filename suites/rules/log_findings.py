"""The meanings of known lines of the agent: one sentence for each line of its logs (AGENT-006), and for its output."""

from __future__ import annotations

from collections.abc import Sequence

from plugins.requirements.agent_errors import Explanation, findings
from suites.probes.azcmagent_logs import LogLine
from suites.wording import listed

#: The largest number of listed hosts, actions or namespaces of one meaning.
_SUBJECTS = 8

_Entry = tuple[LogLine, Explanation]


def described(entries: Sequence[_Entry]) -> tuple[str, str]:
    """The message and the remedy for some lines and their meanings; the latest meaning comes first."""
    sentences, remedies = [], []
    for same in _by_meaning(entries):
        last, newest = same[-1]
        times = "" if len(same) == 1 else f", {len(same)} times"
        subjects = list(dict.fromkeys(meaning.subject for _, meaning in same if meaning.subject))
        about = f" In all it is about {listed(subjects[:_SUBJECTS])}." if len(subjects) > 1 else ""
        sentences.append(f"{last.log}{last.when}{times}: {_quoted(last)}. {newest.sentence}{about}")
        remedies.append(f"{newest.name}: {newest.advice}")
    return " ".join(sentences), " ".join(remedies)


def _by_meaning(entries: Sequence[_Entry]) -> list[list[_Entry]]:
    """The entries grouped by meaning, in order of time; the latest meaning comes first."""
    groups: dict[str, list[_Entry]] = {}
    for entry in entries:
        groups.setdefault(entry[1].name, []).append(entry)
    for same in groups.values():
        same.sort(key=lambda entry: entry[0].time)
    return sorted(groups.values(), key=lambda same: -same[-1][0].time)


def _quoted(line: LogLine) -> str:
    text = line.summary
    return f'"{text if len(text) <= 200 else text[:200] + "..."}"'


def sentence_about(errors: Sequence[str]) -> str:
    """A sentence, with a blank before it: the meaning of the first known error, else the first error; "" = none."""
    finding = next(findings(errors), None)
    if finding is not None:
        return f" {finding.explanation.sentence}"
    return f" Its first error: {errors[0]}" if errors else ""
