"""Records failures that no check reports, and pytest reports that cannot be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from plugins.pytest_adapter.loop import CheckReport
from plugins.pytest_adapter.run import Run
from plugins.pytest_adapter.stash import RUN


def register(config: pytest.Config) -> None:
    """Register the listener, and disable pytest's list of all tests that ever ran.

    pytest keeps that list for ``--nf``, new tests first. It grows by 90 names with each VM, and checks go by the order
    of their VMs.
    """
    run = config.stash.get(RUN, None)
    if run is None:
        return
    config.pluginmanager.register(Listener(run, config), "nexus-listener")
    if (new_first := config.pluginmanager.get_plugin("nfplugin")) is not None:
        config.pluginmanager.unregister(new_first)


class Listener:
    """Records other failures than those of checks. Registered for the session, so its hooks see all of it."""

    def __init__(self, run: Run, config: pytest.Config) -> None:
        self._run = run
        self._config = config

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Ctrl-C while checks are judged, but not pytest's own stops (``--sw``)."""
        if type(excinfo.value) is KeyboardInterrupt:
            self._run.state.interrupted = True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """An ordinary test beside the checks."""
        if report.failed and not isinstance(report, CheckReport):
            self._run.state.other_failures = True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that could not be collected counts as a failure, when pytest continues."""
        if report.failed:
            self._run.state.other_failures = True
            self._config.option.tbstyle = "short"  # only a module that cannot be loaded needs a traceback

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        """pytest-html writes its page here, and other plugins theirs: a full disk is one sentence, and no traceback."""
        try:
            return (yield)
        except OSError as error:
            self._run.files.record_error(error)
            _remove_half_a_page(Path(session.config.option.htmlpath))
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR


def _remove_half_a_page(path: Path) -> None:
    """pytest-html writes into the file itself."""
    with suppress(OSError):
        if not path.read_bytes().rstrip().endswith(b"</html>"):
            path.unlink()
