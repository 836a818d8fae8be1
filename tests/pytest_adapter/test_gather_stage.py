"""The progress of the enrollment stage."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from plugins.model import Evidence, SshSession, Vm
from plugins.pytest_adapter import gather_stage


def test_a_vm_that_is_reached_while_it_is_enrolled_does_not_count_as_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    terminal = SimpleNamespace(isatty=False, write_line=lines.append)
    config: Any = SimpleNamespace(
        option=SimpleNamespace(enroll="connect", no_azure=True, verbose=0),
        pluginmanager=SimpleNamespace(getplugin=lambda name: terminal),
    )
    run: Any = SimpleNamespace(
        state=SimpleNamespace(interrupted=False), scope=SimpleNamespace(vms=[]), rules=SimpleNamespace(profile=None)
    )
    archive: Any = SimpleNamespace(problem=None)
    unused: Any = None

    def enroll(*arguments: Any, progress: Any, **options: Any) -> bool:
        with progress(1) as shown:
            shown.visited(Evidence(Vm("a"), SshSession("ok")))
        return True

    monkeypatch.setattr(gather_stage, "enroll_ready_vms", enroll)
    gather_stage._enroll(config, run, unused, [], unused, archive)
    assert lines == ["visited 1 of 1 VMs"]
    assert not run.state.interrupted
