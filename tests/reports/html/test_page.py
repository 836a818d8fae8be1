"""The page's templates: titles, components with the same name, findings with the same message, charts."""

from __future__ import annotations

import copy

import pytest

from plugins.core.component_names import places, short_names
from plugins.reports.html.charts import history, staircase
from plugins.reports.html.page import Caps, VmLists, _Actions, merged, overview, title
from tests.support.report_builder import Json, run, saved, vm
from tests.support.report_fleet import rollout

CLUSTER = "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.NetworkCloud/clusters/lab-cluster"
SAME_GROUP = [CLUSTER.format("s1", "rg"), CLUSTER.format("s2", "rg")]
SAME_SUBSCRIPTION = [CLUSTER.format("s1", "rg-a"), CLUSTER.format("s1", "rg-b")]
ALL_FOUR = [CLUSTER.format(s, rg) for s in ("s1", "s2") for rg in ("rg-a", "rg-b")]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (SAME_GROUP, ["s1", "s2"]),
        (SAME_SUBSCRIPTION, ["rg-a", "rg-b"]),
        (ALL_FOUR, ["rg-a, s1", "rg-b, s1", "rg-a, s2", "rg-b, s2"]),
        (SAME_GROUP[:1] * 2, ["", ""]),  # one cluster, on two VMs
        ([SAME_GROUP[0], SAME_GROUP[0].upper()], ["", ""]),
        ([CLUSTER.format("s1", "rg"), "registry/ubuntu:22.04", ""], ["", "", ""]),
    ],
)
def test_components_of_one_name_are_told_apart_by_the_least_that_does(ids: list[str], expected: list[str]) -> None:
    assert [places(ids)[id.lower()] for id in ids] == expected


def test_groups_of_one_name_say_where_they_are() -> None:
    assert short_names(SAME_SUBSCRIPTION) == ["lab-cluster (rg-a)", "lab-cluster (rg-b)"]


def test_a_fix_of_a_component_with_a_namesake_says_which_one_it_is() -> None:
    fail = ("fail", "The cloud services network csn-01 does not allow it.")
    machines = [vm(f"vm-{n}", {("CSN-002", "gbl.his.arc.azure.com"): fail}, n) for n in (1, 2)]
    for machine, group in zip(machines, ("rg-a", "rg-b"), strict=True):
        parts = machine["components"]["csn"].split("/")
        machine["components"]["csn"] = "/".join([*parts[:4], group, *parts[5:-1], "csn-01"])
    results = run(machines)
    shown = overview(results, VmLists(results))["steps"]
    assert sorted(step["place"] for step in shown) == ["rg-a", "rg-b"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--inventory=/home/me/fleet.yaml", "-q"], "fleet.yaml: not ready · Azure Arc readiness"),
        (["--inventory", "fleet.yaml"], "fleet.yaml: not ready · Azure Arc readiness"),
        (["--azure-fleet=sub/group"], "sub/group: not ready · Azure Arc readiness"),
        (["--evidence=reports/20261121T221500Z-ab12"], "20261121T221500Z-ab12: not ready · Azure Arc readiness"),
        ([], "not ready · Azure Arc readiness"),
    ],
)
def test_the_title_names_the_fleet_first(arguments: list[str], expected: str) -> None:
    assert title({**saved("six-vms"), "arguments": arguments}) == expected


def test_the_title_of_one_vm_is_its_name_and_that_of_a_part_its_tag() -> None:
    one: Json = {**rollout(1), "arguments": []}
    assert title(one) == "berlin-web-000: ready · Azure Arc readiness"
    assert (
        title({**one, "arguments": ["--inventory=f.yaml"]}, "owner al")
        == "owner al · f.yaml: ready · Azure Arc readiness"
    )


def test_findings_that_say_the_same_about_the_same_vms_are_one_row() -> None:
    first = saved("six-vms")["findings"][0]
    second = {**copy.deepcopy(first), "id": "DNS-001", "parameters": ["other"]}
    third = {**copy.deepcopy(first), "id": "DNS-001", "vms": ["web-01"]}
    rows = merged([first, second, third])
    assert [row["ids"] for row in rows] == [[first["id"], "DNS-001"], ["DNS-001"]]
    assert rows[0]["parameters"] == [*first["parameters"], "other"]


def test_a_remedy_does_not_repeat_the_command_that_is_shown_for_every_vm() -> None:
    results = copy.deepcopy(saved("six-vms"))
    (cause,) = [cause for cause in results["causes"] if cause["id"] == "CSN-002"]
    command = cause["fix"][0]["command"]
    for remedy, expected in (
        (f"{command} ; then wait.", "Then wait."),
        (command, ""),
        ("Add the endpoint.", "Add the endpoint."),
    ):
        cause["remedy"] = remedy
        (step,) = [step for step in overview(results, VmLists(results))["steps"] if step["cause"] is cause]
        assert step["remedy"] == expected


def test_the_staircase_begins_at_a_round_number_below_the_first_step() -> None:
    chart = staircase([{"what": "Fix a", "ready": 859}, {"what": "Fix b", "ready": 981}], 767, 1000)
    assert chart and (chart["bottom"], chart["top"], chart["counts"]) == (500, 1000, [767, 859, 981])
    assert chart["line"] == "M0.0 93.2H333.3L333.3 56.4H666.7L666.7 7.6H1000.0"
    assert [hit["text"] for hit in chart["hits"]][2] == "After fix 2, Fix b: 981 of 1,000 ready"
    assert staircase([{"what": "Fix a", "ready": 1}], 0, 1) is None  # one VM
    assert staircase([{"what": "Fix a", "ready": 3}], 3, 9) is None  # nothing becomes ready


def test_a_line_over_time_needs_two_runs() -> None:
    entry = {
        "run_id": "r",
        "started": "2026-11-01T00:00:00Z",
        "vms": 4,
        "ready": 1,
        "not ready": 3,
        "unknown": 0,
        "partial": 0,
    }
    assert history([entry]) is None
    chart = history([entry, {**entry, "ready": 4}])
    assert chart and chart["line"] == "M0.0 150.0L1000.0 0.0"
    assert (chart["first"], chart["last"]) == ("00:00", "00:00")  # of the same day
    later = history([entry, {**entry, "started": "2026-11-02T00:00:00Z"}])
    assert later and (later["first"], later["last"]) == ("2026-11-01", "2026-11-02")


def test_commands_beyond_the_letters_of_a_page_are_halved_and_counted() -> None:
    results = saved("six-vms")
    actions = _Actions(results, VmLists(results, Caps(letters_of_commands=50, all_commands=9)))
    fix = [{"command": f"az {number:07}", "vms": []} for number in range(10)]
    two = [actions.action({**results["causes"][0], "fix": fix}) for _ in range(2)]
    assert [(len(entry["all_commands"].split()), entry["more_commands"]) for entry in two] == [(8, 6), (2, 9)]
