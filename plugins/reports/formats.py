"""The files of a run that are one text each, and their renderers. A new report is one line here."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from plugins.core.sanitize import Harmless
from plugins.reports import action_plan_csv, ctrf, fixes_markdown, fixes_script, markdown_summary, prometheus, sarif

#: File name in the run's directory, and its renderer.
FILES: tuple[tuple[str, Callable[[Harmless], Iterable[str]]], ...] = (
    ("summary.md", markdown_summary.render),
    ("fixes.md", fixes_markdown.render),
    ("fixes.sh", fixes_script.render),
    ("ActionPlan.csv", action_plan_csv.render),
    ("ctrf.json", ctrf.render),
    ("results.sarif", sarif.render),
    ("readiness.prom", prometheus.render),
)
