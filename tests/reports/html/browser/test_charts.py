"""The heat map and the line over time; the tests of filter and plan cover the chart of the plan."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.browser import act, js, opened, shown, visible
from tests.support.report_builder import Json, saved
from tests.support.report_page import write_page

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


def test_the_heat_map_counts_the_vms_of_each_group_and_area_and_filters_by_a_click(
    fleet: Chrome, rollout_results: Json
) -> None:
    cells: dict[str, int] = {}
    for vm in rollout_results["vms"]:
        for area in {r["id"].rpartition("-")[0] for r in vm["results"] if r["status"] in ("fail", "unknown", "warn")}:
            key = f"{area} in {vm['tags']['site']}"
            cells[key] = cells.get(key, 0) + 1
    titles = js(fleet, "[...document.querySelectorAll('#areas-map .heat-cell title')].map(t => t.textContent)")
    drawn = {title.partition(":")[0]: re.search(r"findings on (\d+) of 24 VMs", title) for title in titles}
    assert {key: int(match[1]) for key, match in drawn.items() if match} == cells
    assert all(title.endswith(": no findings") for title in titles if title.partition(":")[0] not in cells)
    buttons = js(
        fleet,
        "[...document.querySelectorAll('#areas-table button')].map(b => [b.getAttribute('aria-label').split(':')[0], Number(b.textContent)])",
    )
    assert dict(buttons) == cells  # the same, for the keyboard and for a screen reader
    assert js(fleet, "document.querySelector('#heat-desc').textContent").endswith(
        "most: SSH in madrid: findings on 12 of 24 VMs (12 warn). The table below has all numbers."
    )
    act(
        fleet,
        "const cell = [...document.querySelectorAll('.heat-cell')].find(c => c.textContent.startsWith('ROLES in oslo'));"
        "cell.dispatchEvent(new MouseEvent('click', {bubbles: true}))",
    )
    assert shown(fleet) == "8 of 120 VMs: 8 not ready."
    assert js(fleet, "location.hash") == "#status=finding&check=ROLES&tags.site=oslo"


def test_the_line_over_time_has_a_dot_for_each_run_and_a_table(browser: Chrome, tmp_path: Path) -> None:
    results = saved("six-vms")
    runs = [{"run_id": f"2026110{n}T000000Z-ab12", "started": f"2026-11-0{n}T00:00:00Z", "vms": 6, "ready": n, "not ready": 5 - n, "unknown": 1, "partial": 0} for n in (1, 3, 4)]  # fmt: skip
    opened(
        browser, write_page(tmp_path, {**results, "arguments": ["--inventory=a/fleet.yaml"], "history": runs}).as_uri()
    )
    assert js(browser, "document.querySelector('.history-dots').getAttribute('d').split('M').length") == 4
    assert (
        js(browser, "document.querySelector('#history-desc').textContent")
        == "1 VM was ready in the first of 3 runs, 4 in the last."
    )
    assert visible(browser, "#history tbody tr")[2] == "20261104T000000Z-ab122026-11-04 00:004116"
    assert browser.title == "fleet.yaml: not ready · Azure Arc readiness"
    assert visible(browser, ".subtitle") == ["fleet.yaml · site edge-01 · cluster Berlin · 6 VMs"]
