"""Configuration of all of the project's own tests."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests.expected_skips import unexpected
from tests.support import pytest_process

# The time of an example depends on the load of the machine.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

# Before any import: some modules import it, others name it in `pytest_plugins`, in any order (`pytest_configure`).
pytest.register_assert_rewrite("tests.support.fleet_project")

#: Groups of tests that run in one process, by the beginning of a node id; the first match counts. At most two labs run in
#: parallel, because a lab's VMs must answer within seconds, which they cannot with more labs on two cores. The lab's
#: catalogue, on whose VMs the fixes are tested, takes about as long as the rest of the lab. The browser tests share one
#: browser.
SHARES = {
    "tests/lab/test_lab_catalogue.py": "catalogue",
    "tests/lab/test_lab_fixes.py": "catalogue",
    "tests/lab/": "lab",
    "tests/pytest_adapter/test_interrupt.py": "lab",
    "tests/reports/html/browser/": "browser",
}


def _share(nodeid: str) -> str:
    """The group of a test: its module, so that its fixtures are made once, or one of `SHARES`."""
    shares = (share for start, share in SHARES.items() if nodeid.startswith(start))
    return next(shares, nodeid.partition("::")[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let `--dist=loadscope`, which `make test` uses, distribute the groups above."""
    if config.getvalue("dist") != "loadscope":
        return None
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = _share
    return scheduler


#: Tests that start programs (sshd, shells, pytest, linters) or measure: about a second each, and most of the total time.
SLOW = (
    "tests/azure/test_api_versions.py",
    "tests/azure/test_az_cli.py",
    "tests/azure/test_azure_client.py",
    "tests/azure/test_azure_failures.py",
    "tests/azure/test_azure_fetch.py",
    "tests/azure/test_azure_login.py",
    "tests/azure/test_azure_names.py",
    "tests/azure/test_request_plan.py",
    "tests/benchmarks/",
    "tests/evidence/test_merged.py",
    "tests/evidence/test_object_store.py",
    "tests/gates/test_decision.py",
    "tests/gather/test_script.py",
    "tests/gather/test_windows_visit.py",
    "tests/hostile/",
    "tests/lab/",
    "tests/project/",
    "tests/pytest_adapter/",
    "tests/reports/html/",
    "tests/results/test_compact.py",
    "tests/results/test_version_1.py",
    "tests/ssh/",
    "tests/suites/test_curl",
    "tests/suites/test_fixes",
    "tests/suites/test_killed_programs.py",
    "tests/suites/test_suite_commands.py",
)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that `make test-fast` omits."""
    if item.nodeid.startswith(SLOW) or "pytester" in getattr(item, "fixturenames", ()):
        item.add_marker("slow")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the slowest tests: the lab, the browser, tests that start programs."""
    order: Sequence[str] = ("lab", "browser", "slow")
    ranks = {name: rank for rank, name in enumerate(order)}

    def key(item: pytest.Item) -> tuple[int, Path]:
        return min((ranks[mark.name] for mark in item.iter_markers() if mark.name in ranks), default=9), item.path

    items.sort(key=key)


def pytest_configure(config: pytest.Config) -> None:
    """Let each process collect another folder first, so that in a fresh checkout each compiles only a part."""
    worker: dict[str, Any] = getattr(config, "workerinput", {})
    if not worker and config.getoption("numprocesses", None) and pytest_process.COVERAGE not in os.environ:
        _leave_out()
        pytest_process.share()
    if worker and config.args == ["tests"]:
        here = Path(__file__).parent
        folders = [
            f"tests/{name}" for name in sorted({path.relative_to(here).parts[0] for path in here.rglob("test_*.py")})
        ]
        first = len(folders) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
        config.args = folders[first:] + folders[:first]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Keep thousands of tests, which live as long as the process, out of garbage collection."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def _unexpected_skips(config: pytest.Config) -> list[str]:
    terminal: pytest.TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
    skipped = terminal.stats.get("skipped", []) if terminal else []
    return unexpected(str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run if a test was skipped for an unexpected reason."""
    if session.exitstatus == pytest.ExitCode.OK and _unexpected_skips(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """List the unexpected reasons."""
    for reason in _unexpected_skips(config):
        terminalreporter.write_line(f"Unexpected skip (tests/expected_skips.py): {reason}", red=True)


def _leave_out() -> None:
    # With PYTHONDONTWRITEBYTECODE, each of the many runs would compile the whole product.
    for name in ("GITHUB_STEP_SUMMARY", "TF_BUILD", "PYTEST_ADDOPTS", "PYTHONDONTWRITEBYTECODE"):
        os.environ.pop(name, None)


@pytest.fixture(autouse=True, scope="session")
def _no_ci_server() -> None:
    """Keep the runs that the tests start from writing to the summary of the CI job."""
    _leave_out()


@pytest.fixture(autouse=True, scope="session")
def _signals_count() -> None:
    """Restore the handlers of Ctrl-C and hang-up, which background jobs and `nohup` ignore, for the started programs."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """pytest's own fixture, but its runs of pytest do not start Python again."""
    monkeypatch.setattr(pytester, "runpytest_subprocess", partial(pytest_process.runpytest, pytester))
    return pytester
