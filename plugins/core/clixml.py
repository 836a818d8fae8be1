"""CLIXML, in which PowerShell writes its errors to a stderr that is not a console, as the text that it stands for."""

from __future__ import annotations

import re
from html import unescape


def plain_errors(text: str) -> str:
    r"""The text with each block of CLIXML replaced by the strings of its error stream; all else stays.

    ::

        #< CLIXML
        <Objs Version="1.1.0.1" xmlns="..."><S S="Error">x : The term 'x' is not recognized_x000D__x000A_</S></Objs>
    """
    if "#< CLIXML" not in text:
        return text

    def strings(block: re.Match[str]) -> str:
        errors = "".join(re.findall(r'<S S="Error">(.*?)(?:</S>|\Z)', block[0], re.S))
        return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), unescape(errors))

    return re.sub(r"<Objs\b.*?(?:</Objs>|\Z)", strings, re.sub(r"#< CLIXML\r?\n?", "", text), flags=re.S)
