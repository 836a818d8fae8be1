"""Run scripts of the engine in throwaway roots, in sequence in each, and print their answers and remaining processes.

`python -m tests.gather.engine_driver` with the name of a shell reads a list of ``[folder, runs]`` as JSON from stdin and
prints a list of their results. The roots are made at the folders and run at the same time; in each, a fork of this process
is the first process, so whatever loses its parent becomes its child.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Any

from plugins.checks.probe import ProbeCommand
from plugins.gather import script
from plugins.gather.frames import FrameDecoder
from plugins.gather.script import VmScript, compile_script
from plugins.ssh.shell_command import bootstrap
from tests.support.throwaway import PLACES, enter

SHELLS = {"dash": "dash", "bash": "bash", "busybox": "busybox"}
NOBODY = 65534
#: Seconds within which all processes must end. The promise is two, for an idle processor, which the gate does not have.
AWAY_WITHIN = 2.0 if "FUZZ_EXAMPLES" in os.environ else 30.0


def reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def others(known: set[int]) -> dict[int, str]:
    """The running processes, except for zombies, this one and those in `known`."""
    reap()
    left = {}
    for path in Path("/proc").glob("[0-9]*"):
        pid = int(path.name)
        if pid in known or pid == os.getpid():
            continue
        with suppress(OSError):
            if path.joinpath("stat").read_text().rpartition(")")[2].split()[0] not in "ZX":
                left[pid] = path.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return left


def folders() -> list[str]:
    return [str(path) for place in PLACES for path in Path(place).rglob(".nexus-arc-*")]


def install(shell: str) -> str:
    """A folder with that shell as `sh`."""
    folder = Path("/tmp/shells", shell)
    if not folder.exists():
        folder.mkdir(parents=True)
        program = shutil.which(SHELLS[shell])
        assert program
        folder.joinpath("sh").symlink_to(program)
    return str(folder)


def run(shell: str, what: dict[str, Any]) -> dict[str, Any]:
    """One run.

    `what`: probes; before: lines of sh that start it like a login; leave: when the client disconnects; stall: the client
    stops reading until a program with this command line has started and ended; replace: changes to the script; sudoers:
    sudo's configuration.
    """
    batch = compile_script(
        [ProbeCommand(probe[0], probe[1], probe[2], probe[3], tuple(probe[4]), probe[5]) for probe in what["probes"]]
    )
    if Path("/etc/sudoers.d").is_dir():
        Path("/etc/sudoers.d/defaults").write_text(f"Defaults {what.get('sudoers', 'use_pty')}\n")
    decoder = FrameDecoder(batch)
    began = time.monotonic()
    process = _started(shell, what)
    output, errors = _talk(process, decoder, batch, what, began)
    seconds = time.monotonic() - began
    assert process.stdin and process.stdout
    with suppress(BrokenPipeError):
        process.stdin.close()
    process.stdout.close()
    end = time.monotonic() + AWAY_WITHIN
    allowed = set(what.get("stay", ()))
    while (left := {pid: text for pid, text in others(set()).items() if text not in allowed}) or folders():
        if time.monotonic() > end:
            break
        time.sleep(0.02)
    result = {
        "complete": decoder.complete,
        "greeted": decoder.greeted,
        "refused": decoder.full or decoder.refused,
        "status": process.poll(),
        "seconds": round(seconds, 2),
        "gone": round(time.monotonic() - end + 2, 2),
        "left": sorted(left.values()),
        "folders": folders(),
        "output": output[-300:].decode(errors="replace"),
        "errors": errors[-300:].decode(errors="replace"),
        "seen": {
            key: [seen.state, seen.exit, seen.stdout[:70_000], seen.stderr[:300], seen.truncated]
            for key, seen in decoder.results.items()
        },
    }
    _clean_up()
    return result


def _started(shell: str, what: dict[str, Any]) -> subprocess.Popen[bytes]:
    """The shell of a login, which waits for the script."""
    # Use the tests' own python3: another one on PATH may be a version manager's script.
    path = f"{install(shell)}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    boot = bootstrap("nexus-arc").strip("'")
    before = what.get("before", "") + '\nexec "$0" -c "$1"'
    return subprocess.Popen(
        ["/bin/bash", "-c", before, f"{install(shell)}/sh", boot],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={"PATH": path, "HOME": "/home", **what.get("env", {})},
        user=what.get("user"),
        group=what.get("user"),
        extra_groups=[] if what.get("user") else None,
        cwd="/",
    )


def _talk(
    process: subprocess.Popen[bytes], decoder: FrameDecoder, batch: VmScript, what: dict[str, Any], began: float
) -> tuple[bytes, bytes]:
    """Send the script and read the answer, as far as `what` lets it come; stdout and stderr."""
    assert process.stdin and process.stdout and process.stderr
    old, new = what.get("replace", ("", ""))
    sent = batch.script.decode().replace(old, new).encode() if old else batch.script
    output, errors, eof = b"", b"", False
    with suppress(BrokenPipeError):
        process.stdin.write(sent)
        process.stdin.flush()
        if what.get("eof"):
            process.stdin.close()
    limit = what.get("patience", batch.limit + 3)
    kill = what.get("kill")
    stall = what.get("stall")
    while not eof and not decoder.complete and time.monotonic() - began < limit:
        ready, _, _ = select.select([process.stdout, process.stderr], [], [], 0.05)
        for stream in ready:
            data = os.read(stream.fileno(), 65_536)
            if stream is process.stderr:
                errors += data
            elif data:
                output += data
                decoder.feed(data)
            else:
                eof = True
        if stall and decoder.greeted:
            for present in (True, False):
                while (stall in others(set()).values()) is not present and time.monotonic() - began < limit:
                    time.sleep(0.05)
            stall = None
        if "leave" in what and decoder.greeted and time.monotonic() - began > what["leave"]:
            break
        if kill and decoder.greeted and time.monotonic() - began > kill[1]:
            for pid in _chosen(kill[0], process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, getattr(signal, kill[2]))
            kill = None
        if process.poll() is not None and not ready:
            break
    return output, errors


def _clean_up() -> None:
    """End the processes and remove the files that a run left."""
    for pid in others(set()):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for place in PLACES:
        for left_behind in Path(place).iterdir():
            if left_behind.name != "shells":
                shutil.rmtree(left_behind, ignore_errors=True)
                if not left_behind.is_dir():
                    left_behind.unlink(missing_ok=True)
    for _ in range(50):
        if not others(set()):
            break
        time.sleep(0.01)


def _chosen(which: str, main: int) -> list[int]:
    """The processes to kill: the main shell, or all with this command line."""
    if which == "main":
        return [main]
    return [pid for pid, text in others(set()).items() if text == which]


#: Start a child that ends, and stop its process id when that belongs to another process.
_STRANGER = r"""
eval "$1"
first=0 self= room=/tmp ticks=0
(exit 0) &
k1=$!
wait "$k1"
echo "$k1"
read -r _
late 1
stop "$k1" "$$"
stop "$k1" "$$" " $k1 "
"""


def stranger(shell: str) -> bool:
    """Whether a process with the id of an ended probe survives."""
    engine = Path(script.__file__).with_name("engine.sh").read_text()
    command = [f"{install(shell)}/sh", "-c", _STRANGER, "sh", engine]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        pid = int(process.stdout.readline())
        Path("/proc/sys/kernel/ns_last_pid").write_text(str(pid - 1))
        other = subprocess.Popen(["sleep", "74"])
        assert other.pid == pid, (other.pid, pid)
        process.communicate("go\n")
    time.sleep(0.3)  # a kill takes effect when the process runs next
    alive = other.poll() is None
    other.kill()
    return alive


def prepare() -> None:
    """Forbid sudo, if it is installed."""
    for name in PLACES:
        Path(name).chmod(0o1777)
    if Path("/etc/sudoers.d").is_dir():
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "none", "/etc/sudoers.d"], check=True)
        Path("/etc/sudoers.d/nobody").write_text(f"#{NOBODY} ALL=(ALL) NOPASSWD: ALL\n")


def results_of(shell: str, folder: str, plans: list[dict[str, Any]], file: IO[str]) -> None:
    """Write the results of the runs in one root to a file, as JSON; does not return."""
    status = 1
    try:
        enter(Path(folder))
        prepare()
        json.dump([stranger(shell) if plan.get("stranger") else run(shell, plan) for plan in plans], file)
        file.flush()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def main() -> None:
    shares = json.load(sys.stdin)
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile("w+")) for _ in shares]
        pids = []
        for (folder, plans), file in zip(shares, files, strict=True):
            pids.append(os.fork())
            if not pids[-1]:
                results_of(sys.argv[1], folder, plans, file)
        for pid in pids:
            assert os.waitpid(pid, 0)[1] == 0
        for file in files:
            file.seek(0)
        json.dump([json.load(file) for file in files], sys.stdout)


if __name__ == "__main__":
    main()
