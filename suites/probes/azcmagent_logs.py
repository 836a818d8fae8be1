"""The agent's logs: the recent lines that report failures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from plugins import ProbeResult, probe
from plugins.core.secret_names import LOGIN
from plugins.requirements.agent_errors import SUCCESSES, Explanation, findings, succeeded
from plugins.requirements.log_grammar import Level, outcome, read_line
from plugins.requirements.log_lines import meaning_of
from suites.probes import azcmagent_windows, log_rank
from suites.probes.azcmagent_output import last_line
from suites.probes.azcmagent_services import UNITS
from suites.probes.no_answer import NoAnswer, Reason, no_answer
from suites.wording import plain

#: An older line of a log does not count (seconds).
RECENT = 86_400


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a log."""

    log: str  # "azcmagent.log", "journal"
    time: float  # seconds since the epoch; 0 = not known
    text: str

    @property
    def summary(self) -> str:
        """Its text, without time and level.

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


_NOW, _UNREAD = re.compile(r"^@now (\d+)$", re.M), re.compile(r"^@unread (.{1,300})$", re.M)
# time="2026-11-21T20:15:01Z" level=error msg="..."; [2026-11-21 20:15:01.123] [PID 9] [ERROR] ...
_ERROR = re.compile(r"\blevel=(?:error|fatal|panic)\b|\[(?:ERROR|FATAL)\]")
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?")


@dataclass(frozen=True, slots=True)
class AgentLogs:
    """The errors in the logs that still count, each with its meaning. `missing`: why they were not read."""

    read_logs: tuple[str, ...] = ()
    entries: tuple[tuple[LogLine, Explanation], ...] = ()
    missing: NoAnswer | None = None

    @classmethod
    def read(cls, result: ProbeResult) -> AgentLogs:
        """Read the lines that the VM selected, each after the latest time before it, and a tab.

        ::

            @now 1795301158
            @log /var/opt/azcmagent/log/azcmagent.log
            2026-11-21T20:15:01Z	time="2026-11-21T20:15:01Z" level=error msg="AZCM0026: Network Error"
            @log journal
            2026-11-21T20:15:01+0000	2026-11-21T20:15:01+0000 vm-a himdsd[812]: ...
            @log /var/log/cloud-init-output.log
                FATAL   AZCM0042: Failed to Create Resource

        Lines older than a day do not count, nor lines before a successful connect. ``@unread PATH`` names a
        log that is there and could not be read.
        """
        if missing := no_answer(result):
            return cls(missing=missing)
        now = _NOW.search(result.stdout)
        if not now:
            raise ValueError(f"expected '@now' and the seconds since 1970, found {last_line(result.stdout)!r}")
        if unread := _UNREAD.search(result.stdout):
            return cls(missing=NoAnswer(Reason.UNREADABLE, f"{plain(unread[1])} cannot be read"))
        logs: list[str] = []
        lines: list[LogLine] = []
        connected = 0.0
        for row in result.stdout[now.end() :].splitlines():
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
        of_log: dict[str, list[LogLine]] = {log: [] for log in logs}
        for line in counting:
            of_log[line.log].append(line)
        entries = [entry for of_one in of_log.values() if of_one for entry in _meanings(of_one)]
        return cls(tuple(logs), tuple(entries))


#: The logs of the installation: CLOUDINIT-002 judges their failures by the grammar, so only known errors count here.
INSTALLING = ("cloud-init", "installationlog")


def _meanings(lines: Sequence[LogLine]) -> Iterator[tuple[LogLine, Explanation]]:
    """The errors in the lines of one log that no later line revokes, explained by the catalogue or by their kind."""
    standing = {number for number, _, _ in outcome((at, line.text) for at, line in enumerate(lines))}
    for at, line in enumerate(lines):
        reading = read_line(line.text)
        failed = reading.level in (Level.CERTAIN, Level.COMPLAINT)
        if failed and at not in standing:
            continue
        explanations = [finding.explanation for finding in findings([line.text])]
        certain = reading.level is Level.CERTAIN and not line.log.startswith(INSTALLING)
        # A message that may be harmless elsewhere is not, when the agent itself calls it an error.
        error = certain and _ERROR.search(line.text) is not None
        for explanation in explanations:
            if explanation.in_logs or (error and not explanation.expected):
                yield line, explanation
        if certain and not explanations:
            yield line, meaning_of(reading.kind)


def _seconds(stamp: str) -> float:
    """``2026-11-21T20:15:01Z``, ``...01.123+02:00``, ``...01+0000``; 0 when it is not a time."""
    match = _STAMP.match(stamp)
    try:
        when = datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3] or 'Z'}") if match else None
        return when.astimezone(UTC).timestamp() if when else 0.0
    except (ValueError, OverflowError):  # the 31st of February; the last day of the year 9999, west of Greenwich
        return 0.0


# Only relevant lines leave the VM, truncated, and without tokens and logins: they are selected by the stems of the
# grammar. Each code and each shape (a line without its numbers and hosts) keeps its last 20 lines, and takes turns
# with the others, failures before complaints, until the log's share of the output is used. So harmless
# lines never displace a failure. Lines before a successful connect do not count; cloud-init writes one log for all
# boots, of which only the last one counts.
_PICK = """\
LC_ALL=C awk -v room=$room '
@RANK@
function keep(name, slot) {
  if (!(name in count)) key[++k] = name
  slot = count[name]++ % 20
  kept[name, slot] = NR SUBSEP t "\\t" line
}
function forget() { split("", count); split("", kept); split("", key); k = 0 }
{ sub(/\\r$/, ""); sub(/.*\\r/, "") }
/^Cloud-init v\\. .* running .init-local/ { forget() }
match($0, /[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][T ][0-9][0-9]:[0-9][0-9]:[0-9][0-9]/) && RSTART < 12 {
  t = substr($0, RSTART, 35); sub(/[" \\t].*/, "", t)
}
{
  if (length($0) > 30 && $0 !~ /[^A-Za-z0-9+\\/=_-]/) next
  low = tolower($0)
  connected = low ~ /@CONNECTED@/
  if (connected) forget()
  else if (!(r = rank(low))) next
  line = $0
  if (length(line) > @WIDTH@) {
    at = match(substr(low, @WIDTH@ - 250), /@FIRST@/) ? @WIDTH@ - 251 + RSTART : length(line) - 200
    line = substr(line, 1, @WIDTH@ - 310) " ... " substr(line, at - 50, 300)
  }
  gsub(/eyJ[A-Za-z0-9_.-]+/, "<token>", line)
  gsub(/@LOGIN@/, "://***@", line)
  gsub(/--[a-z-]*(secret|token)[ =][^ ]+/, "<secret>", line)
  gsub(/\\t/, " ", line)
  if (connected) { keep(1); next }
  split("", own)
  rest = low
  while (match(rest, /a(zcm|adsts)[ -]?[0-9][0-9][0-9][0-9]+/)) {
    own[substr(rest, RSTART, RLENGTH)]
    rest = substr(rest, RSTART + RLENGTH)
  }
  coded = 0
  for (code in own) { keep(2 code); coded = 1 }
  if (coded) next
  rest = substr(low, 1, 400)
  gsub(/https?:\\/\\/[^ "\\\\]+/, "", rest)
  gsub(/[0-9a-f]*[0-9][0-9a-f]*/, "0", rest)
  keep(2 + r substr(rest, 1, 200))
}
END {
  for (turn = 1; turn <= 20 && room > 40; turn++)
    for (wanted = 1; wanted <= 5; wanted++)
      for (i = k; i > 0; i--) {
        name = key[i]
        if (substr(name, 1, 1) != wanted || turn > count[name]) continue
        split(kept[name, (count[name] - turn) % 20], part, SUBSEP)
        if (part[1] in out || room < length(part[2])) continue
        room -= length(part[2]) + 1
        out[part[1]] = part[2]
        if (!first || part[1] + 0 < first) first = part[1] + 0
        if (part[1] + 0 > last) last = part[1] + 0
      }
  for (i = first; i && i <= last; i++) if (i in out) print out[i]
}'"""

#: Characters of one line, and of all lines of one log; bytes that are read of a log's end.
_WIDTH, _ROOM, _END = 700, 11_000, 4_000_000


def _pick() -> str:
    filled = {"@RANK@": log_rank.AWK, "@FIRST@": log_rank.awk_stems("first"), "@WIDTH@": str(_WIDTH)}
    filled |= {"@CONNECTED@": "|".join(SUCCESSES).lower(), "@LOGIN@": LOGIN.replace("/", "\\/")}
    return re.sub("|".join(filled), lambda match: filled[match[0]], _PICK)


#: The names of rotated logs are not documented: these are all of the agent's logs that were written within a day.
_FOLDER, _CLOUD_INIT = "/var/opt/azcmagent/log", "/var/log/cloud-init-output.log"

agent_logs = probe(
    f"""\
pick() {{
  {_pick()}
}}
date -u '+@now %s'
rotated=
[ ! -d {_FOLDER} ] || rotated=$(
  find {_FOLDER} -type f -mtime -1 2>/dev/null | grep -E '/(himds|azcmagent)[^/ ]*[.-][^/ ]*$' |
    grep -vxE '{_FOLDER}/(himds|azcmagent)\\.log' | sort | tail -n 4
)
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
  journalctl -q --no-pager -o short-iso -n 20000 --since -1d {" ".join(f"-u {unit}" for unit in UNITS)} | {{
    IFS= read -r line && {{ printf '%s\n' "$line"; cat; }} | pick
  }}
}}
exit 0""",
    windows=azcmagent_windows.logs(_WIDTH, _ROOM * 2 // 3, _END // 4),
    timeout=20,
    root=True,
    needs=["awk", "tail"],
    cap=49_152,
    accept_states=("no root",),
    read=AgentLogs.read,
)
