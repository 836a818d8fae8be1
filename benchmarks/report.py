"""Tables of the samples: medians, and each contestant's ratio to this suite in the same scene of the same run."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import judging, targets
from benchmarks.contestants import CONTESTANTS
from benchmarks.peers import ROOT, environment
from benchmarks.plan import Job, Scene
from benchmarks.targets import Sample

PAGE, IMAGES = ROOT / "docs" / "performance.md", ROOT / "docs" / "images"

_WORKS = {
    "forty": "The same forty commands",
    "probes": "This suite's own probes, as one script",
    "judge": "Judging saved evidence",
}


def read(path: Path) -> list[dict[str, Any]]:
    """The samples so far; none without a file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def guess(job: Job) -> float:
    """An estimate of a new sample's seconds, from a machine with two cores."""
    if job.work == "judge":
        return 3.0 + job.scene.vms * 0.06
    alone = job.contestant.startswith("testinfra")
    return 3.0 + job.scene.vms * (0.5 if "-n" in job.contestant else 2.2 if alone else 0.04)


def table(samples: Sequence[Sample]) -> str:
    """A Markdown table for each scene."""
    parts = []
    scenes = dict.fromkeys((sample["work"], sample["vms"], sample["rtt"], sample["dead"]) for sample in samples)
    for work, vms, rtt, dead in sorted(scenes, key=lambda scene: (list(_WORKS).index(scene[0]), *scene[1:])):
        rows = [
            sample
            for sample in samples
            if (sample["work"], sample["vms"], sample["rtt"], sample["dead"]) == (work, vms, rtt, dead)
        ]
        where = f"{vms:,} VM{'s' * (vms != 1)}" if work == "judge" else str(Scene(vms, rtt, dead))
        parts += [f"### {_WORKS[work]}: {where}", _scene(work, vms, rows)]
    return "\n\n".join(parts)


def _scene(work: str, vms: int, samples: Sequence[Sample]) -> str:
    by_name: dict[str, list[Sample]] = {}
    for sample in samples:
        by_name.setdefault(sample["contestant"], []).append(sample)
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
            f"{min(sample['verdicts' if work == 'judge' else 'answered'] for sample in rows):,}",
            str(len(rows)),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, *_gathering(vms, by_name.get("suite", ()))])


def _gathering(vms: int, ours: Iterable[Sample]) -> list[str]:
    """The gathering's part of this suite's run, which also collects, judges and writes ten reports."""
    gathered = [sample["gather"] | {"vm_cpu": sample["vm_cpu"]} for sample in ours if "gather" in sample]
    if not gathered:
        return []
    wall, cpu = _median(gathered, "wall"), _median(gathered, "cpu") / vms * 1000
    on_vm = _median(gathered, "vm_cpu") / vms * 1000
    return [
        "",
        f"Of this suite's wall, {wall:.2f} s are gathering: {cpu:.1f} ms of CPU here and {on_vm:.0f} ms there, per VM.",
    ]


def _median(samples: Iterable[Sample], key: str) -> float:
    values = [float(sample[key]) for sample in samples]
    return median(values) if values else 0.0


def _targets(samples: Sequence[Sample]) -> str:
    lines = ["| target | measured | |", "| --- | --- | --- |"]
    lines += [f"| {title} | {messages} | {word} |" for title, messages, word in targets.rows(samples)]
    return "\n".join(lines)


def _bars(samples: Sequence[Sample], vms: int) -> dict[str, Any] | None:
    """The forty commands, by every contestant, at both round trips."""
    groups = []
    for rtt in (0, 50):
        rows = [
            {
                "label": contestant.title.replace("`", ""),
                "seconds": _median(of_contestant, "wall"),
                "ours": name == "suite",
            }
            for name, contestant in CONTESTANTS.items()
            if (of_contestant := targets.pick(samples, "forty", vms, name, rtt))
        ]
        if rows:
            groups.append({"title": f"{rtt} ms round trip", "bars": rows})
    title = f"Forty commands on each of {vms} VMs"
    return {"kind": "bars", "title": title, "groups": groups} if groups else None


