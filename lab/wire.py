"""A delay between the controller and the VMs: `delay.c`, compiled only for a lab with `--delay`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from lab.errors import LabError

#: The two interfaces in the fabric that it connects: to the controller, and to the bridge.
ENDS = ("wire0", "wire1")

_SOURCE = Path(__file__).with_name("delay.c")


def trouble() -> str:
    """Why this machine cannot add a delay; "" if it can."""
    return "" if _compiler() else "--delay needs a C compiler (cc); on Debian: apt-get install gcc libc6-dev"


def build(program: Path) -> None:
    """Compile delay.c."""
    compiler = _compiler()
    assert compiler, "trouble() was asked before"
    done = subprocess.run(
        [compiler, "-O2", "-o", str(program), str(_SOURCE)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        output = (done.stderr or done.stdout).strip().splitlines() or [f"exit status {done.returncode}"]
        raise LabError(f"the compiler refuses {_SOURCE.name}, which --delay needs: {output[0]}")


def _compiler() -> str | None:
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
