"""The files of a run that are one text each, and what renders them, whole or in pieces. A new report is one line."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from plugins.reports import action_plan, ctrf, fix_page, fix_script, markdown, prometheus, sarif
from plugins.reports.facts import Json

#: File name in the run's directory, and its renderer.
FILES: tuple[tuple[str, Callable[[Json], Iterable[str]]], ...] = (
    ("summary.md", markdown.render),
    ("fixes.md", fix_page.render),
    ("fixes.sh", fix_script.render),
    ("ActionPlan.csv", action_plan.render),
    ("ctrf.json", ctrf.render),
    ("results.sarif", sarif.render),
    ("readiness.prom", prometheus.render),
)
