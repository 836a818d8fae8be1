"""The pytest plugin: every hook of the suite, in the order in which pytest calls them. Each calls its stages."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from plugins.core.errors import InputError
from plugins.core.sanitize import message_text, terminal_text
from plugins.pytest_adapter import (
    collection,
    configure,
    explain,
    gather_stage,
    listener,
    log_redaction,
    loop,
    options,
    report_stage,
    terminal,
)
from plugins.pytest_adapter.output import say

__all__: list[str] = []


@contextmanager
def _usage_errors() -> Iterator[None]:
    """Turn an error of the operator's input into pytest's: one line and exit code 4, without a traceback.

    It may quote an untrusted file or a server, so it is sanitized like all other text from outside.
    """
    try:
        yield
    except (InputError, pytest.UsageError) as error:
        raise pytest.UsageError(terminal_text(str(error))) from None


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the suite."""
    options.add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Handle command lines without a run: ``--explain``, and those that name no VM."""
    with _usage_errors():
        status = explain.answer(config)
        return configure.command_line(config) if status is None else status


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start the run. From here on, log records are redacted."""
    log_redaction.start(config)
    configure.add_markers(config)
    with _usage_errors():
        started = configure.start_run(config)
    if started:
        configure.adjust_pytest(config)
        report_stage.configure(config)


@pytest.hookimpl(optionalhook=True, trylast=True)
def pytest_metadata(metadata: dict[str, Any]) -> None:
    """Sanitize the variables of a CI server, which ``-v`` prints: the author of a branch chooses its name."""
    metadata.update({name: message_text(value) for name, value in metadata.items() if isinstance(value, str)})


def pytest_report_header(config: pytest.Config) -> list[str]:
    """The fleet and the profile."""
    return terminal.header(config)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Listen to the session."""
    listener.register(session.config)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class) -> Generator[None, Any, Any]:
    """Expand a check that pytest found into one item per VM and parameter."""
    return collection.expand(collector.config, (yield))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Keep the selected checks, in the catalogue's order, VM by VM."""
    with _usage_errors():
        collection.select(session, items)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Visit the VMs, now that the selected checks are known."""
    with _usage_errors():
        gather_stage.run(session)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Judge the checks, and run the ordinary tests between them."""
    with _usage_errors():
        return loop.run(session)


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """The seven statuses in pytest's terminal."""
    return loop.shown(report)


@pytest.hookimpl(tryfirst=True)
def pytest_internalerror(excrepr: Any) -> None:
    """Redact a traceback before it is printed: its lines may show local variables."""
    log_redaction.clean_traceback(excrepr)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int | pytest.ExitCode) -> None:
    """Write the results and the reports, and set the exit status."""
    with _usage_errors():
        report_stage.run(session, exitstatus)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The verdict, the first fixes, and the paths of the reports."""
    terminal.summary(terminalreporter, config)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Release the run directory; restore logging and the file mode mask. After Ctrl-C, print how to resume."""
    if line := terminal.resume_line(config):
        say(config.get_terminal_writer().line, line)
    configure.release_run(config)
    log_redaction.stop(config)
