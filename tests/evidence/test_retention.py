"""``--keep N`` removes old runs, but nothing else in the folder, whatever its name."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from plugins.core.files import lock_directory
from plugins.evidence.retention import remove_old_runs


def name(day: int) -> str:
    return f"202611{day:02}T080000Z-00{day:02x}"


def made(folder: Path, day: int) -> Path:
    run = folder / name(day)
    (run / "evidence").mkdir(parents=True)
    (run / "evidence/vm.json").write_text("{}")
    (run / "run.json").write_text(json.dumps({"id": run.name}))
    (run / "results.json").write_text("{}")
    return run


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    for day in range(1, 7):
        made(tmp_path / "reports", day)
    return tmp_path / "reports"


def left(reports: Path) -> list[str]:
    return sorted(path.name for path in reports.iterdir())


def test_the_newest_stay(reports: Path) -> None:
    assert remove_old_runs(reports, 2, ()) == ([name(4), name(3), name(2), name(1)], [])
    assert left(reports) == [name(5), name(6)]
    assert remove_old_runs(reports, 2, ()) == ([], [])


def test_what_is_needed_stays_however_old(reports: Path) -> None:
    remove_old_runs(reports, 1, {name(2), "latest", ""})
    assert left(reports) == [name(2), name(6)]


def test_a_run_that_is_held_stays_and_says_who_holds_it(reports: Path) -> None:
    lock = lock_directory(reports / name(1))
    try:
        removed, problems = remove_old_runs(reports, 5, ())
    finally:
        os.close(lock)
    assert (removed, problems) == ([], [f"{name(1)} is in use by process {os.getpid()}"])
    assert left(reports)[0] == name(1)


def test_only_directories_of_runs_that_ended_are_removed(reports: Path) -> None:
    for other in ("notes", "latest.old", f"{name(1)}.bak", f"x{name(1)}", "20261101T080000Z-XYZ1"):
        made(reports, 7).rename(reports / other)
    (reports / name(2) / "results.json").unlink()  # it can be resumed
    (reports / name(3) / "run.json").unlink()  # not surely a run
    (reports / name(4) / "run.json").write_text(json.dumps({"id": name(1)}))
    (reports / name(5) / "run.json").write_text("[" * 100_000)
    before = left(reports)
    assert remove_old_runs(reports, 1, ()) == ([name(1)], [])
    assert left(reports) == [path for path in before if path != name(1)]


def test_links_are_not_followed(reports: Path, tmp_path: Path) -> None:
    precious = made(tmp_path, 1)
    (precious / "mine.txt").write_text("mine")
    (reports / "latest").symlink_to(name(6))
    (reports / "20261031T080000Z-aaaa").symlink_to(precious)  # the directory itself
    run = reports / name(1)
    (run / "evidence/elsewhere").symlink_to(precious)  # inside a run: the link is removed, but not its target
    for day, file in ((2, "run.json"), (3, "results.json")):
        (reports / name(day) / file).rename(tmp_path / f"{day}-{file}")
        (reports / name(day) / file).symlink_to(tmp_path / f"{day}-{file}")
    (reports / name(4) / ".lock").symlink_to(precious / "mine.txt")
    removed, problems = remove_old_runs(reports, 1, ())
    assert removed == [name(5), name(1)]
    assert len(problems) == 1 and problems[0].startswith(f"{name(4)} could not be removed (")
    assert left(reports) == [
        "20261031T080000Z-aaaa", name(2), name(3), name(4), name(6), "latest",
    ]  # fmt: skip
    assert (precious / "mine.txt").read_text() == "mine"
    assert (precious / "evidence/vm.json").exists()


def test_what_cannot_be_removed_is_named(reports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("plugins.evidence.retention.shutil.rmtree", refuse)
    assert remove_old_runs(reports, 5, ()) == ([], [f"{name(1)} could not be removed (Permission denied)"])
