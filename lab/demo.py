"""`python -m lab demo`: ten VMs, two of them healthy; the suite must find exactly the faults of the other eight."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab import doctor, expectations, holder, spec
from lab.faults import FAULTS
from lab.handout import PROFILE

#: The healthy VMs are between the others, so that the order has no effect.
PLANTED: dict[str, list[str]] = {
    "vm1": [],
    "vm2": ["egress-lacks-his"],
    "vm3": ["no-proxy-lacks-imds"],
    "vm4": [],
    "vm5": ["powered-off"],
    "vm6": ["imds-503", "http-proxy-unset"],
    "vm7": ["role-list-access-details-missing"],
    "vm8": ["identity-added-later"],
    "vm9": ["runcmd-failed-silently"],
    "vm10": ["agent-in-the-image"],
}

#: The suite's exit status for these VMs.
NOT_READY = 1

ROOT = Path(__file__).resolve().parents[1]
LATEST = ROOT / "reports" / "latest"
RECORDED = Path(__file__).with_name("recorded")


def run(*, record: bool = False) -> int:
    """Run the suite on the VMs, live or recorded, and return 0 only if it found exactly the planted faults."""
    why = doctor.trouble()
    if why:
        print(f"lab: cannot run here: {why}", flush=True)
        if record:
            return 3
        if not (RECORDED / "run.json").exists():
            print(f"lab: no recorded run in {_short(RECORDED)}")
            return 3
        print(f"lab: judging the recorded run in {_short(RECORDED)} instead", flush=True)
    begun = time.time()
    pytest = [sys.executable, "-m", "pytest", f"--profile={_short(PROFILE)}"]
    if why:
        status = subprocess.run([*pytest, "--evidence", str(RECORDED)], cwd=ROOT, check=False).returncode
    else:
        # Only a shell inside the lab knows the path of the inventory.
        command = ["sh", "-c", 'cd "$1" && shift && exec "$@" --inventory "$LAB_INVENTORY"', "demo", str(ROOT), *pytest]
        status = holder.up(spec.Spec(len(PLANTED), {vm: f for vm, f in PLANTED.items() if f}, command))
    results = _results(begun)
    if results is None:
        print(f"lab: the suite ended with status {status} and wrote no {_short(LATEST)}/results.json", file=sys.stderr)
        return 1
    wrong = _judge(results, status)
    if why:
        print(f"This was the recorded run in {_short(RECORDED)}: the lab cannot run here: {why}")
    if record and not wrong:
        shutil.rmtree(RECORDED, ignore_errors=True)
        # Only the evidence: judging a recording writes its reports again.
        shutil.copytree(LATEST / "evidence", RECORDED / "evidence")
        for name in ("azure.json", "runner.json", "profile.toml"):
            shutil.copy(LATEST / name, RECORDED)
        run = json.loads((LATEST / "run.json").read_text(encoding="utf-8"))
        run["arguments"] = []
        text = json.dumps(run, indent=1).replace(f"{ROOT}/", "")  # no path of this machine
        (RECORDED / "run.json").write_text(text + "\n", encoding="utf-8")
        print(f"lab: recorded in {_short(RECORDED)}")
    return 1 if wrong else 0


def _results(begun: float) -> Mapping[str, Any] | None:
    """The newest run's results, unless they are older than this demo."""
    path = LATEST / "results.json"
    if not path.exists() or path.stat().st_mtime < begun - 1:
        return None
    document: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def _judge(results: Mapping[str, Any], status: int) -> list[str]:
    planted = {vm: [FAULTS[name] for name in names] for vm, names in PLANTED.items()}
    expected = {vm: expectations.combine(fault.expects for fault in faults) for vm, faults in planted.items()}
    wrong = expectations.differences(results, expected) + expectations.cause_differences(results, planted)
    if status != NOT_READY:
        wrong.append(f"the suite ended with status {status}; {NOT_READY} says that a required check failed")
    readiness = {vm["name"]: vm["readiness"] for vm in results["vms"]}
    print("\nThe demo: planted faults, and the result of the suite")
    width = max(map(len, PLANTED))
    for vm, names in PLANTED.items():
        print(f"  {vm:{width}}  {', '.join(names) or 'healthy':34}  {readiness.get(vm, 'missing')}")
    for line in wrong:
        print(f"  WRONG  {line}")
    print(
        "The suite did not find exactly the planted faults." if wrong else "The suite found exactly the planted faults."
    )
    return wrong


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
