"""The file format of bundles: a zip that is the same for the same content, and is not trusted when read.

::

    manifest.json        {"format": "nexus-arc-readiness bundle", "version": 1, "suite": "0.1.0", "kind": "run" | "vm",
                          "run": "20261121T221500Z-3f9a", "members": {"run.json": {"sha256": "…", "bytes": 123}, …}}
    run.json, azure.json, runner.json, evidence/<vm>.json       as in a run directory
    …                                                           whatever else the manifest lists

`plugins.reports.support_bundle` defines the content. Nothing is unpacked to disk: a member is read into memory,
when it is needed. Everything is verified before: names, number, sizes, ratios, and each member's hash. The
hashes detect damage; they are not a signature.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from plugins.core.files import atomic_write
from plugins.core.strict_json import checked, parse
from plugins.evidence.records import ManifestKind, ManifestRecord

FORMAT = "nexus-arc-readiness bundle"
VERSION = 1
MANIFEST = "manifest.json"

#: At most one folder, and only characters that every file system takes as part of a name.
_NAME = re.compile(r"(?:[\w~%-][\w.~%-]*/)?[\w~%-][\w.~%-]*", re.A)

#: Limits for reading and writing. A VM's evidence has about 60 kB, and at most 25 MB (4 MiB of control
#: characters as JSON).
MOST_MEMBERS = 25_000
MOST_BYTES = 64 * 1024 * 1024  # of one member
MOST_BYTES_TOGETHER = 2 * 1024 * 1024 * 1024
MOST_RATIO = 100  # of a member's size to its size in the zip; text is packed to a tenth, and the bound is 1032

_MOST_DIRECTORY = 8 * 1024 * 1024  # of the zip's own table of contents, which zipfile reads at once
_EPOCH = (1980, 1, 1, 0, 0, 0)  # a zip's zero: with the time of writing, equal bundles would differ

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
)


class BundleError(Exception):
    """A bundle cannot be used: the problem and the remedy."""


_AGAIN = "Copy it again, or ask for a new one."


class BundleFile:
    """A verified bundle, open for reading (`plugins.evidence.source.Source`)."""

    def __init__(self, path: Path) -> None:
        """Open and verify. Raises `BundleError`; no content of an incomplete bundle is used."""
        self.path = path
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise BundleError(f"cannot be read ({error.strerror}).") from None
        try:
            self._zip = _opened(self._file)
            self.manifest = self._verified()
        except BaseException as error:
            self._file.close()
            if isinstance(error, _BROKEN):
                raise BundleError(f"this bundle is damaged ({error}). {_AGAIN}") from None
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read(self, name: str) -> bytes | None:
        """A member's bytes, None when there is none. Raises OSError when the file changed since it was verified."""
        if name not in self.manifest["members"]:
            return None
        try:
            data = self._zip.read(name)
        except (*_BROKEN, KeyError) as error:
            raise OSError(f"the bundle changed while it was read: {error}") from None
        if hashlib.sha256(data).hexdigest() != self.manifest["members"][name]["sha256"]:
            raise OSError("the bundle changed while it was read")
        return data

    def has(self, name: str) -> bool:
        """Whether there is such a member."""
        return name in self.manifest["members"]

    def label(self, name: str) -> str:
        """Where a member is."""
        return f"{self.path}: {name}"

    def _verified(self) -> ManifestRecord:
        """The manifest, when the bundle matches it."""
        members = _acceptable(self._zip.infolist())
        if MANIFEST not in members:
            raise BundleError(
                f"this is not a bundle of this suite: it has no {MANIFEST}. Use a bundle that --bundle wrote, "
                "or the run directory."
            )
        manifest = _manifest(self._zip.read(MANIFEST))
        listed = manifest["members"]
        for name in sorted(listed.keys() ^ (members - {MANIFEST})):
            where = f"{MANIFEST} lists {name}, which" if name in listed else f"there is a {name} that {MANIFEST}"
            raise BundleError(
                f"this bundle is damaged: {where} {'is missing' if name in listed else 'does not list'}. {_AGAIN}"
            )
        for name, stated in listed.items():
            if _hash(self._zip, name) != stated["sha256"]:
                raise BundleError(
                    f"this bundle is damaged: {name} does not match {MANIFEST} (its SHA-256 differs). {_AGAIN}"
                )
        return manifest


