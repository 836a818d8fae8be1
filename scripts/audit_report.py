"""Print the result of pip-audit, for `scripts/audit`.

pip-audit prints "No known vulnerabilities found" also when no package could be looked up. This script distinguishes
the two.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

VULNERABLE, NOT_AUDITED = 1, 3


def judge(document: Any) -> tuple[int, list[str]]:
    """The exit status, and the lines to print.

    ``{"dependencies": [{"name": "a", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]},
    {"name": "b", "skip_reason": "Dependency not found ..."}]}``
    """
    rows = document.get("dependencies", []) if isinstance(document, dict) else []
    skipped = [row["name"] for row in rows if "skip_reason" in row]
    lines, status = [], 0
    for row in rows:
        for weakness in row.get("vulns", []):
            fixed = ", ".join(weakness.get("fix_versions") or []) or "no version yet"
            lines.append(
                f"{row['name']} {row['version']} has {weakness['id']}, fixed in {fixed}: make lock LOCK=--upgrade"
            )
            status = VULNERABLE
    if skipped or not rows:
        some = f" ({', '.join(skipped[:5])}{' and more' if len(skipped) > 5 else ''})" if skipped else ""
        lines.append(
            f"{len(skipped)} of {len(rows)} packages could not be looked up{some}, so they are not audited. Run make "
            "audit where pip-audit reaches its advisory service."
        )
        return status or NOT_AUDITED, lines
    return status, lines or [f"{len(rows)} packages were looked up; none has a known weakness."]


def main(path: Path) -> int:
    """Judge pip-audit's JSON; without this file, pip-audit did not finish."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        document = None
    status, lines = judge(document)
    print("\n".join(lines), file=sys.stderr if status else sys.stdout)
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
