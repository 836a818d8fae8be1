"""The output of cloud-init: the lines of the first and the last boot that report failures.

User data runs only at the first boot, so its failures count as well as those of the last boot. The VM selects lines by
the stems of `plugins.requirements.log_grammar`, and sends only these, up to a limit, the most severe first. The grammar
then reads them here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from plugins import ProbeResult, probe, quote
from plugins.core.secret_names import LOGIN
from plugins.requirements.log_grammar import Level, Reading, outcome, without_colours
from suites.probes import log_rank
from suites.wording import plain

LOG = "/var/log/cloud-init-output.log"

#: Distinct lines of one rank and one boot; characters of a line, and of all lines of one boot.
_LINES, _WIDTH, _ROOM = 80, 290, 20_000

#: Bytes that are read of the beginning and of the end of each file.
_END = 4_000_000

# A line with one long word, as in a key, stays on the VM; so do tokens, and logins in addresses.
# Boot 1 is the first that the log names, boot 2 the last; boot 0 has the lines before the first mark. A mark counts
# only when it is later than all earlier marks: a script that prints the log does not begin a boot. A line that
# was overwritten (\r, as by progress bars) counts piece by piece. Of lines that differ only in numbers, the
# first and the last one are kept. \001 precedes the name of a file; it is removed from the files themselves. \002
# follows a file that was read to its end: a program that is missing or was killed loses lines, but not the status.
_PICK = r"""
@RANK@
function look(s, t, r, k) {
  if (length(s) > 30 && s !~ /[^A-Za-z0-9+\/=_-]/) return
  if (length(s) > 1700) s = substr(s, 1, 1200) " ... " substr(s, length(s) - 399)
  t = tolower(s)
  if (!(r = rank(t))) return
  k = substr(t, 1, 300)
  gsub(/[0-9]+/, "0", k)
  k = b SUBSEP k
  if (k in at) { again[at[k]] = NR - from[b] + 1 ":" show(s); return }
  if (r == 3) { kept[b, 3, n[b, 3]++ % @LINES@] = NR - from[b] + 1 ":" show(s); return }
  if (n[b, r] >= @LINES@) { more[b]++; return }
  kept[b, r, n[b, r]] = NR - from[b] + 1 ":" show(s)
  at[k] = b SUBSEP r SUBSEP n[b, r]++
}
function show(s) {
  return length(s) > @WIDTH@ ? substr(s, 1, @WIDTH@ - 150) " ... " substr(s, length(s) - 139) : s
}
function date(s, part) {
  sub(/^.* at [A-Z][a-z][a-z], /, "", s)
  split(s, part, " ")
  return part[3] sprintf("%02d%02d", index("JanFebMarAprMayJunJulAugSepOctNovDec", part[2]), part[1]) part[4]
}
function begin(s) {
  for (k in at) if (b == 2 && index(k, 2 SUBSEP) == 1) delete at[k]
  for (k in again) if (b == 2 && index(k, 2 SUBSEP) == 1) delete again[k]
  b = b ? 2 : 1
  n[b, 1] = n[b, 2] = n[b, 3] = more[b] = 0
  from[b] = NR
  head[b] = NR - base ":" s
  name[b] = file
}
function put(text) {
  gsub(/eyJ[A-Za-z0-9_.-]+/, "<token>", text)
  gsub(/@LOGIN@/, "://***@", text)
  if (length(text) + 1 > room) { more[b]++; return }
  room -= length(text) + 1
  print text
}
BEGIN { b = 0; from[0] = 1; n[0, 1] = n[0, 2] = n[0, 3] = 0 }
/^\001/ { if (base && !whole) cut = 1; whole = 0 }
/^\001/ { base = NR; size = -1; file = substr($0, 2); if (!NR || !any) from[0] = NR + 1; next }
/^\002$/ { whole = 1; next }
length($0) { whole = 0 }
{ size += length($0) + 1; if (file && size > @END@) cut = 1; sub(/\r+$/, ""); any += length($0) }
{
  s = $0
  p = match(s, /Cloud-init v\. [^ ]+ running .init(-local)?. at [A-Z][a-z][a-z], /)
  if (p > 1 && substr(s, p - 1, 1) ~ /["`>+ (]/ || index(substr(s, 1, p), sprintf("%c", 39))) p = 0
  if (p && date(s) > newest) {
    newest = date(s)
    local = index(s, "init-local")
    if (local || !begun) {
      if (p > 1) look(substr(s, 1, p - 1))
      begin(substr(s, p))
    }
    begun = local
  }
}
index(s, "\r") { pieces = split(s, piece, "\r"); for (i = 1; i <= pieces; i++) look(piece[i]); next }
{ look(s) }
END {
  if (base && !whole) cut = 1
  if (!any && !cut) { print "@empty"; print "@end"; exit }
  for (i = b; i >= 0; i--) {
    if (!i && b && !(n[0, 1] + n[0, 2] + n[0, 3])) continue
    order[++boots] = i
  }
  for (j = boots; j; j--) {
    b = order[j]
    room = @ROOM@
    print "@from " (b ? head[b] : "?")
    if (name[b]) print "@in " name[b]
    for (r = 1; r <= 3; r++) {
      if (r == 3 && room > 8000) room = 8000
      for (i = 0; i < n[b, r] && i < @LINES@; i++) {
        put(kept[b, r, i])
        if ((b, r, i) in again) put(again[b, r, i])
      }
      if (r == 2 && more[b]) print "@more " more[b]
    }
  }
  if (cut) print "@cut"
  print "@end"
}
"""

# The rotated logs have the earlier boots, the oldest first. The middle of a log that is too long is
# omitted; of a rotated one, the end.
_READ = r"""
log=@LOG@
n=0
for file in "$log".[0-9]* "$log"-[0-9]*; do
  [ ! -e "$file" ] || n=$((n + 1))
done
files=
[ $n = 0 ] || files=$(ls -1tr -- "$log".[0-9]* "$log"-[0-9]* 2>/dev/null | tail -n 12)
[ -e "$log" ] || [ $n != 0 ] || { echo @absent; exit 0; }
show() {
  case $1 in
    *.gz) gzip -dc -- "$1" ;;
    *.xz) xz -dc -- "$1" ;;
    *.bz2) bzip2 -dc -- "$1" ;;
    *.zst) zstd -dc -- "$1" ;;
    *) cat -- "$1" ;;
  esac 2>/dev/null && printf '\n\002\n'
}
lost=0
[ $n = 0 ] || [ "$(printf '%s\n' "$files" | grep -c .)" = $n ] || lost=1
cut=0
[ ! -e "$log" ] || [ "$(wc -c <"$log")" -le @BOTH@ ] || cut=1
{
  printf '%s\n' "$files" | while IFS= read -r file; do
    [ "$file" ] || continue
    printf '\001%s\n' "$file"
    show "$file" | LC_ALL=C tr -d '\000\001' | head -c @MORE@
    echo
  done
  [ ! -e "$log" ] || {
    printf '\001\n'
    if [ $cut = 1 ]; then
      { head -c @END@ "$log"; echo; tail -c @END@ "$log"; } | LC_ALL=C tr -d '\000\001'
    else
      show "$log" | LC_ALL=C tr -d '\000\001'
    fi
  }
} | LC_ALL=C awk -v cut=$((cut + lost)) '@PICK@'
"""


def _output_command(log: str) -> str:
    """Print the relevant lines of the first and the last boot, with line numbers.

    NUL bytes are removed: some versions of awk end a line there.
    """
    filled = {
        "@RANK@": log_rank.AWK,
        "@LOGIN@": LOGIN.replace("/", "\\/"),
        "@LINES@": str(_LINES),
        "@WIDTH@": str(_WIDTH),
        "@ROOM@": str(_ROOM),
        "@END@": str(_END),
    }
    program = re.sub("|".join(filled), lambda match: filled[match[0]], _PICK)
    filled = {
        "@LOG@": quote(log),
        "@PICK@": program,
        "@END@": str(_END),
        "@MORE@": str(_END + 1),
        "@BOTH@": str(2 * _END),
    }
    return re.sub("|".join(filled), lambda match: filled[match[0]], _READ).strip()


_ABSENT, _CUT = re.compile(r"^@absent$", re.M), re.compile(r"^@cut$", re.M)
_FROM = re.compile(r"^@from (?:(\d{1,15}):(.*)|\?)\n", re.M)
_FILE, _MORE = re.compile(r"@in (.{1,300})\n"), re.compile(r"^@more \d", re.M)
_LINE = re.compile(r"^(\d{1,15}):(.*)$", re.M)
_BEGAN, _VERSION = re.compile(r" at (.+?)\. Up "), re.compile(r"Cloud-init v\. (\S+) ")
_STAGE = re.compile(r"Cloud-init v\. \S+ running '([\w:-]+)'")


@dataclass(frozen=True, slots=True)
class Failure:
    """One line that reports a failure or a complaint."""

    number: int
    line: str
    stage: str  # "modules:final", or "" = not known
    reading: Reading


@dataclass(frozen=True)
class Boot:
    """The selected lines of one boot, with their numbers in the log."""

    began: str = ""  # as cloud-init wrote it; "" = its beginning is not in the log
    lines: tuple[tuple[int, str], ...] = ()
    complete: bool = True  # False: not all lines were sent
    version: str = ""  # of the cloud-init of that boot
    file: str = ""  # a rotated log; "" = the log itself

    @cached_property
    def failures(self) -> tuple[Failure, ...]:
        """Its failures, complaints and notes, each line once, without those that later lines revoke."""
        failures: dict[str, Failure] = {}
        for number, line, reading in outcome(self.lines):
            shown = plain(without_colours(line).strip())
            failures.setdefault(re.sub(r"\d+", "0", shown), Failure(number, shown, self._stage(number), reading))
        return tuple(failures.values())

    def _stage(self, number: int) -> str:
        running = [_STAGE.match(line) for at, line in sorted(self.lines) if at <= number]
        return next((match[1] for match in reversed(running) if match), "")

    def at(self, level: Level) -> list[Failure]:
        """Those of one level."""
        return [failure for failure in self.failures if failure.reading.level is level]


@dataclass(frozen=True, slots=True)
class BootOutput:
    """The boots in the log that count, in order of time. None: the log does not exist or is empty."""

    exists: bool
    boots: tuple[Boot, ...] = ()
    complete: bool = True  # False: the search stopped at a limit

    @classmethod
    def read(cls, result: ProbeResult) -> BootOutput:
        """Read the probe: the first boot, and the last one where there are several.

        ::

            @from 1:Cloud-init v. 25.1.4 running 'init-local' at Sat, 21 Nov 2026 23:57:14 +0000. Up 5.85 seconds.
            @in /var/log/cloud-init-output.log.1
            22:E: Unable to locate package azure-cli
            @from 212:Cloud-init v. 25.1.4 running 'init-local' at Sun, 22 Nov 2026 00:02:39 +0000. Up 5.85 seconds.
            @more 3
            @end

        ``@from ?`` precedes lines of a boot whose beginning is not in the log; ``@in`` names a rotated log, else the
        boot is in the log itself; ``@more`` counts lines that were not sent; ``@cut``: the middle was not read.
        """
        text = result.stdout
        if "@absent" in text and _ABSENT.search(text):
            return cls(exists=False)
        if text.startswith("@empty\n@end"):
            return cls(exists=True)
        begins = list(_FROM.finditer(text))[:3]
        if not begins or begins[0].start():
            raise ValueError(f"expected '@from' and where a boot begins, found {text[:60]!r}")
        ends = [*(begin.start() for begin in begins[1:]), len(text)]
        boots = [_boot(begin, text[begin.end() : end]) for begin, end in zip(begins, ends, strict=True)]
        ended = "\n@end" in text and not result.truncated and not ("@cut" in text and _CUT.search(text))
        return cls(True, tuple(boots), ended and all(boot.complete for boot in boots))

    @property
    def version(self) -> str:
        """The cloud-init of the last boot."""
        return self.boots[-1].version if self.boots else ""

    @property
    def torn(self) -> bool:
        """True when the log begins in the middle of a boot."""
        return bool(self.boots) and not self.boots[0].began


def _boot(begin: re.Match[str], body: str) -> Boot:
    mark = begin[2] or ""
    began, version = _BEGAN.search(mark), _VERSION.match(mark)
    start = int(begin[1] or 1)
    file = _FILE.match(body)
    return Boot(
        plain(began[1]) if began else "",
        # Unchanged: indents and colours are read, too.
        tuple([(start + int(number) - 1, line) for number, line in _LINE.findall(body)]),
        not ("@more" in body and _MORE.search(body)),
        plain(version[1]) if version else "",
        plain(file[1]) if file else "",
    )


cloudinit_output = probe(
    _output_command(LOG),
    timeout=30,  # a log of 100 MB and twelve rotated ones take up to 11 s of CPU with busybox
    root=True,
    cap=65_536,
    accept_truncated=True,  # a failure that was found counts; without one, the answer is incomplete
    read=BootOutput.read,
)
