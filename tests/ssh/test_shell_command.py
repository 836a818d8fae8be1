"""A script without its beginning, its end or both does not run, in a root file system made for the test."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from plugins.checks.probe import ProbeCommand
from plugins.gather.script import VmScript, compile_script
from plugins.ssh.shell_command import COMMAND, INCOMPLETE
from tests.support import throwaway

BUSYBOX = shutil.which("busybox") or ""
CHROOT = shutil.which("chroot", path="/usr/sbin:/sbin:/usr/bin:/bin") or "chroot"
ENTER = [CHROOT] if os.geteuid() == 0 else [shutil.which("unshare") or "unshare", "--map-root-user", CHROOT]

pytestmark = pytest.mark.skipif(not BUSYBOX, reason="busybox-static is not installed")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root file system with only busybox, whose `rm` removes everything, and one file that must survive."""
    for folder in ("bin", "dev/shm", "run", "tmp", "var/tmp", "etc"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(BUSYBOX, tmp_path / "bin/busybox")
    for name in ("sh", "cat", "sed", "rm", "rmdir", "grep", "mkdir", "mkfifo", "id", "sleep", "touch"):
        (tmp_path / "bin" / name).symlink_to("busybox")
    (tmp_path / "etc/precious").touch()
    return tmp_path


def listing(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def run(root: Path, script: bytes, command: str = COMMAND) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*ENTER, str(root), "/bin/sh", "-c", command],
        input=script,
        capture_output=True,
        timeout=60,
        env={"PATH": "/bin"},
        check=False,
    )


def script() -> VmScript:
    probes = [
        ProbeCommand("a", "echo out\nrm -rf /etc/precious", 5, False, (), 1024),
        ProbeCommand("b", "id", 5, True, (), 1024),
    ]
    return compile_script(probes)


@pytest.mark.skipif(bool(throwaway.missing()), reason=throwaway.missing())
def test_a_whole_script_runs_there(root: Path) -> None:
    batch = script()
    mount = 'mkdir "$0/proc" && mount -t proc none "$0/proc" && exec chroot "$0" /bin/sh -c "$1"'
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "sh", "-c", mount, str(root), COMMAND],
        input=batch.script,
        capture_output=True,
        timeout=60,
    )
    assert done.stdout.endswith(f"\n{batch.nonce} end\n".encode()), done
    assert not (root / "etc/precious").exists()  # the script's probe removes it
    assert not list(root.rglob(".nexus-arc-*"))


def test_without_proc_nothing_is_run(root: Path) -> None:
    batch = script()
    assert (
        run(root, batch.script).stdout
        == (f"\n{batch.nonce} hello\n\n{batch.nonce} noproc\n\n{batch.nonce} end\n").encode()
    )
    assert (root / "etc/precious").exists()


def test_a_script_that_lost_its_front_is_not_run(root: Path) -> None:
    """Cut before each line, and before each byte of the lines that make the folder."""
    whole, before = script().script, listing(root)
    lines = {match.end() for match in re.finditer(b"\n", whole)}
    folder = whole.index(b"for place in")
    for cut in sorted(lines | set(range(folder, folder + 700, 7)) | {1}):
        done = run(root, whole[cut:])
        assert (done.returncode, done.stdout) == (INCOMPLETE, b"the script did not arrive as a whole\n"), whole[cut:][
            :99
        ]
    assert listing(root) == before


def test_a_script_that_lost_its_end_is_not_run(root: Path) -> None:
    whole, before = script().script, listing(root)
    for end in range(0, len(whole) - 1, 61):
        assert run(root, whole[:end]).returncode == INCOMPLETE
    assert listing(root) == before


def test_even_a_shell_that_runs_what_it_reads_removes_no_folder_but_the_one_of_the_run(root: Path) -> None:
    """A second defence: every line that removes a folder contains its full name."""
    text, before = script().script.decode(), set(listing(root)) - {"etc/precious"}
    for start in range(text.index("room=\n"), text.index("refuse full")):
        run(root, text[start:].encode(), "exec /bin/sh -s")
        assert before <= set(listing(root)), text[start : start + 99]
