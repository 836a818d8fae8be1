"""The page in dark mode, on a phone, on paper, without scripts, and with a screen reader (axe-core's rules)."""

from __future__ import annotations

import base64
import io
import unicodedata
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.browser import (
    act,
    card,
    choose,
    click,
    expect,
    js,
    load,
    on_a_phone,
    open_cell,
    opened,
    prefer,
    visible,
)
from tests.support.report_builder import EGRESS_STORY, Json, run, vm
from tests.support.report_page import write_page

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


def test_the_reader_chooses_the_colours(six: Chrome) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    light = js(six, colour)
    click(six, "#theme")
    assert js(six, "document.querySelector('#theme').textContent") == "Colours: light" and js(six, colour) == light
    click(six, "#theme")
    assert js(six, "document.querySelector('#theme').textContent") == "Colours: dark" and js(six, colour) != light
    click(six, "#theme")
    assert (
        js(six, "document.querySelector('#theme').textContent") == "Colours: as the system" and js(six, colour) == light
    )


def test_the_page_is_dark_when_the_reader_prefers_that(fleet: Chrome) -> None:
    def brightness() -> int:
        colour: str = js(fleet, "getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour[4:-1].split(",")[:3])

    assert brightness() > 600
    prefer(fleet, "dark")
    assert brightness() < 120
    prefer(fleet)


def test_on_a_phone_nothing_is_wider_than_the_screen_and_the_matrix_is_a_list(
    browser: Chrome, address_of: Callable[[str], str], rollout_results: Json, tmp_path: Path
) -> None:
    long = run([vm(f"payments_db_primary_with_a_very_long_name_{n}", EGRESS_STORY, n) for n in range(2)])
    outlier = {"value": "no_proxy=" + "169.254.169.254," * 9, "vms": []}
    long["drift"] = [{**rollout_results["drift"][0], "outliers": [outlier]}]
    long["arguments"] = [f"--html=/srv/readiness/{'folder-' * 3}of/report.html"]
    addresses = (write_page(tmp_path, long).as_uri(), address_of("six-vms"), address_of("small"))
    with on_a_phone(browser):
        for address in addresses:
            opened(browser, address)
            assert js(browser, "document.documentElement.scrollWidth") == 390
            assert visible(browser, "#matrix") == []
            nav = js(
                browser,
                "new Set([...document.querySelectorAll('.sections a')].filter(a => a.checkVisibility()).map(a => a.offsetTop)).size",
            )
            assert nav == 1  # one row, which scrolls
        assert len(visible(browser, "#vm-list > li")) == 12
        first = visible(browser, "#vm-list > li")[0]
        assert first.startswith("madrid-db-001not ready1. Add gbl.his.arc.azure.com to the egress list of csn-madrid-a")
        click(browser, "#vm-list button")
        assert card(browser).startswith("✕\nmadrid-db-001\nnot ready")
        assert js(browser, "document.querySelector('#card').getBoundingClientRect().width") == 390


def test_without_scripts_findings_vms_and_commands_are_there_and_nothing_looks_alive(
    browser: Chrome, address_of: Callable[[str], str]
) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        load(browser, address_of("six-vms"))
    finally:  # the checks below need scripts, without which the page was loaded
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert visible(browser, "main button:not([disabled]), main input, main select") == []
    assert visible(browser, "#results-table, #findings-table") == []  # pytest-html fills its table with a script
    text = js(browser, "document.querySelector('#report').innerText")
    for part in (
        "JavaScript is disabled",
        "az networkcloud cloudservicesnetwork update --name csn-01",
        "CONNECT gbl.his.arc.azure.com:443 was answered with 403",
        "edge-gateway-with-a-long-name-01",
        "fix 1, fix 3",
    ):
        assert part in text or part in js(browser, "document.querySelector('#report').textContent"), part


def test_it_prints_the_plan_opened_and_the_whole_matrix(fleet: Chrome, rollout_results: Json) -> None:
    from pypdf import PdfReader

    drawn = js(fleet, "document.querySelectorAll('#matrix tbody tr').length")
    printed = fleet.execute_cdp_cmd("Page.printToPDF", {"printBackground": True, "preferCSSPageSize": True})
    reader = PdfReader(io.BytesIO(base64.b64decode(printed["data"])))
    texts = [" ".join(unicodedata.normalize("NFKC", page.extract_text()).split()) for page in reader.pages]
    assert 6 <= len(texts) <= 14
    assert all(page.mediabox.width > page.mediabox.height for page in reader.pages)
    whole = " ".join(texts)
    for name in (machine["name"] for machine in rollout_results["vms"]):
        assert name in whole, name
    assert "The first 3 fixes make" in texts[0] and "What to fix, in this order" in texts[0]
    assert "az networkcloud cloudservicesnetwork update" in whole  # in a fix that is closed on the screen
    assert all(name in whole.split("Warnings")[0] for name in rollout_results["causes"][0]["vms"])  # each VM of a fix
    matrix = next(number for number, text in enumerate(texts) if "Not met or not judged" in text)
    assert texts[matrix].startswith("VMs and checks")  # on its own page
    expect(fleet, "document.querySelectorAll('#matrix tbody tr').length", drawn)
    expect(fleet, "document.querySelectorAll('#plan details[open]').length", 0)


def barriers(page: Chrome, *rules: str) -> Json:
    # Sticky elements hide the colours behind them from axe.
    act(
        page,
        "const fixed = document.querySelectorAll('.filter, .sections, .card, .card header, #matrix thead, #matrix th:first-child'); fixed.forEach(element => { element.style.position = 'static'; })",
    )
    # Report one element for each passed rule: describing thousands takes most of the time.
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    actual: Json = page.execute_async_script("axe.run(arguments[0]).then(arguments[1])", options)
    assert [(broken["id"], broken["nodes"][0]["html"]) for broken in actual["violations"]] == []
    return actual


def test_axe_finds_no_barrier(browser: Chrome, address_of: Callable[[str], str]) -> None:
    """axe-core's rules (WCAG and best practice) for the whole page, with everything open, a group and a card.

    In dark mode only the colours differ; on a phone the tables have another layout.
    """
    small = opened(browser, address_of("small"))
    small.execute_script((files("axe_core_python") / "axe.min.js").read_text("utf-8"))
    choose(small, "group", "site")
    act(
        small,
        "const all = document.querySelectorAll('details'); all.forEach(details => { details.open = true; }); document.querySelector('.toggle').click()",
    )
    open_cell(small, "madrid-db-001", "NET-001")
    actual = barriers(small)
    passed = {rule["id"] for rule in actual["passes"]}
    assert {
        "color-contrast",
        "aria-required-children",
        "label",
        "button-name",
        "heading-order",
        "region",
        "scrollable-region-focusable",
        "svg-img-alt",
    } <= passed | {rule["id"] for rule in actual["inapplicable"]}
    prefer(small, "dark")
    barriers(small, "color-contrast")
    prefer(small)
    with on_a_phone(small):
        click(small, "#vm-list button")
        card(small)
        barriers(
            small,
            "color-contrast",
            "scrollable-region-focusable",
            "aria-required-children",
            "list",
            "listitem",
            "td-has-header",
        )
