"""Pages with no VM, one, a thousand, and more than the matrix draws."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import card, choose, click, expect, js, open_cell, opened, shown, shown_vms
from tests.support.report_fleet import rollout
from tests.support.report_page import write_page

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

WELL = ("pass", "not applicable", "waived")


def test_a_thousand_vms_open_and_answer(browser: Chrome, tmp_path: Path) -> None:
    page = write_page(tmp_path, rollout(1000))
    assert page.stat().st_size < 8_000_000  # 1.1 MB; with the evidence of the recorded lab run it is 2.7 MB
    opened(browser, page.as_uri())
    assert js(browser, "document.querySelectorAll('*').length") < 9_000
    assert shown(browser) == "1,000 VMs: 215 not ready, 18 unknown, 767 ready."
    choose(browser, "group", "cluster")
    choose(browser, "check", "ROLES-002")
    assert shown(browser).startswith("66 of 1,000 VMs")
    text = open_cell(browser, "oslo-web-012", "ROLES-002")
    assert "id-oslo holds no role" in text


def test_of_thousands_of_vms_those_with_something_to_fix_are_drawn(browser: Chrome, tmp_path: Path) -> None:
    """With a tenth of the limits and of the VMs."""
    results = rollout(300)
    cause = results["causes"][0]
    ready = [vm["name"] for vm in results["vms"] if all(r["status"] in WELL for r in vm["results"])]
    cause["vms"] = [cause["vms"][0], *ready[-40:]]  # the matrix draws only the first of these
    opened(browser, write_page(tmp_path, results, caps={"vms": 200, "names": 30}).as_uri())
    assert js(browser, "document.querySelector('#drawn').textContent") == (
        "The matrix shows 200 of 300 VMs, those with findings first. "
        "Its groups, its counts and the filter cover only these VMs."
    )
    assert shown(browser) == "200 VMs: 65 not ready, 6 unknown, 129 ready."
    click(browser, "#step-1 summary")
    chips = "[...document.querySelectorAll('#plan .chips')[0].querySelectorAll('button, span')].map(c => c.textContent)"
    assert js(browser, chips) == [cause["vms"][0], *ready[-40:-33], "and 33 more"]
    click(browser, "#plan .more")
    assert js(browser, chips) == [*cause["vms"][:31], "and 10 more: see results.json"]
    click(browser, "#plan .chips .chip.gone")  # it has no card
    assert js(browser, "document.querySelector('#card').hidden") is True
    click(browser, "#plan .chips .chip")
    assert card(browser).startswith(f"✕\n{cause['vms'][0]}\n")
    click(browser, "#plan [data-show]")
    assert shown(browser) == "1 of 200 VMs: 1 not ready."
    click(browser, "#results-table .collapsible")
    expect(browser, "document.querySelector('#findings .details .chips')?.children.length > 9", True)


@pytest.mark.parametrize("size", [0, 1])
def test_no_vm_and_one_vm(browser: Chrome, tmp_path: Path, size: int) -> None:
    results = rollout(size) if size else {**rollout(0), "verdict": "unknown", "sentence": "No VM was judged."}
    opened(browser, write_page(tmp_path, results).as_uri())
    assert shown(browser) == ("1 VM: 1 ready." if size else "This page has no VM.")
    assert len(shown_vms(browser)) == size
