"""The content of the HTML file that pytest-html writes, without a browser."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from plugins.results import schema
from plugins.results.verdict import sentence
from tests.support.report_builder import NASTY, Json, Story, run, saved, unreachable_without_its_check, vm
from tests.support.report_fleet import rollout
from tests.support.report_page import SUITE, chunks, core, run_pytest, write_page


def blob(page: Path) -> Json:
    """The data for pytest-html's script."""
    match = re.search(r'data-jsonblob="([^"]*)"', page.read_text(encoding="utf-8"))
    assert match
    data: Json = json.loads(html.unescape(match[1]))
    return data


def rows(page: Path) -> list[list[str]]:
    """The cells of pytest-html's table."""
    return [tests[0]["resultsTableRow"] for tests in blob(page)["tests"].values()]


def words(page: Path) -> str:
    """The page without its scripts, as running text."""
    text = re.sub(r"<(script|style)\b.*?</\1>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", text)))


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(tmp_path_factory.mktemp("six"), saved("six-vms"))


@pytest.fixture(scope="module")
def extras(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(tmp_path_factory.mktemp("extras"), rollout(40, extras=True))


def test_the_table_has_one_row_per_finding_and_none_for_the_items(six: Path) -> None:
    results = saved("six-vms")
    read = [
        (r["id"], r["status"])
        for vm in results["vms"]
        for r in vm["results"]
        if r["status"] in ("fail", "unknown", "warn", "waived")
    ]
    cells = rows(six)
    assert len(cells) == len(core(six)["findings"]) == 13 < len(read)
    assert {(id, f["status"]) for f in core(six)["findings"] for id in f["ids"]} == set(read)
    filtered_by = {"fail": "Failed", "unknown": "Error", "warn": "XFailed", "waived": "Skipped"}
    assert sorted(cell[0] for cell in cells) == sorted(
        f'<td class="col-result" hidden>{filtered_by[f["status"]]}</td>' for f in core(six)["findings"]
    )
    assert "test_that_fails" not in six.read_text(encoding="utf-8")


def test_alike_results_are_one_finding_with_all_their_vms_and_parameters(tmp_path: Path) -> None:
    story: Story = {
        ("NET-001", host): ("fail", f"CONNECT {host}:443 was answered with 403.")
        for host in ("management.azure.com", "gbl.his.arc.azure.com")
    }
    page = write_page(tmp_path, run([vm(f"web-{n}", story, n) for n in range(12)]))
    (row,) = rows(page)
    assert row[3].count('class="parameter"') == 2
    assert row[5] == '<td class="col-vms"><b>12</b> <span>web-0, …</span></td>'
    (finding,) = core(page)["findings"]
    assert core(page)["lists"][finding["list"]] == list(range(12))


def test_the_columns_that_sort_have_a_button(six: Path) -> None:
    _, _, text = six.read_text(encoding="utf-8").partition('<thead id="results-table-head">')
    assert [line.strip() for line in text.partition("</thead>")[0].split("\n")] == [
        "",
        "<tr>",
        '<th class="sortable" data-column-type="result" hidden>Result</th>',
        '<th class="sortable" data-column-type="testId" hidden>Row</th>',
        *(
            f'<th class="by-{key}" scope="col" aria-sort="none">'
            f'<button type="button" data-sort="{key}">{label}</button></th>'
            if label != "Observed"
            else f'<th class="by-{key}" scope="col">{label}</th>'
            for key, label in (("status", "Status"), ("check", "Check"), ("message", "Observed"), ("vms", "VMs"))
        ),
        "</tr>",
        "",
    ]


def test_findings_are_ordered_worst_first_root_causes_before_consequences(six: Path) -> None:
    document = core(six)["findings"]
    assert list(dict.fromkeys(finding["status"] for finding in document)) == ["fail", "unknown", "warn", "waived"]
    caused = [bool(finding["by"]) for finding in document if finding["status"] == "fail"]
    assert caused == sorted(caused) and len(set(caused)) == 2


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """420 VMs, each with a different finding."""
    kinds = [f"{chr(97 + number % 26)}{chr(97 + number // 26)}" for number in range(420)]
    vms = [vm(f"m-{kind}", {"IDENTITY-001": ("fail", f"Trouble {kind}.")}, 1) for kind in kinds]
    for machine, kind in zip(vms, kinds, strict=True):
        next(result for result in machine["results"] if result["status"] == "fail")["remedy"] = f"Cure {kind}."
    return write_page(tmp_path_factory.mktemp("troubled"), run(vms))


def test_more_findings_than_anybody_reads_are_counted_not_shown(troubled: Path) -> None:
    assert len(rows(troubled)) == 400
    assert "20 rarer findings are only in results.json." in words(troubled)


def test_more_fixes_than_a_page_can_hold_are_counted_not_shown(troubled: Path) -> None:
    text = words(troubled)
    assert "What to fix, in this order 420" in text and "410 more fixes" in text
    assert text.count("1 VM becomes ready.") == 200 and "and 220 more: see ActionPlan.csv" in text
    assert len(core(troubled)["causes"]) == 420  # the cards have all of them


def test_pytest_html_counts_the_results_of_the_run_under_our_words(six: Path) -> None:
    counts = saved("six-vms")["counts"]
    text = re.sub(r"\s+", " ", six.read_text(encoding="utf-8"))
    not_judged = counts["blocked"] + counts["not applicable"] + counts["waived"]
    assert f'<span class="passed">{counts["pass"]} pass,' in text
    assert f'<span class="failed">{counts["fail"]} fail,' in text
    assert f'<span class="error">{counts["unknown"]} unknown,' in text
    assert f'<span class="xfailed">{counts["warn"]} warn,' in text
    assert f'<span class="skipped">{not_judged} not judged,' in text


def test_the_verdict_states_how_many_vms_the_plan_makes_ready(six: Path) -> None:
    text = words(six)
    assert (
        "Not ready 1 of 6 VMs are ready; 3 are not; 2 could not be judged. 5 fixes make 4 of 6 VMs ready. 2 more can then be judged."
        in text
    )
    assert "Nothing to fix." not in text


def test_a_partial_run_says_once_which_checks_were_left_out(tmp_path: Path) -> None:
    results = saved("six-vms")
    left_out = {"complete": False, "guest_alone": True, "why": ["--no-azure"], "areas": ["VM", "CSN"]}
    results["judged"] |= {**left_out, "required": {"judged": 20, "of": 38}}
    results["sentence"] = sentence({"not ready": 3, "unknown": 2, "partial": 1}, results["judged"])
    text = words(write_page(tmp_path, results))
    assert "Partial run. 20 of 38 required checks were judged ( --no-azure ); not judged: VM, CSN." in text
    assert text.count("required checks were judged") == 1
    assert (
        "Not ready 3 of 6 VMs are not ready; guest ready on 1 of 6 VMs; Azure not asked; 2 could not be judged. 5 fixes"
        in text
    )


def test_the_plan_is_the_list_of_fixes_with_what_is_true_after_each(six: Path) -> None:
    text = words(six)
    at = [
        text.index(start)
        for start in (
            "Add gbl.his.arc.azure.com to the egress list of csn-01 The cloud services network csn-01 does not allow gbl.his.arc.azure.com:443. CSN-002",
            "Exempt the metadata address on web-02 no_proxy is localhost,127.0.0.1 : curl 7.81 on this VM sends 169.254.169.254 to the proxy. PROXY-002",
            "Create edge-gateway-with-a-long-name-01 again with a managed identity The VM resource has no managed identity; expected one, assigned at creation. IDENTITY-001",
        )
    ]
    assert at == sorted(at)
    assert "CSN-002 1 VM becomes ready; 1 more still waits for IDENTITY-001." in text
    assert "+1 2 of 6 ready" in text and "+1 4 of 6 ready" in text


def test_the_staircase_has_a_sentence_and_a_table_of_the_ready_vms_after_each_fix(six: Path) -> None:
    text = words(six)
    assert "Of 6 VMs, 1 is ready now, 4 after 5 fixes." in text
    assert "After fix VMs ready none 1 1 2 2 3 3 4 4 4 5 4" in text
    line = re.search(r'class="stairs-line"[^>]* d="([^"]+)"', six.read_text(encoding="utf-8"))
    assert line and line[1].startswith("M0.0 166.7H166.7L166.7 133.3H333.3")


def test_a_fix_shows_its_commands_and_the_warnings_stand_apart(six: Path) -> None:
    text = words(six)
    assert "az networkcloud cloudservicesnetwork update --name csn-01" in text
    assert "Commands for you to run; nothing runs them by itself" in text
    warnings = text[
        text.index("Warnings do not keep a VM from being ready.") : text.index("VMs and checks 6 VMs, 47 checks")
    ]
    assert "Set the clock on 2 VMs The clock is 204 s behind Azure's; expected at most 120 s. SSH-003" in warnings
    assert "PROXY-002" not in warnings


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (1, "The VM is ready"),
        (8, "2 fixes make all 8 VMs ready."),
        (
            100,
            "The first 3 of 6 fixes make 96 of 100 VMs ready; all 6 fixes (11 changes) make it 98, as far as judged. 2 more can then be judged.",
        ),
    ],
)
def test_the_forecast_at_several_sizes(size: int, expected: str) -> None:
    results = rollout(size)
    assert (results["forecast"] or "The VM is ready") == expected.replace("The first 3 of 6 fixes", "The first 3 fixes")


