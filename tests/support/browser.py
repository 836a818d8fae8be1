"""Operate the HTML report in Chromium, and read it, independently of the machine's speed.

There are three kinds of effects, each with its own way to wait:

* at once, or with the next frames (scrolling, resizing, a ResizeObserver, requestAnimationFrame, a media query), or when
  a card is unpacked: every helper here that acts on the page waits for that (`settle`), so a plain assertion may
  follow;
* after a time or a promise of its own (the pause after typing, a tooltip, the clipboard): `wait` for it, or `expect` it;
* in the browser's other processes (the size of the window, the colours of the system): the helper waits until the page
  has heard of it.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

#: The time limit in seconds for a page, a script or a state, also on a busy machine.
LIMIT = 240

# Wait for two frames without a change, and without an incomplete card. A change that one frame defers to the next (a
# ResizeObserver that requests a frame) comes in the second.
_SETTLE = """
const done = arguments[0];
let quiet = 0;
const changes = new MutationObserver(() => { quiet = 0; });
changes.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
const frame = () => requestAnimationFrame(() => setTimeout(() => {
  quiet = document.querySelector('.card-wait') ? 0 : quiet + 1;
  if (quiet < 2) frame();
  else { changes.disconnect(); done(); }
}));
frame();
"""
_NUMBER = itertools.count()


# ---- reading ----------------------------------------------------------------------------------------------------------


def js(browser: Chrome, code: str, *arguments: Any) -> Any:
    """The value of an expression in the page, or of statements that begin with const or let."""
    code = code if code.lstrip().startswith(("const ", "let ")) else f"return {code}"
    return browser.execute_script(code, *arguments)


def settle(browser: Chrome) -> None:
    """Wait for the page's own changes after a layout, a click, resizing or scrolling."""
    browser.execute_async_script(_SETTLE)


def wait(browser: Chrome, code: str, *arguments: Any) -> Any:
    """Wait until an expression is true, and return its value."""
    end = time.monotonic() + LIMIT
    while not (value := js(browser, code, *arguments)):
        assert time.monotonic() < end, f"still {value!r} after {LIMIT} s: {code}"
        time.sleep(0.02)
    return value


def expect(browser: Chrome, code: str, expected: Any) -> None:
    """Assert that an expression has or gets a value."""
    end = time.monotonic() + LIMIT
    while (value := js(browser, code)) != expected:
        assert time.monotonic() < end, f"{value!r}, expected {expected!r}, after {LIMIT} s: {code}"
        time.sleep(0.02)


VM_NAMES = "[...document.querySelectorAll('#matrix tbody tr:not(.group) .vm-name')].map(n => n.textContent)"
SHOWN = "document.querySelector('#shown').textContent"


def shown_vms(browser: Chrome) -> list[str]:
    """The names in the rows of the matrix that are drawn."""
    names: list[str] = js(browser, VM_NAMES)
    return names


def shown(browser: Chrome) -> str:
    """The filter's text about the VMs shown."""
    return str(js(browser, SHOWN))


def visible(browser: Chrome, selector: str) -> list[str]:
    """The text of the visible elements."""
    texts: list[str] = js(
        browser,
        "[...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility()).map(e => e.textContent.trim())",
        selector,
    )
    return texts


def card(browser: Chrome) -> str:
    """The text of the card, when it is complete."""
    text = wait(browser, "document.querySelector('#card .card-body') && document.querySelector('#card').innerText")
    return re.sub(r"\n+", "\n", text)


def clipboard(browser: Chrome) -> str:
    """The text in the clipboard."""
    return str(
        browser.execute_async_script(
            "const done = arguments[0]; navigator.clipboard.readText().then(done, (e) => done(String(e)))"
        )
    )


def messages(browser: Chrome, least: int = 0) -> list[Any]:
    """The console's messages since the last call, when there are at least `least`."""
    end = time.monotonic() + LIMIT
    entries: list[Any] = browser.get_log("browser")  # type: ignore[no-untyped-call]
    while len(entries) < least:
        assert time.monotonic() < end, f"{entries}, expected {least} messages, after {LIMIT} s"
        time.sleep(0.02)
        entries += browser.get_log("browser")  # type: ignore[no-untyped-call]
    return entries


# ---- acting -----------------------------------------------------------------------------------------------------------


def load(browser: Chrome, url: str) -> None:
    """Load a page again, with a new query, because an address that differs only after the # would not load it."""
    page, mark, place = url.partition("#")
    js(browser, "(window.left = true)")
    browser.get(f"{page}?{next(_NUMBER)}{mark}{place}")
    wait(browser, "!window.left && document.readyState === 'complete'")  # the driver may return before


def opened(browser: Chrome, url: str) -> Chrome:
    """The browser, with a page loaded and drawn."""
    load(browser, url)
    settle(browser)
    return browser


def act(browser: Chrome, code: str, *arguments: Any) -> None:
    """Run code that changes the page."""
    js(browser, code, *arguments)
    settle(browser)


def click(browser: Chrome, selector: str) -> None:
    """Click the first element that a selector finds."""
    act(browser, "document.querySelector(arguments[0]).click()", selector)


def keys(browser: Chrome, *names: str) -> None:
    """Press keys, by their names in selenium, or type a text."""
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    actions = ActionChains(browser)
    for name in names:
        actions.send_keys(getattr(Keys, name, name))
    actions.perform()
    settle(browser)


def choose(browser: Chrome, name: str, label: str) -> None:
    """Choose the option that begins with a label, in the filter or in a tool above the matrix."""
    act(
        browser,
        "const select = document.querySelector('#filter')[arguments[0]] ?? document.querySelector('#tools')[arguments[0]];"
        "select.value = [...select.options].find((option) => option.textContent.startsWith(arguments[1])).value;"
        "select.dispatchEvent(new Event('change', {bubbles: true}))",
        name,
        label,
    )


def open_cell(browser: Chrome, vm: str, check: str) -> str:
    """Click a cell of the matrix, and return the text of its card."""
    act(
        browser,
        "const tools = document.querySelector('#tools');"
        "if (!document.querySelector('#matrix thead').textContent.includes(arguments[1])) tools.findings.click();"
        "const heads = [...document.querySelectorAll('#matrix thead tr:first-child th')].map(h => h.textContent);"
        "[...document.querySelectorAll('#matrix tbody tr')].find(r => r.querySelector('.vm-name')?.textContent === arguments[0]).cells[heads.indexOf(arguments[1])].click()",
        vm,
        check,
    )
    return card(browser)


def copied(browser: Chrome, selector: str) -> str:
    """Click a copy button with a real click, wait until it shows "Copied", and return the clipboard."""
    from selenium.webdriver.common.by import By

    # It shows this only briefly.
    js(
        browser,
        "const button = document.querySelector(arguments[0]); window.labels = [];"
        "new MutationObserver(() => window.labels.push(button.textContent)).observe(button, {childList: true});",
        selector,
    )
    browser.find_element(By.CSS_SELECTOR, selector).click()
    wait(browser, "window.labels.includes('Copied')")
    return clipboard(browser)


def prefer(browser: Chrome, scheme: str = "light") -> None:
    """Set the system's colour scheme: light or dark."""
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    wait(browser, f"matchMedia('(prefers-color-scheme: {scheme})').matches")
    settle(browser)


@contextmanager
def on_a_phone(browser: Chrome) -> Iterator[None]:
    """A screen of 390 x 844 pixels."""
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        wait(browser, "screen.width === 390")
        settle(browser)
        yield
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        wait(browser, "screen.width !== 390")
