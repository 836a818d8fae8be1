"""Run zizmor on every workflow of this repository, also the samples, offline. Exit with 1 on a finding."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).parent.parent
ZIZMOR = Path(sys.executable).with_name("zizmor")


def workflows(top: Path = TOP) -> list[Path]:
    """The GitHub workflows and actions anywhere below a folder, except in the folders of tools."""
    kept = (".venv", "reports", "node_modules")
    paths = [path for ending in ("yml", "yaml") for path in top.rglob(f"*.{ending}")]
    return sorted(path for path in paths if not set(kept) & set(path.relative_to(top).parts) and _is_workflow(path))


def _is_workflow(path: Path) -> bool:
    """Whether it is a workflow or an action: a workflow has `on:` (Azure Pipelines do not), an action has `runs:`."""
    return any(line.startswith(("on:", '"on":', "runs:")) for line in path.read_text("utf-8").splitlines())


def findings(paths: list[Path]) -> int:
    """Lint these, print the findings, and return zizmor's exit status."""
    # The persona "pedantic" also reports undeclared permissions, missing names, and expressions that could be
    # variables.
    arguments = ["--offline", "--no-progress", "--no-config", "--persona=pedantic", "--quiet"]
    return subprocess.run([str(ZIZMOR), *arguments, *map(str, paths)], check=False).returncode


if __name__ == "__main__":
    sys.exit(findings(workflows()))