def test_a_run_in_which_all_is_well_says_that_there_is_nothing_to_fix(tmp_path: Path) -> None:
    text = words(write_page(tmp_path, saved("ready")))
    assert "Nothing to fix." in text and "No findings." in text
    assert "What to fix" not in text and "Warnings" not in text


def test_a_run_without_vms_has_a_page_that_says_so(tmp_path: Path) -> None:
    empty = {**run([]), "verdict": "unknown", "sentence": "No VM was judged."}
    page = write_page(tmp_path, empty)
    assert "Unknown No VM was judged." in words(page) and "Nothing to fix." not in words(page)
    assert core(page)["vms"] == []


def test_what_only_some_runs_have_is_shown_when_it_is_there(six: Path, extras: Path) -> None:
    text = words(extras)
    for part in (
        "✕ Gate not passed canary=all,unknown=2% ✕ not met canary=all canary 2 of 3 ready, all needed ✓ met unknown=2%",
        "Changes since 20261114T221500Z-9c1d",
        "Worse 2", "New 2", "Fixed 1", "Still there 1",
        "VMs that this run no longer has retired-web-001",
        "PLATFORM-002 lyon-* 8 2026-12-31 expires soon The bundle upgrade is planned. platform team https://tracker.example/CHG-1044",
        "DNS-001 login.microsoftonline.com site:turin 0 unused 2027-06-30 A split horizon.",
        "healthz on 40 VMs", "cat /etc/os-release",
        "Requests to Azure 31", "200, 30 times", "no answer",
        f"profile sha256:{'a' * 64}",
    ):  # fmt: skip
        assert part in text, part
    for absent in ("Gate", "Exceptions", "Changes since", "Slowest", "Hashes"):
        assert absent not in words(six)


