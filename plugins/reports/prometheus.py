"""`readiness.prom`, for node_exporter's textfile collector: the number of ready VMs, and the root causes of the others.

::

    # HELP arc_readiness_vms VMs with each readiness.
    # TYPE arc_readiness_vms gauge
    arc_readiness_vms{readiness="ready"} 412
    arc_readiness_cause_vms{check="CSN-002",kind="csn",component="csn-a"} 38

The number of series does not grow with the fleet: no series for single VMs, and only for the most frequent causes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from plugins.core.sanitize import Harmless, one_line, truncate
from plugins.judge.readiness import READINESS
from plugins.reports.queries import Json

_CAUSES = 50
_LABEL = 120  # characters

Sample = tuple[Mapping[str, str], float]


def render(results: Harmless) -> str:
    """`results` in Prometheus' text format: gauges in base units, without time stamps, as the collector requires."""
    vms = [vm["readiness"] for vm in results["vms"]]
    lines = [
        *_gauge("vms", "VMs with each readiness.", [({"readiness": word}, vms.count(word)) for word in READINESS]),
        *_gauge("fleet_ready", "1 when every VM is ready.", [({}, results["verdict"] == "ready")]),
        *_gauge(
            "results",
            "Results with each status word, over all VMs.",
            [({"status": status}, count) for status, count in results["counts"].items()],
        ),
        *_gauge("causes", "Root causes over the fleet.", [({}, len(results["causes"]))]),
        *_gauge("cause_vms", f"VMs with a root cause, for the {_CAUSES} most frequent.", _cause_vms(results["causes"])),
        *_gauge("plan_steps", "Steps of the plan that makes the VMs ready.", [({}, len(results["plan"]))]),
    ]
    if gate := results.get("gate"):
        lines += _gauge("gate_passed", "1 when the gate passed.", [({}, gate["passed"])])
    if changes := results.get("changes"):
        counts = [({"change": word}, len(changes[word])) for word in ("new", "fixed", "persisting")]
        lines += _gauge("changes", "Findings compared with those of an earlier run.", counts)
    finished = datetime.fromisoformat(results["finished"]).timestamp()
    lines += _gauge("run_timestamp_seconds", "When the run ended, in seconds since 1970.", [({}, finished)])
    lines += _gauge("run_duration_seconds", "How long the run took.", [({}, results["seconds"])])
    return "\n".join(lines) + "\n"


def _cause_vms(causes: Iterable[Json]) -> list[Sample]:
    by_labels: dict[tuple[str, str, str], set[str]] = {}  # a duplicate series makes the file unreadable
    for cause in causes:
        key = cause["id"], cause["component"]["kind"], truncate(one_line(cause["component"]["name"]), _LABEL)
        by_labels.setdefault(key, set()).update(cause["vms"])
    biggest = sorted(by_labels.items(), key=lambda item: -len(item[1]))[:_CAUSES]
    return [
        ({"check": check, "kind": kind, "component": component}, len(vms)) for (check, kind, component), vms in biggest
    ]


def _gauge(name: str, help: str, samples: Iterable[Sample]) -> list[str]:
    name = f"arc_readiness_{name}"
    values = [f"{name}{_labels(labels)} {float(value):.15g}" for labels, value in samples]
    return [f"# HELP {name} {help}", f"# TYPE {name} gauge", *values] if values else []


def _labels(labels: Mapping[str, str]) -> str:
    escaped = {name: one_line(value).replace("\\", r"\\").replace('"', r"\"") for name, value in labels.items()}
    pairs = ",".join(f'{name}="{value}"' for name, value in escaped.items())
    return f"{{{pairs}}}" if pairs else ""
