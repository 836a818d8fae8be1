"""The HTML report: written by pytest-html, with our own page around and in its table.

pytest-html shows pytest items; a meeting wants causes, VMs and checks. So the rows of the real items are left out,
and when the run is over `finish` hands pytest-html one report per result instead, through the same hook a real item
takes. Verdict, root causes and matrix go in front of the table, through `pytest_html_results_summary`.

Three facts of pytest-html 4 shape this module:

* a row is added when its *teardown* report arrives, so every result is fed as two reports, and the second one's cells
  are cleared;
* its script inserts cells as HTML and groups rows by five result words: cells are rendered by an escaping template,
  and a hidden cell holds the word pytest-html knows;
* it rebuilds the whole table when a row is opened or a column sorted. The page keeps the evidence apart, as JSON, sorts
  the rows itself, and builds the details of one when somebody opens it (`report.js`), from text, never from markup.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import pytest
from markupsafe import Markup

from plugins.reports import facts
from plugins.reports.facts import Json
from plugins.reports.safe import cut, middle_cut, one_line, visible

_TEMPLATES = Path(__file__).parent.parent / "templates"

#: What each of our words is to pytest-html: (the phase it happens in, its outcome, expected to fail?).
_AS_PYTEST: dict[str, tuple[str, str, bool]] = {
    "pass": ("call", "passed", False),
    "fail": ("call", "failed", False),
    "unknown": ("setup", "failed", False),  # pytest-html calls this an error
    "warn": ("call", "skipped", True),
    "blocked": ("call", "skipped", False),
    "not applicable": ("call", "skipped", False),
    "waived": ("call", "skipped", False),
}
_LABELS = {"passed": "pass", "failed": "fail", "error": "unknown", "xfailed": "warn", "skipped": "not judged"}

#: One sign per word, so that colour is never the only difference.
_SIGNS = {"pass": "✓", "fail": "✕", "warn": "!", "unknown": "?", "blocked": "⊘", "not applicable": "·", "waived": "W"}

# Characters of a stream that are kept. evidence/<vm>.json has the rest; a page with all of it would not open.
_KEEP_OF_A_PASS = 1_000
_KEEP = 6_000

# Results in the table. Measured in headless Chromium: 5,700 (100 VMs) are 8 MB and open in 2 s; 57,000 are 82 MB and
# open in 19 s. Above the limit those that nobody looks for are left out, first the good ones: 6 MB, 2 s.
_ROWS = 12_000
_GOOD = ("pass", "not applicable")


class HtmlReport:
    """A pytest plugin: register it in ``pytest_configure``, and call `finish` before the session ends."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._report: Any = None  # pytest-html's ReportData, as its title hook hands it over
        self._results: Json | None = None
        self._rows: dict[str, tuple[Json, Json]] = {}  # node id of a fed report -> (VM, result)
        self._pages = _environment()

    def finish(self, session: pytest.Session, results: Json) -> None:
        """Feed `results` to pytest-html, which writes the file when `session` finishes, right after this.

        Call it from a ``pytest_sessionfinish`` that is not ``trylast``. Without ``--html`` it does nothing.
        """
        page = self._pytest_html()
        if page is None or self._report is None or hasattr(session.config, "workerinput"):
            return
        self._results = results
        self._report.title = _title(results)
        self._report.set_data("environment", _manifest(results))
        for number, (vm, result) in enumerate(_for_the_table(results)):
            nodeid = f"row-{number}"
            self._rows[nodeid] = vm, result
            when, outcome, expected = _AS_PYTEST[result["status"]]
            page.pytest_runtest_logreport(_test_report(nodeid, when, outcome, expected))
            page.pytest_runtest_logreport(_test_report(nodeid, "teardown", "passed", False))

    def withdraw(self) -> None:
        """Let pytest-html write no file: the run came to nothing."""
        if (page := self._pytest_html()) is not None:
            page._generate_report = lambda *_, **__: None  # the session may be finishing already
            self._config.pluginmanager.unregister(page)

    def _pytest_html(self) -> Any:
        # pytest-html registers its writer without a name; it is the only object of its package that hears reports.
        for plugin in self._config.pluginmanager.get_plugins():
            if type(plugin).__module__.startswith("pytest_html.") and hasattr(plugin, "pytest_runtest_logreport"):
                return plugin
        return None

    # The hooks of pytest-html. Optional: without that plugin pytest would not know them.

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        """Keep pytest-html's data, and take the runner's packages and environment variables out of it."""
        self._report = report
        report.title = "Azure Arc readiness"
        report.set_data("environment", {})
        report.set_data("renderCollapsed", ["all"])  # report.js opens rows: pytest-html would redraw the table for each
        report.set_data("initialSort", "original")
        for outcome, label in _LABELS.items():
            report.outcomes[outcome]["label"] = label

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Our columns; the two hidden ones are what pytest-html needs to know a row by.

        Only those are `sortable` in its sense, which copies their values: `report.js` sorts the rows without a redraw.
        """
        cells[:] = [
            '<th class="sortable" data-column-type="result" hidden>Result</th>',
            '<th class="sortable" data-column-type="testId" hidden>Row</th>',
            *_sortable(status="Status", check="Check", vm="VM"),
            '<th class="by-message" scope="col">What was seen</th>',
            *_sortable(time="Time"),
        ]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: Any, cells: list[str]) -> None:
        """One row per result; the rows of real items go, those of modules that could not be collected stay."""
        if report.when == "collect":
            cells[:] = self._cells("collect.html.j2", nodeid=report.nodeid)
        elif report.nodeid in self._rows and report.when != "teardown":
            vm, result = self._rows[report.nodeid]
            took = facts.seconds(vm, result)
            cells[:] = self._cells(
                "row.html.j2",
                row=report.nodeid,
                outcome=_outcome_word(report),
                vm=vm,
                result=result,
                took=took,
            )
        else:
            cells.clear()

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_html(self, report: Any, data: list[str]) -> None:
        """No log of a result's own: its details are built from the JSON when the row is opened."""
        if report.nodeid in self._rows:
            data.clear()

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str], summary: list[str], postfix: list[str]) -> None:
        """Everything above the table, and the page's style and script."""
        prefix.append(self._pages.get_template("style.html.j2").render())
        if self._results is None:
            summary.append(self._pages.get_template("no-results.html.j2").render())
            return
        rows = list(self._rows.values())
        shown = Counter(result["status"] for _, result in rows)
        context = {"results": self._results, "rows": len(rows), "shown": shown, **_overview(self._results)}
        summary.append(self._pages.get_template("overview.html.j2").render(context))
        postfix.append(self._pages.get_template("table.html.j2").render(context))
        data = _details(self._results, rows)
        postfix.append(self._pages.get_template("script.html.j2").render(data=data))

    def _cells(self, template: str, **context: Any) -> list[str]:
        # One <td> per line of the template, in which every text is on one line. pytest-html reads the values of the
        # two hidden cells out of them with a pattern.
        return [line for line in self._pages.get_template(template).render(context).splitlines() if line]


