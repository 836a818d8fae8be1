"""Keys, servers and a client for the tests of SSH."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.sshd import (
    Client,
    Keys,
    Sshd,
    sshd,
)


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def server(keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd(keys, tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture(scope="module")
def gateways(keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sshd, Sshd]]:
    folder = tmp_path_factory.mktemp("gateways")
    with sshd(keys, folder / "1", host="host-1") as first, sshd(keys, folder / "2", host="host-2") as second:
        yield first, second


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(tmp_path)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    end = time.monotonic() + 60
    while any(map(_of_ssh, threading.enumerate())):
        assert time.monotonic() < end, f"threads are left: {threading.enumerate()}"
        time.sleep(0.05)


def _of_ssh(thread: threading.Thread) -> bool:
    return thread.name.startswith("ssh") or hasattr(thread, "packetizer")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return tmp_path
