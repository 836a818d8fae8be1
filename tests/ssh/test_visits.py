"""Stopping the visits of many VMs, and errors of this machine: `plugins.ssh.client` without a server."""

from __future__ import annotations

import asyncio
import errno
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plugins.model import SshSession, Vm
from plugins.ssh import client as ssh
from plugins.ssh.client import _out_of_time, _Visits
from plugins.ssh.config import SshConfig
from plugins.ssh.deadline import Deadline
from plugins.ssh.errors import CANCELLED, NO_DESCRIPTORS, SshError


def visits(**options: Any) -> _Visits:
    nothing: Any = None
    return _Visits([], nothing, nothing, ssh.Options(run_timeout=5, **options), nothing, threading.Event())


def test_what_is_stopped_when_a_run_ends() -> None:
    done: list[str] = []
    run, words = visits(), _out_of_time(7)
    transport: Any = SimpleNamespace(connection=SimpleNamespace(cut=lambda: done.append("cut")))

    class Ending(Deadline):
        def cancel(self, words: tuple[str, str, str] = CANCELLED) -> None:
            done.append(words[0])

    class Config(SshConfig):
        def __init__(self) -> None: ...

        def stop(self) -> None:
            done.append("ssh -G")

    run.transports, run.deadlines, config = [transport], {Ending()}, Config()

    async def stop() -> None:
        waiting = asyncio.create_task(asyncio.Event().wait())
        run.dialling = {waiting, None}
        visit: Any = asyncio.create_task(asyncio.wait([waiting]))
        await asyncio.sleep(0)
        await run._cancel([visit], words, config)
        assert waiting.cancelled()
        await run._cancel([visit], words, SshError(*CANCELLED))

    asyncio.run(stop())
    assert done == ["ssh -G", "cut", words[0], "cut", words[0]]
    assert run.stopped == words


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.EMFILE, "x"), NO_DESCRIPTORS),
        (OSError(errno.ENFILE, "x"), NO_DESCRIPTORS),
        (
            OSError(errno.EAGAIN, "Resource temporarily unavailable"),
            (
                "unreachable",
                "[Errno 11] Resource temporarily unavailable.",
                "See ulimit -n and ulimit -u on this machine.",
            ),
        ),
        (SshError("refused", "No.", "Do.", via="gw"), ("refused", "No.", "Do.")),
    ],
)
def test_an_error_of_this_machine_is_the_session_of_its_vm(error: Exception, expected: tuple[str, str, str]) -> None:
    def route(vm: Vm) -> Any:
        raise error

    config: Any = SimpleNamespace(route=route)

    async def session() -> SshSession:
        run = visits()
        run.commands = asyncio.Semaphore(1)
        try:
            return await run._session(Vm("vm-a", "10.0.0.4"), config)
        finally:
            run.readers.close()

    ended = asyncio.run(session())
    assert (ended.outcome, ended.message, ended.remedy) == expected
    assert (ended.address, ended.via) == ("10.0.0.4", "gw" if isinstance(error, SshError) else "")


def test_a_vm_whose_turn_comes_after_the_end_is_not_visited() -> None:
    async def session(stopped: tuple[str, str, str]) -> SshSession:
        run = visits()
        run.stopped = stopped
        config: Any = None
        return await run._session(Vm("vm-a"), config)

    assert asyncio.run(session(CANCELLED)) == SshSession(*CANCELLED, address="vm-a")


def test_the_configuration_is_that_of_the_user_unless_another_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("Port 7\n")
    monkeypatch.setattr(ssh, "default_files", lambda: [tmp_path / "config"])
    monkeypatch.setattr("plugins.ssh.config.shutil.which", lambda name: None)
    for run in (visits(), visits(config_file=tmp_path / "config")):
        config = run._config()
        assert isinstance(config, SshConfig)
        assert config.route(Vm("vm-a"))[0].port == 7
    failure = visits(config_file=tmp_path / "none")._config()
    assert isinstance(failure, SshError)
    assert failure.message == f"{tmp_path}/none: there is no such file."


def test_ctrl_c_cancels_the_visits_and_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    class Over:
        def wait(self, seconds: float) -> bool:
            waits.append(seconds)
            if len(waits) == 1:
                raise KeyboardInterrupt
            return True

    run: Any = SimpleNamespace(go=lambda: None, over=Over(), error=None)
    monkeypatch.setattr(ssh, "_Visits", lambda *arguments: run)
    cancelled = threading.Event()
    nothing: Any = None
    with pytest.raises(KeyboardInterrupt):
        ssh.visit_all([], nothing, nothing, ssh.Options(run_timeout=5), nothing, cancelled)
    assert cancelled.is_set()
    assert waits == [ssh._TICK, 3 * ssh._GRACE]
