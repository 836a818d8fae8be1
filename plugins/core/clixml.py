"""CLIXML, in which PowerShell writes its errors to a stderr that is not a console, as the text that it stands for."""

from __future__ import annotations

import re
from html import unescape


def plain_errors(text: str) -> str:
    r"""The text with each block of CLIXML replaced by the strings of its error stream; the rest is unchanged.

    ::

        #< CLIXML
        <Objs Version="1.1.0.1" xmlns="..."><S S="Error">x : The term 'x' is not recognized_x000D__x000A_</S></Objs>
    """
    if "#< CLIXML" not in text and "<Objs Version=" not in text:
        return text
    return re.sub(r"<Objs\b.*?(?:</Objs>|\Z)", _errors, re.sub(r"\ufeff?#< CLIXML\r?\n?", "", text), flags=re.S)


#: A string of the error stream, or an error record as an object: its first ToString is the message.
_ERROR = re.compile(r'<S S="Error">(.*?)(?:</S>|\Z)|<Obj S="Error".*?<ToString>(.*?)(?:</ToString>|\Z)', re.S | re.I)
_CUT = re.compile(r"(?:<[^>]*|&\w*|_x?[0-9A-Fa-f]{0,4})\Z")


def _errors(block: re.Match[str]) -> str:
    whole = block[0].endswith("</Objs>")
    errors = unescape("".join(map("".join, _ERROR.findall(block[0] if whole else _CUT.sub("", block[0])))))
    units = re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), errors)
    # A character above U+FFFF is two escapes.
    return units.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