def test_drift_names_the_majority_and_the_outliers(six: Path) -> None:
    assert "cluster Berlin agent version 1.61 5 of 6 1.52 1 db-01" in words(six)


def test_the_manifest_keeps_arguments_and_versions_and_no_environment_variable(six: Path) -> None:
    assert blob(six)["environment"] == {}
    assert "Arguments --fleet=fleet.yaml -n auto suite 0.1.0 python 3.11.9 pytest 9.2.0 paramiko 5.1.0" in words(six)
    assert "hunter2" not in six.read_text(encoding="utf-8")


def test_the_page_is_one_file_that_loads_nothing(six: Path) -> None:
    text = six.read_text(encoding="utf-8")
    assert sorted(path.name for path in six.parent.iterdir() if path.suffix in (".css", ".js", ".html")) == [
        "report.html"
    ]
    assert not re.search(r"<(link|iframe|script[^>]* src|img[^>]* src=\"h)|@import|url\(", text)


def test_hostile_text_is_escaped_in_every_context(tmp_path: Path) -> None:
    hostile = saved("hostile")
    hostile["gate"] = {
        "policy": NASTY,
        "passed": False,
        "exit": 10,
        "sentence": NASTY,
        "rules": [{"rule": NASTY, "passed": True, "sentence": NASTY}],
    }
    hostile["waivers"] = [
        dict.fromkeys(("id", "vms", "parameter", "reason", "owner", "expires"), NASTY)
        | {"tracker": f"javascript:{NASTY}", "used": 0, "unused": True, "expiring_soon": True}
    ]
    change = dict.fromkeys(("vm", "id", "parameter", "was", "now", "message"), NASTY)
    kinds = {kind: [change] for kind in ("new", "fixed", "persisting", "regressions")}
    hostile["changes"] = {"against": NASTY, "sentence": NASTY, **kinds, "vms_added": [NASTY], "vms_removed": [NASTY]}
    hostile["provenance"] = {
        "hashes": {NASTY: NASTY},
        "commands": [{"command": NASTY, "key": NASTY, "vms": 1}],
        "requests": [{"request": NASTY, "status": None, "times": 2}],
    }
    page = write_page(tmp_path, hostile)
    text = page.read_text(encoding="utf-8")
    for markup in ("<script>document.title", "<img src=x", "<svg onload", "</pre></td>", "\x1b", "\x00", "\u202e", "\u200b"):  # fmt: skip
        assert markup not in text, markup
    assert not re.search(r'href="(?!https?://|#)', text)
    for cell in (cell for row in rows(page) for cell in row):
        assert re.findall(r"</?(\w+)", cell)[0] == "td"
        assert set(re.findall(r"</?(\w+)", cell)) <= {"td", "span", "code", "b"}
    shown = [text for texts, _ in chunks(page) for text in texts]
    assert any(NASTY[:40] in text for text in shown)  # as text, in packed JSON
    assert not any("\x1b" in text or "\u202e" in text for text in shown)


