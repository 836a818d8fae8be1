"""No gate passes on the results of a part of a fleet, or of evidence that lacks VMs."""

from __future__ import annotations

from plugins.evidence.merged import MissingEvidence
from plugins.results.partial import about_part, withhold_gate

RESULTS = {"sentence": "9 of 10 VMs are ready; 1 could not be judged.", "verdict": "unknown"}
GAPS = MissingEvidence(["vm7"])


def test_a_whole_fleet_keeps_its_sentence() -> None:
    assert about_part(RESULTS, None, 10, None) == {"sentence": RESULTS["sentence"]}


def test_a_shard_is_named() -> None:
    shard = {"number": 2, "of": 3, "vms": 30}
    assert about_part(RESULTS, shard, 10, None) == {
        "shard": {"number": 2, "of": 3, "fleet_vms": 30},
        "sentence": f"Shard 2 of 3, 10 of 30 VMs: {RESULTS['sentence']}",
    }


def test_an_empty_shard_is_ready() -> None:
    results = {"sentence": "No VM was judged.", "judged": {"complete": True}}
    part = about_part(results, {"number": 4, "of": 4, "vms": 1}, 0, None)
    assert part["verdict"] == "ready"
    assert part["sentence"] == "Shard 4 of 4, 0 of 1 VM: This shard is empty: there are fewer VMs than shards."


def test_an_empty_shard_whose_catalogue_cannot_be_loaded_is_not_ready() -> None:
    results = {"sentence": "No VM was judged. test_x.py cannot be loaded.", "judged": {"complete": False}}
    part = about_part(results, {"number": 4, "of": 4, "vms": 1}, 0, None)
    assert "verdict" not in part
    assert part["sentence"] == f"Shard 4 of 4, 0 of 1 VM: {results['sentence']}"


def test_missing_vms_are_named() -> None:
    part = about_part(RESULTS, None, 10, GAPS)
    assert part["missing"] == {"vms": ["vm7"], "shards": []}
    assert part["sentence"] == f"{RESULTS['sentence']} MISSING: no evidence of 1 VM: vm7."


def test_a_gate_never_passes_without_all_evidence() -> None:
    passed = {"policy": "80%", "passed": True, "exit": 0, "sentence": "GATE PASSED (80%): 9 of 10 VMs ready."}
    assert withhold_gate(passed, GAPS) == {
        "policy": "80%",
        "passed": False,
        "exit": 10,
        "sentence": "GATE NOT JUDGED (80%): the VMs with evidence would pass it. MISSING: no evidence of 1 VM: vm7.",
    }
    failed = {"policy": "all", "passed": False, "exit": 1, "sentence": "GATE NOT MET (all)."}
    assert withhold_gate(failed, GAPS) == failed
