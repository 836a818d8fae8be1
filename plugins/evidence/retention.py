"""``--keep N``: removes the directories of old runs.

The folder of reports belongs to the operator, and may have other content. Only a certain run of this
suite that has ended is removed: a real directory whose name is a run id, in which run.json has the same id and
results.json is a file. Links are not followed. A run that another process has locked stays.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Collection
from pathlib import Path

from plugins.core.files import InUseError, lock_directory, read_regular

#: The name of a run directory, ``20261121T221500Z-3f9a``: names sort by time.
RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}")

_LARGEST = 64 * 1024 * 1024  # bytes of a run.json: it lists the fleet


def remove_old_runs(reports: Path, keep: int, never: Collection[str]) -> tuple[list[str], list[str]]:
    """Remove all but the newest `keep` runs of `reports`; never those whose ids are in `never`.

    Returns the ids of the removed runs, and sentences about those that could not be removed.
    """
    runs = sorted((path for path in reports.iterdir() if _is_run(path)), key=lambda path: path.name, reverse=True)
    removed: list[str] = []
    problems: list[str] = []
    for path in runs[keep:]:
        if path.name in never:
            continue
        try:
            lock = lock_directory(path)
            try:
                shutil.rmtree(path)
            finally:
                os.close(lock)
            removed.append(path.name)
        except InUseError as error:
            problems.append(f"{path.name} is in use by {error}")
        except OSError as error:
            problems.append(f"{path.name} could not be removed ({error.strerror or error})")
    return removed, problems


def _is_run(path: Path) -> bool:
    if not RUN_ID.fullmatch(path.name) or path.is_symlink() or not path.is_dir():
        return False
    record, results = path / "run.json", path / "results.json"
    if record.is_symlink() or not record.is_file() or results.is_symlink() or not results.is_file():
        return False
    try:
        record_data = json.loads(read_regular(record, _LARGEST))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(record_data, dict) and record_data.get("id") == path.name
