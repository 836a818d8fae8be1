"""`plugins.results.verdict`: the sentence about the VMs, for fleets of every size."""

from __future__ import annotations

import pytest

from plugins.results.verdict import CAVEAT, sentence

WHOLE = {"complete": True}


@pytest.mark.parametrize(
    ("ready", "bad", "unknown", "text"),
    [
        (0, 0, 0, "No VM was judged."),
        (1, 0, 0, "The VM is ready."),
        (0, 1, 0, "The VM is not ready."),
        (0, 0, 1, "The VM could not be judged."),
        (1200, 0, 0, "All 1,200 VMs are ready."),
        (1, 1, 0, "1 of 2 VMs is ready; 1 is not."),
        (1, 0, 1, "1 of 2 VMs is ready; 1 could not be judged."),
        (2, 2, 3, "2 of 7 VMs are ready; 2 are not; 3 could not be judged."),
    ],
)
def test_a_whole_run(ready: int, bad: int, unknown: int, text: str) -> None:
    assert sentence({"ready": ready, "not ready": bad, "unknown": unknown}, WHOLE) == text


@pytest.mark.parametrize(
    ("of", "alone", "tally", "text"),
    [
        (1, True, {"partial": 1}, "Guest ready; Azure not asked."),
        (1, False, {"partial": 1}, "The VM passed all judged checks."),
        (1, False, {"not ready": 1}, "The VM is not ready."),
        (1, False, {"unknown": 1}, "The VM could not be judged."),
        (9, True, {"partial": 4, "unknown": 2}, "Guest ready on 4 of 9 VMs; Azure not asked; 2 could not be judged; 3 were not judged."),
        (9, False, {"partial": 4, "ready": 1, "not ready": 3}, "3 of 9 VMs are not ready; 4 of 9 VMs passed all judged checks; 1 of 9 VMs is ready; 1 was not judged."),
        (2, False, {"not ready": 1, "ready": 1}, "1 of 2 VMs is not ready; 1 of 2 VMs is ready."),
    ],
)  # fmt: skip
def test_a_partial_run(of: int, alone: bool, tally: dict[str, int], text: str) -> None:
    required = {"judged": 1, "of": 3}
    judged = {"complete": False, "guest_alone": alone, "why": ["-k"], "areas": [], "required": required}
    actual = sentence(tally, {**judged, "vms": {"judged": 0, "of": of}})
    caveat = "" if "not ready" in tally else f" {CAVEAT}"
    assert actual == f"{text} 1 of 3 required checks was judged (-k).{caveat}"
