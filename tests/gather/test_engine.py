"""The engine, tortured: every kind of probe beside witnesses, in every shell, in a throwaway root (docs/engine.md).

Each run is followed by a look for processes and folders that stayed. In the gate the kinds of a group run side by side;
with FUZZ_EXAMPLES (`make fuzz`) each runs alone, too.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.gather.engine_driver import SHELLS
from tests.gather.engine_kinds import ANY, CHILDREN, ENDS, OUTPUT, RUINOUS, WORLD
from tests.support import throwaway

pytestmark = pytest.mark.skipif(bool(throwaway.missing()), reason=throwaway.missing())

ROOT = Path(__file__).resolve().parents[2]
FUZZ = "FUZZ_EXAMPLES" in os.environ

#: Probes of which nothing may be missing or wrong, whatever runs beside them.
WITNESSES = {
    "quick": ("echo one; echo two >&2; exit 4", ["done", 4, "one\n", "two\n", False]),
    "slow": ("sleep 0.4; printf three", ["done", 0, "three", "", False]),
    "long": ("seq 2000 | tail -n 1", ["done", 0, "2000\n", "", False]),
    "last": ("sleep 1.2; cat /proc/sys/kernel/ostype", ["done", 0, "Linux\n", "", False]),
}

Runs = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


def probe(key: str, text: str, timeout: float = 8, root: bool = False) -> list[Any]:
    return [key, text, timeout, root, [], 16_384]


def witnesses(root: bool = False) -> list[list[Any]]:
    return [probe(name, text, root=root) for name, (text, _) in WITNESSES.items()]


@pytest.fixture(params=SHELLS)
def runs(request: pytest.FixtureRequest, tmp_path: Path) -> Runs:
    """Runs scripts in one shell, in a throwaway root."""
    shell = request.param
    if shutil.which(SHELLS[shell]) is None:
        pytest.skip(f"{shell} is not installed here")

    def run(what: list[dict[str, Any]]) -> list[dict[str, Any]]:
        inside = ["env", f"PYTHONPATH={ROOT}", sys.executable, "-B", "-m", "tests.gather.engine_driver"]
        command = throwaway.command(tmp_path, *inside)
        done = subprocess.run(command, input=json.dumps([shell, what]), capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr[-3000:]
        results: list[dict[str, Any]] = json.loads(done.stdout)
        return results

    return run


def complaints(result: Mapping[str, Any], expected: Mapping[str, Any], whole: bool = True) -> list[str]:
    """What is not as it has to be, with the witnesses and with what stayed; `whole`: every answer has to be there."""
    seen = result["seen"]
    found = [f"stayed: {what}" for what in (*result["left"], *result["folders"])]
    if result["gone"] > 2:
        found.append(f"gone after {result['gone']} s")
    if whole and not result["complete"]:
        found.append(f"no end: {result}")
    for name, (_, answer) in WITNESSES.items():
        if seen.get(name, None if whole else answer) != answer and not (not whole and seen[name][0] != "done"):
            found.append(f"witness {name}: {seen.get(name)}")
    for name, answer in expected.items():
        if name not in seen:
            found += [f"{name}: lost"] * whole
        elif answer is not ANY and not all(map(_fits, seen[name][:3], answer)):
            found.append(f"{name}: {seen[name][:4]!r:.300}, not {answer!r:.100}")
    return found


def _fits(value: Any, wanted: Any) -> bool:
    return wanted is ANY or (value in wanted if isinstance(wanted, (set, frozenset)) else value == wanted)


def timeout_of(answer: Any) -> float:
    return 1 if answer[0] == "timed out" else 8


GROUPS = {"ends": ENDS, "world": WORLD, "output": OUTPUT, "children": CHILDREN}
#: May stay: it left the session on purpose.
STAY = ["sleep 79"]


@pytest.mark.parametrize("group", GROUPS)
def test_a_probe_changes_no_other_and_leaves_nothing(runs: Runs, group: str) -> None:
    kinds = GROUPS[group]
    tortured = {name: probe(name, text, timeout_of(answer)) for name, (text, answer) in kinds.items()}
    alone = [name for name in kinds if "main shell" in name]  # it keeps the main shell from keeping the time
    together = [each for name, each in tortured.items() if name not in alone]
    plans = [(list(kinds.keys() - set(alone)), together)] + [([name], [tortured[name]]) for name in alone]
    if FUZZ:
        plans += [([name], [each]) for name, each in tortured.items()]
    results = runs([{"probes": [*witnesses(), *each], "stay": STAY} for _, each in plans])
    wrong = [
        complaint
        for (names, _), result in zip(plans, results, strict=True)
        for complaint in complaints(result, {name: kinds[name][1] for name in names})
    ]
    assert not wrong, "\n".join(wrong)


def test_a_probe_that_ruins_the_run_leaves_nothing_and_nothing_false(runs: Runs) -> None:
    results = runs(
        [{"probes": [*witnesses(), probe("it", text, 2)], "patience": 9} for text in RUINOUS.values()],
    )
    wrong = [
        f"{name}: {complaint}"
        for name, result in zip(RUINOUS, results, strict=True)
        for complaint in complaints(result, {}, whole=False)
    ]
    assert not wrong, "\n".join(wrong)
