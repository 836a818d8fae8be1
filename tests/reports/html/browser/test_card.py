"""The card of one check on one VM, or of one VM, with its links and copies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from plugins.results.compact import of_vm
from tests.support.browser import act, card, click, copied, expect, js, open_cell, opened
from tests.support.report_builder import saved
from tests.support.report_page import write_page

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


def test_a_cell_opens_the_card_of_the_check_the_worst_first(six: Chrome) -> None:
    text = open_cell(six, "db-01", "NET-001")
    assert text.startswith("✕\nNET-001 on db-01")
    assert "Expected\nThe endpoint is reached through the CSN proxy" in text
    assert "Seen\nCONNECT gbl.his.arc.azure.com:443 was answered with 403 by the proxy; expected 200." in text
    assert "Follows from\nCSN-002" in text and "FIX" in text
    assert "403 Forbidden" in text and "exit 22 · 0.26 s" in text
    assert "3 others with nothing to fix" in text
    assert "suites/test_net.py::test_net_001[db-01-gbl.his.arc.azure.com]" in text
    assert js(six, "document.activeElement.id") == "card-title"


def test_a_root_cause_names_what_it_explains_its_commands_and_its_place_in_the_plan(six: Chrome) -> None:
    text = open_cell(six, "web-02", "PROXY-002")
    assert "Cause\nRoot cause: nothing else on this VM explains it." in text
    assert "Explains\nIMDS-003, TOKEN-004" in text
    assert "ssh -- web-02 'sudo sed -i" in text
    click(six, "#card [data-step]")
    assert js(six, "document.querySelector('#step-2 > details').open") is True


def test_a_consequence_leads_to_its_cause(six: Chrome) -> None:
    open_cell(six, "web-02", "IMDS-003")
    click(six, "#card .card-facts .check-link")
    expect(six, "document.querySelector('#card-title').textContent", "PROXY-002 on web-02")


def test_a_vm_opens_its_own_card_with_what_is_wrong_and_what_is_known(fleet: Chrome) -> None:
    click(fleet, "#matrix tbody th")
    text = card(fleet)
    assert text.startswith(
        "✕\nmadrid-db-001\nnot ready\nCopy link\nCopy as Markdown\nThe fix\n1. Add gbl.his.arc.azure.com to the egress list of csn-madrid-a CSN-002\n"
    )
    assert "az networkcloud cloudservicesnetwork update --name csn-01" in text
    assert "Findings" in text and "CSN-002" in text and "follows from CSN-002" in text
    assert "Address\nazureuser@10.5.0.11:22 through jump.edge-01" in text and "csn-madrid-a" in text


def test_what_an_unreachable_vm_blocks_is_one_line(six: Chrome) -> None:
    act(six, "[...document.querySelectorAll('#matrix tbody th')].find(th => th.textContent.includes('db-02')).click()")
    text = card(six)
    assert text.count("⊘ blocked") == 1 and "by SSH-001: SSH-002, SSH-003, CLI-001" in text


def test_a_vms_card_copies_its_link_and_itself_as_markdown(browser: Chrome, address_of: Callable[[str], str]) -> None:
    address = f"{address_of('six-vms')}#vm=edge-gateway-with-a-long-name-01"
    opened(browser, address)
    card(browser)
    link, markdown = (f"#card .card-body > .card-links .copy:nth-child({number})" for number in (1, 2))
    assert copied(browser, link) == address
    assert copied(browser, markdown) == (
        "**edge-gateway-with-a-long-name-01: not ready**\n\n"
        "- Run: 20261121T221500Z-ab12\n- Address: azureuser@\u200b10.5.0.15:22\n\n"
        "1. Add gbl.his.arc.azure.com to the egress list of csn-01 (CSN-002)\n\n"
        "The cloud services network csn-01 does not allow gbl.his.arc.azure.com:443.\n\n"
        "Add the endpoint to `additionalEgressEndpoints` of the cloud services network.\n\n"
        "```sh\naz networkcloud cloudservicesnetwork update --name csn-01 --resource-group net --additional-egress-endpoints '[]'\n```\n\n"
        "3. Create edge-gateway-with-a-long-name-01 again with a managed identity (IDENTITY-001)\n\n"
        "The VM resource has no managed identity; expected one, assigned at creation.\n\n"
        "Re-create the VM with an identity: it cannot be added later.\n\n"
        "- warn SSH-003: The clock is 204 s behind Azure's; expected at most 120 s.\n"
        "- warn AGENT-006: AZCM0026 in /var/opt/azcmagent/log/azcmagent.log: network error.\n"
    )


def test_compact_results_say_so_and_name_what_passes(browser: Chrome, tmp_path: Path) -> None:
    whole = saved("six-vms")
    sentence = "Results that pass are only named."
    results = {**whole, "notes": [sentence], "vms": [of_vm(vm) for vm in whole["vms"]]}
    opened(browser, write_page(tmp_path, results).as_uri())
    assert js(browser, "document.querySelector('.verdict .note').textContent") == sentence
    text = open_cell(browser, "web-01", "IMDS-002")
    assert "pass" in text and "The details of this result are not in this page." in text
    assert "Not judged: SSH-001" in open_cell(browser, "db-02", "IMDS-002")
