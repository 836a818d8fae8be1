"""The file format of bundles: the same content gives the same bytes, and only an undamaged bundle is read."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from plugins.evidence import bundle_format as bundle_file
from plugins.evidence.bundle_format import BundleError, BundleFile, write_bundle

MEMBERS = [("run.json", b'{"version":1}\n'), ("evidence/a.json", b'{"vm":"a"}' * 200), ("README.txt", b"Hello.\n")]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.zip"
    write_bundle(path, kind="run", run_id="r-1", suite="0.1.0", members=MEMBERS)
    return path


def refused(path: Path) -> str:
    with pytest.raises(BundleError) as caught:
        BundleFile(path)
    assert not any(file.resolve() == path for file in Path("/proc/self/fd").iterdir()), "it is still open"
    return str(caught.value)


def test_what_was_put_in_is_read(good: Path) -> None:
    bundle = BundleFile(good)
    assert {name: bundle.read(name) for name, _ in MEMBERS} == dict(MEMBERS)
    assert bundle.read("azure.json") is None
    assert (bundle.manifest["kind"], bundle.manifest["run"], bundle.manifest["suite"]) == ("run", "r-1", "0.1.0")
    assert bundle.label("run.json") == f"{good}: run.json"


def test_the_same_content_is_the_same_file_and_its_owners_alone(good: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    write_bundle(again, kind="run", run_id="r-1", suite="0.1.0", members=MEMBERS)
    assert again.read_bytes() == good.read_bytes()
    assert again.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(good) as opened:
        assert {info.date_time for info in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_hostile_vms_megabyte_of_zeros_does_not_make_a_bomb_of_its_bundle(tmp_path: Path) -> None:
    zeros = b"\0" * 4_000_000
    write_bundle(tmp_path / "z.zip", kind="vm", run_id="r", suite="0", members=[("evidence/a.json", zeros)])
    assert BundleFile(tmp_path / "z.zip").read("evidence/a.json") == zeros


def test_more_than_may_be_read_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_file, "MOST_BYTES", 5)
    with pytest.raises(BundleError, match=r"big.zip was not written: refused: run.json would unpack to 14 bytes"):
        write_bundle(tmp_path / "big.zip", kind="run", run_id="r", suite="0", members=MEMBERS)
    assert list(tmp_path.iterdir()) == []


# --- damage -------------------------------------------------------------------------------------------------------


def test_a_cut_bundle_is_refused_wherever_it_is_cut(good: Path) -> None:
    whole = good.read_bytes()
    for length in (0, 1, 10, *range(22, len(whole), 37), len(whole) - 1):
        good.write_bytes(whole[:length])
        assert "its end is missing, as after an interrupted copy. Copy it again" in refused(good), length


def test_a_damaged_bundle_is_refused_or_says_what_it_said(good: Path) -> None:
    """One byte is changed: the bundle is refused, or the change has no effect."""
    whole = good.read_bytes()
    for place in range(0, len(whole), 5):
        good.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            bundle = BundleFile(good)
        except BundleError:
            continue
        assert {name: bundle.read(name) for name, _ in MEMBERS} == dict(MEMBERS), place


def test_a_changed_member_is_named(good: Path) -> None:
    whole = good.read_bytes()
    rewritten(good, {"evidence/a.json": b'{"vm":"b"}'})
    assert refused(good) == (
        "this bundle is damaged: evidence/a.json does not match manifest.json (its SHA-256 differs). Copy it again, "
        "or ask for a new one."
    )
    assert good.read_bytes() != whole


def test_another_content_with_the_same_checksum_of_the_zip_is_noticed(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = BundleFile(good)
    monkeypatch.setattr(bundle._zip, "read", lambda name: b"{}")
    with pytest.raises(OSError, match="the bundle changed while it was read"):
        bundle.read("run.json")


def test_a_bundle_that_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "big.zip"  # more of it than a file's buffer holds
    noise = bytes(random.Random(1).randbytes(100_000))
    write_bundle(path, kind="run", run_id="r", suite="0", members=[("run.json", noise), ("azure.json", noise)])
    bundle = BundleFile(path)
    path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(OSError, match="the bundle changed while it was read"):
        bundle.read("run.json")


# --- bundles from strangers ------------------------------------------------------------------------------------------


def rewritten(
    path: Path, members: dict[str, bytes | None], also: Callable[[zipfile.ZipFile], None] | None = None
) -> None:
    """The bundle with some members replaced or, with None, removed; the manifest is unchanged unless given."""
    with zipfile.ZipFile(path) as old:
        kept = {name: old.read(name) for name in old.namelist()} | members
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in kept.items():
            if data is not None:
                new.writestr(name, data)
        if also:
            also(new)


def manifest(**changes: object) -> bytes:
    data = {"format": bundle_file.FORMAT, "version": 1, "suite": "9.9", "kind": "run", "run": "r", "members": {}}
    return json.dumps(data | changes).encode()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (manifest(version=2), "this bundle has format 2, and this suite reads 1. Use the version of the suite that made it (9.9)."),
        (manifest(format="a thing"), "this is not a bundle of this suite, but a 'a thing'."),
        (manifest(version=True), "this bundle has format True, and this suite reads 1. Use the version of the suite that made it (9.9)."),
        (b"{}", "this is not a bundle of this suite: its manifest.json cannot be read (object missing required field format)."),
        (b"[]", "this is not a bundle of this suite: its manifest.json cannot be read (*"),
        ("".join(f'{{"{n}":' for n in range(20_000)).encode(), "this is not a bundle of this suite: its manifest.json cannot be read (*"),
        (manifest(members={"run.json": {"sha256": "no"}}), "* cannot be read (members[...].sha256: expected str matching regex '^[0-9a-f]{64}$')."),
        (
            None,
            "this is not a bundle of this suite: it has no manifest.json. Use a bundle that --bundle wrote, or the run directory.",
        ),
    ],
)  # fmt: skip
def test_a_foreign_or_newer_bundle_says_so(good: Path, said: bytes | None, message: str) -> None:
    rewritten(good, {"manifest.json": said})
    pytest.LineMatcher([refused(good)]).fnmatch_lines([message.replace("[", "[[]")])


def test_what_is_no_zip_is_no_bundle(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"hello" * 100)
    assert refused(tmp_path / "x").startswith(
        "this is not a bundle of this suite: it is not a zip file as --bundle writes it"
    )


def test_the_manifest_and_the_members_must_be_the_same(good: Path) -> None:
    rewritten(good, {"extra.txt": b"x"})
    assert "there is a extra.txt that manifest.json does not list" in refused(good)
    rewritten(good, {"extra.txt": None, "run.json": None})
    assert "manifest.json lists run.json, which is missing" in refused(good)


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/cron.d/x",
        "/etc/passwd",
        "evidence/../../x.json",
        "evidence/./a.json",
        "..",
        "a/b/c.json",
        "evidence\\..\\x",
        "C:x.json",
        ".ssh/authorized_keys",
        "evidence/",
        "a\nb",
        "é.json",
        "\x1b[31m.json",
    ],
)
def test_a_name_that_leads_out_of_the_bundle_is_refused(good: Path, name: str) -> None:
    rewritten(good, {name: b"x"})
    assert refused(good) == f"refused: it holds a file with the name {name!r}, which leads out of it."


def test_the_same_name_twice_is_refused(good: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        rewritten(good, {}, lambda opened: opened.writestr("run.json", b"{}"))
    assert refused(good) == "refused: it holds two files with the name run.json."


def test_a_link_is_refused(good: Path) -> None:
    def link(opened: zipfile.ZipFile) -> None:
        info = zipfile.ZipInfo("evidence/b.json")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        opened.writestr(info, "/etc/shadow")

    rewritten(good, {}, link)
    assert refused(good) == "refused: evidence/b.json in it is not a plain file (a link?)."


def test_an_encrypted_member_is_refused(good: Path) -> None:
    whole = bytearray(good.read_bytes())
    entry = whole.index(b"PK\1\2")
    whole[entry + 8] |= 1
    good.write_bytes(whole)
    assert refused(good).startswith("refused: run.json in it is encrypted.")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_that_is_packed_in_another_way_is_refused(good: Path, method: int) -> None:
    """LZMA takes as much memory as the file demands, and raises its own errors for damaged data."""
    with zipfile.ZipFile(good, "a") as bundle:
        bundle.writestr("evidence/b.json", b"{}", compress_type=method)
    data = bytearray(good.read_bytes())
    at = data.index(b"evidence/b.json") + len("evidence/b.json")
    data[at : at + 4] = b"\xff" * 4
    good.write_bytes(data)
    assert refused(good) == "refused: evidence/b.json in it is compressed by another method than --bundle uses."


def test_a_bomb_is_refused_before_it_is_unpacked(good: Path) -> None:
    rewritten(good, {"evidence/a.json": b"\0" * 10_000_000})
    assert refused(good) == "refused: evidence/a.json would unpack to over 100 times its size (a zip bomb?)."


def test_a_file_of_the_largest_size_is_read(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(good) as archive:
        most = max(info.file_size for info in archive.infolist())
    monkeypatch.setattr(bundle_file, "MOST_BYTES", most)
    BundleFile(good)
    monkeypatch.setattr(bundle_file, "MOST_BYTES", most - 1)
    assert "would unpack to" in refused(good)


def test_a_bomb_that_lies_about_its_size_is_refused(good: Path) -> None:
    rewritten(good, {"evidence/a.json": b"\0" * 10_000_000})
    whole = good.read_bytes()
    good.write_bytes(whole.replace(struct.pack("<I", 10_000_000), struct.pack("<I", 900_000)))
    assert "damaged" in refused(good)


@pytest.mark.parametrize(
    ("limit", "value", "message"),
    [
        ("MOST_BYTES", 1000, "refused: evidence/a.json would unpack to 2,000 bytes, more than 0 MiB (a zip bomb?)."),
        ("MOST_BYTES_TOGETHER", 2500, "refused: it would unpack to more than 0 MiB (a zip bomb?)."),
        ("MOST_MEMBERS", 3, "refused: it holds more than 3 files, the limit of a bundle."),
        ("_MOST_DIRECTORY", 100, "refused: it holds more than 25,000 files, the limit of a bundle."),
    ],
)
def test_sizes_and_numbers_are_limited(
    good: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, message: str
) -> None:
    monkeypatch.setattr(bundle_file, limit, value)
    assert refused(good) == message


def test_a_table_of_contents_of_any_size_is_not_read(good: Path) -> None:
    """Of the zip64 record, whose numbers have 64 bits."""
    whole = good.read_bytes()
    good.write_bytes(whole[:-22] + b"PK\6\7" + bytes(16) + whole[-22:])
    assert refused(good).startswith("refused: it holds more than 25,000 files")


def test_many_members_are_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for number in range(25_001):
            opened.writestr(f"{number}", b"")
    (tmp_path / "many.zip").write_bytes(buffer.getvalue())
    assert refused(tmp_path / "many.zip").startswith("refused: it holds more than 25,000 files")
