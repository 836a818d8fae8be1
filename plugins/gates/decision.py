"""From findings to a decision about a rollout: `--gate`, `--against` and `--waivers`.

::

    waivers ──> verdicts ──> results ──> changes since the baseline ──> gate ──> exit status

They are read before any VM is visited, so that a mistake is reported at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plugins.core.errors import InputError
from plugins.core.exit_codes import EXIT_UNKNOWN
from plugins.core.yaml_config import ConfigErrors
from plugins.gates import baseline as changes
from plugins.gates import policy as gate
from plugins.gates.baseline import Baseline
from plugins.gates.policy import Gate, GateError
from plugins.judge import waivers
from plugins.judge.waivers import Waivers
from plugins.model import Vm


@dataclass(frozen=True, slots=True)
class Decisions:
    """The gate, the baseline and the waivers of a run."""

    gate: Gate | None = None
    baseline: Baseline | None = None
    waivers: Waivers = field(default_factory=Waivers)
    everything: bool = True  # False: the command line selected some of the VMs, or of a check's parameters

    @property
    def notes(self) -> Iterable[str]:
        """The lines at the start of a run."""
        if self.waivers.path:
            yield self.waivers.header()
        if self.baseline:
            yield f"compared with the run {self.baseline.run_id}"
        if self.gate:
            yield f"gate {self.gate.policy}"

    @property
    def chosen(self) -> bool:
        """True when the gate covers only the chosen checks: a partial run can pass it."""
        return self.gate is not None and self.gate.chosen

    def refuse(self, checks: Collection[str]) -> None:
        """Raise InputError with every mistake of the waiver file; `checks` are the ids of all checks."""
        try:
            self.waivers.refuse(checks)
        except ConfigErrors as mistakes:
            raise InputError(str(mistakes)) from None

    def about(
        self, results: Mapping[str, Any], vms: Sequence[Vm], selected: Iterable[str], unfinished: Collection[str]
    ) -> dict[str, Any]:
        """The keys ``waivers``, ``changes`` and ``gate`` of `results.json`.

        `vms` is the fleet, `selected` are the VMs that have selected checks, and `unfinished` those of them that were
        not judged completely: an interrupted run must not look better than a complete one.
        """
        gates: dict[str, Any] = {}
        if self.waivers.path:
            everything = self.everything and len(results["vms"]) == len(vms) and not unfinished
            gates["waivers"] = self.waivers.as_results(vms, results, everything)
        if self.baseline:
            gates["changes"] = changes.compare(results, self.baseline)
        if self.gate:
            readiness = {vm["name"]: vm["readiness"] for vm in results["vms"]}
            states = {name: readiness.get(name, "unknown") for name in selected}
            states |= {name: "unknown" for name in unfinished if states[name] == "ready"}
            earlier = self.baseline.vms if self.baseline else {}
            hidden = [name for name in unfinished if self.chosen or name in earlier]
            facts = gate.Facts(states, gates.get("changes"), hidden, results["judged"])
            gates["gate"] = gate.evaluate(self.gate, facts)
        return gates


def read(option: argparse.Namespace, vms: Sequence[Vm], reports: Path, now: float) -> Decisions:
    """The decision that the command line requests. `reports` is the folder of runs, `now` in seconds since the epoch.

    Raises InputError.
    """
    baseline = changes.load(option.against, reports) if option.against else None
    try:
        policy = gate.parse(option.gate, vms, baseline is not None) if option.gate is not None else None
    except GateError as error:
        raise InputError(f"--gate={option.gate}: {error}") from None
    path = Path(option.waivers) if option.waivers else _beside(option.inventory)
    fleet = option.inventory or option.azure_fleet or option.evidence
    chosen = (option.vm and fleet) or option.keyword or any("::" in argument for argument in option.file_or_dir)
    try:
        return Decisions(policy, baseline, waivers.load(path, now) if path else Waivers(), everything=not chosen)
    except ConfigErrors as mistakes:
        raise InputError(str(mistakes)) from None


def _beside(inventory: str | None) -> Path | None:
    """The waiver file beside a fleet file, which is used without an option."""
    path = Path(inventory).parent / waivers.FILE_NAME if inventory else None
    return path if path and path.is_file() else None


def exit_status(results: Mapping[str, Any], pytests: int, other_failures: bool) -> int:
    """The exit status of a run that ended; `pytests` is pytest's own.

    `other_failures`: an ordinary test failed. No gate covers that.
    """
    if "gate" in results:
        return pytests if other_failures else int(results["gate"]["exit"])
    if results["verdict"] == "partial":
        return pytests or EXIT_UNKNOWN
    return EXIT_UNKNOWN if results["verdict"] == "unknown" else pytests
