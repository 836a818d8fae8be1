"""The session: gather, report, and say it with the exit status. Between the two, `loop` judges."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from plugins.core.exit_codes import EXIT_UNKNOWN
from plugins.core.files import point_latest, write_large_json, write_pieces
from plugins.core.gc_pause import lasting
from plugins.core.version import SUITE_VERSION
from plugins.core.wording import counted, span
from plugins.enrollment.steps import refuse
from plugins.evidence.layout import AZURE, PROFILE, RUNNER
from plugins.gates.decision import exit_status
from plugins.gather import support_logs as support
from plugins.gather.collector import gather, limits
from plugins.gather.plan import page
from plugins.judge.judge import Judge
from plugins.pytest_adapter.collection import plans
from plugins.pytest_adapter.control_plane import azure_page, look_around, look_limit
from plugins.pytest_adapter.enrollment import enroll_ready_vms, plan_page
from plugins.pytest_adapter.items import check_items
from plugins.pytest_adapter.loop import CheckReport
from plugins.pytest_adapter.progress import show_progress
from plugins.pytest_adapter.run import Run
from plugins.pytest_adapter.stash import ACCUMULATOR, JUDGE, RUN
from plugins.reports import ci_summary as job_summary
from plugins.reports import formats as files
from plugins.reports import junit, terminal
from plugins.reports import markdown_summary as markdown
from plugins.reports import support_bundle as bundle
from plugins.reports.html import plugin as html
from plugins.results.accumulator import FleetAccumulator
from plugins.results.provenance import hashes
from plugins.ssh import client as ssh

__all__: list[str] = []

_HTML = pytest.StashKey[html.HtmlReport]()
_RESULTS = pytest.StashKey[dict[str, Any]]()
_JUNIT = pytest.StashKey[Path]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Put our own JUnit writer in place of pytest's (one suite per VM), and extend pytest-html's report."""
    run = config.stash.get(RUN, None)
    if run is None or run.directory is None:
        return
    config.stash[_JUNIT] = Path(config.option.xmlpath or run.directory / "junit.xml")
    config.option.xmlpath = None
    config.stash[_HTML] = html.HtmlReport(config, run.note)
    config.pluginmanager.register(config.stash[_HTML], "nexus-html")


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Who is looked at, and by which requirements."""
    run = config.stash.get(RUN, None)
    if run is None:
        return []
    where = "evidence of an earlier run" if run.replayed else "over SSH"
    lines = [f"nexus: {counted(len(run.vms), 'VM')} {where}, profile {run.profile.name}"]
    if run.continues:
        lines.append(f"nexus: goes on with run {run.id}, {counted(len(run.pending), 'VM')} to visit")
    elif run.directory and not run.replayed:
        lines.append(f"nexus: kept in {_shown(run.directory)} (if it is cut short: --resume={run.id})")
    return [*lines, *(f"nexus: {note}" for note in (*run.notes, *run.decisions.notes))]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Visit the VMs, once it is known what to look at."""
    run = session.config.stash.get(RUN, None)
    if run is None:
        return
    items = check_items(session.items) if run.selected else []  # pytest calls this even when --check was refused
    if not items or (session.testsfailed and not session.config.option.continue_on_collection_errors):
        _withdraw(session.config)
    judge = session.config.stash[JUDGE] = Judge(
        items,
        vms=run.vms,
        profile=run.profile,
        archive=run.archive,
        waivers=run.decisions.waivers,
        ssh_config=run.ssh_config,
    )
    keep = session.config.option.bundle
    session.config.stash[ACCUMULATOR] = FleetAccumulator(judge, run.vms, items, keep=keep)
    if session.config.option.collectonly or session.testsfailed or run.replayed or not items:
        return
    option = session.config.option
    if option.enroll:
        selected = {item.nodeid for item in items}
        left_out = [id for nodeid, id in run.required.items() if nodeid not in selected]
        if problem := refuse(left_out, {item.check.id for item in items}, azure=not option.no_azure):
            _withdraw(session.config)
            raise pytest.UsageError(problem)
    try:
        commands = plans(items, run.vms, run.profile)
    except pytest.UsageError:
        _withdraw(session.config)
        raise
    if option.bundle:
        for vm in run.vms:
            commands[vm.name] += support.probes(vm)
    options = ssh.Options(
        config_file=run.ssh_config,
        host_keys=session.config.option.host_keys,
        run_timeout=max((each.timeout for plan in commands.values() for each in plan), default=0.0) + 5.0,
    )
    if session.config.option.plan:
        writer = session.config.get_terminal_writer()
        writer.line()
        options = limits(options, run.pending)
        writer.write(page(commands, run.pending, options))
        for line in azure_page(items, run.vms, session.config.option):
            writer.line(line)
        most = max(ssh.time_limit(len(run.pending), options), look_limit(items, session.config.option))
        writer.line()
        writer.line(f"The run waits for all of this for at most {span(most)}, side by side.")
        for line in plan_page(items, run.profile, option.enroll) if option.enroll else ():
            writer.line(line)
        return
    assert run.archive is not None
    with (
        look_around(judge.context, items, run.vms, session.config.option) as cancelled,
        show_progress(session.config, len(run.pending), judge.fails_already) as progress,
    ):
        run.interrupted = not gather(run.pending, commands, options, run.archive, progress)
        if run.interrupted:
            cancelled.set()
    terminal: pytest.TerminalReporter = session.config.pluginmanager.getplugin("terminalreporter")
    if option.enroll and run.archive.problem:
        terminal.write_line(
            "--enroll: nobody is connected, since what is done could not be kept (see below).", red=True
        )
    elif option.enroll and not run.interrupted:
        from plugins.azure.fetch import FetchOptions  # the SDK takes a second to load

        run.interrupted = not enroll_ready_vms(
            items,
            run.vms,
            judge,
            run.archive,
            profile=run.profile,
            mode=option.enroll,
            options=options,
            azure=None if option.no_azure else FetchOptions(option.subscription, option.resource_group),
            progress=lambda total: show_progress(session.config, total, lambda vm: False),
            write_line=terminal.write_line,
        )


