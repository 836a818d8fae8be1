"""Write files that are always complete, and readable only by their owner."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import IO, Any

from plugins.core.sanitize import Harmless
from plugins.core.strict_json import encode, encode_large

_UNFINISHED = ".part"  # suffix of the names of incomplete files


def make_directory(path: Path) -> Path:
    """Make `path` with its missing parents, each readable only by its owner; returns it."""
    for folder in (*reversed(path.parents), path):
        folder.mkdir(mode=0o700, exist_ok=True)
    return path


def expanded(name: str) -> Path:
    """A path with its ``~`` replaced; unchanged for a user that this machine does not know: then it names no file."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        return Path(name)


def is_file(path: Path) -> bool:
    """Whether it is a file: no path that may not be read, or is too long for a path, is one."""
    return os.path.isfile(path)


def is_directory(path: Path) -> bool:
    """Whether it is a directory: no path that may not be read, or is too long for a path, is one."""
    return os.path.isdir(path)


def read_regular(path: str | PathLike[str], most: int) -> bytes:
    """The content of a regular file of at most `most` bytes. OSError: also for a pipe or a device."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        status = os.fstat(file.fileno())
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        data = b"" if status.st_size > most else file.read(most + 1)  # a file of /proc has the size 0
        if status.st_size > most or len(data) > most:
            raise OSError(errno.EFBIG, f"it is longer than {most:,} bytes")
        return data


@contextmanager
def atomic_write(path: Path, *, durable: bool = False) -> Iterator[IO[bytes]]:
    """A file to write to that becomes `path` in one step: readers, and a crash, see the old file or the new one.

    `durable`: also after a power cut. It costs 2 to 3 ms on an SSD, so use it for data that cannot be made again.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_UNFINISHED)  # with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def write_text(path: Path, text: str, *, durable: bool = False) -> None:
    """Write `text` to `path`, as `atomic_write` does."""
    with atomic_write(path, durable=durable) as file:
        # A lone surrogate (an argument that was not UTF-8) must not prevent a report.
        file.write(text.encode("utf-8", "backslashreplace"))


def write_json(path: Path, data: Any, *, durable: bool = False) -> None:
    """Write `data` as JSON, as `atomic_write` does."""
    write_text(path, encode(data) + "\n", durable=durable)


def write_large_json(path: Path, data: Harmless) -> None:
    """The same for an object with long lists: only one element of a list is encoded at a time."""
    with atomic_write(path) as file:
        file.writelines(_pieces(data))


def write_pieces(path: Path, pieces: Iterable[str]) -> None:
    """Write a text in pieces, which are never all in memory."""
    with atomic_write(path) as file:
        file.writelines(piece.encode("utf-8", "backslashreplace") for piece in pieces)


def _pieces(data: Harmless) -> Iterator[bytes]:
    for number, (key, value) in enumerate(data.items()):
        yield (b"," if number else b"{") + encode_large(key) + b":"
        if isinstance(value, list):
            for place, item in enumerate(value):
                yield (b"," if place else b"[") + encode_large(item)
            yield b"]" if value else b"[]"
        else:
            yield encode_large(value)
    yield b"}\n" if data else b"{}\n"


def sync_directory(path: Path) -> None:
    """Flush the names in a directory to disk; a file system that cannot do it does not fail the run."""
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def remove_partial(directory: Path) -> None:
    """Remove the incomplete files of an `atomic_write` whose process was killed."""
    for leftover in directory.glob(f".*{_UNFINISHED}"):
        leftover.unlink(missing_ok=True)


class InUseError(Exception):
    """Another process holds the directory; the text names it."""


def lock_directory(directory: Path) -> int:
    """Lock a run directory until this process ends, in any way. Raises `InUseError`, OSError.

    The lock is a separate file. A link in its place is an OSError, because the suite would write elsewhere.

    Returns the descriptor that holds it. The kernel releases it when the process ends, so no lock is ever stale.
    """
    handle = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(handle, 32).decode("ascii", "replace").strip()
        os.close(handle)
        raise InUseError(f"process {holder}" if holder.isdigit() else "another process") from None
    os.truncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    return handle


def point_latest(run_directory: Path) -> None:
    """Make ``latest`` beside `run_directory` point to it; a failure to make the link does not fail the run."""
    link = run_directory.parent / "latest"
    fresh = run_directory.parent / f".latest-{run_directory.name}"
    try:
        fresh.symlink_to(run_directory.name, target_is_directory=True)
        os.replace(fresh, link)
    except OSError:
        fresh.unlink(missing_ok=True)
