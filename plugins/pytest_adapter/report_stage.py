"""The report stage: at the end of a session, the results, every report, and the exit status."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from plugins.core.exit_codes import EXIT_UNKNOWN
from plugins.core.files import point_latest, write_large_json, write_pieces
from plugins.core.gc_pause import gc_paused
from plugins.core.sanitize import Harmless, harmless
from plugins.core.version import SUITE_VERSION
from plugins.core.wording import counted
from plugins.evidence.layout import AZURE, PROFILE, RUNNER
from plugins.evidence.retention import remove_old_runs
from plugins.gates.decision import exit_status
from plugins.pytest_adapter.catalogue import stopping_options
from plugins.pytest_adapter.run import Run
from plugins.pytest_adapter.stash import ACCUMULATOR, HTML, JUDGE, JUNIT, RESULTS, RUN
from plugins.reports import formats, junit, markdown_summary, support_bundle
from plugins.reports.html.plugin import HtmlReport
from plugins.results.coverage import judged_sentence
from plugins.results.history import history
from plugins.results.partial import about_part, withhold_gate
from plugins.results.provenance import hashes
from plugins.results.verdict import CAVEAT


def configure(config: pytest.Config) -> None:
    """Put our own JUnit writer in place of pytest's (one suite per VM), and extend pytest-html's report."""
    files = config.stash[RUN].files
    if files.directory is None:
        return
    config.stash[JUNIT] = Path(getattr(config.option, "xmlpath", None) or files.directory / "junit.xml")
    config.option.xmlpath = None
    config.stash[HTML] = HtmlReport(config, files.record_error)
    config.pluginmanager.register(config.stash[HTML], "nexus-html")


def run(session: pytest.Session, exitstatus: int | pytest.ExitCode) -> None:
    """Write the results and the reports, and turn the verdict into the exit status."""
    config = session.config
    run = config.stash.get(RUN, None)
    if run is None or run.files.directory is None:
        return
    files, state = run.files, run.state
    if files.store is not None:
        files.store.wait()
    judged = ACCUMULATOR in config.stash and config.stash[ACCUMULATOR].anything
    if not judged:
        config.stash[HTML].withdraw()  # it would write to a removed folder, or over the earlier page
    if not judged and not run.scope.is_empty:
        if run.kind != "resumed" and not any(run.files.directory.glob("evidence/*.json")):
            shutil.rmtree(run.files.directory, ignore_errors=True)
        if state.selected and exitstatus == pytest.ExitCode.OK:  # a conftest.py replaced the loop
            session.exitstatus = EXIT_UNKNOWN
        return
    with gc_paused():
        results = config.stash[RESULTS] = _results(session, run)
        _write_reports(session, run, results)
    if results["judged"]["complete"]:
        point_latest(run.files.directory)
    if config.option.keep and not state.interrupted and not files.problem:
        run.state.kept = _remove_old_runs(config, run)
    if state.interrupted:
        session.exitstatus = pytest.ExitCode.INTERRUPTED
    elif run.scope.is_empty and results["judged"]["complete"]:
        session.exitstatus = pytest.ExitCode.OK  # an Indexed Job may have more parts than the fleet has VMs
    elif exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        status = exit_status(results, exitstatus, state.other_failures)
        session.exitstatus = EXIT_UNKNOWN if run.scope.gaps and not status else status
    if files.problem or (files.store and files.store.problem):
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR


def _remove_old_runs(config: pytest.Config, run: Run) -> list[str]:
    """Remove old runs for --keep; returns sentences about it."""
    option, directory = config.option, run.files.directory
    assert directory is not None
    baseline = run.rules.decisions.baseline
    never = {directory.name, (directory.parent / "latest").resolve().name, baseline.run_id if baseline else ""}
    never |= {Path(path).resolve().name for path in option.evidence}
    removed, problems = remove_old_runs(directory.parent, option.keep, never)
    gone = [f"Removed {counted(len(removed), 'old run')} (--keep={option.keep})"] if removed else []
    return gone + [f"--keep={option.keep}: {problem}" for problem in problems]


def _results(session: pytest.Session, run: Run) -> Harmless:
    config = session.config
    archive, scope = run.files.archive, run.scope
    assert archive is not None
    accumulator, facts = config.stash[ACCUMULATOR], config.stash[JUDGE].context.facts
    unfinished = accumulator.finish()
    coverage = accumulator.builder.coverage
    coverage.reasons += stopping_options(session)
    if run.state.interrupted:
        coverage.stopped = True
        coverage.reasons.append("interrupted")
    results = accumulator.builder.results(
        run_id=run.files.id,
        started=run.started,
        finished=run.started + run.seconds,
        profile=run.rules.profile.name,
        arguments=[str(argument) for argument in config.invocation_params.args],
        files=hashes(run.rules.profile_name or archive.source.read(PROFILE) or "", config.option.inventory),
        calls=facts.calls,
    )
    results |= about_part(results, scope.shard, len(scope.vms), scope.gaps)
    decided = run.rules.decisions.about(results, scope.vms, accumulator.vms, unfinished)
    if scope.gaps and "gate" in decided:
        decided["gate"] = withhold_gate(decided["gate"], scope.gaps)
    elif "gate" in decided and not results["judged"]["complete"] and not run.rules.decisions.chosen:
        decided["gate"] = withhold_gate(decided["gate"], f"{judged_sentence(results['judged'])} {CAVEAT}")
    if config.option.history:
        assert run.files.directory is not None
        decided["history"] = history(results, run.files.directory.parent, config.option.history)
    return harmless(results | decided)


def _write_reports(session: pytest.Session, run: Run, results: Harmless) -> None:
    """Write a report; a full disk loses only this one, and is reported once, at the end."""
    config, files = session.config, run.files
    assert files.directory is not None
    with files.recording_errors():
        write_large_json(files.directory / "results.json", results)
    for name, render in formats.FILES:
        text = render(results)
        with files.recording_errors():
            write_pieces(files.directory / name, (text,) if isinstance(text, str) else text)
    with files.recording_errors():
        junit.write(results, config.stash[JUNIT])
    if config.option.bundle and not files.problem:
        with files.recording_errors():
            summary = markdown_summary.render(results)
            support_bundle.write(files.directory / "bundle", _contents(config, run, results, summary))
    config.stash[HTML].finish(session, results, config.option.split_by or "")


def _contents(config: pytest.Config, run: Run, results: Harmless, summary: str) -> support_bundle.Contents:
    archive, vms, judge = run.files.archive, run.scope.vms, config.stash[JUDGE]
    assert archive is not None
    kept = config.stash[ACCUMULATOR].kept or {}
    return support_bundle.Contents(
        run_id=run.files.id,
        suite=SUITE_VERSION,
        archive=archive,
        vms=vms,
        facts=judge.context.facts if archive.source.has(AZURE) and not judge.context.facts.unreadable else None,
        az_cli=judge.context.az_cli if archive.source.has(RUNNER) else None,
        evidence={vm.name: kept[vm.name][0] if vm.name in kept else judge.evidence(vm) for vm in vms},
        verdicts={name: verdicts for name, (_, verdicts) in kept.items()},
        readiness={vm["name"]: vm["readiness"] for vm in results["vms"]},
        reports={
            "results.json": json.dumps(results, ensure_ascii=False, indent=1, allow_nan=False) + "\n",
            "summary.md": summary,
        },
    )
