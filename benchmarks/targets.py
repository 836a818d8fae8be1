"""The performance targets, each evaluated with the samples of one run: met, missed, or not measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

Sample = Mapping[str, Any]

#: Seconds before an unreachable VM counts as such (`plugins.ssh.client.Options.connect_timeout`).
CONNECT_TIMEOUT = 10.0


class _NotMeasured(Exception):
    """The run did not measure this part of the plan."""


def pick(samples: Sequence[Sample], work: str, vms: int, name: str, rtt: int = 0, dead: int = 0) -> list[Sample]:
    """The samples of one contestant in one scene."""
    scene = (work, vms, rtt, dead, name)
    return [sample for sample in samples if tuple(sample[key] for key in _SCENE) == scene]


_SCENE = ("work", "vms", "rtt", "dead", "contestant")


@dataclass(frozen=True, slots=True)
class _Samples:
    """Medians of a run, by scene; raises `_NotMeasured` without samples."""

    all: Sequence[Sample]

    def wall(self, work: str, vms: int, name: str, rtt: int = 0) -> float:
        return self._median(lambda sample: sample["wall"], work, vms, name, rtt)

    def gather(self, key: str, vms: int, rtt: int = 0, dead: int = 0, work: str = "probes") -> float:
        return self._median(lambda sample: sample["gather"][key], work, vms, "suite", rtt, dead)

    def of(self, key: Callable[[Sample], float], work: str, vms: int, name: str, rtt: int = 0) -> float:
        return self._median(key, work, vms, name, rtt)

    def _median(
        self, key: Callable[[Sample], float], work: str, vms: int, name: str, rtt: int = 0, dead: int = 0
    ) -> float:
        chosen = pick(self.all, work, vms, name, rtt, dead)
        if not chosen:
            raise _NotMeasured
        return float(median(float(key(sample)) for sample in chosen))

    def best(self, vms: int, rtt: int) -> tuple[str, float]:
        """The name of testinfra with its best `-n`, and its seconds."""
        names = {
            sample["contestant"] for sample in self.all if "-n" in sample["contestant"] and sample["work"] == "forty"
        }
        rows: list[tuple[float, str]] = []
        for name in names:
            if pick(self.all, "forty", vms, name, rtt):
                rows.append((self.wall("forty", vms, name, rtt), name))
        if not rows:
            raise _NotMeasured
        wall, name = min(rows)
        return name, wall


def growth(samples: Sequence[Sample]) -> list[tuple[int, float]]:
    """The gathering time of the forty commands, by the number of VMs, with no dead VM and no delay."""
    rows = {
        sample["vms"]: pick(samples, "forty", sample["vms"], "suite") for sample in samples if sample["work"] == "forty"
    }
    return [
        (vms, median(sample["gather"]["wall"] for sample in of_size))
        for vms, of_size in sorted(rows.items())
        if of_size
    ]


def exponent(points: Sequence[tuple[int, float]]) -> float:
    """The slope of the regression line with logarithmic axes; 1 is linear growth."""
    if len(points) < 3:
        raise _NotMeasured
    xs, ys = [math.log(vms) for vms, _ in points], [math.log(wall) for _, wall in points]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) * (a - x) for a in xs)


Measurement = tuple[str, bool | None]  # the result, and whether it meets the target; None: only reported


def _gathering(run: _Samples) -> Measurement:
    ours, theirs = run.gather("wall", 500), run.wall("probes", 500, "openssh")
    return f"{ours:.1f} s against {theirs:.1f} s: {ours / theirs:.2f}", ours <= theirs


def _controller_cpu(run: _Samples) -> Measurement:
    of_one = run.gather("cpu", 500) / 500 * 1000
    return f"{of_one:.1f} ms", of_one <= 10


def _alone(run: _Samples) -> Measurement:
    ours = run.wall("forty", 100, "suite")
    measured = run.wall("forty", 100, "testinfra-paramiko") / ours
    return f"{measured:.1f} times (over paramiko, its default)", measured >= 30


def _best(rtt: int, least: float) -> Callable[[_Samples], Measurement]:
    def ratio(run: _Samples) -> Measurement:
        name, theirs = run.best(100, rtt)
        measured = theirs / run.wall("forty", 100, "suite", rtt)
        return f"{measured:.1f} times ({name.removeprefix('testinfra-')})", measured >= least

    return ratio


def _vm_cpu(run: _Samples) -> Measurement:
    vms = 100
    full = run.of(lambda sample: sample["vm_cpu"], "probes", vms, "suite") / vms * 1000
    raw = run.of(lambda sample: sample["vm_cpu"], "probes", vms, "openssh") / vms * 1000
    return f"{full:.0f} ms with the login; {raw:.0f} ms for the same script through OpenSSH", None


def _round_trips(run: _Samples) -> Measurement:
    def trips(sample: Sample) -> float:
        return float(sample["gather"]["wall"] - sample["slowest_probe"]) / (float(sample["rtt"]) / 1000)

    measured = run.of(trips, "probes", 1, "suite", 50)
    added = (run.gather("wall", 1, 50) - run.gather("wall", 1)) / 0.05
    output = f"{measured:.1f}, with what the VM needs to start its probes; the distance alone adds {added:.1f}"
    return output, measured <= 12


def _judging(run: _Samples) -> Measurement:
    ours, bare = (run.wall("judge", 1000, name) for name in ("suite", "bare"))
    verdicts = int(run.of(lambda sample: sample["verdicts"], "judge", 1000, "suite"))
    return f"{ours / bare:.2f}: {verdicts:,} verdicts in {ours:.1f} s, bare pytest {bare:.1f} s", ours / bare <= 0.4


def _failing(run: _Samples) -> Measurement:
    def of_verdict(name: str) -> float:
        return run.of(lambda sample: sample["wall"] / sample["verdicts"] * 1e6, "judge", 100, name)

    well, sick = of_verdict("suite"), of_verdict("suite-all-sick")
    return (
        f"{sick:.0f} µs a verdict where every VM has something to fix, {well:.0f} µs where none has",
        sick <= 1.2 * well,
    )


def _dead(run: _Samples) -> Measurement:
    with_dead, alive = run.gather("wall", 200, dead=100, work="forty"), run.gather("wall", 100, work="forty")
    more = with_dead - alive
    return (
        f"{more:.1f} s more than 100 alone, of which {CONNECT_TIMEOUT:.0f} s are the time-out",
        more <= 1.2 * CONNECT_TIMEOUT,
    )


def _memory(run: _Samples) -> Measurement:
    few, many = 100, 1000
    rows = [
        (run.of(_peak, work, many, "suite") - run.of(_peak, work, few, "suite")) / (many - few)
        for work in ("forty", "judge")
    ]
    return f"{rows[0]:.2f} MB a VM when visited, {rows[1]:.2f} MB when judged again (100 to 1,000)", max(rows) < 0.5


def _peak(sample: Sample) -> float:
    return float(sample["peak_mb"])


def _exponent(run: _Samples) -> Measurement:
    points = growth(run.all)
    measured = exponent(points)
    return f"{measured:.2f} over {points[0][0]} to {points[-1][0]:,} VMs", measured <= 1.05


_TARGETS: list[tuple[str, Callable[[_Samples], Measurement]]] = [
    ("Gathering 500 VMs takes no longer than OpenSSH with the same script", _gathering),
    ("At most 10 ms of this machine's CPU for each VM that is visited", _controller_cpu),
    ("Forty commands on 100 VMs: 30 times as fast as testinfra in one process", _alone),
    ("... 6 times as fast as testinfra with its best `-n`, at 0 ms", _best(0, 6)),
    ("... 10 times, at 50 ms", _best(50, 10)),
    ("The CPU that a full set of probes costs the VM itself (reported)", _vm_cpu),
    ("A single VM at 50 ms: at most 12 round trips beside its slowest probe", _round_trips),
    ("Judging 1,000 VMs takes at most 0.4 of what bare pytest needs for as many empty tests", _judging),
    ("A check that fails costs no more than one that passes", _failing),
    ("100 dead VMs among 200 cost one connect time-out", _dead),
    ("Memory grows by less than 0.5 MB a VM", _memory),
    ("Growth is linear: exponent at most 1.05", _exponent),
]


def rows(samples: Sequence[Sample]) -> Iterator[tuple[str, str, str]]:
    """Each target with its result, and met, missed, reported or not measured."""
    run = _Samples(samples)
    for title, measure in _TARGETS:
        try:
            lines, met = measure(run)
        except (_NotMeasured, KeyError):
            yield title, "", "not measured"
        else:
            yield title, lines, {True: "met", False: "missed", None: "reported"}[met]
