"""readiness.prom, read back by Prometheus' own Python parser."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from plugins.core.sanitize import harmless
from plugins.reports import prometheus
from tests.support.report_builder import NASTY, Json, fleet, run, saved, vm

HELP = {
    "vms": "VMs with each readiness.",
    "fleet_ready": "1 when every VM is ready.",
    "results": "Results with each status word, over all VMs.",
    "causes": "Root causes over the fleet.",
    "cause_vms": "VMs with a root cause, for the 50 most frequent.",
    "plan_steps": "Steps of the plan that makes the VMs ready.",
    "gate_passed": "1 when the gate passed.",
    "changes": "Findings compared with those of an earlier run.",
    "run_timestamp_seconds": "When the run ended, in seconds since 1970.",
    "run_duration_seconds": "How long the run took.",
}

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def series(results: Json) -> Series:
    """Every sample of the rendered text; each is there once, and is a documented gauge."""
    rows: Series = {}
    text = prometheus.render(harmless(results))
    assert text.endswith("\n")
    for family in text_string_to_metric_families(text):
        assert (family.type, family.documentation) == ("gauge", HELP[family.name.removeprefix("arc_readiness_")])
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert key not in rows
            assert sample.timestamp is None
            rows[key] = sample.value
    return rows


def value(found: Series, name: str, **labels: str) -> float:
    return found[f"arc_readiness_{name}", tuple(sorted(labels.items()))]


def test_what_a_dashboard_asks() -> None:
    samples = series(saved("six-vms"))
    assert {word: value(samples, "vms", readiness=word) for word in ("ready", "not ready", "unknown")} == {
        "ready": 1,
        "not ready": 3,
        "unknown": 2,
    }
    assert value(samples, "fleet_ready") == 0
    assert value(samples, "results", status="fail") == saved("six-vms")["counts"]["fail"]
    assert value(samples, "cause_vms", check="CSN-002", kind="csn", component="csn-01") == 2
    assert value(samples, "causes") == 8
    assert value(samples, "plan_steps") == 5
    assert value(samples, "run_timestamp_seconds") == 1795299312
    assert value(samples, "run_duration_seconds") == 12.3
    assert value(series(saved("ready")), "fleet_ready") == 1


def test_a_series_has_help_and_type() -> None:
    lines = prometheus.render(harmless(saved("six-vms"))).splitlines()
    start = lines.index("# HELP arc_readiness_vms VMs with each readiness.")
    assert lines[start : start + 3] == [
        "# HELP arc_readiness_vms VMs with each readiness.",
        "# TYPE arc_readiness_vms gauge",
        'arc_readiness_vms{readiness="not ready"} 3',
    ]


def test_a_gate_and_a_comparison_are_there_when_the_run_had_them() -> None:
    results = saved("six-vms")
    assert not [name for name, _ in series(results) if "gate" in name or "changes" in name]
    entry: dict[str, Any] = {}
    results["gate"] = {"policy": "98%", "passed": True, "sentence": "Passed.", "rules": []}
    results["changes"] = {"new": [entry], "fixed": [], "persisting": [entry, entry]}
    samples = series(results)
    assert value(samples, "gate_passed") == 1
    assert [value(samples, "changes", change=word) for word in ("new", "fixed", "persisting")] == [1, 0, 2]


def test_the_number_of_series_does_not_grow_with_the_fleet() -> None:
    small, big = saved("six-vms"), fleet(300)
    many = [{**big["causes"][0], "component": {"kind": "csn", "id": f"{n}", "name": f"csn-{n}"}} for n in range(400)]
    assert len(series({**big, "causes": many})) < len(series(small)) + 50
    text = prometheus.render(harmless(big))
    assert not any(vm["name"] in text for vm in big["vms"])


def test_two_things_with_one_name_are_one_series() -> None:
    results = saved("six-vms")
    (cause, *_) = results["causes"]
    results["causes"] = [cause, {**cause, "vms": ["another", *cause["vms"]]}]
    assert value(series(results), "cause_vms", check="CSN-002", kind="csn", component="csn-01") == 3


def test_hostile_names_stay_in_their_label() -> None:
    results = run([vm("web-01", {"PROXY-002": ("fail", "x")})])
    results["causes"][0]["component"] = {"kind": "csn", "id": "/x", "name": 'a\\" b\n# HELP x\ny 1'}
    samples = series(results)
    assert value(samples, "cause_vms", check="PROXY-002", kind="csn", component='a\\" b # HELP x y 1') == 1
    results["causes"][0]["component"]["name"] = NASTY
    assert len(series(results)) == len(samples)


@given(st.text(st.characters()))
def test_any_name_can_be_read_back(name: str) -> None:
    results = saved("ready")
    cause = {**saved("six-vms")["causes"][0], "component": {"kind": "csn", "id": name, "name": name}}
    (rows,) = [
        dict(labels)["component"]
        for (metric, labels) in series({**results, "causes": [cause]})
        if "cause_vms" in metric
    ]
    assert len(rows) <= 120
