"""Inside the lab: measure samples of contestants in turn, and append each to a file at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from benchmarks import forty, meter
from benchmarks.contestants import CONTESTANTS, KEX, Site
from plugins.checks.probe import ProbeCommand
from plugins.gather.script import compile_script
from plugins.inventory import selection as inventory
from plugins.pytest_adapter.gather_stage import plans
from plugins.pytest_adapter.items import check_items
from plugins.pytest_adapter.stash import RUN

ROOT = Path(__file__).resolve().parents[1]

#: Longer than any measurement.
_TIMEOUT = "900"


class _Planner:
    """A pytest plugin that records the script of each VM."""

    def __init__(self) -> None:
        self.plans: dict[str, list[ProbeCommand]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        run = session.config.stash[RUN]
        self.plans = plans(check_items(session.items), run.scope.vms, run.rules.profile)


def _script(work: str, fleet: str, vm: str, profile: str) -> tuple[bytes, str]:
    """The script for each VM, and the last line of its output."""
    if work == "forty":
        return forty.SCRIPT.encode(), forty.DONE
    planner = _Planner()
    arguments = [f"--inventory={fleet}", f"--vm={vm}", f"--profile={profile}", "--no-azure", "--collect-only", "-qq"]
    with open(os.devnull, "w") as nowhere:
        before, sys.stdout = sys.stdout, nowhere
        try:
            pytest.main([*arguments, "-p", "no:cacheprovider", str(ROOT / "suites")], plugins=[planner])
        finally:
            sys.stdout = before
    batch = compile_script(planner.plans[vm])
    return batch.script, f"{batch.nonce} end"


def _warm_up(site: Site) -> None:
    """Load every VM's sshd and shell into memory, so that the first contestant has no disadvantage."""
    names = "\n".join(site.names)
    ssh = ["ssh", "-F", str(site.ssh_config), "-o", f"KexAlgorithms={KEX}", "-o", "ConnectTimeout=5", "{}", "true"]
    subprocess.run(
        ["xargs", "-P20", "-I", "{}", *ssh], input=names.encode(), check=False, stderr=subprocess.DEVNULL, timeout=600
    )


def _sample(job: Mapping[str, Any], site: Site, vms: meter.Vms) -> dict[str, Any]:
    contestant = CONTESTANTS[job["contestant"]]
    command = contestant.command(site, job["work"])
    output = site.folder / "output"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")} | command.env
    before = vms.cpu()
    cost = meter.run(
        ["timeout", _TIMEOUT, *command.words], cwd=site.folder, output=output, stdin=command.stdin, env=environment
    )
    sample = {**job, **asdict(cost), "vm_cpu": vms.cpu() - before, "when": time.time()}
    text = output.read_text("utf-8", "replace")
    try:
        sample["answered"] = command.answered(text)
    except (OSError, ValueError, KeyError) as error:  # there are no results: its output has the cause
        sample["answered"], sample["error"] = 0, f"{type(error).__name__}: {error}; {text[-2000:]}"
    clock = site.folder / "clock.json"
    if clock.exists():
        sample["gather"] = json.loads(clock.read_bytes())
        sample |= _slowest(site)
        clock.unlink()
    return sample


def _slowest(site: Site) -> dict[str, float]:
    """The slowest probe and the size of the evidence of the first VM."""
    path = next((site.folder / "reports").glob(f"2*/evidence/{site.names[0]}.json"), site.folder / "none")
    if not path.exists():
        return {}
    seen = json.loads(path.read_bytes())["seen"].values()
    slowest = max((result["seconds"] for result in seen), default=0.0)
    return {"slowest_probe": slowest, "evidence_bytes": path.stat().st_size}


def main() -> int:
    """Arguments: a file with the jobs as JSON, and the file for the samples."""
    jobs, samples = json.loads(Path(sys.argv[1]).read_bytes()), Path(sys.argv[2])
    meter.adopt_orphans()
    fleet = os.environ["LAB_INVENTORY"]
    names = [vm.name for vm in inventory.load(fleet).vms]
    vms = meter.Vms()
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        sites: dict[str, Site] = {}
        for work in {job["work"] for job in jobs}:
            folder = Path(scratch, work)
            folder.mkdir()
            text, done = _script(work, fleet, names[0], os.environ["LAB_PROFILE"])
            (folder / "script").write_bytes(text)
            (folder / "script").chmod(0o700)
            sites[work] = Site(
                folder,
                Path(fleet),
                Path(os.environ["LAB_SSH_CONFIG"]),
                names,
                folder / "script",
                done,
                Path(os.environ["LAB_PROFILE"]),
            )
        _warm_up(next(iter(sites.values())))
        for job in jobs:
            sample = _sample(job, sites[job["work"]], vms)
            with samples.open("a", encoding="utf-8") as file:
                file.write(json.dumps(sample) + "\n")
            title = CONTESTANTS[job["contestant"]].title
            answered = "" if sample["answered"] == job["vms"] - job["dead"] else f", {sample['answered']} VMs answered"
            print(f"  {job['work']:6} {title:36} {sample['wall']:8.2f} s{answered}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
