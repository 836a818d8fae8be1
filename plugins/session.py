"""The session: gather, judge, report, and say it with the exit status."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plugins import enroll, ssh
from plugins.azure.things import things
from plugins.bench import Bench
from plugins.collection import check_item, check_items, plans
from plugins.decide import exit_status
from plugins.files import point_latest, write_json
from plugins.gather import gather
from plugins.look_around import azure_page, look_around
from plugins.model import Status, Verdict
from plugins.plan import page
from plugins.progress import show_progress
from plugins.reports import files, html, job_summary, junit, terminal
from plugins.results import build
from plugins.run import RUN, Run

__all__: list[str] = []

#: What pytest's own bookkeeping is told, and the letter and word of its terminal: (outcome, letter, word).
_WORDS: dict[Status, tuple[str, str, str]] = {
    Status.PASS: ("passed", ".", "PASS"),
    Status.FAIL: ("failed", "F", "FAIL"),
    Status.WARN: ("passed", "w", "WARN"),
    Status.UNKNOWN: ("skipped", "?", "UNKNOWN"),
    Status.BLOCKED: ("skipped", "b", "BLOCKED"),
    Status.NOT_APPLICABLE: ("skipped", "-", "NOT APPLICABLE"),
    Status.WAIVED: ("skipped", "W", "WAIVED"),
}
_COLOURS = {Status.PASS: "green", Status.FAIL: "red", Status.WARN: "yellow", Status.UNKNOWN: "purple"}

_BENCH = pytest.StashKey[Bench]()
_HTML = pytest.StashKey[html.HtmlReport]()
_RESULTS = pytest.StashKey[dict[str, Any]]()
_JUNIT = pytest.StashKey[Path]()


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Put our own JUnit writer in place of pytest's (one suite per VM), and extend pytest-html's report."""
    run = config.stash.get(RUN, None)
    if run is None or run.directory is None or _is_worker(config):
        return
    config.stash[_JUNIT] = Path(config.option.xmlpath or run.directory / "junit.xml")
    config.option.xmlpath = None
    config.stash[_HTML] = html.HtmlReport(config)
    config.pluginmanager.register(config.stash[_HTML], "nexus-html")


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Who is looked at, and by which requirements."""
    run = config.stash.get(RUN, None)
    if run is None:
        return []
    where = "evidence of an earlier run" if run.replayed else "over SSH"
    line = f"nexus: {len(run.vms)} VM{'s' * (len(run.vms) != 1)} {where}, profile {run.profile.name}"
    return [line, *(f"nexus: {note}" for note in (*run.notes, *run.decisions.notes))]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Under xdist the controller collects as well: it is the one that gathers, so it must know what for."""
    run = session.config.stash.get(RUN, None)
    if run is not None and not _is_worker(session.config) and getattr(session.config.option, "dist", "no") != "no":
        session.perform_collect()
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Visit the VMs, once it is known what to look at."""
    run = session.config.stash.get(RUN, None)
    if run is None:
        return
    items = check_items(session.items) if run.selected else []  # pytest calls this even when --check was refused
    if not items:
        _withdraw(session.config)
    session.config.stash[_BENCH] = Bench(run, items)
    if session.config.option.collectonly or session.testsfailed or run.replayed or not items:
        return
    option = session.config.option
    if option.enroll:
        selected = {item.nodeid for item in items}
        left_out = [id for nodeid, id in run.required.items() if nodeid not in selected]
        if problem := enroll.refuse(left_out, {item.check.id for item in items}, azure=not option.no_azure):
            _withdraw(session.config)
            raise pytest.UsageError(problem)
    try:
        commands = plans(items, run)
    except pytest.UsageError:
        _withdraw(session.config)
        raise
    options = ssh.Options(
        config_file=run.ssh_config,
        host_keys=session.config.option.host_keys,
        run_timeout=max((each.timeout for plan in commands.values() for each in plan), default=0.0) + 5.0,
    )
    if session.config.option.plan:
        writer = session.config.get_terminal_writer()
        writer.line()
        writer.write(page(commands, run.vms, options.connect_timeout + options.login_timeout))
        for line in azure_page(items, run.vms, session.config.option):
            writer.line(line)
        for line in enroll.plan_page(items, run, option.enroll) if option.enroll else ():
            writer.line(line)
        return
    assert run.archive is not None
    bench = session.config.stash[_BENCH]
    with (
        look_around(bench.surroundings, items, run.vms, session.config.option) as cancelled,
        show_progress(session.config, len(run.vms), bench.fails_already) as progress,
    ):
        run.interrupted = not gather(run.vms, commands, options, run.archive, progress)
        if run.interrupted:
            cancelled.set()
    if option.enroll and not run.interrupted:
        from plugins.azure.fetch import FetchOptions  # the SDK takes a second to load

        terminal: pytest.TerminalReporter = session.config.pluginmanager.getplugin("terminalreporter")
        run.interrupted = not enroll.enroll_the_ready(
            items,
            run,
            bench,
            option.enroll,
            options,
            None if option.no_azure else FetchOptions(option.subscription, option.resource_group),
            lambda total: show_progress(session.config, total, lambda vm: False),
            terminal.write_line,
        )


def _withdraw(config: pytest.Config) -> None:
    """No report of a run that comes to nothing."""
    if _HTML in config.stash:
        config.stash[_HTML].withdraw()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """A plan runs nothing."""
    return True if session.config.option.plan and RUN in session.config.stash else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """Judge a check: one call, one report. It is a pure function, so there is nothing to set up or tear down."""
    found = check_item(item)
    if found is None:
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    start = time.time()
    verdict = item.config.stash[_BENCH].verdict(found)
    outcome = _WORDS[verdict.status][0]
    report = pytest.TestReport(
        nodeid=item.nodeid,
        location=item.location,
        keywords={},
        outcome=outcome,  # type: ignore[arg-type]
        longrepr=_longrepr(item, verdict, outcome),
        when="call",
        duration=verdict.seconds,
        start=start,
        stop=time.time(),
    )
    report.verdict = verdict.as_dict()  # type: ignore[attr-defined]
    item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _longrepr(item: pytest.Item, verdict: Verdict, outcome: str) -> Any:
    if outcome == "skipped":
        return (str(item.path), (item.location[1] or 0) + 1, f"{verdict.status}: {verdict.message}")
    return f"{verdict.message}\n{verdict.remedy}".strip() if outcome == "failed" else None


class Collector:
    """Keeps the verdicts that arrive, from this process or from xdist's workers."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep a check's verdict."""
        if data := getattr(report, "verdict", None):
            self._run.verdicts[report.nodeid] = Verdict.from_dict(data)
        elif report.failed:
            self._run.other_failures = True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """What could not be collected counts as a failure, when pytest was told to go on."""
        self._run.other_failures |= report.failed


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin to listen for verdicts."""
    run = session.config.stash.get(RUN, None)
    if run is not None and not _is_worker(session.config):
        session.config.pluginmanager.register(Collector(run), "nexus-verdicts")


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """The seven words in pytest's terminal."""
    data = getattr(report, "verdict", None)
    if data is None:
        return None
    status = Status(data["status"])
    outcome, letter, word = _WORDS[status]
    category = outcome if status in (Status.PASS, Status.FAIL) else str(status)
    return category, letter, (word, {_COLOURS.get(status, "cyan"): True})


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int | pytest.ExitCode) -> None:
    """Write what the run leaves behind, and turn the verdict into the exit status."""
    config = session.config
    run = config.stash.get(RUN, None)
    if run is None or run.directory is None or _is_worker(config):
        return
    if not run.verdicts:
        _forget(run.directory)
        return
    results = config.stash[_RESULTS] = _results(session, run)
    write_json(run.directory / "results.json", results)
    files.write(results, run.directory)
    junit.write(results, config.stash[_JUNIT])
    config.stash[_HTML].finish(session, results)
    point_latest(run.directory)
    if run.interrupted:
        session.exitstatus = pytest.ExitCode.INTERRUPTED
    elif exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        session.exitstatus = exit_status(results, exitstatus, run.other_failures)


