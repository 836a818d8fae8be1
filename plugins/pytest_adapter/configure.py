"""The start of a session: a command line without a run, the run itself, and pytest's settings for it."""

from __future__ import annotations

import os
import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from plugins.checks.areas import AREAS, area_of, documented, order
from plugins.core.wording import did_you_mean, no_such_check
from plugins.model import Severity
from plugins.pytest_adapter.options import NO_VM, asks_for_run
from plugins.pytest_adapter.resume import resume
from plugins.pytest_adapter.start import begin, replay
from plugins.pytest_adapter.stash import RUN

#: The command line requested several processes.
_ALONE = pytest.StashKey[bool]()
ALONE = (
    "-n is ignored: one process already visits the VMs in parallel, and judging them in several takes longer"
    " (docs/performance.md)"
)


def command_line(config: pytest.Config) -> int | None:
    """The exit status of a command line that names checks and no VM, after printing the usage; else None."""
    option = config.option
    if asks_for_run(option):
        # pytest-xdist reads the same options right after this. A worker would cost more than judging in one process.
        if getattr(option, "numprocesses", None) or getattr(option, "tx", None):
            config.stash[_ALONE] = True
        option.numprocesses, option.dist, option.distload, option.tx = None, "no", False, []
        return None
    lists = ("collectonly", "help", "version", "showfixtures", "show_fixtures_per_test", "markers")
    if any(getattr(option, name) for name in lists) or not _asks_for_checks(config):
        return None
    sys.stdout.write(NO_VM)  # pytest has no terminal reporter yet
    return int(pytest.ExitCode.USAGE_ERROR)


def _asks_for_checks(config: pytest.Config) -> bool:
    suites = config.rootpath / "suites"
    folder = config.invocation_params.dir
    paths = (Path(os.path.normpath(folder / arg.partition("::")[0])) for arg in config.args)
    return any(path == suites or suites in path.parents or path in suites.parents for path in paths)


def add_markers(config: pytest.Config) -> None:
    """The markers of checks, for ``-m``."""
    for word in (*AREAS, *Severity):
        config.addinivalue_line("markers", f"{word.lower()}: every {word} check")


def start_run(config: pytest.Config) -> bool:
    """Start the run that the command line requests; False without one. Raises pytest.UsageError."""
    option = config.option
    if hasattr(config, "workerinput") or not asks_for_run(option):
        return False
    for name in ("terminal", "terminalreporter"):
        if config.pluginmanager.is_blocked(name):
            raise pytest.UsageError(f"-p no:{name}: a run needs this plugin of pytest. Drop the option; -q shows less.")
    _refuse_selection(config)
    if config.args_source is pytest.Config.ArgsSource.INVOCATION_DIR and (config.rootpath / "suites").is_dir():
        config.args = [str(config.rootpath / "suites")]  # started in a folder of the project: the same run
    if option.resume or option.retry_unknown:
        run = resume(config)
    else:
        run = replay(config, option.evidence) if option.evidence else begin(config)
    if _ALONE in config.stash:
        run.notes = (*run.notes, ALONE)
    config.stash[RUN] = run
    return True


def _refuse_selection(config: pytest.Config) -> None:
    """Refuse a selection that can match no check, before any other work. Raises pytest.UsageError."""
    option = config.option
    known = _written_ids(config)
    for pattern in map(str.upper, option.check):
        if known and not any(fnmatchcase(id, pattern) for id in known):
            raise pytest.UsageError(f"--check={pattern}: {no_such_check(pattern, known)}")
    id = (option.keyword or "").strip().upper()
    if re.fullmatch(r"[A-Z]+-\d{3}", id) and area_of(id) in AREAS:
        raise pytest.UsageError(f"-k {option.keyword}: -k matches names of tests, not check ids. Use --check={id}.")
    marks = {re.split(r"[:(]", line)[0].strip() for line in config.getini("markers")}
    words = [] if "=" in option.markexpr else re.findall(r"[^\W\d]\w*", option.markexpr)
    for word in words:
        if word not in marks | {"and", "or", "not", "True", "False"}:
            raise pytest.UsageError(f"-m {word}: no check has this mark. {did_you_mean(word, sorted(marks))}".rstrip())


def _written_ids(config: pytest.Config) -> list[str]:
    """The ids of the checks in the source of suites/; none when the command line names other folders."""
    if not config.option.check or config.option.file_or_dir:
        return []
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in config.rootpath.glob("suites/test_*.py"))
    ids = {id for text in texts for id in re.findall(r'@check\(\s*"([A-Z]+-\d{3})"', text)}
    return sorted(ids.union(documented(config.rootpath / "docs" / "checks")), key=order)


def adjust_pytest(config: pytest.Config) -> None:
    """Disable features of pytest and its plugins for ordinary tests, and request pytest-html's report."""
    option, directory = config.option, config.stash[RUN].files.directory
    # It loads all of Hypothesis, for half a second, without use.
    if (hypothesis := config.pluginmanager.get_plugin("hypothesispytest")) is not None:
        config.pluginmanager.unregister(hypothesis)
    # A failed check's message is its report: no traceback, and our own summary instead of pytest's.
    if option.tbstyle == "auto":
        option.tbstyle = "no"
    if option.reportchars == "fE":
        option.reportchars = ""
    if directory:
        if getattr(option, "htmlpath", None) is None:
            option.htmlpath = str(directory / "report.html")
        option.self_contained_html = True  # one file to send; its policy allows no other


def release_run(config: pytest.Config) -> None:
    """Unlock the run directory."""
    if (run := config.stash.get(RUN, None)) is not None:
        run.files.release()
