"""The catalogue, looked at as a whole: every check is a page, and has its table."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from plugins.checks.check import Check, check_of
from plugins.model import Status
from tests.support.paths import ROOT
from tests.support.suite_rows import PROFILE, VM, Row

#: The check ids of the whole catalogue: what `causes` may name, also before it is written.
AREAS = {
    "SSH": 3,
    "PLATFORM": 6,
    "CLI": 3,
    "VM": 6,
    "CLOUDINIT": 2,
    "CSN": 3,
    "PROXY": 6,
    "IMDS": 4,
    "DNS": 1,
    "NET": 3,
    "IDENTITY": 2,
    "ROLES": 3,
    "TOKEN": 4,
    "AGENT": 7,
    "ENROLL": 3,
}


def checks_of(module_name: str) -> list[tuple[Check, Callable[..., str]]]:
    module = importlib.import_module(module_name)
    functions = [each for each in vars(module).values() if inspect.isfunction(each)]
    return [(check, each) for each in functions if (check := check_of(each))]


MODULES = [f"suites.{path.stem}" for path in sorted((ROOT / "suites").glob("test_*.py"))]
CHECKS = {module: checks_of(module) for module in MODULES}
ALL = [pair for pairs in CHECKS.values() for pair in pairs]
EACH = [pytest.param(check, function, id=check.id) for check, function in ALL]
ROWS: dict[str, list[Row]] = {}
for path in sorted(Path(__file__).parent.glob("test_rows_*.py")):
    tables = importlib.import_module(f"tests.suites.{path.stem}")
    for value in vars(tables).values():
        if inspect.isfunction(value) and (found := re.fullmatch(r"test_([a-z]+_\d{3})", value.__name__)):
            marks = getattr(value, "pytestmark", [])
            ROWS[found[1].upper().replace("_", "-")] = next(
                mark.args[1] for mark in marks if mark.name == "parametrize"
            )


def test_the_checks_of_this_version() -> None:
    assert sorted(check.id for check, _ in ALL) == [
        "AGENT-001",
        "AGENT-002",
        "AGENT-003",
        "AGENT-004",
        "AGENT-005",
        "AGENT-006",
        "AGENT-007",
        "CLI-001",
        "CLI-002",
        "CLI-003",
        "CLOUDINIT-001",
        "CLOUDINIT-002",
        "CSN-001",
        "CSN-002",
        "CSN-003",
        "DNS-001",
        "ENROLL-001",
        "ENROLL-002",
        "ENROLL-003",
        "IDENTITY-001",
        "IDENTITY-002",
        "IMDS-001",
        "IMDS-002",
        "IMDS-003",
        "IMDS-004",
        "NET-001",
        "NET-002",
        "NET-003",
        "PLATFORM-001",
        "PLATFORM-002",
        "PLATFORM-003",
        "PLATFORM-004",
        "PLATFORM-005",
        "PLATFORM-006",
        "PROXY-001",
        "PROXY-002",
        "PROXY-003",
        "PROXY-004",
        "PROXY-005",
        "PROXY-006",
        "ROLES-001",
        "ROLES-002",
        "ROLES-003",
        "SSH-001",
        "SSH-002",
        "SSH-003",
        "TOKEN-001",
        "TOKEN-002",
        "TOKEN-003",
        "TOKEN-004",
        "VM-001",
        "VM-002",
        "VM-003",
        "VM-004",
        "VM-005",
        "VM-006",
    ]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_holds_one_area_in_order(module: str) -> None:
    ids = [check.id for check, _ in CHECKS[module]]
    assert ids == sorted(ids)
    assert {check.area for check, _ in CHECKS[module]} == {
        module.removeprefix("suites.test_").partition("_")[0].upper()
    }


@pytest.mark.parametrize(("check", "function"), EACH)
class TestEach:
    def test_the_title_is_a_short_sentence(self, check: Check, function: Callable[..., str]) -> None:
        assert 10 <= len(check.title) <= 70
        assert check.title[0].isupper()
        assert not re.search(r"\b(not|no|fails?)\b", check.title) or check.id == "IMDS-004"

    def test_the_docstring_says_success_failure_and_unknown(self, check: Check, function: Callable[..., str]) -> None:
        text = inspect.getdoc(function) or ""
        assert all(f"\n{word}: " in text for word in ("Success", "Failure", "Unknown"))

    def test_the_remedy_says_what_to_do(self, check: Check, function: Callable[..., str]) -> None:
        assert len(check.remedy) >= 30
        assert not re.search(r"\b(todo|tbd|fixme|xxx|placeholder)\b", check.remedy, re.I)

    def test_the_link_is_one(self, check: Check, function: Callable[..., str]) -> None:
        assert re.fullmatch(r"https://learn\.microsoft\.com/azure/[\w/#.-]+", check.docs)

    def test_relations_name_checks(self, check: Check, function: Callable[..., str]) -> None:
        written = {other.id for other, _ in ALL}
        assert set(check.after) <= written
        assert check.id not in (*check.after, *check.causes)
        for cause in check.causes:
            area, _, number = cause.partition("-")
            assert 1 <= int(number) <= AREAS[area]
        assert len(set(check.causes)) == len(check.causes)

    def test_parameters_are_there_for_a_plain_vm(self, check: Check, function: Callable[..., str]) -> None:
        for name, each in check.each.items():
            values = each(VM, PROFILE)
            assert values
            assert len({str(value) for value in values}) == len(values)
            assert name in inspect.signature(function).parameters

    def test_there_is_a_page(self, check: Check, function: Callable[..., str]) -> None:
        page = (ROOT / "docs" / "checks" / f"{check.id}.md").read_text()
        assert page.startswith(f"# {check.id}: {check.title}\n")
        assert [line for line in page.splitlines() if line.startswith("## ")] == [
            "## Question",
            "## How it is judged",
            "## Remediation",
            "## Further information",
        ]
        assert check.docs in page
        assert check.base_severity.value in page
        assert not re.search(r"\b(todo|tbd|fixme)\b", page, re.I)

    def test_the_table_passes_and_fails(self, check: Check, function: Callable[..., str]) -> None:
        rows = ROWS[check.id]
        seen = {row.status for row in rows}
        assert Status.PASS in seen
        if check.id == "SSH-001":  # what cannot be looked at is not known to be bad
            assert Status.FAIL not in seen
            assert Status.UNKNOWN in seen
        else:
            assert seen & {Status.FAIL, Status.WARN}
        assert len({row.name for row in rows}) == len(rows)

    def test_a_remedy_goes_with_every_trouble(self, check: Check, function: Callable[..., str]) -> None:
        for row in ROWS[check.id]:
            assert bool(row.remedy) == (row.status not in (Status.PASS, Status.NOT_APPLICABLE)), row.name


def test_no_page_without_a_check() -> None:
    pages = {path.stem for path in (ROOT / "docs" / "checks").glob("*-[0-9][0-9][0-9].md")}
    assert pages == {check.id for check, _ in ALL}


def test_ids_are_unique() -> None:
    ids = [check.id for check, _ in ALL]
    assert len(set(ids)) == len(ids)
