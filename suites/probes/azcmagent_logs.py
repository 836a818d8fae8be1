"""The agent's logs: the recent lines that hold a known error."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from plugins import ProbeResult, probe, quote
from plugins.requirements.agent_errors import SUCCESSES, Explanation, findings, needles, succeeded
from suites.probes import azcmagent_windows
from suites.probes.azcmagent_output import last_line
from suites.probes.azcmagent_services import UNITS
from suites.probes.no_answer import NoAnswer, Reason, no_answer
from suites.wording import plain

#: Longer ago than this, a line of a log is history (seconds).
RECENT = 86_400


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a log that holds something known."""

    log: str  # "azcmagent.log", "journal"
    time: float  # seconds since the epoch; 0 = not known
    text: str

    @property
    def summary(self) -> str:
        """What it says, without what stands around it.

        ``time="..." level=error msg="Regional Service Discovery" Error="Get \\"https://...\\": ..."`` (logfmt),
        ``2026-11-21T20:15:01+0000 vm-a himdsd[812]: ...`` (journal, which may hold the former), or plain text.
        """
        text = re.sub(r"^\d{4}-\d\d-\d\dT\S+ \S+ [\w@.-]+\[\d+\]: ", "", self.text)
        values = dict(re.findall(r'\b(msg|error)="((?:\\.|[^"\\])*)', text, re.I))
        parts = [value.replace('\\"', '"') for key, value in values.items() if value]
        return plain((": ".join(parts) if parts and text.startswith("time=") else text).strip())

    @property
    def when(self) -> str:
        """``" at 2026-11-21 20:15 UTC"``, or nothing."""
        return f" at {datetime.fromtimestamp(self.time, UTC):%Y-%m-%d %H:%M} UTC" if self.time else ""


@dataclass(frozen=True, slots=True)
class AgentLogs:
    """The known errors in the logs that still count. `missing` says why they were not read."""

    read_logs: tuple[str, ...] = ()
    entries: tuple[tuple[LogLine, Explanation], ...] = ()
    missing: NoAnswer | None = None

    @classmethod
    def read(cls, seen: ProbeResult) -> AgentLogs:
        """Read the lines that were picked on the VM, each after the last time that stood before it and a tab.

        ::

            @now 1795301158
            @log /var/opt/azcmagent/log/azcmagent.log
            2026-11-21T20:15:01Z	time="2026-11-21T20:15:01Z" level=error msg="AZCM0026: Network Error"
            @log journal
            2026-11-21T20:15:01+0000	2026-11-21T20:15:01+0000 vm-a himdsd[812]: ...
            @log /var/log/cloud-init-output.log
                FATAL   AZCM0042: Failed to Create Resource

        A line older than a day does not count, nor one that a successful connect came after. ``@unread PATH`` names a
        log that is there and could not be read.
        """
        if missing := no_answer(seen):
            return cls(missing=missing)
        now = re.search(r"^@now (\d+)$", seen.stdout, re.M)
        if not now:
            raise ValueError(f"expected '@now' and the seconds since 1970, found {last_line(seen.stdout)!r}")
        if unread := re.search(r"^@unread (.{1,300})$", seen.stdout, re.M):
            return cls(missing=NoAnswer(Reason.UNREADABLE, f"{plain(unread[1])} cannot be read"))
        logs: list[str] = []
        lines: list[LogLine] = []
        connected = 0.0
        for row in seen.stdout[now.end() :].splitlines():
            stamp, tab, text = row.partition("\t")
            if row.startswith("@log "):
                logs.append(row.rpartition("/")[2].removeprefix("@log "))
            elif tab and logs:
                line = LogLine(logs[-1], _seconds(stamp), text)
                if succeeded(text):
                    connected = max(connected, line.time)
                    lines = [other for other in lines if other.log != line.log]
                else:
                    lines.append(line)
        oldest = max(int(now[1]) - RECENT, connected)
        counting = [line for line in lines if not line.time or line.time >= oldest]
        entries = [
            (line, finding.explanation)
            for line in counting
            for finding in findings([line.text])
            if finding.explanation.in_logs
        ]
        return cls(tuple(logs), tuple(entries))


def _seconds(stamp: str) -> float:
    """``2026-11-21T20:15:01Z``, ``...01.123+02:00``, ``...01+0000``; 0 when it is no time."""
    match = re.match(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?", stamp)
    try:
        when = datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3] or 'Z'}") if match else None
        return when.astimezone(UTC).timestamp() if when else 0.0
    except (ValueError, OverflowError):  # the 31st of February; the last day of the year 9999, west of Greenwich
        return 0.0


