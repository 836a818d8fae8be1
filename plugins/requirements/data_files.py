"""The data files: values that change when Microsoft edits a page. Each has its sources and their dates."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "data"


@cache
def read_table(name: str) -> dict[str, Any]:
    """The contents of `data/NAME.toml`, read once; not to be changed. Raises `OSError`, `tomllib.TOMLDecodeError`."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
