"""``--history``: the ready VMs of the last runs."""

from __future__ import annotations

import json
from pathlib import Path

from plugins.results import schema
from plugins.results.history import history
from tests.support.report_builder import Json, saved


def write(reports: Path, name: str, results: Json, **changes: object) -> Json:
    data: Json = {**json.loads(json.dumps(results)), "run_id": name, **changes}
    (reports / name).mkdir()
    (reports / name / "results.json").write_text(json.dumps(data), encoding="ascii")
    return data


def test_the_last_runs_of_these_vms_are_counted_and_other_files_are_not(tmp_path: Path) -> None:
    six = saved("six-vms")
    ready = [{**vm, "readiness": "ready"} for vm in six["vms"]]
    write(tmp_path, "20260101T000000Z-aaaa", six)  # beyond the requested number
    write(tmp_path, "20260102T000000Z-aaaa", six, vms=ready[:4])
    write(tmp_path, "20260103T000000Z-aaaa", six, vms=[{**vm, "name": f"other-{vm['name']}"} for vm in ready])
    write(tmp_path, "20260104T000000Z-aaaa", six, judged={**six["judged"], "complete": False})
    write(tmp_path, "20260105T000000Z-aaaa", six, version=1)
    write(tmp_path, "20260106T000000Z-aaaa", six, vms=[{"no": "VM"}])
    write(tmp_path, "20260106T000001Z-aaaa", six, started="a while ago")
    write(tmp_path, "20260107T000000Z-aaaa", six)
    write(tmp_path, "20260109T000000Z-aaaa", six)  # after this run
    write(tmp_path, "elsewhere", six)
    (tmp_path / "20260107T000001Z-aaaa").mkdir()
    (tmp_path / "20260107T000001Z-aaaa" / "results.json").write_text("{ not JSON")
    now = write(tmp_path, "20260108T000000Z-aaaa", six, vms=ready)
    (tmp_path / "latest").symlink_to(tmp_path / "20260107T000000Z-aaaa")
    runs = history(now, tmp_path, 3)
    assert [run["run_id"][:8] for run in runs] == ["20260102", "20260107", "20260108"]
    assert [(run["vms"], run["ready"], run["not ready"], run["unknown"]) for run in runs] == [
        (4, 4, 0, 0), (6, 1, 3, 2), (6, 6, 0, 0),
    ]  # fmt: skip
    assert schema.problems({**now, "history": runs}) == []


def test_a_partial_run_is_not_on_its_own_line(tmp_path: Path) -> None:
    six = saved("six-vms")
    write(tmp_path, "20260107T000000Z-aaaa", six)
    partial = {**six, "judged": {**six["judged"], "complete": False}}
    assert [run["run_id"] for run in history(partial, tmp_path, 5)] == ["20260107T000000Z-aaaa"]
