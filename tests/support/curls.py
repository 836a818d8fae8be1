"""Curls of several versions, to test the readers of curl's output.

The environment variable CURLS names a folder with ``VERSION/curl`` or ``VERSION/bin/curl`` files. The installed curl is
always included.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from lab.odd_proxy import Behaviour, OddProxy
from plugins.checks.probe import ProbeCommand
from plugins.model import ProbeResult

_NO_OTHERS = "no other curls: CURLS=FOLDER with VERSION/curl files"


def _found() -> dict[str, str]:
    curls = {"installed": shutil.which("curl") or ""}
    if folder := os.environ.get("CURLS"):
        for path in sorted([*Path(folder).glob("*/curl"), *Path(folder).glob("*/bin/curl")]):
            curls[path.relative_to(folder).parts[0]] = str(path)
    return {name: path for name, path in curls.items() if path}


#: The curls as parameters of a test; without other curls, one parameter that skips with the reason.
CURLS = [pytest.param(path, id=name) for name, path in _found().items()]
if len(CURLS) < 2:
    CURLS.append(pytest.param("", id="others", marks=pytest.mark.skip(reason=_NO_OTHERS)))


def version_of(curl: str) -> tuple[int, ...]:
    """The version of its libcurl, read by `suites.probes.proxy_environment`."""
    text = subprocess.run([curl, "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"libcurl/(\d+)\.(\d+)\.(\d+)", text)
    assert match, text
    return tuple(map(int, match.groups()))


def _always(name: str, client: str) -> str:
    return name


@contextmanager
def serving(acts: Mapping[str, Behaviour]) -> Iterator[dict[str, int]]:
    """A port of 127.0.0.1 for each behaviour, by name, and for "refused" and "dropped"."""
    with ExitStack() as stack:
        ports = {}
        for name in acts:
            server = stack.enter_context(OddProxy(("127.0.0.1", 0), partial(_always, name), acts))
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
            stack.callback(server.shutdown)
            ports[name] = server.server_address[1]
        closed, full = (stack.enter_context(socket.socket()) for _ in range(2))
        closed.bind(("127.0.0.1", 0))
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):  # when its queue is full, it does not answer
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        yield ports | {"refused": closed.getsockname()[1], "dropped": full.getsockname()[1]}


def run_with(curl: str, folder: Path, planned: ProbeCommand, trusted: Path | None = None) -> ProbeResult:
    """Run a probe's command with this curl first on PATH (a link in `folder`), and these authorities."""
    (folder / "bin").mkdir(exist_ok=True)
    with suppress(FileExistsError):
        (folder / "bin/curl").symlink_to(curl)
    bundle = {"CURL_CA_BUNDLE": str(trusted)} if trusted else {}
    done = subprocess.run(
        ["sh", "-c", planned.command],
        env={"PATH": f"{folder}/bin:/usr/bin:/bin", "LC_ALL": "C", **bundle},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=100,
        check=False,
    )
    return ProbeResult(planned.key, planned.command, "done", done.returncode, done.stdout, done.stderr)
