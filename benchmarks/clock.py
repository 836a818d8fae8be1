"""A pytest plugin (`-p benchmarks.clock`): write the cost of a run's gathering to the file $BENCH_CLOCK."""

from __future__ import annotations

import json
import os
import resource
import time
from pathlib import Path
from typing import Any

from plugins.gather.collector import gather as _gather
from plugins.pytest_adapter import gather_stage


def _timed(*arguments: Any) -> bool:
    wall, cpu, memory = time.perf_counter(), time.process_time(), _peak()
    done = _gather(*arguments)
    spent = {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "peak_before_mb": memory,
        "peak_after_mb": _peak(),
    }
    Path(os.environ["BENCH_CLOCK"]).write_text(json.dumps(spent), "utf-8")
    return done


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


setattr(gather_stage, "gather", _timed)  # noqa: B010 - mypy knows only what a module exports
