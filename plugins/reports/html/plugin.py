"""The HTML report: pytest-html writes the file, with our page around and in its table.

pytest-html shows pytest items; readers need a verdict, the few fixes, VMs and checks. So the rows of the real items
are omitted, and after the run `finish` passes pytest-html one report per *finding* instead, through the same
hook as for a real item. A finding is a result that needs attention, once for all its VMs. The page around the
table comes in through `pytest_html_results_summary`; the matrix and its cards are drawn by a script from packed data.

docs/report.md has the numbers behind this split. The modules:

* `page` has the variables of the templates; `data` packs the script's data; `csp` seals the file.

Four facts of pytest-html 4 shape this module:

* a row is added when its *teardown* report arrives, so every finding is fed as two reports, and the second one's cells
  are cleared;
* its script inserts cells as HTML and groups rows by five result words: cells are rendered by an escaping template,
  and a hidden cell holds the word pytest-html knows;
* it rebuilds the whole table when a row is opened or a column sorted: our script opens and sorts rows itself;
* it writes its file in the last ``pytest_sessionfinish``: we seal the file around that hook.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import pytest
from markupsafe import Markup

from plugins.core.exit_codes import EXIT_UNKNOWN
from plugins.core.files import write_text
from plugins.core.sanitize import Harmless, one_line, truncate
from plugins.reports.html import parts
from plugins.reports.html.csp import seal
from plugins.reports.html.data import core_and_chunks
from plugins.reports.html.page import CAPS, Caps, VmLists, merged, overview, title
from plugins.reports.queries import Json
from plugins.results.subset import subset

_TEMPLATES = Path(__file__).parent / "templates"

#: The parts of the page's script, in their order; they are one scope in the page.
_SCRIPTS = ("base", "model", "filter", "charts", "matrix", "card", "findings", "page")
#: The parts of its style sheet, in their order.
_STYLES = ("base", "fixes", "charts", "matrix", "card", "findings", "media")

#: Our statuses in pytest-html: (phase, outcome, expected to fail).
_AS_PYTEST: dict[str, tuple[str, str, bool]] = {
    "pass": ("call", "passed", False),
    "fail": ("call", "failed", False),
    "unknown": ("setup", "failed", False),  # pytest-html calls this an error
    "warn": ("call", "skipped", True),
    "blocked": ("call", "skipped", False),
    "not applicable": ("call", "skipped", False),
    "waived": ("call", "skipped", False),
}
_COUNTED = {
    "passed": ("pass",),
    "failed": ("fail",),
    "error": ("unknown",),
    "xfailed": ("warn",),
    "skipped": ("blocked", "not applicable", "waived"),
}
_LABELS = {"passed": "pass", "failed": "fail", "error": "unknown", "xfailed": "warn", "skipped": "not judged"}

#: One sign per word, so that colour is never the only difference.
_SIGNS = {"pass": "✓", "fail": "✕", "warn": "!", "unknown": "?", "blocked": "⊘", "not applicable": "·", "waived": "W"}


class HtmlReport:
    """A pytest plugin: register it in ``pytest_configure``, and call `finish` before the session ends."""

    def __init__(self, config: pytest.Config, unwritten: Callable[[OSError], None], caps: Caps = CAPS) -> None:
        """`unwritten` is called when the file cannot be written."""
        self._config, self._caps = config, caps
        self._unwritten = unwritten
        self._report: Any = None  # pytest-html's ReportData, from its title hook
        self._results: Harmless | None = None
        self._rows: dict[str, Json] = {}  # node id of a report -> its content
        self._lists: VmLists | None = None
        self._split_by = ""
        self._pages = _environment()
        self._script = f'(() => {{\n"use strict";\n\n{_text("js", _SCRIPTS)}\n}})();'
        self._style = _text("css", _STYLES)

    def finish(self, session: pytest.Session, results: Harmless, split_by: str = "") -> None:
        """Pass `results` to pytest-html, which writes the file when `session` finishes, right after this.

        Call it from a ``pytest_sessionfinish`` that is not ``trylast``. Without ``--html`` it does nothing. With a tag
        in `split_by`, a page for each value of it follows.
        """
        page = self.page
        if page is None or self._report is None or hasattr(session.config, "workerinput"):
            return
        self._split_by = split_by
        self._feed(page, results)

    def _feed(self, page: Any, results: Harmless, part: str = "") -> None:
        self._results = results
        self._report.title = title(results, part)
        self._lists = lists = VmLists(results, self._caps)
        for number, finding in enumerate(merged(results["findings"])[: lists.caps.findings]):
            nodeid = f"row-{number}"
            self._rows[nodeid] = {**finding, "vms": lists.add(finding["vms"], lists.caps.names_of_finding)}
            when, outcome, expected = _AS_PYTEST[finding["status"]]
            page.pytest_runtest_logreport(_test_report(nodeid, when, outcome, expected))
            page.pytest_runtest_logreport(_test_report(nodeid, "teardown", "passed", False))
        for outcome, words in _COUNTED.items():  # programs that read the file get the whole run
            self._report.outcomes[outcome]["value"] = sum(results["counts"][word] for word in words)

    def withdraw(self) -> None:
        """Keep pytest-html from writing a file: the run has no results."""
        if (page := self.page) is not None:
            page._generate_report = lambda *_, **__: None  # the session may be finishing already
            self._config.pluginmanager.unregister(page)

    @property
    def page(self) -> Any:
        """The object of pytest-html that writes the page; None when there is none to be written."""
        # pytest-html registers its writer without a name; it is the only object of its package with this hook.
        for plugin in self._config.pluginmanager.get_plugins():
            if type(plugin).__module__.startswith("pytest_html.") and hasattr(plugin, "pytest_runtest_logreport"):
                return plugin
        return None

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        """Seal the file, once pytest-html has written it."""
        yield
        path = Path(os.path.expandvars(getattr(self._config.option, "htmlpath", None) or "")).expanduser()
        if self.page is None or not path.is_file():
            return
        self._seal(session, path)
        if self._split_by and self._results is not None:
            self._write_parts(session, path.parent / parts.folder(self._split_by), self._results)

    def _write_parts(self, session: pytest.Session, directory: Path, results: Harmless) -> None:
        """A page for each value of the tag, by the same writer. It finds its hooks by the session's plugins."""
        writer, plugins = self.page, self._config.pluginmanager
        name = plugins.get_name(self)
        plugins.unregister(self)
        try:
            for value, names in parts.parts(results["vms"], self._split_by).items():
                path = directory / parts.file_name(self._split_by, value)
                part = HtmlReport(self._config, self._unwritten, self._caps)
                page = type(writer)(
                    path, self._config, type(writer._report)(self._config), writer._template, writer._css
                )
                plugins.register(part)
                try:
                    page.pytest_sessionstart(session)
                    about = f"without {self._split_by}" if value is None else f"{self._split_by} {value}"
                    part._feed(page, Harmless(subset(results, names)), about)
                    page.pytest_sessionfinish(session)
                    part._seal(session, path)
                except OSError as error:
                    self._unwritten(error)
                    session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
                    return
                finally:
                    plugins.unregister(part)
        finally:
            plugins.register(self, name)

    def _seal(self, session: pytest.Session, path: Path) -> None:
        try:
            write_text(path, seal(path.read_text(encoding="utf-8"), (self._script, self._style)))
        except OSError as error:
            path.unlink()  # no page is better than one without its policy
            self._unwritten(error)
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    # The hooks of pytest-html. Optional: without that plugin pytest would not know them.

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        """Keep pytest-html's data, without the runner's packages and environment variables."""
        self._report = report
        report.title = "Azure Arc readiness"
        report.set_data("environment", {})
        report.set_data("renderCollapsed", ["all"])  # report.js opens rows: pytest-html would redraw the table for each
        report.set_data("initialSort", "original")
        for outcome, label in _LABELS.items():
            report.outcomes[outcome]["label"] = label

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Our columns; pytest-html identifies a row by the two hidden ones.

        Only those are `sortable` in its sense, which copies their values: `report.js` sorts the rows without a redraw.
        """
        cells[:] = [
            '<th class="sortable" data-column-type="result" hidden>Result</th>',
            '<th class="sortable" data-column-type="testId" hidden>Row</th>',
            *_sortable(status="Status", check="Check"),
            '<th class="by-message" scope="col">Observed</th>',
            *_sortable(vms="VMs"),
        ]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: Any, cells: list[str]) -> None:
        """One row per finding; the rows of real items go, those of modules that could not be collected stay."""
        if report.when == "collect":
            cells[:] = self._cells("collect.html.j2", nodeid=report.nodeid)
        elif report.nodeid in self._rows and report.when != "teardown":
            finding = self._rows[report.nodeid]
            cells[:] = self._cells(
                "row.html.j2",
                row=report.nodeid,
                outcome=_outcome_word(report),
                finding=finding,
            )
        else:
            cells.clear()

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_html(self, report: Any, data: list[str]) -> None:
        """No log for a finding: the script builds its details when the row is opened."""
        if report.nodeid in self._rows:
            data.clear()

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str], summary: list[str], postfix: list[str]) -> None:
        """Everything above the table, and the page's style and script."""
        prefix.append(self._render("style.html.j2", style=self._style))
        if self._results is None or self._lists is None:
            summary.append(self._render("no-results.html.j2"))
            return
        lists, rows = self._lists, list(self._rows.values())
        context = overview(self._results, lists, rows) | {"pages": self._pages_by_tag(self._results)}
        summary.append(self._render("page.html.j2", **context))
        core, chunks = core_and_chunks(self._results, lists)
        core["findings"] = [_finding(finding) for finding in rows]
        postfix.append(self._render("script.html.j2", data=core, chunks=chunks, script=self._script))

    def _pages_by_tag(self, results: Json) -> list[Json]:
        """Links to the pages by tag."""
        if not (tag := self._split_by):
            return []
        return [
            {
                "name": f"without {tag}" if value is None else value,
                "vms": len(names),
                "href": f"{parts.folder(tag)}/{parts.file_name(tag, value)}",
            }
            for value, names in parts.parts(results["vms"], tag).items()
        ]

    def _render(self, template: str, **context: Any) -> str:
        return self._pages.get_template(template).render(context)

    def _cells(self, template: str, **context: Any) -> list[str]:
        # One <td> per line of the template, in which every text is on one line. pytest-html reads the values of the
        # two hidden cells out of them with a pattern.
        return [line for line in self._render(template, **context).splitlines() if line]


