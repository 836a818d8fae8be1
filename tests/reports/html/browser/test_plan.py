"""The plan: its lists of VMs, its commands, and its form for a single VM."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import act, card, click, copied, js, opened, visible
from tests.support.report_builder import EGRESS_STORY, PROXY_STORY, Json, run, vm
from tests.support.report_fleet import rollout
from tests.support.report_page import write_page

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("#plan .remedy .copy", "Add the endpoint to `additionalEgressEndpoints` of the cloud services network."),
        ("#plan .command .copy", "az networkcloud cloudservicesnetwork update --name csn-01 --resource-group net --additional-egress-endpoints '[]'"),
    ],
)  # fmt: skip
def test_what_a_button_copies_is_in_the_clipboard(six: Chrome, selector: str, expected: str) -> None:
    click(six, "#step-1 summary")
    assert copied(six, selector) == expected


def test_all_commands_of_a_fix_are_there_and_go_into_the_clipboard_at_once(browser: Chrome, tmp_path: Path) -> None:
    results = rollout(30)
    cause = results["causes"][0]
    cause["fix"] = [{"command": f"ssh -- '{name}' 'true --all'", "vms": [name]} for name in cause["vms"] * 3]
    opened(browser, write_page(tmp_path, results).as_uri())
    number = len(cause["fix"])
    assert (
        js(browser, "document.querySelector('#step-1 .all-commands summary').textContent") == f"All {number} commands"
    )
    commands = "\n".join(fix["command"] for fix in cause["fix"])
    assert js(browser, "document.querySelector('#step-1 .all-commands code').textContent") == commands


def test_the_rest_of_a_list_of_vms_comes_on_demand(fleet: Chrome, rollout_results: Json) -> None:
    click(fleet, "#step-1 summary")
    assert js(fleet, "document.querySelectorAll('#plan .chips')[0].querySelectorAll('button').length") == 9
    click(fleet, "#plan .more")
    names = js(
        fleet, "[...document.querySelectorAll('#plan .chips')[0].querySelectorAll('.chip')].map(c => c.textContent)"
    )
    assert names == rollout_results["causes"][0]["vms"] and len(names) == 12
    act(fleet, "[...document.querySelectorAll('#plan .chips')[0].querySelectorAll('.chip')].at(-1).click()")
    assert card(fleet).startswith(f"✕\n{names[-1]}\n")


def test_a_single_vm_has_a_checklist_and_no_charts(browser: Chrome, tmp_path: Path) -> None:
    results = run([vm("web-07", {**EGRESS_STORY, **PROXY_STORY}, 7)])
    opened(browser, write_page(tmp_path, results).as_uri())
    assert js(browser, "document.querySelectorAll('#staircase, #plan svg, .step-count').length") == 0
    assert visible(browser, "#areas") == visible(browser, ".tiles, .verdict .bar") == []
    assert (
        js(browser, "document.querySelectorAll('#plan .checklist details[open]').length") == len(results["plan"]) == 2
    )
    assert visible(browser, "select[name=group], select[name=sort], select[name=by]") == []
    assert browser.title == "web-07: not ready · Azure Arc readiness"
