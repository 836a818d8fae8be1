"""The script on a VM, in every installed small shell, and its output."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plugins.checks.probe import ProbeCommand
from plugins.checks.quoting import quote
from plugins.gather.frames import FrameDecoder
from plugins.gather.script import OVERHEAD, VmScript, compile_script
from tests.support.until import until

NOBODY = 65534

SHELLS = {
    "dash": ["dash", "-s"],
    "bash": ["bash", "--posix", "-s"],
    "busybox": ["busybox", "sh", "-s"],
    "sh": ["sh", "-s"],
}


def planned(
    key: str, command: str, *, timeout: float = 20, root: bool = False, needs: tuple[str, ...] = (), cap: int = 1024
) -> ProbeCommand:
    return ProbeCommand(key, command, timeout, root, needs, cap)


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> list[str]:
    command = SHELLS[request.param]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed here")
    return command


def folder_of(batch: VmScript) -> str:
    """The name of the folder that a script makes on the VM."""
    names = set(re.findall(r"\.nexus-arc-[0-9a-f]{16}", batch.script.decode()))
    assert len(names) == 1
    return str(names.pop())


def run(
    shell: list[str], *probes: ProbeCommand, env: dict[str, str] | None = None, user: int | None = None
) -> FrameDecoder:
    """The output of the shell; its stdin stays open until it ends, as with a connected client."""
    batch = compile_script(probes)
    decoder = FrameDecoder(batch)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with subprocess.Popen(
            shell, stdin=subprocess.PIPE, stdout=out, stderr=err, env=env, user=user, cwd="/"
        ) as process:
            assert process.stdin
            process.stdin.write(batch.script)
            process.stdin.flush()
            process.wait(60)
        out.seek(0)
        decoder.feed(out.read())
        err.seek(0)
        assert decoder.complete, err.read()
    return decoder


def test_output_and_exit_status_of_a_probe_come_back(shell: list[str]) -> None:
    seen = run(shell, planned("a", "echo out; echo err >&2; exit 3")).results["a"]
    assert (seen.state, seen.exit, seen.stdout, seen.stderr, seen.truncated) == ("done", 3, "out\n", "err\n", False)


def test_bytes_arrive_as_they_were_printed(shell: list[str]) -> None:
    seen = run(shell, planned("a", r"printf '\001\000\377\n\n<b>\303\251'")).results["a"]
    assert seen.stdout == "\x01\x00\\xff\n\n<b>é"


def test_probes_run_side_by_side(shell: list[str], tmp_path: Path) -> None:
    """Each probe waits until all eight have started."""
    wait = f"until [ $(ls {tmp_path} | wc -l) = 8 ]; do sleep 0.1; done"
    decoder = run(shell, *(planned(f"probe{n}", f"mkdir {tmp_path}/{n}; {wait}", timeout=60) for n in range(8)))
    assert [(seen.state, seen.exit) for seen in decoder.results.values()] == [("done", 0)] * 8


def test_a_late_probe_is_stopped_with_its_children_and_keeps_what_it_said(shell: list[str]) -> None:
    mark = "313.7"
    seen = run(shell, planned("late", f"echo before; sleep {mark} | sleep {mark}", timeout=3)).results["late"]
    assert (seen.state, seen.exit, seen.stdout) == ("timed out", None, "before\n")
    until(lambda: mark not in _command_lines(), "a child is left")


def _command_lines() -> str:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # it ended meanwhile
    return "\n".join(lines)


def test_endless_output_is_cut_at_the_cap_and_says_so(shell: list[str]) -> None:
    seen = run(shell, planned("flood", "while [ ${#a} -lt 9999 ]; do a=$a.; echo 0123; done", cap=2048)).results[
        "flood"
    ]
    assert len(seen.stdout) == 2048
    assert seen.truncated


def test_output_of_exactly_the_cap_is_not_called_cut(shell: list[str]) -> None:
    seen = run(shell, planned("full", "printf '%01024d' 0", cap=1024)).results["full"]
    assert len(seen.stdout) == 1024
    assert not seen.truncated


def test_programs_of_the_vm_may_write_files_of_any_size(shell: list[str], tmp_path: Path) -> None:
    log = tmp_path / "agent.log"
    probe = planned("agent", f"ulimit -f; head -c 300000 /dev/zero >>{log}; echo written", cap=64)
    seen = run(shell, probe).results["agent"]
    assert (seen.exit, seen.stdout, seen.truncated) == (0, "unlimited\nwritten\n", False)
    assert log.stat().st_size == 300_000


def test_a_probe_that_prints_without_end_is_stopped(shell: list[str]) -> None:
    decoder = run(shell, planned("out", "yes", timeout=3), planned("err", "exec yes >&2", timeout=3))
    assert [(seen.state, seen.exit, seen.truncated) for seen in decoder.results.values()] == [("done", 141, True)] * 2


@pytest.mark.parametrize(
    ("command", "status"), [("exit 7", 7), ("false", 1), ("sh -c 'kill -9 $$'", 137), ("yes|:", 0)]
)
def test_the_status_is_that_of_the_command(shell: list[str], command: str, status: int) -> None:
    assert run(shell, planned("a", command)).results["a"].exit == status


@pytest.mark.parametrize("sent", [":", shutil.which("cat")])
def test_an_answer_that_cannot_be_sent_is_no_answer(tmp_path: Path, sent: str) -> None:
    cat = tmp_path / "cat"
    cat.write_text(f'#!/bin/sh\n{sent} "$@"\nexit 1\n')
    cat.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    assert run(SHELLS["sh"], planned("a", "echo out"), env=env).results == {}


def test_a_missing_program_is_named_and_the_probe_not_started(shell: list[str]) -> None:
    seen = run(shell, planned("a", "echo started", needs=("sh", "no-such-program"))).results["a"]
    assert (seen.state, seen.stdout, seen.stderr) == ("no tool", "", "no-such-program\n")


def test_stdin_is_closed(shell: list[str]) -> None:
    assert run(shell, planned("a", "cat; echo end")).results["a"].stdout == "end\n"


def test_the_nonce_is_not_in_the_environment_or_an_argument_list(shell: list[str]) -> None:
    # Only texts that look like a nonce: the argument lists of a busy machine are too long for an answer.
    look = f"{{ env; cat /proc/*/cmdline 2>/dev/null | tr '\\0' '\\n'; echo {'0' * 32}; }} | grep -aoE '[0-9a-f]{{32}}'"
    batch = compile_script([planned("a", look, cap=60_000, timeout=60)])
    answer = subprocess.run(shell, input=batch.script, capture_output=True, timeout=100)
    decoder = FrameDecoder(batch)
    assert decoder.feed(answer.stdout)
    assert "0" * 32 in decoder.results["a"].stdout
    assert batch.nonce.removeprefix("NEXUS") not in decoder.results["a"].stdout


def test_nobody_can_foresee_the_name_of_the_folder() -> None:
    one, other = (compile_script([ProbeCommand("a", "true", 5, False, (), 64)], nonce="N" * 37).script for _ in "12")
    assert one != other


def test_the_folder_is_private_and_gone_afterwards(shell: list[str]) -> None:
    seen = run(shell, planned("a", 'echo "$room"; ls -ld "$room"')).results["a"]
    folder, listing = seen.stdout.splitlines()
    assert listing.startswith("drwx------")
    assert not Path(folder).exists()


def test_the_folder_is_gone_with_what_a_program_made_in_it(shell: list[str]) -> None:
    seen = run(
        shell, planned("a", 'mkdir -p "$room/az/commands"; echo x >"$room/az/commands/log"; echo "$room"')
    ).results
    assert not Path(seen["a"].stdout.strip()).exists()


def test_the_folder_is_gone_when_nobody_listens_any_more(shell: list[str]) -> None:
    batch = compile_script([planned("a", "echo x", timeout=2), planned("b", "sleep 1; echo y", timeout=2)])
    name = folder_of(batch)
    with subprocess.Popen(shell, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin and process.stdout
        process.stdin.write(batch.script)
        process.stdin.close()
        process.stdout.read(1)
        process.stdout.close()
    folders = [Path(place, name) for place in ("/dev/shm", "/run", "/tmp", "/var/tmp")]
    until(lambda: not any(folder.exists() for folder in folders), "the folder is left")


def test_a_login_that_is_root_needs_no_sudo(shell: list[str]) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can log in as root")
    seen = run(shell, planned("a", "id -u", root=True), planned("b", "sleep 30", root=True, timeout=1)).results
    assert (seen["a"].state, seen["a"].stdout) == ("done", "0\n")
    assert seen["b"].state == "timed out"


SUDO = {
    "refuses": (
        "#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n",
        "no root",
        None,
        "sudo: a password is required\n",
    ),
    "hangs": ("#!/bin/sh\nsleep 600\n", "no root", 124, "sudo -n did not answer within 1 s\n"),
    "grants": ('#!/bin/sh\nshift\nexec "$@"\n', "done", 0, ""),
}


@pytest.fixture
def fake_sudo() -> Iterator[Callable[[str], dict[str, str]]]:
    """Put a `sudo` of our own first on PATH, in a folder that any user may enter; return the environment."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)

        def install(body: str) -> dict[str, str]:
            sudo = Path(folder, "sudo")
            sudo.write_text(body)
            sudo.chmod(0o755)
            return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}

        yield install


