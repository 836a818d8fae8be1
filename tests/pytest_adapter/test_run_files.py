"""Files of a run that cannot be written: one problem, in one sentence."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from plugins.azure.discovery import Discovery, FleetError
from plugins.azure.snapshot import ReadError
from plugins.evidence.bundle_format import BundleError
from plugins.pytest_adapter import gather_stage, start
from plugins.pytest_adapter.gather_stage import _enroll, _refuse_enrollment
from plugins.pytest_adapter.listener import Listener
from plugins.pytest_adapter.run import RunFiles
from plugins.pytest_adapter.start import _cannot_be_made, _new_directory
from plugins.pytest_adapter.terminal import _not_saved

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_the_first_error_of_a_report_is_the_problem() -> None:
    files = RunFiles(id="r1")
    with files.recording_errors():
        raise FULL
    with files.recording_errors():
        raise BundleError("refused: no.")
    assert files.problem is FULL


def test_a_bundle_that_cannot_be_packed_is_a_problem() -> None:
    files = RunFiles()
    with files.recording_errors():
        raise BundleError("refused: no.")
    assert isinstance(files.problem, OSError)
    assert str(files.problem) == "refused: no."
    with pytest.raises(KeyError), files.recording_errors():
        raise KeyError


@pytest.mark.parametrize(
    ("error", "gathers", "reason", "then"),
    [
        (FULL, True, "No space left on device", " Then visit the VMs that were not saved: --resume=r1"),
        (OSError("refused: no."), False, "refused: no.", ""),
    ],
)
def test_a_run_that_was_not_saved_says_why_and_what_to_do(
    error: OSError, gathers: bool, reason: str, then: str
) -> None:
    assert _not_saved(RunFiles(id="r1", error=error), Path("/runs/r1"), gathers=gathers) == (
        f"NOT SAVED: /runs/r1 was only partly written ({reason}). All evidence is still judged. Make room there.{then}"
    )


@pytest.mark.parametrize(("error", "reason"), [(FULL, "No space left on device"), (OSError("odd"), "odd")])
def test_a_run_directory_that_cannot_be_made(error: OSError, reason: str) -> None:
    assert str(_cannot_be_made(Path("/runs"), error)) == (
        f"/runs: the run directory cannot be made ({reason}). Make room or give another place: --reports=DIR"
    )


def _config(folder: Path, **options: object) -> Any:
    return SimpleNamespace(option=SimpleNamespace(reports=folder, **options), rootpath=folder)


def test_run_directories_below_a_file_or_where_none_can_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(pytest.UsageError) as refused:
        _new_directory(_config(tmp_path / "file"))
    assert str(refused.value) == f"{tmp_path}/file is a file; expected a directory. Give another one: --reports=DIR"
    monkeypatch.setattr(start, "new_id", lambda: "r-1")
    for place, path in (("/proc/none", "/proc/none"), ("/proc", "/proc/r-1")):
        with pytest.raises(pytest.UsageError) as refused:
            _new_directory(_config(Path(place)))
        assert str(refused.value).startswith(f"{path}: the run directory cannot be made (")


def test_a_run_directory_that_is_there_is_another_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = ["one", "one", "two"]
    monkeypatch.setattr(start, "new_id", lambda: ids.pop(0))
    assert [_new_directory(_config(tmp_path)) for _ in range(2)] == [(id, tmp_path / id) for id in ("one", "two")]
    assert (tmp_path / "two").stat().st_mode & 0o777 == 0o700


def test_the_id_of_a_run_is_its_time() -> None:
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{4}", start.new_id())


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (FleetError(ReadError("No.", "Sign in.")), "--azure-fleet=s: No. Sign in."),
        (FleetError(ReadError("No.")), "--azure-fleet=s: No."),
        (Discovery([], []), "--azure-fleet=s: Azure shows no Operator Nexus VM there."),
    ],
)
def test_a_fleet_that_azure_does_not_show(monkeypatch: pytest.MonkeyPatch, found: Any, message: str) -> None:
    def ask(places: object) -> Any:
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr("plugins.azure.discovery.fleet_from_azure", ask)
    option: Any = SimpleNamespace(azure_fleet="s", inventory=None)
    with pytest.raises(pytest.UsageError) as refused:
        start._fleet(option)
    assert str(refused.value) == message


def test_a_page_that_could_not_be_written_is_removed_and_the_run_fails(tmp_path: Path) -> None:
    half, whole = tmp_path / "half.html", tmp_path / "whole.html"
    half.write_text("<html><p>")
    whole.write_text("<html></html>\n")
    for path in (half, whole, tmp_path / "none.html"):
        run: Any = SimpleNamespace(files=RunFiles())
        session: Any = SimpleNamespace(config=_config(tmp_path, htmlpath=path), exitstatus=0)
        finish: Any = Listener(run, session.config).pytest_sessionfinish(session)
        next(finish)
        with pytest.raises(StopIteration):
            finish.throw(FULL)
        assert (run.files.problem, session.exitstatus) == (FULL, pytest.ExitCode.INTERNAL_ERROR)
    assert [path.name for path in tmp_path.iterdir()] == ["whole.html"]


@pytest.mark.parametrize(("error", "interrupted"), [(KeyboardInterrupt(), True), (pytest.exit.Exception(), False)])
def test_only_ctrl_c_interrupts_a_run(error: BaseException, interrupted: bool) -> None:
    run: Any = SimpleNamespace(state=SimpleNamespace(interrupted=False))
    config: Any = None
    Listener(run, config).pytest_keyboard_interrupt(cast(Any, SimpleNamespace(value=error)))
    assert run.state.interrupted is interrupted


def test_evidence_that_could_not_be_saved_enrolls_nothing() -> None:
    lines: list[str] = []
    reporter = SimpleNamespace(write_line=lambda text, **markup: lines.append(f"{text} {markup}"))
    config: Any = SimpleNamespace(option=None, pluginmanager=SimpleNamespace(getplugin=lambda name: reporter))
    archive: Any = SimpleNamespace(problem=FULL)
    nothing: Any = None
    _enroll(config, nothing, nothing, [], nothing, archive)
    assert lines == [
        "--enroll: no VM was connected, because the evidence could not be saved (see below). {'red': True}"
    ]


def test_a_choice_of_checks_enrolls_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    run: Any = SimpleNamespace(state=SimpleNamespace(coverage=SimpleNamespace(left_out=lambda items: ["VM-001"])))
    items: Any = [SimpleNamespace(check=SimpleNamespace(id="NET-001"))]
    with pytest.raises(pytest.UsageError, match="--enroll connects only VMs that pass every required check"):
        _refuse_enrollment(run, items)


def test_an_enrollment_that_is_interrupted_interrupts_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    ended = [True, False]

    def enroll(*arguments: Any, **named: Any) -> bool:
        given.update(named)
        return ended.pop(0)

    monkeypatch.setattr(gather_stage, "enroll_ready_vms", enroll)
    option = SimpleNamespace(enroll="connect", no_azure=False, subscription="s", resource_group="g")
    reporter = SimpleNamespace(write_line=print)
    config: Any = SimpleNamespace(option=option, pluginmanager=SimpleNamespace(getplugin=lambda name: reporter))
    run: Any = SimpleNamespace(
        scope=SimpleNamespace(vms=[]), rules=SimpleNamespace(profile="p"), state=SimpleNamespace(interrupted=None)
    )
    archive: Any = SimpleNamespace(problem=None)
    nothing: Any = None
    for interrupted, no_azure in ((False, False), (True, True)):
        option.no_azure = no_azure
        _enroll(config, run, nothing, [], nothing, archive)
        assert run.state.interrupted is interrupted
        assert (given["mode"], given["profile"], given["write_line"]) == ("connect", "p", print)
        asked = given["azure"]
        assert asked is None if no_azure else (asked.subscription, asked.resource_group) == ("s", "g")
