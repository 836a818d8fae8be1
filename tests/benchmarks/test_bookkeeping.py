"""The benchmarks' samples and targets, also of a run that measured only a part of the plan."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import report, targets
from benchmarks.__main__ import main
from benchmarks.contestants import CONTESTANTS
from benchmarks.plan import Scene, jobs
from tests.support.paths import ROOT


def sample(work: str, vms: int, name: str, wall: float, **more: Any) -> dict[str, Any]:
    base = {"state": "x", "work": work, "vms": vms, "rtt": 0, "dead": 0, "contestant": name, "round": 0, "wall": wall}
    return (
        base | {"cpu": wall, "peak_mb": 100.0 + vms / 10, "answered": vms, "verdicts": vms * 90, "vm_cpu": 1.0} | more
    )


def said(samples: list[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    return {title: (text, word) for title, text, word in targets.rows(samples)}


def test_every_sample_of_the_plan_is_taken_once_and_by_somebody() -> None:
    planned = list(jobs())
    assert len({job.key for job in planned}) == len(planned)
    assert {job.contestant for job in planned if job.work != "judge"} <= set(CONTESTANTS)
    assert {job.scene.vms for job in planned} >= {20, 100, 500, 1000}


def test_contestants_take_turns() -> None:
    names = [job.contestant for job in jobs([100], [0], ["suite", "openssh"]) if job.work == "forty"]
    assert names == ["suite", "openssh"] * 3


def test_a_part_is_by_vms_distance_work_or_contestant() -> None:
    assert {(job.scene, job.work) for job in jobs([1], [50])} == {(Scene(1, 50), "probes")}
    assert {job.contestant for job in jobs(only=["testinfra"])} == {n for n in CONTESTANTS if n.startswith("testinfra")}
    assert {job.work for job in jobs(only=["judge"])} == {"judge"}


def test_options_that_match_nothing_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--vms", "7"]) == 2
    assert capsys.readouterr().err == "bench: no sample of the plan matches these options; --list shows the plan\n"


@pytest.mark.parametrize(("ours", "word"), [(20.0, "met"), (30.0, "missed")])
def test_a_target_is_met_or_missed_by_the_medians(ours: float, word: str) -> None:
    gather = {"gather": {"wall": ours, "cpu": 4.0}}
    samples = [sample("probes", 500, "suite", 99, **gather), sample("probes", 500, "openssh", 25.0)]
    text = said(samples)["Gathering 500 VMs takes no longer than OpenSSH with the same script"]
    assert text == (f"{ours:.1f} s against 25.0 s: {ours / 25:.2f}", word)
    assert said(samples)["At most 10 ms of this machine's CPU for each VM that is visited"] == ("8.0 ms", "met")


def test_what_a_part_has_not_measured_is_said_so() -> None:
    assert {word for _, word in said([]).values()} == {"not measured"}


def test_growth_is_the_slope_between_sizes() -> None:
    samples = [sample("forty", vms, "suite", 1, gather={"wall": vms / 50}) for vms in (10, 100, 1000)]
    samples.append(sample("forty", 200, "suite", 1, dead=100, gather={"wall": 60.0}))
    assert said(samples)["Growth is linear: exponent at most 1.05"] == ("1.00 over 10 to 1,000 VMs", "met")


def test_the_best_number_of_processes_is_the_fastest_one() -> None:
    samples = [sample("forty", 100, "suite", 5)]
    samples += [sample("forty", 100, f"testinfra-{name}", wall) for name, wall in (("paramiko-n8", 40), ("ssh-n8", 35))]
    assert said(samples)["... 6 times as fast as testinfra with its best `-n`, at 0 ms"] == (
        "7.0 times (ssh-n8)",
        "met",
    )


def test_tables_and_plots_come_of_the_same_samples() -> None:
    samples = [sample("forty", 100, "suite", 5, gather={"wall": 4.0, "cpu": 0.8}), sample("forty", 100, "openssh", 4)]
    samples += [sample("judge", vms, name, vms / 10) for vms in (10, 100) for name in ("suite", "bare")]
    table = report.table(samples)
    assert "| this suite | 5.00 s | 1.00 | 50.0 ms | 110 MB | 100 | 1 |" in table
    assert "Of this suite's wall, 4.00 s are gathering: 8.0 ms of CPU here and 10 ms there, per VM." in table
    plots = report.plots(samples)
    assert set(plots) == {"bench-forty", "bench-judging"}  # growth needs two sizes
    assert [bar["ours"] for bar in plots["bench-forty"]["groups"][0]["bars"]] == [True, False]
    json.dumps(plots)


MEASURE = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from benchmarks import meter
meter.adopt_orphans()
folder = Path(sys.argv[1])
print(json.dumps(asdict(meter.run([sys.executable, "-c", sys.argv[2]], cwd=folder, output=folder / "out"))))
"""


def test_a_cost_counts_what_a_command_leaves_behind(tmp_path: Path) -> None:
    # A child that outlives its parent, like ssh's ControlMaster, and uses CPU until it is killed.
    busy = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass\nprint(flush=True)\ntime.sleep(600)"
    start = f"subprocess.Popen([sys.executable, '-c', {busy!r}], stdout=subprocess.PIPE)"
    script = f"import subprocess, sys; child = {start}; child.stdout.readline()"
    # In a separate process, because it kills all its descendants.
    command = [sys.executable, "-c", MEASURE, str(tmp_path), script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    cost = json.loads(done.stdout)
    assert cost["status"] == 0
    assert cost["cpu"] > 0.3
    assert cost["peak_mb"] > 5