def _opened(file: IO[bytes]) -> zipfile.ZipFile:
    """The zip, after checking its end: zipfile would read a table of contents of any size into memory."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 42))
    tail = file.read(42)
    end = tail[-22:]
    # PK\5\6 disk disk entries entries size-of-directory offset length-of-comment
    if len(end) < 22 or not end.startswith(b"PK\5\6"):
        raise BundleError(
            "this is not a bundle of this suite: it is not a zip file as --bundle writes it, or its end is missing, "
            f"as after an interrupted copy. {_AGAIN}"
        )
    entries, directory = struct.unpack("<xxxxxxxxxxHI", end[:16])
    if tail[:4] == b"PK\6\7" or entries > MOST_MEMBERS or directory > _MOST_DIRECTORY:
        raise BundleError(f"refused: it holds more than {MOST_MEMBERS:,} files, the limit of a bundle.")
    return zipfile.ZipFile(file)


def _acceptable(infos: list[zipfile.ZipInfo]) -> set[str]:
    """The names of the members. Raises `BundleError` for anything that this suite does not write."""
    names: set[str] = set()
    if len(infos) > MOST_MEMBERS:
        raise BundleError(f"refused: it holds more than {MOST_MEMBERS:,} files, the limit of a bundle.")
    if sum(info.file_size for info in infos) > MOST_BYTES_TOGETHER:
        raise BundleError(f"refused: it would unpack to more than {MOST_BYTES_TOGETHER // 2**20:,} MiB (a zip bomb?).")
    for info in infos:
        name = info.orig_filename
        if not _NAME.fullmatch(name) or name != info.filename:
            raise BundleError(f"refused: it holds a file with the name {name[:80]!r}, which leads out of it.")
        if name in names:
            raise BundleError(f"refused: it holds two files with the name {name}.")
        if info.external_attr >> 28 not in (0, 0o10):  # the kind of file, as on Unix: unknown, or a plain one
            raise BundleError(f"refused: {name} in it is not a plain file (a link?).")
        if info.flag_bits & 0x1:
            raise BundleError(f"refused: {name} in it is encrypted. Ask for the bundle as --bundle wrote it.")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # other methods fail in their own ways
            raise BundleError(f"refused: {name} in it is compressed by another method than --bundle uses.")
        if info.file_size > MOST_BYTES:
            raise BundleError(
                f"refused: {name} would unpack to {info.file_size:,} bytes, more than {MOST_BYTES // 2**20} MiB "
                "(a zip bomb?)."
            )
        if info.file_size > MOST_RATIO * max(info.compress_size, 1):
            raise BundleError(f"refused: {name} would unpack to over {MOST_RATIO} times its size (a zip bomb?).")
        names.add(name)
    return names


def _manifest(data: bytes) -> ManifestRecord:
    try:
        manifest = parse(data)
        kind = checked(manifest, ManifestKind)
        if kind["format"] != FORMAT:
            raise BundleError(f"this is not a bundle of this suite, but a {kind['format'][:80]!r}.")
        if type(kind["version"]) is not int or kind["version"] != VERSION:
            raise BundleError(
                f"this bundle has format {str(kind['version'])[:20]}, and this suite reads {VERSION}. Use the "
                f"version of the suite that made it ({str(kind.get('suite'))[:40]})."
            )
        return checked(manifest, ManifestRecord)
    except ValueError as error:
        raise BundleError(f"this is not a bundle of this suite: its {MANIFEST} cannot be read ({error}).") from None


def _hash(bundle: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    with bundle.open(name) as member:
        while data := member.read(1 << 18):
            digest.update(data)
    return digest.hexdigest()


def write_bundle(path: Path, *, kind: str, run_id: str, suite: str, members: Iterable[tuple[str, bytes]]) -> None:
    """Write a bundle: the same bytes for the same members. Raises OSError, and `BundleError` beyond the limits."""
    listed: dict[str, dict[str, Any]] = {}
    with atomic_write(path, durable=True) as file, zipfile.ZipFile(file, "w", allowZip64=False) as bundle:
        for name, data in members:
            assert _NAME.fullmatch(name) and name not in listed, name
            listed[name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            _add(bundle, name, data)
        about = {"format": FORMAT, "version": VERSION, "suite": suite, "kind": kind, "run": run_id}
        _add(bundle, MANIFEST, json.dumps(about | {"members": listed}, indent=1, allow_nan=False).encode() + b"\n")
        try:
            _acceptable(bundle.infolist())
        except BundleError as error:
            raise BundleError(f"{path.name} was not written: {error}") from None


def _add(bundle: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.create_system = 3  # Unix, wherever this runs
    info.external_attr = 0o100600 << 16
    info.compress_type = zipfile.ZIP_STORED if _packs_too_well(data) else zipfile.ZIP_DEFLATED
    bundle.writestr(info, data, compresslevel=6)


def _packs_too_well(data: bytes) -> bool:
    """True for data that would be refused as a bomb when read: it is stored without compression."""
    if len(data) < 8 * len(zlib.compress(data, 1)):  # quick, and true for nearly all data
        return False
    return len(data) > MOST_RATIO // 2 * len(zlib.compress(data, 6))
