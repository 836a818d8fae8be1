"""Curls of several generations, to hold what is read of a VM's curl against real ones.

The environment variable CURLS names a folder with ``VERSION/curl`` or ``VERSION/bin/curl`` files. The installed curl is
always one of them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["CURLS", "version_of"]

_NO_OTHERS = "no other curls: CURLS=FOLDER with VERSION/curl files"


def _found() -> dict[str, str]:
    curls = {"installed": shutil.which("curl") or ""}
    if folder := os.environ.get("CURLS"):
        for path in sorted([*Path(folder).glob("*/curl"), *Path(folder).glob("*/bin/curl")]):
            curls[path.relative_to(folder).parts[0]] = str(path)
    return {name: path for name, path in curls.items() if path}


#: The curls, by name, as parameters of a test; without others a parameter that skips and says what it needs.
CURLS = [pytest.param(path, id=name) for name, path in _found().items()]
if len(CURLS) < 2:
    CURLS.append(pytest.param("", id="others", marks=pytest.mark.skip(reason=_NO_OTHERS)))


def version_of(curl: str) -> tuple[int, ...]:
    """The version of its libcurl, as `suites.probes.proxy_environment` reads it."""
    text = subprocess.run([curl, "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"libcurl/(\d+)\.(\d+)\.(\d+)", text)
    assert match, text
    return tuple(map(int, match.groups()))
