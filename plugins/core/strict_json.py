"""Parse JSON that may be damaged or untrusted: strictly, and checked against a type. No file gets a NaN.

The types are the schema: `plugins.model`, `plugins.evidence.records` and `plugins.azure.snapshot` declare what a saved
file contains, with limits where a wrong value could do harm. Unknown fields are ignored, so an older
suite reads files of a newer one.
"""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from typing import Any, NoReturn, TypeVar

import msgspec

T = TypeVar("T")

#: JSON values of a file, which has some thousand for a VM: even a short one takes up to 100 bytes of memory.
_MOST_VALUES = 500_000
_LONGEST = 300  # characters of the problem with a value, which may quote it

#: `json.dumps` would make a new encoder for every call.
encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def encode_large(value: Any) -> bytes:
    """The same of data without a NaN, which would be a null (`plugins.core.sanitize.harmless` refuses it): in a fifth
    of the time."""
    try:
        return msgspec.json.encode(value)
    except (UnicodeError, OverflowError):  # a lone surrogate; an integer of more than 64 bits
        return encode(value).encode("utf-8", "backslashreplace")


def parse(raw: bytes, *, of_a_fleet: bool = False) -> Any:
    """The value of a JSON text. Raises ValueError for everything outside RFC 8259, for a duplicate key,

    and for more values than a VM has, or, `of_a_fleet`, than a file of this length has.
    """
    most = _most_values(raw) if of_a_fleet else _MOST_VALUES
    if len(raw) > most and sum(map(raw.count, (b",", b"[", b"{"))) > most:
        raise ValueError(f"it has more than {most:,} values")
    try:
        return json.loads(raw, parse_constant=_refuse, parse_float=_finite, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _most_values(raw: bytes) -> int:
    """The limit for a file about a whole fleet: a fleet file has at most one value in 11 bytes."""
    return _MOST_VALUES + len(raw) // 8


def quick(raw: bytes, kind: type[T], fields: Container[str]) -> T | None:
    """A large object as `encode` writes it, as a `kind`; fields unknown to `kind` are never in memory.

    None otherwise: for blanks, fields that are not among `fields`, a duplicate one, and everything that
    `parse` and `checked` refuse; they report the reason.
    """
    if raw.count(b",") > _most_values(raw):
        return None
    try:
        members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        length = 1 + sum(len(name) + len('"":,') + len(bytes(value)) for name, value in members.items())
        if length != len(raw.removesuffix(b"\n")) or not all(name in fields for name in members):
            return None
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def checked(data: Any, kind: type[T], place: str = "") -> T:
    """`data` as a `kind`: a dataclass or a TypedDict. Raises ValueError: the place below `place`, and the problem."""
    try:
        return msgspec.convert(data, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        text, _, where = str(error).partition(" - at `$")
        where = f"{place}{where.rstrip('`')}".lstrip(".")
        text = text.replace("`", "").replace(" | null", " or null")[:_LONGEST]
        raise ValueError(f"{where}: {text[:1].lower()}{text[1:]}" if where else text[:1].lower() + text[1:]) from None


def whole(data: Any, kind: type[T], place: str = "") -> T:
    """The same, when every field of the dataclass is present: a missing field does not get its default."""
    record = checked(data, kind, place)
    if not kind.__annotations__.keys() <= data.keys():
        missing = next(name for name in kind.__annotations__ if name not in data)
        raise ValueError(f"{place}: object missing required field {missing}".removeprefix(": "))
    return record


def check_version(data: Any, *known: int) -> None:
    """Raises ValueError unless `data` is an object with one of these versions."""
    if isinstance(data, Mapping) and "version" not in data:
        raise ValueError("object missing required field version")
    version = data.get("version") if isinstance(data, Mapping) else None
    if type(version) is not int or version not in known:
        raise ValueError(f"it has format {version!r:.20}, this suite reads {' and '.join(map(str, known))}")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    if (number := float(text)) - number:  # 1e999 becomes an infinity; inf - inf is NaN
        raise ValueError(f"the number {text[:20]} is too large")
    return number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:40]!r} occurs twice")
    return data