def _lines(title: str, y: str, series: Mapping[str, Sequence[tuple[float, float]]]) -> dict[str, Any] | None:
    """Lines over the number of VMs: the first is this suite's, and a dashed one shows linear growth."""
    lines: list[dict[str, Any]] = [
        {"label": label, "points": points, "ours": not number, "dashed": False}
        for number, (label, points) in enumerate(series.items())
        if len(points) > 1
    ]
    if not lines:
        return None
    (x, first), last = lines[0]["points"][0], lines[0]["points"][-1][0]
    linear = {"label": "linear", "points": [(x, first), (last, first * last / x)], "ours": False, "dashed": True}
    return {"kind": "lines", "title": title, "x": "VMs", "y": y, "lines": [*lines, linear]}


def plots(samples: Sequence[Sample]) -> dict[str, dict[str, Any]]:
    """The plots for `benchmarks.plot`, by the name of the image."""
    judged = {
        judging.TITLES[name].replace("`", ""): [
            (vms, _median(targets.pick(samples, "judge", vms, name), "wall"))
            for vms in sorted({sample["vms"] for sample in samples if sample["work"] == "judge"})
            if targets.pick(samples, "judge", vms, name)
        ]
        for name in ("suite", "bare")
    }
    gathered = {"gathering": targets.growth(samples)}
    drawn = {
        "bench-forty": _bars(samples, 100),
        "bench-growth": _lines("Gathering a fleet", "seconds", gathered),
        "bench-judging": _lines("Judging saved evidence", "seconds", judged),
    }
    return {name: plot for name, plot in drawn.items() if plot}


def write(samples: Sequence[Sample], folder: Path, publish: bool) -> None:
    """Print the tables, save them in `folder`, and with `publish` update them and the plots in docs/."""
    blocks = {"targets": _targets(samples), "tables": table(samples)}
    text = "\n\n".join(blocks.values())
    print(text)
    (folder / "results.md").write_text(text + "\n", "utf-8")
    result = {
        "machine": _machine(),
        "samples": [{k: v for k, v in sample.items() if k != "state"} for sample in samples],
    }
    (folder / "results.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    (folder / "plots.json").write_text(json.dumps(plots(samples)), "utf-8")
    images = IMAGES if publish else folder
    python = environment("peers") / "python"
    subprocess.run([str(python), str(ROOT / "benchmarks/plot.py"), str(folder / "plots.json"), str(images)], check=True)
    if publish:
        into_page({**blocks, "machine": _machine()})


def into_page(blocks: Mapping[str, str]) -> None:
    """Insert each block between its marks in docs/performance.md."""
    page = PAGE.read_text("utf-8")
    for name, block in blocks.items():
        before, begin, rest = re.split(rf"(<!-- {name}: begin [^>]*-->)", page)
        _, end, after = re.split(rf"(<!-- {name}: end -->)", rest)
        page = f"{before}{begin}\n\n{block}\n\n{end}{after}"
    PAGE.write_text(page, "utf-8")


def _machine() -> str:
    """The machine and the versions, in a sentence."""
    cpu = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    names = {name: environment("peers").parent for name in ("pytest-testinfra", "ansible-core", "pytest", "paramiko")}
    names |= {"pyinfra": environment("pyinfra").parent}
    versions = [f"{name} {_version(folder, name)}" for name, folder in names.items()]
    ssh = subprocess.run(["ssh", "-V"], capture_output=True, text=True, check=False).stderr.partition(",")[0].strip()
    return (
        f"Measured on {os.cpu_count()} cores ({cpu[1] if cpu else platform.machine()}), Linux {platform.release()},"
        f" Python {platform.python_version()}, {ssh}, {', '.join(versions)}; {datetime.now(UTC):%d %B %Y}."
    )


def _version(folder: Path, name: str) -> str:
    (info,) = folder.glob(f"lib/python*/site-packages/{name.replace('-', '_')}-*.dist-info")
    return info.name.removesuffix(".dist-info").rpartition("-")[2]
