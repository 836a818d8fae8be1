"""One script per VM: all its probes, run in parallel, each answer framed and streamed back, some at a time.

What travels back on stdout, for a nonce N that is new for every VM and every run (all numbers are decimal)::

    \\nN hello\\n                                     the shell is there; whatever came before was login noise
    ...stdout, at most its cap...\\nN o INDEX\\n
    ...stderr, at most its cap...\\nN e INDEX STATE EXIT BEGIN END\\n
                                                    STATE: e ended, t timed out, x no tool, r no root
                                                    BEGIN, END: /proc/uptime, seconds with two decimals
    \\nN full PLACES\\n                               no folder could be written: nothing was run
    \\nN end\\n                                       every probe has its frame and the folder is gone

On the VM: a private folder in the first place that can be written (memory first, so that a full disk does not matter),
in it two files per probe and one FIFO in which probes and the clock announce themselves. Only the main shell writes to
stdout, so frames never mix. Probes that need root are started by a second shell, under ``sudo -n`` unless the login is
root; it announces in the same FIFO and stops its own late probes, which the main shell may not touch.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from plugins.checks.probe import ProbeCommand
from plugins.checks.quoting import quote
from plugins.ssh.shell_command import COMMAND, bootstrap, pack

__all__ = ["PLACES", "VmScript", "compile_script"]

#: Where the private folder may be made, best first.
PLACES = ("/dev/shm", '"$XDG_RUNTIME_DIR"', "/run", "/tmp", "/var/tmp", '"$HOME"')

#: Seconds the main shell may need around the slowest probe: starting all of them, sending, cleaning up.
OVERHEAD = 5.0


@dataclass(frozen=True, slots=True)
class VmScript:
    """A compiled script and the data to read its answer with."""

    script: bytes
    command: str  # that starts it: the script comes on its stdin
    nonce: str
    probes: tuple[ProbeCommand, ...]  # frame INDEX i is probes[i - 1]
    limit: float  # seconds after which the script has ended by itself
    keeps_stdin: bool = False  # stdin stays open: to the script, its end means that nobody listens any more
    crlf: bool = False  # the VM ends its lines with CR LF, and whatever stands between may make it so


@cache
def _engine() -> str:
    text = Path(__file__).with_name("engine.sh").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))


def compile_script(probes: Sequence[ProbeCommand], nonce: str | None = None) -> VmScript:
    """The script that runs `probes` on one VM.

    `nonce` is for tests; by default it is 128 random bits, so that no output of a probe can pass for a frame.
    """
    nonce = nonce or f"NEXUS{secrets.token_hex(16)}"
    text, limit = _compiled(tuple(probes))
    script = text.replace(_NONCE, nonce).replace(_NAME, secrets.token_hex(8))
    return VmScript(script.encode(), COMMAND, nonce, tuple(probes), limit, keeps_stdin=True)


#: What stands for a VM's nonce and the name of its folder in a compiled script: random, so that no probe has it. The
#: folder's name is written out wherever it is used: no variable that is not set can make it the name of another one.
_NONCE, _NAME = secrets.token_hex(16), secrets.token_hex(16)
_FOLDER = f".nexus-arc-{_NAME}"


@lru_cache(64)  # a fleet has few plans, and to compile one takes a millisecond
def _compiled(probes: tuple[ProbeCommand, ...]) -> tuple[str, float]:
    """The script with `_NONCE` and `_NAME` in it, and the seconds after which it has ended by itself."""
    plain = [(index, each) for index, each in enumerate(probes, 1) if not each.root]
    rooted = [(index, each) for index, each in enumerate(probes, 1) if each.root]
    limits = sorted({_seconds(each) for each in probes})
    lines = [
        _engine(),
        f"N={_NONCE} left={len(probes)} rooted=",
        "printf '\\n%s hello\\n' \"$N\"",
        _make_room(),
        'exec 3<>"$room/q"',
        *(_function(index, each) for index, each in plain),
        *(_start(index, each) for index, each in _longest_first(plain)),
        *(_root_part(rooted) if rooted else ()),
        f"tick {' '.join(map(str, sorted({_SOON, *limits})))}" if limits else "ticker=",
        _SEND,
        _late(probes),
        _LOOP,
    ]
    return pack("\n".join(lines)), max(limits, default=0) + OVERHEAD


def _seconds(planned: ProbeCommand) -> int:
    """The limit as whole seconds: `sleep` of a small shell knows no others."""
    return max(1, math.ceil(planned.timeout))


def _function(index: int, planned: ProbeCommand) -> str:
    return f"p{index}() {{\n{planned.command}\n}}"


def _longest_first(probes: Sequence[tuple[int, ProbeCommand]]) -> list[tuple[int, ProbeCommand]]:
    """What may take longest waits for something, and can do so while the others are started: each takes a fork."""
    return sorted(probes, key=lambda each: -each[1].timeout)


def _start(index: int, planned: ProbeCommand) -> str:
    # One block more than the cap, so that an output of exactly the cap is not taken for a cut one.
    return f"start {index} {planned.cap // 512 + 1} {' '.join(map(quote, planned.needs))}".rstrip()


def _make_room() -> str:
    """Make the folder and prove that it can be written; `mkdir` fails on anything that is already there."""
    return f"""\
room=
for place in {" ".join(PLACES)}; do
  [ -d "$place" ] && mkdir "$place/{_FOLDER}" 2>/dev/null || continue
  room=$place/{_FOLDER}
  {{ echo {_FOLDER * 4} >"$room/w" && mkfifo "$room/q"; }} 2>/dev/null && break
  rm -rf "$room"
  room=
