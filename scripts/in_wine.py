"""in_wine.py WINE PROGRAM...: become Wine, which runs a Windows program with $WINDOWS_PATH first in its PATH.

PowerShell for Windows needs a console: its stderr is a pseudo-terminal, which a child of this process reads.
"""

from __future__ import annotations

import os
import sys


def main(wine: str, *program: str) -> None:
    """Run it with the same process id. Wine's drive Z: has the paths of this machine."""
    folders = [*os.environ.get("WINDOWS_PATH", "").split(":"), *os.environ["PATH"].split(":")]
    os.environ["WINEPATH"] = ";".join(f"Z:{folder}" for folder in folders if folder)
    terminal, console = os.openpty()
    if os.fork():
        os.dup2(console, 2)
        os.execv(wine, ["wine", *program])
    os.dup2(terminal, 0)
    os.closerange(1, 1024)
    while os.read(0, 4096):
        pass  # a failure: no process has the terminal open any more


if __name__ == "__main__":
    main(*sys.argv[1:])
