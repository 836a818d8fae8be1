"""The checks of `suites/` by id, and their tables: `ROWS` of each `tests/suites/rows_*.py`."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from dataclasses import replace

from plugins.checks.check import Check, check_of
from tests.support.paths import ROOT
from tests.support.suite_rows import WINDOWS_VM, Row

#: The checks in each area's module.
MODULES: dict[str, list[Check]] = {}
#: The test function of each check.
FUNCTIONS: dict[str, Callable[..., str]] = {}
#: The table of each check.
ROWS: dict[str, list[Row]] = {}
#: Additional rows for Windows VMs, by check.
WINDOWS_ROWS: dict[str, list[Row]] = {}

for _path in sorted((ROOT / "suites").glob("test_*.py")):
    _module = importlib.import_module(f"suites.{_path.stem}")
    _declared = [
        (check, function)
        for function in vars(_module).values()
        if inspect.isfunction(function) and (check := check_of(function))
    ]
    MODULES[_path.stem] = [check for check, _ in _declared]
    FUNCTIONS |= {check.id: function for check, function in _declared}
for _path in sorted((ROOT / "tests" / "suites").glob("rows_*.py")):
    _tables: dict[str, list[Row]] = importlib.import_module(f"tests.suites.{_path.stem}").ROWS
    _known = WINDOWS_ROWS if _path.stem.startswith("rows_windows") else ROWS
    assert not _known.keys() & _tables.keys(), f"{_path.name}: one table per check"
    _known |= _tables
WINDOWS_ROWS = {id: [replace(row, vm=WINDOWS_VM) for row in rows] for id, rows in WINDOWS_ROWS.items()}

CHECKS = {check.id: check for checks in MODULES.values() for check in checks}
