"""The start of a session: several processes, and selections that cannot match a check."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plugins.pytest_adapter import configure, report_stage
from plugins.pytest_adapter.configure import _ALONE, _refuse_selection, command_line
from plugins.pytest_adapter.listener import Listener
from plugins.pytest_adapter.saved_options import restore
from plugins.pytest_adapter.stash import JUNIT, RUN
from tests.support.paths import ROOT


def _config(**option: Any) -> Any:
    unset = dict.fromkeys(("inventory", "azure_fleet", "evidence", "resume", "retry_unknown"))
    chosen = {"vm": ["a"], "check": [], "keyword": "", "markexpr": "", "file_or_dir": [], **unset, **option}
    marks = ["vm: every VM check", "slow(why): of a project's own", "fleet"]
    return SimpleNamespace(
        option=SimpleNamespace(**chosen), stash=pytest.Stash(), getini=lambda name: marks, rootpath=ROOT
    )


@pytest.mark.parametrize(
    ("option", "noted"),
    [({}, False), ({"numprocesses": 2}, True), ({"numprocesses": 0}, False), ({"tx": ["popen"]}, True)],
)
def test_several_processes_are_noted_and_not_started(option: dict[str, Any], noted: bool) -> None:
    config = _config(**option)
    assert command_line(config) is None
    assert (_ALONE in config.stash) is noted
    assert vars(config.option).items() >= {"numprocesses": None, "dist": "no", "distload": False, "tx": []}.items()


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ({"markexpr": "vm and not (slow or fleet)"}, None),
        ({"markexpr": "slow(why='disk')"}, None),
        ({"markexpr": "True and vmm"}, "-m vmm: no check has this mark. Did you mean 'vm'?"),
        ({"keyword": "imds-002 "}, "-k imds-002 : -k matches names of tests, not check ids. Use --check=IMDS-002."),
        ({"keyword": "abc-002"}, None),
        ({"check": ["imds-00[2]"]}, None),
        ({"check": ["imds-999"], "file_or_dir": ["mine"]}, None),
        ({"check": ["IMDS-02"]}, "--check=IMDS-02: there is no such check. Did you mean 'IMDS-002'?"),
    ],
)
def test_a_choice_that_matches_nothing_is_refused(option: dict[str, Any], problem: str | None) -> None:
    if problem is None:
        _refuse_selection(_config(**option))
        return
    with pytest.raises(pytest.UsageError) as refused:
        _refuse_selection(_config(**option))
    assert str(refused.value).partition(" Known: ")[0] == problem


@pytest.mark.parametrize(("error", "interrupted"), [(KeyboardInterrupt(), True), (pytest.exit.Exception("x"), False)])
def test_only_ctrl_c_interrupts_a_run(error: BaseException, interrupted: bool) -> None:
    run: Any = SimpleNamespace(state=SimpleNamespace(interrupted=False))
    seen: Any = SimpleNamespace(value=error)
    Listener(run, _config()).pytest_keyboard_interrupt(seen)
    assert run.state.interrupted is interrupted


@pytest.mark.parametrize(
    ("source", "project", "kept"),
    [("INVOCATION_DIR", ROOT, False), ("INVOCATION_DIR", ROOT / "docs", True), ("ARGS", ROOT, True)],
)
def test_a_run_without_a_path_is_over_the_suites(
    source: str, project: Path, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = _config()
    config.args, config.args_source, config.rootpath = ["here"], pytest.Config.ArgsSource[source], project
    config.pluginmanager = SimpleNamespace(is_blocked=lambda name: False)
    monkeypatch.setattr(configure, "begin", lambda config: SimpleNamespace(notes=()))
    assert configure.start_run(config)
    assert config.args == (["here"] if kept else [str(ROOT / "suites")])


@pytest.mark.parametrize(("asked", "written"), [("else.xml", "else.xml"), (None, "run/junit.xml")])
def test_junit_xml_is_written_where_it_was_asked_for(
    asked: str | None, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = _config(xmlpath=asked)
    config.stash[RUN] = SimpleNamespace(files=SimpleNamespace(directory=Path("run"), record_error=None))
    config.pluginmanager = SimpleNamespace(register=lambda plugin, name: None)
    monkeypatch.setattr(report_stage, "HtmlReport", lambda config, unwritten: None)
    report_stage.configure(config)
    assert (config.stash[JUNIT], config.option.xmlpath) == (Path(written), None)


def test_damaged_options_of_a_run_are_refused() -> None:
    with pytest.raises(pytest.UsageError) as refused:
        restore(_config(), {"vm": 7}, "--resume=x")
    assert (
        str(refused.value)
        == "--resume=x: run.json of that run is damaged (options.vm: expected array, got int). Start a new run."
    )
