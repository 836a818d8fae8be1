"""The names of the files in a run directory and in a bundle."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.parse import quote

#: The operator's own profile at the time of the run.
PROFILE = "profile.toml"

#: The answers of Azure, and the versions of the Azure CLI on the machine that ran the suite.
AZURE, RUNNER = "azure.json", "runner.json"

#: How the name of a run directory begins: names sort by time.
RUN_NAME = re.compile(r"\d{8}T\d{6}Z-")

_LONGEST = 120  # leaves room for a suffix in the 255 bytes that file systems allow


def file_name(name: str) -> str:
    """A file name for a VM's name: readable, safe, and different for different names.

    Everything but letters, digits, ``.``, ``_`` and ``-`` is percent-encoded, and so is a leading dot. A result that is
    too long is cut and gets a hash after a ``~``, which no other result contains.
    """
    raw = name.encode("utf-8", "surrogatepass")
    safe = quote(raw, safe="").replace("~", "%7E")
    if safe.startswith("."):
        safe = "%2E" + safe[1:]
    if len(safe) > _LONGEST:
        return f"{safe[: _LONGEST - 33]}~{hashlib.sha256(raw).hexdigest()[:32]}"
    return safe or "%"


def evidence_path(name: str) -> str:
    """The file with the evidence of the VM `name`, within a run."""
    return f"evidence/{file_name(name)}.json"


def finished_runs(reports: Path) -> list[Path]:
    """The run directories with results, the newest first; not the link ``latest``."""
    runs = (path.parent for path in reports.glob("*/results.json") if RUN_NAME.match(path.parent.name))
    return sorted(runs, key=lambda run: run.name, reverse=True)
