"""Judging saved evidence, compared with the same number of empty parametrized tests in bare pytest, without a lab."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import forty, meter, synthetic

ROOT = Path(__file__).resolve().parents[1]

TITLES = {
    "suite": "this suite, `--evidence`",
    "suite-all-sick": "this suite, every VM with something to fix",
    "bare": "bare pytest, as many empty tests",
    "bare-n2": "bare pytest with `-n 2`, as many empty tests",
}

_EMPTY = """\
import pytest


@pytest.mark.parametrize("number", range({count}))
def test_nothing(number):
    pass
"""


def sample(job: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Measure one sample. `folder` keeps the synthetic fleets between samples."""
    vms, name = job["vms"], job["contestant"]
    sick = 100 if name == "suite-all-sick" else 0
    evidence = folder / f"evidence-{vms}-{sick}"
    if not evidence.exists():
        shutil.rmtree(folder / "making", ignore_errors=True)
        synthetic.write(folder / "making", vms, sick=sick)
        (folder / "making").rename(evidence)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    if name.startswith("bare"):
        count = _verdicts(evidence, folder)
        project = folder / "bare"
        project.mkdir(exist_ok=True)
        (project / "pytest.ini").write_text("[pytest]\n", "utf-8")
        (project / "test_nothing.py").write_text(_EMPTY.format(count=count), "utf-8")
        words = ["-p", "no:cacheprovider", str(project), *(["-p", "xdist", "-n2"] if name == "bare-n2" else [])]
        environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # bare: no external plugin
        cwd = project
    else:
        reports = folder / "reports"
        shutil.rmtree(reports, ignore_errors=True)
        words = [f"--evidence={evidence}", f"--reports={reports}", "-p", "no:cacheprovider"]
        cwd = ROOT
    output = folder / "output"
    cost = meter.run([sys.executable, "-m", "pytest", "-q", *words], cwd=cwd, output=output, env=environment)
    record = {**job, **asdict(cost), "when": time.time(), "verdicts": 0}
    if name.startswith("bare"):
        record["verdicts"] = forty.passed(output.read_text("utf-8", "replace"))
    else:
        results = json.loads((folder / "reports/latest/results.json").read_bytes())
        record["verdicts"] = sum(results["counts"].values())
        if not sick:
            (evidence.parent / f"{evidence.name}.verdicts").write_text(str(record["verdicts"]), "utf-8")
    return record


def _verdicts(evidence: Path, folder: Path) -> int:
    """The number of verdicts for this evidence, from the previous sample."""
    counted = evidence.parent / f"{evidence.name}.verdicts"
    if not counted.exists():
        sample({"vms": int(evidence.name.split("-")[1]), "contestant": "suite"}, folder)
    return int(counted.read_text("utf-8"))
