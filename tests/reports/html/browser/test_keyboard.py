"""The page without a mouse: Tab, arrows, pages, Enter, Escape, n and p."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.browser import act, card, click, expect, js, keys, shown_vms
from tests.support.report_fleet import rollout

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

FOCUSED = "document.activeElement.getAttribute('aria-label')"


def test_the_keyboard_reaches_everything(fleet: Chrome) -> None:
    """Tab into the matrix, arrows to a cell, Enter for its card, Escape back to the cell."""
    click(fleet, "#tools .tick input")
    act(fleet, "document.querySelector('#tools .tick input').focus()")
    keys(fleet, "TAB")
    if js(fleet, "document.activeElement.id") == "more-columns":
        keys(fleet, "TAB")
    assert js(fleet, FOCUSED) == "madrid-db-001, not ready"
    keys(fleet, "ARROW_DOWN", "ARROW_RIGHT", "ARROW_RIGHT", "ARROW_RIGHT")
    assert js(fleet, "document.activeElement.cellIndex") == 3
    assert js(fleet, "getComputedStyle(document.activeElement).outlineStyle") == "solid"
    keys(fleet, "ENTER")
    assert card(fleet).startswith("✕\nSSH-003 on oslo-cache-007")
    assert js(fleet, "document.activeElement.id") == "card-title"
    keys(fleet, "ESCAPE")
    assert js(fleet, "document.querySelector('#card').hidden") is True
    assert js(fleet, "document.activeElement.cellIndex") == 3
    keys(fleet, "END")
    assert js(fleet, "document.activeElement.cellIndex") == len(rollout(1)["checks"])
    keys(fleet, "HOME", "ARROW_UP", "ARROW_UP")
    assert js(fleet, "document.activeElement.textContent") == "VM"
    keys(fleet, "ARROW_RIGHT", "ENTER")
    assert js(fleet, "document.activeElement.textContent") == "SSH-001"
    assert shown_vms(fleet)[0] == "berlin-web-060"  # sorted by this check: the unreachable VM


def test_arrows_and_pages_go_through_rows_that_were_not_drawn_yet(fleet: Chrome) -> None:
    act(fleet, "document.querySelector('#matrix tbody th').focus()")
    keys(fleet, *["PAGE_DOWN"] * 8)
    last = js(fleet, FOCUSED)
    keys(fleet, "ARROW_DOWN")
    assert js(fleet, FOCUSED) == last == "lyon-cache-119, ready"
    assert js(fleet, "document.activeElement.closest('tr').getAttribute('aria-rowindex')") == "122"
    assert js(fleet, "document.querySelector('#matrix').getAttribute('aria-rowcount')") == "122"
    box, frame = (
        "document.activeElement.getBoundingClientRect()",
        "document.querySelector('#matrix-frame').getBoundingClientRect()",
    )
    assert js(fleet, f"{box}.bottom <= {frame}.bottom + 1 && {box}.top >= {frame}.top")
    keys(fleet, *["PAGE_UP"] * 9)
    assert js(fleet, FOCUSED) == "madrid-db-001, not ready"


def test_n_and_p_go_from_failure_to_failure(six: Chrome) -> None:
    keys(six, "n")
    assert card(six).startswith("✕\nPROXY-002 on web-02")
    title = "document.querySelector('#card-title').textContent"
    keys(six, "n")
    expect(six, title, "IMDS-003 on web-02")
    keys(six, "p", "p")
    expect(six, f"{title}.endsWith('on cache-01')", True)
