"""Read the log file of ``--explain``: text in any Unicode encoding, gzip, or the zip of ``azcmagent logs``.

A file that is not text is refused by name, with a remedy, because nothing is known about its content.
Reading and unpacking have limits for any file.
"""

from __future__ import annotations

import codecs
import gzip
import os
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

#: Of a log, no more than its end is read, in bytes.
LOG_END = 16 * 2**20

#: Limits on unpacking one file: bytes in total, and the ratio to its packed size.
_UNPACKED, _RATIO, _SMALL = 256 * 2**20, 250, 2**20

_ARCHIVE, _DIRECTORY, _MEMBERS = 256 * 2**20, 2 * 2**20, 2000


class UnreadableLog(Exception):
    """A log cannot be read; the text has the reason and the remedy."""


@dataclass(frozen=True, slots=True)
class Log:
    """The lines of one log. `cut`: its beginning was not read."""

    name: str
    lines: list[str]
    cut: bool = False


@dataclass(frozen=True, slots=True)
class _End:
    """The last bytes of something, and its first ones."""

    data: bytes
    head: bytes
    cut: bool


def read_logs(path: Path, name: str) -> list[Log]:
    """The logs in the file at `path`, which a message calls `name`: one, or those of a zip.

    Raises `OSError`, and `UnreadableLog` for anything but text.
    """
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise UnreadableLog("it is not a regular file. Copy its content into a file, and explain that file")
        head = file.read(512)
        file.seek(0)
        if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return _zip(path, name)
        if head.startswith(b"\x1f\x8b"):
            return [_log(name, _gunzip(file))]
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - LOG_END) & ~3)  # not within a character of UTF-16 or UTF-32
        return [_log(name, _End(file.read(LOG_END + 4), head, size > LOG_END))]


# --- packed


def _gunzip(packed: IO[bytes]) -> _End:
    """The end of a gzip stream, which may have several members."""
    try:
        with gzip.GzipFile(fileobj=packed) as file:
            return _end(file, packed)
    except EOFError:
        raise UnreadableLog("it is an incomplete gzip file. Copy it again, or unpack what can be read (zcat)") from None
    except (gzip.BadGzipFile, zlib.error):
        raise UnreadableLog("it is a damaged gzip file. Copy it again, or unpack what can be read (zcat)") from None


def _end(file: IO[bytes] | gzip.GzipFile, packed: IO[bytes] | None = None) -> _End:
    """Read a file to its end; `packed`: the one that it unpacks, whose size limits it."""
    data, head, unpacked, cut = bytearray(), b"", 0, False
    while piece := file.read(2**20):
        unpacked += len(piece)
        if packed and (unpacked > _UNPACKED or unpacked > _SMALL + packed.tell() * _RATIO):
            raise UnreadableLog(
                "it unpacks to far more than the size of a log. Unpack it (gunzip), and check its content first"
            )
        data += piece
        head = head or piece[:512]
        if len(data) > 2 * LOG_END:
            del data[: (len(data) - LOG_END) & ~3]
            cut = True
    return _End(bytes(data), head, cut)


def _zip(path: Path, name: str) -> list[Log]:
    _bounded_directory(path)
    logs, refused, room = [], [], _UNPACKED
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            if len(members) > _MEMBERS:
                raise UnreadableLog(f"it is a zip of more than {_MEMBERS} files. Unpack it, and explain its logs")
            for member in members:
                if member.flag_bits & 1:
                    raise UnreadableLog("it is a zip with a password. Unpack it, and explain its logs")
                if member.file_size > _SMALL + member.compress_size * _RATIO or member.file_size > room:
                    raise UnreadableLog(
                        "it unpacks to far more than the size of logs. Unpack it, and check its content first"
                    )
                room -= member.file_size
                try:
                    logs.append(_log(f"{name}/{member.filename}", _member(archive, member)))
                except UnreadableLog as error:
                    refused.append(f"{member.filename}: {error}")
    except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error, struct.error, ValueError, RuntimeError):
        raise UnreadableLog(
            "it is a damaged zip, or compressed by a rare method. Unpack it, and explain its logs"
        ) from None
    if not logs:
        why = f" ({refused[0]})" if refused else ""
        raise UnreadableLog(f"it is a zip without a text file{why}. Unpack it, and explain its logs")
    return logs


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> _End:
    with archive.open(member) as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        return _gunzip(file) if packed else _end(file)


