"""`python -m lab`."""

from __future__ import annotations

import signal
import sys

from lab.cli import main

signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `python -m lab faults | head` is not an error
sys.exit(main(sys.argv[1:]))
