"""`make test-windows` with a stand-in for Wine, which runs its argument."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT

_SCRIPT = ROOT / "scripts" / "test-windows"


def _program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def _run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    _program(folder / "x86_64-w64-mingw32-gcc", "")
    unset = dict.fromkeys(["WINE_PWSH", "WINDOWS_BUSYBOX", "WINDOWS_CURLS", "WINEPREFIX"], "")
    environment = {**os.environ, "PATH": f"{folder}:/usr/bin:/bin", **unset, **variables}
    return subprocess.run([_SCRIPT, *arguments], env=environment, capture_output=True, text=True, timeout=100)


@pytest.mark.parametrize(
    ("wine", "variables", "words"),
    [
        (False, {}, ["wine64", "WINE_PWSH", "WINDOWS_BUSYBOX", "WINDOWS_CURLS"]),
        (True, {"WINDOWS_BUSYBOX": "/bin/sh"}, ["WINE_PWSH", "WINDOWS_CURLS"]),
        (
            True,
            {"WINE_PWSH": "/bin/sh", "WINDOWS_BUSYBOX": "/bin/sh", "WINDOWS_CURLS": "/dev"},
            ["curl.exe"],
        ),
    ],
)
def test_one_sentence_names_what_is_missing(
    wine: bool, variables: dict[str, str], words: list[str], tmp_path: Path
) -> None:
    if wine:
        _program(tmp_path / "wine", 'exec "$@"')
    done = _run(tmp_path, **variables)
    assert done.returncode == 2
    assert done.stderr.startswith("The Windows tests were not run under Wine. Missing: ")
    assert done.stderr.count("\n") == 1 and [word for word in words if word not in done.stderr] == []
    assert done.stderr.count("; ") == len(words) - 1


def test_the_tests_get_a_powershell_that_wine_runs(tmp_path: Path) -> None:
    """With a Windows PATH, the folder of curl.exe first in it, and a terminal although the run has none."""
    (tmp_path / "curl.exe").touch()
    _program(tmp_path / "wine", 'exec "$@"')
    pwsh = _program(tmp_path / "pwsh.exe", f'[ -t 2 ] && printf "%s\\n" "$WINEPATH" "$*" $$ >{tmp_path}/seen')
    test = tmp_path / "test_x.py"
    test.write_text(
        "import os, subprocess\n\n\ndef test_it():\n"
        "    started = subprocess.Popen([os.environ['PWSH'], '-NoProfile', 'a b'])\n"
        "    assert started.wait(60) == 0\n"
        f"    assert open('{tmp_path}/seen').read().endswith(f'\\n{{started.pid}}\\n')\n"
        "    assert os.access(os.environ['WINDOWS_PROGRAMS'] + '/sh.exe', os.X_OK)\n"
    )
    done = _run(
        tmp_path,
        *("-q", "-p", "no:cacheprovider", str(test)),
        WINE_PWSH=str(pwsh),
        WINDOWS_BUSYBOX="/bin/sh",
        WINDOWS_CURLS=str(tmp_path),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    path, arguments, _ = (tmp_path / "seen").read_text().splitlines()
    assert path.startswith(f"Z:{tmp_path};Z:/") and path.endswith(f";Z:{tmp_path};Z:/usr/bin;Z:/bin")
    assert arguments == "-NoProfile a b"
