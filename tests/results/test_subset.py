"""The results of some VMs of a run, alone."""

from __future__ import annotations

import copy

import pytest

from plugins.results import schema
from plugins.results.subset import subset
from tests.support.report_builder import saved
from tests.support.report_fleet import rollout


def test_the_subset_of_all_vms_is_the_run() -> None:
    results = saved("six-vms")
    names = [vm["name"] for vm in results["vms"]]
    whole = subset(results, names)
    for key in ("verdict", "judged", "counts", "vms", "plan", "forecast", "findings", "drift"):
        assert whole[key] == results[key], key
    assert [(c["id"], c["headline"], c["vms"]) for c in whole["causes"]] == [
        (c["id"], c["headline"], c["vms"]) for c in results["causes"]
    ]
    assert schema.problems(whole) == []


def test_a_subset_is_about_its_vms_alone() -> None:
    results = rollout(120, extras=True)
    names = [vm["name"] for vm in results["vms"] if vm["tags"]["site"] == "oslo"]
    oslo = subset(results, names)
    assert schema.problems(oslo) == []
    assert [vm["name"] for vm in oslo["vms"]] == names
    assert all(set(cause["vms"]) <= set(names) and cause["vms"] for cause in oslo["causes"])
    assert {name for finding in oslo["findings"] for name in finding["vms"]} <= set(names)
    assert oslo["sentence"] == "14 of 24 VMs are ready; 10 are not."
    (headline,) = {cause["headline"] for cause in oslo["causes"] if cause["id"] == "IMDS-002"}
    assert headline == "Fix oslo-db-017"  # in the whole run it has 2 VMs
    assert not {"gate", "changes", "waivers"} & oslo.keys()
    assert oslo["plan"][-1]["ready"] <= len(names)


def test_a_subset_of_a_partial_run_is_partial() -> None:
    results = copy.deepcopy(saved("ready"))
    results["judged"] |= {
        "complete": False, "areas": ["VM"], "checks": ["VM-001"], "why": ["--no-azure"],
        "vms": {"judged": 0, "of": len(results["vms"])},
    }  # fmt: skip
    for vm in results["vms"]:
        vm["readiness"] = "partial"
    part = subset(results, [results["vms"][0]["name"]])
    assert part["verdict"] == "partial" and part["judged"]["vms"] == {"judged": 0, "of": 1}
    assert "This is not a verdict on readiness." in part["sentence"]


@pytest.mark.parametrize("status", ["unknown", "fail"])
def test_a_cause_that_nothing_was_measured_of_on_these_vms_promises_nothing(status: str) -> None:
    results = copy.deepcopy(saved("six-vms"))
    first, second = (vm for vm in results["vms"] if vm["name"] in ("db-01", "edge-gateway-with-a-long-name-01"))
    for result in first["results"]:
        if result["id"] == "CSN-002" and result["root_cause"]:
            result["status"] = status
    part = subset(results, [first["name"]])
    (step,) = [step for step in part["plan"] if part["causes"][step["cause"] - 1]["id"] == "CSN-002"]
    assert step["measured"] is (status == "fail")
    assert second["name"] not in step["unlocks"]
