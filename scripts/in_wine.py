"""in_wine.py WINE PROGRAM...: become Wine, which runs a program for Windows, with the PATH as Windows writes it.

PowerShell for Windows needs a console: its stderr is a terminal that a child of this process reads to its end.
"""

from __future__ import annotations

import os
import sys


def main(wine: str, *program: str) -> None:
    """The process id stays; a path of this machine is below Wine's drive Z:."""
    folders = [*os.environ.get("WINDOWS_PATH", "").split(":"), *os.environ["PATH"].split(":")]
    os.environ["WINEPATH"] = ";".join(f"Z:{folder}" for folder in folders if folder)
    terminal, console = os.openpty()
    if os.fork():
        os.dup2(console, 2)
        os.execv(wine, ["wine", *program])
    os.dup2(terminal, 0)
    os.closerange(1, 1024)
    while os.read(0, 4096):
        pass  # until it fails: nothing has the console any more


if __name__ == "__main__":
    main(*sys.argv[1:])