# Only lines with something known leave the VM, cut, and without tokens and logins. They are picked by meaning: each
# code and each needle keeps its own last 20 lines, those of errors apart from the rest, and takes turns with the others
# until the log's share of the output is used. So no number of harmless lines pushes a failure out. cloud-init writes
# one log for all boots: what was before the last one does not count.
_PICK = """\
awk -v needles={needles} -v room=$room '
BEGIN {{ n = split(needles, needle, "|") }}
{{ sub(/\\r$/, ""); sub(/.*\\r/, "") }}
/^Cloud-init v\\. .* running .init-local/ {{ split("", count); split("", kept); split("", key); k = 0 }}
match($0, /[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][T ][0-9][0-9]:[0-9][0-9]:[0-9][0-9]/) && RSTART < 12 {{
  t = substr($0, RSTART, 35); sub(/[" \\t].*/, "", t)
}}
{{
  at = 0
  for (i = 1; i <= n && !at; i++) at = index($0, needle[i])
  if (!at) next
  gsub(/eyJ[A-Za-z0-9_.-]+/, "<token>")
  gsub(/:\\/\\/([^\\/: "]*:[^ "]*|[^\\/@ "]*)@/, "://***@")
  gsub(/--[a-z-]*(secret|token)[ =][^ ]+/, "<secret>")
  gsub(/\\t/, " ")
  loud = /level=(error|fatal)|FATAL|ERROR|^E: /
  split("", own)
  rest = $0
  while (match(rest, /A(ZCM|ADSTS)[ -]?[0-9][0-9][0-9][0-9]+/)) {{
    own[substr(rest, RSTART, RLENGTH)]
    rest = substr(rest, RSTART + RLENGTH)
  }}
  for (i = 1; i <= n; i++) if (needle[i] !~ /^A(ZCM|ADSTS)$/ && index($0, needle[i])) own[needle[i]]
  line = $0
  if (length(line) > {width} && at >= {width} - 200)
    line = substr(line, 1, 150) " ... " substr(line, at - 250)
  line = substr(line, 1, {width})
  for (each in own) {{
    name = loud each
    if (!(name in count)) key[++k] = name
    slot = count[name]++ % 20
    kept[name, slot] = NR SUBSEP t "\\t" line
  }}
}}
END {{
  for (turn = 1; turn <= 20; turn++)
    for (wanted = 1; wanted >= 0; wanted--)
      for (i = k; i > 0; i--) {{
        name = key[i]
        if (substr(name, 1, 1) != wanted || turn > count[name]) continue
        split(kept[name, (count[name] - turn) % 20], part, SUBSEP)
        if (part[1] in out || room < length(part[2])) continue
        room -= length(part[2]) + 1
        out[part[1]] = part[2]
        if (!first || part[1] + 0 < first) first = part[1] + 0
        if (part[1] + 0 > last) last = part[1] + 0
      }}
  for (i = first; i && i <= last; i++) if (i in out) print out[i]
}}'"""

#: Characters of one line, and of all lines of one log; bytes that are read of a log's end.
_WIDTH, _ROOM, _END = 700, 11_000, 4_000_000

#: The content of a picked line. An exit status in a sentence counts only if azcmagent is named beside it.
_NEEDLES = [*needles(), *SUCCESSES, "exit code", "exit status", "exitcode"]

#: What the logs are called once they are rotated is not documented: all of theirs that were written to within a day.
_FOLDER, _CLOUD_INIT = "/var/opt/azcmagent/log", "/var/log/cloud-init-output.log"

agent_logs = probe(
    f"""\
pick() {{
  {_PICK.format(needles=quote("|".join(_NEEDLES)), width=_WIDTH)}
}}
date -u '+@now %s'
rotated=$(find {_FOLDER} -type f -mtime -1 2>/dev/null | grep -E '/(himds|azcmagent)[^/ ]*[.-][^/ ]*$' |
  grep -vxE '{_FOLDER}/(himds|azcmagent)\\.log' | sort | tail -n 4)
set -- $rotated {_FOLDER}/himds.log {_FOLDER}/azcmagent.log {_CLOUD_INIT}
room=$(({_ROOM} * 4 / ($# + 1)))
for f in "$@"; do
  [ -s "$f" ] && {{
    echo "@log $f"
    case $f in *.gz) gzip -dc "$f" 2>/dev/null | tail -c {_END} ;; *) tail -c {_END} "$f" ;; esac | pick
  }}
done
command -v journalctl >/dev/null && {{
  echo '@log journal'
  journalctl -q --no-pager -o short-iso -n 20000 --since -1d {" ".join(f"-u {unit}" for unit in UNITS)} | pick
}}
exit 0""",
    windows=azcmagent_windows.logs(_NEEDLES, _WIDTH, _ROOM * 2 // 3, _END // 4),
    timeout=20,
    root=True,
    needs=["awk", "tail"],
    cap=49_152,
    accept_states=("no root",),
    read=AgentLogs.read,
)