@cache
def _environment() -> jinja2.Environment:
    """Templates that escape every value automatically."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        auto_reload=False,  # otherwise it checks the template's file for every row
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(line=one_line, cut=truncate, prose=_prose, shell=_shell)
    environment.globals.update(signs=_SIGNS, exit_unknown=EXIT_UNKNOWN)
    return environment


def _prose(text: str) -> Markup:
    """A message or remedy, escaped, on one line: `code` set as code, no line breaks in an --option."""
    parts = re.split(r"(`[^`]+`|(?<![\w-])--[a-z][\w-]*)", one_line(text))
    code, option = Markup("<code>{}</code>"), Markup('<span class="option">{}</span>')
    return Markup("").join(
        part if not index % 2 else option.format(part) if part.startswith("--") else code.format(part[1:-1])
        for index, part in enumerate(parts)
    )


def _shell(command: str) -> Markup:
    """A command, escaped, without line breaks within a short word: half of an option looks like another one."""
    parts = re.split(r"([^\s]*-[^\s]*)", command)
    return Markup("").join(
        Markup("<span>{}</span>").format(part) if index % 2 and len(part) < 60 else part
        for index, part in enumerate(parts)
    )


def _sortable(**columns: str) -> list[str]:
    button = '<button type="button" data-sort="{0}">{1}</button>'
    cell = f'<th class="by-{{0}}" scope="col" aria-sort="none">{button}</th>'
    return [cell.format(key, label) for key, label in columns.items()]


def _finding(finding: Json) -> Json:
    """The data of an opened row."""
    return {
        "ids": finding["ids"],
        "status": finding["status"],
        "remedy": one_line(finding["remedy"]),
        "docs": finding["docs"],
        "by": finding["caused_by"],
        "list": finding["vms"].number,
    }


def _text(kind: str, names: tuple[str, ...]) -> str:
    return "\n".join((_TEMPLATES / kind / f"{name}.{kind}").read_text(encoding="utf-8").strip() for name in names)


def _test_report(nodeid: str, when: str, outcome: str, expected: bool) -> pytest.TestReport:
    report = pytest.TestReport(nodeid, ("", None, nodeid), {}, outcome, None, when)  # type: ignore[arg-type]
    if expected:
        report.wasxfail = ""
    return report


def _outcome_word(report: Any) -> str:
    # pytest-html's own outcomes, by which its script filters.
    if report.when == "setup":
        return "Error"
    return "XFailed" if hasattr(report, "wasxfail") else str(report.outcome).capitalize()
