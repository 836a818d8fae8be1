"""The table of findings: drawn by pytest-html; opened, sorted and searched by our script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.browser import act, click, expect, js, keys, shown_vms

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


def test_findings_open_sort_and_search(six: Chrome) -> None:
    assert js(six, "document.querySelector('#results-table').closest('#findings') !== null")
    details = "getComputedStyle(document.querySelector('#row-0 .extras-row')).display"
    assert js(six, details) == "none"
    click(six, "#row-0 .col-message")
    assert js(six, details) == "table-row"
    assert js(six, "document.querySelector('#row-0 .toggle').getAttribute('aria-expanded')") == "true"
    assert "On 2 VMs" in js(six, "document.querySelector('#row-0 .details').innerText")
    click(six, "#row-0 .toggle")
    assert js(six, details) == "none"
    click(six, '#results-table [data-sort="check"]')
    checks = "[...document.querySelectorAll('#results-table > tbody:not([hidden]) .col-check')].map(c => c.textContent)"
    assert js(six, checks) == sorted(js(six, checks))
    act(six, "document.querySelector('#filter').text.focus()")
    keys(six, "NO MANAGED identity")
    expect(six, "document.querySelector('#found').textContent", "1 finding of 13 with this filter.")
    expect(six, checks, ["IDENTITY-001"])
    assert shown_vms(six) == ["edge-gateway-with-a-long-name-01"]
