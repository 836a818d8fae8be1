"""Runs zizmor over every workflow of this repository, the samples included, without a network. Exits 1 on a finding."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).parent.parent
ZIZMOR = Path(sys.executable).with_name("zizmor")


def workflows(top: Path = TOP) -> list[Path]:
    """The GitHub workflows and actions below a folder, wherever a sample stands; nothing that tools keep there."""
    kept = (".venv", "reports", "node_modules")
    paths = [path for ending in ("yml", "yaml") for path in top.rglob(f"*.{ending}")]
    return sorted(path for path in paths if not set(kept) & set(path.relative_to(top).parts) and _is_workflow(path))


def _is_workflow(path: Path) -> bool:
    """Azure Pipelines have jobs too, but no `on:`; a composite action has `runs:`."""
    return any(line.startswith(("on:", '"on":', "runs:")) for line in path.read_text("utf-8").splitlines())


def findings(paths: list[Path]) -> int:
    """Lint these, and print what there is; zizmor's exit status."""
    # pedantic: no permission that is not asked for, no name that is missing, no expression that could be a variable.
    arguments = ["--offline", "--no-progress", "--no-config", "--persona=pedantic", "--quiet"]
    return subprocess.run([str(ZIZMOR), *arguments, *map(str, paths)], check=False).returncode


if __name__ == "__main__":
    sys.exit(findings(workflows()))
