"""What the stages of a session hand to each other: the keys of pytest's stash."""

from __future__ import annotations

import pytest

from plugins.judge.judge import Judge
from plugins.pytest_adapter.run import Run
from plugins.results.accumulator import FleetAccumulator

__all__ = ["ACCUMULATOR", "JUDGE", "RUN"]

#: From the start of the session on.
RUN = pytest.StashKey[Run]()

#: From the end of the collection on.
JUDGE = pytest.StashKey[Judge]()
ACCUMULATOR = pytest.StashKey[FleetAccumulator]()
