"""Every complete report of some runs: any change of a text or a limit shows in tests/data/reports, for review.

`python -m tests.reports.test_whole_reports` writes these files again.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from functools import cache, partial
from typing import Any
from unittest.mock import patch

import pytest

from plugins.core.sanitize import Harmless, harmless
from plugins.core.version import SUITE_VERSION
from plugins.reports import junit
from plugins.reports.formats import FILES
from plugins.reports.html.data import core_and_chunks
from plugins.reports.html.page import VmLists, overview
from plugins.reports.terminal import summary_lines
from tests.support.paths import ROOT
from tests.support.report_builder import Json, run, saved
from tests.support.report_fleet import rollout
from tests.support.report_page import unpacked

FOLDER = ROOT / "tests/data/reports"


def _long() -> Json:
    """More entries than a short report lists, and some that were not judged."""
    results = rollout(180, extras=True)
    results["judged"] |= {"complete": False, "summary": "some"}
    group = {"group": "image a", "fact": "kernel", "count": 3, "of": 9, "majority": "6.8"}
    odd = [{"value": f"5.{number}", "vms": [f"vm-{n}" for n in range(number + 1)]} for number in range(6)]
    results["drift"] = [{**group, "fact": f"fact {number}", "outliers": odd[: number % 6 + 1]} for number in range(40)]
    results["drift"][3]["count"] = 0
    waiver = next(iter(results["waivers"]))
    results["waivers"] = [{**waiver, "id": f"CSN-{number:03}"} for number in range(40)] + results["waivers"]
    changed = results["changes"]["new"][0]
    results["changes"]["new"] = [{**changed, "vm": f"vm-{number}"} for number in range(60)]
    return results


def _few(vm: Json) -> Json:
    """With all results that did not pass, and some that did."""
    odd = [result for result in vm["results"] if result["status"] not in ("pass", "blocked")]
    plain = [result for result in vm["results"] if result["status"] in ("pass", "blocked")]
    return vm | {"results": odd[:5] + plain[:4]}


@cache
def results(name: str) -> Harmless:
    six = saved("six-vms")
    made: dict[str, Callable[[], Json]] = {
        "six-vms": lambda: six,
        "three-vms": lambda: run([_few(six["vms"][number]) for number in (1, 3, 5)]),
        "long": _long,
    }
    return harmless(made[name]())


def _junit(name: str) -> str:
    file = io.BytesIO()
    junit._write(file, results(name))
    return file.getvalue().decode().replace(SUITE_VERSION, "0.0.0")


def _compact(name: str) -> str:
    """JUnit XML in the form for a large fleet."""
    with patch.object(junit, "WHOLE_UP_TO", 1):
        return _junit(name)


def _terminal(name: str) -> str:
    return "".join(f"{text}  {markup or ''}".rstrip() + "\n" for text, markup in summary_lines(results(name)))


def _file(report: str, name: str) -> str:
    """JSON is indented; the versions of programs are replaced."""
    text = "".join(dict(FILES)[report](results(name)))
    if text.startswith("{"):
        text = json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n"
    return text.replace(f'"version": "{pytest.__version__}"', '"version": "9.9.9"').replace(SUITE_VERSION, "0.0.0")


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)


def _page(name: str) -> str:
    """The data for the templates and the script of the HTML page, except for the results."""
    found = results(name)
    lists = VmLists(found)
    view = {key: value for key, value in overview(found, lists).items() if key != "results"}
    core, chunks = core_and_chunks(found, lists)
    data = {"overview": view, "core": core, "chunks": list(map(unpacked, chunks))} if name == "three-vms" else view
    lines = json.dumps(data, indent=1, ensure_ascii=False, default=_plain)
    return re.sub(r"\n\s{4,}(?=[\]}\d\"nft-])", " ", lines) + "\n"


REPORTS: dict[str, Callable[[str], str]] = {
    **{file: partial(_file, file) for file, _ in FILES},
    "junit.xml": _junit,
    "junit-compact.xml": _compact,
    "terminal": _terminal,
    "html": _page,
}
#: Reports with a part for each result are long.
EACH = [
    (name, report)
    for name in ("six-vms", "three-vms", "long")
    for report in REPORTS
    if report == "html"
    or (name == "three-vms") == (report in ("ctrf.json", "junit.xml", "junit-compact.xml", "results.sarif"))
]


@pytest.mark.parametrize(("name", "report"), EACH)
def test_a_report_is_the_one_that_was_reviewed(name: str, report: str) -> None:
    assert REPORTS[report](name) == (FOLDER / f"{name}.{report}.txt").read_bytes().decode()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, report in EACH:
        (FOLDER / f"{name}.{report}.txt").write_bytes(REPORTS[report](name).encode())
