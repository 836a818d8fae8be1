"""The HTML report in a real browser: it is quiet, offline, unharmed by what a VM printed, and its clicks do what they say."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.report_builder import Json, fleet, saved
from tests.report_page import write_page

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed"),
]
pytest.importorskip("selenium", reason="selenium is not installed")

FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --window-size=1500,1000"
).split()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    from selenium.webdriver import Chrome
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = CHROMIUM or ""
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {
        name: write_page(tmp_path_factory.mktemp(name), saved(name)).as_uri()
        for name in ("six-vms", "hostile", "ready")
    }


@pytest.fixture(autouse=True)
def no_script_error(browser: Chrome) -> Iterator[None]:
    """Whatever a test does: the page's script must not stumble over it."""
    yield
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]


@pytest.fixture
def six(browser: Chrome, pages: dict[str, str]) -> Chrome:
    browser.get(pages["six-vms"])
    return browser


def js(browser: Chrome, script: str, *arguments: Any) -> Any:
    return browser.execute_script(f"return {script}", *arguments)


def shown_rows(browser: Chrome) -> list[list[str]]:
    """Status, check and VM of every visible row."""
    return js(  # type: ignore[no-any-return]
        browser,
        "[...document.querySelectorAll('#results-table > tbody[id]')].filter(b => !b.hidden)"
        ".map(b => ['.pill', '.col-check', '.col-vm'].map(s => b.querySelector(s).innerText.replace(/\\n/g, ' ')))",
    )


def click(browser: Chrome, selector: str) -> None:
    from selenium.webdriver.common.by import By

    element = browser.find_element(By.CSS_SELECTOR, selector)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()


def cell(results: Json, vm: str, check: str) -> str:
    """The selector of a matrix cell."""
    number = [machine["name"] for machine in results["vms"]].index(vm)
    return f'#matrix tbody tr[data-vm="{number}"] td:nth-child({list(results["checks"]).index(check) + 2})'


@pytest.mark.parametrize("name", ["six-vms", "hostile", "ready"])
def test_the_console_is_quiet_and_nothing_is_fetched(browser: Chrome, pages: dict[str, str], name: str) -> None:
    for kind in ("browser", "performance"):
        browser.get_log(kind)  # type: ignore[no-untyped-call]
    browser.get(pages[name])
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]  # type: ignore[no-untyped-call]
    urls = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert [url.split("?")[0] for url in urls] == [pages[name]]


def test_hostile_text_stays_text(browser: Chrome, pages: dict[str, str]) -> None:
    from selenium.common.exceptions import NoAlertPresentException

    browser.get(pages["hostile"])
    title = browser.title
    before = js(browser, "document.querySelectorAll('script, style').length")
    opened = js(
        browser,
        "(() => { const rows = [...document.querySelectorAll('#results-table .collapsible')];"
        "rows.forEach(row => { if (!row.parentElement.classList.contains('open')) row.children[5].click(); });"
        "document.querySelectorAll('#matrix tbody td').forEach(td => td.dispatchEvent(new Event('mouseover', {bubbles: true})));"
        "document.querySelectorAll('#matrix tbody th button').forEach(button => button.click());"
        "return rows.filter(row => row.parentElement.querySelector('.details')).length; })()",
    )
    assert opened == sum(saved("hostile")["counts"].values())
    assert js(browser, "window.owned ?? null") is None
    assert browser.title == title == "Azure Arc readiness: not ready"
    assert js(browser, "document.querySelectorAll('script, style').length") == before
    assert (
        js(
            browser,
            "document.querySelectorAll('svg, img, iframe, object, [onerror], [onload], [href^=javascript]').length",
        )
        == 0
    )
    with pytest.raises(NoAlertPresentException):
        _ = browser.switch_to.alert.text
    text = js(browser, "document.querySelector('.evidence pre').textContent")
    assert "<script>document.title='owned'" in text and r"\x1b[31mred" in text and r"\u202egnp" in text


def test_the_matrix_shows_the_worst_status_of_every_vm_and_check(six: Chrome) -> None:
    results = saved("six-vms")
    order = ("fail", "unknown", "warn", "blocked", "waived", "pass", "not applicable")
    expected: Counter[str] = Counter()
    not_met: Counter[str] = Counter()
    for vm in results["vms"]:
        for check in results["checks"]:
            worst = min((r["status"] for r in vm["results"] if r["id"] == check), key=order.index)
            expected[worst] += 1
            not_met[check] += worst in ("fail", "unknown")
    classes = js(six, "[...document.querySelectorAll('#matrix tbody td')].map(td => td.className.split(' ')[0])")
    assert Counter(name.removeprefix("s-").replace("-", " ") for name in classes) == expected
    totals = js(six, "[...document.querySelectorAll('#matrix .totals td')].map(td => td.textContent)")
    assert totals == [str(not_met[check] or "") for check in results["checks"]]