def _environment() -> jinja2.Environment:
    """Templates in which every value is made visible and then escaped, without their having to ask for it."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value,
    )
    environment.filters.update(line=one_line, cut=cut, prose=_prose, subject=facts.subject)
    environment.globals.update(signs=_SIGNS)
    return environment


def _prose(text: str) -> Markup:
    """A message or remedy, escaped, on one line, with `code` between backticks set as code."""
    parts = re.split(r"`([^`]+)`", one_line(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else part for index, part in enumerate(parts)
    )


def _sortable(**columns: str) -> list[str]:
    button = '<button type="button" data-sort="{0}">{1}</button>'
    cell = f'<th class="by-{{0}}" scope="col" aria-sort="none">{button}</th>'
    return [cell.format(key, label) for key, label in columns.items()]


def _title(results: Json) -> str:
    return f"Azure Arc readiness: {results['verdict']}"


def _manifest(results: Json) -> dict[str, str]:
    # The page inserts these values as HTML.
    rows = {
        "run": results["run_id"],
        "started": results["started"],
        "finished": results["finished"],
        "profile": results["profile"],
        "arguments": " ".join(results["arguments"]) or "none",
        **results["versions"],
    }
    return {one_line(key): str(Markup.escape(one_line(value))) for key, value in rows.items()}


def _in_order(results: Json) -> list[tuple[Json, Json]]:
    """Every result of every VM, what is to be done first on top."""
    pairs = [(vm, result) for vm in results["vms"] for result in _all_results(vm)]
    return sorted(pairs, key=lambda pair: (facts.rank(pair[1]["status"]), not pair[1]["root_cause"]))


def _for_the_table(results: Json) -> list[tuple[Json, Json]]:
    pairs = _in_order(results)
    for spared in (_GOOD, ("blocked",)):  # a site that is down blocks dozens of checks on each of its VMs
        if len(pairs) > _ROWS:
            pairs = [pair for pair in pairs if pair[1]["status"] not in spared]
    return pairs[:_ROWS]


def _check_ids(results: Json) -> list[str]:
    return list(dict.fromkeys([*results["checks"], *(r["id"] for vm in results["vms"] for r in _all_results(vm))]))


def _all_results(vm: Json) -> list[Json]:
    failure = facts.ssh_failure(vm)
    return [failure, *vm["results"]] if failure else vm["results"]


def _test_report(nodeid: str, when: str, outcome: str, expected: bool) -> pytest.TestReport:
    report = pytest.TestReport(nodeid, ("", None, nodeid), {}, outcome, None, when)  # type: ignore[arg-type]
    if expected:
        report.wasxfail = ""
    return report


def _outcome_word(report: Any) -> str:
    # pytest-html's own words, by which its script filters.
    if report.when == "setup":
        return "Error"
    return "XFailed" if hasattr(report, "wasxfail") else str(report.outcome).capitalize()


def _overview(results: Json) -> Json:
    """What the part above the table shows, counted and ordered."""
    checks = _check_ids(results)
    numbers = {vm["name"]: number for number, vm in enumerate(results["vms"])}
    matrix = [_matrix_row(numbers[vm["name"]], vm, checks) for vm in facts.vms_by_readiness(results)]
    readiness = Counter(vm["readiness"] for vm in results["vms"])
    return {
        "readiness": {word: readiness[word] for word in ("ready", "not ready", "unknown")},
        "counts": sorted(results["counts"].items(), key=lambda item: facts.rank(item[0])),
        "causes": results["causes"],
        "vm_numbers": numbers,
        "check_numbers": {id: number for number, id in enumerate(checks)},
        "checks": [
            {
                "id": id,
                "first_of_area": number == 0 or checks[number - 1].split("-")[0] != id.split("-")[0],
                "title": results["checks"].get(id, {}).get("title", ""),
                "not_met": sum(row["cells"][number] in ("fail", "unknown") for row in matrix),
            }
            for number, id in enumerate(checks)
        ],
        "matrix": matrix,
        "started": f"{datetime.fromisoformat(results['started']):%d %B %Y, %H:%M:%S} UTC",
    }


def _matrix_row(number: int, vm: Json, checks: list[str]) -> Json:
    worst: dict[str, str] = {}
    for result in _all_results(vm):
        known = worst.get(result["id"])
        if known is None or facts.rank(result["status"]) < facts.rank(known):
            worst[result["id"]] = result["status"]
    return {"number": number, "vm": vm, "cells": [worst.get(id, "") for id in checks]}


def _details(results: Json, rows: list[tuple[Json, Json]]) -> Json:
    """What `report.js` builds an opened row from: plain text, every invisible character already spelled out."""
    numbers = {vm["name"]: number for number, vm in enumerate(results["vms"])}
    keep: list[dict[str, int]] = [{} for _ in results["vms"]]  # per VM: probe key -> characters of each stream
    for vm, result in rows:
        limits = keep[numbers[vm["name"]]]
        for key in result["evidence"]:
            limits[key] = max(limits.get(key, 0), _KEEP_OF_A_PASS if result["status"] in _GOOD else _KEEP)
    return {
        "checks": _check_ids(results),
        "vms": [
            {
                "name": one_line(vm["name"]),
                "readiness": vm["readiness"],
                "evidence": {
                    visible(key): _shown(vm["evidence"][key], limit)
                    for key, limit in keep[number].items()
                    if key in vm["evidence"]
                },
            }
            for number, vm in enumerate(results["vms"])
        ],
        "rows": [_row_details(numbers[vm["name"]], result) for vm, result in rows],
    }


def _row_details(vm: int, result: Json) -> Json:
    row = {
        "vm": vm,
        "id": result["id"],
        "status": result["status"],
        "severity": result["severity"],
        "root": result["root_cause"],
        "by": result["caused_by"],
        "remedy": one_line(result["remedy"]),
        "docs": visible(result["docs"]),
        "node": one_line(result["nodeid"]),
        "evidence": [visible(key) for key in result["evidence"]],
    }
    return {key: value for key, value in row.items() if value or key == "vm"}  # most are empty on a pass


def _shown(seen: Json, keep: int) -> Json:
    shown: Json = {"state": seen["state"], "exit": seen["exit"], "seconds": seen["seconds"]}
    for stream in ("command", "stdout", "stderr"):
        text, left_out = middle_cut(seen[stream], keep)
        shown[stream] = visible(text).rstrip("\n")
        if left_out:
            shown["cut"] = True
    if seen["truncated"]:
        shown["truncated"] = True
    return shown
