"""The filter: one for the whole page, part of the address, with a note when nothing matches."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import (
    SHOWN,
    VM_NAMES,
    act,
    card,
    choose,
    click,
    expect,
    js,
    keys,
    open_cell,
    opened,
    shown,
    shown_vms,
    visible,
)
from tests.support.report_builder import Json

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


def test_the_filter_looks_in_names_tags_and_components(fleet: Chrome, rollout_results: Json) -> None:
    def has(vm: Json, text: str) -> bool:
        own = [vm["name"], *vm["tags"].values(), *(id.rpartition("/")[2] for id in vm["components"].values())]
        return all(part in "\n".join(own).lower() for part in text.lower().split())

    for text in ("csn-oslo-a", "OSLO db", "wave-2 oslo", "rhel:9.4"):
        expected = {vm["name"] for vm in rollout_results["vms"] if has(vm, text)}
        keys(fleet, "/")  # from anywhere in the page
        assert js(fleet, "document.activeElement.name") == "text"
        keys(fleet, text)
        assert 0 < len(expected) < 30
        expect(fleet, f"{SHOWN}.split(' VMs')[0]", f"{len(expected)} of 120")
        expect(fleet, f"{VM_NAMES}.sort()", sorted(expected))
        act(fleet, "document.activeElement.blur()")
    assert js(fleet, "document.querySelector('#shown').getAttribute('aria-live')") == "polite"


def test_the_text_finds_vms_by_their_findings_and_leaves_those_findings(fleet: Chrome) -> None:
    keys(fleet, "/", "oslo listaccessdetails")
    expect(fleet, f"{SHOWN}.startsWith('8 of')", True)
    expect(
        fleet,
        "[...document.querySelectorAll('#results-table > tbody:not([hidden]) .col-check')].map(c => c.textContent)",
        ["ROLES-002"],
    )
    assert visible(fleet, "#plan .check-name") == ["ROLES-002"]


def test_readiness_check_and_status_filter_together_and_each_can_be_taken_back(fleet: Chrome) -> None:
    choose(fleet, "check", "PROXY-002")
    assert js(fleet, "document.querySelector('#filter').status.value") == "finding"
    assert shown(fleet).startswith("6 of 120 VMs")
    choose(fleet, "status", "blocked")
    assert shown(fleet) == "1 of 120 VMs: 1 unknown."
    choose(fleet, "readiness", "ready")
    assert shown(fleet) == "No VM matches the filter."
    tokens = "[...document.querySelectorAll('#tokens .token')].map(t => t.firstChild.textContent)"
    assert js(fleet, tokens) == ["ready", "PROXY-002", "blocked"]
    click(fleet, "#tokens .token")
    assert shown(fleet) == "1 of 120 VMs: 1 unknown."
    click(fleet, "#tokens .show")
    assert shown(fleet).startswith("120 VMs:") and js(fleet, tokens) == []


def test_the_tiles_of_the_verdict_and_the_lists_of_the_plan_choose_vms(fleet: Chrome) -> None:
    click(fleet, '.tile[data-readiness="unknown"]')
    assert set(shown_vms(fleet)) == {"berlin-web-060", "berlin-web-040"}
    assert js(fleet, "document.querySelector('.tile[data-readiness=unknown]').getAttribute('aria-pressed')") == "true"
    click(fleet, '.tile[data-readiness="unknown"]')
    assert shown(fleet).startswith("120 VMs:")
    click(fleet, "#plan [data-show]")
    assert shown(fleet) == "12 of 120 VMs: 12 not ready."
    assert js(fleet, "document.querySelector('#tokens .token').firstChild.textContent") == "VMs with CSN-002"


def test_the_address_leads_others_to_the_same_view_and_card(fleet: Chrome) -> None:
    choose(fleet, "group", "site")
    choose(fleet, "readiness", "not ready")
    open_cell(fleet, "madrid-db-001", "CSN-002")
    url = js(fleet, "location.href")
    assert "?sort" not in url  # which pytest-html would add
    opened(fleet, url)
    assert js(fleet, "document.querySelector('#fold').textContent") == "Close all 5 groups" and "ready" not in shown(
        fleet
    ).replace("not ready", "")
    assert card(fleet).startswith("✕\nCSN-002 on madrid-db-001")
    keys(fleet, "ESCAPE")
    assert "at=" not in js(fleet, "location.href") and "group=tags.site" in js(fleet, "location.href")


def test_the_filter_governs_the_whole_page_and_is_in_the_address(fleet: Chrome, rollout_results: Json) -> None:
    oslo = [vm for vm in rollout_results["vms"] if vm["tags"]["site"] == "oslo"]
    names = {vm["name"] for vm in oslo}
    of_oslo = [cause for cause in rollout_results["causes"] if names & set(cause["vms"])]
    steps = rollout_results["plan"]
    planned = [step["what"] for step in steps if rollout_results["causes"][step["cause"] - 1] in of_oslo]
    whole = js(fleet, "document.querySelector('.stairs-line').getAttribute('d')")

    def check_page() -> None:
        assert shown(fleet) == "24 of 120 VMs: 10 not ready, 14 ready."
        assert visible(fleet, "#tokens .token") == ["site: oslo \u00d7, remove this filter"]
        assert visible(fleet, ".tile strong") == ["14", "10", "0"]
        assert visible(fleet, "#plan .step-what") == planned and 0 < len(planned) < len(steps)
        assert visible(fleet, "#plan h2 .count") == [f"{len(planned)} of {len(steps)}"]
        assert len(visible(fleet, "#whole-run")) == 1
        assert "1 of 5" in visible(fleet, "#results-table > tbody .col-vms b")
        assert visible(fleet, "#step-3 .in-view") == ["1 VM matches the filter"]
        assert len(visible(fleet, "#warnings .action")) == len(of_oslo) - len(planned)
        assert set(shown_vms(fleet)) == names
        assert js(fleet, "[...document.querySelectorAll('#areas-table tbody th')].map(e => e.textContent)") == ["oslo"]
        assert visible(fleet, "#drift tbody tr") and all(
            "oslo" in row for row in visible(fleet, "#drift tbody .outlier")
        )
        findings = [f for f in rollout_results["findings"] if names & set(f["vms"])]
        assert len(visible(fleet, "#results-table > tbody")) == len(findings)
        assert (
            js(fleet, "document.querySelector('#found').textContent")
            == f"{len(findings)} findings of 15 with this filter."
        )
        fails = sum(r["status"] == "fail" for vm in oslo for r in vm["results"])
        assert js(fleet, "document.querySelector('[data-status=fail]').textContent") == str(fails)
        assert js(fleet, "document.querySelector('.x-last').textContent") == "24 after all fixes"
        assert js(fleet, "location.hash") == "#tags.site=oslo"

    choose(fleet, "by", "site")
    choose(fleet, "value", "oslo")
    check_page()
    opened(fleet, js(fleet, "location.href"))
    check_page()
    click(fleet, "#tokens .show")
    assert shown(fleet).startswith("120 VMs:") and len(visible(fleet, "#plan .step-what")) == len(steps)
    assert js(fleet, "document.querySelector('.stairs-line').getAttribute('d')") == whole
    assert visible(fleet, "#plan h2 .count") == [str(len(steps))] and visible(fleet, "#whole-run") == []
    assert visible(fleet, ".tile strong") == ["91", "27", "2"] and js(fleet, "location.hash") == ""


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("#tags.owner=bob", "No VM in this page has owner bob."),
        ("#tags.site=paris&readiness=ready", "No VM in this page has site paris."),
        ("#vm=nosuch&at=CSN-002", "No VM in this page has the name nosuch."),
        ("#check=NOPE-001", "No VM in this page has the check NOPE-001."),
        ("#text=nothing+of+the+kind", "No VM matches the filter."),
    ],
)
def test_an_address_that_no_vm_can_meet_shows_none_and_says_so(
    browser: Chrome, address_of: Callable[[str], str], place: str, sentence: str
) -> None:
    opened(browser, address_of("fleet") + place)
    assert shown(browser) == sentence
    assert shown_vms(browser) == [] and visible(browser, "#plan .action, #staircase, #results-table > tbody") == []
    assert visible(browser, "#plan [data-none]") == ["No fix is about the VMs that match the filter."]
    assert js(browser, "document.querySelector('#card').hidden") is True
    click(browser, "#tokens .show")
    assert shown(browser).startswith("120 VMs:")
