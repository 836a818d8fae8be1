"""The files of a run that are one text each, with what renders them. A new report is one line here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from plugins.files import write_text
from plugins.reports import action_plan, ctrf, fix_page, fix_script, markdown, prometheus, sarif
from plugins.reports.facts import Json

#: File name in the run's directory, and its renderer.
FILES: tuple[tuple[str, Callable[[Json], str]], ...] = (
    ("summary.md", markdown.render),
    ("fixes.md", fix_page.render),
    ("fixes.sh", fix_script.render),
    ("ActionPlan.csv", action_plan.render),
    ("ctrf.json", ctrf.render),
    ("results.sarif", sarif.render),
    ("readiness.prom", prometheus.render),
)


def write(results: Json, directory: Path) -> None:
    """Write each of `FILES` below `directory`, whole and only the owner's to read."""
    for name, render in FILES:
        write_text(directory / name, render(results))
