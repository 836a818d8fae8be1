"""The files of a run that are one text each, with what renders them. A new report is one line here."""

from __future__ import annotations

from collections.abc import Callable

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


def render_all(results: Json) -> dict[str, str]:
    """The text of each of `FILES`, by its name."""
    return {name: render(results) for name, render in FILES}
