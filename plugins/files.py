"""Writing files that are always whole, and only the owner's to read."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

__all__ = ["make_directory", "point_latest", "write_json", "write_text"]


def make_directory(path: Path) -> Path:
    """`path`, made with its parents where they are missing, each readable by its owner only."""
    for each in (*reversed(path.parents), path):
        each.mkdir(mode=0o700, exist_ok=True)
    return path


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` in one step: a reader, or a crash, finds the old file or the new one, never half."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            # A lone surrogate (an argument that was not UTF-8) must not stop a report.
            file.write(text.encode("utf-8", "backslashreplace").decode())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_json(path: Path, data: Any) -> None:
    """Write `data` as JSON, in one step."""
    write_text(path, json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n")


def point_latest(run_directory: Path) -> None:
    """Make ``latest`` beside `run_directory` point to it; a link that cannot be made is not worth a failed run."""
    link = run_directory.parent / "latest"
    fresh = run_directory.parent / f".latest-{run_directory.name}"
    try:
        fresh.symlink_to(run_directory.name, target_is_directory=True)
        os.replace(fresh, link)
    except OSError:
        fresh.unlink(missing_ok=True)
