"""The script's way through the login shell: `plugins.ssh.exec`."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from plugins.ssh.shell_command import COMMAND, pack
from tests.support.sshd import (
    Client,
    Echo,
    Keys,
    Sshd,
    needs_sshd,
    sshd,
    vm,
)

pytestmark = needs_sshd


@pytest.mark.parametrize("shell", ["sh", "bash", "dash", "csh", "tcsh", "fish", "zsh", "ksh", "busybox sh"])
def test_the_command_is_valid_in_every_login_shell(shell: str) -> None:
    if not shutil.which(shell.split()[0]):
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run(
        [*shell.split(), "-c", COMMAND], input=pack("echo DONE $0"), capture_output=True, text=True, timeout=60
    )
    assert done.stdout.startswith("DONE"), done


def test_a_shell_whose_start_up_file_reads_stdin_runs_nothing(client: Client, keys: Keys, tmp_path: Path) -> None:
    reads = tmp_path / "reads"
    reads.write_text('#!/bin/sh\nread -r line\nexec sh -c "$SSH_ORIGINAL_COMMAND"\n')
    reads.chmod(0o755)
    with sshd(keys, tmp_path, f"ForceCommand {reads}") as running:
        client.knows(running)
        (session,) = client.visit(vm(running, keys), script="touch ran; echo DONE")
    assert session.outcome == "shell refused"
    assert "the script did not reach its shell completely, so none of it ran. It printed" in session.message
    assert session.remedy.startswith(
        "Find out what the login shell's start-up files (.bashrc, .cshrc, /etc/profile.d) read"
    )
    assert client.sinks["vm-a"].stdout == b"the script did not arrive as a whole\n"


def test_a_shell_whose_start_up_file_reads_all_of_stdin_runs_nothing(
    client: Client, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for the end of stdin, which comes before the limit."""
    monkeypatch.setattr("plugins.ssh.exec._PATIENCE", 0.01)
    reads = tmp_path / "reads"
    reads.write_text('#!/bin/sh\ncat >/dev/null\nexec sh -c "$SSH_ORIGINAL_COMMAND"\n')
    reads.chmod(0o755)
    with sshd(keys, tmp_path, f"ForceCommand {reads}") as running:
        client.knows(running)
        (session,) = client.visit(vm(running, keys), script="touch ran; echo DONE", run_timeout=100)
    assert session.outcome == "shell refused"
    assert "the script did not reach its shell completely" in session.message


def test_stdin_is_open_while_the_client_listens(client: Client, server: Sshd, keys: Keys, tmp_path: Path) -> None:
    client.knows(server)
    gone = tmp_path / "gone"
    script = f"exec 5<&0; (cat <&5 >/dev/null; touch {gone}) >/dev/null & echo hello; sleep 0.7; [ -e {gone} ] && echo gone; echo DONE"
    client.visit(vm(server, keys), script=script)
    assert client.sinks["vm-a"].stdout == b"hello\nDONE\n"
    for _ in range(600):
        if gone.exists():
            return
        time.sleep(0.1)
    raise AssertionError("the end of the client was not seen on the VM")


def test_output_streams_while_the_script_runs(client: Client, server: Sshd, keys: Keys, tmp_path: Path) -> None:
    """The script continues when its first line has arrived; a complete sink ends the session in any case."""
    client.knows(server)
    arrived = tmp_path / "arrived"
    client.sinks["vm-a"] = Echo(on_data=lambda data: arrived.touch())
    script = f"echo 1; until [ -e {arrived} ]; do sleep 0.05; done; echo DONE; sleep 60"
    (session,) = client.visit(vm(server, keys), script=script)
    assert (session.outcome, client.sinks["vm-a"].stdout) == ("ok", b"1\nDONE\n")


def test_a_big_script_against_a_vm_that_floods_first(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    flood = "head -c 3000000 /dev/zero | tr '\\0' x\n"
    script = flood + "".join(f": {'y' * 1000}\n" for _ in range(4000)) + "echo DONE\n"  # 4 MB, more than sshd's window
    (session,) = client.visit(vm(server, keys), script=script)
    assert session.outcome == "ok"
    assert len(client.sinks["vm-a"].stdout) == 3_000_005


def test_a_script_that_takes_too_long(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    (session,) = client.visit(vm(server, keys), script="echo hello; sleep 60", run_timeout=5)
    assert session.outcome == "took too long"
    assert "login" in session.seconds
    assert client.sinks["vm-a"].stdout == b"hello\n", "what came is kept"


def test_a_script_that_drips_takes_too_long_too(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    (session,) = client.visit(vm(server, keys), script="while :; do echo x; sleep 0.05; done", run_timeout=0.6)
    assert session.outcome == "took too long"
    assert session.message.startswith("The script on "), "not only because the time of the whole fleet is over"


@pytest.mark.parametrize("stream", ["1", "2"])
def test_too_much_output(client: Client, server: Sshd, keys: Keys, stream: str) -> None:
    client.knows(server)
    (session,) = client.visit(vm(server, keys), script=f"yes >&{stream}", max_bytes=500_000)
    assert session.outcome == "too much output"
    assert "500,000 bytes" in session.message


def test_the_connection_is_lost(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    client.sinks["vm-a"] = Echo(on_data=lambda data: os.kill(int(data), signal.SIGKILL))
    # The parent of the shell is the sshd of this session alone.
    (session,) = client.visit(vm(server, keys), script="echo $PPID; sleep 60")
    assert session.outcome == "connection lost"
    assert session.message.startswith("The session on ")
    assert "bytes" in session.message


def test_the_shell_is_killed(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    (session,) = client.visit(vm(server, keys), script="echo hello; kill -9 $$")
    assert session.outcome == "connection lost"


def test_a_shell_that_ends_early_is_quoted(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    (session,) = client.visit(vm(server, keys), script="echo hello; sleep 0.2; echo 'sh: Cannot fork' >&2; exit 2")
    assert session.outcome == "shell refused"
    assert session.message.endswith(
        "its shell ended with status 2 before the script did. It printed 'sh: Cannot fork'."
    )


def test_an_exit_status_that_comes_after_the_end_of_the_output(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    (session,) = client.visit(vm(server, keys), script="echo hello; exec >&- 2>&-; sleep 0.3; exit 2")
    assert session.outcome == "shell refused"


def test_a_forced_command_is_quoted(client: Client, keys: Keys, tmp_path: Path) -> None:
    with sshd(keys, tmp_path, "ForceCommand echo This account is \x1b[31mnot available; exit 1") as running:
        client.knows(running)
        (session,) = client.visit(vm(running, keys))
    assert session.outcome == "shell refused"
    assert "'This account is \\x1b[31mnot available'" in session.message
    assert "status 1" in session.message


def test_no_session_is_allowed(client: Client, keys: Keys, tmp_path: Path) -> None:
    with sshd(keys, tmp_path, "MaxSessions 0") as running:
        client.knows(running)
        (session,) = client.visit(vm(running, keys))
    assert session.outcome == "shell refused"
    assert "login" in session.seconds
