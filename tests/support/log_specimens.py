"""Output of real programs that fail or succeed: tests/data/cloud-init-output/specimens.jsonl.

Each line of the file is a run of a program, with its family, whether it failed, and its output. The two halves were
drawn by a hash before the shapes were written, and the shapes were written with the half ``design``. The third draw was
made afterwards, with other programs, and other calls.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from tests.support.paths import ROOT

FOLDER = ROOT / "tests" / "data" / "cloud-init-output"


@dataclass(frozen=True)
class Specimen:
    """One run of a program. `half` is "design", "held out" or "third draw"."""

    family: str
    half: str
    fails: bool
    text: str


SPECIMENS = [
    Specimen(**json.loads(line)) for line in (FOLDER / "specimens.jsonl").read_text(encoding="utf-8").splitlines()
]
