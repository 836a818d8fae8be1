"""A throwaway root: programs in it see this machine's files read-only, and only their own processes."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT

UNSHARE = shutil.which("unshare", path="/usr/bin:/bin")

#: Empty, writable folders, each on a separate file system.
PLACES = ("/dev/shm", "/tmp", "/run", "/var/tmp", "/home")

#: Visible even if they are in such a folder: this checkout, and the Python that runs the tests.
SEEN = (str(ROOT), sys.prefix, sys.base_prefix)

#: Make the root in a private mount namespace, as the first process of a private pid namespace.
_MAKE = r"""
set -e
root=$1 seen=$2
shift 2
mount --make-rprivate /
mount -t tmpfs none "$root"
mkdir "$root/root"
cd "$root"
mount --rbind / root
while read -r _ _ _ _ at _; do
  case $at in
  "$root"/root/proc | "$root"/root/proc/*) ;;
  "$root"/root | "$root"/root/*) mount -o remount,bind,ro "$at" 2>/dev/null || umount -l "$at" 2>/dev/null || : ;;
  esac
done </proc/self/mountinfo
for place in /dev/shm /tmp /run /var/tmp /home; do
  mount -t tmpfs -o size=8m,mode=1777 none "root$place"
done
IFS=:
for place in $seen; do
  [ -d "root$place" ] || mkdir -p "root$place"
  [ "root$place/." -ef "$place/." ] || mount -o bind,ro "$place" "root$place"
done
mount -t proc proc root/proc
exec chroot root "$@"
"""


def missing() -> str:
    """Why a throwaway root is not possible here; "" if it is."""
    if os.geteuid() != 0:
        return "only root can make a throwaway root"
    if not UNSHARE:
        return "unshare is not installed"
    done = subprocess.run([UNSHARE, "--mount", "--pid", "--fork", "true"], capture_output=True)
    return "" if done.returncode == 0 else "namespaces cannot be made here"


def command(folder: Path, *inside: str) -> list[str]:
    """The command that runs `inside` in a throwaway root, which exists at `folder` only meanwhile."""
    assert UNSHARE
    enter = [UNSHARE, "--mount", "--pid", "--fork", "--kill-child"]
    return [*enter, "sh", "-c", _MAKE, "sh", str(folder), ":".join(SEEN), *inside]


def enter(folder: Path) -> None:
    """Fork and continue as the first process of a throwaway root at `folder`; the parent waits and exits.

    For a process with many imports: forking it costs less than starting Python in the root.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x00020000 | 0x20000000):  # CLONE_NEWNS | CLONE_NEWPID; os.unshare came with Python 3.12
        raise OSError(ctypes.get_errno(), "namespaces cannot be made here")
    _end_with_parent(libc)
    if first := os.fork():
        os._exit(os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]) & 255)
    _end_with_parent(libc)
    subprocess.run(["sh", "-c", _MAKE, "sh", str(folder), ":".join(SEEN), "true"], check=True)
    os.chroot(folder / "root")
    os.chdir("/")


def _end_with_parent(libc: ctypes.CDLL) -> None:
    libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
