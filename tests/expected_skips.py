"""The reasons for which a test may skip: in the gate (`make test`, or CI=true) any other reason fails the run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

GATE = "true" in (os.environ.get("CI"), os.environ.get("EXPECTED_SKIPS_ONLY"))

#: On every machine.
REASONS = [
    "root may read everything",
    "only root can be two users at once",
    "only root can log in as root",
    "only root can make a throwaway root",
    "Azurite is not installed",  # make test-store has it
    "the agent is installed on this machine",
    r"^PowerShell is not installed",
    r"^needs Windows' registry and services: run `make test-windows`$",
    "this file system shows other inodes to the kernel",
    r"^(fish|ksh|zsh) is not installed$",  # login shells that scripts/system-packages does not install
    "busybox' awk takes long for megabytes",
    "^OpenSSH 8.7 or later is not installed$",
    "^this curl.exe accepts every certificate$",  # Wine's Schannel
    "no other curls: CURLS=FOLDER",  # .ci/run sets it if there are some beside the repository
]
if os.environ.get("CI") != "true":
    REASONS += ["the lab cannot run here", "namespaces cannot be made here"]  # a container may forbid them
    if os.geteuid() != 0:  # scripts/system-packages needs root to install programs
        REASONS += [r"\bnot installed\b", r"^(there is )?no \S+ here$", r" needs \("]


def unexpected(reasons: Iterable[str]) -> list[str]:
    """The reasons that are not in the list, each once."""
    expected = re.compile("|".join(REASONS))
    return sorted({reason for reason in reasons if not expected.search(reason)}) if GATE else []