@pytest.mark.parametrize("kind", SUDO)
def test_without_root_login_root_probes_go_through_sudo(
    shell: list[str], fake_sudo: Callable[[str], dict[str, str]], kind: str
) -> None:
    text, state, status, stderr = SUDO[kind]
    timeout = 1 if kind == "hangs" else 20
    probes = planned("plain", "echo hi"), planned("rooted", "echo low", root=True, timeout=timeout)
    decoder = run(shell, *probes, env=fake_sudo(text), user=NOBODY if os.geteuid() == 0 else None)
    assert decoder.results["plain"].stdout == "hi\n"
    rooted = decoder.results["rooted"]
    assert (rooted.state, rooted.exit, rooted.stderr) == (state, status, stderr)


def test_without_a_writable_folder_nothing_runs(shell: list[str]) -> None:
    batch = compile_script([planned("a", "echo started")])
    script = batch.script.decode().replace("&& mkfifo", "&& false")
    answer = subprocess.run(shell, input=script.encode(), capture_output=True, timeout=60)
    decoder = FrameDecoder(batch)
    assert decoder.feed(answer.stdout)
    assert decoder.full.startswith("/dev/shm ")
    assert decoder.results == {}


def test_the_script_is_valid_for_the_shell(shell: list[str], tmp_path: Path) -> None:
    path = tmp_path / "script"
    path.write_bytes(compile_script([planned("a", "echo 'it''s'"), planned("b", "id", root=True)]).script)
    checked = subprocess.run([*shell[:-1], "-n", str(path)], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_to_send_the_answers_takes_a_process_for_forty_probes(tmp_path: Path) -> None:
    cat = tmp_path / "cat"
    cat.write_text(f'#!/bin/sh\necho "$#" >>{tmp_path}/called\nexec {shutil.which("cat")} "$@"\n')
    cat.chmod(0o755)
    probes = [planned(f"quiet{number}", "echo out") for number in range(39)] + [planned("loud", "echo err >&2")]
    began = time.monotonic()
    decoder = run(SHELLS["sh"], *probes, env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    seconds = time.monotonic() - began
    assert {seen.state for seen in decoder.results.values()} == {"done"}
    assert decoder.results["loud"].stderr == "err\n"
    files = [int(line) for line in (tmp_path / "called").read_text().split()]
    assert sum(files) == 4 * len(probes)
    assert len(files) <= 2 + seconds  # for all forty, and once a second


@pytest.mark.parametrize(("timeouts", "seconds"), [((), 0), ((0.2,), 1), ((3, 7.5, 5), 8)])
def test_the_script_ends_with_the_longest_probe(timeouts: tuple[float, ...], seconds: int) -> None:
    probes = [planned(str(number), "true", timeout=timeout) for number, timeout in enumerate(timeouts)]
    assert compile_script(probes).limit == seconds + OVERHEAD


def test_what_may_take_longest_is_started_first() -> None:
    probes = [
        planned("a", "true"),
        planned("b", "true", timeout=30),
        planned("c", "true"),
        planned("d", "true", root=True),
    ]
    script = compile_script([*probes, planned("e", "true", root=True, timeout=30)]).script.decode()
    assert "\nplain='2 1 3' rooted='5 4'\n" in script


@pytest.mark.parametrize(
    "command", ["id -u", "export NO_PROXY= no_proxy=a,b\ncurl -w '\\n@curl $x' https://example.org/"]
)
def test_a_program_takes_the_place_of_the_shell(command: str) -> None:
    *settings, program = command.split("\n")
    assert f"c1={quote(chr(10).join([*settings, f'exec {program}']))} " in _script(command)


@pytest.mark.parametrize(
    "command",
    [
        "export A=9\ncat /a",
        "export no_proxy=$(touch /a)\ncat /a",
        "read i",
        "cat /a; exit 3",
        "cat /a\ncat /b",
        "cat $i",
        "cat 'a",
        "cat /a &",
        "cat <<a\ncat\na",
        "catalog",
        "",
    ],
)
def test_what_is_more_than_a_program_keeps_its_shell(command: str) -> None:
    assert f"c1={quote(command)} " in _script(command)


def _script(command: str) -> str:
    return compile_script([planned("a", command)]).script.decode()
