"""Files of a run that cannot be written: kept as one problem, said in one sentence."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from plugins.evidence.bundle_format import BundleError
from plugins.pytest_adapter.run import RunFiles
from plugins.pytest_adapter.start import _cannot_be_made
from plugins.pytest_adapter.terminal import _not_saved

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_the_first_error_of_a_report_is_the_problem() -> None:
    files = RunFiles(id="r1")
    with files.recording_errors():
        raise FULL
    with files.recording_errors():
        raise BundleError("refused: no.")
    assert files.problem is FULL


def test_a_bundle_that_cannot_be_packed_is_a_problem() -> None:
    files = RunFiles()
    with files.recording_errors():
        raise BundleError("refused: no.")
    assert isinstance(files.problem, OSError)
    assert str(files.problem) == "refused: no."
    with pytest.raises(KeyError), files.recording_errors():
        raise KeyError


@pytest.mark.parametrize(
    ("error", "gathers", "reason", "then"),
    [
        (FULL, True, "No space left on device", " Then visit the VMs that were not saved: --resume=r1"),
        (OSError("refused: no."), False, "refused: no.", ""),
    ],
)
def test_a_run_that_was_not_saved_says_why_and_what_to_do(
    error: OSError, gathers: bool, reason: str, then: str
) -> None:
    assert _not_saved(RunFiles(id="r1", error=error), Path("/runs/r1"), gathers=gathers) == (
        f"NOT SAVED: /runs/r1 was only partly written ({reason}). All evidence is still judged. Make room there.{then}"
    )


@pytest.mark.parametrize(("error", "reason"), [(FULL, "No space left on device"), (OSError("odd"), "odd")])
def test_a_run_directory_that_cannot_be_made(error: OSError, reason: str) -> None:
    assert str(_cannot_be_made(Path("/runs"), error)) == (
        f"/runs: the run directory cannot be made ({reason}). Make room or give another place: --reports=DIR"
    )
