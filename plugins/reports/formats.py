"""The files of a run that are one text each, and what renders them, whole or in pieces. A new report is one line."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from plugins.core.sanitize import Harmless
from plugins.reports import action_plan_csv as action_plan
from plugins.reports import ctrf, prometheus, sarif
from plugins.reports import fixes_markdown as fix_page
from plugins.reports import fixes_script as fix_script
from plugins.reports import markdown_summary as markdown

#: File name in the run's directory, and its renderer.
FILES: tuple[tuple[str, Callable[[Harmless], Iterable[str]]], ...] = (
    ("summary.md", markdown.render),
    ("fixes.md", fix_page.render),
    ("fixes.sh", fix_script.render),
    ("ActionPlan.csv", action_plan.render),
    ("ctrf.json", ctrf.render),
    ("results.sarif", sarif.render),
    ("readiness.prom", prometheus.render),
)
