"""Run pytest in a separate process, without starting Python and importing its libraries each time.

The tests start some 300 runs, and each start would take a second of CPU. A server for each process of the tests has
imported the libraries and the product, and forks a child for each run: a process with its own folder, environment,
signals, output and exit status, like `python -m pytest`. Variables that Python reads only at its start require a real
start. With pytest-xdist, the servers of all processes are forked from one (`share`).

::

    test                          server                       child
    {argv, cwd, env} + 3 files -> fork ----------------------> python -m pytest
    <- pid
    <- status                     wait <---------------------- exit
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import importlib.metadata
import io
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _pytest.pathlib import make_numbered_dir
from _pytest.pytester import RunResult

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parents[2]

#: Libraries that a run imports.
LIBRARIES = (
    "pytest", "_pytest.pytester", "asyncio", "unittest.mock", "paramiko", "jsonschema", "ruamel.yaml", "jinja2",
    "rich.console", "rich.progress", "packaging.requirements", "cryptography.x509", "azure.core.rest",
    "zipfile", "execnet", "importlib.resources",
)  # fmt: skip

#: The module of the product that a run imports.
PLUGIN = "plugins.pytest_adapter.plugin"

#: The plugins of a run: the product's dependencies, without other plugins in the environment of the tests.
PLUGINS = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTEST_PLUGINS": "pytest_metadata.plugin,pytest_html.plugin,pytest_html.fixtures,xdist.plugin",
}

#: Variables that Python, the C library and the loader read only at the start of a program.
COVERAGE = "COVERAGE_PROCESS_START"
AT_START = ("PYTHON", "LC_", "LANG", "TZ", "LD_", "MALLOC_")


#: The address of the shared server, for the processes of the tests but not for programs that they start: a lab has its
#: own namespaces, and a server there.
_SHARED = "TESTS_PYTEST_SERVER"
_shared = os.environ.pop(_SHARED, "")


def _started(*sockets: socket.socket, product: bool) -> subprocess.Popen[bytes]:
    """Start a server, with our environment except for variables that may differ between processes of the tests."""
    numbers = [each.fileno() for each in sockets]
    command = [sys.executable, "-P", __file__, ",".join(map(str, numbers)), *["product"] * product]
    # In its own session: Ctrl-C ends the tests, and the end of the socket ends the server.
    return subprocess.Popen(
        command, pass_fds=numbers, env=_environment(), stdin=subprocess.DEVNULL, start_new_session=True
    )


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", COVERAGE)}


def share() -> None:
    """Start a server from which those of all processes that this one starts will be forked.

    It imports nothing before the first of them needs it, and ends with this process.
    """
    folder = tempfile.TemporaryDirectory()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(f"{folder.name}/socket")
    listener.listen()
    ours, theirs = socket.socketpair()
    process = _started(listener, theirs, product=True)
    listener.close()
    theirs.close()
    os.environ[_SHARED] = f"{folder.name}/socket"

    def close() -> None:
        if os.getpid() == owner:
            ours.close()
            process.wait(10)
            folder.cleanup()

    owner = os.getpid()
    atexit.register(close)


class _Server:
    def __init__(self, *, product: bool = COVERAGE not in os.environ) -> None:
        """`product`: import it here, so every run has its present state, and the coverage of a run lacks the import."""
        self.environment = _environment()
        self.process: subprocess.Popen[bytes] | None = None
        if _shared:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self.socket.connect(_shared)
        else:
            self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self.process = _started(theirs, product=product)
            theirs.close()
        self.owner = os.getpid()
        atexit.register(self.close)

    def close(self) -> None:
        if self.owner == os.getpid():
            self.socket.close()
            if self.process:
                self.process.wait(10)

    def serves(self, environment: Mapping[str, str]) -> bool:
        def at_start(variables: Mapping[str, str]) -> dict[str, str]:
            return {k: v for k, v in variables.items() if k.startswith(AT_START) and k != "PYTHONPATH"}

        return at_start(environment) == at_start(self.environment)

    def run(self, request: dict[str, Any], files: list[int], timeout: float | None) -> int:
        socket.send_fds(self.socket, [json.dumps(request).encode()], files)
        pid = int(self.socket.recv(64))
        self.socket.settimeout(timeout)
        try:
            return int(self.socket.recv(64))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            self.socket.settimeout(None)
            self.socket.recv(64)
            raise
        finally:
            self.socket.settimeout(None)


_server: _Server | None = None


def run_pytest(
    *arguments: str | os.PathLike[str],
    cwd: Path,
    env: Mapping[str, str] | None = None,
    timeout: float | None = 300,
    umask: int = -1,
) -> subprocess.CompletedProcess[str]:
    """Run `python -m pytest ARGUMENTS` in `cwd` with empty input, and capture its output.

    Raises subprocess.TimeoutExpired after `timeout` seconds, with the process killed.
    """
    global _server
    environment = PLUGINS | dict(os.environ if env is None else env)
    words = [os.fspath(argument) for argument in arguments]
    command = [sys.executable, "-m", "pytest", *words]
    if _server is None or _server.owner != os.getpid():
        _server = _Server()
    if not _server.serves(environment):
        return subprocess.run(
            command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
            check=False, umask=umask,
        )  # fmt: skip
    with open(os.devnull) as empty, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        request = {"argv": words, "cwd": str(cwd), "env": environment, "umask": umask}
        try:
            status = _server.run(request, [empty.fileno(), out.fileno(), err.fileno()], timeout)
        except TimeoutError:
            raise subprocess.TimeoutExpired(command, timeout or 0) from None
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode().replace("\r\n", "\n"))
    return subprocess.CompletedProcess(command, status, *texts)


def runpytest(pytester: pytest.Pytester, *arguments: str | os.PathLike[str], timeout: float | None = 300) -> RunResult:
    """`pytester.runpytest_subprocess`, but without starting Python."""
    here = os.pathsep.join(filter(None, [str(pytester.path), os.environ.get("PYTHONPATH")]))
    words = [f"--basetemp={make_numbered_dir(root=pytester.path, prefix='runpytest-')}", *arguments]
    began = time.monotonic()
    done = run_pytest(*words, cwd=Path.cwd(), env=os.environ | {"PYTHONPATH": here}, timeout=timeout)
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    return RunResult(done.returncode, done.stdout.splitlines(), done.stderr.splitlines(), time.monotonic() - began)


def _import_plugins(options: list[str]) -> None:
    """Let pytest import the plugins of a run, whose assertions it rewrites, and many of its own modules.

    Otherwise each run would read the metadata of all packages for each plugin, to look for an entry point.
    """
    from _pytest.config import PytestPluginManager as Manager

    names = {point.name for point in importlib.metadata.entry_points(group="pytest11")}
    load = Manager.load_setuptools_entrypoints

    def load_setuptools_entrypoints(self: Manager, group: str, name: str | None = None) -> int:
        return load(self, group, name) if name is None or name in names else 0

    vars_of_manager: Any = Manager
    vars_of_manager.load_setuptools_entrypoints = load_setuptools_entrypoints
    os.environ.update(PLUGINS)
    with contextlib.redirect_stdout(io.StringIO()):  # the versions
        importlib.import_module("pytest").main(["-VV", "-s", "-c", os.devnull, "--noconftest", *options])


def serve(numbers: list[int], product: bool) -> None:
    """Serve until the other end of the socket is closed.

    With two sockets, listen on the first and fork a server for each connection, until the second one is closed.
    """
    sockets = [socket.socket(fileno=number) for number in numbers]
    if len(sockets) == 2 and sockets[1] in select.select(sockets, [], [])[0]:
        return
    path = _import(product)
    if len(sockets) == 1:
        _answer(sockets[0], path)
        return
    listener, end = sockets
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while end not in select.select(sockets, [], [])[0]:
        channel, _ = listener.accept()
        if not os.fork():
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            end.close()
            _answer(channel, path)
            return
        channel.close()


def _import(product: bool) -> list[str]:
    """Import the libraries of a run; return the path without the product."""
    for name in LIBRARIES:
        importlib.import_module(name)
    path = list(sys.path)
    if product:
        sys.path.insert(0, str(ROOT))
    _import_plugins(["-p", PLUGIN] * product)
    if product:
        for module in ROOT.glob("suites/*/[a-z]*.py"):
            importlib.import_module(f"suites.{module.parent.name}.{module.stem}")
        templates = sys.modules["plugins.reports.html.plugin"]._environment()
        for name in templates.list_templates():
            templates.get_template(name)  # compiled and kept
        for folder in ("suites", "plugins"):
            sys.modules["plugins.results.provenance"]._of_code(folder)
    gc.collect()
    gc.freeze()
    return path


def _answer(channel: socket.socket, path: list[str]) -> None:
    while True:
        message, files, _, _ = socket.recv_fds(channel, 1 << 20, 3)
        if not message:
            return
        pid = os.fork()
        if not pid:
            channel.close()
            _become_pytest(json.loads(message), files, path)
        for file in files:
            os.close(file)
        channel.send(str(pid).encode())
        _, status = os.waitpid(pid, 0)
        channel.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become_pytest(request: dict[str, Any], files: list[int], path: list[str]) -> None:
    """In the child: do the same as a start of Python, `python -m pytest`, and the end of Python."""
    status = 1
    try:
        for target, file in enumerate(files):
            os.dup2(file, target)
            os.close(file)
        sys.stdin = os.fdopen(0, closefd=False)
        sys.stdout = os.fdopen(1, "w", closefd=False)
        sys.stderr = os.fdopen(2, "w", errors="backslashreplace", closefd=False)
        os.chdir(request["cwd"])
        os.environ.clear()
        os.environ.update(request["env"])
        if request["umask"] >= 0:
            os.umask(request["umask"])
        added = [path for path in request["env"].get("PYTHONPATH", "").split(os.pathsep) if path]
        sys.path[:] = [request["cwd"], *added, *path]
        first = next((place for place in (request["cwd"], *added) if Path(place, "plugins").exists()), ROOT)
        if not ROOT.samefile(first):  # another checkout of the product
            for name in [name for name in sys.modules if name.partition(".")[0] in ("plugins", "suites")]:
                del sys.modules[name]
        if redaction := sys.modules.get("plugins.core.redaction"):
            vars(redaction)["_salt"] = os.urandom(16)  # each run has a different salt
        sys.argv = ["pytest", *request["argv"]]
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if COVERAGE in os.environ:
            importlib.import_module("coverage").process_startup(force=True)
        status = _ended()
    finally:
        os._exit(status)


def _ended() -> int:
    """Run pytest and exit like the interpreter."""
    status = 0
    try:
        runpy.run_module("pytest", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    for thread in threading.enumerate():
        if not (thread.daemon or thread is threading.current_thread()):
            thread.join()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return status


if __name__ == "__main__":
    serve([int(number) for number in sys.argv[1].split(",")], "product" in sys.argv)
