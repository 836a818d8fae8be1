"""The details of a row's outcome: action, component, causes, commands, compared with tests/data/row-details.txt.

`python -m tests.suites.test_row_details` writes that file again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from plugins.checks.check import OnVm
from tests.support.catalogue import CHECKS, FUNCTIONS, ROWS, WINDOWS_ROWS
from tests.support.fake_azure import VM_ID
from tests.support.paths import ROOT
from tests.support.suite_rows import Row

DETAILS = ROOT / "tests/data/row-details.txt"


def details(check: str) -> str:
    """The different details of a check's rows, in order."""
    rows: Sequence[Row] = [*ROWS.get(check, ()), *WINDOWS_ROWS.get(check, ())]
    if check in ("IMDS-002", "TOKEN-001"):  # their command needs the VM's resource id
        rows = [*rows, *(replace(row, vm=replace(row.vm, resource_id=VM_ID)) for row in rows)]
    return f"=== {check}\n" + "".join(sorted({_details(check, row) for row in rows}))


def _details(check: str, row: Row) -> str:
    outcome = row.outcome(FUNCTIONS[check])
    fields = {
        "action": outcome.action,
        "item": outcome.item,
        "component": outcome.component,
        "cause": outcome.shared_cause,
        "caused by": None if outcome.caused_by is None else " ".join(outcome.caused_by) or "-",
        "blocked by": " ".join(outcome.blocked_by),
    }
    commands = [f"  on the VM: {fix.command}" if isinstance(fix, OnVm) else f"  command: {fix}" for fix in outcome.fix]
    lines = [f"  {name}: {value}" for name, value in fields.items() if value]
    return "\n".join([outcome.status, *lines, *commands]) + "\n"


def _sections(path: Path) -> dict[str, str]:
    parts = path.read_text("utf-8").split("=== ")[1:]
    return {part.partition("\n")[0]: f"=== {part}" for part in parts}


SECTIONS = _sections(DETAILS) if DETAILS.exists() else {}


@pytest.mark.parametrize("check", CHECKS)
def test_the_details_of_every_row_are_those_that_were_reviewed(check: str) -> None:
    assert details(check) == SECTIONS[check]


if __name__ == "__main__":
    DETAILS.write_text("".join(map(details, CHECKS)), "utf-8")
