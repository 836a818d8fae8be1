"""Does requirements.lock still answer to pyproject.toml? Says which package does not, and exits 1. Offline."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).parent.parent


def main() -> int:
    """Compare every dependency that pyproject.toml states with the version that the lock installs."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))
    groups = project["dependency-groups"]
    stated = [*project["project"]["dependencies"], *groups["store"], *groups["dev"]]
    # A line of the lock: ruff==0.17.6 \
    lock = (TOP / "requirements.lock").read_text("utf-8")
    locked = {
        canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", lock, re.MULTILINE)
    }
    wrong = 0
    for requirement in map(Requirement, stated):
        version = locked.get(canonicalize_name(requirement.name))
        if version is None or version not in requirement.specifier:
            seen = f"has {version}" if version else "does not have it"
            print(f"pyproject.toml asks for {requirement}, requirements.lock {seen}. Run make lock.", file=sys.stderr)
            wrong = 1
    return wrong


if __name__ == "__main__":
    sys.exit(main())
