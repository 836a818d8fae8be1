"""One script per VM: all its probes, run in parallel, with framed answers on stdout.

The format on stdout, with a nonce N that is new for every VM and every run (all numbers are decimal)::

    \\nN hello\\n                                     the script runs; everything before this line is login noise
    \\nN b\\n                                         answers follow: first all that some probes printed,
    ...stdout...\\nN s\\n...stderr...\\nN s\\n...
    \\nN f INDEX STATE EXIT BEGIN END\\n...           then the frame of each of them, in the same order
    \\nN o INDEX\\n...stderr...
    \\nN e INDEX STATE EXIT BEGIN END\\n              and frames of probes that printed nothing themselves
                                                    STATE: e ended, t timed out, x no tool, r no root
                                                    BEGIN, END: /proc/uptime, seconds with two decimals
    \\nN full PLACES\\n                               no folder could be written: nothing was run
    \\nN end\\n                                       every probe has its frame and the folder is removed

On the VM: a private folder in the first writable place (memory first, so that a full disk does not matter). It has two
FIFOs per probe, which hold its output until it is sent; a FIFO in which probes, the clock and the sender send reports;
and the line that ends an output. Only one process at a time writes to stdout, so frames never mix, and it writes the
frames of the outputs that it could send completely. Unless the login is root, a second shell under ``sudo -n`` starts
the probes that need root. docs/engine.md lists the promises.
"""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from plugins.checks.probe import ProbeCommand
from plugins.checks.quoting import quote
from plugins.ssh.shell_command import ADVICE, COMMAND, bootstrap, pack

#: The places for the private folder, best first.
PLACES = ("/dev/shm", '"$XDG_RUNTIME_DIR"', "/run", "/tmp", "/var/tmp", '"$HOME"')

#: Seconds the main shell may need around the slowest probe: starting all of them, sending, cleaning up.
OVERHEAD = 5.0


@dataclass(frozen=True, slots=True)
class VmScript:
    """A compiled script, and the data to decode its answer."""

    script: bytes
    command: str  # the command that starts it: the script comes on its stdin
    advice: Mapping[int | None, str]  # remedies by exit status, when it ends too soon
    nonce: str
    probes: tuple[ProbeCommand, ...]  # frame INDEX i is probes[i - 1]
    limit: float  # seconds after which the script has ended by itself
    crlf: bool = False  # the VM ends its lines with CR LF, or a layer in between converts them


