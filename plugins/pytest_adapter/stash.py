"""The keys of pytest's stash, by which the stages of a session share objects."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.core.sanitize import Harmless
from plugins.judge.judge import Judge
from plugins.pytest_adapter.run import Run
from plugins.reports.html.plugin import HtmlReport
from plugins.results.accumulator import FleetAccumulator

#: Set in ``pytest_configure``.
RUN = pytest.StashKey[Run]()
HTML = pytest.StashKey[HtmlReport]()
JUNIT = pytest.StashKey[Path]()

#: Set at the end of the collection.
JUDGE = pytest.StashKey[Judge]()
ACCUMULATOR = pytest.StashKey[FleetAccumulator]()

#: Set in the report stage: the content of ``results.json``.
RESULTS = pytest.StashKey[Harmless]()
