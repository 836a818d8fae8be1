"""A check that is declared wrongly is refused with one sentence: `plugins.checks.check`."""

from __future__ import annotations

import re

import pytest

from plugins import check, required


@pytest.mark.parametrize("id", ["SSH-1", "SSH-0001", "ssh-001", "SSH001", "XSSH-001 "])
def test_the_form_of_an_id(id: str) -> None:
    with pytest.raises(ValueError, match=rf"^check id {re.escape(repr(id))}: expected AREA-NNN, for example IMDS-002$"):
        check(id, required, remedy="Do it.", docs="https://example.org/")


def test_a_check_without_a_title() -> None:
    def test_nothing() -> str:
        return ""

    with pytest.raises(
        ValueError, match=r"^check SSH-001: test_nothing has no docstring; its first line is the check's"
    ):
        check("SSH-001", required, remedy="Do it.", docs="https://example.org/")(test_nothing)