def _bounded_directory(path: Path) -> None:
    """Refuse a zip whose table of contents would fill the memory: zipfile reads it at once."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 65_557))
        end = file.read(65_557)
    at = end.rfind(b"PK\x05\x06")
    if at < 0 or len(end) - at < 22:
        raise UnreadableLog("it is an incomplete zip. Copy it again")
    count, directory = struct.unpack_from("<HI", end, at + 10)
    if size > _ARCHIVE or directory > _DIRECTORY or count > _MEMBERS:
        raise UnreadableLog("it is a zip larger than azcmagent logs makes. Unpack it, and explain its logs")


# --- text

#: Signatures of files that are not text: name, and how to extract the text.
_KINDS = (
    (b"\xfd7zXZ\0", "packed with xz", "Unpack it (xz -d)"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", "Unpack it (zstd -d)"),
    (b"BZh", "packed with bzip2", "Unpack it (bzip2 -d)"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "Unpack it"),
    (b"Rar!", "a RAR archive", "Unpack it"),
    (b"MSCF", "a cabinet file", "Unpack it (expand, cabextract)"),
    (b"ElfFile\0", "a Windows event log", "Write its events as text (Get-WinEvent -Path FILE | Format-List)"),
    (b"LPKSHHRH", "a journal of systemd", "Write it as text (journalctl --file FILE)"),
    (b"%PDF", "a PDF", "Copy its text into a file"),
    (b"\x89PNG", "a picture", "Copy its text into a file"),
    (b"\xff\xd8\xff", "a picture", "Copy its text into a file"),
    (b"\x7fELF", "a program", "Name a log"),
    (b"MZ", "a program", "Name a log"),
    (b"SQLite format 3\0", "a database", "Name a log"),
)

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\b\a\x1b") - {0})


def _log(name: str, end: _End) -> Log:
    for magic, kind, remedy in _KINDS:
        if end.head.startswith(magic) and (len(magic) > 2 or b"\0" in end.head[:64]):
            raise UnreadableLog(f"it is {kind}, not text. {remedy}, and explain what comes out")
    if end.head[257:262] == b"ustar":
        raise UnreadableLog("it is a tar archive, not text. Unpack it (tar -xf), and explain its logs")
    encoding = _encoding(end.head, end.data)
    data = end.data[-LOG_END:] if len(end.data) > LOG_END else end.data
    text = data.decode(encoding, "replace").lstrip("\ufeff").replace("\0", "")
    # A progress bar overwrites itself with carriage returns: the text after the last one remains visible.
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n") if line.strip()]
    return Log(name, lines, end.cut or len(end.data) > LOG_END)


def _encoding(head: bytes, data: bytes) -> str:
    """The encoding of a text. Raises `UnreadableLog` for anything but text."""
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    sample = data[-65_536 & ~3 :] if len(data) > 65_536 else data
    pairs = max(1, len(sample) // 2)
    even, odd = sample[::2].count(0) / pairs, sample[1::2].count(0) / pairs
    if odd > 0.3 and even < 0.05:
        return "utf-16-le"
    if even > 0.3 and odd < 0.05:
        return "utf-16-be"
    # A machine that lost power leaves zeros in its logs; other control characters do not belong in a text.
    text = sample.replace(b"\0", b"")
    controls = len(text) - len(text.translate(None, _CONTROLS))
    if sample and (not text or controls * 20 > len(text)):
        raise UnreadableLog("it is not text. Name a log, or a gzip or zip of logs")
    return "utf-8"
