"""The items of a run for pytest and its plugins, and the catalogue of checks."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plugins.checks.check import check, check_of, required
from plugins.model import Vm
from plugins.pytest_adapter import catalogue
from plugins.pytest_adapter.items import CheckFunction, CheckItem
from tests.support.suite_rows import PROFILE


@check(
    "VM-001",
    required,
    remedy="Make it.",
    docs="https://example.org/",
    parametrize={"number": lambda vm, profile: [1, 2]},
)
def exists(vm: Vm, number: int) -> str:
    """The VM exists."""
    return "It exists."


def test_an_item_is_named_by_its_vm_and_its_parameters() -> None:
    declared = check_of(exists)
    assert declared is not None
    node: Any = SimpleNamespace(
        name="exists",
        nodeid="suites/test_x.py::exists",
        location=("suites/test_x.py", 6, "exists"),
        reportinfo=lambda: (Path("suites/test_x.py"), 6, "exists"),
        parent=None,
        config=None,
        session=None,
        path=Path("suites/test_x.py"),
    )
    item = CheckItem.made(CheckFunction(declared, exists, {}, node, None), Vm("vm-a"), (2,))
    assert (item.name, repr(item)) == ("exists[vm-a-2]", "<Check exists[vm-a-2]>")
    assert item.nodeid == "suites/test_x.py::exists[vm-a-2]"
    assert item.location == ("suites/test_x.py", 6, "exists[vm-a-2]")
    assert item.reportinfo() == (Path("suites/test_x.py"), 6, "exists[vm-a-2]")
    item.stash[KEY] = "kept"
    assert item.stash[KEY] == "kept"
    with pytest.raises(RuntimeError, match=r"^suites/test_x\.py::exists\[vm-a-2\]: a check is judged, not run"):
        item.runtest()


KEY = pytest.StashKey[str]()

MODULE = """
from plugins import *

@check("VM-001", required, remedy="Make it.", docs="https://example.org/")
def test_it(vm):
    'It is.'
    return "It is."
"""


def test_checks_of_modules_that_were_not_collected_count(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / "test_of_a_broken_catalogue.py", tmp_path / "test_of_a_whole_catalogue.py"]
    for path, text in zip(paths, ("import nothing_of_this_name", MODULE), strict=True):
        path.write_text(text)
    monkeypatch.setattr(catalogue, "_modules", lambda config, collected: paths)
    monkeypatch.setattr(catalogue, "_selecting_options", lambda config: ["--check=X"])
    run: Any = SimpleNamespace(scope=SimpleNamespace(vms=[Vm("a")]), rules=SimpleNamespace(profile=PROFILE))
    coverage = catalogue.measure(request.session, [], run)
    assert coverage.left_out([]) == ["VM-001"]
    assert coverage.reasons == ["test_of_a_broken_catalogue.py cannot be loaded", "--check=X"]
    assert coverage.stopped
