"""A VM's whole file system, read from outside, and the differences between two readings."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

#: Folders of the kernel, which contain no files.
KERNEL = ("/proc", "/sys", "/dev/pts")

#: This machine's programs below the VM's layer, too many to read: changes there are detected by the kernel's time of
#: the last change (ctime), which cannot be set.
SHARED = "/usr"

Entry = tuple[str, ...]


def root_of(vm: str) -> Path:
    """The root of a running VM, for a process inside the lab."""
    for process in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        try:
            name = (process / "root/etc/hostname").read_text().strip()
            comm = (process / "comm").read_text().strip()
        except OSError:
            continue
        if (name, comm) == (vm, "sshd"):
            return process / "root"
    raise LookupError(f"no sshd of {vm} runs in this lab")


def look(root: Path) -> dict[str, Entry]:
    """Every file, folder and link by its path in the VM: kind, mode, owner, times, extended attributes, content."""
    return {path: _entry(root, path) for path in _paths(root, "/")}


def _paths(root: Path, folder: str) -> Iterator[str]:
    yield folder
    if folder in KERNEL or folder == SHARED:
        return
    with os.scandir(f"{root}{folder}") as entries:
        rows = sorted(entries, key=lambda entry: entry.name)
    for entry in rows:
        path = f"{folder.rstrip('/')}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _paths(root, path)
        else:
            yield path


def _entry(root: Path, path: str) -> Entry:
    real = f"{root}{path}"
    status = os.lstat(real)
    try:
        names = os.listxattr(real, follow_symlinks=False)
        attributes = ",".join(f"{name}={os.getxattr(real, name, follow_symlinks=False).hex()}" for name in names)
    except OSError:
        attributes = "?"
    if stat.S_ISLNK(status.st_mode):
        content = os.readlink(real)
    elif stat.S_ISREG(status.st_mode):
        content = hashlib.sha256(Path(real).read_bytes()).hexdigest()
    else:
        content = ""
    owner = f"{status.st_uid}:{status.st_gid}"
    return f"{status.st_mode:o}", owner, str(status.st_mtime_ns), attributes, content


def changed_since(root: Path, moment: float) -> list[str]:
    """Files created, changed or removed below `SHARED` since then; a removal changes its folder."""
    command = ["find", f"{root}{SHARED}", "-newerct", f"@{moment:.9f}", "-printf", "%P\\n"]
    actual = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [f"{SHARED}/{path}: changed" for path in actual.splitlines()]


def differences(before: dict[str, Entry], after: dict[str, Entry]) -> list[str]:
    """One line for every new, removed or changed path."""
    words = ("mode", "owner", "mtime", "attributes", "content")
    lines = []
    for path in sorted(before.keys() | after.keys()):
        if path not in before or path not in after:
            lines.append(f"{path}: {'new' if path in after else 'gone'}")
        elif changed := [w for w, one, other in zip(words, before[path], after[path], strict=True) if one != other]:
            lines.append(f"{path}: {', '.join(changed)}")
    return lines