def test_vms_that_are_not_ready_come_first_in_the_matrix(six: Chrome) -> None:
    names = js(six, "[...document.querySelectorAll('#matrix .vm-name')].map(n => n.textContent)")
    assert names == ["web-02", "db-01", "edge-gateway-with-a-long-name-01", "db-02", "cache-01", "web-01"]


def test_a_matrix_cell_shows_its_rows_and_opens_the_worst(six: Chrome) -> None:
    click(six, cell(saved("six-vms"), "db-01", "NET-001"))
    rows = shown_rows(six)
    assert [row[2] for row in rows] == ["db-01"] * 4
    assert rows[0] == ["✕ fail", "NET-001 gbl.his.arc.azure.com", "db-01"]
    assert {row[0] for row in rows[1:]} == {"✓ pass"}
    text = js(six, "document.querySelector('#results-table tbody.open .details').innerText")
    assert "CSN-002" in text and "403 Forbidden" in text and "exit 22" in text
    assert js(six, "document.querySelector('#shown').textContent") == "4 of 342"


def test_a_consequence_leads_to_its_cause(six: Chrome) -> None:
    click(six, cell(saved("six-vms"), "web-02", "IMDS-003"))
    click(six, "tbody.open .details .check-id")
    assert shown_rows(six) == [["✕ fail", "PROXY-002", "web-02"]]


def test_a_tooltip_says_what_was_seen(six: Chrome) -> None:
    selector = cell(saved("six-vms"), "db-01", "NET-001")
    js(six, "document.querySelector(arguments[0]).dispatchEvent(new Event('mouseover', {bubbles: true}))", selector)
    assert js(six, "document.querySelector(arguments[0]).title", selector) == (
        "NET-001 on db-01: fail (1 of 4)\n"
        "CONNECT gbl.his.arc.azure.com:443 was answered with 403 by the proxy; expected 200."
    )


def test_rows_are_collapsed_until_they_are_clicked(six: Chrome) -> None:
    assert js(six, "document.querySelectorAll('#results-table tbody.open').length") == 0
    visible = "getComputedStyle(document.querySelector('#row-0 .extras-row')).display"
    assert js(six, visible) == "none"
    click(six, "#row-0 .col-message")
    assert js(six, visible) == "table-row"
    click(six, "#row-0 .toggle")
    assert js(six, visible) == "none"


def test_a_status_can_be_hidden_and_shown_again(six: Chrome) -> None:
    counts = saved("six-vms")["counts"]
    click(six, '[data-status="pass"]')
    assert len(shown_rows(six)) == sum(counts.values()) - counts["pass"]
    click(six, '[data-status="pass"]')
    assert len(shown_rows(six)) == sum(counts.values())


def test_a_readiness_tile_filters_the_matrix_and_the_rows(six: Chrome) -> None:
    click(six, '.tile[data-readiness="unknown"]')
    assert {row[2] for row in shown_rows(six)} == {"db-02", "cache-01"}
    assert js(six, "[...document.querySelectorAll('#matrix tbody tr')].filter(r => !r.hidden).length") == 2
    click(six, "#active-filters .token")
    assert len(shown_rows(six)) == 342


def test_a_search_finds_messages(six: Chrome) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.wait import WebDriverWait

    six.find_element(By.ID, "search").send_keys("NO MANAGED identity")
    WebDriverWait(six, 5).until(lambda _: len(shown_rows(six)) == 1)
    assert shown_rows(six) == [["✕ fail", "IDENTITY-001", "edge-gateway-with-a-long-name-01"]]


def test_a_column_sorts_both_ways(six: Chrome) -> None:
    click(six, '[data-sort="vm"]')
    names = [row[2] for row in shown_rows(six)]
    assert names == sorted(names)
    click(six, '[data-sort="vm"]')
    assert [row[2] for row in shown_rows(six)] == sorted(names, reverse=True)


def test_a_remedy_can_be_copied(six: Chrome) -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    click(six, ".cause .copy")
    WebDriverWait(six, 5).until(lambda _: js(six, "document.querySelector('.cause .copy').textContent") == "Copied")


def test_a_hundred_vms_open_and_answer(browser: Chrome, tmp_path: Path) -> None:
    results = fleet(100)
    page = write_page(tmp_path, results)
    assert page.stat().st_size < 12_000_000
    browser.get(page.as_uri())
    took = js(browser, "performance.getEntriesByType('navigation')[0].loadEventEnd")
    assert took < 30_000  # 1.7 s on an idle machine with two cores; this guards against a different order of magnitude
    counts = results["counts"]
    assert len(shown_rows(browser)) == sum(counts.values()) - counts["pass"] - counts["not applicable"]
    click(browser, cell(results, "web-000", "IMDS-002"))
    assert shown_rows(browser) == [["✓ pass", "IMDS-002", "web-000"]]
