"""``--keep N`` in a complete run: after `latest` points to it, and without removing runs that it needs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.fleet_project import Checkout

pytest_plugins = ("pytester", "tests.support.fleet_project")
pytestmark = pytest.mark.slow


def _old(reports: Path, day: int) -> str:
    run = reports / f"202001{day:02}T080000Z-00{day:02x}"
    run.mkdir(parents=True)
    (run / "run.json").write_text(json.dumps({"id": run.name}))
    (run / "results.json").write_text("{}")
    return run.name


def test_old_runs_go_and_what_is_needed_stays(checkout: Checkout) -> None:
    checkout.fleet(a=checkout.good)
    reports = checkout.path / "reports"
    first = checkout.run("--vm=a", "--no-azure")
    assert first.ret == 0, first.stdout.str()
    baseline = (reports / "latest").resolve().name
    old = [_old(reports, day) for day in (1, 2, 3)]
    (reports / "notes").mkdir()
    done = checkout.run("--vm=a", "--no-azure", "--keep=1", "--against=latest")
    newest = (reports / "latest").resolve().name
    assert newest not in (baseline, *old)
    assert sorted(os.listdir(reports)) == sorted(("latest", "notes", baseline, newest))
    done.stdout.fnmatch_lines(["Removed 3 old runs (--keep=1)"])


@pytest.mark.parametrize("count", ["0", "-1", "x", "٣"])
def test_keep_refuses_what_is_not_a_number(checkout: Checkout, count: str) -> None:
    done = checkout.run("--vm=a", f"--keep={count}")
    assert done.ret == 4
    done.stderr.fnmatch_lines([f"*argument --keep: {count!r} is not a number of runs; expected 1 or more"])