def _withdraw(config: pytest.Config) -> None:
    """No report of a run that comes to nothing."""
    if _HTML in config.stash:
        config.stash[_HTML].withdraw()


class Listener:
    """Notes what else went wrong in a run than checks that fail."""

    def __init__(self, run: Run, config: pytest.Config) -> None:
        self._run = run
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """An ordinary test beside the checks."""
        if report.failed and not isinstance(report, CheckReport):
            self._run.other_failures = True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """What could not be collected counts as a failure, when pytest was told to go on."""
        self._run.other_failures |= report.failed
        if report.failed:
            self._config.option.tbstyle = "short"  # checks need no traceback; a suite that does not load does

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        """pytest-html writes its page here, and others theirs: a full disk is one sentence, and no traceback."""
        try:
            return (yield)
        except OSError as error:
            self._run.note(error)
            _remove_half_a_page(Path(session.config.option.htmlpath))
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR


def _remove_half_a_page(path: Path) -> None:
    """pytest-html writes into the file itself."""
    with suppress(OSError):
        if not path.read_bytes().rstrip().endswith(b"</html>"):
            path.unlink()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin to listen; and keep no list of all tests there ever were, which grows by 90 names with each VM.

    pytest keeps it for ``--nf``, new tests first, and checks go by the order of their VMs.
    """
    run = session.config.stash.get(RUN, None)
    if run is not None:
        session.config.pluginmanager.register(Listener(run, session.config), "nexus-listener")
        if (list_of_all := session.config.pluginmanager.get_plugin("nfplugin")) is not None:
            session.config.pluginmanager.unregister(list_of_all)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int | pytest.ExitCode) -> None:
    """Write what the run leaves behind, and turn the verdict into the exit status."""
    config = session.config
    run = config.stash.get(RUN, None)
    if run is None or run.directory is None:
        return
    if run.store is not None:
        run.store.wait()
    if not (ACCUMULATOR in config.stash and config.stash[ACCUMULATOR].anything) and not run.has_nothing_to_do:
        if not run.continues:
            _withdraw(config)  # it would write into a folder that is gone
            _forget(run.directory)
        return
    with lasting():
        results = config.stash[_RESULTS] = _results(session, run)
        _write_reports(session, run, results)
    point_latest(run.directory)
    if run.interrupted:
        session.exitstatus = pytest.ExitCode.INTERRUPTED
    elif run.has_nothing_to_do:
        session.exitstatus = pytest.ExitCode.OK  # an Indexed Job may well have more parts than the fleet has VMs
    elif exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        status = exit_status(results, exitstatus, run.other_failures)
        session.exitstatus = EXIT_UNKNOWN if run.gaps and not status else status
    if run.problem or (run.store and run.store.problem):
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR


def _write_reports(session: pytest.Session, run: Run, results: dict[str, Any]) -> None:
    """Write what can be written: a full disk takes one report, and says so once, at the end."""
    assert run.directory is not None
    config, directory = session.config, run.directory
    with run.noting():
        write_large_json(directory / "results.json", results)
    for name, render in files.FILES:
        text = render(results)
        with run.noting():
            write_pieces(directory / name, (text,) if isinstance(text, str) else text)
    with run.noting():
        junit.write(results, config.stash[_JUNIT])
    if config.option.bundle and not run.problem:
        with run.noting():
            bundle.write(directory / "bundle", _contents(session, run, results, markdown.render(results)))
    config.stash[_HTML].finish(session, results)


def _contents(session: pytest.Session, run: Run, results: dict[str, Any], summary: str) -> bundle.Contents:
    assert run.archive is not None
    judge, archive = session.config.stash[JUDGE], run.archive
    kept = session.config.stash[ACCUMULATOR].kept or {}
    return bundle.Contents(
        run_id=run.id,
        suite=SUITE_VERSION,
        archive=archive,
        vms=run.vms,
        facts=judge.context.facts if archive.read(AZURE) is not None else None,
        az_cli=judge.context.az_cli if archive.read(RUNNER) is not None else None,
        seen={vm.name: kept[vm.name][0] if vm.name in kept else judge.evidence(vm) for vm in run.vms},
        verdicts={name: verdicts for name, (_, verdicts) in kept.items()},
        readiness={vm["name"]: vm["readiness"] for vm in results["vms"]},
        reports={"results.json": json.dumps(results, ensure_ascii=False, indent=1) + "\n", "summary.md": summary},
    )


def _forget(directory: Path) -> None:
    """Leave nothing behind of a run that came to nothing, unless it has gathered something."""
    if not any(directory.glob("evidence/*.json")):
        shutil.rmtree(directory, ignore_errors=True)


def _results(session: pytest.Session, run: Run) -> dict[str, Any]:
    assert run.archive is not None
    accumulator, facts = session.config.stash[ACCUMULATOR], session.config.stash[JUDGE].context.facts
    unfinished = accumulator.finish()
    results = accumulator.findings.results(
        run_id=run.id,
        started=run.started,
        finished=run.started + run.seconds,
        profile=run.profile.name,
        arguments=[str(each) for each in session.config.invocation_params.args],
        files=hashes(run.profile_asked or run.archive.source.read(PROFILE) or "", session.config.option.inventory),
        calls=facts.calls,
    )
    results |= parts(results, run)
    found = run.decisions.about(results, run.vms, accumulator.vms, unfinished)
    if run.gaps and "gate" in found and found["gate"]["passed"]:
        policy = found["gate"]["policy"]
        found["gate"] |= {
            "passed": False,
            "exit": EXIT_UNKNOWN,
            "sentence": f"GATE NOT JUDGED ({policy}): it would be met by what is there. {run.gaps}",
        }
    return results | found


def parts(results: Mapping[str, Any], run: Run) -> dict[str, Any]:
    """What `results.json` says when it is about a part of a fleet, or when a part is missing."""
    found: dict[str, Any] = {}
    sentence = results["sentence"]
    if run.shard:
        number, of, total = (run.shard[key] for key in ("number", "of", "vms"))
        found["shard"] = {"number": number, "of": of, "fleet_vms": total}
        if run.has_nothing_to_do:
            sentence, found["verdict"] = "It has no VM: there are fewer VMs than shards.", "ready"
        sentence = f"Shard {number} of {of}, {len(run.vms)} of {counted(total, 'VM')}: {sentence}"
    if run.gaps:
        found["missing"] = {"vms": run.gaps.vms, "shards": run.gaps.shards}
        sentence = f"{sentence} {run.gaps}"
    return {**found, "sentence": sentence}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The verdict, the biggest causes, and where the report is."""
    results, run = config.stash.get(_RESULTS, None), config.stash.get(RUN, None)
    if results is None or run is None or run.directory is None:
        return
    terminalreporter.section("readiness")
    if run.problem:
        _say_not_kept(terminalreporter, run)
    if run.store and run.store.problem:
        terminalreporter.write_line(
            f"NOT SENT: the evidence is not all in the store ({run.store.problem}) It is in {_shown(run.directory)}.",
            red=True,
        )
    if run.interrupted:
        terminalreporter.write_line("Interrupted: VMs that were not visited in time are unknown.", yellow=True)
    for text, markup in terminal.summary_lines(results, terminalreporter._tw.fullwidth):
        terminalreporter.write_line(text, **markup)
    if not run.problem:
        written = ["report.html", *(name for name, _ in files.FILES), "results.json", "junit.xml"]
        terminalreporter.write_line(f"In {_shown(run.directory)}: {', '.join(written)}")
        if config.option.bundle:
            terminalreporter.write_line(f"In {_shown(run.directory)}/bundle: {run.id}.zip, and one for each VM")
        for line in job_summary.publish(run.directory / "summary.md", os.environ):
            terminalreporter.write_line(line)


def _say_not_kept(terminalreporter: pytest.TerminalReporter, run: Run) -> None:
    """One error for all that could not be written."""
    assert run.directory is not None and run.problem is not None
    gathered = "" if run.replayed else f" Then visit the VMs that were not kept: --resume={run.id}"
    terminalreporter.write_line(
        f"NOT KEPT: {_shown(run.directory)} could not be written as a whole ({run.problem.strerror or run.problem}). "
        f"What was seen is judged all the same. Make room there.{gathered}",
        red=True,
    )


def _shown(path: Path) -> str:
    """A path as one would type it from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
