"""One Chromium and one copy of each page for all tests of this folder, which run in one process (tests/conftest.py)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import LIMIT, js, messages, opened
from tests.support.report_builder import Json, saved
from tests.support.report_fleet import rollout
from tests.support.report_page import write_page

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --window-size=1500,1000"
).split()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests of this folder."""
    item.add_marker("browser")
    missing = not (CHROMIUM and DRIVER)
    item.add_marker(pytest.mark.skipif(missing, reason="chromium and chromedriver are not installed"))


@pytest.fixture(scope="package")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """BROWSER_SLOWDOWN=20 slows its processor down, which reveals a test that does not wait for an effect."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.add_experimental_option("browserStartupTimeout", 1000 * LIMIT)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver: Chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    driver.set_script_timeout(LIMIT)
    driver.set_page_load_timeout(LIMIT)
    permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"]
    driver.execute_cdp_cmd("Browser.grantPermissions", {"permissions": permissions})
    if rate := os.environ.get("BROWSER_SLOWDOWN"):
        driver.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": int(rate)})
    yield driver
    driver.quit()


@pytest.fixture
def browser(chromium: Chrome) -> Iterator[Chrome]:
    """In every test, the page's script must have no error, and its policy must not refuse anything."""
    yield chromium
    js(chromium, "true")  # earlier messages of the page arrive before this answer
    assert [entry for entry in messages(chromium) if entry["level"] == "SEVERE"] == []


@pytest.fixture(scope="package")
def rollout_results() -> Json:
    """The results of the page "fleet"."""
    return rollout(120, extras=True)


@pytest.fixture(scope="package")
def address_of(tmp_path_factory: pytest.TempPathFactory, rollout_results: Json) -> Callable[[str], str]:
    """The address of a page by its name; the first test that needs a page writes it."""
    fleets: dict[str, Callable[[], Json]] = {
        "fleet": lambda: rollout_results,
        "small": lambda: rollout(12, extras=True),
    }

    @cache
    def written(name: str) -> str:
        results = fleets.get(name, lambda: saved(name))()
        return write_page(tmp_path_factory.mktemp(name), results).as_uri()

    return written


@pytest.fixture
def six(browser: Chrome, address_of: Callable[[str], str]) -> Chrome:
    """The page of six VMs with different findings."""
    return opened(browser, address_of("six-vms"))


@pytest.fixture
def fleet(browser: Chrome, address_of: Callable[[str], str]) -> Chrome:
    """The page of a rollout to 120 VMs."""
    return opened(browser, address_of("fleet"))
