"""Every reader of a probe and every check, with answers that a hostile VM or a faulty Azure may send."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given

from plugins.checks.check import Check
from plugins.model import ProbeResult
from tests.support.suite_rows import Row
from tests.support.vm_text import PROBES, answers, azure_checks, bent_azure_rows, bent_rows, budget, guest_checks

DEFECT = "The check could not process the VM's answer"

on_guests = pytest.mark.parametrize(
    ("check", "function"), [pytest.param(*pair, id=pair[0].id) for pair in guest_checks()]
)
on_azure = pytest.mark.parametrize(
    ("check", "function"), [pytest.param(*pair, id=pair[0].id) for pair in azure_checks()]
)


@pytest.mark.parametrize("name", [name for name, probe in PROBES.items() if probe.read])
def test_a_reader_understands_an_answer_or_says_what_it_expected(name: str) -> None:
    read = PROBES[name].read
    assert read is not None

    @budget
    @given(answers(name))
    def holds(seen: ProbeResult) -> None:
        with suppress(ValueError):
            read(seen)

    holds()


@on_guests
def test_a_check_judges_whatever_a_vm_answers(check: Check, function: Callable[..., str]) -> None:
    @budget
    @given(bent_rows(check))
    def holds(row: Row) -> None:
        assert DEFECT not in row.judged(function)[1]

    holds()


@on_azure
def test_a_check_judges_whatever_azure_answers(check: Check, function: Callable[..., str]) -> None:
    @budget
    @given(bent_azure_rows(check))
    def holds(row: Row) -> None:
        assert DEFECT not in row.judged(function)[1]

    holds()
