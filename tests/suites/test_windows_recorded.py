"""The recorded answers of the Windows probes can be read, and are the same as PowerShell's output now."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.powershell import needs_pwsh
from tests.support.powershell_grammar import PLANNED, PROBES
from tests.support.windows_recording import comparable, names, record, recorded


@pytest.mark.parametrize("name", PROBES)
def test_a_recorded_answer_is_read(name: str) -> None:
    """A probe without a recording fails here."""
    probe, answer = PROBES[name], recorded(name)
    assert answer.state == "done"
    assert answer.exit == 0 or answer.exit in probe.accept_exits
    assert "did not reach its end" not in answer.stderr
    if probe.read:
        read = probe.read(answer)
        assert read
        assert getattr(read, "missing", None) is None
        if "'curl.exe'" in PLANNED[name].command and hasattr(read, "exit"):
            assert (read.exit, read.code) == (7, 0), "the port was closed"


@needs_pwsh
@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_powershell_prints_what_was_recorded(tmp_path: Path) -> None:
    """After an intended change, scripts/record-windows records again."""
    assert comparable(record(tmp_path)) == comparable({name: recorded(name) for name in names()})
