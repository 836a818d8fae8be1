"""The data files: what changes when Microsoft edits a page. Each has its sources and their dates in it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "data"


def read_table(name: str) -> dict[str, Any]:
    """The contents of `data/NAME.toml`. Raises `OSError` or `tomllib.TOMLDecodeError`."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
