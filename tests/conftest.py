"""What holds for all of the project's own tests."""

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

# How long an example takes says how busy the machine is.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

# Some modules import it, others name it in `pytest_plugins`; which are collected first differs (`pytest_configure`).
pytest.register_assert_rewrite("tests.support.fleet_project")

#: What one process gets at a time, by the beginning of a node id; the first one that fits counts. A lab's VMs have
#: seconds to answer, as real ones have, and with more than two labs at once on two cores they do not; what a lab waits
#: for, the other modules use. The lab's catalogue, whose VMs the fixes are tested on, is of about the size of the rest of
#: the lab. The tests in a browser have one browser.
SHARES = {
    "tests/lab/test_lab_catalogue.py": "catalogue",
    "tests/lab/test_lab_fixes.py": "catalogue",
    "tests/lab/": "lab",
    "tests/pytest_adapter/test_interrupt.py": "lab",
    "tests/reports/html/browser/": "browser",
}


def _share(nodeid: str) -> str:
    """What one process gets at a time: a module, so that its fixtures are made once, or one of `SHARES`."""
    shares = (share for start, share in SHARES.items() if nodeid.startswith(start))
    return next(shares, nodeid.partition("::")[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """`--dist=loadscope`, as `make test` says, by the rule above."""
    if config.getvalue("dist") != "loadscope":
        return None
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = _share
    return scheduler


#: Tests that start programs or measure: sshd, shells, pytest, linters; a second each, and most of all seconds together.
SLOW = (
    "tests/azure/test_api_versions.py",
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
    "tests/hostile/",
    "tests/lab/",
    "tests/project/",
    "tests/pytest_adapter/",
    "tests/reports/html/",
    "tests/results/test_compact.py",
    "tests/results/test_version_1.py",
    "tests/ssh/",
    "tests/suites/test_fixes",
    "tests/suites/test_suite_commands.py",
)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what `make test-fast` leaves out."""
    if item.nodeid.startswith(SLOW) or "pytester" in getattr(item, "fixturenames", ()):
        item.add_marker("slow")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first: the lab, the browser, what starts programs."""
    order: Sequence[str] = ("lab", "browser", "slow")
    ranks = {name: rank for rank, name in enumerate(order)}

    def key(item: pytest.Item) -> tuple[int, Path]:
        return min((ranks[mark.name] for mark in item.iter_markers() if mark.name in ranks), default=9), item.path

    items.sort(key=key)


def pytest_configure(config: pytest.Config) -> None:
    """Each process collects another folder first, so that in a fresh checkout each compiles its share, not everything."""
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
    """Thousands of tests, which live as long as the process, are no garbage: do not look through them again and again."""
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
    """A test that skips for a reason that nobody foresaw has not passed."""
    if session.exitstatus == pytest.ExitCode.OK and _unexpected_skips(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name them."""
    for reason in _unexpected_skips(config):
        terminalreporter.write_line(f"Unexpected skip (tests/expected_skips.py): {reason}", red=True)


def _leave_out() -> None:
    # PYTHONDONTWRITEBYTECODE: each of the many runs would compile all of the product.
    for name in ("GITHUB_STEP_SUMMARY", "TF_BUILD", "PYTEST_ADDOPTS", "PYTHONDONTWRITEBYTECODE"):
        os.environ.pop(name, None)


@pytest.fixture(autouse=True, scope="session")
def _no_ci_server() -> None:
    """The runs that the tests start are not what the CI job is about: they leave its summary page alone."""
    _leave_out()


@pytest.fixture(autouse=True, scope="session")
def _signals_count() -> None:
    """A shell lets what it starts in the background ignore Ctrl-C, `nohup` a hang-up; so would all that the tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """pytest's own, whose runs of pytest do not start Python anew."""
    monkeypatch.setattr(pytester, "runpytest_subprocess", partial(pytest_process.runpytest, pytester))
    return pytester
