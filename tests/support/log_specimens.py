"""What real programs print when they fail, and when they do not: tests/data/cloud-init-output/specimens.jsonl.

Each line of the file is a run of a program, with its family, whether it failed, and what it printed. The halves were
drawn by a hash before the shapes were written: the shapes were made with the half ``design``. The third draw was run
when they were done: other programs, and other ways to call them.
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
