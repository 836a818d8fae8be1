"""summary.md on the page of a CI job: appended to the existing text, within the server's limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.reports.ci_summary import GITHUB_LIMIT, publish, upload

TEXT = "## ✅ ready\n\n" + "| a row |\n" * 1_000


@pytest.fixture
def summary(tmp_path: Path) -> Path:
    path = tmp_path / "summary.md"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "step_summary"


def test_elsewhere_nothing_happens(summary: Path) -> None:
    assert publish(summary, {"CI": "true", "TF_BUILD": "", "GITHUB_STEP_SUMMARY": ""}) == []


def test_github_gets_it_added_to_what_the_step_has(summary: Path, target: Path) -> None:
    environ = {"GITHUB_STEP_SUMMARY": str(target)}
    assert publish(summary, environ) == []
    assert target.read_text(encoding="utf-8") == TEXT
    assert publish(summary, environ) == []
    assert target.read_text(encoding="utf-8") == f"{TEXT}\n{TEXT}"


@pytest.mark.parametrize("room", [GITHUB_LIMIT, 5_000, 1_000, 101])
def test_it_never_takes_the_step_over_githubs_limit(summary: Path, target: Path, room: int) -> None:
    summary.write_text("é| a row |\n" * 200_000, encoding="utf-8")
    target.write_bytes(b"x" * (GITHUB_LIMIT - room))
    assert publish(summary, {"GITHUB_STEP_SUMMARY": str(target)}) == []
    data = target.read_bytes()
    assert GITHUB_LIMIT - 20 <= len(data) <= GITHUB_LIMIT
    assert data.decode().endswith(
        "é| a row |\n… cut here: a job summary holds no more than 1 MiB. The whole text is in summary.md.\n"
    )


@pytest.mark.parametrize("room", [0, 1, 90])
def test_a_full_one_is_left_alone_and_said(summary: Path, target: Path, room: int) -> None:
    target.write_bytes(b"x" * (GITHUB_LIMIT - room))
    assert publish(summary, {"GITHUB_STEP_SUMMARY": str(target)}) == [
        "The job summary is full: summary.md was not added to it."
    ]
    assert target.stat().st_size == GITHUB_LIMIT - room


def test_a_target_that_cannot_be_written_does_not_stop_the_run(summary: Path, tmp_path: Path) -> None:
    missing = tmp_path / "no" / "folder"
    assert publish(summary, {"GITHUB_STEP_SUMMARY": str(missing)}) == [
        f"summary.md could not be added to the job summary: [Errno 2] No such file or directory: '{missing}'."
    ]


def test_azure_pipelines_gets_the_path_of_the_summary(summary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(summary.parent)
    assert upload(Path("summary.md"), {"TF_BUILD": "True"}) == f"##vso[task.uploadsummary]{summary}"
    assert upload(Path("summary.md"), {"TF_BUILD": ""}) == ""
