"""From samples to tables: medians, and each contestant's ratio to this suite, from the same scene of the same run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import judging
from benchmarks.contestants import CONTESTANTS
from benchmarks.peers import ROOT
from benchmarks.plan import Job, Scene

__all__ = ["guess", "read", "table", "write"]

PAGE = ROOT / "docs" / "performance.md"
_BEGIN, _END = "<!-- tables: begin (make bench writes them) -->", "<!-- tables: end -->"

_WORKS = {
    "forty": "The same forty commands",
    "probes": "This suite's own probes, as one script",
    "judge": "Judging saved evidence",
}

Sample = Mapping[str, Any]


def read(path: Path) -> list[dict[str, Any]]:
    """The samples taken so far; none when there is no file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def guess(job: Job) -> float:
    """About how many seconds a sample takes that was never taken; from two cores, to plan an hour with."""
    if job.work == "judge":
        return 3.0 + job.scene.vms * 0.06
    alone = job.contestant.startswith("testinfra")
    return 3.0 + job.scene.vms * (0.5 if "-n" in job.contestant else 2.2 if alone else 0.04)


def table(samples: Sequence[Sample]) -> str:
    """Markdown: a table for each scene."""
    parts = []
    scenes = dict.fromkeys((each["work"], each["vms"], each["rtt"], each["dead"]) for each in samples)
    for work, vms, rtt, dead in sorted(scenes, key=lambda scene: (list(_WORKS).index(scene[0]), *scene[1:])):
        rows = [
            each for each in samples if (each["work"], each["vms"], each["rtt"], each["dead"]) == (work, vms, rtt, dead)
        ]
        where = f"{vms:,} VM{'s' * (vms != 1)}" if work == "judge" else str(Scene(vms, rtt, dead))
        parts += [f"### {_WORKS[work]}: {where}", _scene(work, vms, rows)]
    return "\n\n".join(parts)


def _scene(work: str, vms: int, samples: Sequence[Sample]) -> str:
    by_name: dict[str, list[Sample]] = {}
    for each in samples:
        by_name.setdefault(each["contestant"], []).append(each)
    ours = _median(by_name.get("suite", ()), "wall")
    count = "verdicts" if work == "judge" else "VMs answered"
    lines = [
        f"| what | wall | to this suite | CPU per VM | peak memory | {count} | samples |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, rows in sorted(by_name.items(), key=lambda item: _median(item[1], "wall")):
        wall = _median(rows, "wall")
        cells = (
            judging.TITLES[name] if work == "judge" else CONTESTANTS[name].title,
            f"{wall:.2f} s",
            f"{wall / ours:.2f}" if ours else "",
            f"{_median(rows, 'cpu') / vms * 1000:.1f} ms",
            f"{_median(rows, 'peak_mb'):.0f} MB",
            f"{min(each['verdicts' if work == 'judge' else 'answered'] for each in rows):,}",
            str(len(rows)),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, *_gathering(vms, by_name.get("suite", ()))])


def _gathering(vms: int, ours: Iterable[Sample]) -> list[str]:
    """What this suite's gathering took of its whole run, which also collects, judges and writes ten reports."""
    gathered = [each["gather"] | {"vm_cpu": each["vm_cpu"]} for each in ours if "gather" in each]
    if not gathered:
        return []
    wall, cpu = _median(gathered, "wall"), _median(gathered, "cpu") / vms * 1000
    on_vm = _median(gathered, "vm_cpu") / vms * 1000
    return [
        "",
        f"Of this suite's wall, {wall:.2f} s are gathering: {cpu:.1f} ms of CPU here and {on_vm:.0f} ms there, per VM.",
    ]


def _median(samples: Iterable[Sample], key: str) -> float:
    found = [float(each[key]) for each in samples]
    return median(found) if found else 0.0


def write(samples: Sequence[Sample], folder: Path, publish: bool) -> None:
    """Print the tables, keep them in `folder`, and with `publish` put them into docs/performance.md."""
    text = table(samples)
    print(text)
    (folder / "results.md").write_text(text + "\n", "utf-8")
    if publish:
        page = PAGE.read_text("utf-8")
        before, rest = page.split(_BEGIN)
        after = rest.split(_END)[1]
        PAGE.write_text(f"{before}{_BEGIN}\n\n{text}\n\n{_END}{after}", "utf-8")
