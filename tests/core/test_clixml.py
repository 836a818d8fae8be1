"""PowerShell's CLIXML as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.core.clixml import plain_errors

ERROR = (
    '#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">'
    '<Obj S="progress" RefId="0"><TN RefId="0"><T>System.Object</T></TN><MS><I64 N="SourceId">1</I64></MS></Obj>'
    '<S S="Error">x : The term \'x\' is not recognized &lt;here&gt;_x000D__x000A_</S><S S="Error">At line:1</S></Objs>'
)


def test_the_strings_of_the_error_stream() -> None:
    assert plain_errors(ERROR) == "x : The term 'x' is not recognized <here>\r\nAt line:1"
    assert (
        plain_errors(f"before\n{ERROR}after") == "before\nx : The term 'x' is not recognized <here>\r\nAt line:1after"
    )


def test_a_block_that_was_cut() -> None:
    assert plain_errors(ERROR[:-20]).startswith("x : The term 'x' is not recognized")
    assert plain_errors("#< CLIXML\n") == ""


def test_a_block_without_its_head() -> None:
    assert plain_errors(ERROR.partition("\n")[2]) == "x : The term 'x' is not recognized <here>\r\nAt line:1"


@pytest.mark.parametrize(
    ("errors", "text"),
    [
        ('<S S="Error">_xD83D__xDE00_ M&#252;ller</S></Objs>', "\U0001f600 Müller"),
        ('<S S="Error">_xD83D_</S></Objs>', "\ufffd"),
        ('<S S="Error">_x005F_x000A_</S></Objs>', "_x000A_"),
        ('<S S="Error">a_x000A_</S><S S="Er', "a\n"),
        ('<S S="Error">a_x00', "a"),
        ('<S S="Error">a &l', "a "),
        ('<Obj S="Error"><TN><T>x</T></TN><ToString>a</ToString><MS><Obj><ToString>b</ToString></Obj></MS></Obj></Objs>', "a"),
        ('<S S="Error">a</S></Objs>\ufeff#< CLIXML\r\n<Objs Version="1.1.0.1"><S S="Error">b</S></Objs>', "ab"),
        ('<S S="warning">a</S><S S="Error" /></Objs>', ""),
    ],
)  # fmt: skip
def test_errors_of_every_form(errors: str, text: str) -> None:
    assert plain_errors(f'#< CLIXML\r\n<Objs Version="1.1.0.1">{errors}') == text


@given(st.text())
def test_other_text_stays(text: str) -> None:
    assert plain_errors(text) == text or "#< CLIXML" in text or "<Objs Version=" in text
