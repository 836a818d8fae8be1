"""Sources of evidence: a path to a run directory or a bundle becomes a `Source`.

::

    reports/20261121T221500Z-3f9a            Folder: the run directory
    20261121T221500Z-3f9a.zip                Bundle: the run, or one VM of it (docs/evidence.md)

Both have the same files with the same names, which `plugins.evidence.archive` knows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from plugins.core.errors import InputError
from plugins.core.files import is_directory, is_file, read_regular
from plugins.evidence.bundle_format import MOST_BYTES, MOST_BYTES_TOGETHER, BundleError, BundleFile
from plugins.evidence.layout import PROFILE


class Source(Protocol):
    """Files by name, such as ``run.json`` and ``evidence/web1.json``."""

    @property
    def path(self) -> Path:
        """The path or URL that `open_source` opened; opening it again gives the same source."""

    def read(self, name: str) -> bytes | None:
        """A file's bytes, None when there is none. Raises OSError."""

    def has(self, name: str) -> bool:
        """Whether `read` would find something. Raises OSError."""

    def label(self, name: str) -> str:
        """The name of a file in a message."""


class Folder:
    """A run directory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, name: str) -> bytes | None:
        """A file's bytes."""
        try:
            return read_regular(self.path / name, MOST_BYTES if "/" in name or name == PROFILE else MOST_BYTES_TOGETHER)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return is_file(self.path / name)

    def label(self, name: str) -> str:
        """Its path."""
        return str(self.path / name)


def open_source(path: Path, option: str = "--evidence") -> Source:
    """The source at `path`. A bundle is read and verified as a whole before this returns. Raises InputError.

    `option` names the option in messages.
    """
    if is_directory(path):
        return Folder(path)
    if not is_file(path):
        raise InputError(f"{option} {path}: there is no such run directory or bundle")
    try:
        return BundleFile(path)
    except BundleError as error:
        raise InputError(f"{option} {path}: {error}") from None
