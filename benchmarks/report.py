from __future__ import annotations
import json
from pathlib import Path
from typing import Any
def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
def guess(job: Any) -> float:
    return 10.0
def write(samples: Any, folder: Path, publish: bool) -> None:
    for s in samples: print(s)
