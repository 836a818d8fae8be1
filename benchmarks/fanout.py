"""Gathering a fleet, against the practical floor: OpenSSH fanned out over the same VMs with the same script.

Run inside a lab::

    python -m lab up --vms 100 -- .venv/bin/python -m benchmarks.fanout --rounds 3

Both visit every VM of the inventory, log in with the same key, check the same known_hosts and run the script that a
full run of the suite sends. They take turns, so that a machine whose speed drifts is fair to both.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from plugins import inventory, ssh
from plugins.batch import Batch, compile_batch
from plugins.collection import check_items, plans
from plugins.evidence import Archive
from plugins.gather import gather
from plugins.inventory import Fleet
from plugins.model import Evidence
from plugins.probes import Planned
from plugins.run import RUN

#: As the issue of a fair race wants it: no connection sharing, and not the slow post-quantum key exchange of OpenSSH.
SSH_OPTIONS = (
    "-o",
    "ControlMaster=no",
    "-o",
    "ControlPath=none",
    "-o",
    "KexAlgorithms=curve25519-sha256",
    "-o",
    "BatchMode=yes",
)


class _Planner:
    """A pytest plugin that keeps what each VM has to run."""

    def __init__(self) -> None:
        self.plans: dict[str, list[Planned]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.plans = plans(check_items(session.items), session.config.stash[RUN])


class _Count:
    """Counts the VMs that answered in full."""

    def __init__(self) -> None:
        self.complete = 0

    def visited(self, evidence: Evidence) -> None:
        self.complete += evidence.session.outcome == "ok" and all(s.state != "lost" for s in evidence.seen.values())


def _whole_suite(path: str) -> dict[str, list[Planned]]:
    planner = _Planner()
    with open(os.devnull, "w") as nowhere:
        before, sys.stdout = sys.stdout, nowhere
        try:
            pytest.main([f"--inventory={path}", "--collect-only", "-qq", "-p", "no:cacheprovider"], plugins=[planner])
        finally:
            sys.stdout = before
    return planner.plans


def _cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _timed(work: Callable[[], int]) -> tuple[float, float, int]:
    wall, cpu = time.perf_counter(), _cpu()
    done = work()
    return time.perf_counter() - wall, _cpu() - cpu, done


def _ours(fleet: Fleet, wanted: dict[str, list[Planned]]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        vms = list(fleet.vms)
        archive = Archive.create(Path(folder), {}, vms)
        limit = max(each.timeout for plan in wanted.values() for each in plan) + 5
        count = _Count()
        gather(vms, wanted, ssh.Options(run_timeout=limit, config_file=fleet.ssh_config), archive, count)
        return count.complete


def _openssh(fleet: Fleet, batch: Batch, at_once: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "script")
        script.write_bytes(batch.script)
        command = ["ssh", "-F", str(fleet.ssh_config), *SSH_OPTIONS, "{}", "sh -s"]
        one = f'{" ".join(_quoted(command))} <"{script}" >"{folder}/{{}}.out" 2>/dev/null'
        names = "\n".join(vm.host for vm in fleet.vms)
        subprocess.run(["xargs", "-P", str(at_once), "-I", "{}", "sh", "-c", one], input=names.encode(), check=False)
        end = f"{batch.nonce} end".encode()
        return sum(end in Path(folder, f"{vm.host}.out").read_bytes() for vm in fleet.vms)


def _quoted(words: Sequence[str]) -> list[str]:
    return [word if word == "{}" else f"'{word}'" for word in words]


def main() -> int:
    """Print a row per contestant: wall seconds, controller CPU per VM, VMs answered, each the median of the rounds."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--inventory", default=os.environ.get("LAB_INVENTORY"), help="default: the lab's")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--at-once", type=int, default=50, help="ssh processes at a time")
    options = parser.parse_args()
    fleet = inventory.load(options.inventory)
    wanted = _whole_suite(options.inventory)
    batch = compile_batch(wanted[fleet.vms[0].name])
    rows: dict[str, list[tuple[float, float, int]]] = {}
    for _ in range(options.rounds):
        rows.setdefault("this suite", []).append(_timed(lambda: _ours(fleet, wanted)))
        rows.setdefault(f"xargs -P{options.at_once} ssh", []).append(
            _timed(lambda: _openssh(fleet, batch, options.at_once))
        )
    vms = len(fleet.vms)
    print(f"{vms} VMs, {len(batch.probes)} commands in {len(batch.script)} bytes each, {options.rounds} rounds in turn")
    print(f"{'':22}{'wall s':>10}{'min..max':>16}{'CPU ms/VM':>12}{'answered':>10}")
    for name, runs in rows.items():
        walls = [wall for wall, _, _ in runs]
        cpu = statistics.median(cpu for _, cpu, _ in runs) / vms * 1000
        answered = min(done for _, _, done in runs)
        span = f"{min(walls):.2f}..{max(walls):.2f}"
        print(f"{name:22}{statistics.median(walls):10.2f}{span:>16}{cpu:12.1f}{answered:>7}/{vms}")
    ours, theirs = (statistics.median(wall for wall, _, _ in runs) for runs in rows.values())
    print(f"wall, this suite / OpenSSH: {ours / theirs:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
