"""`ActionPlan.csv`, for trackers and spreadsheets: one row per root cause, in the order in which to fix.

It begins with a byte order mark: without one Excel reads UTF-8 as the machine's code page, and programs that import the
CSV files that Excel saves ("CSV UTF-8") accept it.

A spreadsheet evaluates text that begins like a formula, and a VM wrote part of it: such a cell gets an apostrophe.
Within a cell, a semicolon before such text becomes a comma: in many locales a spreadsheet would begin a new cell there.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from plugins.core.sanitize import Harmless, names, one_line, truncate
from plugins.reports.fix_commands import whole
from plugins.reports.queries import Json, component, fix_order

HEAD = (
    "Step", "Headline", "Changes", "Owner", "Site", "Check", "Problem", "Title", "Severity", "Status", "Component",
    "Component id", "Parameters", "VMs", "VM names", "VMs held back", "VMs ready by it", "VMs ready after it",
    "Sentence", "Seen", "Remedy", "Commands", "Command", "Docs",
)  # fmt: skip

_NAMES = 200
_CELL = 32_000  # Excel's limit is 32,767 characters

# The beginning of a formula in spreadsheets, in every width that Unicode has; also after quotes and white
# space, and after the semicolon that separates cells in many locales. Tab, CR and LF never get here.
_FORMULA = re.compile(
    r"""(^|;)(?=[\s"'`\u2018-\u201f\u00ab\u00bb\u2039\u203a\uff02\uff07]*"""
    r"""[=+\-@\u207a-\u207c\u208a-\u208c\ufb29\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20\u2212])"""
)


def render(results: Harmless) -> str:
    """`results` as CSV (RFC 4180) with a byte order mark; every cell is one line."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(HEAD)
    tags = {vm["name"]: {tag.lower(): value for tag, value in vm["tags"].items()} for vm in results["vms"]}
    for number, (step, cause) in enumerate(fix_order(results), 1):
        check = results["checks"].get(cause["id"], {})
        of_vms = [tags.get(vm, {}) for vm in cause["vms"]]
        writer.writerow([cell(value) for value in _row(number, step, cause, check, of_vms)])
    return "\ufeff" + table.getvalue()


def _row(number: int, step: Json | None, cause: Json, check: Json, tags: Sequence[Json]) -> Sequence[object]:
    commands = [fix["command"] for fix in cause["fix"]]
    return (
        number,
        cause["headline"],
        cause["changes"],
        _tagged(tags, "owner"),
        _tagged(tags, "site"),
        cause["id"],
        check.get("problem", ""),
        check.get("title", ""),
        cause["severity"],
        cause["status"],
        component(cause),
        cause["component"]["id"],
        ", ".join(cause["parameters"]),
        len(cause["vms"]),
        names(cause["vms"], _NAMES),
        len(cause["blocks_readiness"]),
        len(step["unlocks"]) if step else 0,
        step["ready"] if step else "",
        step["sentence"] if step else "Keeps no VM from being ready.",
        cause["message"],
        cause["remedy"],
        len(commands),
        _command(commands),
        cause["docs"],
    )


def _tagged(tags: Sequence[Json], tag: str) -> str:
    """The values of a tag of the cause's VMs, ignoring the case of the tag."""
    return names(dict.fromkeys(row[tag] for row in tags if row.get(tag)), _NAMES)


def _command(commands: Sequence[str]) -> str:
    """The only command, if the cell can hold it unchanged: a part of it, or a changed one, would be worse than none."""
    if not commands:
        return ""
    (command, *more) = commands
    return command if not more and whole(command) and command == cell(command) else "see fixes.sh"


def cell(value: object) -> str:
    """`value` as one line that no spreadsheet evaluates."""
    return truncate(_FORMULA.sub(lambda match: "," if match[1] else "'", one_line(value)), _CELL)
