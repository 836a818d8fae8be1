"""The version of the suite, as `pyproject.toml` has it: the project runs in place, so no package metadata exist."""

from __future__ import annotations

import tomllib
from pathlib import Path

_PROJECT = Path(__file__).parents[2] / "pyproject.toml"

SUITE_VERSION = str(tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]["version"])
