"""The page in a browser: without errors or network access, with a strict policy, and safe with output of VMs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import act, card, click, js, load, messages, open_cell, opened

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


@pytest.mark.parametrize("name", ["six-vms", "hostile", "ready", "fleet"])
def test_the_console_is_quiet_and_nothing_is_fetched(
    browser: Chrome, address_of: Callable[[str], str], name: str
) -> None:
    for kind in ("browser", "performance"):
        browser.get_log(kind)  # type: ignore[no-untyped-call]
    load(browser, address_of(name))
    click(browser, "#matrix tbody th")
    card(browser)
    assert messages(browser) == []
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]  # type: ignore[no-untyped-call]
    urls = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert [url.split("?")[0].split("#")[0] for url in urls] == [address_of(name)]


def test_a_script_or_style_that_got_into_the_page_would_be_refused(six: Chrome) -> None:
    """The second defence: if escaping failed, the browser would still not run it or load anything."""
    act(
        six,
        "const add = (tag, text) => { const e = document.createElement(tag); e.textContent = text; document.body.append(e); };"
        "add('script', 'window.owned = 1'); add('style', 'body { display: none }');"
        'document.body.insertAdjacentHTML(\'beforeend\', \'<img src="http://192.0.2.1/x.png" onerror="window.owned = 2"><p id=probe style="color: rgb(1, 2, 3)">\');',
    )
    refused = [
        entry["message"] for entry in messages(six, 5)
    ]  # the script, the style, the image, its handler, the attribute
    assert js(six, "window.owned ?? null") is None
    assert js(six, "getComputedStyle(document.body).display") == "block"
    assert js(six, "getComputedStyle(document.querySelector('#probe')).color") != "rgb(1, 2, 3)"
    for directive in ("script-src", "style-src", "default-src 'none'"):
        assert any("Content Security Policy" in message and directive in message for message in refused), directive


def test_hostile_text_stays_text(browser: Chrome, address_of: Callable[[str], str]) -> None:
    from selenium.common.exceptions import NoAlertPresentException

    opened(browser, address_of("hostile"))
    title = browser.title
    before = js(browser, "document.querySelectorAll('script, style').length")
    act(
        browser,
        "const all = document.querySelectorAll('details, .toggle'); all.forEach(e => e.tagName === 'DETAILS' ? e.open = true : e.click())",
    )
    cells = js(browser, "document.querySelectorAll('#matrix tbody td:not([role]), #matrix tbody th').length")
    for number in range(0, cells, 7):
        act(
            browser,
            "const cell = document.querySelectorAll('#matrix tbody td:not([role]), #matrix tbody th')[arguments[0]];"
            "cell.dispatchEvent(new Event('mouseover', {bubbles: true})); cell.click()",
            number,
        )
    open_cell(browser, js(browser, "document.querySelector('#matrix .vm-name').textContent"), "NET-001")
    assert js(browser, "window.owned ?? null") is None
    assert browser.title == title == "not ready · Azure Arc readiness"
    assert js(browser, "document.querySelectorAll('script, style').length") == before
    bad = "document.querySelectorAll('img, iframe, object, svg:not(.bar, .heat, .plot svg), [onerror], [onload], [href^=javascript]').length"
    assert js(browser, bad) == 0
    with pytest.raises(NoAlertPresentException):
        _ = browser.switch_to.alert.text
    text = js(browser, "document.querySelector('#card .evidence .stream pre').textContent")
    assert "<script>document.title='owned'" in text and r"\x1b[31mred" in text and r"\u202egnp" in text
