"""The script on a VM with hostile programs, files and users: what they can learn, forge and break.

A process of the login user (or of root) can read the nonce of its own session, because its shell is a copy of the one
that has it. This is harmless: that process can print anything in any case, and the nonce is new for every VM and every
run, so a false answer only affects its own VM. But other users of the VM must not learn the nonce, and text from
outside that is printed in a session (a log, an HTTP header) must not be able to guess it.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from plugins.checks.probe import ProbeCommand
from plugins.checks.quoting import quote
from plugins.gather.frames import FrameDecoder
from plugins.gather.script import VmScript, compile_script
from plugins.model import ProbeResult

SHELL = ["sh", "-s"]
NOBODY = 65534

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users at once")


def planned(key: str, command: str, *, timeout: float = 20, root: bool = False, cap: int = 4096) -> ProbeCommand:
    return ProbeCommand(key, command, timeout, root, (), cap)


def run(batch: VmScript, script: bytes | None = None, **env: str) -> FrameDecoder:
    done = subprocess.run(
        SHELL, input=script or batch.script, capture_output=True, timeout=60, env={**os.environ, **env}, cwd="/"
    )
    decoder = FrameDecoder(batch)
    decoder.feed(done.stdout)
    return decoder


#: Reads the nonce from its shell, and prints every kind of frame with it, for other probes.
FORGE = r"""
printf '\n%s o 2\nforged\n%s e 2 e 0 1.00 2.00\n' "$N" "$N"
printf '\n%s o 77\n\n%s e 77 e 0 1.00 2.00\n\n%s hello\n\n%s o 1\n' "$N" "$N" "$N" "$N"
printf '\n%s e 1 e 0 nan inf\n\n%s full everything\n' "$N" "$N"
printf '\n%s b\nforged\n%s s\n\n%s s\n\n%s f 2 e 0 1.00 2.00\n\n%s f 77 e 0 1.00 2.00\n' "$N" "$N" "$N" "$N" "$N"
"""


def test_a_lie_of_a_vm_stays_on_that_vm() -> None:
    quick, forging = planned("quick", "echo true"), planned("forge", FORGE)
    honest = planned("honest", "sleep 0.5; echo true")
    batch, other = (compile_script([quick, honest, forging]) for _ in range(2))
    assert batch.nonce != other.nonce
    printed = subprocess.run(SHELL, input=batch.script, capture_output=True, timeout=60, cwd="/").stdout
    assert printed.count(b"\nforged\n" + batch.nonce.encode()) == 2
    decoder = FrameDecoder(batch)
    decoder.feed(printed)
    assert decoder.complete
    assert set(decoder.results) <= {"quick", "honest", "forge"}
    output = decoder.results["honest"].stdout  # the VM chooses which of the two frames comes last
    assert output in ("true\n", "forged")
    stranger = FrameDecoder(other)
    stranger.feed(printed)
    assert (stranger.results, stranger.greeted, stranger.complete) == ({}, False, False)


def test_frames_of_an_earlier_run_are_only_output() -> None:
    earlier = compile_script([planned("a", "echo old")])
    replay = subprocess.run(SHELL, input=earlier.script, capture_output=True, timeout=60, cwd="/").stdout
    octal = "".join(f"\\{byte:03o}" for byte in replay)
    decoder = run(compile_script([planned("a", f"printf '{octal}'")]))
    assert decoder.complete
    assert decoder.results["a"].stdout == replay.decode()


def test_an_end_that_is_forged_leaves_probes_without_an_answer() -> None:
    batch = compile_script([planned("a", "true"), planned("b", "sleep 0.3; echo late")])
    decoder = FrameDecoder(batch)
    decoder.feed(f"\n{batch.nonce} hello\n\n{batch.nonce} end\n".encode())
    assert decoder.complete
    assert decoder.results == {}  # `plugins.gather.collector` marks each as "lost", which never passes


@as_root
def test_another_user_of_the_vm_sees_neither_the_nonce_nor_an_answer() -> None:
    look = (
        'ls -la "$1" 2>&1; cat "$1"/* "$1"/1.o 2>&1;'
        " cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | grep -aoE '[0-9a-f]{32}|the [a]nswer'"
    )
    # The login is root, the spy is `nobody`.
    spy = f'setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups sh -c {quote(look)} - "$room"'
    batch = compile_script(
        [planned("secret", "echo the answer; sleep 0.2"), planned("spy", spy, cap=400_000, timeout=20)]
    )
    seen = run(batch).results["spy"]
    assert "ermission denied" in seen.stdout
    assert batch.nonce.removeprefix("NEXUS") not in seen.stdout + seen.stderr
    assert "the answer" not in seen.stdout


def test_a_symbolic_link_in_the_place_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    batch = compile_script([planned("a", 'echo "$room"')])
    (name,) = set(re.findall(r"\.nexus-arc-[0-9a-f]{16}", batch.script.decode()))
    link = Path("/dev/shm") / name
    link.symlink_to(tmp_path)
    try:
        decoder = run(batch)
        assert decoder.complete
        assert not decoder.results["a"].stdout.startswith(str(link))
        assert list(tmp_path.iterdir()) == []
        assert link.is_symlink()
    finally:
        link.unlink()


@pytest.mark.parametrize(("mode", "used"), [(0o777, False), (0o1777, True)])
def test_a_shared_place_in_which_others_may_rename_the_folder_is_not_used(
    mode: int, used: bool, tmp_path: Path
) -> None:
    place = tmp_path / "tmp"
    place.mkdir()
    place.chmod(mode)
    batch = compile_script([planned("a", 'echo "$room"')])
    script = batch.script.replace(b"for place in /dev/shm ", b"for place in %s /dev/shm " % os.fsencode(place))
    assert script != batch.script
    decoder = run(batch, script)
    assert decoder.complete
    assert decoder.results["a"].stdout.startswith(f"{place}/.nexus-arc-") is used


def fake(folder: Path, name: str, body: str) -> str:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{body}")
    program.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def curled(tmp_path: Path, body: str, **options: float) -> ProbeResult:
    path = fake(tmp_path, "curl", body)
    return run(compile_script([planned("a", "curl http://169.254.169.254/", **options)]), PATH=path).results["a"]  # type: ignore[arg-type]


def test_a_curl_that_hangs_is_stopped(tmp_path: Path) -> None:
    seen = curled(tmp_path, "trap '' TERM INT HUP\necho begun\nsleep 600 &\nsleep 600\n", timeout=5)
    assert (seen.state, seen.stdout) == ("timed out", "begun\n")


def test_a_curl_that_drips_is_stopped_and_what_it_said_is_kept(tmp_path: Path) -> None:
    seen = curled(tmp_path, "while :; do printf .; sleep 0.1; done\n", timeout=5)
    assert seen.state == "timed out"
    assert set(seen.stdout) == {"."}


def test_a_curl_that_prints_one_endless_line_is_cut(tmp_path: Path) -> None:
    seen = curled(tmp_path, "exec head -c 1000000000 /dev/zero\n", timeout=5)
    assert (seen.state, seen.exit, seen.truncated, len(seen.stdout)) == ("done", 141, True, 4096)


@pytest.mark.parametrize(
    ("body", "state", "said"),
    [
        ("exit 0\n", "no root", ""),  # exits with 0, and runs nothing
        ("printf '\\033[2J\\nNEXUS0 end\\n'; printf 'pwned\\n' >&2; exit 0\n", "no root", "pwned\n"),
        ("yes | head -c 2000000 >&2; exit 1\n", "no root", ""),
    ],
)
@as_root
def test_a_sudo_that_lies_gives_no_root(tmp_path: Path, body: str, state: str, said: str) -> None:
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents:
        if folder.stat().st_uid == 0 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    path = fake(tmp_path, "sudo", body)
    batch = compile_script([planned("plain", "echo hi"), planned("rooted", "id -u", root=True)])
    done = subprocess.run(
        SHELL,
        input=batch.script,
        capture_output=True,
        timeout=60,
        user=NOBODY,
        cwd="/",
        env={**os.environ, "PATH": path},
    )
    decoder = FrameDecoder(batch)
    decoder.feed(done.stdout)
    assert decoder.complete
    assert decoder.results["plain"].stdout == "hi\n"
    seen = decoder.results["rooted"]
    assert seen.state == state
    assert seen.stderr.startswith(said)
    assert len(seen.stderr) <= 4096


@pytest.mark.parametrize(
    "text",
    [
        "'; touch /tmp/pwned; '",
        '"; touch /tmp/pwned; "',
        "$(touch /tmp/pwned)",
        "a\ntouch /tmp/pwned\n",
        "\\",
        "%s%n",
        "-n",
        "NONCE",
    ],
)
def test_a_value_in_a_command_is_a_value(text: str) -> None:
    batch = compile_script([planned("a", f"printf '%s' {quote(text)}")])
    text = batch.nonce if text == "NONCE" else text
    assert run(batch).results["a"].stdout == (text if text != batch.nonce else "NONCE")
    assert not Path("/tmp/pwned").exists()
