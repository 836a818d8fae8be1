"""The output of cloud-init: which of its lines speak of a failure.

User data runs at the first boot only, so the failures of the first boot that the log holds count as well as those of
the last one. The VM picks the lines; what travels are these alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache

from plugins import ProbeResult, probe, quote
from plugins.requirements.data_files import read_table
from suites.wording import plain

__all__ = ["BootOutput", "FailurePattern", "HarmlessPattern", "LogRules", "cloudinit_output", "log_rules", "meaning_of"]


@dataclass(frozen=True, slots=True)
class FailurePattern:
    """One kind of line that speaks of a failure."""

    pattern: str
    meaning: str
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HarmlessPattern:
    """One kind of line that fits a `FailurePattern` and speaks of no failure."""

    pattern: str
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogRules:
    """data/cloudinit.toml."""

    log: str
    begins: tuple[str, str]
    lines: int
    width: int
    failures: tuple[FailurePattern, ...]
    harmless: tuple[HarmlessPattern, ...]


@cache
def log_rules() -> LogRules:
    """The patterns of a failure, from the data file."""
    table = read_table("cloudinit")
    output = table["output"]
    return LogRules(
        log=output["log"],
        begins=(output["begin"], output["begin_otherwise"]),
        lines=output["lines"],
        width=output["width"],
        failures=tuple(
            FailurePattern(row["pattern"], row["meaning"], tuple(row["samples"])) for row in table["failure"]
        ),
        harmless=tuple(HarmlessPattern(row["pattern"], tuple(row["samples"])) for row in table["harmless"]),
    )


#: Boot 1 is the first that the log names, boot 2 the last; boot 0 is what stands in a log that names none. A line that
#: was written over and over (\r, as progress bars are) counts piece by piece. Of a long line, the part that fits is
#: shown.
_PICK = r"""
function look(s) {
  if (length(s) > 20000) s = substr(s, 1, 10000) " " substr(s, length(s) - 9999)
  if (!(@FAILS@)) return
  at = RSTART
  if (@HARMLESS@) return
  if (n[b] >= @LINES@) return
  if (length(s) > @WIDTH@) s = substr(s, at > 100 ? at - 100 : 1, @WIDTH@)
  line[b, ++n[b]] = NR - from[b] + 1 ":" s
}
function begin(s) {
  b = b ? 2 : 1
  n[b] = 0
  from[b] = NR
  head[b] = NR ":" s
}
function show(b, i) {
  print "@from " (b ? head[b] : "?")
  for (i = 1; i <= n[b]; i++) print line[b, i]
}
BEGIN { b = 0; from[0] = 1; n[0] = n[1] = n[2] = 0 }
{ sub(/\r+$/, "") }
/@BEGIN@/ { begin($0); local = 1; next }
/@OTHERWISE@/ { if (!local) begin($0); local = 0; next }
index($0, "\r") { pieces = split($0, piece, "\r"); for (p = 1; p <= pieces; p++) look(piece[p]); next }
{ look($0) }
END { for (i = b ? 1 : 0; i <= b; i++) show(i); print "@end" }
"""


def _literal(pattern: str) -> str:
    """A pattern as awk writes it in a program."""
    return f"/{pattern.replace('/', chr(92) + '/')}/"


def _output_command(log: str) -> str:
    """Print what fails in the first and in the last boot, with line numbers.

    NUL bytes are taken out: some versions of awk end a line there.
    """
    known = log_rules()
    filled = {
        "@FAILS@": " || ".join(f"match(s, {_literal(failure.pattern)})" for failure in known.failures),
        "@HARMLESS@": " || ".join(f"s ~ {_literal(harmless.pattern)}" for harmless in known.harmless),
        "@LINES@": str(known.lines),
        "@WIDTH@": str(known.width),
        "/@BEGIN@/": _literal(known.begins[0]),
        "/@OTHERWISE@/": _literal(known.begins[1]),
    }
    program = re.sub("|".join(map(re.escape, filled)), lambda match: filled[match[0]], _PICK)
    return f"[ -e {quote(log)} ] || {{ echo @absent; exit 0; }}\ntr -d '\\000' <{quote(log)} | LC_ALL=C awk '{program}'"


@dataclass(frozen=True, slots=True)
class BootOutput:
    """The failure lines of the last boot, with their numbers in the log."""

    exists: bool
    boot: str = ""  # when it began, as cloud-init wrote it; "" = no beginning was found
    lines: tuple[tuple[int, str], ...] = field(default=())
    complete: bool = True  # False: it stopped at a limit
    version: str = ""  # of the cloud-init that ran then
    first: BootOutput | None = None  # the first boot, where the log holds more than one

    @classmethod
    def read(cls, seen: ProbeResult) -> BootOutput:
        """Read the probe: the first boot, and the last one where there are several.

        ::

            @from 1:Cloud-init v. 25.1.4 running 'init-local' at Sat, 21 Nov 2026 23:57:14 +0000. Up 5.85 seconds.
            22:E: Unable to locate package azure-cli
            @from 212:Cloud-init v. 25.1.4 running 'init-local' at Sun, 22 Nov 2026 00:02:39 +0000. Up 5.85 seconds.
            @end
        """
        text = seen.stdout
        if re.search(r"^@absent$", text, re.M):
            return cls(exists=False)
        begins = list(re.finditer(r"^@from (?:(\d{1,15}):(.*)|\?)\n", text, re.M))[:2]
        if not begins or begins[0].start():
            raise ValueError(f"expected '@from' and where a boot begins, found {text[:60]!r}")
        ended = "\n@end" in text and not seen.truncated
        ends = [*(begin.start() for begin in begins[1:]), len(text)]
        boots = [
            cls._boot(begin, text[begin.end() : end], ended or begin is not begins[-1])
            for begin, end in zip(begins, ends, strict=True)
        ]
        return boots[0] if len(boots) == 1 else replace(boots[1], first=boots[0])

    @classmethod
    def _boot(cls, begin: re.Match[str], body: str, ended: bool) -> BootOutput:
        boot = re.search(r" at (.+?)\. Up ", begin[2] or "")
        version = re.match(r"Cloud-init v\. (\S+) ", begin[2] or "")
        start = int(begin[1] or 1)
        rows = tuple(
            (start + int(number) - 1, plain(line.strip()))
            for number, line in re.findall(r"^(\d{1,15}):(.*)$", body, re.M)
        )
        complete = ended and len(rows) < log_rules().lines
        return cls(True, plain(boot[1]) if boot else "", rows, complete, plain(version[1]) if version else "")


cloudinit_output = probe(
    _output_command(log_rules().log),
    timeout=10,
    root=True,
    accept_truncated=True,  # a failure that was found counts; without one, the answer is incomplete
    read=BootOutput.read,
)


def meaning_of(line: str) -> str:
    """The failure that a line reports, or ""."""
    known = log_rules()
    if any(re.search(harmless.pattern, line) for harmless in known.harmless):
        return ""
    return next((failure.meaning for failure in known.failures if re.search(failure.pattern, line)), "")
