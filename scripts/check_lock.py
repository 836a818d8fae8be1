"""Compare the two locks with pyproject.toml and each other, offline; print packages that differ, and exit with 1."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).parent.parent


def locked(name: str) -> dict[str, str]:
    """Every package of a lock, by canonical name, with its version."""
    # A line of the lock: ruff==0.17.6 \
    lock = (TOP / name).read_text("utf-8")
    return {canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", lock, re.MULTILINE)}


def problems() -> list[str]:
    """One line for each package that a lock lacks or has in a wrong version."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))
    groups = project["dependency-groups"]
    run = [*project["project"]["dependencies"], *groups["store"]]
    all_of_them = locked("requirements.lock")
    wrong = []
    for name, stated in (("requirements.lock", [*run, *groups["dev"]]), ("requirements-image.lock", run)):
        packages = locked(name)
        for requirement in map(Requirement, stated):
            version = packages.get(canonicalize_name(requirement.name))
            if version is None or version not in requirement.specifier:
                seen = f"has {version}" if version else "does not have it"
                wrong.append(f"pyproject.toml asks for {requirement}, {name} {seen}. Run make lock.")
    # `make env` accepts an environment of requirements.lock instead of one of requirements-image.lock.
    for package, version in locked("requirements-image.lock").items():
        if (other := all_of_them.get(package)) != version:
            seen = f"has {other}" if other else "does not have it"
            wrong.append(f"requirements-image.lock has {package} {version}, requirements.lock {seen}. Run make lock.")
    return wrong


def main() -> int:
    """Compare every dependency that pyproject.toml states with what the locks install."""
    wrong = problems()
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
