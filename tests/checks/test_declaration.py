"""A wrong declaration of a check is refused with one sentence: `plugins.checks.check`."""

from __future__ import annotations

import re

import pytest

from plugins import check, probe, required
from plugins.checks.command import sh
from plugins.checks.quoting import ps


@pytest.mark.parametrize("id", ["SSH-1", "SSH-0001", "ssh-001", "SSH001", "XSSH-001 "])
def test_the_form_of_an_id(id: str) -> None:
    with pytest.raises(ValueError, match=rf"^check id {re.escape(repr(id))}: expected AREA-NNN, for example IMDS-002$"):
        check(id, required, remedy="Do it.", docs="https://example.org/")


def test_a_check_without_a_title() -> None:
    def test_nothing() -> str:
        return ""

    with pytest.raises(
        ValueError, match=r"^check SSH-001: test_nothing has no docstring; its first line is the check's title$"
    ):
        check("SSH-001", required, remedy="Do it.", docs="https://example.org/")(test_nothing)


def test_a_probe_is_no_fixture_of_an_ordinary_test() -> None:
    declared = probe("true", timeout=1)
    with pytest.raises(RuntimeError) as refused:
        declared._get_wrapped_function()()
    assert str(refused.value) == (
        "a probe is read by checks only (see plugins.judge.evaluate); an ordinary test cannot take it"
    )


@pytest.mark.parametrize(
    ("template", "values", "problem"),
    [("az {}", (), "'az {}' has more places than values"), ("az", ("x",), "'az' has fewer places than values")],
)
def test_a_command_has_as_many_values_as_places(template: str, values: tuple[str, ...], problem: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        sh(template, *values)
    assert str(refused.value) == problem


def test_a_text_of_powershell_holds_no_nul() -> None:
    with pytest.raises(ValueError, match=r"^'a\\x00b' has a NUL in it, which no command on Windows can carry$"):
        ps("a\0b")
