"""`ADVISORIES=DIR make audit`: compare the lock with a local copy of the PyPA advisory database, without a network.

DIR is a checkout of that database: ``vulns/NAME/PYSEC-….yaml``, in the OSV format::

    id: PYSEC-2022-166
    published: '2022-03-17T22:15:00Z'
    affected:
    - package: {name: paramiko, ecosystem: PyPI}
      ranges:
      - type: ECOSYSTEM
        events: [{introduced: '0'}, {fixed: 2.9.3}, {introduced: 2.10.0}, {fixed: 2.10.1}]
      versions: [1.0.0, …]

The output states the date of the newest advisory, because the copy lacks later ones.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

VULNERABLE, NOT_AUDITED = 1, 3


def locked(text: str) -> dict[str, Version]:
    """Name and version of each package of a lock: ``paramiko==5.1.0 \\``."""
    pins = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", text, re.M)
    return {canonicalize_name(name): Version(version) for name, version in pins}


def affects(advisory: Mapping[str, Any], name: str, version: Version) -> str | None:
    """The version that fixes it ("" if there is none yet), or None if `version` is not affected."""
    if advisory.get("withdrawn"):
        return None
    for affected in advisory.get("affected") or []:
        if canonicalize_name(str(affected["package"]["name"])) != name:
            continue
        for span in affected.get("ranges") or []:
            if span.get("type") == "ECOSYSTEM" and (fixed := _within(span.get("events") or [], version)) is not None:
                return fixed
        if any(_version(listed) == version for listed in affected.get("versions") or []):
            return ""
    return None


def _within(events: list[Mapping[str, Any]], version: Version) -> str | None:
    """The same for one range. Its events are sorted: a ``fixed`` or a ``last_affected`` follows each ``introduced``."""
    inside = False
    for event in events:
        if "introduced" in event:
            start = _version(event["introduced"])
            inside = start is not None and start <= version
        elif "fixed" in event:
            end = _version(event["fixed"])
            if inside and end is not None and version < end:
                return str(event["fixed"])
            inside = False
        elif "last_affected" in event:
            last = _version(event["last_affected"])
            if inside and last is not None and version <= last:
                return ""
            inside = False
    return "" if inside else None


def _version(text: Any) -> Version | None:
    try:
        return Version(str(text))
    except InvalidVersion:
        return None  # the database has a few invalid versions


def advisories(copy: Path, name: str) -> Iterator[Mapping[str, Any]]:
    """The advisories about a package; raises ValueError for a file that is not an advisory."""
    for path in sorted((copy / "vulns" / name).glob("*.yaml")):
        try:
            advisory = YAML(typ="safe").load(path.read_text("utf-8"))
        except YAMLError as error:
            raise ValueError(f"{path}: cannot be read as YAML ({str(error).splitlines()[0]})") from None
        if not isinstance(advisory, Mapping) or "id" not in advisory:
            raise ValueError(f"{path}: not an advisory; expected a mapping with an id")
        yield advisory


def newest(copy: Path) -> str:
    """The day of the newest advisory of the copy, the latest ``published``."""
    pattern = re.compile(r"^published: '?\"?(\d{4}-\d{2}-\d{2})", re.M)
    days = (pattern.search(path.read_text("utf-8", "replace")) for path in copy.glob("vulns/*/*.yaml"))
    return max((day[1] for day in days if day), default="")


def audit(lock: str, copy: Path) -> tuple[int, list[str]]:
    """The exit status, and the lines to print."""
    date = newest(copy)
    if not date:
        return NOT_AUDITED, [f"{copy} holds no advisory (expected vulns/NAME/*.yaml), so nothing is audited."]
    packages = locked(lock)
    lines = []
    for name, version in packages.items():
        for advisory in advisories(copy, name):
            if (fixed := affects(advisory, name, version)) is not None:
                mended = f"fixed in {fixed}" if fixed else "not fixed yet"
                lines.append(f"{name} {version} has {advisory['id']}, {mended}: make lock LOCK=--upgrade")
    none = "" if lines else ", and none has a known weakness"
    summary = f"{len(packages)} packages were compared with a copy of the advisories{none}; its newest is of {date}"
    return VULNERABLE if lines else 0, [*lines, f"{summary}, and it knows nothing later."]


def main(lock: Path, copy: Path) -> int:
    """Print the result of `audit`, and return its exit status."""
    try:
        status, lines = audit(lock.read_text("utf-8"), copy)
    except (OSError, ValueError, KeyError, TypeError) as error:
        status, lines = NOT_AUDITED, [f"ADVISORIES={copy}: {error}. Nothing is audited."]
    print("\n".join(lines), file=sys.stderr if status else sys.stdout)
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
