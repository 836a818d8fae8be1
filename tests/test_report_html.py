"""The HTML report, as pytest-html writes it: what is in the file, before a browser shows it."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from tests.report_builder import NASTY, Json, fleet, run, saved, unreachable
from tests.report_page import SUITE, run_pytest, write_page


def blob(page: Path) -> Json:
    """What pytest-html's script gets."""
    found = re.search(r'data-jsonblob="([^"]*)"', page.read_text(encoding="utf-8"))
    assert found
    data: Json = json.loads(html.unescape(found[1]))
    return data


def details(page: Path) -> Json:
    """What our script gets."""
    found = re.search(r'id="readiness-data">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    data: Json = json.loads(found[1])
    return data


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(tmp_path_factory.mktemp("six"), saved("six-vms"))


def test_there_is_one_row_per_result_and_none_for_the_items(six: Path) -> None:
    tests = blob(six)["tests"]
    assert len(tests) == sum(saved("six-vms")["counts"].values())
    assert {len(rows) for rows in tests.values()} == {1}
    assert "test_that_fails" not in six.read_text(encoding="utf-8")


def test_rows_are_ordered_worst_first_root_causes_before_consequences(six: Path) -> None:
    rows = details(six)["rows"]
    statuses = list(dict.fromkeys(row["status"] for row in rows))
    assert statuses == ["fail", "unknown", "warn", "blocked", "waived", "pass", "not applicable"]
    roots = [row.get("root", False) for row in rows if row["status"] == "fail"]
    assert roots == sorted(roots, reverse=True) and len(set(roots)) == 2


def test_pytest_html_counts_our_results_under_our_words(six: Path) -> None:
    counts = saved("six-vms")["counts"]
    text = re.sub(r"\s+", " ", six.read_text(encoding="utf-8"))
    assert f'<span class="passed">{counts["pass"]} pass,' in text
    assert f'<span class="failed">{counts["fail"]} fail,' in text
    assert f'<span class="error">{counts["unknown"]} unknown,' in text
    assert f'<span class="xfailed">{counts["warn"]} warn,' in text
    assert (
        f'<span class="skipped">{counts["blocked"] + counts["not applicable"] + counts["waived"]} not judged,' in text
    )


def test_the_environment_is_a_short_manifest(six: Path) -> None:
    assert blob(six)["environment"] == {
        "run": "20261121T221500Z-ab12",
        "started": "2026-11-21T22:15:00Z",
        "finished": "2026-11-21T22:15:12Z",
        "profile": "2510",
        "arguments": "--fleet=fleet.yaml -n auto",
        "suite": "0.1.0",
        "python": "3.11.9",
        "pytest": "9.2.0",
        "paramiko": "5.1.0",
    }
    assert "hunter2" not in six.read_text(encoding="utf-8")


def test_the_page_is_one_file_that_loads_nothing(six: Path) -> None:
    text = six.read_text(encoding="utf-8")
    assert sorted(path.name for path in six.parent.iterdir() if path.suffix in (".css", ".js", ".html")) == [
        "report.html"
    ]
    assert not re.search(r"<(link|iframe|script[^>]* src|img[^>]* src=\"h)|@import|url\(", text)


def test_hostile_text_is_escaped_in_every_context(tmp_path: Path) -> None:
    page = write_page(tmp_path, saved("hostile"))
    text = page.read_text(encoding="utf-8")
    for markup in (
        "<script>document.title",
        "<img src=x",
        "<svg onload",
        "</pre></td>",
        "\x1b",
        "\x00",
        "\u202e",
        "\u200b",
    ):
        assert markup not in text, markup
    for cell in (cell for rows in blob(page)["tests"].values() for cell in rows[0]["resultsTableRow"]):
        assert re.findall(r"</?(\w+)", cell)[0] == "td"
        assert set(re.findall(r"</?(\w+)", cell)) <= {"td", "span", "code"}
    assert not any("<" in value for value in blob(page)["environment"].values())
    evidence = details(page)["vms"][1]["evidence"]
    assert all(NASTY[:40] in seen["stdout"] for seen in evidence.values())  # as text, in JSON


def test_an_unreachable_vm_has_its_row_even_when_the_check_was_not_selected(tmp_path: Path) -> None:
    results = saved("six-vms")
    vm = unreachable("db-02")
    vm["results"] = []
    results["vms"] = [vm]
    rows = details(write_page(tmp_path, results))["rows"]
    assert [(row["id"], row["status"]) for row in rows] == [("SSH-001", "unknown")]


def test_long_evidence_is_shortened_and_says_so(tmp_path: Path) -> None:
    results = saved("six-vms")
    web_02 = results["vms"][1]
    web_02["evidence"]["proxy_002"]["stdout"] = "begin" + "x" * 500_000 + "end"
    web_02["evidence"]["agent_006"]["truncated"] = True
    page = write_page(tmp_path, results)
    evidence = details(page)["vms"][1]["evidence"]
    shown = evidence["proxy_002"]["stdout"]
    assert shown.startswith("begin") and shown.endswith("end") and len(shown) < 7_000
    assert (evidence["proxy_002"]["cut"], evidence["agent_006"]["truncated"]) == (True, True)


def test_a_huge_fleet_leaves_good_rows_out_of_the_table_and_says_so(tmp_path: Path) -> None:
    small = fleet(50)["vms"]
    results = run([{**small[n % 50], "name": f"vm-{n}"} for n in range(250)])
    page = write_page(tmp_path, results)
    assert {row["status"] for row in details(page)["rows"]} == {"fail", "unknown", "warn", "blocked"}
    counts = results["counts"]
    text = page.read_text(encoding="utf-8")
    assert f"usable: {counts['pass']:,} pass, {counts['not applicable']:,} not applicable. The matrix" in text
    assert text.count('<tr data-vm="') == 250  # the matrix has them all


def test_a_huge_fleet_that_is_down_leaves_blocked_rows_out_as_well(tmp_path: Path) -> None:
    down = unreachable("vm")
    results = run([{**down, "name": f"vm-{n}"} for n in range(400)])
    rows = details(write_page(tmp_path, results))["rows"]
    assert [(row["id"], row["status"]) for row in rows] == [("SSH-001", "unknown")] * 400


def test_a_module_that_cannot_be_collected_stays_visible(tmp_path: Path) -> None:
    page = write_page(tmp_path, None, suite="import nothing_of_that_name\n")
    (rows,) = blob(page)["tests"].values()
    assert "could not collect" in rows[0]["resultsTableRow"][5]
    assert "nothing_of_that_name" in rows[0]["log"]
    assert "No verdict" in page.read_text(encoding="utf-8")


def test_with_xdist_the_controller_writes_the_same_page(six: Path, tmp_path: Path) -> None:
    page = write_page(tmp_path, saved("six-vms"), "-n", "2")
    assert details(page) == details(six)
    assert blob(page)["tests"].keys() == blob(six)["tests"].keys()


@pytest.mark.parametrize("arguments", [(), ("-p", "no:html")], ids=["without --html", "without pytest-html"])
def test_without_a_page_to_write_it_does_nothing(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    finished = run_pytest(tmp_path, saved("ready"), *arguments, suite=SUITE.split("def test_that_fails")[0])
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert list(tmp_path.glob("*.html")) == []
