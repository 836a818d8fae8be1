"""The suite's terminal output: the header of a run, and the verdict at its end."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from plugins.core.sanitize import message_text
from plugins.core.wording import counted
from plugins.pytest_adapter.output import say
from plugins.pytest_adapter.run import RunFiles
from plugins.pytest_adapter.stash import JUNIT, RESULTS, RUN
from plugins.reports import ci_summary, formats
from plugins.reports.html.parts import folder
from plugins.reports.terminal import summary_lines


def header(config: pytest.Config) -> list[str]:
    """The fleet, the requirements, and the run directory."""
    run = config.stash.get(RUN, None)
    if run is None:
        return []
    files, scope = run.files, run.scope
    source = "from the evidence of an earlier run" if run.kind == "replayed" else "over SSH"
    lines = [f"{counted(len(scope.vms), 'VM')} {source}, profile {run.rules.profile.name}"]
    if run.kind == "resumed":
        lines.append(f"resumes run {files.id}, {counted(len(scope.pending), 'VM')} to visit")
    elif run.kind == "new" and files.directory:
        lines.append(f"run directory: {_shown(files.directory)} (to resume an interrupted run: --resume={files.id})")
    return [f"nexus: {message_text(line)}" for line in (*lines, *run.notes, *run.rules.decisions.notes)]


def summary(reporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The verdict, the first fixes, and the paths of the reports."""
    results, run = config.stash.get(RESULTS, None), config.stash.get(RUN, None)
    if results is None or run is None or run.files.directory is None:
        return
    directory = run.files.directory
    reporter.section("readiness")
    line = reporter.write_line
    if run.files.problem:
        say(line, _not_saved(run.files, directory, gathers=run.kind != "replayed"), red=True)
    if run.files.store and run.files.store.problem:
        problem = message_text(str(run.files.store.problem))
        say(
            line,
            f"UPLOAD INCOMPLETE: some evidence is missing from the store ({problem}) All of it is in "
            f"{_shown(directory)}.",
            red=True,
        )
    if run.state.interrupted:
        say(line, "Interrupted: VMs that were not visited in time are unknown.", yellow=True)
    for text, markup in summary_lines(results, reporter._tw.fullwidth):
        say(line, text, **markup)
    if not run.files.problem:
        own = {"report.html": Path(config.option.htmlpath), "junit.xml": config.stash[JUNIT]}
        elsewhere = {name: path.absolute() for name, path in own.items() if path.absolute() != directory / name}
        written = ["report.html", *(name for name, _ in formats.FILES), "results.json", "junit.xml"]
        here = [name for name in written if name not in elsewhere]
        say(line, f"In {_shown(directory)}: {', '.join(here)}")
        for path in elsewhere.values():
            say(line, f"At {_shown(path)}: requested on the command line")
        if config.option.split_by and "report.html" in here:
            say(line, f"In {_shown(directory)}/{folder(config.option.split_by)}: one page for each value")
        if config.option.bundle:
            say(line, f"In {_shown(directory)}/bundle: {run.files.id}.zip")
        for sentence in (*run.state.kept, *ci_summary.publish(directory / "summary.md", os.environ)):
            say(line, sentence)
        if command := ci_summary.upload(directory / "summary.md", os.environ):
            line(command)


def resume_line(config: pytest.Config) -> str:
    """The command to resume an interrupted run; "" when there is nothing to resume."""
    run = config.stash.get(RUN, None)
    if run is None or not run.state.interrupted or run.kind == "replayed" or config.option.enroll:
        return ""
    if run.files.directory is None or not (run.files.directory / "run.json").is_file():
        return ""
    where = "" if config.option.reports is None else f" --reports={shlex.quote(str(config.option.reports))}"
    return f"pytest --resume={run.files.id}{where}"


def _not_saved(files: RunFiles, directory: Path, *, gathers: bool) -> str:
    """One sentence for all files that could not be written."""
    assert files.problem is not None
    then = f" Then visit the VMs that were not saved: --resume={files.id}" if gathers else ""
    return (
        f"NOT SAVED: {_shown(directory)} was only partly written ({files.problem.strerror or files.problem}). "
        f"All evidence is still judged. Make room there.{then}"
    )


def _shown(path: Path) -> str:
    """A path relative to the current folder."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
