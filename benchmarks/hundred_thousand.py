"""The cost of merging 20 shards of a synthetic fleet into one verdict.

::

    python -m benchmarks.hundred_thousand                       # 1,000 VMs
    python -m benchmarks.hundred_thousand --vms 5000
    python -m benchmarks.hundred_thousand --vms 100000 --publish     # the full size, into docs/performance.md

The shards are run directories like those of ``--shard I/20``, with clones of the recorded VMs (see
`benchmarks.synthetic`). It prints the time and the memory of `pytest --evidence SHARDS`, and the size of each report.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import report
from benchmarks.synthetic import Clone, write
from plugins.core.files import write_json
from plugins.inventory.shards import Shard
from plugins.model import Vm

SHARDS = 20


def make(directory: Path, vms: int, shards: int = SHARDS) -> None:
    """Make the shards of a synthetic fleet, as run directories below `directory`."""
    # In blocks, because the merge keeps the order of the fleet in `names`.
    blocks = [range(vms * part // shards + 1, vms * (part + 1) // shards + 1) for part in range(shards)]
    names = [Clone(block[place]).name for place in range(vms // shards + 1) for block in blocks if place < len(block)]
    fleet = [Vm(name) for name in names]
    for number, block in enumerate(blocks, 1):
        place = directory / f"shard-{number}"
        write(place, len(block), first=block.start)
        run = json.loads((place / "run.json").read_bytes())
        write_json(place / "run.json", {**run, "shard": Shard(number, shards).record(fleet)})


def main(arguments: list[str] | None = None) -> int:
    """Make the shards, merge them, and print the cost."""
    parser = argparse.ArgumentParser("python -m benchmarks.hundred_thousand", description=main.__doc__)
    parser.add_argument("--vms", type=int, default=1000, metavar="N", help="size of the fleet (default: 1000)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep shards and reports in this folder")
    parser.add_argument("--publish", action="store_true", help="write the numbers to docs/performance.md")
    options = parser.parse_args(arguments)
    if options.vms < SHARDS:
        parser.error(f"--vms is at least {SHARDS}: one for each shard")
    with tempfile.TemporaryDirectory() as temporary:
        place = options.keep or Path(temporary)
        make(place / "shards", options.vms)
        rows = _measure(place)
    head = f"{options.vms:,} VMs in {SHARDS} shards, {os.cpu_count()} cores"
    page = [f"| {head} | here |", "| --- | ---: |", *(f"| {name} | {value} |" for name, value in rows.items())]
    print("\n".join(page))
    if options.publish:
        report.into_page({"merge": "\n".join(page)})
    return 0


def _measure(place: Path) -> dict[str, str]:
    """Merge the shards, and return the cost."""
    command = [sys.executable, "-m", "pytest", f"--evidence={place}/shards/*", f"--reports={place}/reports", "-q"]
    began = time.monotonic()
    with (place / "output.txt").open("w") as output:
        status = subprocess.run([*command, "-p", "no:cacheprovider"], stdout=output, check=False).returncode
    seconds = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    written = (place / "reports" / "latest").resolve()
    with (written / "results.json").open("rb") as file:
        sentence = json.load(file)["sentence"]
    sizes = {path.name: path.stat().st_size / 1e6 for path in sorted(written.iterdir()) if path.is_file()}
    return {
        "verdict": f"{sentence} (exit status {status})",
        "wall time": f"{seconds:,.0f} s",
        "CPU": f"{used.ru_utime + used.ru_stime:,.0f} s",
        "peak memory": f"{used.ru_maxrss / 1024:,.0f} MB",
        **{name: f"{size:,.1f} MB" for name, size in sizes.items()},
    }


if __name__ == "__main__":
    sys.exit(main())
