"""The stand-in, started for each test, and trusted by the SDKs in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.arm_server import Arm, certificate, serve


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def arm(tls: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Arm]:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls[0]))
    state, server = serve(*tls)
    yield state
    server.shutdown()
    server.server_close()
