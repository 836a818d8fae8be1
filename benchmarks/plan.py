"""The samples of a complete run of the benchmarks, which takes an hour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Scene:
    """A lab: the number of VMs, the round trip to them, and how many of them are off."""

    vms: int
    rtt: int = 0  # milliseconds, there and back
    dead: int = 0

    def __str__(self) -> str:
        off = f", {self.dead} of them off" if self.dead else ""
        return f"{self.vms} VM{'s' * (self.vms != 1)}, {self.rtt} ms{off}"


@dataclass(frozen=True, slots=True)
class Job:
    """One sample to measure."""

    scene: Scene
    work: str  # forty, probes; or judge: then `scene` is only a number of VMs, and no lab is needed
    contestant: str
    round: int

    @property
    def key(self) -> str:
        """The key of the sample, by which a resumed run finds it."""
        scene = self.scene
        return f"{self.work} {scene.vms} {scene.rtt} {scene.dead} {self.contestant} {self.round}"


_FAST = ("suite", "openssh", "ansible", "pyinfra")
_NEAR = ("testinfra-paramiko-n8", "testinfra-ssh-n8")  # the best `-n` at 0 ms, and at 50 ms
_FAR = ("testinfra-paramiko-n16", "testinfra-ssh-n8")

#: (work, VMs, round trip, dead, contestants, rounds). Slow samples are measured once.
_PLAN: list[tuple[str, int, int, int, tuple[str, ...], int]] = [
    # the same forty commands, by all contestants
    ("forty", 20, 0, 0, (*_FAST, *_NEAR), 2),
    ("forty", 20, 0, 0, ("testinfra-paramiko", "testinfra-ssh"), 1),
    ("forty", 20, 50, 0, (*_FAST, *_FAR), 1),
    ("forty", 100, 0, 0, ("suite", "openssh"), 3),
    ("forty", 100, 0, 0, ("ansible", "pyinfra", *_NEAR, "testinfra-paramiko"), 1),
    ("forty", 100, 50, 0, ("suite", "openssh"), 2),
    ("forty", 100, 50, 0, ("ansible", "pyinfra", *_FAR), 1),
    ("forty", 500, 0, 0, _FAST, 1),
    ("forty", 500, 50, 0, ("suite", "openssh"), 1),
    # growth, and the cost of dead VMs
    ("forty", 10, 0, 0, ("suite",), 3),
    ("forty", 1000, 0, 0, ("suite",), 1),
    ("forty", 200, 0, 100, ("suite",), 1),
    # the suite's own probes, compared with OpenSSH and the same script
    ("probes", 1, 0, 0, ("suite", "openssh"), 3),
    ("probes", 1, 50, 0, ("suite", "openssh"), 3),
    ("probes", 20, 0, 0, _FAST, 1),
    ("probes", 100, 0, 0, ("suite", "openssh"), 1),
    ("probes", 500, 0, 0, ("suite", "openssh"), 1),
    # judging saved evidence, compared with as many empty tests in bare pytest
    ("judge", 10, 0, 0, ("suite", "bare"), 2),
    ("judge", 100, 0, 0, ("suite", "bare"), 2),
    ("judge", 100, 0, 0, ("suite-all-sick", "bare-n2"), 2),
    ("judge", 1000, 0, 0, ("suite", "bare"), 1),
]


def jobs(
    vms: Iterable[int] | None = None,
    rtts: Iterable[int] | None = None,
    only: Iterable[str] | None = None,
    rounds: int | None = None,
) -> Iterator[Job]:
    """The samples of the plan, grouped by scene; within a scene, each round measures every contestant once.

    `only` selects samples by a workload, a contestant, or the beginning of a contestant's name.
    """
    scenes = dict.fromkeys((Scene(row[1], row[2], row[3]), row[0] == "judge") for row in _PLAN)
    wanted = tuple(only or ())
    for scene, judged in scenes:
        if (vms is not None and scene.vms not in set(vms)) or (rtts is not None and scene.rtt not in set(rtts)):
            continue
        rows = [row for row in _PLAN if (Scene(*row[1:4]), row[0] == "judge") == (scene, judged)]
        for round in range(max(rounds or row[5] for row in rows)):
            for work, *_, contestants, planned in rows:
                for name in contestants if round < (rounds or planned) else ():
                    if not wanted or work in wanted or any(name.startswith(prefix) for prefix in wanted):
                        yield Job(scene, work, name, round)