def _forget(directory: Path) -> None:
    """Leave nothing behind of a run that came to nothing, unless it has gathered something."""
    if not any(directory.glob("evidence/*.json")):
        shutil.rmtree(directory, ignore_errors=True)


def _results(session: pytest.Session, run: Run) -> dict[str, Any]:
    by_vm: dict[str, list[Verdict]] = {vm.name: [] for vm in run.vms}
    for item in check_items(session.items):
        if item.nodeid in run.verdicts:
            by_vm[item.vm.name].append(run.verdicts[item.nodeid])
    judged = {name: verdicts for name, verdicts in by_vm.items() if verdicts}
    bench, vms = session.config.stash[_BENCH], {vm.name: vm for vm in run.vms}
    for item in check_items(session.items):
        if item.control_plane:  # what xdist's workers looked at of Azure is shown, too
            bench.verdict(item)
    results = build(
        run_id=run.id,
        started=run.started,
        finished=time.time(),
        profile=run.profile.name,
        arguments=[str(each) for each in session.config.invocation_params.args],
        checks={item.check.id: item.check for item in check_items(session.items)},
        evidence={name: bench.evidence(vms[name]) for name in judged},
        verdicts=judged,
        things={name: things(vms[name], bench.surroundings.facts) for name in judged},
    )
    items = check_items(session.items)
    unfinished = list(dict.fromkeys(item.vm.name for item in items if item.nodeid not in run.verdicts))
    return results | run.decisions.about(results, run.vms, {item.vm.name for item in items}, unfinished)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The verdict, the biggest causes, and where the report is."""
    results, run = config.stash.get(_RESULTS, None), config.stash.get(RUN, None)
    if results is None or run is None or run.directory is None:
        return
    terminalreporter.section("readiness")
    if run.interrupted:
        terminalreporter.write_line("Interrupted: VMs that were not visited in time are unknown.", yellow=True)
    for text, markup in terminal.summary_lines(results, terminalreporter._tw.fullwidth):
        terminalreporter.write_line(text, **markup)
    written = ["report.html", *(name for name, _ in files.FILES), "results.json", "junit.xml"]
    terminalreporter.write_line(f"In {_shown(run.directory)}: {', '.join(written)}")
    for line in job_summary.publish(run.directory / "summary.md", os.environ):
        terminalreporter.write_line(line)


def _shown(path: Path) -> str:
    """A path as one would type it from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
