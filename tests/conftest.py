"""What holds for all of the project's own tests."""

from __future__ import annotations

import os
import signal

import pytest


@pytest.fixture(autouse=True, scope="session")
def _no_ci_server() -> None:
    """The runs that the tests start are not what the CI job is about: they leave its summary page alone."""
    for name in ("GITHUB_STEP_SUMMARY", "TF_BUILD"):
        os.environ.pop(name, None)


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c_counts() -> None:
    """A shell lets what it starts in the background ignore Ctrl-C, and so would all that the tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
