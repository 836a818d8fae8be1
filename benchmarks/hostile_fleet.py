"""Do ten hostile VMs, of ten kinds, change the verdicts of the honest VMs, and what do they cost?

Run inside the lab, so that the honest VMs are the lab's::

    python -m lab up --vms 90 -- python -m benchmarks.hostile_fleet

The hostile VMs are servers of `tests.support.hostile_sshd` on this machine. It prints the verdicts, the wall time and
the peak memory, without the hostile VMs and with them. The exit status is 1 if an honest VM's verdict differs.
"""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import paramiko

from tests.support.hostile_sshd import BANNERS, MISDEEDS, hostile_sshd

WAYS = [*MISDEEDS, BANNERS]


def judged(inventory: Path, reports: Path) -> dict[str, Any]:
    """Readiness by VM, and the cost of the run."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--inventory={inventory}"]
    command += ["-p", "tests.support.few_at_once"]  # the lab's VMs share this machine's processors
    command += [f"--profile={os.environ['LAB_PROFILE']}", f"--reports={reports}"]
    began, peak = time.monotonic(), 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        try:
            match = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
        except OSError:
            break
        peak = max(peak, int(match[1]) if match else 0)
        time.sleep(0.1)
    process.wait()
    results = json.loads((reports / "latest" / "results.json").read_text(encoding="utf-8"))
    return {
        "vms": {vm["name"]: (vm["readiness"], vm["session"]["outcome"]) for vm in results["vms"]},
        "seconds": round(time.monotonic() - began, 1),
        "MB": peak // 1024,
    }


def main() -> int:
    """Visit the fleet without and with the hostile VMs."""
    logging.disable(logging.CRITICAL)
    honest = Path(os.environ["LAB_INVENTORY"])
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        alone = judged(honest, folder / "alone")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True)
        key = paramiko.Ed25519Key.from_private_key_file(str(folder / "key"))
        public = " ".join((folder / "key.pub").read_text().split()[:2])
        text = honest.read_text()
        config = honest.parent / re.search(r"^ssh_config: *(\S+)", text, re.M)[1]  # type: ignore[index]  # the lab's has one
        mixed_config, mixed = folder / "ssh_config", folder / "fleet.yaml"
        known = folder / "known_hosts"
        identity = re.search(r"IdentityFile +(\S+)", config.read_text())[1]  # type: ignore[index]
        own = f"Host 127.0.0.1\n UserKnownHostsFile {known}\n ProxyJump none\n IdentityFile {identity}\n"
        mixed_config.write_text(own + config.read_text())
        text = re.sub(r"^ssh_config: .*$", f"ssh_config: {mixed_config}", text, flags=re.M)
        for number, way in enumerate(WAYS, 1):
            port = stack.enter_context(hostile_sshd(way, key))
            known.open("a").write(f"[127.0.0.1]:{port} {public}\n")
            text += f"  - {{name: hostile{number}, host: 127.0.0.1, port: {port}, user: root}}\n"
        mixed.write_text(text)
        together = judged(mixed, folder / "together")
    hostile = {way: together["vms"].pop(f"hostile{number}") for number, way in enumerate(WAYS, 1)}
    differs = {vm: (alone["vms"][vm], now) for vm, now in together["vms"].items() if now != alone["vms"][vm]}
    for label, run in (("without", alone), ("with", together)):
        print(f"{label}: {Counter(run['vms'].values())} in {run['seconds']} s, at most {run['MB']} MB")
    print(f"hostile: {hostile}\ndiffers: {differs}")
    return 1 if differs else 0


if __name__ == "__main__":
    sys.exit(main())
