"""A fixture: a checkout with the small suite (`tests.support.small_suite`), and a fleet that answers from a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.small_suite import SUITE, check_out


class Checkout:
    """A separate checkout, in which `tests.support.fake_fleet` replaces SSH."""

    #: The answers of a healthy VM.
    good = {"cat /word": "right", "cat /number": "4", "cat /colour/red": "red", "cat /colour/blue": "blue", "id -u": "0"}  # fmt: skip  # noqa: RUF012

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.path = pytester.path
        self.run = pytester.runpytest_subprocess
        check_out(pytester, SUITE, 'pytest_plugins.insert(0, "tests.support.fake_fleet")\n')

    def fleet(self, **vms: Any) -> None:
        """Set the VMs' answers."""
        (self.path / "fleet.json").write_text(json.dumps(vms))

    def visits(self) -> list[str]:
        """The VMs visited since the last call."""
        log = self.path / "visits.log"
        names = log.read_text().split() if log.exists() else []
        log.write_text("")
        return names

    @property
    def directory(self) -> Path:
        """The only run directory."""
        (actual,) = (self.path / "reports").glob("2*")
        return actual

    def results(self, directory: Path | None = None) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(((directory or self.directory) / "results.json").read_text())
        return document

    def readiness(self, directory: Path | None = None) -> dict[str, str]:
        return {vm["name"]: vm["readiness"] for vm in self.results(directory)["vms"]}


@pytest.fixture
def checkout(pytester: pytest.Pytester) -> Checkout:
    return Checkout(pytester)
