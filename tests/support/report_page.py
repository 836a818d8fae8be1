"""Run pytest with pytest-html and a small plugin that passes a results dict to `HtmlReport`, as the suite does."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import zlib
from pathlib import Path
from typing import Any

from tests.support import pytest_process
from tests.support.paths import ROOT
from tests.support.report_builder import Json

FEEDER = """
import json
from pathlib import Path
from plugins.core.sanitize import harmless
from plugins.reports.html.page import Caps
from plugins.reports.html.plugin import HtmlReport

def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        caps = Caps(**json.loads(Path("caps.json").read_text())) if Path("caps.json").exists() else Caps()
        config.pluginmanager.register(HtmlReport(config, unwritten, caps), "readiness-html")

def unwritten(error):
    Path("unwritten.txt").write_text(str(error))

def pytest_sessionfinish(session):
    report = session.config.pluginmanager.get_plugin("readiness-html")
    results = Path("results.json")
    if report is not None and results.exists():
        tag = Path("split-by.txt").read_text() if Path("split-by.txt").exists() else ""
        report.finish(session, harmless(json.loads(results.read_text(encoding="ascii"))), tag)
"""

SUITE = """
import os
def test_of_the_suite():
    assert os.sep
def test_that_fails():
    assert not os.sep, "a real item has no row"
"""


def run_pytest(
    folder: Path, results: Json | None, *arguments: str, suite: str = SUITE
) -> subprocess.CompletedProcess[str]:
    """Run a small suite in `folder`, and pass `results` (if any) to the report."""
    (folder / "feeder.py").write_text(FEEDER, encoding="utf-8")
    (folder / "test_suite.py").write_text(suite, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    if results is not None:
        (folder / "results.json").write_text(json.dumps(results), encoding="ascii")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}", "SECRET_TOKEN": "hunter2", "CI": "true"}
    command = ["-p", "feeder", "-p", "no:cacheprovider", *arguments]
    return pytest_process.run_pytest(*command, cwd=folder, env=environment)


def write_page(
    folder: Path,
    results: Json | None,
    *arguments: str,
    suite: str = SUITE,
    caps: dict[str, int] | None = None,
    split_by: str = "",
) -> Path:
    """The report.html of such a run; `caps` are changed limits, `split_by` is a tag."""
    page = folder / "report.html"
    if caps:
        (folder / "caps.json").write_text(json.dumps(caps), encoding="ascii")
    if split_by:
        (folder / "split-by.txt").write_text(split_by, encoding="ascii")
    finished = run_pytest(folder, results, f"--html={page}", "--self-contained-html", *arguments, suite=suite)
    assert page.exists(), finished.stdout + finished.stderr
    assert "INTERNALERROR" not in finished.stdout + finished.stderr, finished.stdout + finished.stderr
    return page


def core(page: Path) -> Json:
    """The data that the page's script reads at its start."""
    match = re.search(r'id="readiness-data">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)
    assert match
    data: Json = json.loads(match[1])
    return data


def chunks(page: Path) -> list[tuple[list[str], list[Any]]]:
    """The packed chunks of a page: (texts, rows) each."""
    matches = re.findall(r'id="chunk-\d+">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)
    return [(data["s"], data["r"]) for data in map(_inflated, matches)]


def unpacked(chunk: str) -> list[list[Any]]:
    """The rows of one packed chunk, with their texts in place."""
    data = _inflated(chunk)

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return [plain(item) for item in value]
        return data["s"][-1 - value] if value < 0 else value

    return [plain(row) for row in data["r"]]


def _inflated(chunk: str) -> Any:
    return json.loads(zlib.decompress(base64.b64decode(chunk)))
