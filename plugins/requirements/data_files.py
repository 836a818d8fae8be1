"""The data files: values that change when Microsoft edits a page. Each has its sources and their dates."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

FOLDER = Path(__file__).parent / "data"


@cache
def read_table(name: str) -> dict[str, Any]:
    """The contents of `data/NAME.toml`, read once; not to be changed. Raises `OSError`, `tomllib.TOMLDecodeError`."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def read_as(name: str, kind: type[T]) -> T:
    """The same as a dataclass, which may leave out keys. Raises `msgspec.ValidationError` as well."""
    return msgspec.convert(read_table(name), kind)
