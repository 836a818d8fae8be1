"""Patterns for codes of Windows: by name, as a number in a sentence of any language, or as an HRESULT.

A sentence of Windows is in the system's language, so only the name or the number of a status identifies it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

# "Error" in the languages of Windows, and the words before the number of an error in logs.
_WORD = (
    r"(?:err(?:or|eur|ore|o|no)?|fehler|fout|fel|feil|fejl|virhe|błąd|chyba|hiba|hata|ошибка|помилка|грешка|σφάλμα|eroare|"
    r"greška|napaka|klaida|kļūda|viga|lỗi|kesalahan|エラー|错误|錯誤|오류|שגיאה|خطأ|winsock|wsa|winhttp|wininet|code|status|état|"
    r"stato|estado|returning|returned|exited(?: with)?|failed(?: with)?|%%|hresult|win32exception|socketexception|"
    r"(?:wsa)?getlasterror\(\)|helpmsg)"
)
_OF_THE_SYSTEM = r"(?: (?:code|number|was|is|of|système|de sistema|di sistema|do sistema|systemu))?"
_BETWEEN = r"[ :=#'\"(\[]{0,3}"
# "status of the installation: "
_CLAUSE = r"[^\W\d]{0,20}(?: [^\s\d:]{1,16}){0,3} ?[:\uff1a=#] ?"
# Smaller numbers also count other things: they need the words for an error of Windows itself.
_MANY = 1000
_SYSTEM = (
    r"(?:winerror|os error|win32exception|system ?(?:error|fehler)|erreur système|error de sistema|errore di sistema|"
    r"erro de sistema|системная ошибка|システム ?エラー|系统错误|系統錯誤|시스템 오류)"
)
_SYSTEM_NEEDLES = [
    "WinError",
    "os error",
    "Win32Exception",
    "system",
    "système",
    "sistema",
    "системн",
    "システム",
    "系统",
    "系統",
    "시스템",
]
_WIN32 = 0x8007_0000  # the HRESULT of a Win32 error: this and the error
_END = r"(?!\w|[.,]\d)"


def _results(numbers: Iterable[int]) -> list[int]:
    return [number if number > 0xFFFF else _WIN32 + number for number in numbers if number]


def _signed(result: int) -> str:
    return str(result - (1 << 32))


def needles(codes: Mapping[str, int]) -> tuple[str, ...]:
    """Texts of which a line with one of these `codes` (name -> number; 0: it has none) holds one."""
    results = _results(codes.values())
    errors = [number for number in codes.values() if 0 < number <= 0xFFFF]
    large = [text for number in errors if number >= _MANY for text in (str(number), f"{number:X}")]
    small = ["[SC]", *_SYSTEM_NEEDLES] if any(number < _MANY for number in errors) else []
    numbers = [text for result in results for text in (f"{result:X}", _signed(result)[1:], str(result))]
    return (*codes, *large, *small, *numbers)


def pattern(codes: Mapping[str, int]) -> str:
    """A regular expression for a line with one of these `codes`."""
    results = _results(codes.values())
    errors = [number for number in codes.values() if 0 < number <= 0xFFFF]
    parts = [rf"(?<!\w)(?:{'|'.join(map(re.escape, codes))})(?!\w)"]
    if results:
        numbers = "|".join(text for result in results for text in (f"-?{_signed(result)[1:]}", str(result)))
        parts += [
            rf"(?<![0-9a-z])(?:0x)?(?:{'|'.join(f'{result:x}' for result in results)})(?!\w)",
            rf"(?<!\w)(?:{numbers})(?!\w)",
        ]
    if errors:
        parts.append(rf"\[SC\] [\w:]{{1,60}} [^\d\n]{{1,14}}(?:{'|'.join(map(str, errors))})(?= ?[:\uff1a])")
    if large := [number for number in errors if number >= _MANY]:
        decimal = "|".join(map(str, large))
        parts += [
            rf"(?:{_WORD}{_OF_THE_SYSTEM}{_BETWEEN}|{_WORD}{_CLAUSE}|winhttp\w{{1,30}}[: ]{{1,3}})['\"(]?"
            rf"(?:{decimal}){_END}",
            rf"[(\[](?:{decimal})[)\]]",
            rf"(?<!\w)0x0{{0,5}}(?:{'|'.join(f'{number:x}' for number in large)})(?!\w)",
        ]
    if small := [number for number in errors if number < _MANY]:
        parts.append(rf"{_SYSTEM}[ :=(]{{0,3}}(?:{'|'.join(map(str, small))}){_END}")
    return "|".join(parts)
