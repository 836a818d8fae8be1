"""Reading log files: encodings, gzip, zip; files that are not text are refused, and never count as clean."""

from __future__ import annotations

import gzip
import io
import os
import random
import zipfile
from pathlib import Path

import pytest

from plugins.pytest_adapter import log_file
from plugins.pytest_adapter.explain import explain
from tests.support.paths import ROOT

PAGES = ROOT / "docs" / "checks"
LINE = 'time="2026-11-21T20:15:02Z" level=fatal msg="AZCM0026: Network Error"\n'
OTHER = 'time="2026-11-21T20:15:01Z" level=info msg="starting"\n'


def gz(data: bytes) -> bytes:
    """Compressed with gzip, without a time stamp."""
    return gzip.compress(data, mtime=0)


def answer(folder: Path, name: str, data: bytes) -> tuple[str, bool]:
    (folder / name).write_bytes(data)
    problem = explain(name, PAGES, folder)
    return problem.text, problem.known


def packed(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name.replace("__", "/").replace("_", ".")), data, zipfile.ZIP_DEFLATED)
    return file.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        (OTHER + LINE).encode("utf-8"),
        (OTHER + LINE).encode("utf-8-sig"),
        (OTHER + LINE).encode("utf-16"),
        b"\xfe\xff" + (OTHER + LINE).encode("utf-16-be"),
        (OTHER + LINE).encode("utf-16-le"),
        (OTHER + LINE).encode("utf-16-be"),
        (OTHER + LINE).encode("utf-32"),
        (OTHER + LINE).replace("\n", "\r\n").encode("utf-16"),
        gz((OTHER + LINE).encode()),
        gz(OTHER.encode()) + gz(LINE.encode()),
        gz((OTHER + LINE).encode("utf-16")),
        packed(azcmagent_log=(OTHER + LINE).encode()),
        packed(logs__himds_log=OTHER.encode(), logs__azcmagent_log=(OTHER + LINE).encode("utf-16")),
        packed(azcmagent_log=(OTHER + LINE).encode() + b"\n" * 600),
        packed(azcmagent_log_1_gz=gz((OTHER + LINE).encode())),
        packed(picture_png=b"\x89PNG\r\n\x1a\n" + bytes(100), azcmagent_log=(OTHER + LINE).encode()),
        (OTHER + LINE).encode() + bytes(200),  # zeros after a power loss
        "ログ ".encode("cp932") + LINE.encode(),
    ],
    ids=lambda value: value[:8].hex(),
)
def test_a_text_is_read_however_it_is_written(tmp_path: Path, data: bytes) -> None:
    text, known = answer(tmp_path, "a.log", data)
    assert known
    assert "\nAZCM0026\nCause:  The network does not meet the requirements" in text
    assert "Seen once" in text
    assert "Only its end was read" not in text


NOISE = random.Random(7).randbytes(4000)
FAR_MORE = "it unpacks to far more than the size of a log. Unpack it (gunzip), and check its content first"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (NOISE, "it is not text. Name a log, or a gzip or zip of logs"),
        (bytes(5000), "it is not text. Name a log, or a gzip or zip of logs"),
        (b"\xfd7zXZ\0" + NOISE, "it is packed with xz, not text. Unpack it (xz -d), and explain what comes out"),
        (
            b"ElfFile\0" + NOISE,
            "it is a Windows event log, not text. Write its events as text (Get-WinEvent -Path FILE | Format-List), and"
            " explain what comes out",
        ),
        (
            b"LPKSHHRH" + NOISE,
            "it is a journal of systemd, not text. Write it as text (journalctl --file FILE), and explain what comes out",
        ),
        (
            b"a.log\0".ljust(257, b"\0") + b"ustar\0" + bytes(249),
            "it is a tar archive, not text. Unpack it (tar -xf), and explain its logs",
        ),
        (gz(NOISE), "it is not text. Name a log, or a gzip or zip of logs"),
        (
            gz(LINE.encode() * 99)[:-12],
            "it is an incomplete gzip file. Copy it again, or unpack what can be read (zcat)",
        ),
        (
            b"\x1f\x8b" + NOISE,
            "it is a damaged gzip file. Copy it again, or unpack what can be read (zcat)",
        ),
        (gz(bytes(20_000_000)), FAR_MORE),
        (gz(bytes(1_000_000)) * 20, FAR_MORE),
        (
            packed(azcmagent_log=bytes(20_000_000)),
            "it unpacks to far more than the size of logs. Unpack it, and check its content first",
        ),
        (
            packed(x_png=b"\x89PNG\r\n\x1a\n" + NOISE),
            "it is a zip without a text file (x.png: it is a picture, not text. Copy its text into a file, and explain"
            " what comes out). Unpack it, and explain its logs",
        ),
        (packed(), "it is a zip without a text file. Unpack it, and explain its logs"),
        (
            packed(azcmagent_log=LINE.encode()).replace(b"PK\x01\x02", b"PK\x01\x03"),
            "it is a damaged zip, or compressed by a rare method. Unpack it, and explain its logs",
        ),
        (packed(azcmagent_log=LINE.encode() * 99)[:-30], "it is an incomplete zip. Copy it again"),
        (b"PK\x03\x04" + NOISE, "it is an incomplete zip. Copy it again"),
    ],
    ids=lambda value: value if isinstance(value, str) else "data",
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    text, known = answer(tmp_path, "a.log", data)
    assert not known
    assert text == f"a.log: cannot be read: {why}."


