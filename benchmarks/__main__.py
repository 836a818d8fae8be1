"""`make bench`: measure every missing sample of the plan, then write the results.

::

    make bench                                              # everything, about an hour; then update docs/
    make bench BENCH="--vms 20 --rtt 0"                     # a part
    make bench BENCH="--only suite --only openssh --only judge"
    make bench BENCH=--list                                 # the missing samples, and an estimate of the time

Each sample is saved to .bench/samples.jsonl at once. A run that was stopped resumes there, unless the suite, the lab or
the benchmarks have changed; `--fresh` starts again.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks import judging, meter, report
from benchmarks.peers import FOLDER, ROOT, environment
from benchmarks.plan import Job, Scene, jobs
from lab import doctor, wire

_SAMPLES = FOLDER / "samples.jsonl"
_MEASURED = ("plugins", "suites", "lab", "benchmarks", "conftest.py", "requirements.lock")
#: Files that only plan and report: a change does not invalidate the samples.
_REPORTING = ("__main__.py", "plan.py", "report.py", "targets.py", "plot.py", ".md")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the missing samples of the selected jobs, and write the results."""
    options = _parser().parse_args(arguments)
    wanted = list(jobs(options.vms, options.rtt, options.only, options.rounds))
    if not wanted:
        print("bench: no sample of the plan matches these options; --list shows the plan", file=sys.stderr)
        return 2
    FOLDER.mkdir(exist_ok=True)
    state = _fingerprint()
    if options.fresh:
        _SAMPLES.unlink(missing_ok=True)
    samples = report.read(_SAMPLES)
    there = {_key(sample) for sample in samples if sample["state"] == state}
    missing = [job for job in wanted if job.key not in there]
    print(f"bench: {len(wanted)} samples, {len(wanted) - len(missing)} of them measured, {_estimate(missing, samples)}")
    if options.list:
        for job in missing:
            print(f"  {job.scene!s:28} {job.work:7} {job.contestant} ({job.round + 1})")
        return 0
    if why := doctor.trouble() or wire.trouble():
        print(f"bench: the lab cannot run here: {why}", file=sys.stderr)
        return 3
    environment("peers"), environment("pyinfra")
    for (scene, judged), group in itertools.groupby(missing, key=lambda job: (job.scene, job.work == "judge")):
        of_scene = list(group)
        status = _judge(of_scene, state) if judged else _in_lab(scene, of_scene, state)
        if status:
            return status
    current = [sample for sample in report.read(_SAMPLES) if sample["state"] == state]
    everything = not (options.vms or options.rtt or options.only or options.rounds)
    report.write(current, FOLDER, publish=everything)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks", description=main.__doc__, allow_abbrev=False)
    parser.add_argument("--vms", type=_numbers, metavar="N,...", help="only fleets of these sizes")
    parser.add_argument("--rtt", type=_numbers, metavar="MS,...", help="only at these round trips: 0, 50")
    parser.add_argument(
        "--only", action="append", metavar="WORD", help="forty, probes, judge, or a contestant; may be repeated"
    )
    parser.add_argument("--rounds", type=int, metavar="N", help="number of rounds, instead of the plan's")
    parser.add_argument("--fresh", action="store_true", help="delete the saved samples first")
    parser.add_argument("--list", action="store_true", help="list the missing samples, and measure nothing")
    return parser


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


def _fingerprint() -> str:
    """A hash of the measured files: samples of another state of the tree are not mixed with new ones."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *_MEASURED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split("\n")
    digest = hashlib.sha256()
    for name in sorted(filter(None, listed)):
        path = ROOT / name
        if path.is_file() and not name.endswith(_REPORTING):
            digest.update(f"{name}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _key(sample: dict[str, Any]) -> str:
    scene = Scene(sample["vms"], sample["rtt"], sample["dead"])
    return Job(scene, sample["work"], sample["contestant"], sample["round"]).key


def _estimate(missing: Iterable[Job], samples: Iterable[dict[str, Any]]) -> str:
    known = {_key(sample): float(sample["wall"]) for sample in samples}
    seconds = 0.0
    for job in missing:
        same = (known.get(Job(job.scene, job.work, job.contestant, round).key) for round in range(5))
        seconds += next((estimate for estimate in same if estimate), None) or report.guess(job)
    labs = {job.scene for job in missing if job.work != "judge"}
    seconds += sum(5 + scene.vms * 0.05 for scene in labs)
    return f"about {seconds / 60:.0f} minutes for the rest" if seconds else "nothing left to measure"


def _data(job: Job, state: str) -> dict[str, Any]:
    scene = job.scene
    where = {"vms": scene.vms, "rtt": scene.rtt, "dead": scene.dead}
    return {"state": state, "work": job.work, **where, "contestant": job.contestant, "round": job.round}


def _in_lab(scene: Scene, of_scene: list[Job], state: str) -> int:
    print(f"bench: {scene}", flush=True)
    todo = FOLDER / "jobs.json"
    todo.write_text(json.dumps([_data(job, state) for job in of_scene]), "utf-8")
    off = (f"vm{number}=powered-off" for number in range(scene.vms - scene.dead + 1, scene.vms + 1))
    lab = [sys.executable, "-m", "lab", "up", "--vms", str(scene.vms), "--delay", str(scene.rtt / 2)]
    lab += [word for fault in off for word in ("--fault", fault)]
    command = [sys.executable, "-m", "benchmarks.inside", str(todo), str(_SAMPLES)]
    # One process needs a descriptor for each VM, and so do some of the peers.
    limit = 'ulimit -n 4096 2>/dev/null; exec "$@"'
    return subprocess.run(["sh", "-c", limit, "sh", *lab, "--", *command], cwd=ROOT, check=False).returncode


def _judge(of_scene: list[Job], state: str) -> int:
    print(f"bench: judging {of_scene[0].scene.vms} VMs", flush=True)
    meter.adopt_orphans()
    folder = FOLDER / f"judging-{state}"
    folder.mkdir(exist_ok=True)
    for job in of_scene:
        actual = judging.sample(_data(job, state), folder)
        with _SAMPLES.open("a", encoding="utf-8") as file:
            file.write(json.dumps(actual) + "\n")
        print(f"  judge  {judging.TITLES[job.contestant]:36} {actual['wall']:8.2f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
