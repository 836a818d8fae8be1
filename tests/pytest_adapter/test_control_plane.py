"""Ctrl-C while Azure is read: it is raised soon, after the threads had time to save their answers."""

from __future__ import annotations

import argparse
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from plugins.azure import az_cli
from plugins.pytest_adapter import control_plane


class _Context:
    """A `CheckContext` without data."""

    az_cli = None

    def has_az_cli(self, complete: bool) -> bool:
        return False


def test_ctrl_c_during_the_wait_cancels_and_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(control_plane, "wants", lambda function: frozenset({"az_cli"}))
    monkeypatch.setattr("plugins.azure.az_cli.read_versions", lambda: release.wait(120))
    monkeypatch.setattr(control_plane, "_LAST_REQUEST", 0.1)
    joined = threading.Thread.join
    calls: list[float | None] = []

    def join(thread: threading.Thread, timeout: float | None = None) -> None:
        calls.append(timeout)
        if timeout is None:
            raise KeyboardInterrupt
        joined(thread, timeout)

    monkeypatch.setattr(threading.Thread, "join", join)
    option = argparse.Namespace(retry_unknown=False, no_azure=True)
    context: Any = _Context()
    item: Any = argparse.Namespace(function=None)
    with (
        pytest.raises(KeyboardInterrupt),
        control_plane.reading(context, [item], [], option) as cancelled,
    ):
        pass
    release.set()
    assert (cancelled.is_set(), calls) == (True, [None, 0.1])


def _azure(azure: object) -> None: ...


def _az_cli(az_cli: object) -> None: ...


def _ping(ping: object) -> None: ...


@pytest.mark.parametrize(
    ("functions", "no_azure", "seconds"),
    [
        ([_azure], False, 303.0),
        ([_azure], True, 0.0),
        ([_az_cli], False, az_cli.LIMIT),
        ([_azure, _az_cli], False, 303.0),
        ([_ping], False, 0.0),
    ],
)
def test_the_time_limit_is_that_of_the_longest_request(functions: list[Any], no_azure: bool, seconds: float) -> None:
    items: list[Any] = [SimpleNamespace(function=function) for function in functions]
    option = argparse.Namespace(no_azure=no_azure, subscription="", resource_group="")
    assert control_plane.time_limit(items, option) == seconds


def test_what_a_reader_raises_is_raised_in_the_main_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def read() -> None:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(control_plane, "wants", lambda function: frozenset({"az_cli"}))
    monkeypatch.setattr("plugins.azure.az_cli.read_versions", read)
    option = argparse.Namespace(retry_unknown=False, no_azure=True)
    context: Any = _Context()
    item: Any = argparse.Namespace(function=None)
    with pytest.raises(RuntimeError, match="a bug of ours"), control_plane.reading(context, [item], [], option):
        pass
