"""The exit codes of our own; the others are pytest's."""

from __future__ import annotations

#: A check failed, or a gate was not met: pytest's code for failed tests.
EXIT_FAIL = 1

#: Nothing failed, but something could not be judged.
EXIT_UNKNOWN = 10
