"""The matrix: its cells, rows, groups, order and columns."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.support.browser import act, choose, click, expect, js, shown, shown_vms, wait
from tests.support.report_builder import saved

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


def test_the_matrix_shows_the_worst_status_of_every_vm_and_check(six: Chrome) -> None:
    results = saved("six-vms")
    order = ("fail", "unknown", "warn", "blocked", "waived", "pass", "not applicable")
    expected: Counter[str] = Counter()
    not_met: Counter[str] = Counter()
    for vm in results["vms"]:
        for check in results["checks"]:
            worst = min((r["status"] for r in vm["results"] if r["id"] == check), key=order.index)
            expected[worst] += 1
            not_met[check] += worst in ("fail", "unknown", "warn", "blocked")
    click(six, "#tools .tick input")
    labels = js(
        six, "[...document.querySelectorAll('#matrix tbody td:not([role])')].map(td => td.getAttribute('aria-label'))"
    )
    assert Counter(labels) == expected
    totals = js(six, "[...document.querySelectorAll('#matrix .totals td')].map(td => td.textContent)")
    assert totals == [str(not_met[check] or "") for check in results["checks"]]


def test_vms_that_are_not_ready_come_first_in_the_matrix(six: Chrome) -> None:
    assert shown_vms(six) == ["web-02", "db-01", "edge-gateway-with-a-long-name-01", "db-02", "cache-01", "web-01"]
    assert shown(six) == "6 VMs: 3 not ready, 2 unknown, 1 ready."


def test_a_tooltip_says_what_was_seen(six: Chrome) -> None:
    act(
        six,
        "const cell = [...document.querySelectorAll('#matrix tbody tr')].find(r => r.textContent.includes('db-01')).querySelector('.s-fail'); window.cell = cell; cell.dispatchEvent(new Event('mouseover', {bubbles: true}))",
    )
    expect(
        six,
        "window.cell.title",
        "CSN-002 on db-01: fail (1 of 4)\nThe cloud services network csn-01 does not allow gbl.his.arc.azure.com:443.",
    )


GROUPS = {"site": ("madrid", 5), "cluster": ("madrid-1", 10), "csn": ("csn-madrid-a", 10), "image": ("ubuntu:24.04", 3),
          "identity": ("id-madrid", 5), "subscription": ("1111", 2), "wave": ("wave-", 4), "readiness": ("not ready", 3),
          "first fix": ("1. Add gbl.his.arc.azure.com to the egress list of csn-madrid-a", 7)}  # fmt: skip


def test_vms_are_grouped_by_what_they_share_with_counts(fleet: Chrome) -> None:
    for by, (first, groups) in GROUPS.items():
        choose(fleet, "group", by)
        fold = js(fleet, "document.querySelector('#fold').textContent")
        assert fold == f"Close all {groups} groups", by
        click(fleet, "#fold")
        labels = js(
            fleet, "[...document.querySelectorAll('#matrix .group th')].map(th => th.getAttribute('aria-label'))"
        )
        assert len(labels) == groups and first in labels[0], by
        assert sum(int(label.rpartition(" of ")[2].split()[0]) for label in labels) == 120
        assert shown_vms(fleet) == []


def test_a_group_sums_up_its_checks_and_opens_again(fleet: Chrome) -> None:
    choose(fleet, "group", "site")
    click(fleet, "#fold")
    column = (
        "[...document.querySelectorAll('#matrix thead tr:first-child th')].findIndex(h => h.textContent === 'CSN-002')"
    )
    cells = js(
        fleet,
        f"[...document.querySelectorAll('#matrix .group')].map(r => [r.querySelector('.vm-name').textContent, r.cells[{column}].textContent])",
    )
    assert cells[0] == ["madrid", "12"] and {number for _, number in cells[1:]} == {""}
    assert "\n" not in js(fleet, "document.querySelector('#matrix .group th').getAttribute('aria-label')")
    click(fleet, "#matrix .group th")
    assert js(fleet, "document.querySelector('#matrix .group th').getAttribute('aria-expanded')") == "true"
    assert {name.split("-")[0] for name in shown_vms(fleet)} == {"madrid"}


def test_vms_are_sorted_by_name_failures_and_a_checks_column(fleet: Chrome) -> None:
    choose(fleet, "sort", "name")
    assert shown_vms(fleet)[:3] == ["berlin-cache-015", "berlin-cache-035", "berlin-cache-055"]
    choose(fleet, "sort", "most failures")
    assert shown_vms(fleet)[0] == "oslo-cache-007"  # the image's no_proxy, and the role
    column = "[...document.querySelectorAll('#matrix thead th')].find(h => h.textContent === 'ROLES-002')"
    act(fleet, f"{column}.querySelector('button').click()")
    assert js(fleet, f"{column}.getAttribute('aria-sort')") == "ascending"
    assert {name.split("-")[0] for name in shown_vms(fleet)[:8]} == {"oslo"}
    act(fleet, f"{column}.querySelector('button').click()")
    assert js(fleet, f"{column}.getAttribute('aria-sort')") == "descending"
    assert js(fleet, "document.querySelector('#tools').sort.selectedOptions[0].textContent") == "check ROLES-002"


def test_only_checks_with_findings_leaves_the_others_out(six: Chrome) -> None:
    read = "[...document.querySelectorAll('#matrix thead tr:first-child th')].map(h => h.textContent)"
    heads = js(six, read)
    assert "PROXY-002" in heads and "PLATFORM-001" not in heads and len(heads) < 20
    columns = js(six, "[...document.querySelectorAll('#columns dt')].map(e => e.textContent)")
    assert (
        columns == heads[1:]
        and js(six, "document.querySelector('#columns dd').textContent") == "An SSH session opens and the login works"
    )
    assert js(six, "document.querySelector('#columns summary').textContent") == f"Meaning of the {len(columns)} columns"
    click(six, "#tools .tick input")
    assert len(js(six, read)) == 48


def test_scrolling_draws_the_rows_in_sight(fleet: Chrome) -> None:
    act(fleet, "const frame = document.querySelector('#matrix-frame'); frame.scrollTop = frame.scrollHeight")
    assert wait(
        fleet, "[...document.querySelectorAll('#matrix .vm-name')].some(n => n.textContent === 'lyon-cache-119')"
    )
    # Of 120 VMs those that the frame has room for, and some to spare on either side.
    room, drawn = js(
        fleet,
        "const rows = [...document.querySelectorAll('#matrix tbody tr[data-row]')];"
        "return [document.querySelector('#matrix-frame').clientHeight / rows[0].offsetHeight, rows.length]",
    )
    assert drawn <= room + 2 * 12 < 120
