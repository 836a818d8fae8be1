"""A pytest plugin for `scripts.mutants`: collect the tests once, then try each mutation in a fork of that process.

Starting Python, importing and collecting take longer than the tests of most mutations. A request is a line of JSON with
the changed module and its tests; the answer is a line with the result and the first test that failed.

::

    mutants                             server                    child
    <--------------------------- ready  collect
    {path, source, line, tests} ------> fork -------------------> puts the changed functions in place of its own, runs
    <---------------- {result, test}    wait, kill when late <--- status; the name of the test that failed
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import json
import os
import select
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

PASSED, FAILED, UNFIT = 0, 1, 3


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for the two pipes: requests and answers."""
    parser.addoption("--mutants-channel", type=int, nargs=2, help="file descriptors: requests, answers")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Serve until there are no more requests. All children share the tests' own server of pytest processes."""
    requests, answers = session.config.getoption("mutants_channel")
    items = {item.nodeid: item for item in session.items}
    gc.unfreeze()  # what tests/conftest.py has frozen is not among the objects
    functions = [one for one in gc.get_objects() if isinstance(one, FunctionType)]
    caches = [one for one in gc.get_objects() if isinstance(one, functools._lru_cache_wrapper)]
    runs: Any = importlib.import_module("tests.support.pytest_process")
    gc.collect()
    gc.freeze()
    runs._server = runs._Server(product=False)
    with os.fdopen(requests) as lines, os.fdopen(answers, "w") as channel:
        channel.write("ready\n")
        channel.flush()
        for line in lines:
            request = json.loads(line)
            folder = Path(tempfile.mkdtemp(prefix="mutant-"))
            failed, tell = os.pipe()
            child = os.fork()
            if not child:
                os.close(failed)
                _child(session, [items[test] for test in request["tests"] if test in items], request, folder, tell,
                       [one for one in functions if one.__code__.co_filename == request["path"]], caches)  # fmt: skip
            os.close(tell)
            answer = _wait(child, failed, request["limit"])
            if answer["result"] == "timed out":  # the child may have left a request to that server unanswered
                runs._server.socket.close()
                runs._server = runs._Server(product=False)
            shutil.rmtree(folder, ignore_errors=True)
            print(json.dumps(answer), file=channel, flush=True)
    return True


def _wait(child: int, failed: int, limit: float) -> dict[str, str]:
    """Wait for the child, kill the rest of its process group, and return the answer."""
    with os.fdopen(failed) as pipe:
        late = not select.select([pipe], [], [], limit)[0]
        if late:
            os.kill(child, signal.SIGKILL)
        name = "" if late else pipe.readline().strip()
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    names = {PASSED: "survived", UNFIT: "unfit"}
    return {"result": "timed out" if late else names.get(os.waitstatus_to_exitcode(status), "killed"), "test": name}


def _child(
    session: pytest.Session, items: Sequence[pytest.Item], request: dict[str, Any], folder: Path, tell: int,
    functions: list[FunctionType], caches: list[Any],
) -> None:  # fmt: skip
    """Run the tests until one fails, then exit the process."""
    status, name = FAILED, "outside a test"
    try:
        os.setpgid(0, 0)
        null = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(null, number)
        runs: Any = sys.modules["tests.support.pytest_process"]
        runs._server.owner = os.getpid()
        config: Any = session.config
        capture = config.pluginmanager.get_plugin("capturemanager")
        capture.stop_global_capturing()
        capture.start_global_capturing()
        capture.suspend_global_capture()
        config._tmp_path_factory._given_basetemp = folder / "pytest"
        config._tmp_path_factory._basetemp = None
        for cache in caches:
            if cache.__module__.startswith(("plugins.", "suites.")):
                cache.cache_clear()
        if request["source"] is not None and not put(request["source"], request["path"], request["line"], functions):
            status, name = UNFIT, ""
        else:
            failures = _Failures()
            config.pluginmanager.register(failures)
            for item, following in zip(items, [*items[1:], None], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if failures.name:
                    session._setupstate.teardown_exact(None)
                    break
            status, name = (FAILED, failures.name) if failures.name else (PASSED, "")
    finally:
        os.write(tell, f"{name}\n".encode())
        os._exit(status)


class _Failures:
    name = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.name = self.name or report.nodeid


def put(source: str, path: str, line: int, functions: list[FunctionType]) -> bool:
    """Replace the code of the functions that contain the line; return False if that is not possible."""
    changed = {
        (code.co_qualname, code.co_firstlineno): code
        for code in _codes(compile(source, path, "exec"))
        if code.co_flags & 2 and code.co_firstlineno <= line  # in a function, CO_NEWLOCALS
    }
    try:
        for function in functions:
            code = changed.get((function.__code__.co_qualname, function.__code__.co_firstlineno))
            if code is not None and code != function.__code__:
                function.__code__ = code
    except ValueError:  # the number of closure variables differs
        return False
    return True


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
