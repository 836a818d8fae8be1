from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.checks import Check
from plugins.model import Status
from plugins.probes import Probe
from tests.hostile.vm_text import PROBES, answers, bent_rows, guest_checks
from tests.suites.test_catalogue import ROWS


@pytest.mark.parametrize("name", [name for name, probe in PROBES.items() if probe.read])
def test_reader(name: str) -> None:
    read = PROBES[name].read

    @settings(max_examples=300, deadline=None)
    @given(answers(name))
    def total(seen):
        try:
            read(seen)
        except ValueError:
            pass

    total()


@pytest.mark.parametrize(("check", "function"), [pytest.param(c, f, id=c.id) for c, f in guest_checks()])
def test_check(check, function) -> None:
    @settings(max_examples=200, deadline=None)
    @given(bent_rows(ROWS[check.id]))
    def judged(row):
        status, message, remedy = row.judged(function)
        assert "The check stopped on what the VM answered" not in message, message

    judged()