@cache
def file_text(name: str) -> str:
    """A file of the engines beside this module, without its comments."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))


def compile_script(probes: Sequence[ProbeCommand], nonce: str | None = None) -> VmScript:
    """The script that runs `probes` on one VM.

    `nonce` is for tests; by default it is 128 random bits, so that no output of a probe can pass for a frame.
    """
    nonce = nonce or f"NEXUS{secrets.token_hex(16)}"
    text, limit = _compiled(tuple(probes))
    script = text.replace(_NONCE, nonce).replace(_NAME, secrets.token_hex(8))
    return VmScript(script.encode(), COMMAND, ADVICE, nonce, tuple(probes), limit)


#: Placeholders for a VM's nonce and its folder's name in a compiled script: random, so that no probe contains them. The
#: folder's name is written out at each use, so an unset variable cannot make it another folder's name.
_NONCE, _NAME = secrets.token_hex(16), secrets.token_hex(16)
_FOLDER = f".nexus-arc-{_NAME}"

#: The second shell's script has its own marks, so that a tail of the first one never counts as complete.
_ROOT_MARK = "nexus-arc root"

#: Processes that a run needs in addition to three for each probe.
_AROUND = 20

#: The login shell may export names that the script uses for variables or programs.
_OURS = re.compile(r"(?:^|[\s;{(])([a-z]+)=|\bread -r ([a-z _]+?)(?= *[<&|;])|\bfor ([a-z]+)\b", re.M)
_PROGRAMS = "[ cat cd command echo kill mkdir mkfifo printf read rm sed sleep sudo ulimit"


@cache
def _fresh_start() -> str:
    text = file_text("engine.sh") + file_text("engine_main.sh") + file_text("engine_root.sh")
    names = {name for match in _OURS.findall(text) for name in " ".join(match).split()} - {"_"}
    return f"set +aCefuvx\nunset TMOUT IFS CDPATH N place {' '.join(sorted(names))}\nunset -f {_PROGRAMS}"


@lru_cache(64)  # a fleet has few plans, and compiling one takes a millisecond
def _compiled(probes: tuple[ProbeCommand, ...]) -> tuple[str, float]:
    """The script with `_NONCE` and `_NAME` in it, and the seconds after which it has ended."""
    plain = [(index, probe) for index, probe in enumerate(probes, 1) if not probe.root]
    rooted = [(index, probe) for index, probe in enumerate(probes, 1) if probe.root]
    names = ["q", "p", "r", *(f"{index}.{stream}" for index in range(1, len(probes) + 1) for stream in "oe")]
    rooted_part = "\n".join([f"rooted={quote(_longest_first(rooted))}", *(_probe(*probe) for probe in rooted)])
    lines = [
        _fresh_start(),
        f"N={_NONCE} ROOT_MARK={quote(_ROOT_MARK)}",
        f"engine={quote(file_text('engine.sh'))}",
        f"root_shell={quote(file_text('engine_root.sh'))}",
        f"bootstrap={bootstrap(_ROOT_MARK)}",
        'eval "$engine"',
        file_text("engine_main.sh").replace("FOLDER", _FOLDER),
        "printf '\\n%s hello\\n' \"$N\"",
        _make_room(names, len(probes)),
        *(_probe(*probe) for probe in plain),
        f"plain={quote(_longest_first(plain))} rooted={quote(_longest_first(rooted))}",
        f"rooted_part={quote(rooted_part)}",
        "main",
    ]
    return pack("\n".join(lines)), max(map(_seconds, probes), default=0) + OVERHEAD


def _seconds(planned: ProbeCommand) -> int:
    """The limit as whole seconds: the clock of the script ticks once a second."""
    return max(1, math.ceil(planned.timeout))


#: A command that only starts a program of the VM, perhaps after exporting the proxy for it.
_ONE_PROGRAM = re.compile(
    r"(?:export(?: [A-Za-z]+_(?:PROXY|proxy)=[\w./:,-]*)+\n)?"
    r"((?:cat|curl|date|df|id|ls|ping|ps|stat|uname)(?: (?:[\w./:=,%@+-]+|'[^']*'))*)",
    re.ASCII,
)


def _probe(index: int, planned: ProbeCommand) -> str:
    """A probe as values: its command, its limit and the programs it needs.

    A command that only starts a program replaces the probe's shell, which saves a fork.
    """
    command, needs = planned.command, quote(" ".join(planned.needs))
    if match := _ONE_PROGRAM.fullmatch(command):
        command = f"{command[: match.start(1)]}exec {match[1]}"
    return f"c{index}={quote(command)} l{index}={_seconds(planned)} n{index}={needs}"


def _longest_first(probes: Sequence[tuple[int, ProbeCommand]]) -> str:
    """Longest limits first: these probes wait while the others are started, each with a fork."""
    return " ".join(str(index) for index, _ in sorted(probes, key=lambda entry: -entry[1].timeout))


def _make_room(names: Sequence[str], probes: int) -> str:
    """Check the limits for processes and files; make the folder, and prove that it is writable.

    `mkdir` fails on anything that is already there. In a shared place without the sticky bit, any other user could put
    a folder with links in the place of this one, and root would follow them.
    """
    return f"""\
[ -r /proc/self/stat ] || refuse noproc
enough "$(ulimit -n)" 16 || refuse files # first of all: busybox cannot read a file with fewer than 11
user=
while read -r word _ user _; do
  [ "$word" != Uid: ] || break
done </proc/self/status
while read -r word index status _; do
  case $word:$index in
  Max:open) break ;;
  Max:processes) [ "$user" = 0 ] || enough "$status" {3 * probes + _AROUND} || refuse processes ;;
  esac
done </proc/self/limits
room=
trap remove EXIT
trap '' XFSZ
for place in {" ".join(PLACES)}; do
  case $place in /dev/shm | *tmp) [ -k "$place" ] || continue ;; esac
  [ -d "$place" ] && mkdir "$place/{_FOLDER}" 2>/dev/null || continue
  room=$place/{_FOLDER}
  {{
    echo {_FOLDER * 4} >"$room/w" && printf '\\n%s s\\n' "$N" >"$room/m" &&
      cd "$room" && mkfifo {" ".join(names)} && cd /
  }} 2>/dev/null && break
  cd /
  remove
  room=
done
trap - XFSZ
[ "$room" ] || refuse full {" ".join(place.replace('"', "") for place in PLACES)}"""