def test_a_zip_with_a_password_is_refused(tmp_path: Path) -> None:
    data = bytearray(packed(azcmagent_log=LINE.encode()))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert answer(tmp_path, "a.zip", bytes(data))[0] == (
        "a.zip: cannot be read: it is a zip with a password. Unpack it, and explain its logs."
    )


def test_a_zip_of_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "_MEMBERS", 1)
    assert answer(tmp_path, "a.zip", packed(a_log=b"a"))[1], "as many as it may have"
    text, known = answer(tmp_path, "a.zip", packed(a_log=b"a", b_log=b"b"))
    assert not known
    assert text == (
        "a.zip: cannot be read: it is a zip larger than azcmagent logs makes. Unpack it, and explain its logs."
    )
    # The end record of a zip counts the members, but the directory may have more.
    data = packed(a_log=b"a", b_log=b"b").replace(b"PK\x05\x06\0\0\0\0\2\0\2\0", b"PK\x05\x06\0\0\0\0\1\0\1\0")
    text, _ = answer(tmp_path, "a.zip", data)
    assert text == "a.zip: cannot be read: it is a zip of more than 1 files. Unpack it, and explain its logs."


def test_what_is_not_a_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    problem = explain("pipe", PAGES, tmp_path)
    assert not problem.known
    assert problem.text == (
        "pipe: cannot be read: it is not a regular file. Copy its content into a file, and explain that file."
    )


def test_of_a_long_packed_log_the_end_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "LOG_END", 4096)
    noise = "".join(f"{random.Random(n).random()}\n" for n in range(2000))
    data = gz(f"AZCM0041 of long ago\n{noise}AZCM0026\n".encode())
    text, _ = answer(tmp_path, "a.gz", data)
    assert "AZCM0026" in text and "AZCM0041" not in text
    assert " Only its end was read." in text
    text, _ = answer(tmp_path, "b.gz", gz(noise.encode()))
    assert text.endswith("no AZCM code and no known message in them. Only its end was read.")


def test_the_end_of_a_packed_log_begins_with_a_whole_character(monkeypatch: pytest.MonkeyPatch) -> None:
    """UTF-32 has four bytes for each; the pieces from gzip end within one."""
    monkeypatch.setattr(log_file, "LOG_END", 64)
    text = "".join(f"{number:04}\n" for number in range(100)).encode("utf-32-le")
    pieces = [gz(text[at : at + 7]) for at in range(0, len(text), 7)]
    end = log_file._gunzip(io.BytesIO(b"".join(pieces)))
    assert end.data.endswith("0098\n0099\n".encode("utf-32-le"))
    assert set(end.data[1::4] + end.data[2::4] + end.data[3::4]) == {0}
    assert (end.cut, end.head) == (True, text[:512])
    assert 64 <= len(end.data) <= 2 * 64


def test_a_later_success_is_told(tmp_path: Path) -> None:
    after = 'time="2026-11-21T20:20:00Z" level=info msg="Connected machine to Azure"\n'
    text, known = answer(tmp_path, "a.log", (LINE + after).encode())
    assert known
    assert text.endswith(
        "Connected later at 2026-11-21T20:20:00Z, in line 2: "
        'time="2026-11-21T20:20:00Z" level=info msg="Connected machine to Azure"'
    )
    text, _ = answer(tmp_path, "a.log", (after + LINE).encode())
    assert "Connected later" not in text
    assert (
        "Connected later" in answer(tmp_path, "a.log", f"{LINE}Successfully Onboarded Resource to Azure\n".encode())[0]
    )


def test_a_fatal_line_that_is_not_known_is_no_clean_bill(tmp_path: Path) -> None:
    text, known = answer(tmp_path, "a.log", f'{OTHER}level=fatal msg="the moon is full"\n'.encode())
    assert not known
    assert text == (
        "a.log: 2 lines, no AZCM code and no known message in them.\n"
        '1 line reports an error that is not known here; the last: level=fatal msg="the moon is full"'
    )
    text, known = answer(tmp_path, "a.log", f'level=fatal msg="x"\nlevel=error msg="y"\n{LINE}'.encode())
    assert known
    assert text.endswith('2 lines report errors that are not known here; the last: level=error msg="y"')
    clean = f'level=error msg="x"\n{OTHER}'.encode()
    assert answer(tmp_path, "a.log", clean)[1], "an error that the agent went on after"