def test_an_unreachable_vm_is_there_even_when_the_check_was_not_selected(tmp_path: Path) -> None:
    gone = unreachable_without_its_check("db-02")
    gone["results"] = gone["results"][:1]
    page = write_page(tmp_path, {**run([gone]), "checks": {}})
    assert [(finding["ids"], finding["status"]) for finding in core(page)["findings"]] == [(["SSH-001"], "unknown")]
    assert core(page)["vms"] == [["db-02", "unknown", "u", 0]]


def test_a_module_that_cannot_be_collected_stays_visible(tmp_path: Path) -> None:
    page = write_page(tmp_path, None, suite="import nothing_of_that_name\n")
    (tests,) = blob(page)["tests"].values()
    assert "could not collect" in tests[0]["resultsTableRow"][4]
    assert "nothing_of_that_name" in tests[0]["log"]
    assert "No verdict" in words(page)
    assert "Content-Security-Policy" in page.read_text(encoding="utf-8")


def test_with_xdist_the_controller_writes_the_same_page(six: Path, tmp_path: Path) -> None:
    page = write_page(tmp_path, saved("six-vms"), "-n", "2")
    assert core(page) == core(six) and chunks(page) == chunks(six)
    assert blob(page)["tests"].keys() == blob(six)["tests"].keys()


@pytest.mark.parametrize("arguments", [(), ("-p", "no:html")], ids=["without --html", "without pytest-html"])
def test_without_a_page_to_write_it_does_nothing(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    finished = run_pytest(tmp_path, saved("ready"), *arguments, suite=SUITE.split("def test_that_fails")[0])
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert list(tmp_path.glob("*.html")) == []


def test_the_fleet_with_everything_follows_the_schema() -> None:
    assert schema.problems(rollout(40, extras=True)) == []


def test_a_page_that_cannot_be_sealed_is_not_left_behind(tmp_path: Path) -> None:
    full = """
import plugins.reports.html.plugin as html
def no_room(path, text):
    raise OSError(28, "No space left on device")
html.write_text = no_room
"""
    finished = run_pytest(tmp_path, saved("ready"), "--html=report.html", "--self-contained-html", suite=full + SUITE)
    assert finished.returncode == pytest.ExitCode.INTERNAL_ERROR
    assert "Traceback" not in finished.stderr and "INTERNALERROR" not in finished.stdout
    assert not (tmp_path / "report.html").exists()
    assert (tmp_path / "unwritten.txt").read_text() == "[Errno 28] No space left on device"