done
[ "$room" ] || {{
  printf '\\n%s full %s\\n\\n%s end\\n' "$N" "{" ".join(place.replace('"', "") for place in PLACES)}" "$N"
  exit 0
}}
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP TERM PIPE"""


#: The second shell's script has marks of its own, so that a tail of the first one never passes for a whole.
_ROOT_MARK = "nexus-arc root"


def _root_part(rooted: Sequence[tuple[int, ProbeCommand]]) -> list[str]:
    """The second shell. Its script is a here-document, so that nothing of it is in an argument list."""
    limits = sorted({_seconds(each) for _, each in rooted})
    late = "\n".join(
        f"    {limit}) " + "; ".join(f'fell "$k{index}"' for index, each in rooted if _seconds(each) == limit) + " ;;"
        for limit in limits
    )
    return [
        f"for i in {' '.join(str(index) for index, _ in rooted)}; do",
        # The files are made here, so that the login user can read what root writes into them.
        '  rooted="$rooted $i"',
        '  : >"$room/$i.o" 2>"$room/$i.e"',
        "done",
        "{ read -r broot _ </proc/uptime; } 2>/dev/null",
        '[ "$(id -u)" = 0 ] && sudo= || sudo="sudo -n"',
        "(",
        # bash before 5.1 keeps a here-document in a file: let it be in our folder.
        "  TMPDIR=$room",
        f'  $sudo sh -c {bootstrap(_ROOT_MARK)} sh "$room" >/dev/null 2>"$room/sudo" 3>&- <<\'{_NONCE}\'',
        f"#{_ROOT_MARK} begin",
        _engine(),
        "room=$1",
        'exec 3>"$room/q"',
        'echo "g - -" >&3',
        *(_function(index, each) for index, each in rooted),
        *(_start(index, each) for index, each in _longest_first(rooted)),
        # Its own clock: only root may stop what root runs.
        "(",
        "  past=0",
        f"  for limit in {' '.join(map(str, limits))}; do",
        '    sleep "$((limit - past))"',
        "    past=$limit",
        f"    case $limit in\n{late}\n    esac",
        "  done",
        ") >/dev/null 2>&1 &",
        "clock=$!",
        "wait " + " ".join(f"$k{index}" for index, _ in rooted),
        'fell "$clock"',
        f"#{_ROOT_MARK} end",
        _NONCE,
        '  echo "r - $?" >&3',
        ") >/dev/null 2>&1 &",
        "kroot=$!",
    ]


#: After so many seconds, what has been said is sent, whatever there is: a VM may go away while slow probes run.
_SOON = 2

#: send INDEX STATE EXIT: the frame of one probe, once. Frames leave eight at a time, and all there are after `_SOON`
#: and with each time limit that passes: to send takes a process, and processes are what a VM pays for. What is on
#: stderr has a file of its own, which is sent when there is something in it: each file is a packet.
_SEND = r"""
send() {
  eval "sent=\$x$1 begin=\$b$1"
  [ "$sent" ] && return
  eval "x$1=1"
  left=$((left - 1))
  end=
  { read -r end _ </proc/uptime; } 2>/dev/null
  said=$1.o ready="$ready $1.o"
  printf '\n%s o %s\n' "$N" "$1" >>"$room/$said"
  [ -s "$room/$1.e" ] && said=$1.e ready="$ready $1.e"
  printf '\n%s e %s %s %s %s %s\n' "$N" "$1" "$2" "$3" "${begin:-${broot:-0}}" "${end:-0}" >>"$room/$said"
  waiting=$((waiting + 1))
  [ "$waiting" -lt 8 ] || flush
}
flush() {
  [ "$ready" ] && (cd "$room" && exec cat $ready)
  ready= waiting=0
}
noroot() {
  for i in $rooted; do
    eval "sent=\$x$i"
    [ "$sent" ] || { cat "$room/sudo" >"$room/$i.e" 2>/dev/null; send "$i" r -; }
  done
}
"""


def _late(probes: Sequence[ProbeCommand]) -> str:
    """late SECONDS: what to do when a limit has passed: stop the probes it belongs to, and send what they had said."""
    cases = []
    for limit in sorted({_seconds(each) for each in probes}):
        plain = [i for i, each in enumerate(probes, 1) if not each.root and _seconds(each) == limit]
        rooted = [i for i, each in enumerate(probes, 1) if each.root and _seconds(each) == limit]
        body = [f'[ "$x{i}" ] || {{ fell "$k{i}"; send {i} t -; }}' for i in plain]
        if rooted:
            # sudo that has not answered by now will not; and a probe that never started has not timed out.
            say = f'echo "sudo -n did not answer within {limit} s" >>"$room/sudo"'
            body.append(f'[ "$go" ] || {{ {say}; fell "$kroot"; noroot; }}')
            body += [f"send {i} t -" for i in rooted]
        cases.append(f"    {limit})\n      " + "\n      ".join(body) + "\n      ;;")
    return "late() {\n  case $1 in\n" + "\n".join(cases) + "\n  esac\n}"


_LOOP = r"""
go= ready= waiting=0
while [ "$left" -gt 0 ] && read -r word index status <&3; do
  case $word in
  e) send "$index" e "$status" ;;
  x) send "$index" x - ;;
  t)
    late "$index"
    flush
    ;;
  g) go=1 ;;
  r) [ "$go" ] || noroot ;;
  esac
done
flush
[ "$ticker" ] && kill "$ticker" 2>/dev/null
rm -rf "$room"
trap - EXIT
printf '\n%s end\n' "$N"
exit 0
"""
