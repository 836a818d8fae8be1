"""Files that are always complete."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from plugins.core.files import (
    InUseError,
    atomic_write,
    lock_directory,
    point_latest,
    read_regular,
    remove_partial,
    write_json,
    write_large_json,
)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"a": 1, "vms": [{"name": "ä\ud800"}, [], None], "none": [], "b": {"c": [1, 2.5, True]}},
    ],
)
@pytest.mark.parametrize("write", [write_json, write_large_json])
def test_json_is_the_same_in_pieces(tmp_path: Path, data: Any, write: Callable[[Path, Any], None]) -> None:
    write(tmp_path / "x.json", data)
    whole = json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"
    assert (tmp_path / "x.json").read_bytes() == whole.encode("utf-8", "backslashreplace")


def test_what_was_not_finished_is_removed_also_by_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (left := tmp_path / ".a.part").touch()
    monkeypatch.setattr(Path, "glob", lambda folder, pattern: [left, tmp_path / ".gone.part"])
    remove_partial(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_latest_run_is_a_relative_link_and_what_stands_in_its_way_stays(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        point_latest(tmp_path / name)
    assert os.readlink(tmp_path / "latest") == "two"
    (tmp_path / "latest").unlink()
    (tmp_path / "latest").mkdir()
    point_latest(tmp_path / "one")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest", "one", "two"]
    point_latest(tmp_path / "none" / "run")


def test_a_locked_directory_names_its_holder(tmp_path: Path) -> None:
    handle = lock_directory(tmp_path)
    assert (tmp_path / ".lock").read_text() == f"{os.getpid()}\n"
    assert (tmp_path / ".lock").stat().st_mode & 0o777 == 0o600
    with pytest.raises(InUseError, match=f"^process {os.getpid()}$"):
        lock_directory(tmp_path)
    for text in ("", "x"):
        (tmp_path / ".lock").write_text(text)
        with pytest.raises(InUseError, match=r"^another process$"):
            lock_directory(tmp_path)
    os.close(handle)
    os.close(lock_directory(tmp_path))
    (tmp_path / ".lock").unlink()
    (tmp_path / ".lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        lock_directory(tmp_path)


def test_a_file_whose_writing_fails_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(TypeError), atomic_write(path) as file:
        file.writelines([b"new", cast(Any, "not bytes")])
    assert [(left.name, left.read_text()) for left in tmp_path.iterdir()] == [("a", "old")]


@pytest.mark.parametrize(("most", "read"), [(3, True), (2, False)])
def test_a_file_of_at_most_so_many_bytes_is_read(tmp_path: Path, most: int, read: bool) -> None:
    (tmp_path / "a").write_text("abc")
    if read:
        assert read_regular(tmp_path / "a", most) == b"abc"
    else:
        with pytest.raises(OSError, match="it is longer than 2 bytes"):
            read_regular(tmp_path / "a", most)


def test_what_is_not_a_file_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_regular(tmp_path, 10)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is not a regular file"):
        read_regular(tmp_path / "pipe", 10)
    with pytest.raises(OSError, match="it is longer than 10 bytes"):
        read_regular("/proc/self/status", 10)  # its size is reported as 0
